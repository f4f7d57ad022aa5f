"""`render`: manifests as the cluster should get them, on standard output, all or nothing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.resolving import Resolving, resolving_options

if TYPE_CHECKING:
    from secrets_gitops.keys.sealing import SealingKey
    from secrets_gitops.materialize.materialized import Given
    from secrets_gitops.render.stream import Rendered

SEALING_KEYS = "SECRETS_GITOPS_SEALING_KEYS"


@click.command(name="render")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--redact", is_flag=True, help="Print keys, sizes and fingerprints instead of the manifests.")
@click.option("--exclude-secret", is_flag=True, help="Leave references that begin with `secretref+` as they are.")
@click.option(
    "--decode-kubernetes-secrets", is_flag=True, help="Look for references inside the base64 of Secrets, too."
)
@click.option(
    "--sealing-key",
    "sealing_keys",
    multiple=True,
    metavar="FILE",
    help=f"A private key (PEM, or a backup of key Secrets) that opens SealedSecrets. [env: {SEALING_KEYS}]",
)
@resolving_options
def command(
    paths: tuple[str, ...],
    sealing_keys: tuple[str, ...],
    identities: tuple[str, ...],
    *,
    redact: bool,
    exclude_secret: bool,
    decode_kubernetes_secrets: bool,
    allow_outside: bool,
    timeout: float,
) -> int:
    """Turn manifests into what the cluster should get, and print them.

    PATH is a file, a folder (every manifest below it), or `-` for standard input. References are replaced by their
    values, files encrypted with sops are opened, SealedSecrets and SopsSecrets become Secrets; all other text stays as
    it is. If anything fails, nothing is printed.
    """
    from secrets_gitops.cli.hardening import harden
    from secrets_gitops.errors import SettingsError
    from secrets_gitops.render import inputs
    from secrets_gitops.render.stream import RenderFailed, Stream

    if paths.count("-") > 1:
        raise SettingsError("standard input can be read once only")
    harden()
    resolving = Resolving(identities, allow_outside, timeout)
    found = inputs.gather(paths, sys.stdin.buffer.read, root=resolving.root, allow_outside=allow_outside)
    for skipped in found.skipped:
        console.note(f"skipped {skipped}")
    given = _Given(resolving, sealing_keys or tuple(filter(None, os.environ.get(SEALING_KEYS, "").split(os.pathsep))))
    stream = Stream(resolving.resolver(keep_secretref=exclude_secret), given, inside_base64=decode_kubernetes_secrets)
    try:
        rendered = stream.render(found.documents, found.errors)
    except RenderFailed as failed:
        for error in failed.errors:
            console.show(error)
        console.note("nothing was rendered")
        return failed.exit_code
    for note in rendered.notes:
        console.note(note)
    console.write(_summary(rendered) if redact else rendered.text)
    return 0


class _Given:
    """The keys that custom resources are opened with; found when the first such resource is met."""

    def __init__(self, resolving: Resolving, sealing_keys: tuple[str, ...]) -> None:
        self._resolving = resolving
        self._files = sealing_keys
        self._given: Given | None = None

    def __call__(self) -> Given:
        from secrets_gitops.materialize.materialized import Given

        if self._given is None:
            self._given = Given(sealing_keys=self._sealing_keys(), keyring=self._resolving.keyring)
        return self._given

    def _sealing_keys(self) -> tuple[SealingKey, ...]:
        from secrets_gitops.keys.sealing import load_sealing_keys
        from secrets_gitops.repository import files

        keys: list[SealingKey] = []
        for path in self._files:
            keys += load_sealing_keys(files.read(path), path, on_problem=lambda error: console.warn(error.message))
        return tuple(keys)


def _summary(rendered: Rendered) -> str:
    from secrets_gitops.printable import printable
    from secrets_gitops.render.redact import redacted

    lines: list[str] = []
    for each in redacted(rendered, os.urandom(32)):
        lines.append(f"{each.title}  ({each.source})")
        width = max((len(entry.path) for entry in each.entries), default=0)
        lines += [
            f"  {entry.path:<{width}}  {entry.size:>5} bytes  fingerprint {entry.fingerprint}" for entry in each.entries
        ]
    return "".join(f"{printable(line)}\n" for line in lines)
