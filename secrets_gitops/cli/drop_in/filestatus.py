"""`sops filestatus`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.cli import console
from secrets_gitops.cli.drop_in import flags, session
from secrets_gitops.cli.drop_in.exit_codes import GENERIC, stage

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session

FLAGS = (flags.INPUT_TYPE,)


def run(here: Session, given: Arguments) -> int:
    """Say whether the file has metadata with a MAC; as in sops nothing is opened."""
    from secrets_gitops.encrypted_files.decrypt import read_sealed
    from secrets_gitops.envelopes.sops import metadata

    path = session.required_file(given)
    here.loaded_rules()
    with stage(GENERIC):
        from secrets_gitops.repository import files

        document = read_sealed(files.read(path), path, session.input_format(given, path))
        found = metadata.read(document)
    encrypted = found is not None and bool(found.mac) and bool(found.version)
    console.write(f'{{"encrypted":{"true" if encrypted else "false"}}}\n')
    return 0
