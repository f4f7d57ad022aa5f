"""`sops edit`, and `sops FILE`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from secrets_gitops.cli import console
from secrets_gitops.cli.drop_in import change, encrypt, flags, session
from secrets_gitops.cli.drop_in.exit_codes import GENERIC, NO_EDITOR, NOT_CHANGED, Stop, stage
from secrets_gitops.cli.drop_in.output import changed_content, put
from secrets_gitops.errors import Error, FileError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session
    from secrets_gitops.documents.document import Document, Format

FLAGS = (
    *flags.RECIPIENTS, flags.INPUT_TYPE, flags.OUTPUT_TYPE, *flags.SELECTORS, flags.THRESHOLD, flags.SHOW_KEYS,
    flags.IGNORE_MAC, flags.ORDER, flags.GLOBAL_MAC_ONLY, *flags.KEY_SERVICE,
)  # fmt: skip

_EXAMPLES = {
    "yaml": b"hello: Welcome to SOPS! Edit this file as you please!\nexample_key: example_value\n# Example comment\n"
    b"example_array:\n    - example_value1\n    - example_value2\nexample_number: 1234.56789\n"
    b"example_booleans:\n    - true\n    - false\n",
    "json": b'{\n\t"hello": "Welcome to SOPS! Edit this file as you please!",\n\t"example_key": "example_value",\n'
    b'\t"example_array": [\n\t\t"example_value1",\n\t\t"example_value2"\n\t],\n\t"example_number": 1234.56789,\n'
    b'\t"example_booleans": [\n\t\ttrue,\n\t\tfalse\n\t]\n}\n',
    "dotenv": b"# This is an example of a dotenv file\nhello=Welcome to SOPS! Edit this file as you please!\n"
    b"example_key=example_value\n",
    "ini": b"[Welcome!]\n; This is an example comment.\nhello = Welcome to SOPS! Edit this file as you please!\n"
    b"example_key = example_value\n",
    "binary": b"Welcome to SOPS! Edit this file as you please!",
}
"""What a new file begins with, so that the editor shows what can be written."""


def run(here: Session, given: Arguments) -> int:
    """Show the plaintext to the editor until it leaves what can be encrypted."""
    path = session.required_file(given)
    form = change.same_format(given, path)
    if session.exists(path):
        before, result = _existing(here, given, path)
    else:
        before, result = _new(here, given, path, form)
    document = _edited(here, path, before, result)
    put(changed_content(document), path, private=False)
    return 0


def _existing(here: Session, given: Arguments, path: str) -> tuple[bytes, Callable[[bytes], Document]]:
    from secrets_gitops.envelopes.sops.creating import refuse_own_block

    opened = change.open_file(here, given, path)
    plaintext = opened.content()
    if given.switch("show-master-keys"):
        console.note(f"the keys of {path}, which the editor does not change:")
        for entry in opened.metadata.entries:
            console.note(f"  {entry.kind} {entry.recipient}")

    def result(changed: bytes) -> Document:
        plain = encrypt.read_plain(changed, path, opened.plain.format)
        refuse_own_block(plain)
        opened.replace_plain(plain)
        return opened.seal(session.now())

    return plaintext, result


def _new(here: Session, given: Arguments, path: str, form: Format) -> tuple[bytes, Callable[[bytes], Document]]:
    session.refuse_key_services(given)
    here.loaded_rules()
    how = encrypt.recipe(here, given, path)

    def result(changed: bytes) -> Document:
        return encrypt.encrypted(encrypt.read_plain(changed, path, form), how, form, here)

    return _EXAMPLES[form], result


def _edited(here: Session, path: str, before: bytes, result: Callable[[bytes], Document]) -> Document:
    """What the editor made of it. Raises Stop."""
    from secrets_gitops.cli import editor, hardening
    from secrets_gitops.encrypted_files.private_folder import private_folder, write_private

    with stage(NO_EDITOR, SettingsError):
        command = editor.command(here.environ)
    hardening.harden()
    # sops takes the disk without a word; where there is no memory file system, so do we, and say it
    with private_folder(here.environ, allow_disk=True) as folder:
        shown = write_private(folder, path.rsplit("/", 1)[-1], before)
        while True:
            with stage(NO_EDITOR, FileError):
                editor.run([*command, shown], path)
            changed = editor.left(shown, path)
            if changed == before:
                raise Stop(NOT_CHANGED, f"{path} is not changed")
            try:
                return result(changed)
            except Stop as stop:
                if stop.error is None:
                    raise
                console.show(stop.error)
            except Error as error:
                console.show(error)
            console.note("press Enter to go back to the editor, or Ctrl-C to leave the file as it is")
            if not sys.stdin.readline():
                raise Stop(GENERIC, "nothing was written", path=path)
