"""`unseal`: SealedSecrets to Secrets, offline, with private keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import output_option
from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Format

_SECRET_MODE = 0o600


@click.command(
    name="unseal",
    help="Turn SealedSecrets into the Secrets that they stand for: all of them, or none. Without FILE, or for `-`,"
    " standard input is read.",
)
@output_option
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="FILE",
    help="A private key (PEM), or a backup of key Secrets (YAML or JSON). May be given several times.",
)
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", help="How to write.")
@click.argument("file", default="-", metavar="[FILE|-]")
def command(file: str, output: str | None, keys: tuple[str, ...], form: Format) -> None:
    """Load the keys, open everything, then print."""
    from secrets_gitops.cli.input import read_document
    from secrets_gitops.keys.sealing import load_sealing_keys
    from secrets_gitops.manifests import write
    from secrets_gitops.manifests.sealed_secret import PREFIX
    from secrets_gitops.materialize.materialized import Given
    from secrets_gitops.materialize.sealed_secret import unseal
    from secrets_gitops.repository import files

    if not keys:
        raise SettingsError(
            "no private key was named",
            hints=(
                "give the cluster's key with `--key FILE`",
                f"the controller's keys: `kubectl get secret -n kube-system -l {PREFIX}sealed-secrets-key -o yaml`",
            ),
        )
    loaded = [
        key
        for path in keys
        for key in load_sealing_keys(files.read(path), path, on_problem=lambda error: console.warn(error.message))
    ]
    secrets = unseal(read_document(file), Given(sealing_keys=loaded))
    one = write.yaml_document if form == "yaml" else write.json_document
    text = "".join(one(secret.to_tree()) for secret in secrets)
    if output in (None, "-"):
        console.write(text)
    else:
        assert output is not None
        files.replace(output, text.encode(), mode=_SECRET_MODE)
        console.note(f"wrote {output}")
