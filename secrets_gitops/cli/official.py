"""What the commands do with `--engine sops`: the official program works, we read, write and say what was done."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from secrets_gitops.cli import sops_files
from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.envelopes.sops.official import Official


def engine(identities: Sequence[str], config: str | None = None) -> Official:
    """The program. Raises SettingsError when it is not here."""
    from secrets_gitops.envelopes.sops.official import Official

    return Official(os.environ, identities=identities, config=config)


def refuse_stdin(files: Sequence[str]) -> None:
    """The rules of sops go by the names of files."""
    if "-" in files:
        raise SettingsError("`--engine sops` reads files by name", hints=("leave `--engine` out for standard input",))


def index_of(file: str, path: str, root: int = 0) -> str:
    """A path as sops writes it: `["a"]["b"][0]`. Raises SettingsError for keys that it has no way to write."""
    from secrets_gitops.encrypted_files import index_path

    if root:
        raise SettingsError("the official sops changes the first document only", hints=("leave `--engine` out",))
    document = sops_files.read_sealed(file)
    steps = index_path.parse(path, document.roots[0] if document.roots else None)
    for step in steps:
        if isinstance(step, str) and set(step) & set("[]\"'"):
            raise SettingsError(f"sops cannot address the key `{step}`", hints=("leave `--engine` out",))
    return "".join(f"[{step}]" if isinstance(step, int) else f'["{step}"]' for step in steps)


def json_of(value: str | bytes, *, as_json: bool) -> bytes:
    """A value as `sops set` takes it."""
    if isinstance(value, bytes):
        raise SettingsError("`--engine sops` takes text only", hints=("leave `--engine` out",))
    return value.encode() if as_json else json.dumps(value).encode()
