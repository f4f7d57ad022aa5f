"""`lint --fix`: mend in the work tree what can be mended without thinking, and say what is left to think about."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.cli import asking, console, sops_files
from secrets_gitops.cli.lint_repairs import Repairs
from secrets_gitops.documents.formats import file_format
from secrets_gitops.errors import Error, FileError, worst
from secrets_gitops.lint import mend as mend_words
from secrets_gitops.lint.report.text import count
from secrets_gitops.repository import git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from secrets_gitops.lint.finding import Finding

_WHOLE_FILES = frozenset({"sops-not-encrypted", "kustomize-secret-file", "sops-partial"})
"""Rules whose finding is that the file, whatever is in it, must be encrypted."""
_SEALS = 3


class Repair(NamedTuple):
    """One change of one file."""

    rank: int
    """What comes first: an annotation goes before its file is encrypted."""
    path: str
    words: str
    run: Callable[[str], tuple[str, ...]]
    changes: bool = True
    """The file itself is changed, so that what is staged of it is older."""


def mend(findings: Iterable[Finding], root: str, *, yes: bool) -> int:
    """Mend the work tree at `root`, after asking unless `yes`; the gravest exit code of repairs that failed, or 0.

    Raises SettingsError where nobody can be asked, and click's Abort when the answer is no.
    """
    plan = _plan(findings, Repairs(root, sops_files.now()))
    if not plan:
        console.note("nothing to mend here without a decision")
        return 0
    for repair in plan:
        console.note(f"{'will ' if not yes else ''}{repair.words}")
    if not yes:
        asking.confirm(f"change {count(len({repair.path for repair in plan}), 'file')} in the work tree?")
    codes, done = [0], []
    for repair in plan:
        try:
            for note in repair.run(repair.path):
                console.note(f"  {repair.path}: {note}")
        except Error as error:
            console.show(error)
            codes.append(error.exit_code)
        else:
            done.append(repair)
    _by_hand(done, root)
    return worst(codes)


def _plan(findings: Iterable[Finding], repairs: Repairs) -> list[Repair]:
    """What can be done about the findings, each thing once."""
    found: dict[tuple[int, str], Repair] = {}
    for finding in findings:
        repair = _repair(finding, repairs) if finding.severity != "info" else None
        if repair is not None and (repair.rank != _SEALS or repairs.can_seal()):
            found.setdefault(repair[:2], repair)
    return [found[key] for key in sorted(found)]


def _repair(finding: Finding, repairs: Repairs) -> Repair | None:
    """What mends one finding; None where that takes a decision."""
    path = finding.path
    if finding.rule == "k8s-last-applied-leak":
        return Repair(0, path, f"take the copy of a Secret out of the annotations of {path}", repairs.strip_copies)
    if finding.rule == "kustomize-secret-literal":
        return Repair(1, path, f"move the literals of {path} into an encrypted env file", repairs.move_literals)
    if finding.rule == "sops-unencrypted-sibling":
        return Repair(4, path, f"add {path} to .gitignore", repairs.ignore, changes=False)
    named = mend_words.named(finding.fix, "secrets-gitops encrypt -i")
    if named is not None and (finding.rule in _WHOLE_FILES or file_format(named) != "binary"):
        return Repair(2, named, f"encrypt {named} as its creation rule says", repairs.encrypt)
    named = mend_words.named(finding.fix, "secrets-gitops seal -i")
    if named is not None:
        return Repair(_SEALS, named, f"seal {named} with the pinned certificate", repairs.seal)
    return None


def _by_hand(done: list[Repair], root: str) -> None:
    """What no program can do: what was pushed is known, and the index still holds what was staged."""
    paths = list(dict.fromkeys(repair.path for repair in done))
    changed = dict.fromkeys(repair.path for repair in done if repair.changes)
    staged = [path for path in changed if _says(("ls-files", "--", path), root)]
    known = [path for path in paths if _says(("log", "-1", "--format=%h", "--", path), root)]
    if staged:
        here = (mend_words.quoted(os.path.relpath(os.path.join(root, path))) for path in staged)
        console.note(f"by hand: `git add {' '.join(here)}`, for the index still holds the plaintext")
    for path in known:
        console.note(f"by hand: {path} was committed before: if that was ever pushed, change the values in it")


def _says(arguments: tuple[str, ...], root: str) -> bool:
    """Does git print anything? Not without a repository, nor before the first commit."""
    try:
        return bool(git.run(arguments, root).strip())
    except FileError:
        return False
