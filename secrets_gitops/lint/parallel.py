"""A scan of many files by several processes, each a copy of this one that scans its share and tells what it found.

Nothing but data comes back (`marshal` of tuples, texts and numbers); a share whose process ended early, or for which
there was none, is scanned here, so that whatever ended it shows, and nothing is left out.
"""

from __future__ import annotations

import marshal
from functools import partial

from secrets_gitops import forked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from secrets_gitops.lint.scanner import Scanner

CHUNK = 100
"""Files in a row that one process takes: neighbours are alike, so shares of many chunks take equally long."""


def scan(scanner: Scanner, paths: Sequence[str], jobs: int | None, before: Callable[[], None]) -> None:
    """Scan `paths` with `jobs` processes, by default one for each processor, this one among them.

    `before` is called first in each new process: it lets go of what two processes cannot share, like a pipe.
    """
    jobs = jobs or forked.processors()
    chunks = [paths[at : at + CHUNK] for at in range(0, len(paths), CHUNK)]
    shares = [[path for chunk in chunks[at::jobs] for path in chunk] for at in range(jobs)]
    running: list[tuple[forked.Forked | None, list[str]]] = []
    try:
        running += ((forked.start(partial(_found, scanner, share, before)), share) for share in shares[1:] if share)
        scanner.scan_all(shares[0])
        for process, share in running:
            data = process.outcome() if process else None
            if data is None:
                scanner.scan_all(share)
            else:
                scanner.add(marshal.loads(data))  # noqa: S302  it comes from our own process
    finally:
        for process, _ in running:  # we are interrupted
            if process:
                process.stop()


def _found(scanner: Scanner, share: list[str], before: Callable[[], None]) -> bytes:
    before()
    scanner.forget()
    scanner.scan_all(share)
    return marshal.dumps(scanner.found())
