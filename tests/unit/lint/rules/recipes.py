"""Recipes: texts such as `ghp_{crc62:30}` that become tokens when a test runs, so that none is stored here.

The makers of checksums are written apart from the validators under test: from the descriptions of the formats.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
import struct
import zlib

BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "letter": string.ascii_letters,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase + string.digits,
    "digit": string.digits,
    "hex": "0123456789abcdef",
    "upperhex": "0123456789ABCDEF",
    "base32": string.ascii_uppercase + "234567",
    "base36": string.digits + string.ascii_lowercase,
    "b64": string.ascii_letters + string.digits + "+/",
    "b64url": string.ascii_letters + string.digits + "-_",
    "upper32": BECH32.upper(),
}


class Maker:
    """Makes texts from recipes, the same ones for the same seed."""

    def __init__(self, seed: object) -> None:
        self.random = random.Random(repr(seed))

    def make(self, recipe: str) -> str:
        """`recipe` with every `{kind}` or `{kind:argument}` filled in."""
        return re.sub(r"\{([a-z0-9_]+)(?::([^{}\"]*))?\}", lambda found: self._fill(found[1], found[2] or ""), recipe)

    def _fill(self, kind: str, argument: str) -> str:
        if kind in ALPHABETS:
            return self.pick(ALPHABETS[kind], int(argument))
        return str(getattr(self, kind)(argument))

    def pick(self, alphabet: str, count: int) -> str:
        return "".join(self.random.choice(alphabet) for _ in range(count))

    def bytes(self, count: int) -> bytes:
        return self.random.randbytes(count)

    def same(self, count: str) -> str:
        return "x" * int(count)

    def mixed(self, count: str) -> str:
        """All three classes for certain."""
        return "aB7" + self.pick(ALPHABETS["alnum"], int(count) - 3)

    def digit9(self, count: str) -> str:
        """A number that does not begin with 0."""
        return self.pick("123456789", 1) + self.pick(string.digits, int(count) - 1)

    def base64_bytes(self, count: str) -> str:
        return base64.b64encode(self.bytes(int(count))).decode()

    def crc62(self, count: str) -> str:
        """GitHub's: random characters, then their CRC-32 in base 62, six wide."""
        body = self.pick(ALPHABETS["alnum"], int(count))
        number, digits = zlib.crc32(body.encode()), string.digits + string.ascii_uppercase + string.ascii_lowercase
        check = ""
        for _ in range(6):
            number, at = divmod(number, 62)
            check = digits[at] + check
        return body + check

    def age(self, _: str = "") -> str:
        return self._bech32("age-secret-key-", self.bytes(32)).upper()

    def age_pq(self, _: str = "") -> str:
        return self._bech32("age-secret-key-pq-", self.bytes(32)).upper()

    def age_recipient(self, _: str = "") -> str:
        return self._bech32("age", self.bytes(32))

    def _bech32(self, prefix: str, data: bytes) -> str:
        bits = "".join(f"{byte:08b}" for byte in data)
        bits += "0" * (-len(bits) % 5)
        values = [int(bits[at : at + 5], 2) for at in range(0, len(bits), 5)]
        check = 1
        expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
        for value in [*expanded, *values, 0, 0, 0, 0, 0, 0]:
            top = check >> 25
            check = (check & 0x1FFFFFF) << 5 ^ value
            for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
                check ^= generator if top >> bit & 1 else 0
        check ^= 1
        values += [check >> 5 * (5 - at) & 31 for at in range(6)]
        return prefix + "1" + "".join(BECH32[value] for value in values)

    def routable(self, prefix: str) -> str:
        """GitLab's routable form: payload, its length in base 36, CRC-32 of all that in base 36."""
        payload = self.pick(ALPHABETS["b64url"], 27)
        return self._with_crc36(f"{prefix}{payload}.{self._base36(len(payload), 2)}")

    def routable2(self, prefix: str) -> str:
        """The later form, with a version."""
        payload = self.pick(ALPHABETS["b64url"], 40)
        return self._with_crc36(f"{prefix}{payload}.01.{self._base36(len(payload), 2)}")

    def _with_crc36(self, text: str) -> str:
        return text + self._base36(zlib.crc32(text.encode()), 7)

    def _base36(self, number: int, width: int) -> str:
        out = ""
        for _ in range(width):
            number, at = divmod(number, 36)
            out = ALPHABETS["base36"][at] + out
        return out

    def macaroon(self, location: str) -> str:
        identifier = json.dumps({"version": 1, "permissions": "user", "id": self.pick("abcdef", 8)}).encode()
        data = (
            b"\x02\x01" + bytes([len(location)]) + location.encode() + b"\x02" + bytes([len(identifier)]) + identifier
        )
        return self._url64(data + b"\0\0\x06\x20" + self.bytes(32))

    def _url64(self, data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def jwt(self, claim: str) -> str:
        claims: dict[str, object] = {"iss": "acme", "jti": self.pick(ALPHABETS["alnum"], 12)}
        if claim:
            name, _, value = claim.partition("=")
            claims[name] = int(value) if value.isdigit() else value
        head = self._url64(json.dumps({"alg": "RS256", "typ": "JWT"}).encode())
        return f"{head}.{self._url64(json.dumps(claims).encode())}.{self._url64(self.bytes(64))}"

    def jwt_header(self, _: str) -> str:
        return self._url64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())

    def jwt_sample(self, _: str) -> str:
        """As jwt.io shows it to everybody."""
        claims = {"sub": "1234567890", "name": "John Doe", "iat": 1516239022}
        return f"{self.jwt_header('')}.{self._url64(json.dumps(claims).encode())}.{self._url64(self.bytes(32))}"

    def b64json(self, _: str) -> str:
        return base64.b64encode(
            json.dumps({"o": "1", "n": "a", "k": self.pick(ALPHABETS["alnum"], 33)}).encode()
        ).decode()

    def b64bigjson(self, _: str) -> str:
        content = {"signInAddress": "acme.1password.com", "secretKey": self.pick(ALPHABETS["upper"], 40)}
        content["muk"] = self.pick(ALPHABETS["b64url"], 200)
        return self._url64(json.dumps(content, separators=(",", ":")).encode())

    def sas(self, _: str) -> str:
        return base64.b64encode(self.bytes(32)).decode().replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")

    def der(self, count: int = 600) -> bytes:
        """Not a key, but with the outer shape of one: a DER sequence."""
        return b"\x30\x82" + struct.pack(">H", count) + self.bytes(count)

    def pem(self, label: str = "PRIVATE KEY", data: bytes | None = None) -> str:
        body = base64.b64encode(self.der() if data is None else data).decode()
        lines = [body[at : at + 64] for at in range(0, len(body), 64)]
        return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])

    def service_account(self, _: str) -> str:
        return json.dumps(
            {"type": "service_account", "private_key": self.pem(), "client_email": "ci@acme.iam.gserviceaccount.com"}
        )

    def service_account_escaped(self, _: str) -> str:
        return json.dumps({"config": self.service_account("")})
