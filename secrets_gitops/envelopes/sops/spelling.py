"""How a decrypted value is written in place of its envelope, and an envelope in place of a value.

The quotes of a YAML value outlive its encryption: an envelope is quoted as the value was, and the value is then quoted
as its envelope is. sops itself quotes no envelope, so a string behind a bare one gets the quotes that it needs to mean
the same to every reader of YAML. A string that stood without quotes nevertheless (`yes`, `12:30`, all in `[a, b]`,
where an envelope needs quotes) is told by single quotes around its envelope, and comes back without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents import edit_lines, emit, line_values
from secrets_gitops.documents.document import LINE_FORMATS, Edit
from secrets_gitops.documents.properties import content_start
from secrets_gitops.documents.read import read
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.envelopes.sops.block import newline_of
from secrets_gitops.errors import DocumentError
from secrets_gitops.patterns import pattern

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.envelopes.sops.tree import Leaf
    from secrets_gitops.envelopes.sops.value import Value

_BLOCK_LEAD = pattern(r"( *(?:- +)*)(.?)")
_SINGLE_QUOTABLE = pattern("[ -~\u00a0-\ud7ff]*")
_SAFE_START = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz/_")
"""Nothing that begins so is a number, a time or an indicator; words such as `yes` are looked at apart."""
_NEXT_LINE = pattern(r"((?:[ \t]*\r?\n)*)([ \t]*)(.?)")
_ENVELOPE = pattern(r"ENC\[[^\]]*\]")
_HEADER_COMMENT = pattern(r"[|>][-+0-9]*[ \t]+(#[^\r\n]*)")
_TIME = pattern(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]")
_NOT_UTF_8 = pattern("[\udc80-\udcff]")
_CORE_TAG = pattern(r"(?:!!|!<tag:yaml\.org,2002:)(?!str\b)\S*\s*")


def value_text(value: Value, document: Document, node: Node, *, flow: bool, step: int) -> str:
    """The plaintext for the content of `node`, an envelope. Raises DocumentError for what JSON cannot hold."""
    if document.format == "json":
        return emit.json_scalar(lossy_text(value) if isinstance(value, bytes) else value)
    if document.format in LINE_FORMATS:
        behind = edit_lines.behind(document, node) if document.format == "ini" else ""
        return line_values.value_text(value, document.format, quote=_line_quote(document, node), behind=behind)
    if not isinstance(value, str):
        return emit.yaml_scalar(value)
    if node.style == "double":
        text = emit.yaml_scalar(value)
        return text if text.startswith('"') else f'"{text}"'
    if node.style == "single":
        if (flow or not _is_plain(value)) and _can_be_plain(value, flow=flow):
            return value
        if not flow and _SINGLE_QUOTABLE.fullmatch(value):
            return "'" + value.replace("'", "''") + "'"
    if "\n" in value and not flow:
        indent = _indent(document.text, node, step)
        text = emit.yaml_scalar(value, indent=indent, inline_only=not _ends_a_block(document.text, node.end, indent))
        return text.replace("\n", newline_of(document))
    if node.style == "plain" and not flow and (_is_plain(value) or _is_time_elsewhere(value)):
        return value
    return emit.yaml_scalar(value)


def lossy_text(value: bytes) -> str:
    """Bytes as JSON shows them, with Go's mark for each one that is not UTF-8."""
    return _NOT_UTF_8.sub("\ufffd", value.decode("utf-8", "surrogateescape"))


def _can_be_plain(value: str, *, flow: bool) -> bool:
    """Would a string without quotes be read as that string by sops?"""
    if not value or "\n" in value:
        return False
    try:
        document = read(f"[{value}]" if flow else f"- {value}", path="", format="yaml")
    except DocumentError:
        return False
    items = document.roots[0].items if document.roots else ()
    return (
        len(items) == 1
        and items[0].kind == "scalar"
        and items[0].style == "plain"
        and items[0].text == value
        and resolve(items[0], "go_v3") == value
    )


def _is_plain(value: str) -> bool:
    """May a string stand without quotes in a block, and mean itself to every reader of YAML?"""
    if value.isalpha():  # `yes`, `null` and the like are known to `emit`
        return emit.yaml_scalar(value) == value
    return (
        value[:1] in _SAFE_START
        and value.isprintable()
        and ": " not in value
        and " #" not in value
        and value[-1] not in " :"
    )


def _is_time_elsewhere(value: str) -> bool:
    """Is it a time to other readers of YAML, but text to sops, which writes it without quotes?"""
    if not _TIME.match(value):
        return False
    from secrets_gitops.documents import go_yaml  # noqa: PLC0415  hardly a file has one

    return go_yaml.scalar_text(value, indent=2, step=2) == value


def envelope_text(
    envelope: str, document: Document, node: Node, value: Value, *, flow: bool, quote: str | None = None
) -> str:
    """The text for all of `node`, which holds `value`, anchor included. A tag for the type is left out.

    `quote`: how the envelope was quoted that stood here before; None when there was none.
    """
    if document.format == "json":
        return f'"{envelope}"'
    if document.format in LINE_FORMATS:
        quote = _line_quote(document, node)
        return f"{quote}{envelope}{quote}"
    natural = _quote(node, value, flow=flow)
    if quote is None or natural == "'" or (flow and not quote):
        quote = natural
    return f"{_properties(document, node)}{quote}{envelope}{quote}{_header_comment(document, node)}"


