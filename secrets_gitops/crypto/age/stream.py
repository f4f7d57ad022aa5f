"""The payload of an age file: STREAM over ChaCha20-Poly1305 in chunks of 64 KiB, the last one marked in its nonce."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from secrets_gitops.crypto.hkdf import derive
from secrets_gitops.errors import Tampered

CHUNK = 64 * 1024
NONCE_SIZE = 16
_TAG = 16


def encrypt(file_key: bytes | bytearray, nonce: bytes, data: bytes) -> bytes:
    """The payload without its leading nonce of 16 bytes; an empty file is one empty chunk."""
    cipher = ChaCha20Poly1305(derive(file_key, salt=nonce, info=b"payload"))
    chunks = max(1, -(-len(data) // CHUNK))
    view = memoryview(data)
    return b"".join(
        cipher.encrypt(_nonce(at, last=at == chunks - 1), view[at * CHUNK : (at + 1) * CHUNK], None)
        for at in range(chunks)
    )


def decrypt(file_key: bytes | bytearray, nonce: bytes, payload: memoryview) -> bytearray:
    """The whole plaintext, in a buffer that the caller can wipe, or Tampered: never a part of it."""
    cipher = ChaCha20Poly1305(derive(file_key, salt=nonce, info=b"payload"))
    step = CHUNK + _TAG
    chunks = max(1, -(-len(payload) // step))
    size = len(payload) - chunks * _TAG
    smallest = 0 if chunks == 1 else 1  # an empty last chunk is legal in an empty file alone
    if size - (chunks - 1) * CHUNK < smallest:
        raise Tampered("the age payload is cut off, or longer than it was")
    out = bytearray(size)
    view = memoryview(out)
    try:
        for at in range(chunks):
            cipher.decrypt_into(
                _nonce(at, last=at == chunks - 1),
                payload[at * step : (at + 1) * step],
                None,
                view[at * CHUNK : (at + 1) * CHUNK],
            )
    except InvalidTag:
        view[:] = bytes(size)
        raise Tampered("the age payload was changed, cut off or lengthened") from None
    return out


def _nonce(at: int, *, last: bool) -> bytes:
    return at.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
