"""Signals that end us become exceptions, so that what was begun is cleaned up on the way out."""

from __future__ import annotations

import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the signature of a signal handler
    sys.exit(128 + number)


def become_exceptions() -> None:
    """From now on SIGTERM and SIGHUP raise SystemExit with 143 and 129, as SIGINT raises KeyboardInterrupt anyway.

    A signal that the caller made us ignore (`nohup`) stays ignored.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)
