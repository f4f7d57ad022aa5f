"""A scan of many files by several processes, each a copy of this one that scans its share and tells what it found.

Nothing but data comes back (`marshal` of tuples, texts and numbers); a share whose process ended early is scanned here,
so that whatever ended it shows, and nothing is left out.
"""

from __future__ import annotations

import marshal
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    class Scanner(Protocol):
        """What scans files one after the other."""

        def scan_all(self, paths: Sequence[str]) -> None:
            """Scan them, and keep what is found."""

        def forget(self) -> None:
            """Drop what was found so far."""

        def found(self) -> tuple[Any, ...]:
            """What was found so far, as data."""

        def add(self, found: tuple[Any, ...]) -> None:
            """Take in what another scanner found."""


CHUNK = 100
"""Files in a row that one process takes: neighbours are alike, so shares of many chunks take equally long."""


def processors() -> int:
    """How many processors we may use."""
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def scan(scanner: Scanner, paths: Sequence[str], jobs: int, before: Callable[[], None]) -> None:
    """Scan `paths` with `jobs` processes, this one among them.

    `before` is called first in each new process: it lets go of what two processes cannot share, like a pipe.
    """
    chunks = [paths[at : at + CHUNK] for at in range(0, len(paths), CHUNK)]
    shares = [[path for chunk in chunks[at::jobs] for path in chunk] for at in range(jobs)]
    running: list[tuple[int, int, list[str]]] = []
    try:
        running += ((*_start(scanner, share, before), share) for share in shares[1:] if share)
        scanner.scan_all(shares[0])
        while running:
            pid, pipe, share = running[0]
            data = _read(pipe)
            running.pop(0)
            if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0 and data:
                scanner.add(marshal.loads(data))  # noqa: S302  it comes from our own process
            else:
                scanner.scan_all(share)
    finally:
        for pid, pipe, _ in running:  # we are interrupted
            os.close(pipe)
            os.kill(pid, 9)
            os.waitpid(pid, 0)


def _start(scanner: Scanner, share: list[str], before: Callable[[], None]) -> tuple[int, int]:
    """Start a process; its number, and the pipe that its findings come through."""
    inlet, outlet = os.pipe()
    pid = os.fork()
    if pid:
        os.close(outlet)
        return pid, inlet
    code = 5
    try:
        os.close(inlet)
        before()
        scanner.forget()
        scanner.scan_all(share)
        data = marshal.dumps(scanner.found())
        while data:
            data = data[os.write(outlet, data) :]
        code = 0
    finally:
        os._exit(code)


def _read(pipe: int) -> bytes:
    parts = []
    while data := os.read(pipe, 1 << 20):
        parts.append(data)
    os.close(pipe)
    return b"".join(parts)
