"""A command that runs as our child, so that we can clean up after it."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HANDED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Account(NamedTuple):
    """The user that a command runs as, and what says so in its environment."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    variables: dict[str, str]


def run(
    arguments: Sequence[str], environ: Mapping[str, str], user: Account | None = None, *, program: str | None = None
) -> int:
    """Run a command to its end: its exit code, or the number of the signal that ended it as a negative number.

    Signals that ask us to end are handed on to it, and it decides. `program` is what is run when that is not the first
    of the arguments. Raises OSError when it cannot be started.
    """
    child = subprocess.Popen(
        arguments,
        executable=program,
        env=environ,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=user.groups if user else None,
    )
    before = {number: signal.getsignal(number) for number in _HANDED_ON}
    for number in before:
        signal.signal(number, lambda received, _: child.send_signal(received))
    try:
        return child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
