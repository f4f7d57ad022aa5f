"""Scan what commits bring: each file of each commit once, whole, and beside the files that the commit has.

Reading what commits bring, not the difference of two ends, is what finds a secret that one commit adds and the next
takes away: both are published.
"""

from __future__ import annotations

import posixpath

from secrets_gitops.lint.before import Before, renames
from secrets_gitops.lint.engine import scan
from secrets_gitops.lint.gate import BASELINE
from secrets_gitops.lint.message import scan_published
from secrets_gitops.lint.overlay import Overlay
from secrets_gitops.lint.run import RULE_FILE, SETTINGS
from secrets_gitops.lint.sums import Sums
from secrets_gitops.repository.commits import tree_of
from secrets_gitops.repository.objects import missing
from secrets_gitops.repository.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.options import Options
    from secrets_gitops.repository.commits import Brought
    from secrets_gitops.repository.objects import Objects
    from secrets_gitops.repository.snapshot import Snapshot

EXCUSES = (SETTINGS, BASELINE, ".gitleaks.toml")
"""The files that say what is let pass."""


class CommitScan:
    """Adds up what was found in commit after commit. A finding that later versions of its file repeat is told once."""

    def __init__(
        self,
        root: str,
        objects: Objects,
        options: Options,
        excuses: Snapshot | None = None,
        sums: Sums | None = None,
    ) -> None:
        """With `excuses`, allows, settings and baseline count as they are there, and not as a commit has them."""
        self._root = root
        self._objects = objects
        self._options = options
        self._excuses = excuses
        self._seen: set[tuple[str, str, bool]] = set()
        self._sums = sums if sums is not None else Sums()
        self._context: set[str] = set()
        self.commits_seen = 0

    def report(self) -> Report:
        """All that was found so far."""
        return self._sums.report()

    def commits(self, commits: Iterable[Brought]) -> None:
        """Scan what these commits brought, parents before children."""
        for commit in commits:
            self.commits_seen += 1
            self.message(commit.id)
            self.commit(commit)

    def commit(self, commit: Brought, first: Mapping[str, str] | None = None) -> Report | None:
        """Scan what one commit brought; what was found in it, and None where there is nothing new.

        `first` says of files (by blob) which other commit is to be told as theirs.
        """
        files = [(path, blob, path in commit.links) for path, blob in commit.files]
        new = {path: blob for path, blob, is_link in files if (path, blob, is_link) not in self._seen}
        self._seen.update(files)
        touched = (*new, *commit.gone)
        self._context.update(path for path in touched if posixpath.basename(path) == RULE_FILE or path in EXCUSES)
        if not touched:
            return None
        report = scan(
            self.tree(commit.id), new, gone=commit.gone, widen=False, options=self._options, excuses=self._excuses
        )
        if report.findings:
            report = self._before(commit).judge(report, new)
        owners = {path: first[blob] for path, blob in new.items() if blob in first} if first else {}
        self._sums.add(report, commit.id, owners)
        return report

    def _before(self, commit: Brought) -> Before:
        parents = []
        for parent in commit.parents:
            names = renames(self._root, ("diff-tree", "-r", parent, commit.id))
            parents.append((self.tree(parent), names))
        return Before(self._root, parents, self._options, self._excuses or self.tree(commit.id))

    def message(self, name: str) -> None:
        """Scan the message of a commit or tag."""
        report = scan_published(self._objects, self._root, name, self._options, self._excuses)
        if report is not None:
            self._sums.add(report, name)

    def tip(self, commit: str) -> None:
        """Hold the creation rules of `commit` against all its files, if a commit that was scanned changed any.

        Only where a push ends: rules that one commit changes and files that the next makes fit are fine.
        """
        if not self._context:
            return
        tree = self.tree(commit)
        here = [path for path in sorted(self._context) if tree.exists(path)]
        gone = self._context.difference(here)
        self._sums.add(scan(tree, here, gone=gone, options=self._options, excuses=self._excuses), commit)

    def whole(self, tree: Snapshot, commit: str = "") -> None:
        """Scan all files of a snapshot."""
        self._sums.add(scan(tree, options=self._options, excuses=self._excuses), commit)

    def ref(self, ref: str, name: str) -> str:
        """The id of the commit that the object `name` is, or that it names as a tag does.

        A ref may name a tree or a file instead: that is scanned here and now, and the answer is empty.
        """
        found = self._objects.find(name)
        while found is not None and found.kind == "tag":
            self.message(found.id)
            name = found.body.partition(b"\n")[0].removeprefix(b"object ").decode()
            found = self._objects.find(name)
        if found is None:
            raise missing(name)
        if found.kind == "commit":
            return found.id
        if found.kind == "tree":
            self.whole(self.tree(found.id))
        else:
            self._file(ref, found.body)
        return ""

    def _file(self, name: str, data: bytes) -> None:
        nothing = Tree(self._objects, "", self._root)
        self._sums.add(scan(Overlay(nothing, name, data), (name,), options=self._options, excuses=self._excuses))

    def tree(self, revision: str) -> Tree:
        """The files of a commit or tree."""
        return Tree(self._objects, tree_of(self._objects, revision), self._root)
