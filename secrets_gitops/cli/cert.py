"""`cert`: the sealing certificates that a repository pins."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import yes_option
from secrets_gitops.errors import Refused, SettingsError
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from secrets_gitops.encrypted_files.pin_certificate import Listed


@click.group(name="cert", help="Pin and list sealing certificates.")
def command() -> None:
    """Hold the commands of this file."""


@command.command(
    help="Copy a certificate into the repository and write its fingerprint into .secrets-gitops.yaml, so that nobody"
    " seals for another key unnoticed. Compare the fingerprint with one that came another way."
)
@click.argument("certificate", metavar="FILE|URL")
@click.option("--cluster", default="default", metavar="NAME", help="The cluster that it belongs to.")
@click.option("--fingerprint", metavar="sha256:HEX", help="What the certificate must have.")
@click.option("--timeout", type=float, default=30.0, metavar="SECONDS", help="For a certificate behind a URL.")
@yes_option
def pin(certificate: str, cluster: str, fingerprint: str | None, timeout: float, *, yes: bool) -> None:
    """Pin, and ask before a pinned key is replaced by another."""
    from datetime import UTC, datetime

    from secrets_gitops.deadline import Deadline
    from secrets_gitops.encrypted_files import pin_certificate, sealing_certificate

    loaded = sealing_certificate.load(certificate, Deadline(timeout), fingerprint=fingerprint)
    planned = pin_certificate.plan(sealing_certificate.repository_root(), cluster, loaded, datetime.now(UTC))
    if planned.old is not None and planned.changes_key:
        console.note(f"pinned now: {planned.old.fingerprint}")
        console.note(f"new:        {loaded.fingerprint}")
        if not yes:
            _confirm(cluster)
    pin_certificate.carry_out(planned)
    console.note(f"pinned {planned.path} for the cluster {cluster}, valid until {loaded.not_after:%Y-%m-%d}")
    console.note(f"fingerprint: {loaded.fingerprint}")


def _confirm(cluster: str) -> None:
    if not sys.stdin.isatty():
        raise SettingsError(
            f"another key is pinned for the cluster `{cluster}`", hints=("replace it with `--yes` if that is meant",)
        )
    if not click.confirm("Seal for the new key from now on?", err=True):
        raise Refused("the pinned certificate stays")


@command.command(name="list", help="List the pinned certificates; exit status 1 when one cannot be used.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def list_certificates(form: str) -> int:
    """Print name, path, fingerprint, validity and problem of each."""
    from datetime import UTC, datetime

    from secrets_gitops.encrypted_files import pin_certificate, sealing_certificate

    rows = pin_certificate.listed(sealing_certificate.repository_root(), datetime.now(UTC))
    if form == "json":
        import json

        console.write(json.dumps([_record(row) for row in rows], indent=2) + "\n")
    else:
        for row in rows:
            console.write("  ".join(printable(str(value)) for value in _columns(row)) + "\n")
    if not rows:
        console.warn("no certificate is pinned", hints=("pin one with `secrets-gitops cert pin FILE`",))
    return 1 if any(row.problem for row in rows) else 0


def _record(row: Listed) -> dict[str, str | None]:
    return {
        "cluster": row.cluster,
        "path": row.path,
        "fingerprint": row.fingerprint,
        "not_before": row.not_before.isoformat() if row.not_before else None,
        "not_after": row.not_after.isoformat() if row.not_after else None,
        "problem": row.problem or None,
    }


def _columns(row: Listed) -> tuple[str, ...]:
    validity = f"{row.not_before:%Y-%m-%d} to {row.not_after:%Y-%m-%d}" if row.not_before and row.not_after else "-"
    return row.cluster, row.path, row.fingerprint, validity, f"problem: {row.problem}" if row.problem else "ok"
