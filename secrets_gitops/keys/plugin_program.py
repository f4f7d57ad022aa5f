"""A running age plugin: started, talked to in stanzas, ended in time."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from typing import TYPE_CHECKING, Self

from secrets_gitops.crypto.age import header
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import DocumentError, KeySourceError
from secrets_gitops.keys.terminal import ANSWER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from secrets_gitops.crypto.age.header import Stanza

_LONGEST_LINE = 64 * 1024
"""Bytes; a recipient or an error message in one line is far shorter."""
_LONGEST_STANZA = 16 * 1024 * 1024
"""Characters of a body; as much as an identity file may have."""
_PARTING_SECONDS = 2.0
"""How long a plugin may take to end when its work is done."""


class Program:
    """The plugin `age-plugin-NAME`; a context manager that starts and ends it.

    It does not run in the working folder, so that nothing there can change what it does, and what it writes to standard
    error is dropped, as age has it: what it has to say it says in stanzas. Past the deadline it is killed.
    """

    def __init__(
        self, name: str, machine: str, environ: Mapping[str, str] | None = None, deadline: Deadline | None = None
    ) -> None:
        """`machine` is `recipient-v1` or `identity-v1`."""
        self.name = name
        self.deadline = deadline or Deadline(ANSWER_SECONDS)
        self._machine = machine
        self._environ = os.environ if environ is None else environ
        self._late = threading.Event()

    def __enter__(self) -> Self:
        """Raise KeySourceError when it is not there or cannot be started."""
        program = f"age-plugin-{self.name}"
        path = shutil.which(program, path=self._environ.get("PATH", os.defpath))
        if path is None or not os.path.isabs(path):
            raise KeySourceError(
                f"the age plugin `{self.name}` is not installed: there is no `{program}` in PATH",
                hints=(f"install `{program}`",),
            )
        try:
            self._process = subprocess.Popen(
                [path, f"--age-plugin={self._machine}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=tempfile.gettempdir(),
                env=dict(self._environ),
            )
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "it cannot be run"
            raise KeySourceError(f"the age plugin `{self.name}` cannot be run: {reason.lower()}") from None
        self._watch: threading.Timer | None = None
        left = self.deadline.left()
        if left is not None:
            self._watch = threading.Timer(left, self._give_up)
            self._watch.daemon = True
            self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it: closed pipes tell it to, and where they do not, a signal."""
        if self._watch is not None:
            self._watch.cancel()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):  # what it did not read
                pipe.close()
        with contextlib.suppress(OSError):
            self._process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
        try:
            self._process.wait(_PARTING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def send(self, stanza: Stanza) -> None:
        """Say something. Raises KeySourceError when the plugin has ended."""
        text = "".join(f"{line}\n" for line in header.stanza_lines(stanza))
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(text.encode())
            self._process.stdin.flush()
        except OSError:
            raise self._ended() from None

    def receive(self) -> Stanza:
        """What the plugin says next. Raises KeySourceError when it ends, or says nothing that is understood."""
        first = self._line()
        body = [self._line()]
        size = 0
        while not header.ends_stanza(body[-1]):
            body.append(self._line())
            size += len(body[-1])
            if size > _LONGEST_STANZA:
                raise self.broken("something endless")
        try:
            return header.stanza_of(first, body)
        except DocumentError:
            raise self.broken("something that is no stanza") from None

    def broken(self, what: str) -> KeySourceError:
        """The error for a plugin that does not keep to the protocol."""
        return KeySourceError(f"the age plugin `{self.name}` does not keep to the protocol: it sent {what}")

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise self.broken("a line without an end") if len(line) == _LONGEST_LINE else self._ended()
        return line[:-1].decode("utf-8", "replace")

    def _ended(self) -> KeySourceError:
        if self._late.is_set():
            return KeySourceError(f"the age plugin `{self.name}` did not answer in time")
        return KeySourceError(f"the age plugin `{self.name}` ended before it was done")

    def _give_up(self) -> None:
        self._late.set()
        self._process.kill()
