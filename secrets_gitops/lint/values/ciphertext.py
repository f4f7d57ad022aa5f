"""Ciphertext, checked for its shape and not believed for its first letters. No key is needed to tell."""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64

from secrets_gitops.envelopes import sealed_blob
from secrets_gitops.patterns import pattern

EMPTY_ENVELOPE = "ENC[AES256_GCM]"
"""How texts about sops write it; there is nothing in it."""
_SOPS_TYPES = frozenset({"str", "int", "float", "bytes", "bool", "time", "comment"})
_ANSIBLE = pattern(r"\$ANSIBLE_VAULT;1\.[0-9];AES(?:256)?(?:;[\w.-]+)?\s+[0-9a-f\s]{20,}", re.IGNORECASE)
_ARMOR = pattern(r"-----BEGIN (AGE ENCRYPTED FILE|PGP MESSAGE)-----\s(.*?)-----END \1-----", re.DOTALL)
_PULUMI = pattern(r"v1:[A-Za-z0-9+/]{8,40}={0,2}:(?:v1:)?[A-Za-z0-9+/:]{8,}={0,2}(?::[A-Za-z0-9+/=]+)?")
_SPRING = pattern(
    r"['\"]?\{cipher\}(?:\{[\w:.-]{1,60}\})?(?:(?:[0-9a-f]{2}){16,2000}|[A-Za-z0-9+/]{40,4000}={0,2})['\"]?"
)
"""What Spring's configuration server decrypts."""
_MAVEN = pattern(r"\{[A-Za-z0-9+/]{24,400}={0,2}\}")
"""What Maven decrypts with the password of `settings-security.xml`."""
_DOTENVX = pattern(r"encrypted:[A-Za-z0-9+/]{40,}={0,2}")
_CIRRUS = pattern(r"ENCRYPTED\[(?:[0-9a-f]{2}){32,4000}\]")
"""What Cirrus CI decrypts for a build."""
_AT_REST = pattern(r"k8s:enc:(?:aescbc|aesgcm|secretbox|kms):v[12]:[\w.-]{1,200}(?::|$)")
"""What the API server writes before the bytes of an encrypted object."""
_RSA = pattern(r"[A-Za-z0-9+/]{171}=|[A-Za-z0-9+/]{342}==|[A-Za-z0-9+/]{683}=")
_JWE = pattern(r"eyJ[\w-]{10,4000}\.[\w-]{0,4000}\.[\w-]{10,200}\.[\w-]{1,100000}\.[\w-]{16,100}")


def looks_like_sops(text: str) -> bool:
    """Does `text` promise to be an envelope of sops, well-formed or not? One without any parts only shows its begin."""
    return text.startswith("ENC[") and text != EMPTY_ENVELOPE


def is_sops(text: str) -> bool:
    """Is `text`, whole, an envelope as sops writes it: nonce of 32 bytes, tag of 16, clean base64, a known type?"""
    if not looks_like_sops(text) or not text.endswith("]"):
        return False
    from secrets_gitops.envelopes.sops import value  # noqa: PLC0415  most files hold no envelope

    sealed = value.parse(text)
    return sealed is not None and len(sealed.iv) == 32 and len(sealed.tag) == 16 and sealed.type in _SOPS_TYPES


def is_ciphertext(text: str) -> bool:
    """Is all of `text` ciphertext of a kind that we know, in good shape?"""
    text = text.strip()
    if looks_like_sops(text):
        return is_sops(text)
    if text.startswith("$ANSIBLE_VAULT;"):
        return _ANSIBLE.fullmatch(text) is not None
    if text.startswith("-----BEGIN "):
        return _is_armored(text)
    if text.startswith(("AQ", "AY", "Ag")) and len(text) >= 364:  # the shortest sealed item, in base64
        return sealed_blob.flaw(text) is None
    if text.startswith("v1:"):
        return _PULUMI.fullmatch(text) is not None
    if text.startswith("eyJ"):
        return _JWE.fullmatch(text) is not None
    if text.startswith("ENCRYPTED["):
        return _CIRRUS.fullmatch(text) is not None
    if "{cipher}" in text:
        return _SPRING.fullmatch(text) is not None
    if text.startswith("{"):
        return _MAVEN.fullmatch(text) is not None
    return _AT_REST.match(text) is not None or _DOTENVX.fullmatch(text) is not None


def is_rsa(text: str) -> bool:
    """May it be one block of RSA in base64, as Travis CI has under `secure`?"""
    return _RSA.fullmatch("".join(text.split())) is not None


def is_ciphertext_bytes(data: bytes) -> bool:
    """Is `data` a file that age or git-crypt wrote?"""
    return data.startswith((b"age-encryption.org/v1\n", b"\0GITCRYPT\0"))


def _is_armored(text: str) -> bool:
    found = _ARMOR.fullmatch(text)
    if found is None:
        return False
    body = found[2]
    if found[1] == "PGP MESSAGE":  # headers, an empty line, base64, a checksum line
        body = re.sub(r"\A(?:[A-Z][\w-]*: .*\n)*\s*", "", body)
        return re.fullmatch(r"[A-Za-z0-9+/=\s]{40,}", body) is not None
    try:
        return a2b_base64("".join(body.split()).encode("ascii"), strict_mode=True).startswith(
            b"age-encryption.org/v1\n"
        )
    except (UnicodeEncodeError, Base64Error):
        return False


def is_ansible_body(text: str) -> bool:
    """Is `text` what stands under a `!vault` tag: the header and lines of hex?"""
    return _ANSIBLE.fullmatch(text.strip()) is not None
