"""Which files a run is about: those that were named, those in folders that were named, or all of the repository."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.documents.formats import file_format
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.envelopes.sops import metadata
from secrets_gitops.errors import Error, FileError, Place, SettingsError
from secrets_gitops.repository import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_OURS = frozenset({".sops.yaml", ".sops.yml", ".secrets-gitops.yaml"})
_LARGEST = 64 << 20
"""Bytes: a larger file is taken only when it is named."""


class Selected(NamedTuple):
    """The files of a run, in order."""

    files: tuple[str, ...]
    searched: bool
    """Found in a folder or in the repository, not all named: then what is done already is passed over in silence."""
    notes: tuple[str, ...] = ()
    """What the user should hear: files that were left out, and why."""


def sealed(names: Sequence[str], *, every: bool) -> Selected:
    """Files to open: named ones as they are, in folders and with `every` those that are encrypted."""
    return _selected(names, every, _is_sealed)


def plain(names: Sequence[str], *, every: bool, config: str | None = None, by_name: bool = False) -> Selected:
    """Files to encrypt: named ones as they are, in folders and with `every` those that a creation rule covers.

    A rule without an expression covers every file there is: of those, folders give the ones in a format of their own,
    and `every` none; `by_name`: folders neither. Encrypted ones are among them, as they may be so only in part.
    """
    from secrets_gitops.encrypted_files import rules  # noqa: PLC0415  opening files needs no rules

    left: list[str] = []

    def covered(path: str, data: Callable[[], bytes], *, named_folder: bool) -> bool:
        name = os.path.basename(path)
        if name in _OURS:
            return False
        rule = rules.find(path, config=config, strict=False).rule
        if rule is None or rule.path_regex:
            return rule is not None
        if named_folder and not by_name:
            return file_format(path) != "binary" and (not name.startswith(".") or name.endswith(".env"))
        if file_format(path) != "binary" and not _is_sealed(path, data, named_folder=False):
            left.append(path)
        return False

    found = _selected(names, every, covered)
    if not left:
        return found
    note = f"{len(left)} files were left out: their rule has no `path_regex`; name them, or give the rule one"
    return found._replace(notes=(note,))


def _selected(names: Sequence[str], every: bool, wanted: _Wanted) -> Selected:
    if every and names:
        raise SettingsError("`--all` takes every file; name none beside it")
    if not every and not names:
        raise SettingsError("no file was named", hints=("name files or folders, or say `--all`",))
    if every:
        return Selected(tuple(_all(wanted)), searched=True)
    found: dict[str, None] = {}
    for name in names:
        if name != "-" and os.path.isdir(name):
            found.update(dict.fromkeys(_in_folder(name, wanted)))
        else:
            found[name] = None
    return Selected(tuple(found), searched=any(name != "-" and os.path.isdir(name) for name in names))


def _all(wanted: _Wanted) -> Iterator[str]:
    """What a commit of everything in the repository would hold."""
    from secrets_gitops.repository import git  # noqa: PLC0415  one file that was named needs neither
    from secrets_gitops.repository.snapshot import LINK  # noqa: PLC0415
    from secrets_gitops.repository.work_tree import WorkTree  # noqa: PLC0415

    here = os.getcwd()
    top = git.root_of(here) or here
    tree = WorkTree(top)
    for path in sorted(tree.paths()):
        if tree.mode(path) != LINK:
            shown = os.path.relpath(os.path.join(top, path))
            if wanted(shown, lambda path=path: tree.read(path, _LARGEST), named_folder=False):  # type: ignore[misc]
                yield shown


def _in_folder(folder: str, wanted: _Wanted) -> Iterator[str]:
    """Every file below a folder, also those that git ignores; symbolic links are not followed."""

    def refuse(error: OSError) -> None:
        raise FileError(f"cannot list: {os.strerror(error.errno or 0).lower()}", place=Place(folder)) from error

    for where, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            path = os.path.normpath(os.path.join(where, name))
            if not os.path.isfile(path) or os.path.islink(path):
                continue
            if wanted(path, lambda path=path: files.read(path, _LARGEST), named_folder=True):  # type: ignore[misc]
                yield path


def _is_sealed(path: str, data: Callable[[], bytes], *, named_folder: bool) -> bool:  # noqa: ARG001
    """Is this an encrypted file? One that cannot be read, but has envelopes in it, counts: it should not be missed."""
    try:
        content = data()
    except FileError:
        return False
    if b"sops" not in content or (b"lastmodified" not in content and b"ENC[" not in content):
        return False
    try:
        document = read(content, path=path, limits=Limits.LARGE, duplicates="keep", sealed=True)
        return metadata.find(document) is not None
    except Error:
        return b"ENC[AES256_GCM,data:" in content and b"lastmodified" in content and file_format(path) != "binary"


if TYPE_CHECKING:
    from typing import Protocol

    class _Wanted(Protocol):
        def __call__(self, path: str, data: Callable[[], bytes], *, named_folder: bool) -> bool:
            """Is this file one of those that the run is about?"""
