"""The examples of the lint rules, from `docs/rules/SLUG.toml`: the rules' pages show them, and the tests run them.

    more = "What else a reader should know."                  # optional

    [[found]]                                                 # the rule finds something; the first one is the `Before`
    title = "a password under `stringData`"
    files."apps/db.yaml" = '''
    kind: Secret
    stringData:
      password: {password}
    '''

    [[clean]]                                                 # it finds nothing; the first one is the `After`
    title = "the same, encrypted"
    files."apps/db.yaml" = '''…'''

No file of this repository holds a text that looks like a secret. So an example holds markers, `{kind}` or
`{kind:argument}`: the tests fill in values that they make up (`tests/unit/lint/rules/filled.py`), and a page shows the
stand-ins below. Braces around any other word are left alone.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).resolve().parent / "rules"

STAND_INS = {
    "age_key": "<an age identity>",
    "alnum": "<{} random letters and digits>",
    "b64password": "<a password, in base64>",
    "basicauth": "<user:password, in base64>",
    "bcrypt": "<a bcrypt hash>",
    "docker_config": '{{"auths":{{"registry.example.org":{{"auth":"<user:password, in base64>"}}}}}}',
    "docker_config_b64": "<a docker config with a login, in base64>",
    "envelope": "ENC[AES256_GCM,data:…,iv:…,tag:…,type:str]",
    "hex": "<{} hexadecimal digits>",
    "jwt": "<a JSON web token>",
    "long": "<{} MiB of text>",
    "number": "<{} digits>",
    "password": "<a password>",
    "pem": "-----BEGIN PRIVATE KEY-----\n<the key>\n-----END PRIVATE KEY-----",
    "pem_b64": "<a private key, in base64>",
    "certificate": "-----BEGIN CERTIFICATE-----\n<the certificate>\n-----END CERTIFICATE-----",
    "recipient": "age1<{}>",
    "sealed": "<a sealed value>",
    "sha512crypt": "<a SHA-512 crypt hash>",
    "sops": (
        "sops:\n  age:\n{}  lastmodified: …\n  mac: ENC[AES256_GCM,data:…,iv:…,tag:…,type:str]"
    ),
    "token": "<a token of {}>",
    "uuid": "<a UUID>",
}  # fmt: skip
"""What a page shows for each kind of marker, with `{}` for its argument. Several lines are indented like the first."""

_MARKER = re.compile(r"(?<![{$%#])\{(" + "|".join(STAND_INS) + r")(?::([^{}\n]*))?\}(?!\})")


class Example(NamedTuple):
    """A small repository, and what is to be seen in it."""

    title: str
    files: dict[str, str]


class Examples(NamedTuple):
    """What a rule finds and what it leaves alone."""

    found: tuple[Example, ...]
    clean: tuple[Example, ...]
    more: str


def read(slug: str) -> Examples:
    """The examples of the rule called `slug`; none when there is no such file. Raises ValueError for other keys."""
    path = FOLDER / f"{slug}.toml"
    tree = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    examples = {kind: tuple(Example(**item) for item in tree.pop(kind, ())) for kind in ("found", "clean")}
    more = tree.pop("more", "")
    if tree:
        raise ValueError(f"{path.name}: unknown {', '.join(tree)}")
    return Examples(**examples, more=more)


def replaced(text: str, fill: Callable[[str, str], str]) -> str:
    """`text` with `fill(kind, argument)` for each marker; further lines of it get the indent of the first one."""

    def one(found: re.Match[str]) -> str:
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        indent = line[: len(line) - len(line.lstrip(" "))]
        return fill(found[1], found[2] or "").replace("\n", "\n" + indent)

    return _MARKER.sub(one, text)


def shown(text: str) -> str:
    """`text` as a page shows it."""

    def stand_in(kind: str, argument: str) -> str:
        if kind == "sops":
            argument = "".join(f"    - recipient: age1<{name}>\n      enc: …\n" for name in argument.split(","))
        return STAND_INS[kind].format(argument)

    return replaced(text, stand_in)
