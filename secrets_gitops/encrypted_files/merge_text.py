"""A document gets other values, spliced into its text: from a donor's text where that holds them, comments and all.

What comes out was read back and holds exactly the wanted trees.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from secrets_gitops.documents import edit
from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.geometry import (
    block_column,
    column,
    dash_of,
    layout_of,
    line_end,
    line_start,
    pair_start,
    stands_alone,
)
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.envelopes.sops import metadata
from secrets_gitops.errors import DocumentError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.documents.plain import PlainTree
    from secrets_gitops.encrypted_files.merge_trees import Digests

    Path = tuple[str | int, ...]
    Step = tuple[str, int, PlainTree, int | None]

_BREAK = re.compile("\r?\n")


def trees(document: Document) -> list[PlainTree]:
    """The values of all documents of a file, without `sops` blocks; a dotenv file must have none.

    Raises DocumentError where a key stands twice.
    """
    found = []
    for at, root in enumerate(document.roots):
        _refuse_twice(document, root)
        tree = to_plain(root, "go_v3", path=document.path)
        if isinstance(tree, dict) and metadata.find(document, at) is not None:
            tree.pop(metadata.KEY)
        found.append(tree)
    return found


def _refuse_twice(document: Document, root: Node) -> None:
    from secrets_gitops.documents.document import walk  # noqa: PLC0415

    for node in walk(root):
        if node.kind == "mapping" and len({key.text for key, _ in node.pairs}) < len(node.pairs):
            raise DocumentError("a key stands twice, so that it is not clear what to merge", place=document.place(node))


def transplant(document: Document, wanted: Sequence[PlainTree], donor: Document, digests: Digests) -> Document:
    """The document with other values. Raises DocumentError when they cannot be brought in."""
    have, given = trees(document), trees(donor)
    if digests.same(list(wanted), have):
        return document
    if len(wanted) != len(have):
        raise DocumentError("the documents of the file do not correspond", place=Place(document.path))
    for splicer in (_Splicer(document, donor, digests), _OneByOne(document, donor, digests)):
        try:
            for at, tree in enumerate(wanted):
                splicer.value(at, (), document.roots[at], have[at], tree, *_given(donor, given, at))
            changed = splicer.done()
        except DocumentError:
            continue
        if digests.same(trees(changed), list(wanted)):
            return changed
    raise DocumentError("the changes of both sides do not fit into one text", place=Place(document.path))


def _given(donor: Document, given: Sequence[PlainTree], at: int) -> tuple[Node | None, PlainTree]:
    return (donor.roots[at].resolved(), given[at]) if at < len(given) else (None, None)


class _Splicer:
    """Collects the edits that bring a document to what is wanted."""

    def __init__(self, document: Document, donor: Document, digests: Digests) -> None:
        self.document = document
        self.donor = donor
        self.same = digests.same
        self.of = digests.of
        self.edits: list[Edit] = []
        self.newline = layout_of(document).newline if document.format in {"yaml", "json"} else "\n"

    def value(
        self,
        root: int,
        path: Path,
        node: Node,
        have: PlainTree,
        wanted: PlainTree,
        given_node: Node | None,
        given: PlainTree,
    ) -> None:
        """Bring one value to what is wanted; `given` is what the donor holds in its place."""
        if self.same(have, wanted) or self._follows(node, given_node):
            return
        given_node = given_node.resolved() if given_node is not None else None
        if have is None and not path:
            have = {}
        if isinstance(have, dict) and isinstance(wanted, dict) and (not path or (wanted and have and node.pairs)):
            self._map(root, path, node.resolved(), have, wanted, *_as_map(given_node, given))
        elif isinstance(have, list) and isinstance(wanted, list) and wanted and node.items:
            self._list(root, path, node, have, wanted, *_as_list(given_node, given))
        else:
            self._set(root, path, wanted, self._as_given(node, wanted, given_node, given))

    def done(self) -> Document:
        """The changed document. Raises DocumentError when the edits do not go together."""
        return self.document.apply(self.edits)

    def _follows(self, node: Node, given_node: Node | None) -> bool:
        """Do both repeat the same anchor? Then the change is made where the anchor stands."""
        if node.kind != "alias" or given_node is None or given_node.kind != "alias":
            return False
        ours, theirs = node.resolved().anchor, given_node.resolved().anchor
        return ours == theirs

    def _as_given(self, node: Node, wanted: PlainTree, given_node: Node | None, given: PlainTree) -> Edit | None:
        """What puts the donor's text for a scalar in place of ours, where both stand on a line."""
        if given_node is None or node.kind != "scalar" or given_node.kind != "scalar" or not self.same(given, wanted):
            return None
        ours, text = (
            document.text[one.start : one.end] for document, one in ((self.document, node), (self.donor, given_node))
        )
        if not ours or not text or "\n" in ours or "\n" in text or node.anchor or given_node.anchor:
            return None
        return Edit(node.start, node.end, text)

    def _set(self, root: int, path: Path, wanted: PlainTree, instead: Edit | None = None) -> None:
        if instead is not None:
            self.edits.append(instead)
        else:
            self.edits += edit.set_path(self.document, root, path, wanted)

    def _remove(self, root: int, path: Path) -> None:
        self.edits += edit.remove_path(self.document, root, path)

    def _map(
        self,
        root: int,
        path: Path,
        node: Node,
        have: dict[str, PlainTree],
        wanted: dict[str, PlainTree],
        given_node: Node | None,
        given: dict[str, PlainTree],
    ) -> None:
        places = {key.resolved().text: at for at, (key, _) in enumerate(node.pairs)}
        for key, tree in have.items():
            if key not in wanted:
                self._remove(root, (*path, key))
            elif not self.same(tree, wanted[key]):
                child = node.pairs[places[key]][1]
                self.value(root, (*path, key), child, tree, wanted[key], _child(given_node, key), given.get(key))
        before: str | None = None
        for key, tree in given.items():
            if key in wanted and key not in have:
                text = None
                if self.same(tree, wanted[key]) and before is not None and given_node is not None:
                    text = self._pair(node, places[before], given_node, key)
                self._set(root, (*path, key), wanted[key], text)
            elif key in have and key in wanted:
                before = key
        for key, tree in wanted.items():
            if key not in have and key not in given:
                self._set(root, (*path, key), tree)

    def _pair(self, node: Node, before: int, given_node: Node, key: str) -> Edit | None:
        """What puts a pair of the donor, with its comments, behind a pair of ours; None where lines do not carry it."""
        if self.document.format != "yaml" or node.style != "block" or given_node.style != "block":
            return None
        at = given_node.position(key)
        assert at is not None
        source = self.donor.text
        start = pair_start(source, given_node, at)
        first = source.rfind("\n", 0, given_node.pairs[at - 1][1].end) if at else start
        text = self._shifted(first, start, given_node.pairs[at][1].end, block_column(self.document.text, node))
        end = line_end(self.document.text, node.pairs[before][1].end)
        return Edit(end, end, self.newline + text)

    def _shifted(self, after: int, start: int, end: int, indent: int) -> str:
        """Lines of the donor: the comments directly above `start` and what follows, moved to another indentation."""
        source = self.donor.text
        lead = column(source, start)
        begin = start
        if stands_alone(source, start):
            begin = line_start(source, start)
            while begin > 0:
                above = line_start(source, begin - 1 - (source[begin - 2 : begin] == "\r\n"))
                if above <= after or not source[above:begin].startswith(" " * lead + "#"):
                    break
                begin = above
            begin += lead
        lines = _BREAK.split(source[begin : line_end(source, end)])
        moved = [" " * indent + lines[0]]
        for line in lines[1:]:
            blank = len(line) - len(line.lstrip(" "))
            moved.append(" " * max(blank + indent - lead, 0) + line[blank:] if line.strip() else line)
        return self.newline.join(moved)

    def _list(
        self,
        root: int,
        path: Path,
        node: Node,
        have: list[PlainTree],
        wanted: list[PlainTree],
        given_node: Node | None,
        given: list[PlainTree],
    ) -> None:
        steps = list(self._steps(have, wanted, given))
        inserts = [self._insert(node, at, given_node, other) for step, at, _, other in steps if step == "insert"]
        if None in inserts:
            self._set(root, path, wanted)
            return
        self.edits += [one for one in inserts if one is not None]
        for step, at, tree, other in steps:
            if step == "change":
                below = given_node.items[other] if given_node is not None and other is not None else None
                below_tree = given[other] if other is not None else None
                self.value(root, (*path, at), node.items[at], have[at], tree, below, below_tree)
            elif step == "remove":
                self._remove(root, (*path, at))
            elif step == "append":
                self._set(root, (*path, len(have) + at), tree)

    def _steps(self, have: list[PlainTree], wanted: list[PlainTree], given: list[PlainTree]) -> Iterator[Step]:
        """What happens to the items: kind of step, position in the old list, new item, its position in the donor's."""
        donors = {self.of(item): at for at, item in enumerate(given)}
        matcher = difflib.SequenceMatcher(
            None, [self.of(item) for item in have], [self.of(item) for item in wanted], autojunk=False
        )
        for tag, i, j, k, m in matcher.get_opcodes():
            if tag == "equal":
                continue
            changed = min(j - i, m - k)
            for step in range(changed):
                other = donors.get(self.of(wanted[k + step]), i + step if i + step < len(given) else None)
                yield "change", i + step, wanted[k + step], other
            for at in range(i + changed, j):
                yield "remove", at, None, None
            for at in range(k + changed, m):
                yield "append" if j == len(have) else "insert", j, wanted[at], donors.get(self.of(wanted[at]))

    def _insert(self, node: Node, at: int, given_node: Node | None, other: int | None) -> Edit | None:
        """What puts an item of the donor, with its lines, before an item of ours; None where lines do not carry it."""
        if self.document.format != "yaml" or given_node is None or other is None or not at:
            return None
        if node.style != "block" or given_node.style != "block":
            return None
        text, source = self.document.text, self.donor.text
        start = dash_of(source, given_node, other)
        first = source.rfind("\n", 0, given_node.items[other - 1].end) if other else start
        lines = self._shifted(first, start, given_node.items[other].end, column(text, dash_of(text, node, at)))
        end = line_end(text, node.items[at - 1].end)
        return Edit(end, end, self.newline + lines)


