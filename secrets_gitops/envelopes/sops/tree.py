"""The leaves of a document in sops' order: scalars and comments, each with its place, its path and the decision on it.

`sealed=True` reads an encrypted document: the `sops` block is passed over, and an item of a list that is an encrypted
comment counts as a comment (sops writes them so). Needs no key.
"""

from __future__ import annotations

from secrets_gitops.envelopes.sops import metadata, value
from secrets_gitops.errors import DocumentError
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Comment, Document, Node
    from secrets_gitops.envelopes.sops.selection import Selection

    Path = tuple[str | int, ...]


class Leaf(NamedTuple):
    """A scalar or a comment."""

    root: int
    """Which document of the file, from 0."""
    path: Path
    """Keys and list positions; list positions do not count comments. A comment has the path of its map or list."""
    keys: tuple[str, ...]
    """The keys alone: what authenticates an envelope here."""
    node: Node | None
    """The scalar; for a comment that stands as an item of a list, that item."""
    comment: Comment | None
    alias: Node | None
    """The outermost alias through which the leaf was reached; its node then stands elsewhere."""
    selected: bool
    """The selector wants it encrypted."""
    flow: bool
    """It stands inside `[…]` or `{…}`."""
    within: Node | None = None
    """For a comment: its map or list, where sops knows one."""
    hidden: bool = False
    """In INI: a later line has the same key. sops sees this one not, and the MAC does not cover it."""

    @property
    def is_comment(self) -> bool:
        """Is this a comment, in whichever form?"""
        return self.comment is not None or (self.node is not None and self.path[-1:] == (COMMENT_ITEM,))

    @property
    def associated(self) -> bytes:
        """The additional data of an envelope here."""
        return associated(self.keys)


COMMENT_ITEM = -1
"""Stands in a path for the position of a comment that is an item of a list."""


def associated(keys: tuple[str, ...]) -> bytes:
    """The additional data of an envelope under `keys`: joined, and closed, by colons."""
    return (":".join(keys) + ":").encode("utf-8", "surrogateescape")


def walk(document: Document, selection: Selection, *, sealed: bool) -> list[Leaf]:
    """All leaves of all documents. Raises DocumentError where the top of a document is no map, or a key no string."""
    slots = document.slots or {}
    if document.format == "yaml" and document.comments():
        from secrets_gitops.documents import attachment  # noqa: PLC0415  most files have none

        slots = attachment.attach(document)
    leaves: list[Leaf] = []
    for at, root in enumerate(document.roots):
        if not slots and document.format in {"yaml", "json"} and not selection.by_comment:
            found = _without_comments(document, selection, at, root, sealed=sealed)
            if found is not None:
                leaves += found
                continue
        _Walk(document, selection, slots, at, leaves, sealed=sealed).run(root)
    if slots or (document.format == "ini" and document.comments()):
        from secrets_gitops.envelopes.sops import lost_comments  # noqa: PLC0415

        lost_comments.add(document, selection, leaves)
    return leaves


def _without_comments(
    document: Document, selection: Selection, root_at: int, root: Node, *, sealed: bool
) -> list[Leaf] | None:
    """What `_Walk` finds in a document with neither comments nor aliases, in a third of the time; None for others."""
    if root.kind != "mapping":
        return None
    block = metadata.find(document, root_at) if sealed else None
    block_key = block[0] if block is not None else None
    leaves: list[Leaf] = []
    make, append, matches = tuple.__new__, leaves.append, selection.match
    wanted = selection.wants_match
    strings: set[str] = set()
    """Plain keys that are known to be strings."""
    # Of each open map or list: what is left of it, path, keys, does a key on the way match, in brackets, items so far.
    waiting: list[tuple[Iterator[tuple[Node, Node]], bool, Path, tuple[str, ...], bool, bool, int]]
    waiting = [(iter(root.pairs), True, (), (), False, root.style == "flow", 0)]
    while waiting:
        rest, is_map, path, keys, matched, flow, counted = waiting.pop()
        for key, child in rest:
            if is_map:
                if key is block_key:
                    continue
                name = key.text
                if key.kind != "scalar":
                    return None
                if key.tag is not None or (key.style == "plain" and name not in strings):
                    _name(document, key)
                    if key.tag is None:
                        strings.add(name)
                inner_keys = (*keys, name)
                inner: Path = inner_keys if path is keys else (*path, name)
                inner_matched = matched or matches(name)
            else:
                if sealed and child.text.endswith("type:comment]"):
                    return None
                inner, inner_keys, inner_matched = (*path, counted), keys, matched
                counted += 1
            kind = child.kind
            if kind == "scalar":
                selected = wanted if inner_matched else not wanted
                append(make(Leaf, (root_at, inner, inner_keys, child, None, None, selected, flow, None, False)))
            elif kind == "alias":
                return None
            else:
                waiting.append((rest, is_map, path, keys, matched, flow, counted))
                into = flow or child.style == "flow"
                if kind == "mapping":
                    waiting.append((iter(child.pairs), True, inner, inner_keys, inner_matched, into, 0))
                else:
                    waiting.append(
                        (zip(child.items, child.items, strict=True), False, inner, inner_keys, inner_matched, into, 0)
                    )
                break
    return leaves


class _Frame:
    """An open map or list."""

    __slots__ = ("at", "counted", "flow", "keys", "node", "path")

    def __init__(self, node: Node, path: Path, keys: tuple[str, ...], *, flow: bool) -> None:
        self.node = node
        self.flow = flow
        self.path = path
        self.keys = keys
        self.at = 0
        self.counted = 0
        """Items so far that are no comments."""


