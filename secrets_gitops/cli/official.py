"""What the commands do with `--engine sops`: the official program works, we read, write and say what was done."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from secrets_gitops.cli import console, sops_files
from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from secrets_gitops.envelopes.sops.official import Official


def engine(identities: Sequence[str], config: str | None = None) -> Official:
    """The program. Raises SettingsError when it is not here."""
    from secrets_gitops.envelopes.sops.official import Official

    return Official(os.environ, identities=identities, config=config)


def convert(
    files: Sequence[str],
    result_of: Callable[[str], bytes],
    done: str,
    *,
    output: str | None,
    output_dir: str | None,
    in_place: bool,
) -> None:
    """Do all files, then write them; `done` is the verb in the past."""
    refuse_stdin(files)
    results = [(path, result_of(path)) for path in files]
    for path, data in results:
        target = sops_files.target(path, output, output_dir, in_place=in_place)
        if target is None:
            console.write(data)
        else:
            sops_files.write(target, data, f"{done} {path}" if target == path else f"wrote {target}")


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
