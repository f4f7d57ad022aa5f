"""`render`: manifests as the cluster should get them, on standard output, all or nothing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.resolving import Resolving, resolving_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.document import Document
    from secrets_gitops.keys.sealing import SealingKey
    from secrets_gitops.materialize.materialized import Given
    from secrets_gitops.render.objects import ManifestObjects
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
@click.option(
    "--store",
    "stores",
    multiple=True,
    metavar="FILE",
    help="Take this SecretStore or ClusterSecretStore instead of the one of the same name; FILE may hold its Secrets.",
)
@resolving_options
def command(
    paths: tuple[str, ...],
    stores: tuple[str, ...],
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
    values, files encrypted with sops are opened, SealedSecrets, SopsSecrets and ExternalSecrets become Secrets; all
    other text stays as it is. If anything fails, nothing is printed.

    The store of an ExternalSecret is looked for in `--store`, among PATH, and in the repository. A Vault store without
    `auth` logs in as the environment says.
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
    key_files = sealing_keys or tuple(filter(None, os.environ.get(SEALING_KEYS, "").split(os.pathsep)))
    given = _Given(resolving, key_files, found.documents, stores)
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
    """What custom resources are opened with, keys and stores; found when the first such resource is met."""

    def __init__(
        self,
        resolving: Resolving,
        sealing_keys: tuple[str, ...],
        documents: Sequence[Document],
        stores: tuple[str, ...],
    ) -> None:
        self._resolving = resolving
        self._files = sealing_keys
        self._documents = documents
        self._stores = [each for path in stores for each in _store_file(path)]  # a wrong file is refused at once
        self._given: Given | None = None

    def __call__(self) -> Given:
        from secrets_gitops.materialize.materialized import Given

        if self._given is None:
            self._given = Given(
                sealing_keys=self._sealing_keys(),
                keyring=self._resolving.keyring,
                objects=self._objects(),
                fetcher=self._resolving.fetcher,
            )
        return self._given

    def _objects(self) -> ManifestObjects:
        from secrets_gitops.render.objects import ManifestObjects

        return ManifestObjects(self, self._stores, self._documents, self._repository)

    def _repository(self) -> Sequence[Document]:
        """All manifests of the repository; none outside of one."""
        from secrets_gitops.render import inputs
        from secrets_gitops.render.objects import readable
        from secrets_gitops.repository.git import root_of

        root = root_of(os.getcwd())
        if root is None:
            return ()
        return tuple(readable(lambda: inputs.gather([root], lambda: b"", root=root).documents))

    def _sealing_keys(self) -> tuple[SealingKey, ...]:
        from secrets_gitops.keys.sealing import load_sealing_keys
        from secrets_gitops.repository import files

        keys: list[SealingKey] = []
        for path in self._files:
            keys += load_sealing_keys(files.read(path), path, on_problem=lambda error: console.warn(error.message))
        return tuple(keys)


def _store_file(path: str) -> Sequence[Document]:
    from secrets_gitops.documents.formats import manifest_format
    from secrets_gitops.documents.read import Limits, read
    from secrets_gitops.render.objects import stores_of
    from secrets_gitops.repository import files

    return stores_of([read(files.read(path), path=path, format=manifest_format(path), limits=Limits.LARGE)], path)


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
