"""`git textconv`: what `git diff` and `git log -p` show of an encrypted file. Whatever is wrong with it, they go on."""

from __future__ import annotations

import hashlib

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import identity_option
from secrets_gitops.errors import Error, Tampered


@click.command(
    name="textconv",
    help="Print an encrypted file for a diff: keys and structure, each value as type, length and fingerprint. git calls"
    " it. Without a key the file is printed as it is. Nothing is cached.",
)
@click.option("--show-values", is_flag=True, help="Print the plaintext. It ends up wherever the diff does.")
@identity_option
@click.argument("file")
def command(file: str, identities: tuple[str, ...], *, show_values: bool) -> None:
    """Print what a person may see."""
    from secrets_gitops.repository import files

    data = files.read(file)
    if b"sops" not in data:
        console.write(data)
        return
    from secrets_gitops.cli import hardening

    hardening.harden()
    try:
        shown = _shown(data, file, identities, show_values=show_values)
    except Error:
        console.write(data)
    else:
        console.write(shown)


def _shown(data: bytes, file: str, identities: tuple[str, ...], *, show_values: bool) -> bytes:
    from secrets_gitops.encrypted_files.decrypt import decrypt, read_sealed
    from secrets_gitops.encrypted_files.redact import redacted
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.repository.clone_key import clone_key

    document, keyring, warning = read_sealed(data, file), Keyring.local(identities), b""
    try:
        result = decrypt(document, keyring)
    except Tampered as error:
        result = decrypt(document, keyring, verify_mac=False)
        warning = f"# not verified: {error.message}\n".encode()
    if show_values:
        return warning + result.content()
    key = clone_key(".") or hashlib.sha256(b"fingerprints" + result.data_key.reveal()).digest()
    return warning + redacted(result, key).encode("utf-8", "surrogateescape")
