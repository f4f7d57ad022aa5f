"""The passphrase of a key, asked for when a file needs the key and no other key at hand opens it, once in a run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import Error, KeySourceError
from secrets_gitops.keys import terminal

if TYPE_CHECKING:
    from secrets_gitops.keys.terminal import Terminal
    from secrets_gitops.plaintext import Plaintext


class Passphrase:
    """The passphrase of one thing, asked for once in a run: later uses have the first answer, or the first failure."""

    __slots__ = ("_answer", "_deadline", "_lock", "_terminal", "_what")

    def __init__(self, what: str, deadline: Deadline | None, asked: Terminal | None = None) -> None:
        """`what` stands in the question: `for the SSH key …`."""
        self._what = what
        self._deadline = deadline
        self._terminal = asked or terminal.Tty()
        self._lock = threading.Lock()
        self._answer: Plaintext | Error | None = None

    def __call__(self) -> Plaintext:
        """The passphrase. Raises KeySourceError when nobody gives one, or the one that was given is wrong."""
        with self._lock:
            if self._answer is None:
                self._answer = self._ask()
            if isinstance(self._answer, Error):
                raise self._answer
            return self._answer

    def is_wrong(self) -> Error:
        """Note that it does not fit, and give the error that says so, from now on."""
        error = KeySourceError("the passphrase is wrong")
        self._answer = error
        return error

    def _ask(self) -> Plaintext | Error:
        deadline = self._deadline or Deadline(terminal.ANSWER_SECONDS)
        try:
            with terminal.ASKING:
                answer = self._terminal.secret(f"Passphrase for {self._what}:", deadline)
        except KeySourceError as error:
            return KeySourceError(f"it has a passphrase, and {error.message}")
        return answer if len(answer) else KeySourceError("it has a passphrase, and none was given")
