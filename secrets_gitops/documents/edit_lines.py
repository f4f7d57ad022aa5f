"""Changes of dotenv and INI files, as Edits: a value set, a line added or removed. All other text stays."""

from __future__ import annotations

from secrets_gitops.documents.complaints import shown_path
from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.line_values import key_text, quote_of, section_text, value_text
from secrets_gitops.errors import DocumentError, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.documents.document import Comment, Document, Node
    from secrets_gitops.documents.plain import Tree

    Path = Sequence[str | int]


def set_path(document: Document, path: Path, value: Tree) -> list[Edit]:
    """The edits that put a value at a path. Raises DocumentError where the format has no such place or value."""
    root = document.roots[0]
    if document.format == "dotenv" and len(path) == 1 and isinstance(path[0], str):
        node = root.get(path[0])
        return _value_set(document, node, value) if node is not None else _line_added(document, root, path[0], value)
    if document.format == "ini" and all(isinstance(step, str) for step in path):
        section = root.get(str(path[0]))
        if len(path) == 1 and isinstance(value, dict):
            if section is None:
                return _section_added(document, str(path[0]), value)
            gone = remove_path(document, path) if section.pairs else []
            return [*gone, *_section_added(document, str(path[0]), value)]
        if len(path) == 2:
            if section is None:
                return _section_added(document, str(path[0]), {str(path[1]): value})
            node = section.get(str(path[1]))
            if node is not None:
                return _value_set(document, node, value)
            return _line_added(document, section, str(path[1]), value)
    raise _no_place(document, path)


def remove_path(document: Document, path: Path) -> list[Edit]:
    """The edits that remove a key, or a section with all in it, and the comments that belong to it."""
    root = document.roots[0]
    missing = DocumentError(f"there is no {shown_path(path)}", place=Place(document.path))
    at = next((at for at, (key, _) in enumerate(root.pairs) if path and key.text == path[0]), None)
    if at is None:
        raise missing
    if document.format == "dotenv":
        if len(path) > 1:
            raise missing
        return [_lines_of(document, root.pairs[at])]
    if document.format != "ini" or len(path) > 2:
        raise missing
    section = root.pairs[at][1]
    if len(path) == 1:
        if not root.pairs[at][0].end:  # DEFAULT, which has no header
            return [edit for key, _ in section.pairs for edit in _key_removed(document, section, key.text)]
        start = min((c.start for c in _belonging(document, section, 0)), default=root.pairs[at][0].start)
        end = _next_section(document, root, at)
        return [Edit(_line_start(document.text, start), end, "")]
    if section.get(str(path[1])) is None:
        raise missing
    return _key_removed(document, section, str(path[1]))


def _key_removed(document: Document, section: Node, name: str) -> list[Edit]:
    edits = []
    for number, pair in enumerate(section.pairs, 1):
        if pair[0].text == name:
            edits.append(_lines_of(document, pair))
            for comment in _belonging(document, section, number):
                if not comment.inline:
                    start = _line_start(document.text, comment.start)
                    edits.append(Edit(start, edits[0].start, ""))
    for key, value in zip(section.items[::2], section.items[1::2], strict=True):
        if key.text == name:
            edits.append(_lines_of(document, (key, value)))
    return _merged(edits)


def _merged(edits: list[Edit]) -> list[Edit]:
    """Deletions that do not overlap."""
    merged: list[Edit] = []
    for edit in sorted(edits):
        if merged and edit.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(edit.end, merged[-1].end))
        else:
            merged.append(edit)
    return merged


def _belonging(document: Document, node: Node, position: int) -> list[Comment]:
    return (document.slots or {}).get(id(node), {}).get(position, [])


def _lines_of(document: Document, pair: tuple[Node, Node]) -> Edit:
    """The removal of the lines of a key."""
    return Edit(_line_start(document.text, pair[0].start), _line_end(document.text, pair[1].end), "")


