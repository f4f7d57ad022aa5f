"""`explain`: which rule, keys and selector apply to a file, the fate of each value, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import batch, console
from secrets_gitops.cli.options import config_option, identity_option
from secrets_gitops.errors import Error, worst
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.encrypted_files.explain import Explanation
    from secrets_gitops.encrypted_files.explain_keys import Reader

_STATES = {"both": "", "file only": "not in the rule", "rule only": "only in the rule"}


@click.command(
    name="explain",
    help="Say which creation rule, recipients and selector apply to a file, encrypted or not, what becomes of each of"
    " its values, and why it opens here or not. Of a folder, and with --all of the repository, every file is explained"
    " that is encrypted or that a rule covers by name.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@batch.all_option
@config_option
@identity_option
@batch.files_argument
def command(files: tuple[str, ...], config: str | None, identities: tuple[str, ...], form: str, *, every: bool) -> int:
    """Look, then print."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files import selected
    from secrets_gitops.encrypted_files.explain import explain
    from secrets_gitops.keys.keyring import Keyring

    chosen = sops_files.chosen(files, every=every)
    paths = dict.fromkeys(chosen.files)
    if chosen.searched:
        paths.update(dict.fromkeys(selected.plain(files, every=every, config=config, by_name=True).files))
    keyring = Keyring.local(identities)
    batch.prepared(list(paths), keyring)
    found, codes = [], []
    for path in paths:
        try:
            document = sops_files.read_sealed(path)
        except Error as error:
            if len(paths) == 1:
                raise
            console.show(error)
            codes.append(error.exit_code)
        else:
            found.append(explain(document, keyring, config=config))
    if form == "json":
        console.write(_json(found, one=not chosen.searched and len(files) == 1))
    else:
        console.write("\n".join("\n".join(_lines(one)) + "\n" for one in found))
    return worst(codes)


def _json(found: Sequence[Explanation], *, one: bool) -> str:
    import json

    trees = [_tree(each) for each in found]
    return json.dumps(trees[0] if one else {"files": trees}, indent=2, ensure_ascii=False) + "\n"


def _tree(found: Explanation) -> dict[str, object]:
    tree = found._asdict()
    tree["readers"] = [reader._asdict() for reader in found.readers]
    tree["attempts"] = [attempt._asdict() for attempt in found.attempts]
    tree["values"] = [fate._asdict() for fate in tree.pop("fates")]
    return tree


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
        + (f", path_regex: {found.path_regex}" if found.path_regex else "")
    )
    lines.append(
        f"  selector      {found.selector} (from the {found.selector_source})".replace("the default", "default")
    )
    if found.mac_only_encrypted:
        lines.append("  MAC           over the encrypted values only")
    if found.needed_groups:
        groups = max(reader.group for reader in found.readers)
        lines.append(f"  key groups    {found.needed_groups} of {groups} needed together")
    lines.append("  recipients" if found.readers else "  recipients    none")
    lines += [_reader(reader, encrypted=found.encrypted) for reader in found.readers]
    lines.append("  values" if found.fates else "  values        none")
    several = any(fate.document for fate in found.fates)
    for fate in found.fates:
        where = f"[document {fate.document}] " if several else ""
        lines.append(f"    {where}{fate.path}: {fate.state}")
    lines += [f"  problem       {problem}" for problem in found.problems]
    lines += [f"  tried         {one.kind}  {one.source}   {one.reason}" for one in found.attempts]
    return [printable(line) for line in lines]


def _reader(reader: Reader, *, encrypted: bool) -> str:
    notes = [f"key in {reader.source}" if reader.source else "", _STATES[reader.state] if encrypted else ""]
    text = ", ".join(note for note in notes if note)
    where = f"[group {reader.group}] " if reader.group else ""
    return f"    {where}{reader.kind} {reader.recipient}" + (f"  ({text})" if text else "")
