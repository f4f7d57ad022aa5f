"""Material that is meant to be read by all: certificates, public keys, recipients, fingerprints, pictures."""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64

from secrets_gitops.patterns import pattern

_BEGIN = pattern(r"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_PUBLIC_PEM = frozenset(
    {
        "CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE", "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST",
        "PUBLIC KEY", "RSA PUBLIC KEY", "X509 CRL", "DH PARAMETERS", "EC PARAMETERS", "PKCS7", "CMS",
        "PGP PUBLIC KEY BLOCK", "PGP SIGNATURE", "SSH SIGNATURE",
    }
)  # fmt: skip
_SSH_KEY = (
    r"(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)"
)
_SSH_LINE = pattern(
    rf"(?:(?:@(?:cert-authority|revoked)[ ])?[^\s#]+[ ])?{_SSH_KEY}[ ]AAAA[A-Za-z0-9+/]{{20,4000}}={{0,2}}(?:[ ].*)?"
)
_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_WHOLE = pattern(
    rf"InstrumentationKey={_UUID}(?:;(?:\w{{1,20}}Endpoint=https://[\w./-]{{1,200}}|ApplicationId={_UUID})){{0,6}};?"
    # Where Application Insights takes measurements; it stands in every page that sends some.
    r"|age1[02-9ac-hj-np-z]{58}|age1pq1[02-9ac-hj-np-z]{1000,3000}|(?:SHA256|MD5):[A-Za-z0-9+/:]{20,60}={0,2}"
    r"|data:(?:image|font)/[\w.+-]+(?:;[\w=-]+)*,\S*|https?://[0-9a-f]{32}@[\w.-]+/[0-9]+"
    r"|phc_[A-Za-z0-9]{40,48}"  # PostHog's key of a project, which every page that uses it shows
    r"|sgf1:[a-z2-7]{32}(?::[0-9]{1,6})?"  # our own fingerprints, in reports that lie in a repository
)
_JWK = pattern(r'"kty"\s*:')
_JSON_KEY = pattern(r'"((?:[^"\\]|\\.){0,200})"\s{0,40}:')
_JWK_PUBLIC = frozenset(
    {"keys", "kty", "n", "e", "x", "y", "crv", "kid", "use", "alg", "key_ops", "x5c", "x5t", "x5t#S256", "x5u", "ext"}
)
"""One other member makes a set of keys a text in which something else may stand."""
_DER = (
    bytes.fromhex("3059301306072a8648ce3d0201"),  # EC public key, P-256
    bytes.fromhex("3076301006072a8648ce3d0201"),  # EC public key, P-384
    bytes.fromhex("302a300506032b6570032100"),  # Ed25519 public key
    bytes.fromhex("302a300506032b656e032100"),  # X25519 public key
)
_DER_LONG = pattern(
    b"\x30\x82..(?:\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82"  # RSA public key
    b"|\x30\x82..\xa0\x03\x02\x01\x02\x02)",  # certificate
    re.DOTALL,
)


def is_public(text: str) -> bool:
    """Is all of `text` public? One private part beside the public ones makes it secret."""
    text = text.strip()
    if _WHOLE.fullmatch(text):
        return True
    if "-----BEGIN " in text:
        return _is_public_pem(text)
    if "AAAA" in text:
        lines = [line.strip() for line in text.splitlines()]
        keys = [line for line in lines if line and not line.startswith("#")]
        return bool(keys) and all(_SSH_LINE.fullmatch(line) for line in keys)
    if text.startswith("{") and _JWK.search(text):
        return _JWK_PUBLIC.issuperset(found[1] for found in _JSON_KEY.finditer(text))
    if text.startswith(("MF", "MH", "MC", "MI")) and len(text) >= 40:
        try:
            return is_public_der(a2b_base64("".join(text.split()).encode("ascii"), strict_mode=True))
        except (UnicodeEncodeError, Base64Error):
            return False
    return False


def _is_public_pem(text: str) -> bool:
    rest: list[str] = []
    at = 0
    while begin := _BEGIN.search(text, at):
        end = f"-----END {begin[1]}-----"
        closed = text.find(end, begin.end())
        if begin[1] not in _PUBLIC_PEM or closed < 0:
            return False
        rest.append(text[at : begin.start()])
        at = closed + len(end)
    rest.append(text[at:])
    # Between the blocks only comments and the `subject=` lines that openssl prints may stand.
    around = [line.strip() for line in "\n".join(rest).splitlines() if line.strip()]
    return at > 0 and all(re.match(r"#|(?:subject|issuer)\s*[=:]|\d+ s:|i:|=+$", line) for line in around)


def is_public_der(data: bytes) -> bool:
    """Does `data` begin as a certificate or a public key does in DER?"""
    return data.startswith(_DER) or _DER_LONG.match(data) is not None
