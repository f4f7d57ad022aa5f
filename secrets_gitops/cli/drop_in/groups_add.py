"""`sops groups add`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.cli.drop_in import flags, recipients, session
from secrets_gitops.cli.drop_in.arguments import Flag
from secrets_gitops.cli.drop_in.exit_codes import GENERIC, NO_DATA_KEY, Stop, stage
from secrets_gitops.cli.drop_in.output import changed_content, put

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session
    from secrets_gitops.documents.document import Document
    from secrets_gitops.envelopes.sops.metadata import Metadata
    from secrets_gitops.plaintext import Plaintext

FILE = Flag("file", "the file", short="f")
FLAGS = (
    FILE,
    *(Flag(one.flag, f"{one.help}; may stand several times", "texts") for one in recipients.KINDS.values()),
    flags.AWS_PROFILE, flags.CONTEXT, flags.IN_PLACE, flags.THRESHOLD, *flags.KEY_SERVICE,
)  # fmt: skip


def run(here: Session, given: Arguments) -> int:
    """Another group, and a new split of the data key among all of them."""
    from secrets_gitops.envelopes.sops import rekey

    path = given.text("file")
    new = recipients.named(given)
    if not new:
        raise Stop(GENERIC, "the new group would be empty: no key is named", path=path)
    document, found, data_key = open_keys(here, given, path)
    asked = given.number("shamir-secret-sharing-threshold")
    threshold = asked or (found.threshold if len(found.groups) > 1 or found.threshold > 1 else 0)
    wanted = rekey.Wanted((*found.groups, tuple(new)), threshold)
    with stage(GENERIC):
        sealed = rekey.replaced(document, data_key, wanted, session.now())
    put(changed_content(sealed), path if given.switch("in-place") else None, private=False)
    return 0


def open_keys(here: Session, given: Arguments, path: str) -> tuple[Document, Metadata, Plaintext]:
    """A file, its metadata and its data key; the values are not looked at. Raises Stop."""
    from secrets_gitops.envelopes.sops import groups, opened

    here.loaded_rules()
    keyring = here.keyring(given)
    document = session.read_sealed(session.read_input(path), path, session.input_format(given, path))
    with stage(GENERIC):
        found = opened.required_metadata(document)
    with stage(GENERIC if given.text("file") else NO_DATA_KEY):
        return document, found, groups.data_key_of(document, found, keyring)
