"""Plain git hooks: a small script where git looks for it, which runs our check with the interpreter of today.

The interpreter is named by its absolute path and runs isolated (`-I`), so that neither PYTHONPATH nor a module in the
repository takes our place. When it is gone, or we are gone from it, the hook fails and says so.
"""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

from secrets_gitops.errors import FileError, Place, SettingsError
from secrets_gitops.repository import files, git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    Action = Literal["make", "renew", "chain", "keep"]

NAMES = ("pre-commit", "pre-merge-commit", "pre-push", "commit-msg")
_MODES = {"pre-push": b" --pushed-range", "commit-msg": b" --commit-msg"}
"""What a hook says to our entry point before the arguments that git gives it; others give it nothing."""
CHAINED = ".secrets-gitops-chained"
"""Added to the name of a hook that was there before us, and that ours runs when it found nothing."""
_MARK = b"# written by `secrets-gitops git install`"
_LIMIT = 1 << 20
_HEAD = b"""\
#!/bin/sh
%s, which also renews it
python=%s
if [ ! -x "$python" ]; then
    echo "secrets-gitops: $python is gone, so nothing was checked" >&2
    echo "hint: run \\`secrets-gitops git install\\` once more" >&2
    exit 3
fi
check() {
    "$python" -I -c '
import sys
try:
    from secrets_gitops.hook import main
except ModuleNotFoundError as missing:
    print(f"secrets-gitops: {missing}, so nothing was checked", file=sys.stderr)
    print("hint: install secrets-gitops, then run `secrets-gitops git install` once more", file=sys.stderr)
    sys.exit(3)
sys.exit(main())'%s
}
"""
_TAIL = b"""\
check || exit
[ ! -x "$0%s" ] || exec "$0%s" "$@"
"""
_TAIL_WITH_INPUT = b"""\
refs=$(cat)
told() {
    [ -z "$refs" ] || printf '%%s\\n' "$refs"
}
told | check "$@" || exit
[ ! -x "$0%s" ] || { told | "$0%s" "$@"; }
"""
"""Of pre-push: what git says on standard input is for both hooks."""


class Step(NamedTuple):
    """What is to be done with one hook."""

    path: str
    action: Action


def plan(root: str, names: Iterable[str], *, chain: bool) -> list[Step]:
    """What installing the hooks `names` in the repository at `root` takes.

    Raises SettingsError for a hook of somebody else unless `chain` keeps it, FileError when git fails.
    """
    folder = git.hooks_folder(root)
    return [Step(path := os.path.join(folder, name), _action(path, chain=chain)) for name in names]


def _action(path: str, *, chain: bool) -> Action:
    if not os.path.lexists(path):
        return "make"
    if is_ours(path):
        same = files.read(path, _LIMIT) == script(os.path.basename(path)) and os.access(path, os.X_OK)
        return "keep" if same else "renew"
    if not chain:
        raise SettingsError(
            "there is a hook already, and it is not ours",
            hints=("`secrets-gitops git install --chain` keeps it and runs it after ours",),
            place=Place(path),
        )
    if os.path.lexists(path + CHAINED):
        raise SettingsError("there is a chained hook already", hints=(f"look at `{path}{CHAINED}`",), place=Place(path))
    return "chain"


def foreign(root: str, names: Iterable[str]) -> list[str]:
    """Those of the hooks `names` that are there and not ours."""
    folder = git.hooks_folder(root)
    return [name for name in names if os.path.lexists(path := os.path.join(folder, name)) and not is_ours(path)]


def is_ours(path: str) -> bool:
    """Whether the hook at `path` was written by `install`."""
    return os.path.isfile(path) and _MARK in files.read(path, _LIMIT)


def script(name: str) -> bytes:
    """The hook called `name`, for the interpreter that runs us."""
    quoted = os.fsencode(sys.executable).replace(b"'", b"'\\''")
    mode = _MODES.get(name, b"")
    head = _HEAD % (_MARK, b"'%s'" % quoted, mode + b' "$@"' if mode else b"")
    chained = CHAINED.encode()
    if name == "pre-push":
        return head + _TAIL_WITH_INPUT % (chained, chained)
    tail = _TAIL % (chained, chained)
    return head + (tail.replace(b"check ||", b'check "$@" ||') if mode else tail)


def install(steps: Iterable[Step]) -> None:
    """Carry out a plan. Raises FileError; a hook of somebody else stays in force then."""
    for path, action in steps:
        if action == "keep":
            continue
        _make_folder(os.path.dirname(path))
        if action == "chain":
            os.rename(path, path + CHAINED)
        try:
            files.replace(path, script(os.path.basename(path)), mode=0o755)
            os.chmod(path, os.stat(path).st_mode | 0o111)  # noqa: S103  an old file kept its mode
        except BaseException:
            if action == "chain":
                os.rename(path + CHAINED, path)
            raise


def _make_folder(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise FileError(
            f"cannot make the folder of the hooks: {reason[:1].lower()}{reason[1:]}",
            hints=("`git config core.hooksPath` says where git looks for hooks",),
            place=Place(folder),
        ) from error


def uninstall(root: str, names: Iterable[str]) -> list[str]:
    """Remove our hooks and put chained ones back; returns the paths. Hooks of others stay."""
    folder = git.hooks_folder(root)
    ours = [path for name in names if is_ours(path := os.path.join(folder, name))]
    for path in ours:
        if os.path.lexists(path + CHAINED):
            os.rename(path + CHAINED, path)
        else:
            os.unlink(path)
    return ours


def are_shared(root: str) -> bool:
    """Whether git looks for hooks outside of its own folder of this clone, so that others may run them too."""
    folder, clone = (os.path.realpath(path) for path in (git.hooks_folder(root), git.common_folder(root)))
    return not folder.startswith(clone + "/")


def check_interpreter() -> None:
    """Raise SettingsError when the interpreter, run as the hook will run it, does not find us."""
    import subprocess  # noqa: PLC0415  installing is not the hook

    done = subprocess.run(
        [sys.executable, "-I", "-c", "import secrets_gitops"],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        raise SettingsError(
            "the hook runs Python isolated (`-I`), and secrets-gitops is not found that way",
            hints=("install it in a virtual environment, or with `pipx install secrets-gitops`",),
            place=Place(sys.executable),
        )
