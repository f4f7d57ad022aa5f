"""`sops groups delete`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.cli import console
from secrets_gitops.cli.drop_in import flags, session
from secrets_gitops.cli.drop_in.exit_codes import GENERIC, Stop, stage
from secrets_gitops.cli.drop_in.groups_add import FILE, open_keys
from secrets_gitops.cli.drop_in.output import changed_content, put, with_threshold

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session
    from secrets_gitops.documents.document import Document

FLAGS = (FILE, flags.IN_PLACE, flags.THRESHOLD, *flags.KEY_SERVICE)


def run(here: Session, given: Arguments) -> int:
    """The group at a position, counted from 0, leaves; the data key is split anew among those that stay."""
    from secrets_gitops.envelopes.sops import rekey

    if len(given.positional) != 1:
        raise Stop(GENERIC, "one argument is needed: the position of the group, from 0")
    text, path = given.positional[0], given.text("file")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Stop(GENERIC, "the position of a group is a number from 0")
    at = int(text)
    document, found, data_key = open_keys(here, given, path)
    if at >= len(found.groups):
        raise Stop(GENERIC, f"there is no group {at}: the file has {len(found.groups)}", path=path)
    groups = (*found.groups[:at], *found.groups[at + 1 :])
    threshold = given.number("shamir-secret-sharing-threshold") or found.threshold
    if threshold > len(groups):
        raise Stop(GENERIC, f"it takes {threshold} groups to open the file, and {len(groups)} would be left", path=path)
    if groups:
        with stage(GENERIC):
            wanted = rekey.Wanted(groups, threshold)
            sealed = with_threshold(rekey.replaced(document, data_key, wanted, session.now()), wanted)
    else:  # sops does this, too
        console.warn("this was the only group: nobody can open the file any more", hints=("take it back from git",))
        sealed = _without_keys(document)
    put(changed_content(sealed), path if given.switch("in-place") else None, private=False)
    return 0


def _without_keys(document: Document) -> Document:
    """The document without any key entry."""
    from secrets_gitops.documents import edit
    from secrets_gitops.documents.document import LINE_FORMATS, Edit
    from secrets_gitops.envelopes.sops import flat, metadata

    names = {*metadata.KINDS, "key_groups"}
    if document.format in LINE_FORMATS:
        root = document.roots[0]
        lead = flat.PREFIX if document.format == "dotenv" else ""
        section = next((inner for key, inner in root.pairs if key.text == flat.KEY), root) if not lead else root
        edits = []
        for key, _ in section.pairs:
            if key.text.startswith(lead) and key.text[len(lead) :].partition("__")[0] in names:
                end = document.text.find("\n", key.end)
                edits.append(Edit(key.start, end + 1 if end >= 0 else len(document.text), ""))
        return document.apply(edits)
    for root_at in range(len(document.roots)):
        found = metadata.find(document, root_at)
        for key, _ in found[1].pairs if found is not None else ():
            if key.text in names:
                document = document.apply(edit.remove_path(document, root_at, (metadata.KEY, key.text)))
    return document
