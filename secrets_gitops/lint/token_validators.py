"""What tells a token from a look-alike: checksums, structure, and whether the body looks drawn at random.

Each function takes the match of a pattern of `rules/provider_tokens.toml`, which names the function; group 1, where
there is one, is the token. Nothing is ever asked over the network.
"""

from __future__ import annotations

import re
from binascii import crc32

from secrets_gitops import bech32
from secrets_gitops.lint.private_keys import body_of
from secrets_gitops.lint.token_bodies import STOCK, decoded, plausible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Match = re.Match[bytes]
    Validator = Callable[[Match], bool]

_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE36 = b"0123456789abcdefghijklmnopqrstuvwxyz"


def secret(match: Match) -> bytes:
    """The token itself, without what names it."""
    return match[match.re.groups and 1]


def classes(body: bytes) -> int:
    """How many of lower case, upper case and digits occur."""
    return bool(re.search(rb"[a-z]", body)) + bool(re.search(rb"[A-Z]", body)) + bool(re.search(rb"[0-9]", body))


def random(match: Match) -> bool:
    """The body is not a stand-in."""
    return plausible(secret(match))


def random_hex(match: Match) -> bool:
    """As `random`, for 16 digits: fewer differ, and words cannot be spelt."""
    body = secret(match).lower()
    return len(set(body) - {0x2D}) >= 7 and STOCK.search(body) is None


def random_letters(match: Match) -> bool:
    """Letters of both cases."""
    return random(match) and classes(secret(match)) == 2


def random_mixed(match: Match) -> bool:
    """At least two of lower case, upper case and digits: not words joined by hyphens."""
    return random(match) and classes(secret(match)) >= 2


def random_three_classes(match: Match) -> bool:
    """Lower case, upper case and digits."""
    return random(match) and classes(secret(match)) == 3


def random_with_digits(match: Match) -> bool:
    """At least one digit among others."""
    return random_mixed(match) and any(0x30 <= c <= 0x39 for c in secret(match))


def _number(value: int, digits: bytes, width: int) -> bytes:
    out = b""
    while value:
        value, at = divmod(value, len(digits))
        out = digits[at : at + 1] + out
    return out.rjust(width, digits[:1])


def crc32_base62(match: Match) -> bool:
    """GitHub's and npm's checksum: the last 6 characters are the CRC-32 of the 30 between prefix and checksum."""
    body = secret(match)[4:]
    return _number(crc32(body[:-6]), _BASE62, 6) == body[-6:]


def gitlab(match: Match) -> bool:
    """A routable token ends in the length of its payload and the CRC-32 of all before it; others look random.

    An instance may put a prefix of its own before `glpat-`, which the checksum covers.
    """
    text = match[0]
    if b"." not in text:
        return random_mixed(match)
    start = match.string.rfind(b"\n", max(0, match.start() - 40), match.start()) + 1
    before = re.search(rb"[0-9A-Za-z_-]{0,30}\Z", match.string[max(start, match.start() - 30) : match.start()])
    prefix = before[0] if before else b""
    return any(
        _number(crc32(prefix[at:] + text[:-7]), _BASE36, 7) == text[-7:] for at in range(len(prefix), -1, -1)
    )  # fmt: skip


def age_identity(match: Match) -> bool:
    """The Bech32 checksum fits."""
    try:
        prefix, data = bech32.decode(match[0].decode("ascii"))
    except ValueError:
        return False
    return prefix in {"age-secret-key-", "age-secret-key-pq-"} and len(data) >= 32


def macaroon(match: Match) -> bool:
    """A macaroon of version 2: 0x02, then field 1 (location), field 2 (identifier), and a signature of 32 bytes."""
    data = decoded(secret(match))
    if data[:2] != b"\x02\x01" or len(data) < 60:
        return False
    location = data[3 : 3 + data[2]]
    return re.fullmatch(rb"[a-z0-9.-]{3,80}", location) is not None and data[3 + data[2] : 4 + data[2]] == b"\x02"


