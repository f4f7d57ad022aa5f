"""`sops decrypt`, and `sops -d` of the old style."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.cli.drop_in import flags, session
from secrets_gitops.cli.drop_in.exit_codes import NO_FILE, Stop
from secrets_gitops.cli.drop_in.index_path import keys_of
from secrets_gitops.cli.drop_in.output import put, target

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session

FLAGS = (
    flags.IN_PLACE, flags.EXTRACT, flags.OUTPUT, flags.INPUT_TYPE, flags.OUTPUT_TYPE, flags.IGNORE_MAC, flags.OVERRIDE,
    flags.ORDER, *flags.KEY_SERVICE,
)  # fmt: skip


def run(here: Session, given: Arguments) -> int:
    """Print the plaintext, or write it."""
    path = session.only_file(given)
    to = target(given, path)
    if path is not None and not session.exists(path):
        raise Stop(NO_FILE, "there is no such file", path=path)
    name = given.text("filename-override") or path or ""
    steps = keys_of(given.text("extract")) if given.text("extract") else ()
    here.loaded_rules()
    put(plaintext(here, given, path, name, steps), to, private=True)
    return 0


def plaintext(here: Session, given: Arguments, path: str | None, name: str, steps: tuple[str | int, ...] = ()) -> bytes:
    """The plaintext of a file (standard input for None), or the value that `steps` lead to."""
    from secrets_gitops.cli.drop_in import shown

    keyring = here.keyring(given)
    document = session.read_sealed(session.read_input(path), name or "<stdin>", session.input_format(given, name))
    result = session.opened(document, keyring, ignore_mac=given.switch("ignore-mac"))
    form = session.output_format(given, name)
    indent = here.indent(form)
    return shown.value(result, steps, form, indent) if steps else shown.whole(result, form, indent)
