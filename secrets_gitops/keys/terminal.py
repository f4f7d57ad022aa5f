"""Questions to the person at the terminal: passphrases, and what plugins want to know.

Like ssh and gpg, keys talk to the terminal itself (`/dev/tty`): standard input and output carry data. Where there is no
terminal nobody is asked. One question at a time, for the whole process.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, Protocol

from secrets_gitops.errors import KeySourceError
from secrets_gitops.plaintext import Plaintext
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.deadline import Deadline

ASKING = threading.Lock()
"""Held by whoever asks, or lets another program ask."""
ANSWER_SECONDS = 300.0
"""How long a person may take where nobody set a deadline."""
_DEVICE = "/dev/tty"
_LONGEST = 64 * 1024
"""Bytes of an answer."""


class Terminal(Protocol):
    """Whom keys ask. Each raises KeySourceError when nobody answers."""

    def secret(self, prompt: str, deadline: Deadline) -> Plaintext:
        """One line that is not shown while it is typed."""

    def line(self, prompt: str, deadline: Deadline) -> str:
        """One line."""

    def say(self, text: str) -> None:
        """Show a line."""


class Tty:
    """The controlling terminal of this process."""

    def secret(self, prompt: str, deadline: Deadline) -> Plaintext:
        """One line that is not shown while it is typed. Raises KeySourceError without a terminal or an answer."""
        with _open() as device, _without_echo(device):
            try:
                return _ask(device, prompt, deadline)
            finally:
                os.write(device, b"\n")

    def line(self, prompt: str, deadline: Deadline) -> str:
        """One line. Raises KeySourceError without a terminal or an answer."""
        with _open() as device:
            return _ask(device, prompt, deadline).reveal().decode("utf-8", "replace")

    def say(self, text: str) -> None:
        """Show a line. Raises KeySourceError without a terminal."""
        with _open() as device:
            os.write(device, f"{printable(text)}\n".encode("utf-8", "replace"))


@contextlib.contextmanager
def _open() -> Iterator[int]:
    try:
        device = os.open(_DEVICE, os.O_RDWR | getattr(os, "O_NOCTTY", 0))
    except OSError:
        raise KeySourceError("there is no terminal to ask on") from None
    try:
        yield device
    except OSError:
        raise KeySourceError("the terminal is gone") from None
    finally:
        os.close(device)


@contextlib.contextmanager
def _without_echo(device: int) -> Iterator[None]:
    try:
        import termios  # noqa: PLC0415  not on every platform, and rarely needed
    except ImportError:
        raise KeySourceError("nothing can be asked on this terminal") from None
    before = termios.tcgetattr(device)
    quiet = [*before]
    quiet[3] &= ~termios.ECHO
    try:
        termios.tcsetattr(device, termios.TCSAFLUSH, quiet)
        yield
    except termios.error:
        raise KeySourceError("nothing can be asked on this terminal") from None
    finally:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(device, termios.TCSAFLUSH, before)


def _ask(device: int, prompt: str, deadline: Deadline) -> Plaintext:
    """The answer without its line end."""
    import select  # noqa: PLC0415  rarely needed

    os.write(device, f"{printable(prompt)} ".encode("utf-8", "replace"))
    answer = bytearray()
    try:
        while not answer.endswith(b"\n"):
            ready, _, _ = select.select([device], [], [], deadline.left())
            if not ready:
                raise KeySourceError("nobody answered in time")
            piece = os.read(device, 4096)
            if not piece or len(answer) > _LONGEST:
                raise KeySourceError("nobody answered")
            answer += piece
        return Plaintext(answer.rstrip(b"\r\n"))
    finally:
        answer[:] = bytes(len(answer))
