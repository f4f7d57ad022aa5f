"""age plugins: programs `age-plugin-NAME` on PATH that wrap and unwrap file keys, for hardware above all.

Both sides speak in stanzas over standard input and output (https://c2sp.org/age-plugin): the machines are
`recipient-v1` and `identity-v1`. In between the program may show a message, ask for a value, or have something
confirmed; that goes to the terminal.
"""

from __future__ import annotations

import contextlib
import re
import threading
from typing import TYPE_CHECKING

from secrets_gitops.crypto.age.header import FILE_KEY_SIZE, Stanza, unbase64
from secrets_gitops.errors import Error, KeySourceError
from secrets_gitops.keys import terminal
from secrets_gitops.keys.plugin_program import Program
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from secrets_gitops.deadline import Deadline
    from secrets_gitops.keys.terminal import Terminal

_NAME = re.compile("[A-Za-z0-9+._-]+")
_PATIENCE = 5.0
"""Seconds of silence after which the person is told that a plugin is waiting, perhaps for a touch of a key."""


class _Plugin:
    """The plugin called `name`, and what it is asked about."""

    __slots__ = ("_asked", "_deadline", "_environ", "_name", "_text")

    def __init__(
        self,
        name: str,
        text: str,
        *,
        environ: Mapping[str, str] | None = None,
        deadline: Deadline | None = None,
        asked: Terminal | None = None,
    ) -> None:
        self._name, self._text = name, text
        self._environ, self._deadline = environ, deadline
        self._asked = asked or terminal.Tty()


class PluginRecipient(_Plugin):
    """A recipient that a plugin wraps for; `text` is the recipient, or an identity that stands for one."""

    __slots__ = ()

    post_quantum = False
    """Not known before it is asked. In SOPS files each recipient is alone, so nothing hangs on it."""

    def wrap(self, file_key: bytes) -> tuple[Stanza, ...]:
        """The stanzas that the plugin made. Raises KeySourceError for whatever keeps it from that."""
        add = "add-identity" if self._text.startswith("AGE-PLUGIN-") else "add-recipient"
        wrapped: list[Stanza] = []
        with Program(self._name, "recipient-v1", self._environ, self._deadline) as program:
            program.send(Stanza(add, (self._text,), b""))
            program.send(Stanza("wrap-file-key", (), file_key))
            program.send(Stanza("extension-labels", (), b""))
            program.send(Stanza("done", (), b""))
            for stanza in _answers(program, self._asked, known={"recipient-stanza", "labels"}):
                if stanza.type == "recipient-stanza":
                    if len(stanza.arguments) < 2 or stanza.arguments[0] != "0":
                        raise program.broken("a stanza for no file key that it was given")
                    wrapped.append(Stanza(stanza.arguments[1], stanza.arguments[2:], stanza.body))
        if not wrapped:
            raise program.broken("no stanza at all")
        return tuple(wrapped)


class PluginIdentity(_Plugin):
    """An identity that a plugin unwraps with; `text` is what stands in the identity file."""

    __slots__ = ()

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytearray | None:
        """The file key, or None when the plugin finds nothing for it. Raises KeySourceError when it fails."""
        file_key: bytearray | None = None
        with Program(self._name, "identity-v1", self._environ, self._deadline) as program:
            program.send(Stanza("add-identity", (self._text,), b""))
            for stanza in stanzas:
                program.send(Stanza("recipient-stanza", ("0", stanza.type, *stanza.arguments), stanza.body))
            program.send(Stanza("done", (), b""))
            for stanza in _answers(program, self._asked, known={"file-key"}):
                if stanza.arguments != ("0",) or len(stanza.body) != FILE_KEY_SIZE or file_key is not None:
                    raise program.broken("a file key that nobody asked for")
                file_key = bytearray(stanza.body)
        return file_key


def is_name(name: str) -> bool:
    """Whether a plugin can be called so; what is not allowed could name a program elsewhere."""
    return _NAME.fullmatch(name) is not None


def _answers(program: Program, asked: Terminal, known: set[str]) -> Iterator[Stanza]:
    """What the plugin says of what `known` lists, until it is done; its questions are answered on the way.

    Raises KeySourceError for the error that it reports.
    """
    while True:
        with _reminder(program, asked):
            stanza = program.receive()
        if stanza.type == "done":
            return
        if stanza.type == "error":
            program.send(Stanza("ok", (), b""))
            said = printable(stanza.body.decode("utf-8", "replace").strip())
            raise KeySourceError(f"the age plugin `{program.name}` says: {said or 'it failed'}")
        if stanza.type in known:
            yield stanza
            program.send(Stanza("ok", (), b""))
        else:
            program.send(_answer(stanza, program, asked))


@contextlib.contextmanager
def _reminder(program: Program, asked: Terminal) -> Iterator[None]:
    def remind() -> None:
        with contextlib.suppress(Error), terminal.ASKING:
            asked.say(f"waiting for the age plugin {program.name}")

    timer = threading.Timer(_PATIENCE, remind)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _answer(question: Stanza, program: Program, asked: Terminal) -> Stanza:
    """What to say to a question; `fail` where there is nobody to answer it."""
    text = f"age plugin {program.name}: {question.body.decode('utf-8', 'replace')}"
    try:
        with terminal.ASKING:
            if question.type == "msg":
                asked.say(text)
                return Stanza("ok", (), b"")
            if question.type == "request-secret":
                return Stanza("ok", (), asked.secret(text, program.deadline).reveal())
            if question.type == "request-public":
                return Stanza("ok", (), asked.line(text, program.deadline).encode())
            if question.type == "confirm" and 1 <= len(question.arguments) <= 2:
                return Stanza("ok", ("yes" if _confirmed(text, question, program, asked) else "no",), b"")
    except Error:
        return Stanza("fail", (), b"")
    return Stanza("unsupported", (), b"")


def _confirmed(text: str, question: Stanza, program: Program, asked: Terminal) -> bool:
    """The person's choice between the two answers that the plugin names, or the one."""
    choices = [unbase64(argument).decode("utf-8", "replace") for argument in question.arguments]
    numbered = ", ".join(f"{number}: {choice}" for number, choice in enumerate(choices, 1))
    while True:
        answer = asked.line(f"{text} ({numbered})", program.deadline).strip()
        if answer in ("1", "2")[: len(choices)]:
            return answer == "1"
