"""Commits: which of them a range holds, and what each brought that no parent of it had."""

from __future__ import annotations

import os

from secrets_gitops.errors import FileError, ScanIncomplete, SettingsError
from secrets_gitops.records import NamedTuple
from secrets_gitops.repository.git import Process, common_folder
from secrets_gitops.repository.objects import missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secrets_gitops.repository.objects import Object, Objects

_LOG = (
    "log", "--format=%x01%H %P", "--raw", "-z", "--no-abbrev", "--no-renames", "-c", "--root", "--topo-order",
    "--reverse", "--no-show-signature", "--no-ext-diff", "--no-color", "-O/dev/null",
)  # fmt: skip
"""All that the user's settings could change is said. `-c`: of a merge, only what differs from all parents."""
_GONE = ("000000", "160000")
_LINK = "120000"


class Brought(NamedTuple):
    """A commit, and what it brought."""

    id: str
    parents: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    """Path and blob of each file whose content or type no parent has at that path."""
    gone: tuple[str, ...]
    """The paths that it deletes."""
    links: frozenset[str] = frozenset()
    """Those of the files that are symbolic links: the blob of one may be that of a file, too."""


class Range(NamedTuple):
    """Commits: those that `tips` reach and `known` do not. All are object ids, nothing that a person typed."""

    tips: tuple[str, ...]
    known: tuple[str, ...] = ()
    all_tips: str = ""
    """An option that names more tips: `--all`."""
    all_known: str = ""
    """An option that names more of what is known: `--all`, `--remotes=origin`."""


def brought(root: str, range_: Range) -> Iterator[Brought]:
    """What each commit of a range brought, parents before children.

    Raises ScanIncomplete where the clone is shallow and its history ends within the range, and when git fails.
    """
    ends = shallow_ends(root)
    for commit in _logged(root, range_):
        if commit.id in ends:
            raise cut_at(commit.id)
        yield commit


def cut_at(commit: str) -> ScanIncomplete:
    """That a shallow clone does not have the parents of a commit, and what to do."""
    return ScanIncomplete(
        f"this clone is shallow: what lies before commit {commit[:12]} is not in it",
        hints=("`git fetch --unshallow`; in CI, check out with the whole history (`fetch-depth: 0`)",),
    )


def _logged(root: str, range_: Range) -> Iterator[Brought]:
    if not range_.tips and not range_.all_tips:  # git would take HEAD
        return
    arguments = [*_LOG]
    if range_.all_tips:
        arguments.append(range_.all_tips)
    if range_.all_known:
        arguments += ["--not", range_.all_known, "--not"]
    revisions = "\n".join([*range_.tips, *(f"^{name}" for name in range_.known), ""])
    process = Process([*arguments, "--stdin"], root, feed=True)
    try:
        process.send_all(revisions.encode())
        fields = _fields(process)
        head = ""
        files: list[tuple[str, str]] = []
        gone: list[str] = []
        links: list[str] = []
        for field in fields:
            if field.startswith("\x01"):
                if head:
                    yield _commit(head, files, gone, links)
                head, files, gone, links = field[1:], [], [], []
            elif field.strip("\n"):
                # `:OLD NEW ID ID STATUS`; of a merge one more `:`, OLD and ID for each further parent
                words = field.strip("\n").split(" ")
                parents = len(words[0]) - len(words[0].lstrip(":"))
                path = next(fields)
                if words[parents] not in _GONE:
                    files.append((path, words[2 * parents + 1]))
                    if words[parents] == _LINK:
                        links.append(path)
                elif any(mode not in _GONE for mode in (words[0].lstrip(":"), *words[1:parents])):
                    gone.append(path)
        if head:
            yield _commit(head, files, gone, links)
        status = process.wait()
        if status:
            failure = process.failure(status)
            raise ScanIncomplete(failure.message, hints=failure.hints)
    finally:
        process.stop()


def _commit(head: str, files: list[tuple[str, str]], gone: list[str], links: list[str]) -> Brought:
    name, *parents = head.split()
    return Brought(name, tuple(parents), tuple(files), tuple(gone), frozenset(links))


def _fields(process: Process) -> Iterator[str]:
    """The NUL-ended fields of what git prints, as it comes."""
    rest = b""
    while data := process.read():
        *whole, rest = (rest + data).split(b"\0")
        for field in whole:
            yield os.fsdecode(field)
    if rest.strip(b"\n"):
        yield os.fsdecode(rest)


def shallow_ends(root: str) -> frozenset[str]:
    """The commits whose parents a shallow clone does not have."""
    try:
        with open(os.path.join(common_folder(root), "shallow"), encoding="ascii") as file:
            return frozenset(file.read().split())
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise FileError(f"cannot read which commits are missing: {os.strerror(error.errno or 0)}") from error


def commit_of(objects: Objects, revision: str) -> Object:
    """The commit that `revision` names, through tags. Raises SettingsError when it names none."""
    return _peeled(objects, revision, "commit")


def tree_of(objects: Objects, revision: str) -> str:
    """The id of the tree that `revision` names, itself or through a commit. Raises SettingsError when it names none."""
    return _peeled(objects, revision, "tree").id


def _peeled(objects: Objects, revision: str, kind: str) -> Object:
    found = objects.find(f"{revision}^{{{kind}}}")
    if found is not None:
        return found
    named = objects.find(revision)
    if named is not None and named.kind in ("commit", "tag"):
        raise missing(f"{revision}^{{{kind}}}")
    raise SettingsError(f"`{revision}` is no {kind}", hints=("`git log` names some; a shallow clone has few",))


def known(objects: Objects, names: Iterable[str]) -> list[str]:
    """Those of the object ids `names` that are commits, or tags, of this clone."""
    found = ((name, objects.find(name)) for name in names)
    return [name for name, it in found if it is not None and it.kind in ("commit", "tag")]
