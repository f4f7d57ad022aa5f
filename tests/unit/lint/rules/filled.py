"""Examples with their markers filled in: values made up when a test runs, of the kinds in `docs/rule_examples.py`."""

from __future__ import annotations

import base64
import random
import sys
import tomllib
from pathlib import Path

from recipes import ALPHABETS, BECH32, Maker

from secrets_gitops.lint import rules

ROOT = Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / "docs"))
import rule_examples  # noqa: E402  the pages' own reader

TOKENS = {
    token["name"]: token["samples"][0]
    for token in tomllib.loads((Path(rules.__path__[0]) / "provider_tokens.toml").read_text(encoding="utf-8"))["token"]
}


def filled(example: rule_examples.Example) -> dict[str, str]:
    """The files of an example, as a scan takes them."""
    filler = Filler(example.title)
    return {path: rule_examples.replaced(text, filler.fill).lstrip("\n") for path, text in example.files.items()}


class Filler(Maker):
    """Makes the value for a marker."""

    def fill(self, kind: str, argument: str) -> str:
        if kind in {"hex", "alnum"}:
            return self.pick(ALPHABETS[kind], int(argument))
        return str(getattr(self, kind)(argument))

    def password(self, _: str = "") -> str:
        """Three kinds of characters, no word."""
        return "kX4" + self.pick(ALPHABETS["alnum"], 15)

    def b64password(self, _: str) -> str:
        return self._base64(self.password().encode())

    def number(self, count: str) -> str:
        return self.pick("2468", 1) + self.pick(ALPHABETS["digit"], int(count) - 1)

    def uuid(self, _: str) -> str:
        return "-".join(self.pick(ALPHABETS["hex"], count) for count in (8, 4, 4, 4, 12))

    def token(self, name: str) -> str:
        return self.make(TOKENS[name])

    def age_key(self, _: str) -> str:
        return self.age()

    def basicauth(self, _: str) -> str:
        return self._base64(f"deploy:{self.password()}".encode())

    def bcrypt(self, _: str) -> str:
        return "$2b$12$" + self.pick(ALPHABETS["alnum"], 53)

    def sha512crypt(self, _: str) -> str:
        return "$6$" + self.pick(ALPHABETS["alnum"], 16) + "$" + self.pick(ALPHABETS["alnum"], 86)

    def docker_config(self, _: str = "") -> str:
        return '{"auths":{"registry.example.org":{"auth":"' + self.basicauth("") + '"}}}'

    def docker_config_b64(self, _: str) -> str:
        return self._base64(self.docker_config().encode())

    def pem(self, _: str = "") -> str:  # type: ignore[override]
        return super().pem().rstrip()

    def pem_b64(self, _: str) -> str:
        return self._base64(self.pem().encode())

    def certificate(self, _: str) -> str:
        return super().pem("CERTIFICATE").rstrip()

    def long(self, mebibytes: str) -> str:
        return "select 1;\n" * (int(mebibytes) << 20 >> 3)

    def sealed(self, _: str) -> str:
        return self._base64((512).to_bytes(2, "big") + self.bytes(512 + 48))

    def envelope(self, _: str = "") -> str:
        parts = (self._base64(self.bytes(count)) for count in (16, 32, 16))
        return "ENC[AES256_GCM,data:{},iv:{},tag:{},type:str]".format(*parts)

    def recipient(self, name: str) -> str:
        """The same one for the same name. Only the form counts: nothing is encrypted for it."""
        return "age1" + "".join(random.Random(name).choices(BECH32, k=58))

    def sops(self, names: str) -> str:
        """The block that sops adds, for everybody named."""
        lines = ["sops:", "  age:"]
        for name in names.split(","):
            armour = self._base64(b"age-encryption.org/v1\n" + self.bytes(60))
            lines += [f"    - recipient: {self.recipient(name)}", "      enc: |"]
            lines += [
                f"        {line}"
                for line in ("-----BEGIN AGE ENCRYPTED FILE-----", armour, "-----END AGE ENCRYPTED FILE-----")
            ]
        return "\n".join(
            [
                *lines, "  lastmodified: '2024-02-29T12:00:00Z'", f"  mac: {self.envelope()}",
                "  unencrypted_suffix: _unencrypted", "  version: 3.11.0",
            ]
        )  # fmt: skip

    def _base64(self, data: bytes) -> str:
        return base64.b64encode(data).decode()
