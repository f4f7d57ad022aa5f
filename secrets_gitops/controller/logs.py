"""The controller's log: one line per fact, as `key=value` text or as JSON. Values of Secrets never reach it."""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from typing import TextIO

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/@^+:,")


class Log:
    """Writes what happened: information to `info_stream`, errors to `error_stream`; a reader that went away is fine."""

    def __init__(
        self,
        *,
        form: Literal["text", "json"] = "text",
        errors_only: bool = False,
        info_stream: TextIO | None = None,
        error_stream: TextIO | None = None,
    ) -> None:
        self._form = form
        self._errors_only = errors_only
        self._info = info_stream or sys.stdout
        self._error = error_stream or sys.stderr
        self._lock = threading.Lock()

    def info(self, message: str, **fields: object) -> None:
        """Say what was done."""
        if not self._errors_only:
            self._write(self._info, "INFO", message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Say what went wrong. The caller vouches that no field holds a value."""
        self._write(self._error, "ERROR", message, fields)

    def _write(self, stream: TextIO, level: str, message: str, fields: dict[str, object]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entries: dict[str, object] = {"time": now, "level": level, "msg": message, **fields}
        if self._form == "json":
            line = json.dumps(entries, default=str)
        else:
            line = " ".join(f"{name}={_quoted(str(value))}" for name, value in entries.items())
        try:
            with self._lock:
                stream.write(line + "\n")
                stream.flush()
        except (OSError, ValueError):
            return  # nobody reads the log any more; the work goes on


class Forwarded(logging.Handler):
    """Brings warnings of the modules below, which use the standard library's logging, into the controller's log.

    Their message alone: what an exception of somebody else says may quote what it failed on.
    """

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        kind = record.exc_info[0] if record.exc_info else None
        fields: dict[str, object] = {"error": kind.__name__} if kind is not None else {}
        self._log.error(record.getMessage(), **fields)


def _quoted(text: str) -> str:
    return text if text and _PLAIN.issuperset(text) else json.dumps(text, ensure_ascii=False)