def _next_section(document: Document, root: Node, at: int) -> int:
    """Where the text of a section ends: at the next header or the comments above it."""
    if at + 1 < len(root.pairs):
        key, section = root.pairs[at + 1]
        start = min([key.start, *(comment.start for comment in _belonging(document, section, 0))])
        return _line_start(document.text, start)
    last = _belonging(document, root, len(root.pairs))
    return _line_start(document.text, last[0].start) if last else len(document.text)


def _value_set(document: Document, node: Node, value: Tree) -> list[Edit]:
    if document.format == "dotenv":
        return [Edit(node.start, node.end, _text(document, value))]
    quote = quote_of(document.text[node.start : node.end])
    return [Edit(node.start, node.end, _text(document, value, quote, behind(document, node)))]


def behind(document: Document, node: Node) -> str:
    """What follows an INI value on its line."""
    end = document.text.find("\n", node.end)
    return document.text[node.end : end if end >= 0 else len(document.text)].rstrip("\r")


def _text(document: Document, value: Tree, quote: str = "", rest: str = "") -> str:
    if isinstance(value, dict | list):
        raise DocumentError("a map or a list has no place in this format", place=Place(document.path))
    try:
        return value_text(value, document.format, quote=quote, behind=rest)  # type: ignore[arg-type]  # no collection
    except DocumentError as error:
        error.place = error.place or Place(document.path)
        raise


def _line_added(document: Document, parent: Node, key: str, value: Tree) -> list[Edit]:
    """A key behind the last one of a map, its sign below the signs of the others."""
    text = document.text
    name, content = key_text(key, document.format), _text(document, value)
    newline = _newline(document)
    if document.format == "dotenv":
        lead = "" if not text or text.endswith("\n") else newline
        return [Edit(len(text), len(text), f"{lead}{name}={content}{newline}")]
    if not parent.pairs:
        at = _line_end(text, max(parent.start - 1, 0)) if parent.start else 0
        lead = "" if not at or text[at - 1] == "\n" else newline
        gap = newline if not at and text else ""
        return [Edit(at, at, f"{lead}{name} = {content}{newline}{gap}")]
    last = max(parent.pairs, key=lambda pair: pair[1].end)
    at = _line_end(text, last[1].end)
    lead = "" if text[at - 1] == "\n" else newline
    between = text[last[0].end : last[1].start]
    margin = text[_line_start(text, last[0].start) : last[0].start]
    sign = next((sign for sign in between if sign in "=:"), "=")
    before, _, behind = between.partition(sign)
    width = last[0].end - last[0].start + len(before)
    aligned = f"{name}{before if len(before) < 2 else ' '}" if len(name) >= width else name.ljust(width)
    return [Edit(at, at, f"{lead}{margin}{aligned}{sign}{behind or ' ' * bool(before)}{content}{newline}")]


def _section_added(document: Document, name: str, values: Mapping[str, Tree]) -> list[Edit]:
    """A section behind all others."""
    root, newline = document.roots[0], _newline(document)
    keys = {key_text(key, "ini"): _text(document, value) for key, value in values.items()}
    width = max(map(len, keys), default=0)
    lines = [section_text(name), *(f"{key.ljust(width)} = {content}" for key, content in keys.items())]
    at = _next_section(document, root, len(root.pairs) - 1)
    before = document.text[:at]
    lead = (
        ""
        if not before.strip()
        else ""
        if before.endswith("\n\n")
        else newline
        if before.endswith("\n")
        else newline * 2
    )
    return [Edit(at, at, lead + newline.join([*lines, ""]))]


def _no_place(document: Document, path: Path) -> DocumentError:
    hint = {
        "dotenv": "in a dotenv file a path is one key: `'[\"KEY\"]'`",
        "ini": 'in an INI file a path is a section and a key: `\'["section"]["key"]\'`',
    }.get(document.format, "a binary file has no values inside; `edit` changes it")
    return DocumentError(f"there is no place for {shown_path(path)}", hints=(hint,), place=Place(document.path))


def _newline(document: Document) -> str:
    if document.format == "dotenv":  # there a carriage return is part of the value
        return "\n"
    at = document.text.find("\n")
    return "\r\n" if at > 0 and document.text[at - 1] == "\r" else "\n"


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return end + 1 if end >= 0 else len(text)
