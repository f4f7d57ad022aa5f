"""`set`: change one value of an encrypted file. The value comes from a prompt, standard input or a file."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import batch
from secrets_gitops.cli.options import dry_run_option, engine_option, identity_option
from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from secrets_gitops.documents.plain import Tree


@click.command(
    name="set",
    help="Change one value of an encrypted file: only its line changes, and the MAC with its time."
    """ PATH is `a.b[0]` or `'["a"]["b"][0]'`; what is missing on the way is made."""
    " In a folder, and with --all in the repository, every encrypted file is changed that has a value there."
    " The value is asked for, or read from standard input (one newline at its end is not part of it) or from a file (as"
    " it is); it is never an argument, since arguments are seen by others and kept in the shell's history.",
)
@click.option("--value-stdin", is_flag=True, help="Read the value from standard input, as when that is no terminal.")
@click.option("--value-file", metavar="FILE", help="Read the value from a file, with its last newline.")
@click.option(
    "--json", "as_json", is_flag=True, help="The value is JSON: a number, a list, a map; else it is a string."
)
@click.option("--document", "root", type=click.IntRange(0), default=0, metavar="N", help="Which YAML document, from 0.")
@batch.all_option
@dry_run_option
@identity_option
@engine_option
@click.argument("arguments", nargs=-1, required=True, metavar="[FILE | FOLDER]... PATH")
def command(
    arguments: tuple[str, ...],
    value_file: str | None,
    root: int,
    identities: tuple[str, ...],
    engine: str,
    *,
    value_stdin: bool,
    as_json: bool,
    every: bool,
    dry_run: bool,
) -> int:
    """Read the value, change the files, say what was done."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files.set_value import holds, set_value
    from secrets_gitops.keys.keyring import Keyring

    files, path = sops_files.files_and_path(arguments, every=every)
    if len(files) > 1 and not os.path.exists(files[-1]):
        raise SettingsError(
            "the value is not taken from the arguments: others can see them, and the shell keeps them",
            hints=(f"leave it out to be asked, or pipe it: `… | secrets-gitops set {files[0]} PATH`",),
        )
    if value_stdin and value_file is not None:
        raise SettingsError("`--value-stdin` and `--value-file` exclude each other")
    chosen = sops_files.chosen(files, every=every)
    documents = {file: sops_files.read_unless_unmerged(file) for file in chosen.files} if not chosen.searched else {}
    data = _read(path, value_file, value_stdin=value_stdin)
    value = _json(data) if as_json else _text(data)
    keyring, now = Keyring.local(identities), sops_files.now()
    sops = None
    if engine == "sops":
        from secrets_gitops.cli import official

        sops = official.engine(identities)

    def step(file: str) -> batch.Done:
        document = documents.pop(file, None) or sops_files.read_unless_unmerged(file)
        if document is None:
            return sops_files.decided(file, keyring, path, value, root=root)
        if chosen.searched and not holds(document, path, root=root):
            return batch.Done("without that value")
        if sops is not None:
            text = data.decode("utf-8", "surrogateescape") if as_json else _text(data)
            given = official.json_of(text, as_json=as_json)
            result = sops.set(file, official.index_of(file, path, root), given)
            return batch.Done("changed", f"set `{path}` in {file}", result, file)
        changed = set_value(document, keyring, path, value, now, root=root)
        if changed.document is None:
            line = f"{file} is not changed: `{changed.path}` has that value already"
            return batch.Done("not changed", line, silent=True)
        clear = f"`{changed.path}` stands in clear: the selector of {file} does not choose it"
        return batch.Done(
            "changed",
            f"set `{changed.path}` in {file}",
            changed.document.to_bytes(),
            file,
            notes=changed.notes,
            warnings=(clear,) if changed.in_clear else (),
        )

    return batch.run(chosen, step, dry_run=dry_run, keyring=keyring)


def _read(path: str, value_file: str | None, *, value_stdin: bool) -> bytes:
    if value_file is not None:
        from secrets_gitops.repository import files

        return files.read(value_file)
    if sys.stdin.isatty() and not value_stdin:
        value: str = click.prompt(f"value of {path}", hide_input=True, err=True, default="", show_default=False)
        return value.encode("utf-8", "surrogateescape")
    data = sys.stdin.buffer.read()
    return data.removesuffix(b"\n").removesuffix(b"\r") if data.endswith(b"\r\n") else data.removesuffix(b"\n")


def _text(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _json(data: bytes) -> Tree:
    """The tree in JSON text; integers beyond 64 bits are doubles, as sops has it."""
    from secrets_gitops.documents.plain import to_plain
    from secrets_gitops.documents.read import read

    document = read(data, path="<value>", format="json")
    return to_plain(document.roots[0], "go_v3", path="<value>")
