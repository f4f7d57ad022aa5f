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
from itertools import pairwise
from typing import TYPE_CHECKING

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
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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

    collecting = gc.isenabled()
    gc.disable()  # nothing here makes cycles, and looking for them in a growing tree takes a twentieth of the time
    try:
        children = [_start(part, sealing, path, target) for part in parts[:-1]]
        own = _sealed(parts[-1], sealing, path, target)
    except Error:
        own = None
    finally:
        if collecting:
            gc.enable()
    texts = [_finished(*child) for child in children]
    return None if own is None or None in texts else "".join([*(text or "" for text in texts), own])


def _sealed(part: str, sealing: Sealing, path: str, target: Format) -> str:
    return text_of(seal(read(part, path=path, format="yaml", limits=Limits.LARGE), sealing), target)


def _start(part: str, sealing: Sealing, path: str, target: Format) -> tuple[int, int]:
    """Fork a process that writes the sealed part into a pipe; its id and the end to read from."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child:
        os.close(write_end)
        return child, read_end
    status = 1
    try:
        os.close(read_end)
        with os.fdopen(write_end, "wb") as pipe:
            pipe.write(_sealed(part, sealing, path, target).encode())
        status = 0
    finally:
        # Not the interpreter's own way out: buffers and clean-up belong to the parent. It will tell what failed.
        os._exit(status)


def _finished(child: int, read_end: int) -> str | None:
    with os.fdopen(read_end, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return text.decode() if status == 0 else None
