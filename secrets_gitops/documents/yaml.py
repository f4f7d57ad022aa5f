"""YAML text to nodes: the events of libyaml (the parser that Go's was ported from) and our own composer.

PyYAML's loaders are not used: they keep no spans, their scalars are not Go's, and they follow aliases and nesting
without a bound. Nothing here recurses.
"""

from __future__ import annotations

from secrets_gitops.documents.complaints import duplicate_key, place_at
from secrets_gitops.documents.document import Node
from secrets_gitops.documents.libyaml import yaml
from secrets_gitops.documents.lines import JSON_BREAK, YAML_BREAK, YAML_BREAKS, Lines
from secrets_gitops.documents.properties import content_start
from secrets_gitops.errors import DocumentError, LimitExceeded, Place, SettingsError
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from secrets_gitops.documents.document import Style
    from secrets_gitops.documents.limits import Limits

_GAP = pattern("#[^\r\n\x85\u2028\u2029]*|:")
_BLOCK_HEADER = pattern("[|>][-+0-9]*")

_STYLES: dict[str | None, Style] = {
    None: "plain", "": "plain", "'": "single", '"': "double", "|": "literal", ">": "folded",
}  # fmt: skip

# libyaml looks through all tag directives for each new one, so their number squares; nobody has more than a few.
_MOST_TAG_DIRECTIVES = 100


def compose(text: str, path: str, limits: Limits, *, keep_duplicates: bool) -> list[Node]:
    """One root node for each YAML document in `text`. Raises DocumentError with a place for text that is not valid."""
    if text.count("\n%TAG") > _MOST_TAG_DIRECTIVES:
        raise LimitExceeded(f"more than {_MOST_TAG_DIRECTIVES} %TAG directives", place=Place(path))
    try:
        return _compose(text, path, limits, keep_duplicates)
    except yaml.YAMLError as error:
        raise _translated(error, text, path, limits) from None


def _compose(text: str, path: str, limits: Limits, keep_duplicates: bool) -> list[Node]:
    # One loop without calls into our own functions on its common path: it sees every node of every scanned file.
    scalar_event, alias_event, document_start, stream_end = (
        yaml.ScalarEvent, yaml.AliasEvent, yaml.DocumentStartEvent, yaml.StreamEndEvent,
    )  # fmt: skip
    mapping_start, mapping_end = yaml.MappingStartEvent, yaml.MappingEndEvent
    sequence_start, sequence_end = yaml.SequenceStartEvent, yaml.SequenceEndEvent
    next_event: Callable[[], Any] = _parser(text).get_event  # each kind of event has its own fields
    styles, most_nodes, most_expansions = _STYLES, limits.nodes, limits.alias_expansions
    lines = Lines(text, JSON_BREAK if text.isascii() and "\r" not in text else YAML_BREAK)
    roots: list[Node] = []
    children = roots
    """What the innermost open collection holds so far; keys and values of a mapping in turn."""
    open_collections: list[tuple[Node, list[Node], int]] = []
    """Each with the children of the collection around it and `count + expansions` at its start."""
    anchors: dict[str, tuple[Node, int]] = {}
    """Each with the number of nodes it stands for; 0 while it is still open."""
    count = expansions = documents = 0

    while True:
        event = next_event()
        kind = type(event)
        if kind is scalar_event:
            start = event.start_mark.index
            end = event.end_mark.index
            anchor = event.anchor
            style = styles[event.style]
            node = Node("scalar", start, end, lines, style, event.value, event.tag, anchor)
            if start == end:
                if len(children) % 2 and open_collections and open_collections[-1][0].kind == "mapping":
                    _settle_missing_value(node, children[-1], text)
            elif style == "literal" or style == "folded":  # noqa: PLR1714  twice as fast
                node.end = _block_scalar_end(text, start, end)
            count += 1
            if count > most_nodes:
                raise LimitExceeded(f"more than {most_nodes} values", place=Place(path, *lines.at(node.start)))
            children.append(node)
            if anchor is not None:
                anchors[anchor] = (node, 1)
        elif kind is mapping_start or kind is sequence_start:
            anchor = event.anchor
            node = Node(
                "mapping" if kind is mapping_start else "sequence",
                event.start_mark.index, 0, lines,
                "flow" if event.flow_style else "block", "", event.tag, anchor,
            )  # fmt: skip
            if len(open_collections) >= limits.depth:
                raise LimitExceeded(
                    f"nested deeper than {limits.depth} levels", place=Place(path, *lines.at(node.start))
                )
            children.append(node)
            open_collections.append((node, children, count + expansions))
            count += 1
            if count > most_nodes:
                raise LimitExceeded(f"more than {most_nodes} values", place=Place(path, *lines.at(node.start)))
            children = []
            if anchor is not None:
                anchors[anchor] = (node, 0)
        elif kind is mapping_end or kind is sequence_end:
            node, around, before = open_collections.pop()
            if node.style == "flow" and event.start_mark.index < event.end_mark.index:
                node.end = event.end_mark.index
            else:  # a block, or the `a: b` of `[a: b]`: its end event stands at whatever comes next
                node.end = children[-1].end if children else node.start
            if kind is mapping_end:
                keys = children[::2]
                node.pairs = list(zip(keys, children[1::2], strict=True))
                if len({key.text for key in keys}) != len(keys) and not keep_duplicates:
                    _refuse_duplicates(keys, path)
            else:
                node.items = children
            children = around
            if node.anchor is not None and anchors[node.anchor][0] is node:
                anchors[node.anchor] = (node, count + expansions - before)
        elif kind is alias_event:
            name = event.anchor
            node = Node("alias", event.start_mark.index, event.end_mark.index, lines, "plain")
            target, size = anchors.get(name, (None, 0))
            if target is None:
                raise DocumentError("an alias without an anchor before it", place=Place(path, *lines.at(node.start)))
            node.target = target
            node.text = target.text
            if not size:
                raise DocumentError("an alias inside what it repeats", place=Place(path, *lines.at(node.start)))
            count += 1
            expansions += size
            if expansions > most_expansions:
                raise LimitExceeded(
                    f"aliases stand for more than {most_expansions} values", place=Place(path, *lines.at(node.start))
                )
            children.append(node)
        elif kind is document_start:
            documents += 1
            if documents > limits.documents:
                raise LimitExceeded(
                    f"more than {limits.documents} documents", place=Place(path, event.start_mark.line + 1, 1)
                )
            anchors = {}
        elif kind is stream_end:
            return roots


