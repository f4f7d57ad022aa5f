"""What the commands on encrypted files share: where they read, and where they write."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from secrets_gitops.cli import console
from secrets_gitops.errors import SettingsError, Unmerged

if TYPE_CHECKING:
    from secrets_gitops.cli import batch
    from secrets_gitops.documents.document import Document
    from secrets_gitops.documents.plain import Tree
    from secrets_gitops.encrypted_files.selected import Selected
    from secrets_gitops.keys.keyring import Keyring

STDIN = "<stdin>"


def now() -> str:
    """The time as `lastmodified` has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def check_targets(
    files: tuple[str, ...], output: str | None, output_dir: str | None, *, in_place: bool, many: bool = False
) -> None:
    """Refuse what contradicts itself before anything is read. `many`: `files` may hold folders, or stand for all."""
    if sum((in_place, output is not None, output_dir is not None)) > 1:
        raise SettingsError("`-i`, `-o` and `--output-dir` exclude each other")
    if in_place and "-" in files:
        raise SettingsError("standard input cannot be replaced in place")
    if (len(files) > 1 or many) and not in_place and output_dir is None:
        raise SettingsError(
            "several files do not go to one output",
            hints=("replace them with `-i`, or name a folder: `--output-dir OUT`",),
        )
    if output_dir is not None:
        for path in files:
            _refuse_outside(path)


def _refuse_outside(path: str) -> None:
    if path == "-" or os.path.isabs(path) or os.path.normpath(path).split(os.sep)[0] == "..":
        raise SettingsError(
            f"`{path}` has no place below `--output-dir`",
            hints=("name files below the current folder; for `--all`, go to the top of the repository",),
        )


def read_input(path: str, filename: str | None) -> tuple[bytes, str]:
    """The content of a file, or of standard input for `-`, and its name."""
    if path != "-":
        from secrets_gitops.repository import files

        return files.read(path), path
    if sys.stdin.isatty():
        console.note("reading standard input; end with Ctrl-D")
    data = sys.stdin.buffer.read()
    if filename is None:
        begins = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        return data, f"{STDIN}.json" if begins == b"{" else f"{STDIN}.yaml"
    return data, filename


def read_sealed(path: str, filename: str | None = None) -> Document:
    """The encrypted document in a file or on standard input."""
    from secrets_gitops.encrypted_files.decrypt import read_sealed as read

    return read(*read_input(path, filename))


def chosen(names: tuple[str, ...], *, every: bool) -> Selected:
    """The encrypted files of a run: those named; in folders, and with `every` in the repository, all there are."""
    from secrets_gitops.encrypted_files import selected

    if len(names) == 1 and not every and not os.path.isdir(names[0]):
        return selected.Selected(names, searched=False)
    return selected.sealed(names, every=every)


def files_and_path(arguments: tuple[str, ...], *, every: bool) -> tuple[tuple[str, ...], str]:
    """The files and, last, the path of a value. Raises SettingsError when one of them is missing."""
    if len(arguments) < (1 if every else 2):
        raise SettingsError("name a file and the path of a value in it: `FILE a.b[0]`")
    return arguments[:-1], arguments[-1]


def target(path: str, output: str | None, output_dir: str | None, *, in_place: bool) -> str | None:
    """Where the result for `path` goes; None is standard output."""
    if in_place:
        return path
    if output_dir is not None:
        _refuse_outside(path)
        return os.path.join(output_dir, path)
    return None if output in {None, "-"} else output


def write(path: str, data: bytes) -> None:
    """Put `data` into the file as a whole. A new file is for its owner alone."""
    from secrets_gitops.repository import files

    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    files.replace(path, data)


def differs(path: str, data: bytes) -> bool:
    """Does the file at `path` not hold `data` yet?"""
    from secrets_gitops.repository import files

    return not os.path.isfile(path) or files.read(path) != data


def read_unless_unmerged(path: str) -> Document | None:
    """The encrypted document in a file; None where the markers of a merge conflict stand in it."""
    try:
        return read_sealed(path)
    except Unmerged:
        return None


def decided(
    path: str, keyring: Keyring, path_text: str, value: Tree | None, *, root: int, remove: bool = False
) -> batch.Done:
    """A conflict of a file with markers less: both sides get this value, or lose it."""
    from secrets_gitops.cli import batch
    from secrets_gitops.encrypted_files.unmerged import Versions
    from secrets_gitops.repository import files

    versions = Versions(files.read(path), path, keyring)
    found = versions.set(path_text, value, now(), root=root, remove=remove)
    left = f"; {found.left} conflict{'s' * (found.left != 1)} left" if found.left else "; no conflict is left"
    done = f"removed `{found.path}` from" if remove else f"set `{found.path}` in"
    return batch.Done("changed", f"{done} {path}{left}", found.data, path)
