"""Objects: what git stores, read through one `git cat-file --batch` that starts when the first object is asked for."""

from __future__ import annotations

import os

from secrets_gitops.errors import ScanIncomplete, SettingsError, TooLarge
from secrets_gitops.records import NamedTuple
from secrets_gitops.repository.git import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_KINDS = (b"blob", b"tree", b"commit", b"tag")
_LONGEST_NAME = 1000
_HINT = "`git fsck` tells more; a partial clone gets what it lacks by `git fetch --refetch`"
_KEPT_ENTRIES = 200_000
"""Entries of trees that are kept for the next commit, which shares most of them; some tens of megabytes."""
AHEAD = 50
"""Blobs that are read ahead at a time. Their names, of SHA-256 too, fit into the least that a pipe takes at once."""
_SMALL = 256 * 1024
"""A larger blob is read when it is asked for, so that what is read ahead takes little memory."""
EMPTY_BLOBS = (
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
"""SHA-1 and SHA-256; `git add -N` names it without storing it."""


class Object(NamedTuple):
    """An object: its id, its kind and its content."""

    id: str
    kind: str
    """`blob`, `tree`, `commit` or `tag`."""
    body: bytes


class Entry(NamedTuple):
    """What a tree holds under a name."""

    mode: int
    id: str


class Objects:
    """Reads objects by their ids, or by whatever names a revision."""

    __slots__ = ("_asked", "_buffer", "_early", "_entries", "_process", "_root", "_trees")

    def __init__(self, root: str) -> None:
        self._root = root
        self._process: Process | None = None
        self._buffer = b""
        self._asked: list[str] = []
        self._early: dict[str, Object | None] = {}
        self._trees: dict[str, dict[str, Entry]] = {}
        self._entries = 0

    def blob(self, name: str, limit: int | None = None) -> bytes:
        """The content of the blob with the object id `name`.

        Raises TooLarge when it has more than `limit` bytes (the body is not kept), ScanIncomplete when the object is
        missing or no blob, or git ended.
        """
        if name in EMPTY_BLOBS:
            return b""
        found = self._read(name, limit)
        if found is None:
            raise missing(name)
        if found.id != name:  # whoever shares git's answers gets those of others
            raise ScanIncomplete(f"git answered with object {found.id} where {name} was asked for", hints=(_HINT,))
        if found.kind != "blob":
            raise ScanIncomplete(f"object {name} is a {found.kind}, not a blob")
        return found.body

    def ahead(self, names: Iterable[str]) -> None:
        """Ask for blobs that will be read soon, up to AHEAD of them; git works until the first of them is read.

        What was asked for and is not among them is dropped, and large blobs are not kept. Nothing is said of what is
        missing or damaged: that is the answer to whoever reads it.
        """
        wanted = [name for name in dict.fromkeys(names) if name and name not in EMPTY_BLOBS][:AHEAD]
        if wanted == self._asked:
            return
        self._gather()
        self._early.clear()
        if len(wanted) > 1:
            self._ask("".join(f"{name}\n" for name in wanted))
            self._asked = wanted

    def _gather(self) -> None:
        """Read what was asked for ahead."""
        asked, self._asked = self._asked, []
        for name in asked:
            try:
                self._early[name] = self._answer(_SMALL)
            except TooLarge:
                continue
            except ScanIncomplete:  # git ended over this one; the others are read one by one
                return

    def tree(self, name: str) -> dict[str, Entry]:
        """What the tree with the object id `name` holds, by name; nothing for an empty id.

        Raises ScanIncomplete when it is missing or no tree.
        """
        if not name:
            return {}
        known = self._trees.get(name)
        if known is not None:
            return known
        found = self._read(name)
        if found is None:
            raise missing(name)
        if found.kind != "tree":
            raise ScanIncomplete(f"object {name} is a {found.kind}, not a tree")
        try:
            entries = dict(_entries(found.body, len(name) // 2))
        except ValueError as error:
            raise ScanIncomplete(f"tree {name} cannot be read", hints=("`git fsck` tells more",)) from error
        self._entries += len(entries)
        if self._entries > _KEPT_ENTRIES:
            self._trees.clear()
            self._entries = len(entries)
        self._trees[name] = entries
        return entries

    def find(self, revision: str) -> Object | None:
        """What `revision` names (`main~2`, an id, `v1^{tree}`), or None. Raises SettingsError for what names nothing.

        It never becomes an argument of git, so that one that begins with a dash is no option.
        """
        if not revision or len(revision) > _LONGEST_NAME or "\n" in revision or "\0" in revision:
            raise SettingsError("that is no revision", hints=("a branch, a tag, a commit id, `HEAD~2`",))
        return self._read(revision)

    def _read(self, name: str, limit: int | None = None) -> Object | None:
        self._gather()
        if name in self._early and (limit is None or limit >= _SMALL):
            return self._early.pop(name)
        self._ask(f"{name}\n")
        return self._answer(limit)

    def begin(self) -> None:
        """Start git, which else starts when the first object is asked for. Raises FileError when there is none."""
        if self._process is None:
            self._process = Process(("cat-file", "--batch"), self._root, feed=True)

    def _ask(self, lines: str) -> None:
        self.begin()
        assert self._process is not None
        self._process.send(os.fsencode(lines))

    def _answer(self, limit: int | None) -> Object | None:
        while b"\n" not in self._buffer:
            self._more()
        header, _, self._buffer = self._buffer.partition(b"\n")
        fields = header.split(b" ")
        if (
            len(fields) != 3 or fields[1] not in _KINDS or not fields[2].isdigit()
        ):  # `NAME missing`, `NAME ambiguous`; a name may hold spaces
            return None
        kind, size = fields[1].decode(), int(fields[2])
        too_large = kind == "blob" and limit is not None and size > limit
        body = self._body(size, most=TooLarge.HEAD if too_large else size)
        if too_large:
            raise TooLarge(limit or 0, body)
        return Object(fields[0].decode(), kind, body)

    def _body(self, size: int, *, most: int) -> bytes:
        """Read `size` bytes and the line break that ends them; returns the first `most` of them."""
        parts, left = [], size + 1
        while left > len(self._buffer):
            if size + 1 - left < most:
                parts.append(self._buffer)
            left -= len(self._buffer)
            self._buffer = b""
            self._more()
        parts.append(self._buffer[: left - 1])
        self._buffer = self._buffer[left:]
        return b"".join(parts)[:most]

    def _more(self) -> None:
        assert self._process is not None
        data = self._process.read()
        if not data:
            failure = self._process.failure(self._process.wait())
            self.close()
            raise ScanIncomplete(failure.message, hints=failure.hints)
        self._buffer += data

    def close(self) -> None:
        """End the process; the next read starts another."""
        if self._process is not None:
            self._process.stop()
        self._process, self._buffer = None, b""
        self._asked = []
        self._early.clear()


def missing(name: str) -> ScanIncomplete:
    """That the object called `name` is not there."""
    return ScanIncomplete(f"object {name} is missing from the repository", hints=(_HINT,))


def _entries(body: bytes, id_size: int) -> list[tuple[str, Entry]]:
    """The entries of a tree object: `MODE NAME NUL ID`, the id as bytes."""
    out, at = [], 0
    while at < len(body):
        space = body.index(b" ", at)
        end = body.index(b"\0", space)
        entry = Entry(int(body[at:space], 8), body[end + 1 : end + 1 + id_size].hex())
        out.append((os.fsdecode(body[space + 1 : end]), entry))
        at = end + 1 + id_size
    return out
