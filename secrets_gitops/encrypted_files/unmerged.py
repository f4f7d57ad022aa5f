"""A file with conflict markers in it is two encrypted files: open both, and make one of them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.documents import conflicts
from secrets_gitops.documents.document import encoded
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.encrypted_files import index_path
from secrets_gitops.encrypted_files.merge_close import close
from secrets_gitops.encrypted_files.merge_text import trees
from secrets_gitops.encrypted_files.merge_trees import UNKNOWN, Digests, merge
from secrets_gitops.envelopes.sops import opened
from secrets_gitops.envelopes.sops.reading import shown
from secrets_gitops.errors import DocumentError, Place, SecretNotFound, Unmerged

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document
    from secrets_gitops.documents.plain import Tree
    from secrets_gitops.envelopes.sops.opened import Opened
    from secrets_gitops.keys.keyring import Keyring


class Resolved(NamedTuple):
    """The file after one more conflict was resolved."""

    data: bytes
    path: str
    """The path that was set, as it was understood."""
    left: int
    """How many conflicts still stand."""


class Versions:
    """Both sides of a file, opened."""

    def __init__(self, data: bytes, path: str, keyring: Keyring, *, verify_mac: bool = True) -> None:
        """Open both. Raises what opening a file raises, and Unmerged where who can read it is itself in conflict."""
        found = sides(data)
        assert found is not None
        self.path = path
        self.ours, self.theirs = (
            opened.open(_read(text, path), keyring, verify_mac=verify_mac) for text in (found.ours, found.theirs)
        )
        if _policy(self.ours) != _policy(self.theirs):
            raise Unmerged(
                "both sides changed who can read the file, and that is not decided yet",
                hints=(
                    "take the lines of one side, and all of them: then the file is valid",
                    f"or take one side whole: `git checkout --ours -- {path}` (or `--theirs`)",
                ),
                place=Place(path, found.line),
            )

    def plaintext(self) -> bytes:
        """The plaintext of both, with markers around what differs."""
        text = conflicts.join(self.ours.text, self.theirs.text)
        bom = b"\xef\xbb\xbf" if self.ours.sealed.bom and not self.ours.binary else b""
        return bom + encoded(text, "binary" if self.ours.binary else self.ours.sealed.format)

    def closed(self, plaintext: bytes, now: str) -> Document:
        """One file of what the user made of both. Raises Unmerged while markers stand in it."""
        refuse(plaintext, self.path)
        plain = read(plaintext, path=self.path, limits=Limits.LARGE)
        return close(plain, self.ours, [self.theirs], now)

    def set(self, path_text: str, value: Tree | None, now: str, *, root: int = 0, remove: bool = False) -> Resolved:
        """Give both sides the same value at a path, or none."""
        path = index_path.parse(path_text, self.ours.plain.roots[root])
        missing = 0
        for side in (self.ours, self.theirs):
            try:
                if remove:
                    side.unset(path, root=root)
                else:
                    side.set(path, value, root=root)
            except DocumentError:
                missing += 1
                if not remove or missing == 2:
                    raise _no_such(path_text, self.path) if remove else _differs(path_text, self.path) from None
        left = self._left()
        sealed = close(self.ours.plain, self.ours, [self.theirs], now)
        if not left:
            return Resolved(sealed.to_bytes(), shown(path), 0)
        known = opened.open_with(sealed, opened.required_metadata(sealed), self.ours.data_key)
        other = close(self.theirs.plain, self.theirs, [known], now)
        text = conflicts.join(sealed.text, other.text)
        bom = b"\xef\xbb\xbf" if sealed.bom else b""
        return Resolved(bom + encoded(text, sealed.format), shown(path), left)

    def _left(self) -> int:
        ours, theirs = trees(self.ours.plain), trees(self.theirs.plain)
        digests = Digests()
        if len(ours) != len(theirs):
            return 1
        return sum(len(merge(UNKNOWN, *pair, digests).conflicts) for pair in zip(ours, theirs, strict=True))


def sides(data: bytes) -> conflicts.Sides | None:
    """The two sides of a file with conflict markers; None when it has none."""
    if b"<<<<<<<" not in data:
        return None
    return conflicts.split(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape"))


def refuse(data: bytes, path: str) -> None:
    """Raise Unmerged when conflict markers stand in a file."""
    found = sides(data)
    if found is not None:
        raise Unmerged(
            "a merge is not finished: conflict markers stand in the file",
            hints=(
                f"`secrets-gitops edit {path}` shows both sides; `set` gives both the same value",
                f"where a key was missing: `git checkout --merge -- {path}` merges once more, with the keys here",
            ),
            place=Place(path, found.line, 1),
        )


def _read(text: str, path: str) -> Document:
    data = text.encode("utf-8", "surrogateescape")
    return read(data, path=path, format=None, limits=Limits.LARGE, duplicates="keep", sealed=True)


def _policy(one: Opened) -> object:
    found = one.metadata
    names = [sorted((entry.kind, entry.recipient) for entry in group) for group in found.groups]
    return sorted(names), found.threshold, found.selector, found.mac_only_encrypted, one.data_key.reveal()


def _no_such(path_text: str, path: str) -> SecretNotFound:
    return SecretNotFound(f"there is no `{path_text}` on either side", place=Place(path))


def _differs(path_text: str, path: str) -> Unmerged:
    return Unmerged(
        f"what `{path_text}` leads through is itself in conflict",
        hints=(f"`secrets-gitops edit {path}` shows both sides",),
        place=Place(path),
    )
