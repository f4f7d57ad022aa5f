"""The text of the `sops` block: a new one, one cut out of a file and put back, single fields of it changed.

A block that was found keeps its text, down to quoting and field order; only `mac` and `lastmodified` are replaced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents import emit
from secrets_gitops.documents.document import LINE_FORMATS, Edit
from secrets_gitops.documents.properties import content_start
from secrets_gitops.envelopes.sops import flat_block, metadata
from secrets_gitops.envelopes.sops.cut import Cut, Stamp
from secrets_gitops.envelopes.sops.selection import DEFAULT
from secrets_gitops.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.documents.plain import Tree
    from secrets_gitops.envelopes.sops.groups import NewEntry
    from secrets_gitops.envelopes.sops.selection import Selector

_ENDS_DOCUMENT = pattern(r"(?:---|\.\.\.)(?:[ \t\r\n]|\Z)|%")
_BLOCK_LINE = pattern(r"\n( *)[^ \r\n]")
_PLACEHOLDER = pattern(r'\b(lastmodified|mac)"?: ("\?"|\?)')
VERSION = "3.13.3"
"""The sops whose rules for writing are followed here."""


def cut(document: Document, root: int) -> Cut | None:
    """The block of one document; None when it has none."""
    if document.format in LINE_FORMATS:
        return flat_block.cut(document)
    found = metadata.find(document, root)
    if found is None:
        return None
    key, block = found
    top = document.roots[root].resolved()
    at = next(number for number, (name, _) in enumerate(top.pairs) if name is key)
    after = len(top.pairs) - at - 1
    if top.style == "flow":
        start = top.pairs[at - 1][1].end if at else key.start if after else top.start + 1
        end = block.end if at else top.pairs[1][0].start if after else top.end - 1
        tail = 0
    else:
        start = document.text.rfind("\n", 0, key.start) + 1
        end = _line_end(document.text, block.end)
        boundary = _line_start(document.text, top.pairs[at + 1][0].start) if after else document_end(document, root)
        tail = document.text.count("\n", end, boundary)
    fields = tuple(
        (name.text, content_start(document.text, node.start, node.end) - start, node.end - start)
        for name, node in block.pairs
        if name.text in {"mac", "lastmodified"} and node.kind == "scalar" and node.end > node.start
    )
    return Cut(start, end, document.text[start:end], fields, at, after, tail)


def removals(document: Document, root: int, block: Cut) -> list[Edit]:
    """What takes the block out. A document that holds nothing else is left as `{}`."""
    if document.format in LINE_FORMATS:
        return flat_block.removals(block)
    top = document.roots[root].resolved()
    alone = not block.before and not block.after and top.style == "block"
    newline = "\r\n" if "\r\n" in block.text else "\n"
    return [Edit(block.start, block.end, f"{{}}{newline}" if alone else "")]


def insertion(plain: Document, root: int, block: Cut, stamp: Stamp) -> Edit:
    """What puts a block back into a document without one: where it was, as far as its neighbours are still there."""
    text = block.stamped(stamp)
    if plain.format in LINE_FORMATS:
        return flat_block.insertion(plain, block, text)
    top = plain.roots[root].resolved()
    if plain.format == "json" or (top.style == "flow" and top.pairs):
        return _flow_insertion(top, block, text)
    if top.style == "flow" or top.kind == "scalar":  # `{}`, null or nothing: the block takes its place
        return _instead(plain, top, text)
    count = len(top.pairs)
    at = min(block.before, count) if block.after else count
    boundary = _line_start(plain.text, top.pairs[at][0].start) if at < count else document_end(plain, root)
    for _ in range(block.tail):
        line = plain.text.rfind("\n", 0, max(boundary - 1, 0)) + 1
        if (at and line < top.pairs[at - 1][1].end) or plain.text[line:boundary].strip()[:1] not in {"", "#"}:
            break
        boundary = line
    lead = "" if not boundary or plain.text[boundary - 1] == "\n" else newline_of(plain)
    final = "" if text.endswith("\n") or (boundary == len(plain.text) and not lead) else newline_of(plain)
    return Edit(boundary, boundary, lead + text + final)


def _flow_insertion(top: Node, block: Cut, text: str) -> Edit:
    """Between braces: with the comma on the side of the neighbour that is still there."""
    body = text.strip(", \t\r\n")
    count = len(top.pairs)
    if not count:
        return Edit(top.start + 1, top.end - 1, body if block.before or block.after else text)
    at = min(block.before, count) if block.after else count
    if at:
        lead = text[: text.find(body)] if block.before else ", "
        return Edit(top.pairs[at - 1][1].end, top.pairs[at - 1][1].end, lead + body)
    return Edit(top.pairs[0][0].start, top.pairs[0][0].start, body + text[text.rfind(body) + len(body) :])


def _instead(plain: Document, top: Node, text: str) -> Edit:
    """Put block text where an empty document says `{}`, null or nothing."""
    newline = newline_of(plain)
    lead = "" if _line_start(plain.text, top.start) == top.start else newline
    if plain.text[top.end : top.end + 1] in {"\n", "\r"}:
        text = text.rstrip("\r\n")
    return Edit(top.start, top.end, lead + text)


def document_end(document: Document, root: int) -> int:
    """Where the text of one YAML document ends: at the line of the next `---` or `...`, or at the end of the file."""
    text, at = document.text, _line_end(document.text, document.roots[root].end)
    while at < len(text) and not _ENDS_DOCUMENT.match(text, at):
        at = _line_end(text, at)
    return at


def newline_of(document: Document) -> str:
    """The line break that the file uses."""
    at = document.text.find("\n")
    return "\r\n" if at > 0 and document.text[at - 1] == "\r" else "\n"


def _margin(text: str, at: int) -> str:
    """The blanks at the start of the line of `at`."""
    line = text[_line_start(text, at) : at]
    return line[: len(line) - len(line.lstrip(" "))]


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    """Behind the line break that ends the line of `at`."""
    end = text.find("\n", at)
    return end + 1 if end >= 0 else len(text)


def new(
    plain: Document,
    root: int,
    keys: Sequence[Sequence[NewEntry]],
    threshold: int,
    selector: Selector | None,
    *,
    mac_only_encrypted: bool,
    indent: int | None = None,
) -> Cut:
    """A new block for one document, as its last key; `keys` are the entries of its groups.

    Laid out as sops 3.13 does, alphabetically, but indented as the file is; `indent` counts in files that do not show
    it: so many blanks, in JSON -1 for a tab.
    """
    tree = fields(keys, threshold, selector, mac_only_encrypted=mac_only_encrypted)
    if plain.format in LINE_FORMATS:
        return flat_block.new(plain, tree)
    top = plain.roots[root].resolved()
    if plain.format == "json" or (top.style == "flow" and top.pairs):
        text = _json_block(plain, top, tree, indent)
    else:
        base = len(_margin(plain.text, top.pairs[0][0].start)) if top.pairs else 0
        text = _yaml_block(tree, base, _step(top, plain.text, indent if indent and indent > 0 else 4))
    text = text.replace("\n", newline_of(plain))
    return Cut(0, 0, text, _placeholders(text), len(top.pairs), 0, 0)


def fields(
    keys: Sequence[Sequence[NewEntry]], threshold: int, selector: Selector | None, *, mac_only_encrypted: bool
) -> dict[str, Tree]:
    """The fields of a new block in sops' order, with `?` for the time and the MAC.

    `threshold` counts where there are several groups, and 0 means all of them. A binary file has no selector.
    """
    tree: dict[str, Tree] = {"lastmodified": "?", "mac": "?", "version": VERSION}
    if selector is not None:
        tree[selector.field] = selector.text
    if len(keys) == 1:
        tree.update(_lists(keys[0]))
        if threshold:  # means nothing, and sops keeps it
            tree["shamir_threshold"] = threshold
    else:
        tree["key_groups"] = [{"age": [], "hc_vault": [], **_lists(group)} for group in keys]
        tree["key_groups"] = [dict(sorted(group.items())) for group in tree["key_groups"]]  # type: ignore[union-attr]
        tree["shamir_threshold"] = threshold or len(keys)
    if mac_only_encrypted:
        tree["mac_only_encrypted"] = True
    return dict(sorted(tree.items()))


def _lists(group: Sequence[NewEntry]) -> dict[str, Tree]:
    lists: dict[str, Tree] = {}
    for kind in metadata.KINDS:
        if entries := [dict(entry.fields) for entry in group if entry.kind == kind]:
            lists[kind] = entries
    return lists


def _placeholders(text: str) -> tuple[tuple[str, int, int], ...]:
    """Where `?` stands for the time and the MAC."""
    return tuple((found[1], *found.span(2)) for found in _PLACEHOLDER.finditer(text))


def _step(top: Node, text: str, default: int) -> int:
    """By how much the file indents: that of its first nested map or block of text; `default` when it has none."""
    waiting = [(top, 0)]
    while waiting:
        node, depth = waiting.pop()
        for key, child in node.pairs:
            if child.kind == "mapping" and child.style == "block" and child.pairs:
                return max(child.pairs[0][0].column - key.column, 1)
            if child.style in {"literal", "folded"} and (line := _BLOCK_LINE.search(text, child.start, child.end)):
                return max(len(line[1]) - key.column + 1, 1)
            if depth < 3:
                waiting += [(item, depth + 1) for item in child.items[:1] if item.kind == "mapping"]
    return default


def _yaml_block(tree: dict[str, Tree], base: int, step: int) -> str:
    lines = [f"{' ' * base}{metadata.KEY}:\n"]
    lead = " " * (base + step)
    for name, content in tree.items():
        if isinstance(content, list):
            items = emit.yaml_block(content, base + step * 2, dash=2)
            lines.append(f"{lead}{name}:\n{items}")
        else:
            as_it_is = name in {"mac", "version"} or content == DEFAULT.text
            text = content if as_it_is else emit.yaml_scalar(content)  # type: ignore[arg-type]
            lines.append(f"{lead}{name}: {text}\n")
    return "".join(lines)


def _json_block(plain: Document, top: Node, tree: dict[str, Tree], indent: int | None) -> str:
    """The member, and the comma before it; on lines of its own when the first member stands on one."""
    empty = "\t" if indent is None or indent < 0 else " " * indent
    between = plain.text[top.start + 1 : top.pairs[0][0].start] if top.pairs else f"\n{empty}"
    if "\n" not in between:
        return f', "{metadata.KEY}": {emit.json_text(tree, indent=None)}'
    lead = between.rpartition("\n")[2]
    member = f'"{metadata.KEY}": {emit.json_text(tree, indent=lead or "  ", outer=lead)}'
    return f",\n{lead}{member}" if top.pairs else f"\n{lead}{member}\n"
