"""`sops updatekeys`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from secrets_gitops.cli import asking, console
from secrets_gitops.cli.drop_in import flags, session
from secrets_gitops.cli.drop_in.exit_codes import GENERIC, NO_DATA_KEY, NO_FILE, Stop, stage
from secrets_gitops.cli.drop_in.output import changed_content, put, with_threshold
from secrets_gitops.errors import Error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session
    from secrets_gitops.envelopes.sops.groups import KeyGroups
    from secrets_gitops.envelopes.sops.metadata import Metadata
    from secrets_gitops.envelopes.sops.rekey import Wanted

FLAGS = (flags.YES, flags.INPUT_TYPE, *flags.KEY_SERVICE)


def run(here: Session, given: Arguments) -> int:
    """File by file; one that fails does not stop the others."""
    if here.config is None:
        raise Stop(GENERIC, "there are no creation rules: no `.sops.yaml` here or above")
    if not given.positional:
        raise Stop(NO_FILE, "no file is named")
    here.loaded_rules()
    if len(given.positional) == 1:
        _update(here, given, given.positional[0])
        return 0
    failed = False
    for path in given.positional:
        try:
            _update(here, given, path)
        except (Stop, Error) as problem:
            failed = True
            error = problem.error if isinstance(problem, Stop) else problem
            if error is not None:
                console.show(error)
    return GENERIC if failed else 0


def _update(here: Session, given: Arguments, path: str) -> None:
    from secrets_gitops.encrypted_files import rules
    from secrets_gitops.envelopes.sops import groups, opened, rekey
    from secrets_gitops.repository import files

    if os.path.isdir(path):
        raise Stop(GENERIC, "this is a folder", path=path)
    with stage(GENERIC):
        data = files.read(path)
    document = session.read_sealed(data, path, session.input_format(given, path))
    with stage(GENERIC):
        found = opened.required_metadata(document)
        rule = rules.required(path, here.rules_for(path))
        keys = rules.key_groups(rule)
    wanted = _wanted(found, keys)
    if [sorted(map(rekey.name_of, group)) for group in wanted.groups] == [
        sorted((entry.kind, entry.recipient) for entry in group) for group in found.groups
    ] and wanted.number == rekey.kept(found).number:
        console.note(f"{path} has the keys of its rule already")
        return
    _show(path, found, wanted)
    if not given.switch("yes") and not asking.agreed("change these keys?"):
        console.note(f"{path} is not changed")
        return
    with stage(NO_DATA_KEY):
        data_key = groups.data_key_of(document, found, here.keyring(given))
    with stage(GENERIC):
        sealed = rekey.replaced(document, data_key, wanted, session.now())
        sealed = with_threshold(sealed, wanted)
    put(changed_content(sealed), path, private=False)
    console.note(f"{path} has the keys of its rule now")


def _wanted(found: Metadata, keys: KeyGroups) -> Wanted:
    """The keys of the rule, as entries where the file has them; the threshold is that of the file, as in sops."""
    from secrets_gitops.envelopes.sops import rekey

    groups = []
    for at, group in enumerate(keys.groups):
        had = {rekey.name_of(entry): entry for entry in found.groups[at]} if at < len(found.groups) else {}
        groups.append(tuple(had.get((one.kind, one.text), one) for one in group))
    return rekey.Wanted(tuple(groups), min(found.threshold, len(groups)))


def _show(path: str, found: Metadata, wanted: Wanted) -> None:
    from secrets_gitops.envelopes.sops import rekey

    console.note(f"{path}:")
    if wanted.number != found.threshold:
        console.note(f"  shamir_threshold: {found.threshold} becomes {wanted.number}")
    for at in range(max(len(found.groups), len(wanted.groups))):
        old = _names(found.groups[at]) if at < len(found.groups) else []
        new = [rekey.name_of(one) for one in wanted.groups[at]] if at < len(wanted.groups) else []
        console.note(f"  group {at + 1}")
        for kind, name in dict.fromkeys([*old, *new]):
            sign = " " if (kind, name) in old and (kind, name) in new else "-" if (kind, name) in old else "+"
            console.note(f"  {sign} {kind} {name}")


def _names(group: Sequence[object]) -> list[tuple[str, str]]:
    from secrets_gitops.envelopes.sops import rekey

    return [rekey.name_of(entry) for entry in group]  # type: ignore[arg-type]  # entries of the file
