"""What `doctor` asks of git and of CI: is anything refused, and can encrypted files be shown and merged?"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from secrets_gitops.cli.doctor_view import PRE_COMMIT, Trouble, named, runs_framework
from secrets_gitops.errors import Error, FileError
from secrets_gitops.lint import catalog
from secrets_gitops.lint.mend import quoted
from secrets_gitops.repository import drivers, files, git, hooks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.cli.doctor_view import View

_INSTALL = "secrets-gitops git install"
_GUIDE = f"{catalog.HOME}/blob/main/docs/guides/ci.md"
_PYTHON = re.compile(rb"^python='(.*)'$", re.MULTILINE)
_UNSEEN = "nothing is refused when a plaintext secret is committed in this clone"


def check(view: View) -> Iterator[Trouble]:
    """The hook, the drivers, caches of plaintext, and CI."""
    yield from _hook(view)
    if view.encrypted:
        yield from _drivers(view)
    yield from _caches(view)
    if view.pipelines and not view.checked_in_ci:
        yield Trouble(
            "ci",
            f"CI does not run the lint ({named(view.pipelines)})",
            "a hook can be left out by whoever commits; only CI sees every push",
            f"add a step that runs `secrets-gitops lint`; {_GUIDE} shows it for each host",
        )


def _hook(view: View) -> Iterator[Trouble]:
    folder = git.hooks_folder(view.root)
    path = os.path.join(folder, hooks.NAMES[0])
    if view.in_framework is False and not _is_ours(path):
        yield Trouble(
            "pre-commit",
            f"{PRE_COMMIT} does not have our hook",
            _UNSEEN,
            f"add `hooks: [{{id: secrets-gitops}}]` to {PRE_COMMIT}",
        )
        return
    if not os.path.lexists(path):
        fix = "pre-commit install" if view.in_framework is not None else _INSTALL
        if os.path.lexists(folder) and not os.path.isdir(folder):
            fix = f"git config --unset core.hooksPath && {fix}"
        yield Trouble("hook", f"there is no git hook at {_shown(view, path)}", _UNSEEN, fix)
        return
    if not os.access(path, os.X_OK):
        yield Trouble(
            "hook",
            f"the git hook {_shown(view, path)} is not executable",
            "git passes over it in silence",
            f"chmod +x {quoted(path)}",
        )
    if not _is_ours(path):
        if view.in_framework is None:
            yield Trouble("hook", f"the git hook {_shown(view, path)} is not ours", _UNSEEN, f"{_INSTALL} --chain")
        elif not (os.path.isfile(path) and runs_framework(files.read(path))):
            what = f"the git hook {_shown(view, path)} is not that of pre-commit"
            yield Trouble("hook", what, _UNSEEN, "pre-commit install")
        return
    found = _PYTHON.search(files.read(path))
    python = os.fsdecode(found[1].replace(b"'\\''", b"'")) if found else ""
    if not os.access(python, os.X_OK):
        yield Trouble("hook", f"the git hook calls {python}, which is gone", "every commit is refused", _INSTALL)


def _is_ours(path: str) -> bool:
    return os.path.lexists(path) and hooks.is_ours(path)


def _shown(view: View, path: str) -> str:
    """The path, and why it is not where people look."""
    inside = os.path.realpath(path).startswith(os.path.realpath(git.common_folder(view.root)) + os.sep)
    return os.path.relpath(path, view.root) if inside else f"{path} (`core.hooksPath` says so)"


def _drivers(view: View) -> Iterator[Trouble]:
    try:
        plan = drivers.plan(view.root)
    except Error:  # the rules are broken, which another check says
        return
    if plan.action != "keep" or plan.config:
        yield Trouble(
            "drivers",
            "git is not set up to show and merge encrypted files",
            "diffs show ciphertext, and a merge by lines leaves a file with a wrong MAC",
            _INSTALL,
        )


def _caches(view: View) -> Iterator[Trouble]:
    """Text that a driver decrypted, kept by git in its own folder."""
    for ref in _lines(("for-each-ref", "--format=%(refname)", "refs/notes/textconv"), view.root):
        yield Trouble(
            "textconv-cache",
            f"git keeps what a diff driver showed, decrypted values perhaps, under {ref}",
            "it lies in .git in plaintext, and `git push --mirror` takes it along",
            f"git update-ref -d {ref} && git gc --prune=now",
        )
    for line in _lines(("config", "--get-regexp", r"^diff\..*\.cachetextconv$", "^(true|yes|on|1)$"), view.root):
        name = line.split(" ")[0]
        yield Trouble(
            "textconv-cache",
            f"`{name}` is on",
            "git keeps what the driver shows, decrypted values perhaps, in its own folder",
            f"git config {name} false",
        )


def _lines(arguments: tuple[str, ...], root: str) -> list[str]:
    try:
        return os.fsdecode(git.run(arguments, root)).splitlines()
    except FileError:  # git answers 1 where there is nothing
        return []
