"""What the commands of the drop-in share: the rules that count, the keys at hand, reading and opening a file."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from secrets_gitops.cli import console
from secrets_gitops.cli.drop_in.exit_codes import (
    BAD_ORDER,
    CANNOT_DECRYPT,
    CANNOT_READ,
    CANNOT_SERIALISE,
    GENERIC,
    MAC_MISMATCH,
    NO_DATA_KEY,
    NO_FILE,
    Stop,
    stage,
)
from secrets_gitops.documents.formats import file_format
from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.documents.document import Document, Format
    from secrets_gitops.encrypted_files.rules import Found
    from secrets_gitops.envelopes.sops.opened import Opened
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.repository.creation_rules import CreationRules

_FORMATS = ("yaml", "json", "dotenv", "ini", "binary")
_PARENTS = 100
"""How far up sops looks for rules."""


class Session:
    """One call of the drop-in."""

    def __init__(self, given: Arguments, environ: Mapping[str, str]) -> None:
        self.given = given
        """The flags before the subcommand."""
        self.environ = environ
        self._config: str | None = None
        self._looked = False

    @property
    def config(self) -> str | None:
        """The file with the rules: named, or the nearest above the working directory; None without any."""
        if not self._looked:
            self._config = self.given.text("config") or _nearest(os.getcwd())
            self._looked = True
        return self._config

    def rules_for(self, path: str) -> Found:
        """The rules, and the one for a file. Raises Stop when they cannot be read, or something is wrong with it."""
        from secrets_gitops.encrypted_files import rules

        if self.config is None:
            return rules.Found(None, None, None, None)
        with stage(GENERIC):
            return rules.find(path, config=self.config, strict=False, one_by_one=True)

    def loaded_rules(self) -> CreationRules | None:
        """All rules. Raises Stop when sops could not load them: it reads them at every command that opens a file."""
        from secrets_gitops.encrypted_files import rules

        if self.config is None:
            return None
        with stage(GENERIC):
            return rules.loaded(self.config)

    def indent(self, form: Format) -> int | None:
        """By how much text of a format is indented that is written anew; None: as sops has it. Raises Stop."""
        indent = self.given.number("indent")
        if indent is None and self.config is not None:
            rules = self.loaded_rules()
            store = "json_binary" if form == "binary" else form
            indent = rules.indents.get(store) if rules is not None else None
        if indent is not None and indent < (-1 if form == "json" else 0):
            raise Stop(CANNOT_SERIALISE, f"nothing is indented by {indent}")
        return indent

    def keyring(self, given: Arguments) -> Keyring:
        """The keys at hand. Raises Stop when they are to be tried in an order that makes no sense."""
        from secrets_gitops.keys.keyring import Keyring

        refuse_key_services(given)
        order = given.text("decryption-order")
        environ = {**self.environ, "SOPS_DECRYPTION_ORDER": order} if order else self.environ
        with stage(BAD_ORDER, SettingsError):
            return Keyring.local(environ=environ)


def _nearest(folder: str) -> str | None:
    from secrets_gitops.repository.creation_rules import IGNORED_NAME, NAME

    for _ in range(_PARENTS):
        candidate = os.path.join(folder, NAME)
        if os.path.exists(candidate):
            return candidate
        if os.path.exists(os.path.join(folder, IGNORED_NAME)):
            console.warn(f"`{os.path.join(folder, IGNORED_NAME)}` is not read; its name must be `{NAME}`")
        parent = os.path.dirname(folder)
        if parent == folder:
            break
        folder = parent
    return None


def refuse_key_services(given: Arguments) -> None:
    """Raise Stop when other keys than those of this machine are asked for."""
    if given.texts("keyservice") or given.is_off("enable-local-keyservice"):
        raise Stop(
            GENERIC,
            "key services are not used here",
            hints=("the keys of this machine are; take `--keyservice` or SOPS_KEYSERVICE away",),
        )


def only_file(given: Arguments) -> str | None:
    """The file of a command that takes one; None when there is none. sops takes the first and says so; so do we."""
    from secrets_gitops.cli.drop_in.arguments import looks_like_flag

    if len(given.positional) > 1:
        if flag := looks_like_flag(given.positional[1:]):
            raise Stop(
                GENERIC,
                f"the flag `{flag}` stands behind the file, where sops passes over it",
                hints=("put flags before the file",),
            )
        console.warn(f"only `{given.positional[0]}` is handled: this command takes one file")
    return given.positional[0] if given.positional else None


def required_file(given: Arguments) -> str:
    """The file of a command that takes one. Raises Stop when there is none."""
    path = only_file(given)
    if path is None:
        raise Stop(NO_FILE, "no file is named")
    return path


def input_format(given: Arguments, path: str) -> Format:
    """The format that is read: named by one of five words, or that of the file's name."""
    return _named(given.text("input-type")) or file_format(path)


def output_format(given: Arguments, path: str) -> Format:
    """The format that is written: named, or that of the file's name, whatever is read."""
    return _named(given.text("output-type")) or file_format(path)


def _named(text: str) -> Format | None:
    return text if text in _FORMATS else None  # type: ignore[return-value]  # it is one of the literals


def exists(path: str) -> bool:
    """Is there such a file? A link that leads nowhere is none."""
    return os.path.exists(path)


def read_input(path: str | None) -> bytes:
    """What is in a file, or on standard input. Raises Stop."""
    if path is None:
        return sys.stdin.buffer.read()
    from secrets_gitops.repository import files

    with stage(CANNOT_READ):
        return files.read(path)


def read_sealed(data: bytes, path: str, form: Format) -> Document:
    """An encrypted file. Raises Stop: what cannot be read has no metadata for sops."""
    from secrets_gitops.encrypted_files.decrypt import read_sealed as read

    with stage(GENERIC):
        return read(data, path, form)


def opened(document: Document, keyring: Keyring, *, ignore_mac: bool = False) -> Opened:
    """The document, decrypted: the data key, then the values, then the MAC, each with its own exit code."""
    from secrets_gitops.envelopes.sops import groups
    from secrets_gitops.envelopes.sops import opened as sops

    with stage(GENERIC):
        metadata = sops.required_metadata(document)
    with stage(NO_DATA_KEY):
        data_key = groups.data_key_of(document, metadata, keyring)
    with stage(CANNOT_DECRYPT):
        result = sops.open_with(document, metadata, data_key, verify_mac=False)
    if ignore_mac:
        console.warn("the MAC was not checked")
        return result
    with stage(MAC_MISMATCH):
        sops.verify_mac(result, result.reads)
    return result


def now() -> str:
    """The time as `lastmodified` has it."""
    from secrets_gitops.cli import sops_files

    return sops_files.now()
