"""Values of an ExternalSecret: the decoding strategy, and what is said of null bytes."""

from __future__ import annotations

from secrets_gitops.errors import BackendError
from secrets_gitops.golang import base64

_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def decode(value: bytes, strategy: str) -> bytes:
    """`value` decoded. `Auto` tries Base64, then Base64URL, and leaves what is neither. Raises BackendError."""
    if strategy == "Base64":
        return _decoded(value, "Base64")
    if strategy == "Base64URL":
        return _decoded(_standard(value), "Base64URL")
    if strategy == "Auto":
        for spelling in (value, _standard(value)):
            try:
                return _decoded(spelling, strategy)
            except BackendError:
                continue
    elif strategy not in {"", "None"}:
        raise BackendError("there is no such `decodingStrategy`")
    return value


def check_null_bytes(value: bytes, policy: str) -> None:
    """Raise BackendError for a null byte where the policy is `Fail`."""
    if policy == "Fail" and b"\0" in value:
        raise BackendError("the value holds a null byte, and `nullBytePolicy` is `Fail`")


def _standard(value: bytes) -> bytes:
    return b"!" if b"+" in value or b"/" in value else value.translate(_TO_STANDARD)


def _decoded(value: bytes, strategy: str) -> bytes:
    try:
        return base64.decode(value.decode("ascii"))
    except ValueError:
        raise BackendError(f"the value is not {strategy}, as its `decodingStrategy` says") from None
