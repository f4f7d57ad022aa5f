"""`explain`: which rule, keys and selector apply to a file, the fate of each value, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import config_option, identity_option
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from secrets_gitops.encrypted_files.explain import Explanation, Reader

_STATES = {"both": "", "file only": "not in the rule", "rule only": "only in the rule"}


@click.command(
    name="explain",
    help="Say which creation rule, recipients and selector apply to a file, encrypted or not, what becomes of each of"
    " its values, and why it opens here or not.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@config_option
@identity_option
@click.argument("file")
def command(file: str, config: str | None, identities: tuple[str, ...], form: str) -> None:
    """Look, then print."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files.explain import explain
    from secrets_gitops.keys.keyring import Keyring

    found = explain(sops_files.read_sealed(file), Keyring.local(identities), config=config)
    console.write(_json(found) if form == "json" else "\n".join(_lines(found)) + "\n")


def _json(found: Explanation) -> str:
    import json

    tree = found._asdict()
    tree["readers"] = [reader._asdict() for reader in found.readers]
    tree["values"] = [fate._asdict() for fate in tree.pop("fates")]
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


def _lines(found: Explanation) -> list[str]:
    if found.encrypted:
        state = "encrypted, opens here, MAC valid" if found.opens else "encrypted, does not open here"
    else:
        state = "not encrypted"
    lines = [f"{found.path}: {state}"]
    if found.version:
        lines.append(f"  written as    sops {found.version}, last changed {found.lastmodified}")
    lines.append(
        f"  rule          {found.rule or 'none'}{f' ({found.config})' if found.config and not found.rule else ''}"
    )
    lines.append(
        f"  selector      {found.selector} (from the {found.selector_source})".replace("the default", "default")
    )
    lines.append("  recipients" if found.readers else "  recipients    none")
    lines += [_reader(reader, encrypted=found.encrypted) for reader in found.readers]
    lines.append("  values" if found.fates else "  values        none")
    several = any(fate.document for fate in found.fates)
    for fate in found.fates:
        where = f"[document {fate.document}] " if several else ""
        lines.append(f"    {where}{fate.path}: {fate.state}")
    lines += [f"  problem       {problem}" for problem in found.problems]
    return [printable(line) for line in lines]


def _reader(reader: Reader, *, encrypted: bool) -> str:
    notes = [f"key in {reader.source}" if reader.source else "", _STATES[reader.state] if encrypted else ""]
    text = ", ".join(note for note in notes if note)
    return f"    {reader.kind} {reader.recipient}" + (f"  ({text})" if text else "")
