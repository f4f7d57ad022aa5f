"""Options that several commands share."""

from __future__ import annotations

import click

identity_option = click.option(
    "--identity",
    "identities",
    multiple=True,
    metavar="FILE",
    help="A file with age identities, or with an SSH private key, beside the keys that sops would find.",
)
config_option = click.option(
    "--config", metavar="FILE", help="Use these creation rules instead of the nearest .sops.yaml."
)
in_place_option = click.option("-i", "--in-place", is_flag=True, help="Replace the file itself.")
output_option = click.option("-o", "--output", metavar="FILE", help="Write to this file; `-` is standard output.")
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
engine_option = click.option(
    "--engine",
    type=click.Choice(["own", "sops"]),
    default="own",
    envvar="SECRETS_GITOPS_ENGINE",
    metavar="NAME",
    help="`sops` lets the official program do it: for Huawei's keys, or to compare. It needs the extra `sops`.",
)
output_dir_option = click.option(
    "--output-dir", metavar="OUT", help="Write each file below this folder, under its own path."
)
