"""Plaintext as it is printed: the whole file or one value, in the format that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.cli.drop_in.exit_codes import CANNOT_SERIALISE, Stop, stage
from secrets_gitops.cli.drop_in.index_path import required

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.cli.drop_in.index_path import Target
    from secrets_gitops.documents.branches import Value
    from secrets_gitops.documents.document import Document, Format, Node
    from secrets_gitops.documents.scalars import Scalar
    from secrets_gitops.envelopes.sops.opened import Opened


def whole(result: Opened, form: Format, indent: int | None) -> bytes:
    """All of the plaintext. In the format of the file it is the text that was encrypted, byte for byte."""
    if form == result.sealed.inner:
        return result.content()
    from secrets_gitops.documents import convert

    with stage(CANNOT_SERIALISE):
        return convert.to_content(result.plain, form, indent=indent)


def value(result: Opened, steps: tuple[str | int, ...], form: Format, indent: int | None) -> bytes:
    """One value: a string as it is, all else as text of the format. Raises Stop when there is none."""
    document = result.plain
    found = required(document, steps)
    if found.comment is not None:
        return found.comment.text.encode("utf-8", "surrogateescape")
    node = found.node
    assert node is not None
    if node.kind == "scalar":
        content = typed(document, node)
        if isinstance(content, str):
            return content.encode("utf-8", "surrogateescape")
        if isinstance(content, bytes):
            return content
    with stage(CANNOT_SERIALISE):
        return _text(document, found, form, indent)


def typed(document: Document, node: Node) -> Scalar:
    """The value of a scalar, with the type that it was encrypted with where the format does not show types."""
    from secrets_gitops.documents.scalars import resolve

    return document.typed[node.start] if node.start in document.typed else resolve(node, "go_v3", path=document.path)


def _text(document: Document, place: Target, form: Format, indent: int | None) -> bytes:
    from secrets_gitops.documents import convert, emit, line_values
    from secrets_gitops.documents.branches import Branch

    node, path = place.node, place.path
    assert node is not None

    if node.kind == "scalar":
        content = typed(document, node)
        if form == "json":
            return emit.json_scalar(content).encode()
        if form == "yaml":
            return (_yaml_scalar(content) + "\n").encode()
        return line_values.text_of(content).encode()
    if form == "yaml" and document.format == "yaml" and (own := _own_text(document, node)):
        return own.encode()
    found = _inner(document, path)
    if isinstance(found, Branch):
        return convert.to_content([found], form, indent=indent)
    if form == "json":
        return convert.json_value(found, indent=indent).encode()
    if form == "yaml":
        return _dedented(convert.to_text([Branch([("k", found)])], "yaml", indent=indent)).encode()
    raise Stop(CANNOT_SERIALISE, f"a list cannot be written as {form}")


def _inner(document: Document, path: Sequence[str | int]) -> Value:
    """A map or a list with its comments."""
    from secrets_gitops.documents.branches import Branch, Items, Remark, branches

    value: Value = branches(document)[0]
    for step in path:
        if isinstance(value, Branch):
            value = next(inner for key, inner in value.pairs() if key == step)
        else:
            assert isinstance(value, Items)
            assert isinstance(step, int)
            value = [inner for inner in value if not isinstance(inner, Remark)][step]
    return value


def _dedented(text: str) -> str:
    """What stands under a key, without the key."""
    lines = text.split("\n")[1:]
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:] for line in lines)


def _yaml_scalar(content: Scalar) -> str:
    """As sops prints it alone: whole floats without a point."""
    from secrets_gitops.documents import emit
    from secrets_gitops.golang.numbers import short_float

    if isinstance(content, float) and content == content and abs(content) != float("inf"):  # noqa: PLR0124  NaN
        return short_float(content)
    return emit.yaml_scalar(content)


def _own_text(document: Document, node: Node) -> str:
    """The text of a map or list with its comments, at the left edge; empty where it needs the rest of the file."""
    from secrets_gitops.cli.drop_in.index_path import comments_of
    from secrets_gitops.documents.document import walk

    if any(inner.kind == "alias" or inner.anchor for inner in walk(node)):
        return ""
    text = document.text
    if node.style == "flow":
        return f"{text[node.start : node.end]}\n" if "\n" not in text[node.start : node.end] else ""
    slots = comments_of(document).get(id(node), {})
    comments = [comment for at in slots for comment in slots[at]]
    start = min([node.start, *(comment.start for comment in comments)])
    end = max([node.end, *(comment.end for comment in comments)])
    line = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    body = " " * (start - line) + text[start : stop if stop >= 0 else len(text)]
    margin = node.column - 1
    lines = body.replace("\r\n", "\n").split("\n")
    if any(part[:margin].strip() for part in lines):
        return ""
    return "\n".join(part[margin:] for part in lines).rstrip("\n") + "\n"
