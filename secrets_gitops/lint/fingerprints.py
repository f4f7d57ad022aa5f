"""Fingerprints: names of findings that stay when lines move, files are renamed and histories rewritten.

A value enters by a keyed digest only, and only when it could not be guessed: a fingerprint is published with the
repository, and so is the salt.
"""

from __future__ import annotations

from secrets_gitops.lint.values.shape import entropy

GUESSABLE = 60
"""Bits. A value with fewer (by its length and the entropy of its characters) does not enter a fingerprint."""


def digest(salt: bytes, value: bytes | str) -> bytes:
    """A keyed digest of `value` (HMAC-SHA-256); empty when the value is so short or plain that it could be guessed."""
    text = value if isinstance(value, str) else value.decode("utf-8", "replace")
    text = text.strip()[:65536]
    if entropy(text[:4096]) * len(text) < GUESSABLE:
        return b""
    import hmac  # noqa: PLC0415  findings alone pay for it

    return hmac.digest(salt, text.encode("utf-8", "surrogateescape"), "sha256")


def fingerprint(rule: str, path: str, place: str, value_digest: bytes) -> str:
    """`sgf1:` and 32 letters and digits, of rule (the family where there is one), path, pointer or key, and value."""
    from base64 import b32encode  # noqa: PLC0415
    from hashlib import sha256  # noqa: PLC0415

    family = "provider-token" if rule.startswith("provider-token-") else rule
    named = f"{family}\0{path}\0{place}".encode("utf-8", "surrogateescape")
    return "sgf1:" + b32encode(sha256(named + b"\0" + value_digest).digest()[:20]).decode().lower()