class _Walk:
    def __init__(
        self,
        document: Document,
        selection: Selection,
        slots: dict[int, dict[int, list[Comment]]],
        root: int,
        leaves: list[Leaf],
        *,
        sealed: bool,
    ) -> None:
        self.document = document
        self.selection = selection
        self.slots = slots
        self.root = root
        self.leaves = leaves
        self.block = metadata.find(document, root) if sealed else None
        self.dotenv = document.format == "dotenv"
        self.sealed = sealed
        self.active: list[list[str]] = []
        """The comments that govern, one list for each open map or list."""
        self.frames: list[_Frame] = []
        self.alias: tuple[Node, int] | None = None
        """The outermost alias that is being followed, and how many frames were open outside it."""

    def run(self, root: Node) -> None:
        node = root.resolved()
        if node.kind == "scalar":
            if node.text not in {"", "~", "null", "Null", "NULL"} or node.style not in {"plain", "json"}:
                raise _no_map(self.document, node)
            self.active = [[]]
            self._comments(node, 0, (), ())
            return
        if node.kind != "mapping":
            raise _no_map(self.document, node)
        self._enter(node, (), ())
        while self.frames:
            frame = self.frames[-1]
            if not self._step(frame):
                self.frames.pop()
                self.active.pop()
                if self.alias is not None and len(self.frames) == self.alias[1]:
                    self.alias = None
                if self.active:
                    self.active[-1].clear()

    def _enter(self, node: Node, path: Path, keys: tuple[str, ...]) -> None:
        flow = node.style == "flow" or (bool(self.frames) and self.frames[-1].flow)
        self.frames.append(_Frame(node, path, keys, flow=flow))
        self.active.append([])

    def _step(self, frame: _Frame) -> bool:
        """Take the next item of a map or list; False at its end."""
        node, at = frame.node, frame.at
        frame.at += 1
        if self.slots:
            self._comments(node, at, frame.path, frame.keys)
        if node.kind == "mapping":
            if at == len(node.pairs):
                self._hidden(frame)
                return False
            key, child = node.pairs[at]
            if self.block is not None and self._is_block(key):
                return True
            name = _name(self.document, key)
            self._value(child, (*frame.path, name), (*frame.keys, name))
            return True
        if at == len(node.items):
            return False
        child = node.items[at]
        if self.sealed and child.kind == "scalar" and self._comment_item(frame, child):
            return True
        self._value(child, (*frame.path, frame.counted), frame.keys)
        frame.counted += 1
        return True

    def _is_block(self, key: Node) -> bool:
        if not self.dotenv:
            return self.block is not None and key is self.block[0]
        from secrets_gitops.envelopes.sops import flat  # noqa: PLC0415  most files have another format

        return key.text.startswith(flat.PREFIX)

    def _hidden(self, frame: _Frame) -> None:
        """The values of an INI section that sops does not see: they must not stay readable."""
        for key, child in zip(frame.node.items[::2], frame.node.items[1::2], strict=True):
            keys = (*frame.keys, key.text)
            selected = self.selection.selects(keys)
            self.leaves.append(Leaf(self.root, keys, keys, child, None, None, selected, flow=False, hidden=True))

    def _value(self, child: Node, path: Path, keys: tuple[str, ...]) -> None:
        if child.target is not None:
            if self.alias is None:
                self.alias = (child, len(self.frames))
            child = child.target
        if child.kind != "scalar":
            self._enter(child, path, keys)
            return
        selected = self.selection.selects(keys, self.active)
        alias, flow = self.alias[0] if self.alias else None, self.frames[-1].flow
        self.leaves.append(Leaf(self.root, path, keys, child, None, alias, selected, flow))
        if self.alias is not None and len(self.frames) == self.alias[1]:
            self.alias = None
        self.active[-1].clear()

    def _comments(self, node: Node, at: int, path: Path, keys: tuple[str, ...]) -> None:
        for comment in self.slots.get(id(node), {}).get(at, ()):
            self.active[-1].append(comment.text)
            if self.alias is None:  # under an alias they govern too, but they stand elsewhere
                selected = self.selection.selects(keys, self.active, is_comment=True)
                self.leaves.append(Leaf(self.root, path, keys, None, comment, None, selected, flow=False, within=node))

    def _comment_item(self, frame: _Frame, child: Node) -> bool:
        """Is this item an encrypted comment? Then take it as one."""
        if not child.text.endswith("type:comment]"):
            return False
        envelope = value.parse(child.text)
        if envelope is None or envelope.type != "comment":
            return False
        self.active[-1].append(child.text)
        if not self.selection.selects(frame.keys, self.active, is_comment=True):
            self.active[-1].pop()
            return False  # where nothing is encrypted it is text that only looks so
        alias = self.alias[0] if self.alias else None
        path = (*frame.path, COMMENT_ITEM)
        leaf = Leaf(self.root, path, frame.keys, child, None, alias, selected=True, flow=frame.flow, within=frame.node)
        self.leaves.append(leaf)
        return True


def _no_map(document: Document, node: Node) -> DocumentError:
    return DocumentError(
        "a document whose top is no map cannot be encrypted by sops",
        hints=("put it under a key",),
        place=document.place(node),
    )


def _name(document: Document, key: Node) -> str:
    """The text of a key; raises DocumentError for one that is no string."""
    node = key.resolved()
    if node.kind == "scalar":
        if node.style == "raw":
            return node.text
        if node.style != "plain" or node.tag is not None:
            if (
                node.tag is None
                or not node.tag.startswith("tag:yaml.org,2002:")
                or node.tag.endswith((":str", ":merge"))
            ):
                return node.text
        else:
            from secrets_gitops.golang.scalars import resolve_plain  # noqa: PLC0415  JSON needs none

            if isinstance(resolve_plain(node.text, "go_v3"), str):
                return node.text
    raise DocumentError("a key that is no string", hints=("write it in quotes",), place=document.place(key))
