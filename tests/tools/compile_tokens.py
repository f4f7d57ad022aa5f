"""Write `lint/token_table.py` from `lint/rules/provider_tokens.toml`.

The hook cannot pay for reading TOML at every commit; a test holds the module against the data file.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

LINT = Path(__file__).resolve().parents[2] / "secrets_gitops" / "lint"
SOURCE, TARGET = LINT / "rules" / "provider_tokens.toml", LINT / "token_table.py"

HEAD = '''"""Made from `rules/provider_tokens.toml` by `tests/tools/compile_tokens.py`; change that file, not this."""

from __future__ import annotations

from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.finding import Severity


class Token(NamedTuple):
    """One kind of token; the fields are explained at the top of the data file."""

    name: str
    alias: str
    title: str
    anchors: tuple[bytes, ...]
    words: tuple[bytes, ...]
    inside: bool
    context: bool
    opening: bool
    pattern: bytes
    validator: str
    severity: Severity
    docs: str
    fix: str


# fmt: off
TOKENS: tuple[Token, ...] = (
'''

GUARD = "(?<![0-9A-Za-z_])"


def rows(source: str) -> list[tuple[object, ...]]:
    """The fields of every token in the order of the file."""
    return [
        (
            token["name"],
            f"SG{token['alias']}",
            token["title"],
            tuple(text.encode() for text in token.get("anchors", ())),
            tuple(text.encode() for text in token.get("words", ())),
            token.get("inside", False),
            token.get("context", False),
            token.get("opening", False),
            (("" if token.get("unguarded") else GUARD) + token["pattern"]).encode(),
            token["validator"],
            token["severity"],
            token["docs"],
            token["fix"],
        )
        for token in tomllib.loads(source)["token"]
    ]


def compiled(source: str) -> str:
    """The text of the module."""
    body = "".join(f"    Token({', '.join(map(repr, row))}),  # noqa: E501\n" for row in rows(source))
    return HEAD + body + ")\n"


if __name__ == "__main__":
    TARGET.write_text(compiled(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
