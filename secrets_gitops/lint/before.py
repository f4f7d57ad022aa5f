"""What was there before: whether a finding is older than the change that is scanned, and which lines that changed."""

from __future__ import annotations

from secrets_gitops.errors import Error
from secrets_gitops.lint.engine import scan
from secrets_gitops.lint.policy import Policy
from secrets_gitops.patterns import pattern
from secrets_gitops.repository import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.finding import Finding
    from secrets_gitops.lint.options import Options
    from secrets_gitops.repository.snapshot import Snapshot
    from secrets_gitops.repository.tree import Tree

_HUNK = pattern(rb"(?m)^@@ -\S{1,40} \+(\d{1,10})(?:,(\d{1,10}))? @@")


class Before:
    """The parents of what is scanned, each with the files that it has under another name."""

    __slots__ = ("_excuses", "_known", "_options", "_parents", "_root", "_salted")

    def __init__(
        self, root: str, parents: Sequence[tuple[Tree, Mapping[str, str]]], options: Options, excuses: Snapshot
    ) -> None:
        """Of each parent the tree, and the old name of each file that was renamed; excuses are those of the scan."""
        self._excuses = excuses
        self._root = root
        self._parents = parents
        self._options = options
        self._salted: Options | None = None
        self._known: dict[tuple[int, str], set[tuple[object, ...]]] = {}

    def judge(self, report: Report, blobs: Mapping[str, str]) -> Report:
        """`report` with `introduced` filled in; `blobs` are the object ids of the scanned files.

        When only changed lines count, what is old and stands in none of them is left out.
        """
        findings: list[Finding] = []
        for finding in report.findings:
            is_new, is_touched = self._look(finding, blobs.get(finding.path, ""))
            if is_new or is_touched or not self._options.changed_lines_only:
                findings.append(finding if is_new else finding._replace(introduced=False))
        return report._replace(findings=tuple(findings))

    def _look(self, finding: Finding, blob: str) -> tuple[bool, bool]:
        """Whether no parent has it, and whether it stands in lines that no parent has."""
        is_new = is_touched = True
        for at, (tree, renamed) in enumerate(self._parents):
            path = finding.path if tree.exists(finding.path) else renamed.get(finding.path, "")
            if not path:
                continue
            touched = not blob or _meets(finding, self._changed_lines(tree.blob(path), blob))
            is_touched = is_touched and touched
            if (finding.digest or not touched) and self._has(at, path, finding):
                is_new = False
        return is_new, is_touched

    def _has(self, parent: int, path: str, finding: Finding) -> bool:
        """Whether the parent's file has the finding; a file that cannot be read has none, so that it counts as new."""
        if (parent, path) not in self._known:
            self._known[parent, path] = self._identities(self._parents[parent][0], path)
        return identity(finding) in self._known[parent, path]

    def _identities(self, tree: Tree, path: str) -> set[tuple[object, ...]]:
        """What counted there. What was excused then and is no longer is as new as what was not there."""
        if self._salted is None:
            self._salted = self._options._replace(salt=Policy(self._excuses, self._options).salt)
        try:
            report = scan(tree, (path,), widen=False, options=self._salted)
        except Error:  # settings that were broken then
            return set()
        return {identity(old) for old in report.findings}

    def _changed_lines(self, old: str, new: str) -> list[tuple[int, int]]:
        """First line and line after the last of each run of lines that `new` has and `old` has not."""
        if old == new:
            return []
        command = ("diff", "-U0", "--text", "--no-ext-diff", "--no-textconv", "--no-color", old, new, "--")
        out = []
        for found in _HUNK.finditer(git.run(command, self._root)):
            first, count = int(found[1]), int(found[2] or 1)
            out.append((first, first + count))
        return out


def identity(finding: Finding) -> tuple[object, ...]:
    """What makes it the same finding in another version of its file."""
    return finding.rule, finding.object, finding.pointer, finding.key, finding.digest


def _meets(finding: Finding, lines: list[tuple[int, int]]) -> bool:
    return any(first <= finding.end_line and finding.line < end for first, end in lines)


def renames(root: str, command: Sequence[str]) -> dict[str, str]:
    """New name → old name, of `git COMMAND --raw -z -M --diff-filter=R`; none where git cannot say."""
    try:
        fields = git.records(git.run((*command, "--raw", "-z", "-M", "--diff-filter=R", "--"), root))
    except Error:
        return {}
    out = {}
    for _ in fields:
        old = next(fields)
        out[next(fields)] = old
    return out
