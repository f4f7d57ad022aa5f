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

    __slots__ = ("_answer", "_deadline", "_lock", "_name", "_terminal", "_what")

    def __init__(
        self, what: str, deadline: Deadline | None, asked: Terminal | None = None, *, name: str | None = None
    ) -> None:
        """`what` stands in the question: `for the SSH key …`.

        `name` is what an agent of gpg calls it; where one runs, it asks instead of us.
        """
        self._what = what
        self._name = name
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
        if self._name is not None:
            from secrets_gitops.keys import gpg_agent  # noqa: PLC0415  rare

            gpg_agent.forget(self._name, Deadline(terminal.ANSWER_SECONDS))
        error = KeySourceError("the passphrase is wrong")
        self._answer = error
        return error

    @property
    def _question(self) -> str:
        return f"Passphrase for {self._what}:"

    def _from_agent(self, deadline: Deadline) -> Plaintext | None:
        if self._name is None:
            return None
        from secrets_gitops.keys import gpg_agent  # noqa: PLC0415  rare

        return gpg_agent.passphrase(self._name, self._question, deadline)

    def _ask(self) -> Plaintext | Error:
        deadline = self._deadline or Deadline(terminal.ANSWER_SECONDS)
        try:
            with terminal.ASKING:
                answer = self._from_agent(deadline) or self._terminal.secret(self._question, deadline)
        except KeySourceError as error:
            return KeySourceError(f"it has a passphrase, and {error.message}")
        return answer if len(answer) else KeySourceError("it has a passphrase, and none was given")
