"""Run a program that has a terminal, and answer what it asks there; its standard output stays a pipe."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import subprocess
import termios
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Ran(NamedTuple):
    returncode: int
    stdout: bytes
    stderr: bytes
    screen: str
    """What stood on the terminal, answers that were shown among it."""


def run(
    command: Sequence[str],
    answers: Sequence[tuple[str, str]],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    seconds: float = 60,
) -> Ran:
    """`answers`: for each question a part of it, and what to type then."""
    master, slave = pty.openpty()

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        list(command),
        cwd=cwd,
        env=dict(os.environ, **(env or {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=take_terminal,  # noqa: PLW1509  no other way to a terminal of its own
    )
    os.close(slave)
    screen, waiting, asked_at = bytearray(), list(answers), 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ready, _, _ = select.select([master], [], [], 0.05)
        if ready:
            piece = b""
            with contextlib.suppress(OSError):  # nobody has the terminal open any more
                piece = os.read(master, 4096)
            screen += piece
            if not piece and process.poll() is not None:
                break
        elif process.poll() is not None:
            break
        if waiting and waiting[0][0].encode() in screen[asked_at:]:
            asked_at = len(screen)
            os.write(master, waiting.pop(0)[1].encode() + b"\n")
    else:
        process.kill()
    out, err = process.communicate(timeout=10)
    os.close(master)
    return Ran(process.returncode, out, err, screen.decode("utf-8", "replace"))
