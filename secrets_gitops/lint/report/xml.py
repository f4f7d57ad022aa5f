"""XML text: what a name holds can neither end an attribute nor be a character that XML does not have."""

from __future__ import annotations

from secrets_gitops.printable import printable

_REFERENCES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}


def attributes(**values: object) -> str:
    """`name="value"` for each, in order."""
    return " ".join(f'{name}="{_escaped(printable(str(value)))}"' for name, value in values.items())


def content(text: str) -> str:
    """`text` between tags; line breaks stay."""
    return "\n".join(_escaped(printable(line)) for line in text.split("\n"))


def _escaped(text: str) -> str:
    return "".join(_REFERENCES.get(c, c) for c in text)
