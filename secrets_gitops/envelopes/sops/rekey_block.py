"""The text of one `sops` block with other key entries, or the same ones wrapped anew; each other line stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.documents import edit
from secrets_gitops.documents.document import LINE_FORMATS, Edit
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.envelopes.sops import block, metadata, rekey_lines
from secrets_gitops.envelopes.sops.groups import NewEntry
from secrets_gitops.errors import DocumentError, EnvelopeError, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.documents.plain import Tree
    from secrets_gitops.envelopes.sops.cut import Stamp
    from secrets_gitops.envelopes.sops.metadata import Entry

    Path = tuple[str | int, ...]


class Slot(NamedTuple):
    """A key entry as it is to stand in the block."""

    source: Entry | NewEntry
    enc: str | None
    """What it holds; None: what the entry held."""

    @property
    def kind(self) -> str:
        """As the metadata names it."""
        return self.source.kind

    @property
    def recipient(self) -> str:
        """What tells it from others of its kind."""
        return self.source.recipient

    def tree(self, path: str) -> dict[str, Tree]:
        """The whole entry; fields that are not ours among them."""
        if isinstance(self.source, NewEntry):
            return dict(self.source.fields)
        fields = to_plain(self.source.node, "go_v3", path=path)
        assert isinstance(fields, dict)
        held: dict[str, Tree] = {} if self.enc is None else {"enc": self.enc}
        return {**fields, **held}


class _Found(NamedTuple):
    """An entry that stands in the block."""

    kind: str
    recipient: str
    at: int
    """Its place in the list of its kind."""
    node: Node


def changed(
    text: str, document: Document, slots: Sequence[Sequence[Slot]], threshold: int, stamp: Stamp | None, *, flow: bool
) -> str:
    """`text`, a block as `block.cut` gives it, with the entries of `slots` and, with several groups, `threshold`.

    `stamp` takes the place of MAC and time; `flow`: the block stands inside braces.
    Raises EnvelopeError for a block that cannot be read alone.
    """
    body = text.strip(", \t\r\n") if flow else text
    try:
        alone = read(
            f"{{{body}}}" if flow else body,
            path=document.path,
            format=document.format,
            limits=Limits.LARGE,
            duplicates="keep",
        )
    except DocumentError as error:  # an alias of something outside of it
        raise EnvelopeError(
            f"the `sops` block cannot be changed: {error.message}", place=Place(document.path)
        ) from error
    if document.format in LINE_FORMATS:
        alone = rekey_lines.with_fields(alone, _fields(alone, slots, threshold))
    else:
        alone = _with_threshold(_with_entries(alone, slots), len(slots), threshold)
    if stamp is not None:
        cut = block.cut(alone, 0)
        assert cut is not None
        alone = alone.apply([Edit(cut.start, cut.end, cut.stamped(stamp))])
    if not flow:
        return alone.text
    return text.replace(body, alone.text[1:-1], 1)


def _fields(alone: Document, slots: Sequence[Sequence[Slot]], threshold: int) -> dict[str, Tree]:
    """All that a flat block says of keys."""
    lists = [_lists(group, alone.path) for group in slots]
    found = metadata.find(alone)
    several = found is not None and found[1].get("key_groups") is not None
    if len(lists) == 1:  # a threshold that several groups had goes with them
        return {**lists[0], "shamir_threshold": threshold} if threshold and not several else lists[0]
    return {"key_groups": [*lists], "shamir_threshold": threshold}


def _with_entries(alone: Document, slots: Sequence[Sequence[Slot]]) -> Document:
    homes = _homes(alone)
    if len(homes) != len(slots):
        return _regrouped(alone, slots)
    alone = alone.apply([one for home, group in zip(homes, slots, strict=True) for one in _renewed(alone, home, group)])
    for home, group in zip(homes, slots, strict=True):
        alone = _with_others(alone, home, group)
    return alone


def _homes(alone: Document) -> list[Path]:
    """Where the lists of each group stand."""
    fields = _mapping(alone, (metadata.KEY,))
    if any((node := fields.get(kind)) is not None and node.items for kind in metadata.KINDS):
        return [(metadata.KEY,)]
    listed = fields.get("key_groups")
    count = len(listed.items) if listed is not None else 0
    return [(metadata.KEY, "key_groups", at) for at in range(count)]


def _mapping(alone: Document, path: Path) -> Node:
    node = alone.roots[0].at(path)
    assert node is not None
    return node


def _entries(alone: Document, home: Path) -> list[_Found]:
    group = _mapping(alone, home)
    found = []
    for kind in metadata.KINDS:
        listed = group.get(kind)
        for at, item in enumerate(listed.items if listed is not None else ()):
            node = item.resolved()
            found.append(_Found(kind, metadata.identity(kind, node), at, node))
    return found


def _matched(found: Sequence[_Found], group: Sequence[Slot]) -> tuple[list[tuple[_Found, Slot]], list[Slot]]:
    """Which entry each slot has in the block, and the slots without one."""
    left, pairs, others = list(found), [], []
    for slot in group:
        one = next((one for one in left if (one.kind, one.recipient) == (slot.kind, slot.recipient)), None)
        if one is None:
            others.append(slot)
        else:
            left.remove(one)
            pairs.append((one, slot))
    return pairs, others


def _renewed(alone: Document, home: Path, group: Sequence[Slot]) -> list[Edit]:
    """Entries that stay, with what they hold now."""
    edits = []
    for one, slot in _matched(_entries(alone, home), group)[0]:
        if slot.enc is not None:
            edits += edit.set_path(alone, 0, (*home, one.kind, one.at, "enc"), slot.enc)
    return edits


def _with_others(alone: Document, home: Path, group: Sequence[Slot]) -> Document:
    """Entries added, and after that others removed, so that no list is empty in between."""
    before = _entries(alone, home)
    pairs, others = _matched(before, group)
    gone = [one for one in before if all(one is not kept for kept, _ in pairs)]
    for slot in others:
        listed = _mapping(alone, home).get(slot.kind)
        count = len(listed.items) if listed is not None else 0
        fields = slot.tree(alone.path)
        path = (*home, slot.kind, count) if count else (*home, slot.kind)
        alone = alone.apply(edit.set_path(alone, 0, path, fields if count else [fields]))
    for one in reversed(gone):
        listed = _mapping(alone, home).get(one.kind)
        assert listed is not None
        whole = len(listed.items) == 1 and home == (metadata.KEY,)
        path = (*home, one.kind) if whole else (*home, one.kind, one.at)
        alone = alone.apply(edit.remove_path(alone, 0, path))
    return alone


def _regrouped(alone: Document, slots: Sequence[Sequence[Slot]]) -> Document:
    """Another number of groups: their lists are written anew."""
    lists = [_lists(group, alone.path) for group in slots]
    new: list[tuple[str, Tree]] = []
    if len(lists) == 1:
        new += lists[0].items()
    else:
        new.append(("key_groups", [dict(sorted({"age": [], "hc_vault": [], **one}.items())) for one in lists]))
    for name, content in new:
        alone = alone.apply(edit.set_path(alone, 0, (metadata.KEY, name), content))
    gone = {"key_groups", "shamir_threshold"} if len(lists) == 1 else set(metadata.KINDS)
    for name in [key.text for key, _ in _mapping(alone, (metadata.KEY,)).pairs]:
        if name in gone and name not in dict(new):
            alone = alone.apply(edit.remove_path(alone, 0, (metadata.KEY, name)))
    return alone


def _lists(group: Sequence[Slot], path: str) -> dict[str, Tree]:
    lists: dict[str, list[Tree]] = {}
    for slot in group:
        lists.setdefault(slot.kind, []).append(slot.tree(path))
    return dict(sorted(lists.items()))


def _with_threshold(alone: Document, count: int, threshold: int) -> Document:
    node = _mapping(alone, (metadata.KEY,)).get("shamir_threshold")
    if count == 1 or (node is not None and node.text.partition(".")[0] == str(threshold)):
        return alone
    return alone.apply(edit.set_path(alone, 0, (metadata.KEY, "shamir_threshold"), threshold))
