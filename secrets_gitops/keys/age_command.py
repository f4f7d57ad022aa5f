"""Key commands: `SOPS_AGE_KEY_CMD` and `SOPS_AGE_SSH_PRIVATE_KEY_CMD`, run when an entry asks, once per recipient."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import Error, KeySourceError
from secrets_gitops.keys import age
from secrets_gitops.keys.recipient import NotMine
from secrets_gitops.keys.terminal import ASKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.keys.recipient import Identity, WrappedKey
    from secrets_gitops.plaintext import Plaintext

AGE_COMMAND = "SOPS_AGE_KEY_CMD"
SSH_COMMAND = "SOPS_AGE_SSH_PRIVATE_KEY_CMD"
DEFAULT_SECONDS = 60.0
"""How long a command may take when the caller sets no deadline: enough for a person to touch a hardware key."""


class CommandIdentity:
    """Identities that a command prints: an identity file, or an SSH private key that has no passphrase.

    The command learns from `SOPS_AGE_RECIPIENT` whose key is wanted, and gets the terminal's input and
    standard error, so that it can ask; no shell is between.
    """

    __slots__ = ("_answers", "_command", "_deadline", "_environ", "source")

    kind = age.KIND
    recipient = ""
    asks = True

    def __init__(
        self,
        command: str,
        environ: Mapping[str, str],
        *,
        source: str = AGE_COMMAND,
        deadline: Deadline | None = None,
    ) -> None:
        """`source` is the variable that holds the command; it decides what the command prints."""
        self.source = source
        self._command = command
        self._environ = environ
        self._deadline = deadline
        self._answers: dict[str, list[Identity] | Error] = {}

    def unwrap(self, wrapped: WrappedKey) -> Plaintext:
        """The data key, from an identity the command gave before or gives now.

        Raises NotMine when none of them fits, KeySourceError when the command fails or does not answer in time.
        """
        known = [identity for answer in self._answers.values() if isinstance(answer, list) for identity in answer]
        try:
            return _first(known, wrapped)
        except NotMine:
            if wrapped.recipient not in self._answers:
                self._answers[wrapped.recipient] = self._ask(wrapped.recipient)
        answer = self._answers[wrapped.recipient]
        if isinstance(answer, Error):
            raise answer
        return _first(answer, wrapped)

    def _ask(self, recipient: str) -> list[Identity] | Error:
        try:
            output = self._output(recipient)
            if self.source == SSH_COMMAND:
                identity = age.ssh_identity(output, self.source)
                if getattr(identity, "asks", False):
                    raise KeySourceError("the SSH key that the command printed has a passphrase")
                return [identity]
            return age.parse_identities(output, self.source, self._deadline)
        except Error as error:
            return error

    def _output(self, recipient: str) -> bytes:
        import shlex  # noqa: PLC0415  both only when there is a command
        import subprocess  # noqa: PLC0415

        try:
            arguments = shlex.split(self._command)
        except ValueError:
            raise KeySourceError("the key command has an open quote") from None
        if not arguments:
            raise KeySourceError("the key command is empty")
        deadline = self._deadline or Deadline(DEFAULT_SECONDS)
        try:
            with ASKING:
                done = subprocess.run(
                    arguments,
                    env={**self._environ, "SOPS_AGE_RECIPIENT": recipient},
                    stdout=subprocess.PIPE,
                    timeout=deadline.left(),
                    check=False,
                )
        except subprocess.TimeoutExpired:
            raise KeySourceError("the key command did not answer in time") from None
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "it cannot be run"
            raise KeySourceError(f"the key command cannot be run: {reason[:1].lower()}{reason[1:]}") from None
        if done.returncode:
            raise KeySourceError(f"the key command failed with exit status {done.returncode}")
        return done.stdout


def _first(identities: list[Identity], wrapped: WrappedKey) -> Plaintext:
    for identity in identities:
        try:
            return identity.unwrap(wrapped)
        except NotMine:
            continue
    raise NotMine
