"""`sops exec-env`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.cli.drop_in import flags, running, session
from secrets_gitops.cli.drop_in.exit_codes import GENERIC, Stop
from secrets_gitops.cli.drop_in.running import BACKGROUND, USER, sops_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session
    from secrets_gitops.envelopes.sops.opened import Opened

FLAGS = (
    BACKGROUND,
    running.PRISTINE, USER, running.SAME_PROCESS, flags.ORDER, *flags.KEY_SERVICE,
)  # fmt: skip


def run(here: Session, given: Arguments) -> int:
    """Start the command, with the values beside the environment, or alone."""
    path, command = sops_command(given)
    here.loaded_rules()
    keyring = here.keyring(given)
    form = session.input_format(given, path)
    result = session.opened(session.read_sealed(session.read_input(path), path, form), keyring)
    environ = {} if given.switch("pristine") else dict(here.environ)
    environ.update(_variables(result, path))
    account = running.account(given.text("user"))
    if account is not None:
        environ.update(account.variables)
    if given.switch("same-process"):
        return running.become(command, environ, account)
    return running.run(command, environ, account)


def _variables(result: Opened, path: str) -> Iterator[tuple[str, str]]:
    """Name and text of each value. Raises Stop for what no environment can hold."""
    from secrets_gitops.cli.drop_in.shown import typed
    from secrets_gitops.documents.line_values import text_of

    document = result.plain
    if document.format == "binary":
        yield "data", _text(result.content(), "data", path)
        return
    for key, value in document.roots[0].resolved().pairs if document.roots else ():
        name = key.resolved().text
        node = value.resolved()
        if node.kind != "scalar":
            raise Stop(GENERIC, f"`{name}` is a map or a list, which no environment can hold", path=path)
        content = typed(document, node)
        if content is None:
            text = "<nil>"
        elif isinstance(content, bytes):
            text = _text(content, name, path)
        else:
            text = text_of(content)
        if not name or "=" in name or "\0" in name:
            raise Stop(GENERIC, "a key of the file cannot be the name of a variable", path=path)
        if "\0" in text:
            raise Stop(GENERIC, f"`{name}` holds a NUL character, which no environment can hold", path=path)
        yield name, text


def _text(data: bytes, name: str, path: str) -> str:
    if b"\0" in data:
        raise Stop(GENERIC, f"`{name}` holds a NUL character, which no environment can hold", path=path)
    return data.decode("utf-8", "surrogateescape")
