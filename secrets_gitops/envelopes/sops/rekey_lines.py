"""The metadata of a dotenv or INI file with other key entries: lines that say the same stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.line_values import value_text
from secrets_gitops.envelopes.sops import flat, metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.documents.plain import Tree

_OF_KEYS = (*metadata.KINDS, "key_groups", "shamir_threshold")


def with_fields(alone: Document, fields: Mapping[str, Tree]) -> Document:
    """A block that stands alone, with these lists of keys and threshold in the place of those that it has."""
    wanted = dict(flat.flattened(dict(fields)))
    lines = _lines(alone)
    edits = []
    for at, (name, key, content) in enumerate(lines):
        if name.partition("__")[0] not in _OF_KEYS:
            continue
        text = wanted.pop(name, None)
        if text is None:
            end = lines[at + 1][1].start if at + 1 < len(lines) else len(alone.text)
            edits.append(Edit(key.start, end, ""))
        elif text != content.text.replace("\n", "\\n"):
            edits.append(Edit(content.start, content.end, _written(text, alone)))
    return alone.apply([*edits, *_additions(alone, lines, wanted)])


def _lines(alone: Document) -> list[tuple[str, Node, Node]]:
    """Name, key and value of each field."""
    root = alone.roots[0]
    if alone.format == "dotenv":
        return [(key.text.removeprefix(flat.PREFIX), key, content) for key, content in root.pairs]
    section = next(section for key, section in root.pairs if key.text == flat.KEY)
    return [(key.text, key, content) for key, content in section.pairs]


def _additions(alone: Document, lines: list[tuple[str, Node, Node]], wanted: Mapping[str, str]) -> list[Edit]:
    """New lines, each before the first one whose name sorts behind it."""
    newline = "\r\n" if "\r\n" in alone.text and alone.format == "ini" else "\n"
    places: dict[int, str] = {}
    for name, text in sorted(wanted.items()):
        at = next((key.start for other, key, _ in lines if other > name), len(alone.text))
        places[at] = places.get(at, "") + _lead(name, alone, lines) + _written(text, alone) + newline
    end = len(alone.text)
    if end in places and not alone.text.endswith("\n"):
        places[end] = newline + places[end].removesuffix(newline)
    return [Edit(at, at, text) for at, text in places.items()]


def _lead(name: str, alone: Document, lines: list[tuple[str, Node, Node]]) -> str:
    if alone.format == "dotenv":
        return f"{flat.PREFIX}{name}="
    _, key, content = lines[0]
    between = alone.text[key.end : content.start].strip()[:1] or "="
    sign = alone.text.find(between, key.end)
    return name.ljust(max(sign - key.start - 1, 0)) + f" {between} "


def _written(text: str, alone: Document) -> str:
    return value_text(text, "ini") if alone.format == "ini" else text
