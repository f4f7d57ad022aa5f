"""An unexpected exception is our fault and says so: a report file with versions and code places, without any value."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback

from secrets_gitops import __version__
from secrets_gitops.cli import console


def report(error: BaseException) -> None:
    """Write the report (mode 0600) and name it. It holds types and code places: a message could quote a secret."""
    lines = [
        f"secrets-gitops {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command: {sys.argv[1] if len(sys.argv) > 1 else ''}",
        f"{type(error).__module__}.{type(error).__qualname__}",
    ]
    lines += [
        f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    try:
        handle, path = tempfile.mkstemp(prefix="secrets-gitops-bug-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError:
        path = ""
    console.note(f"error: this is a bug in secrets-gitops: {type(error).__qualname__}")
    if path:
        console.note(f"  report: {path}")
    console.note("hint: please open an issue with the report; it holds no value of yours")