def _parser(text: str) -> yaml.CSafeLoader:
    try:
        parser = yaml.CSafeLoader
    except AttributeError:
        raise SettingsError(
            "PyYAML was installed without its C parser",
            hints=("`pip install --force-reinstall --only-binary :all: PyYAML` brings it",),
        ) from None
    return parser(text)


def _block_scalar_end(text: str, start: int, end: int) -> int:
    """Where a block scalar ends: before its final line break, and before empty lines that are not part of its value."""
    header = _BLOCK_HEADER.match(text, content_start(text, start, end))
    kept = header is not None and "+" in header[0]
    if not kept:
        return start + len(text[start:end].rstrip(YAML_BREAKS))
    if text[end - 1] not in YAML_BREAKS:
        return end
    return end - (2 if text[end - 2 : end] == "\r\n" else 1)


def _settle_missing_value(value: Node, key: Node, text: str) -> None:
    """Put a value of which nothing is written behind its colon, or behind its key when there is no colon.

    The parser puts it at the next token, which may be lines below.
    """
    place = key.end
    for gap in _GAP.finditer(text, key.end, value.start):
        if gap[0] == ":":
            place = gap.end()
            break
    value.start = value.end = place


def _refuse_duplicates(keys: list[Node], path: str) -> None:
    seen: dict[str, Node] = {}
    for key in keys:
        if key.resolved().kind != "scalar":
            continue
        first = seen.setdefault(key.text, key)
        if first is not key:
            raise duplicate_key(key, first, path)


def _translated(error: yaml.YAMLError, text: str, path: str, limits: Limits) -> DocumentError:
    """The parser's complaint in our words. Its own are constants: they never quote the text."""
    if isinstance(error, yaml.reader.ReaderError):
        return DocumentError("a control character that YAML does not allow", place=place_at(text, error.position, path))
    problem, mark = "", None
    if isinstance(error, yaml.MarkedYAMLError):
        problem = error.problem or error.context or ""
        mark = error.problem_mark or error.context_mark
    place = Place(path, mark.line + 1, mark.column + 1) if mark is not None else Place(path)
    if "maximum nesting" in problem or "nesting level" in problem:  # since libyaml 0.2.6 it stops at 1,000 by itself
        return LimitExceeded(f"nested deeper than {limits.depth} levels", place=place)
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        return DocumentError(
            "not valid YAML: a tab where only blanks may stand", hints=("indent with blanks",), place=place
        )
    return DocumentError(f"not valid YAML: {problem or 'the parser does not say why'}", place=place)
