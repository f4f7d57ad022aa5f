"""Scan what a server is about to accept: the pre-receive hook. A push cannot excuse itself.

The new objects lie in a quarantine that git announces in the environment, which is handed on as it is. Allow comments,
settings and baseline count as they are at the present tip of the branch that is pushed to; for a new branch, at the tip
of the default branch.
"""

from __future__ import annotations

from secrets_gitops.errors import SettingsError
from secrets_gitops.lint.commit_scan import CommitScan
from secrets_gitops.lint.options import Options
from secrets_gitops.lint.policy import Policy
from secrets_gitops.lint.pushed import Push, Update, is_id, scan_updates
from secrets_gitops.repository.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.lint.sums import Sums
    from secrets_gitops.repository.objects import Objects

_KNOWN = "--all"
SKIP = "secrets-gitops.skip"
"""The push option, `git push -o secrets-gitops.skip=WHY`, that lets a push pass unscanned where the server allows."""


def updates(text: str) -> tuple[Update, ...]:
    """The lines that git gives a pre-receive hook: `OLD-ID NEW-ID REF`. Raises SettingsError for anything else.

    There is at least one: where another hook has read them, nothing would be scanned.
    """
    out = []
    for line in text.split("\n"):
        if not line:
            continue
        fields = line.split(" ", 2)
        if len(fields) != 3 or not (is_id(fields[0]) and is_id(fields[1])):
            raise SettingsError(
                "standard input is not what git gives a pre-receive hook", hints=("a line is `OLD-ID NEW-ID REF`",)
            )
        old, new = (name if name.strip("0") else "" for name in fields[:2])
        out.append(Update(fields[2], old, new))
    if not out:
        raise SettingsError(
            "standard input is empty, and git gives a pre-receive hook a line for each ref",
            hints=("whatever ran before has read it: hand it on",),
        )
    return tuple(out)


def scan_received(root: str, objects: Objects, received: tuple[Update, ...], options: Options, sums: Sums) -> None:
    """Add to `sums`, file by file, what is found in what the updates bring; those with the same excuses together."""
    options = options.over(Options(strict=True))
    by_excuses: dict[str, list[Update]] = {}
    for update in received:
        if update.new:
            by_excuses.setdefault(_excuses(objects, update), []).append(update)
    for update in received:
        _refuse_broken_settings(root, objects, update)
    for tree, group in by_excuses.items():
        scan = CommitScan(root, objects, options, Tree(objects, tree, root), sums)
        scan_updates(scan, root, objects, Push(tuple(group), _KNOWN))


def _refuse_broken_settings(root: str, objects: Objects, update: Update) -> None:
    """Raise SettingsError for settings that no later scan of the branch could read."""
    found = objects.find(f"{update.new}^{{tree}}") if update.new else None
    if found is not None:
        Policy(Tree(objects, found.id, root))


def _excuses(objects: Objects, update: Update) -> str:
    """The tree whose excuses count for a ref; empty, a tree without any, when the server has none yet."""
    found = objects.find(f"{update.old or 'HEAD'}^{{tree}}")
    return found.id if found is not None else ""


def skip_reason(environ: Mapping[str, str]) -> str | None:
    """The reason that the push gives for not being scanned; None when it asks for no such thing.

    Raises SettingsError when it gives no reason.
    """
    count = environ.get("GIT_PUSH_OPTION_COUNT", "0")
    for at in range(min(int(count), 1000) if count.isdecimal() else 0):
        name, _, reason = environ.get(f"GIT_PUSH_OPTION_{at}", "").partition("=")
        if name == SKIP:
            if not reason.strip():
                raise SettingsError(f"the push option `{SKIP}` needs a reason", hints=(f"`git push -o {SKIP}=WHY`",))
            return reason.strip()
    return None
