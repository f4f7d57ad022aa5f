"""The metadata lines of dotenv and the `[sops]` section of INI: new, cut out of a file, and put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.line_values import value_text
from secrets_gitops.envelopes.sops import flat
from secrets_gitops.envelopes.sops.cut import Cut

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.documents.plain import Tree

_STAMPED = ("mac", "lastmodified")


def new(plain: Document, tree: dict[str, Tree]) -> Cut:
    """A new block, sorted by flattened name as sops 3.13 sorts it."""
    fields = sorted(flat.flattened(tree))
    if plain.format == "dotenv":
        lines = [(name, f"{flat.PREFIX}{name}=", text) for name, text in fields]
        out = ""
    else:
        width = max(len(name) for name, _ in fields)
        lines = [(name, f"{name.ljust(width)} = ", value_text(text, "ini")) for name, text in fields]
        out = f"\n[{flat.KEY}]\n"
    spans = []
    for name, lead, text in lines:
        out += lead
        if name in _STAMPED:
            spans.append((name, len(out), len(out) + len(text)))
        out += f"{text}\n"
    if plain.format == "ini" and "\r\n" in plain.text:
        spans = [
            (name, start + out.count("\n", 0, start), end + out.count("\n", 0, start)) for name, start, end in spans
        ]
        out = out.replace("\n", "\r\n")
    count = len(plain.roots[0].pairs)
    return Cut(0, 0, out, tuple(spans), count, 0, 0, quoted=False)


def cut(document: Document) -> Cut | None:
    """The block of a document; None when it has none."""
    found = flat.find(document)
    if found is None:
        return None
    return _section(document, found) if document.format == "ini" else _lines(document)


def _lines(document: Document) -> Cut:
    text, root = document.text, document.roots[0]
    pieces: list[tuple[int, int]] = []
    out, fields = "", []
    for key, value in root.pairs:
        if not key.text.startswith(flat.PREFIX):
            continue
        end = _line_end(text, value.end)
        if out and not out.endswith("\n"):
            out += "\n"
        name = key.text[len(flat.PREFIX) :]
        if name in _STAMPED:
            fields.append((name, len(out) + value.start - key.start, len(out) + value.end - key.start))
        out += text[key.start : end]
        if pieces and pieces[-1][1] == key.start:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((key.start, end))
    others = [key for key, _ in root.pairs if not key.text.startswith(flat.PREFIX)]
    before = sum(key.start < pieces[0][0] for key in others)
    start, end = pieces[0][0], pieces[-1][1]
    tail = text.count("\n", end) + (not text.endswith("\n") and end < len(text))
    if not out.endswith("\n"):
        out += "\n"
        if start:  # the file had no line break at its end
            pieces[-1] = (pieces[-1][0] - 1, end)
    return Cut(start, end, out, tuple(fields), before, len(others) - before, tail, tuple(pieces), quoted=False)


def _section(document: Document, found: tuple[Node, Node]) -> Cut:
    text, root = document.text, document.roots[0]
    key, block = found
    at = next(number for number, (name, _) in enumerate(root.pairs) if name is key)
    start = text.rfind("\n", 0, key.start) + 1
    end = _line_end(text, max(block.end, key.end))
    blank = text.rfind("\n", 0, max(start - 1, 0)) + 1
    if start and not text[blank:start].strip():
        start = blank
    out = text[start:end]
    piece = (start, end)
    if not out.endswith("\n"):
        out += "\r\n" if "\r\n" in out else "\n"
        piece = (max(start - 1 - text[: start - 1].endswith("\r"), 0), end)  # the file had no line break at its end
    fields = tuple(
        (name.text, node.start - start, node.end - start)
        for name, node in block.pairs
        if name.text in _STAMPED and node.kind == "scalar" and node.end > node.start
    )
    after = len(root.pairs) - at - 1
    tail = len(text[end:]) - len(text[end:].lstrip("\r\n"))
    return Cut(start, end, out, fields, at, after, text.count("\n", end, end + tail), (piece,), quoted=False)


def removals(block: Cut) -> list[Edit]:
    """What takes the block out."""
    return [Edit(start, end, "") for start, end in block.pieces]


def insertion(plain: Document, block: Cut, text: str) -> Edit:
    """What puts the text of a block back: where it was, as far as its neighbours are still there."""
    at = _boundary(plain, block)
    if at == len(plain.text) and at and not plain.text.endswith("\n"):
        newline = "\r\n" if text.endswith("\r\n") and plain.format == "ini" else "\n"
        text = newline + text.removesuffix(newline)
    if plain.format == "ini" and not at:
        text = text.lstrip("\r\n")
    return Edit(at, at, text)


def _boundary(plain: Document, block: Cut) -> int:
    text, root = plain.text, plain.roots[0]
    slots = (plain.slots or {}).get(id(root), {})
    if block.after and block.before < len(root.pairs):
        key, section = root.pairs[block.before]
        own = (plain.slots or {}).get(id(section), {}).get(0, []) if plain.format == "ini" else []
        first = min([key.start, *(comment.start for comment in own)])
        return _blank_lines_above(text, text.rfind("\n", 0, first) + 1, block.tail)
    last = slots.get(len(root.pairs), [])
    if plain.format == "ini":  # comments behind the last key would become those of the section
        return _first_comment_line(text, last[0].start) if last else len(text)
    at = len(text)
    for _ in range(block.tail):
        line = text.rfind("\n", 0, max(at - 1, 0)) + 1
        if root.pairs and line < root.pairs[-1][1].end:
            break
        at = line
    return at


def _blank_lines_above(text: str, at: int, count: int) -> int:
    """As many blank lines further up as there were between the block and what follows it."""
    for _ in range(count):
        line = text.rfind("\n", 0, max(at - 1, 0)) + 1
        if text[line:at].strip() or not at:
            break
        at = line
    return at


def _first_comment_line(text: str, at: int) -> int:
    """Where the comment lines begin of which that of `at` is the last; an empty one in front belongs to them."""
    at = text.rfind("\n", 0, at) + 1
    while at:
        line = text.rfind("\n", 0, at - 1) + 1
        if text[line:at].strip()[:1] not in {";", "#"}:
            break
        at = line
    return at


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return end + 1 if end >= 0 else len(text)
