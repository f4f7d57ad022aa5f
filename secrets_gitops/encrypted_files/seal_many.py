"""Seal a long stream of Secrets on several processors.

The RSA work does not release the interpreter's lock, so threads do not help; forked processes do, each on its own part
of the text. A part that fails is not explained by its process: the whole text is sealed again in one, so that an error
is the same, with the right place, however many processors there are.
"""

from __future__ import annotations

import gc
import os
import re
import threading
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from secrets_gitops import forked
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.encrypted_files.seal import seal, text_of
from secrets_gitops.errors import Error

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Format
    from secrets_gitops.encrypted_files.seal import Sealing

WORTH_IT = 150
"""Documents for each process: below that a fork and a pipe cost more than they save (about 10 ms)."""

_MARKER = re.compile(r"^---(?=\s)", re.MULTILINE)
"""Where a YAML document begins; YAML allows this at the start of a line nowhere else, not even inside text."""


def seal_text(
    data: bytes,
    sealing: Sealing,
    *,
    path: str,
    source: Format,
    target: Format,
    processes: int = 1,
) -> str:
    """The SealedSecrets for every Secret in `data`, in their order. Raises what reading and `seal` raise."""
    if source == "yaml" and processes > 1 and not sealing.name:
        parts = _parts(data, processes)
        if len(parts) > 1:
            sealed = _in_processes(parts, sealing, path, target)
            if sealed is not None:
                return sealed
    document = read(data, path=path, format=source, limits=Limits.LARGE, stream=True)
    return text_of(seal(document, sealing), target)


def processors() -> int:
    """How many processors this process may use; 1 where it cannot be forked, or not safely, as it has threads."""
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return 1
    return forked.processors()


def _parts(data: bytes, processes: int) -> list[str]:
    """The text in at most `processes` parts of whole documents, each long enough to be worth a process."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return []
    starts = [match.start() for match in _MARKER.finditer(text)]
    count = min(processes, len(starts) // WORTH_IT)
    if count < 2:
        return []
    cuts = [0, *(starts[len(starts) * part // count] for part in range(1, count)), len(text)]
    return [text[start:end] for start, end in pairwise(cuts)]


def _in_processes(parts: list[str], sealing: Sealing, path: str, target: Format) -> str | None:
    """Every part sealed in a process of its own, the last one in this; None when one of them fails."""
    from secrets_gitops.documents import yaml  # noqa: F401, PLC0415  once, not in every process

    work = [partial(_sealed, part, sealing, path, target) for part in parts]
    running: list[forked.Forked | None] = []
    collecting = gc.isenabled()
    gc.disable()  # nothing here makes cycles, and looking for them in a growing tree takes a twentieth of the time
    try:
        running += (forked.start(part) for part in work[:-1])
        own = work[-1]()
        sealed = [process.outcome() if process else part() for process, part in zip(running, work[:-1], strict=True)]
    except Error:
        return None
    finally:
        if collecting:
            gc.enable()
        for process in running:
            if process:
                process.stop()
    return None if None in sealed else b"".join([*(part or b"" for part in sealed), own]).decode()


def _sealed(part: str, sealing: Sealing, path: str, target: Format) -> bytes:
    return text_of(seal(read(part, path=path, format="yaml", limits=Limits.LARGE), sealing), target).encode()
