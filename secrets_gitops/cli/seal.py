"""`seal`: Secrets to SealedSecrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import in_place_option, output_option
from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Format
    from secrets_gitops.encrypted_files.seal import Sealing
    from secrets_gitops.manifests.sealed_secret import Scope

SCOPES = ("strict", "namespace-wide", "cluster-wide")


@click.command(
    name="seal",
    help="Turn Secrets into SealedSecrets, so that only the cluster's controller can read them. Without FILE, or for"
    " `-`, standard input is read. With -i the Secrets inside the files are replaced and all else stays.",
)
@in_place_option
@output_option
@click.option("--cert", metavar="FILE|URL", help="The certificate; without it the one that the repository pins.")
@click.option("--fingerprint", metavar="sha256:HEX", help="What the certificate of --cert must have.")
@click.option("--cluster", metavar="NAME", help="Which of the pinned certificates.")
@click.option("--scope", type=click.Choice(SCOPES), help="What the items are bound to; else the annotations say it.")
@click.option("-n", "--namespace", default="", metavar="NAMESPACE", help="For Secrets that name no namespace.")
@click.option("--name", default="", metavar="NAME", help="Another name for the one Secret.")
@click.option("--allow-empty-data", is_flag=True, help="Seal a Secret without data.")
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), help="How to write; else as it was read.")
@click.option("--timeout", type=float, default=30.0, metavar="SECONDS", help="For a certificate behind a URL.")
@click.argument("files", nargs=-1, metavar="[FILE|-]...")
def command(
    files: tuple[str, ...],
    output: str | None,
    cert: str | None,
    fingerprint: str | None,
    cluster: str | None,
    scope: Scope | None,
    namespace: str,
    name: str,
    form: Format | None,
    timeout: float,
    *,
    in_place: bool,
    allow_empty_data: bool,
) -> None:
    """Choose the certificate, then seal in place or to the output."""
    from datetime import UTC, datetime

    from secrets_gitops.deadline import Deadline
    from secrets_gitops.encrypted_files import sealing_certificate
    from secrets_gitops.encrypted_files.seal import Sealing

    if in_place and (output or form or not files or "-" in files):
        raise SettingsError(
            "`-i` replaces the files that are named; it goes with neither `-o` nor `--format` nor standard input"
        )
    if name and len(files) > 1:
        raise SettingsError("`--name` was given, but there is more than one file")
    beside = files[0] if files and files[0] != "-" else "."
    certificate = sealing_certificate.choose(
        cert, cluster, Deadline(timeout), datetime.now(UTC), fingerprint=fingerprint, beside=beside
    )
    sealing = Sealing(certificate, scope, namespace, name, allow_empty_data)
    if in_place:
        _in_place(files, sealing)
    else:
        _to_output(files or ("-",), sealing, output, form)


def _in_place(files: tuple[str, ...], sealing: Sealing) -> None:
    """Seal every file in memory first, so that an error in the last one leaves the first as it is."""
    from secrets_gitops.cli.input import read_document
    from secrets_gitops.encrypted_files.seal_in_place import seal_in_place
    from secrets_gitops.repository.files import replace

    done = [(path, seal_in_place(read_document(path), sealing)) for path in files]
    for path, result in done:
        replace(path, result.document.to_bytes())
        many = "s" if result.sealed != 1 else ""
        console.note(f"sealed {result.sealed} Secret{many} in {path}")
        for place in result.dropped:
            console.warn(f"a comment between values was not kept: {place}")


def _to_output(files: tuple[str, ...], sealing: Sealing, output: str | None, form: Format | None) -> None:
    from secrets_gitops.cli.input import read_input
    from secrets_gitops.encrypted_files.seal_many import processors, seal_text

    texts = []
    for path in files:
        data, shown, source = read_input(path)
        target = form or (source if output in (None, "-") else _format_of(output, source))
        texts.append(seal_text(data, sealing, path=shown, source=source, target=target, processes=processors()))
    if output in (None, "-"):
        console.write("".join(texts))
    else:
        from secrets_gitops.repository.files import replace

        assert output is not None
        replace(output, "".join(texts).encode())
        console.note(f"wrote {output}")


def _format_of(output: str, source: Format) -> Format:
    from secrets_gitops.documents.formats import format_of

    return format_of(output) or source
