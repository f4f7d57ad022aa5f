"""Three trees become one: what one side changed is taken, what both changed differently is a conflict.

Maps merge by key. Lists merge by item: by `name`, `id` or `key` where every item has one, else where the changes of the
two sides lie apart. Where a conflict stands, the result is two trees: one with our value, one with theirs.
"""

from __future__ import annotations

import difflib
import hashlib
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.plain import PlainTree

    Path = tuple[str | int, ...]
    Pair = tuple["PlainTree | Absent", "PlainTree | Absent"]

DEEPEST = 150
"""Levels of maps and lists; what is deeper is not merged."""
_NAMES = ("name", "id", "key")


class Absent:
    """Stands for a value that is not there."""

    def __repr__(self) -> str:
        return "<absent>"


ABSENT = Absent()
UNKNOWN = Absent()
"""As base: nobody knows what stood there, so that every difference is a conflict."""


class Merged(NamedTuple):
    """The outcome: the same tree twice where nothing is in conflict."""

    ours: PlainTree | Absent
    theirs: PlainTree | Absent
    conflicts: tuple[Path, ...]


class Digests:
    """Tells equal trees from others: types count, the order of keys does not. Each map and list is looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, bytes] = {}
        self._alive: list[object] = []
        """An id may not be given to another tree while it is known here."""

    def of(self, tree: PlainTree | Absent, depth: int = 0) -> bytes:
        """A digest of the tree. Raises DocumentError for one that is deeper than what is merged."""
        if depth > DEEPEST:
            raise DocumentError(f"more than {DEEPEST} levels, which are not merged by keys")
        if isinstance(tree, dict | list):
            known = self._known.get(id(tree))
            if known is None:
                known = self._known[id(tree)] = self._of_collection(tree, depth)
                self._alive.append(tree)
            return known
        return hashlib.sha256(
            f"{type(tree).__name__} {id(tree) if isinstance(tree, Absent) else tree!r}".encode("utf-8", "surrogatepass")
        ).digest()

    def _of_collection(self, tree: dict[str, PlainTree] | list[PlainTree], depth: int) -> bytes:
        if isinstance(tree, list):
            return hashlib.sha256(b"list" + b"".join(self.of(item, depth + 1) for item in tree)).digest()
        members = (
            hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest() + self.of(value, depth + 1)
            for key, value in sorted(tree.items())
        )
        return hashlib.sha256(b"dict" + b"".join(members)).digest()

    def same(self, one: PlainTree | Absent, other: PlainTree | Absent) -> bool:
        """Are they the same tree?"""
        return one is other or self.of(one) == self.of(other)


def merge(
    base: PlainTree | Absent,
    ours: PlainTree | Absent,
    theirs: PlainTree | Absent,
    digests: Digests | None = None,
) -> Merged:
    """Merge two trees that come from `base`; with UNKNOWN as base each difference is a conflict."""
    merger = _Merger(digests or Digests())
    one, other = merger.value((), base, ours, theirs)
    return Merged(one, other, tuple(merger.conflicts))


class _Merger:
    def __init__(self, digests: Digests) -> None:
        self.same = digests.same
        self.of = digests.of
        self.conflicts: list[Path] = []

    def value(self, path: Path, base: PlainTree | Absent, ours: PlainTree | Absent, theirs: PlainTree | Absent) -> Pair:
        if self.same(ours, theirs) or self.same(theirs, base):
            return ours, ours
        if self.same(ours, base):
            return theirs, theirs
        if isinstance(ours, dict) and isinstance(theirs, dict):
            return self._maps(path, base, ours, theirs)
        if isinstance(ours, list) and isinstance(theirs, list):
            return self._lists(path, base, ours, theirs)
        return self._conflict(path, ours, theirs)

    def _conflict(self, path: Path, ours: PlainTree | Absent, theirs: PlainTree | Absent) -> Pair:
        self.conflicts.append(path)
        return ours, theirs

    def _maps(
        self, path: Path, base: PlainTree | Absent, ours: dict[str, PlainTree], theirs: dict[str, PlainTree]
    ) -> Pair:
        known = base if isinstance(base, dict) else {}
        missing = UNKNOWN if base is UNKNOWN else ABSENT
        one: dict[str, PlainTree] = {}
        other: dict[str, PlainTree] = {}
        for key in _in_order(list(ours), list(theirs)):
            ours_now, theirs_now = self.value(
                (*path, key), known.get(key, missing), ours.get(key, ABSENT), theirs.get(key, ABSENT)
            )
            if not isinstance(ours_now, Absent):
                one[key] = ours_now
            if not isinstance(theirs_now, Absent):
                other[key] = theirs_now
        return one, other

    def _lists(self, path: Path, base: PlainTree | Absent, ours: list[PlainTree], theirs: list[PlainTree]) -> Pair:
        known = base if isinstance(base, list) else []
        if base is not UNKNOWN:
            name = _identifying(known, ours, theirs)
            if name is not None:
                return self._named(path, name, known, ours, theirs)
        elif len(ours) == len(theirs):
            return self._one_by_one(path, 0, [UNKNOWN] * len(ours), ours, theirs)
        else:
            return self._conflict(path, ours, theirs)
        one: list[PlainTree] = []
        other: list[PlainTree] = []
        for (b, c), (o, p), (t, u) in self._regions(known, ours, theirs):
            part, ours_part, theirs_part = known[b:c], ours[o:p], theirs[t:u]
            if self.same(ours_part, theirs_part) or self.same(theirs_part, part):
                chosen: Pair = ours_part, ours_part
            elif self.same(ours_part, part):
                chosen = theirs_part, theirs_part
            elif len(part) == len(ours_part) == len(theirs_part):
                chosen = self._one_by_one(path, o, part, ours_part, theirs_part)
            else:
                chosen = self._conflict(path, ours_part, theirs_part)
            one += chosen[0]  # type: ignore[arg-type]  # lists, both
            other += chosen[1]  # type: ignore[arg-type]
        return one, other

    def _one_by_one(
        self,
        path: Path,
        first: int,
        base: Sequence[PlainTree | Absent],
        ours: Sequence[PlainTree],
        theirs: Sequence[PlainTree],
    ) -> Pair:
        pairs = [
            self.value((*path, first + at), *three) for at, three in enumerate(zip(base, ours, theirs, strict=True))
        ]
        return [one for one, _ in pairs], [other for _, other in pairs]  # type: ignore[misc]  # nothing is absent

    def _regions(
        self, base: Sequence[PlainTree], ours: Sequence[PlainTree], theirs: Sequence[PlainTree]
    ) -> list[tuple[tuple[int, int], tuple[int, int], tuple[int, int]]]:
        """The three lists cut where all of them agree: spans in each, runs that agree left in as spans of their own."""
        to_ours, to_theirs = self._matches(base, ours), self._matches(base, theirs)
        regions = []
        b = o = t = 0
        for at in range(len(base)):
            if at in to_ours and at in to_theirs:
                p, u = to_ours[at], to_theirs[at]
                if (b, o, t) != (at, p, u):
                    regions.append(((b, at), (o, p), (t, u)))
                regions.append(((at, at + 1), (p, p + 1), (u, u + 1)))
                b, o, t = at + 1, p + 1, u + 1
        regions.append(((b, len(base)), (o, len(ours)), (t, len(theirs))))
        return regions

    def _matches(self, base: Sequence[PlainTree], side: Sequence[PlainTree]) -> dict[int, int]:
        """Which items of `base` stand where in `side`. Of equal items those at the same end belong together."""
        ours, theirs = [self.of(item) for item in base], [self.of(item) for item in side]
        shorter = min(len(ours), len(theirs))
        head = next((at for at in range(shorter) if ours[at] != theirs[at]), shorter)
        tail = next((at for at in range(shorter - head) if ours[-1 - at] != theirs[-1 - at]), shorter - head)
        blocks = difflib.SequenceMatcher(
            None, ours[head : len(ours) - tail], theirs[head : len(theirs) - tail], autojunk=False
        ).get_matching_blocks()
        found = {at: at for at in range(head)}
        found |= {head + block.a + at: head + block.b + at for block in blocks for at in range(block.size)}
        return found | {len(ours) - 1 - at: len(theirs) - 1 - at for at in range(tail)}

    def _named(
        self,
        path: Path,
        name: str,
        base: Sequence[PlainTree],
        ours: Sequence[PlainTree],
        theirs: Sequence[PlainTree],
    ) -> Pair:
        """Lists whose items have names, merged as maps are; the order is that of the side that changed it."""
        known, mine, other = (_by_name(name, items) for items in (base, ours, theirs))
        orders = [
            [key for key in items if key in known and key in mine and key in other] for items in (known, mine, other)
        ]
        if orders[1] != orders[0] != orders[2] and orders[1] != orders[2]:
            return self._conflict(path, list(ours), list(theirs))
        order = _in_order(list(mine), list(other)) if orders[2] == orders[0] else _in_order(list(other), list(mine))
        at = {key: position for position, key in enumerate(mine)}
        one: list[PlainTree] = []
        two: list[PlainTree] = []
        for key in order:
            ours_now, theirs_now = self.value(
                (*path, at.get(key, len(at))),
                known.get(key, ABSENT),
                mine.get(key, ABSENT),
                other.get(key, ABSENT),
            )
            if not isinstance(ours_now, Absent):
                one.append(ours_now)
            if not isinstance(theirs_now, Absent):
                two.append(theirs_now)
        return one, two


def _in_order(ours: list[str], theirs: list[str]) -> list[str]:
    """All keys: ours in their order, and those that only they have behind the one that stands before them there."""
    have = set(ours)
    added: dict[str | None, list[str]] = {}
    before: str | None = None
    for key in theirs:
        if key in have:
            before = key
        else:
            added.setdefault(before, []).append(key)
    order = added.get(None, [])
    for key in ours:
        order += (key, *added.get(key, ()))
    return order


def _identifying(*lists: Sequence[PlainTree]) -> str | None:
    """The key whose value names each item of all the lists, once in each list; None when there is none."""
    for name in _NAMES:
        if any(lists) and all(_has_names(name, items) for items in lists):
            return name
    return None


def _has_names(name: str, items: Sequence[PlainTree]) -> bool:
    texts = [item.get(name) if isinstance(item, dict) else None for item in items]
    return all(isinstance(text, str) for text in texts) and len(set(map(str, texts))) == len(texts)


def _by_name(name: str, items: Sequence[PlainTree]) -> dict[str, PlainTree]:
    return {str(item[name]): item for item in items if isinstance(item, dict)}