def _line_quote(document: Document, node: Node) -> str:
    """In INI the quotes of a value outlive its encryption; where its comment ends in a backslash, it needs some."""
    if document.format != "ini":
        return ""
    quote = line_values.quote_of(document.text[node.start : node.end])
    return quote or ("`" if edit_lines.behind(document, node).rstrip().endswith("\\") else "")


def _quote(node: Node, value: Value, *, flow: bool) -> str:
    if node.style == "double":
        return '"'
    if flow:
        return '"' if node.style == "single" else "'"
    told_apart = isinstance(value, str) and "\n" not in value and not _is_plain(value)
    if node.style == "single":
        return '"' if told_apart and isinstance(value, str) and _can_be_plain(value, flow=False) else "'"
    return "'" if node.style == "plain" and told_apart else ""


def content_edit(document: Document, node: Node, text: str, *, flow: bool, as_line: bool) -> Edit:
    """What puts the old text of an envelope in place of a value and its type tag.

    An envelope over several lines, as very old files have them, is put on one line where `as_line` asks for it.
    """
    if document.format == "yaml" and ((flow and text[0] not in "\"'") or (as_line and "\n" in text)):
        found = _ENVELOPE.search(text)
        assert found is not None
        text = f"'{found[0]}'" if flow else found[0]
    return Edit(node.start, node.end, _properties(document, node) + text + _header_comment(document, node))


def _properties(document: Document, node: Node) -> str:
    """Anchor and tag in front of a value, but for a tag that says its type."""
    if document.format != "yaml":
        return ""
    properties = document.text[node.start : content_start(document.text, node.start, node.end)]
    return _CORE_TAG.sub("", properties) if "!" in properties else properties


def _header_comment(document: Document, node: Node) -> str:
    """The comment behind the `|` of a block scalar, which stays when the block becomes a line."""
    if node.style not in {"literal", "folded"}:
        return ""
    found = _HEADER_COMMENT.match(document.text, content_start(document.text, node.start, node.end))
    return f" {found[1]}" if found is not None else ""


def comment_text(text: str) -> str:
    """A comment with its `#`. INI comments, which may have several lines, can come from other formats."""
    return "#" + text.replace("\r\n", "\n").replace("\n", "\n#")


def comment_item_edits(document: Document, items: list[tuple[Leaf, str]]) -> list[Edit]:
    """What turns comments that stand as items of lists into comments; where there are none, they are left out."""
    edits = []
    texts = {id(leaf.node): text for leaf, text in items}
    for within in {id(leaf.within): leaf.within for leaf, _ in items}.values():
        assert within is not None
        if within.style == "flow":
            edits += _left_out(within, texts)
            continue
        last = None
        for item in within.items:
            if id(item) in texts:
                dash = document.text.rindex("-", 0, item.start)
                last = Edit(dash, item.end, comment_text(texts[id(item)]))
                edits.append(last)
        if last is not None and all(id(item) in texts for item in within.items):
            # A list of nothing but comments must stay a list.
            column = last.start - document.text.rfind("\n", 0, last.start) - 1
            edits[-1] = last._replace(text=f"{last.text}{newline_of(document)}{' ' * column}  []")
    return edits


def _left_out(within: Node, texts: dict[int, str]) -> list[Edit]:
    kept = [item for item in within.items if id(item) not in texts]
    if not kept:
        return [Edit(within.items[0].start, within.items[-1].end, "")]
    edits = []
    for at, item in enumerate(within.items):
        if id(item) in texts:
            if item.start < kept[-1].start:
                edits.append(Edit(item.start, within.items[at + 1].start, ""))
            else:
                edits.append(Edit(within.items[at - 1].end, item.end, ""))
    return edits


def _ends_a_block(text: str, at: int, indent: int) -> bool:
    """Is nothing behind `at` that a literal block with this indentation would swallow, or that may not follow it?"""
    end = text.find("\n", at)
    if text[at : end if end >= 0 else len(text)].rstrip("\r"):  # blanks too would be of the block's last line
        return False
    following = _NEXT_LINE.match(text, end + 1) if end >= 0 else None
    if following is None:
        return True
    blanks = following[1].split("\n")[:-1] if following[3] else [*following[1].split("\n"), following[2]]
    if any(len(line.rstrip("\r")) > indent or "\t" in line for line in blanks):
        return False
    return following[3] != "#" or len(following[2]) < indent


def _indent(text: str, node: Node, step: int) -> int:
    """How far the lines of a literal block in place of `node` are indented."""
    line = text.rfind("\n", 0, node.start) + 1
    lead = _BLOCK_LEAD.match(text, line, node.start)
    assert lead is not None
    return len(lead[1]) + step if lead[2] else max(len(lead[1]), 1)
