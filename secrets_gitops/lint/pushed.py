"""Scan what a push publishes, before it does: on the pusher's side, by `--pushed-range` and the pre-push hook."""

from __future__ import annotations

from secrets_gitops.errors import SettingsError
from secrets_gitops.lint.commit_scan import CommitScan
from secrets_gitops.lint.options import Options
from secrets_gitops.lint.sums import Sums
from secrets_gitops.records import NamedTuple
from secrets_gitops.repository.commits import Range, brought, commit_of, cut_at, known, shallow_ends
from secrets_gitops.repository.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secrets_gitops.lint.engine import Report
    from secrets_gitops.repository.objects import Objects

_ALL_REMOTES = "--remotes"


class Update(NamedTuple):
    """A ref that is to change: its name, what it is now, and what it becomes; empty where there is none."""

    ref: str
    old: str
    new: str


class Push(NamedTuple):
    """What is published: the updates, and what the other side is known to have."""

    updates: tuple[Update, ...]
    published: str
    """An option of git that names what was published before; empty when only the old ids count."""


def asked(
    objects: Objects,
    environ: Mapping[str, str],
    *,
    typed: str = "",
    read: Callable[[], str] | None = None,
    remote: str = "",
) -> Push:
    """The push that is meant: by what was typed, else by a hook framework, else by the lines of git that `read` reads.

    Without any of them it is all of HEAD that no remote has: a hook that is told nothing must not scan nothing. Git
    tells a `remote`, and no lines when there is nothing to push.
    """
    if typed:
        return from_typed(objects, typed)
    told = from_framework(objects, environ)
    if told is not None:
        return told
    lines = read() if read is not None else ""
    return from_git(lines, remote) if lines.strip() or remote else from_typed(objects, "HEAD")


def from_typed(objects: Objects, typed: str) -> Push:
    """`FROM..TO`; without a part: what no remote has, and HEAD. Raises SettingsError for what names no commit."""
    start, dots, end = typed.replace("...", "..").partition("..") if ".." in typed else ("", "", typed)
    if dots and not start:
        raise SettingsError(f"`{typed}` has no beginning", hints=("`FROM..TO`, as `origin/main..HEAD`",))
    new = commit_of(objects, end or "HEAD").id
    old = commit_of(objects, start).id if start else ""
    return Push((Update("", old, new),), "" if start else _ALL_REMOTES)


def from_framework(objects: Objects, environ: Mapping[str, str]) -> Push | None:
    """What pre-commit and prek say in the environment; None when they do not run us.

    They hand on the first ref of a push only, and no beginning when none of its history is published.
    """
    remote = environ.get("PRE_COMMIT_REMOTE_NAME", "")
    end = environ.get("PRE_COMMIT_TO_REF")
    if end:
        start = environ.get("PRE_COMMIT_FROM_REF", "")
        old = objects.find(f"{start}^{{commit}}") if start and start.strip("0") else None
        if start.strip("0") and old is None:
            raise SettingsError(
                f"`{start}` is no commit of this clone", hints=("a shallow clone lacks it: `git fetch --unshallow`",)
            )
        return Push((Update("", old.id if old else "", commit_of(objects, end).id),), _of_remote(remote))
    if environ.get("PRE_COMMIT") == "1":
        branch = environ.get("PRE_COMMIT_LOCAL_BRANCH", "")
        found = objects.find(f"{branch}^{{commit}}") if branch else None
        new = found.id if found else commit_of(objects, "HEAD").id
        return Push((Update("", "", new),), _of_remote(remote))
    return None


def from_git(text: str, remote: str) -> Push:
    """The lines that git gives a pre-push hook: `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID`. Raises SettingsError."""
    updates = []
    for line in text.split("\n"):  # a name may hold what `splitlines` takes for the end of a line
        if not line:
            continue
        fields = line.rsplit(" ", 3)
        if len(fields) != 4 or not (is_id(fields[1]) and is_id(fields[3])):
            raise SettingsError(
                "standard input is not what git gives a pre-push hook",
                hints=("a line is `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID`",),
            )
        updates.append(Update(fields[2], _none_as_empty(fields[3]), _none_as_empty(fields[1])))
    return Push(tuple(updates), _of_remote(remote))


def is_id(text: str) -> bool:
    """Is `text` a whole object id, of SHA-1 or SHA-256?"""
    return len(text) in (40, 64) and not text.strip("0123456789abcdef")


def _none_as_empty(name: str) -> str:
    """Git writes zeros for what is not there."""
    return name if name.strip("0") else ""


def _of_remote(name: str) -> str:
    """The option for all that is known of a remote; of all of them where the name could be a pattern, or is missing."""
    if not name:
        return _ALL_REMOTES
    return "" if set(name) & set("*?[\\\n\0") else f"--remotes={name}"


def scan_pushed(root: str, objects: Objects, push: Push, options: Options) -> Report:
    """Scan every file that a commit of the push brings. A ref that goes brings none.

    Allow comments, settings and baseline count as they are where a ref ends: what the last commit excuses, is excused.
    """
    sums, options = Sums(), options.over(Options(strict=True))
    for update in push.updates:
        if update.new:
            tip = objects.find(f"{update.new}^{{tree}}")
            excuses = Tree(objects, tip.id if tip is not None else "", root)
            scan = CommitScan(root, objects, options, excuses, sums)
            scan_updates(scan, root, objects, Push((update,), push.published))
    return sums.report()


def scan_updates(scan: CommitScan, root: str, objects: Objects, push: Push) -> None:
    """Add what a push brings to `scan`."""
    tips = [tip for update in push.updates if update.new and (tip := scan.ref(update.ref, update.new))]
    have = known(objects, {update.old for update in push.updates if update.old})
    scan.commits(brought(root, Range(tuple(tips), tuple(have), all_known=push.published)))
    for tip in tips:
        scan.tip(tip)


def scan_commit(root: str, objects: Objects, revision: str, options: Options) -> Report:
    """Scan the files that one commit brings.

    Raises SettingsError when `revision` names none, ScanIncomplete where a shallow clone lacks what was there before.
    """
    found = commit_of(objects, revision)
    if found.id in shallow_ends(root):
        raise cut_at(found.id)
    parents = [line[7:].decode() for line in found.body.partition(b"\n\n")[0].split(b"\n") if line[:7] == b"parent "]
    scan = CommitScan(root, objects, options)
    scan.commits(brought(root, Range((found.id,), tuple(parents))))
    scan.tip(found.id)
    return scan.report()