class _OneByOne(_Splicer):
    """Makes each change by its path, one after the other; a list that changed its length is written anew."""

    def done(self) -> Document:
        return self.document

    def _follows(self, node: Node, given_node: Node | None) -> bool:  # noqa: ARG002  each place stands for itself
        return False

    def _as_given(self, node: Node, wanted: PlainTree, given_node: Node | None, given: PlainTree) -> None:  # noqa: ARG002
        return None

    def _pair(self, node: Node, before: int, given_node: Node, key: str) -> None:  # noqa: ARG002
        return None

    def _set(self, root: int, path: Path, wanted: PlainTree, instead: Edit | None = None) -> None:  # noqa: ARG002
        self.document = self.document.apply(edit.set_path(self.document, root, path, wanted))

    def _remove(self, root: int, path: Path) -> None:
        self.document = self.document.apply(edit.remove_path(self.document, root, path))

    def _list(
        self,
        root: int,
        path: Path,
        node: Node,
        have: list[PlainTree],
        wanted: list[PlainTree],
        given_node: Node | None,  # noqa: ARG002  no text of the donor is used here
        given: list[PlainTree],  # noqa: ARG002
    ) -> None:
        if len(have) != len(wanted):
            self._set(root, path, wanted)
            return
        for at, tree in enumerate(wanted):
            self.value(root, (*path, at), node.items[at], have[at], tree, None, None)


def _child(mapping: Node | None, key: str) -> Node | None:
    """The value under a key of the donor, an alias as it is."""
    at = mapping.position(key) if mapping is not None else None
    return mapping.pairs[at][1] if mapping is not None and at is not None else None


def _as_map(node: Node | None, tree: PlainTree) -> tuple[Node | None, dict[str, PlainTree]]:
    """The donor's map where it is one, else an empty one."""
    return (node, tree) if isinstance(tree, dict) else (None, {})


def _as_list(node: Node | None, tree: PlainTree) -> tuple[Node | None, list[PlainTree]]:
    return (node, tree) if isinstance(tree, list) else (None, [])
