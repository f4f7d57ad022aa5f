"""What a person reads: errors, hints, warnings and notes on standard error; data alone on standard output."""

from __future__ import annotations

import os
import sys

from secrets_gitops.errors import Error, NoMatchingKey
from secrets_gitops.printable import log_line, log_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_STYLES = {"error": "1;31", "warning": "1;33", "hint": "1;36", "place": "34"}


def has_colour(stream: TextIO) -> bool:
    """Whether what goes to `stream` may be coloured."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def _style(word: str, kind: str) -> str:
    if not has_colour(sys.stderr):
        return word
    return f"\x1b[{_STYLES[kind]}m{word}\x1b[0m"


def note(text: str) -> None:
    """One line on standard error."""
    print(log_path(text), file=sys.stderr)  # noqa: T201


def warn(text: str, *, hints: tuple[str, ...] = ()) -> None:
    """Print a warning and what to do about it on standard error."""
    print(f"{_style('warning', 'warning')}: {log_line(text)}", file=sys.stderr)  # noqa: T201
    for hint in hints:
        print(f"{_style('hint', 'hint')}: {log_line(hint)}", file=sys.stderr)  # noqa: T201


def show(error: Error) -> None:
    """Print an error as the terminal shows it: what, where, what was tried, what next."""
    lines = [f"{_style('error', 'error')}: {log_line(error.message)}"]
    if error.place is not None:
        lines.append(f"  {_style('-->', 'place')} {log_line(str(error.place))}")
    if isinstance(error, NoMatchingKey):
        for at, attempt in enumerate(error.attempts):
            lead = "tried:" if at == 0 else " " * 6
            lines.append(f"  {lead} {attempt.kind}  {log_line(attempt.source)}   {log_line(attempt.reason)}")
    lines += [f"{_style('hint', 'hint')}: {log_line(hint)}" for hint in error.hints]
    print("\n".join(lines), file=sys.stderr)  # noqa: T201


def write(data: bytes | str) -> None:
    """Write data to standard output as it is, and push it out, so that a full disk or a closed pipe is noticed here."""
    sys.stdout.buffer.write(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data)
    sys.stdout.buffer.flush()
