"""Clean files: which files of which commits were scanned and hold nothing, kept in git's own folder.

An entry is a digest of the commit, the path and the blob, of our own code, and of all that was asked for: the same
question has the same answer, for a commit fixes what else a rule may look at. Nothing about a finding is kept.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Mapping, Set
from hashlib import sha256

from secrets_gitops import __version__
from secrets_gitops.errors import FileError
from secrets_gitops.repository import files, git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = "secrets-gitops-clean"
_SIZE = 16
_MOST = 4_000_000
"""Entries; a larger file (64 MB) is begun anew."""


class CleanFiles:
    """The known answers, and those that come to be known. A file that cannot be read or written is as good as none."""

    def __init__(self, root: str, asked: Iterable[str]) -> None:
        """`asked` is what a result depends on beside the files: rules and limits."""
        self._path = os.path.join(git.common_folder(root), NAME)
        self._seed = sha256(_code())
        self.add_context(asked)
        self._known = self._load()
        self._new: set[bytes] = set()

    def add_context(self, words: Iterable[str]) -> None:
        """Let results depend on `words` too."""
        for word in words:
            self._seed.update(os.fsencode(word) + b"\0")

    def _load(self) -> set[bytes]:
        try:
            with open(self._path, "rb") as file:
                data = file.read(_MOST * _SIZE)
        except OSError:
            return set()
        return {data[at : at + _SIZE] for at in range(0, len(data) - _SIZE + 1, _SIZE)}

    def _key(self, commit: str, path: str, blob: str) -> bytes:
        digest = self._seed.copy()
        digest.update(os.fsencode(f"{commit}\0{path}\0{blob}"))
        return digest.digest()[:_SIZE]

    def knows(self, commit: str, path: str, blob: str) -> bool:
        """Whether the file is known to be clean; it stays known for the next scan."""
        key = self._key(commit, path, blob)
        if key in self._known:
            self._new.add(key)
            return True
        return False

    def remember(self, commit: str, clean: Iterable[tuple[str, str]]) -> None:
        """These files (path and blob) of a commit hold nothing."""
        self._new.update(self._key(commit, path, blob) for path, blob in clean)

    def save(self) -> None:
        """Keep what is known for the next scan."""
        if not self._new <= self._known:
            kept = self._known | self._new if len(self._known) < _MOST else self._new
            with contextlib.suppress(FileError):
                files.replace(self._path, b"".join(sorted(kept)), mode=0o600)


def words_of(what: object) -> str:
    """All of `what`, as words to compare in another process: regular expressions whole, sets in order."""
    if isinstance(what, re.Pattern):
        return f"{what.pattern!r}, {what.flags}"
    if isinstance(what, Mapping):
        what = tuple(what.items())
    if isinstance(what, Set):
        return "{" + ", ".join(sorted(map(words_of, what))) + "}"
    if isinstance(what, tuple):
        return f"{type(what).__name__}({', '.join(map(words_of, what))})"
    return repr(what)


def _code() -> bytes:
    """Our own code and its versions: what a newer one finds, an older one may have missed."""
    digest = sha256(f"{__version__} {sys.version}".encode())
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for folder in ("documents", "envelopes", "golang", "lint", "references", "repository"):
        for above, folders, names in os.walk(os.path.join(top, folder)):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".py", ".toml")):
                    with open(os.path.join(above, name), "rb") as file:
                        digest.update(file.read())
    return digest.digest()
