"""Plaintext: bytes that refuse to be printed.

Keys and data keys always live in it, values at the borders (what an envelope gives out, what a backend fetched).
What Python cannot do is said in SECURITY.md: copies that libraries made are not ours to wipe.
"""

from __future__ import annotations


class Plaintext:
    """Owns a private copy of secret bytes in a buffer that `wipe` zeroes; `reveal` is the only way out.

    It has no useful repr, str or format, compares in constant time, and cannot be hashed or pickled.
    """

    __slots__ = ("_buffer",)

    def __init__(self, value: bytes | bytearray | str) -> None:
        self._buffer = bytearray(value.encode() if isinstance(value, str) else value)

    def reveal(self) -> bytes:
        """The bytes themselves. The caller keeps them short-lived and out of messages."""
        return bytes(self._buffer)

    def wipe(self) -> None:
        """Overwrite the buffer with zeros and empty it."""
        for at in range(len(self._buffer)):
            self._buffer[at] = 0
        self._buffer.clear()

    def __len__(self) -> int:
        return len(self._buffer)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Plaintext):
            return NotImplemented
        import hmac  # noqa: PLC0415  loads a second OpenSSL, for a comparison that few runs make

        return hmac.compare_digest(self._buffer, other._buffer)

    __hash__ = None  # type: ignore[assignment]  # a hash would be a fingerprint of the secret

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: object) -> str:
        raise TypeError("plaintext is not pickled")
