"""Scan all of a history: every file content that was ever committed, once, under the last name of its kind.

What was scanned and is clean is remembered in git's own folder, so that the next scan reads what is new.
"""

from __future__ import annotations

import os

from secrets_gitops.errors import SettingsError
from secrets_gitops.lint.classify import kind_of
from secrets_gitops.lint.clean_files import CleanFiles, words_of
from secrets_gitops.lint.commit_scan import EXCUSES, CommitScan
from secrets_gitops.lint.policy import Policy
from secrets_gitops.repository import git
from secrets_gitops.repository.commits import Brought, Range, brought, commit_of, known
from secrets_gitops.repository.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.options import Options
    from secrets_gitops.repository.objects import Objects


def scan_history(root: str, objects: Objects, revisions: tuple[str, ...], options: Options) -> Report:
    """Scan what `revisions` reach (`REV`, `FROM..TO`), by default all refs. Excuses count as they are in HEAD.

    Raises SettingsError for a revision that is none, ScanIncomplete in a shallow clone.
    """
    found = objects.find("HEAD^{tree}")
    excuses = Tree(objects, found.id if found is not None else "", root)
    scan = CommitScan(root, objects, options, excuses)
    range_ = _range(objects, revisions) if revisions else Range((), all_tips="--all")
    clean = CleanFiles(root, (repr(options),))
    clean.add_context(excuses.blob(path) for path in EXCUSES)
    clean.add_context(map(words_of, Policy(excuses, options).steering))
    everything = list(brought(root, range_))
    for commit in everything:
        scan.message(commit.id)
    commits, first = _last_names(everything)
    for commit in commits:
        files = tuple((path, blob) for path, blob in commit.files if not clean.knows(commit.id, path, blob))
        report = scan.commit(commit._replace(files=files, parents=()), first)
        if report is not None:
            clean.remember(commit.id, _clean(report, files))
    if not revisions:
        for ref, name in _objects_of_refs(root):
            scan.ref(ref, name)
    clean.save()
    return scan.report()


def _range(objects: Objects, revisions: Iterable[str]) -> Range:
    tips: list[str] = []
    ends: list[str] = []
    for revision in revisions:
        start, dots, end = revision.partition("..")
        if dots and (not start or end.startswith(".")):
            raise SettingsError(f"`{revision}` is no range", hints=("a range is `FROM..TO`",))
        tips.append(commit_of(objects, (end or "HEAD") if dots else revision).id)
        if dots:
            ends.append(commit_of(objects, start).id)
    return Range(tuple(tips), tuple(known(objects, ends)))


def _clean(report: Report, files: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Those of `files` that nothing is to be said about; none where a file beside them became a finding by them."""
    found = {finding.path for finding in (*report.findings, *(one.finding for one in report.suppressed))}
    if report.incomplete or not found <= {path for path, _ in files}:
        return ()
    return [(path, blob) for path, blob in files if path not in found]


def _last_names(commits: Sequence[Brought]) -> tuple[list[Brought], dict[str, str]]:
    """Each file content once, in the last commit that brings it, and the first commit that brought each.

    Once for each kind of name: what is an example as `env.example` may be none as `.env`.
    """
    first: dict[str, str] = {}
    for commit in commits:
        for _, blob in commit.files:
            first.setdefault(blob, commit.id)
    seen: set[tuple[str, str]] = set()
    out = []
    for commit in reversed(commits):
        kinds = {path: "link" if path in commit.links else _kind(path) for path, _ in commit.files}
        files = tuple((path, blob) for path, blob in commit.files if (blob, kinds[path]) not in seen)
        seen.update((blob, kinds[path]) for path, blob in files)
        if files:
            out.append(commit._replace(files=files, gone=()))
    return out[::-1], first


def _kind(path: str) -> str:
    """What rules go by: the kind that the name says, its end, and folders of tests and of templates.

    So a file that moves is scanned once, and one that becomes an example, or data of tests, as what it was too.
    """
    folder, _, name = path.rpartition("/")
    mild = ",".join(sorted({part for part in folder.split("/") if "test" in part or "fixture" in part}))
    templates = "templates" in folder.split("/")
    return f"{kind_of(path, b'')} {name.rpartition('.')[2]} {mild} {templates}"


def _objects_of_refs(root: str) -> Iterator[tuple[str, str]]:
    """Refs that name no commit themselves, but a tag, a tree or a file."""
    output = git.run(("for-each-ref", "--format=%(objectname) %(objecttype) %(refname)"), root)
    for line in os.fsdecode(output).split("\n")[:-1]:
        name, kind, ref = line.split(" ", 2)
        if kind != "commit":
            yield ref, name