def aws_key_id(match: Match) -> bool:
    """Not one that documentation prints: those end in EXAMPLE."""
    return random(match) and not match[0].endswith(b"EXAMPLE")


def aws_secret(match: Match) -> bool:
    """40 characters of base64 that no hash, path or word is: three classes, and nearly all of them different."""
    body = secret(match)
    return random_three_classes(match) and len(set(body)) >= 18 and not re.fullmatch(rb"(?i)[0-9a-f]+", body)


def _lines_around(match: Match, lines: int) -> bytes:
    """The text from `lines` lines before the match to `lines` after it, at most 600 bytes each way."""
    text, start, end = match.string, match.start(), match.end()
    before = text[max(0, start - 600) : start].split(b"\n")[-lines - 1 :]
    after = text[end : end + 600].split(b"\n")[: lines + 1]
    return b"\n".join(before) + b"\n" + b"\n".join(after)


def beside_aws_key_id(match: Match) -> bool:
    """A secret within 5 lines of a key id."""
    return aws_secret(match) and any(
        not found.endswith(b"EXAMPLE") for found in re.findall(rb"\bA[KS]IA[2-7A-Z]{16}\b", _lines_around(match, 5))
    )


def beside_twilio_sid(match: Match) -> bool:
    """A secret within 5 lines of an account or key SID; a SID alone opens nothing."""
    return random_hex(match) and re.search(rb"\b(?:AC|SK)[0-9a-f]{32}\b", _lines_around(match, 5)) is not None


def service_account(match: Match) -> bool:
    """A private key in the JSON of a Google service account."""
    around = match.string[max(0, match.start() - 2000) : match.end() + 2000]
    return b"client_email" in around and b"service_account" in around and body_of(secret(match))[:1] == b"\x30"


def base64_of_64_bytes(match: Match) -> bool:
    """The base64 of 64 bytes."""
    return random(match) and len(decoded(secret(match))) == 64


def base64_of_32_bytes(match: Match) -> bool:
    """The base64 of 32 bytes."""
    return random(match) and len(decoded(secret(match))) == 32


def azure_sas(match: Match) -> bool:
    """A signature in a URL that also names the version and the end of the grant."""
    around = match.string[max(0, match.start() - 600) : match.end() + 600]
    return random(match) and all(re.search(rb"[?&;]%s=" % name, around) for name in (b"sv", b"se"))


def json_inside(match: Match) -> bool:
    """Base64 of JSON."""
    return decoded(secret(match)[: len(secret(match)) // 4 * 4]).startswith(b'{"') and random(match)


def _jwt(match: Match) -> dict[str, object] | None:
    """The claims of a JSON Web Token; None when it is none, or a well-known sample."""
    from json import loads  # noqa: PLC0415  rarely needed

    head, claims, _ = secret(match).split(b".")
    try:
        header, body = loads(decoded(head)), loads(decoded(claims))
    except ValueError:
        return None
    if not isinstance(header, dict) or "alg" not in header or not isinstance(body, dict):
        return None
    # jwt.io's token, which every tutorial repeats
    sample = body.get("sub") == "1234567890" or body.get("name") == "John Doe"
    return None if sample or not plausible(secret(match)) else body


def _harmless(claims: dict[str, object]) -> bool:
    from time import time  # noqa: PLC0415  rarely needed

    expires = claims.get("exp")
    return (isinstance(expires, (int, float)) and expires < time()) or claims.get("role") in {"anon", "public"}


def jwt_in_force(match: Match) -> bool:
    """A JSON Web Token that has not expired and is not of a role meant for the public."""
    claims = _jwt(match)
    return claims is not None and not _harmless(claims)


def jwt_harmless(match: Match) -> bool:
    """A JSON Web Token that has expired or is of a role meant for the public."""
    claims = _jwt(match)
    return claims is not None and _harmless(claims)
