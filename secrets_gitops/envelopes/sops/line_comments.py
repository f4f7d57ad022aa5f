"""Comments of dotenv and INI, encrypted and decrypted in their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents import line_values
from secrets_gitops.documents.document import Edit
from secrets_gitops.envelopes.sops import tree
from secrets_gitops.errors import DocumentError, Place

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Comment, Document, Node
    from secrets_gitops.envelopes.sops.selection import Selection


def gathered(plain: Document, selection: Selection) -> Document:
    """An INI file in which every key has its comment in one place: sops keeps one envelope for each.

    A comment beside a value moves to those above the key, as it does in sops; one beside a header moves above it, for
    the header ends at the last `]` of its line.
    """
    sealed = {
        leaf.comment.start
        for leaf in tree.walk(plain, selection, sealed=False)
        if leaf.comment is not None and leaf.selected and leaf.comment.text
    }
    edits = []
    for key, section in plain.roots[0].pairs:
        for position, comments in (plain.slots or {}).get(id(section), {}).items():
            *above, last = comments
            if last.inline and (above or not position) and all(comment.start in sealed for comment in comments):
                edits += _moved_up(plain.text, above[0].end if above else None, key.start, last)
    if not edits:
        return plain
    for _, node in _values(plain, selection):
        if plain.text[node.start : node.end].endswith("\\"):  # without the comment, the next line would be part of it
            edits.append(Edit(node.start, node.end, line_values.value_text(node.text, "ini", quote='"')))
    changed = plain.apply(edits)
    if [(path, node.text) for path, node in _values(changed, selection)] != [
        (path, node.text) for path, node in _values(plain, selection)
    ]:
        raise DocumentError(
            "a comment beside a value cannot be moved above its key, as sops would move it",
            hints=("write the comment on a line of its own",),
            place=Place(plain.path),
        )
    return changed


def _moved_up(text: str, end: int | None, header: int, inline: Comment) -> list[Edit]:
    """An inline comment moves behind the comment above, which ends at `end`, or, without one, above its header."""
    sign = max(text.rfind(";", 0, inline.start), text.rfind("#", 0, inline.start))
    begin = sign
    while text[begin - 1] in " \t":
        begin -= 1
    found = text.rfind("\n", 0, end if end is not None else header) + 1
    line = text[found : text.find("\n", found)]
    margin = line[: len(line) - len(line.lstrip(" \t"))]
    newline = "\r\n" if line.endswith("\r") else "\n"
    moved = f"{margin}{text[sign]} {inline.text}"
    place = Edit(found, found, f"{moved}{newline}") if end is None else Edit(end, end, f"{newline}{moved}")
    return [Edit(begin, inline.end, ""), place]


def _values(document: Document, selection: Selection) -> list[tuple[tree.Path, Node]]:
    leaves = tree.walk(document, selection, sealed=False)
    return [(leaf.path, leaf.node) for leaf in leaves if leaf.node is not None]


def sealed_edit(plain: Document, comment: Comment, raw: str, *, old: bool) -> Edit:
    """What puts an envelope in place of a comment; `old` is one with all that stood in the file for the comment."""
    if plain.format == "dotenv" and not old:
        raw = f"#{raw}"
    return Edit(comment.start, comment.end, raw)


def plain_edit(sealed: Document, comment: Comment, text: str) -> Edit:
    """What puts the text of a comment in place of its envelope."""
    if sealed.format == "dotenv":
        return Edit(comment.start, comment.end, "#" + text.replace("\n", "\n#"))
    first, *rest = text.replace("\r\n", "\n").split("\n")
    if comment.inline:  # its place is one line
        return Edit(comment.start, comment.end, " ; ".join([first, *(line.strip("; #") for line in rest)]))
    if not rest:
        return Edit(comment.start, comment.end, first)
    newline = "\r\n" if "\r\n" in sealed.text else "\n"
    lines = [line if line.lstrip()[:1] in {"#", ";"} else f"; {line}" for line in rest]
    return Edit(comment.start, comment.end, newline.join([first, *lines]))
