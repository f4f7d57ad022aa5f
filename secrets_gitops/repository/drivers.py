"""Git's drivers for encrypted files: attributes that name them, in the repository, and their commands, in the clone.

The commands name the interpreter of today and run it isolated. Where it or the package is gone, git's own way remains:
the ciphertext is shown, and merged by lines, which ends in a conflict and never in a wrong file.
"""

from __future__ import annotations

import os
import shlex
import sys

from secrets_gitops.errors import FileError, Place
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple
from secrets_gitops.repository import creation_rules, files, git
from secrets_gitops.repository.work_tree import WorkTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    Action = Literal["make", "renew", "keep"]

NAME = "secrets-gitops"
ATTRIBUTES = ".gitattributes"
EVERYTHING = ("*.yaml", "*.yml", "*.json", "*.env", "*.ini")
"""Where the creation rules do not say which files are encrypted; the drivers leave others as they are."""
_BEGIN = b"# secrets-gitops: diff and merge of encrypted files (`secrets-gitops git install` writes these lines)\n"
_END = b"# secrets-gitops: end\n"
_LIMIT = 1 << 20
_OURS = pattern(rb"(?ms)^# secrets-gitops: diff and merge.*?^# secrets-gitops: end\r?\n")
_SIMPLE = pattern(r"(\^?)((?:\.\*)?)((?:[\w/-]|\\\.|(?<=/)\.\*)+)(\$?)\Z")
_RUN = "-I -m secrets_gitops git"
_SECTIONS = (f"diff.{NAME}", f"merge.{NAME}")


class Settings(NamedTuple):
    """What is to be done: the attributes file and its new content, and the settings of the clone."""

    path: str
    content: bytes
    action: Action
    config: tuple[tuple[str, str], ...]
    """Those that are missing or differ."""


def plan(root: str) -> Settings:
    """What it takes to set up the drivers in the repository at `root`. Raises FileError, SettingsError."""
    path = os.path.join(root, ATTRIBUTES)
    if os.path.islink(path):
        raise FileError(
            f"git does not read a `{ATTRIBUTES}` that is a symbolic link",
            hints=("put the file itself there",),
            place=Place(ATTRIBUTES),
        )
    old = files.read(path, _LIMIT) if os.path.lexists(path) else b""
    block = _BEGIN + b"".join(f"{one} diff={NAME} merge={NAME}\n".encode() for one in _patterns(root)) + _END
    new = _OURS.sub(lambda _: block, old, count=1) if _OURS.search(old) else block + old
    action: Action = "keep" if new == old else "renew" if old else "make"
    wanted = tuple((key, value) for key, value in _config() if _is_ours(_value(root, key), value))
    return Settings(path, new, action, wanted)


def install(root: str, settings: Settings) -> None:
    """Carry out a plan. Raises FileError."""
    if settings.action != "keep":
        files.replace(settings.path, settings.content, mode=0o644)
    for key, value in settings.config:
        git.run(("config", "--local", key, value), root)


def config_file(root: str) -> str:
    """Where the settings of the clone stand."""
    return os.path.join(git.common_folder(root), "config")


def uninstall(root: str) -> list[str]:
    """Take away what `install` wrote; returns what was there."""
    removed = []
    path = os.path.join(root, ATTRIBUTES)
    old = files.read(path, _LIMIT) if os.path.isfile(path) and not os.path.islink(path) else b""
    new = _OURS.sub(b"", old)
    if new != old:
        if new:
            files.replace(path, new)
        else:
            os.unlink(path)
        removed.append(ATTRIBUTES)
    for section in _SECTIONS:
        try:
            git.run(("config", "--local", "--remove-section", section), root)
        except FileError:  # it is not there
            continue
        removed.append(f"the settings `{section}` of this clone")
    return removed


def _config() -> Iterable[tuple[str, str]]:
    python = shlex.quote(sys.executable)
    run = f"{python} {_RUN}"
    yield f"diff.{NAME}.textconv", f'f() {{ grep -q sops "$1" && {run} textconv "$1" || cat "$1"; }}; f'
    yield f"diff.{NAME}.cachetextconv", "false"  # it would keep what is shown in git's own folder
    yield f"merge.{NAME}.name", "merge of encrypted files by key"
    merge = (
        f"f() {{ if {python} -I -c 'import secrets_gitops' 2>/dev/null; then"
        f' {run} merge "$@"; c=$?; [ $c -gt 1 ] || return $c; fi;'
        ' echo "$5: not merged by key; the ciphertext is merged by lines" >&2;'
        ' git merge-file -q --marker-size="$4" "$2" "$1" "$3"; }; f %O %A %B %L %P %S %X %Y'
    )
    yield f"merge.{NAME}.driver", merge
    yield f"merge.{NAME}.recursive", "binary"


def _is_ours(old: str | None, new: str) -> bool:
    """Is a setting missing, or ours and not as it should be? What somebody chose otherwise stays."""
    return old is None or (old != new and _RUN in old)


def _value(root: str, key: str) -> str | None:
    try:
        return os.fsdecode(git.run(("config", "--local", "--get", "-z", key), root)).removesuffix("\0")
    except FileError:  # git answers 1 where there is none
        return None


def _patterns(root: str) -> tuple[str, ...]:
    """The files that the creation rules name, where attributes can name them too; else every file of a known format.

    A pattern that takes in more than its rule does no harm.
    """
    rules = creation_rules.load(WorkTree(root), creation_rules.NAME, strict=False)
    if rules is None or not rules.rules or git.run(("ls-files", "-z", f"*/{creation_rules.NAME}"), root):
        return EVERYTHING
    found = [_glob(rule.path_regex) for rule in rules.rules]
    return EVERYTHING if None in found else tuple(dict.fromkeys(one for one in found if one is not None))


def _glob(regexp: str) -> str | None:
    r"""The attribute pattern for a simple expression, such as `\.enc\.yaml$` or `^apps/.*\.yaml$`; None for others."""
    simple = _SIMPLE.match(regexp)
    if simple is None:
        return None
    text = simple[3].replace("/.*", "/**/*").replace("\\.", ".")
    if not simple[4]:
        if not text.endswith(("/", "*")):
            return None
        text = f"{text}**" if text.endswith("/") else text
    if simple[1] and not simple[2]:
        return f"/{text}"
    return f"**/*{text}" if "/" in text else f"*{text}"
