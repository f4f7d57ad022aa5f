"""A login that failed, remembered for a moment: a hundred files are not a hundred wrong logins."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.errors import Error

_SECONDS = 5.0
"""Long enough for the others of a run that wait for the same login, short enough for whoever logs in meanwhile."""


class Refusal:
    """The last failure of one login. Its user holds a lock, or does not mind to be refused once more."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: tuple[Error, float] | None = None

    def keep(self, error: Error) -> Error:
        """Remember `error` and give it back to be raised."""
        self._kept = (error, self._clock() + _SECONDS)
        return error

    def check(self) -> None:
        """Raise the failure while it is fresh."""
        if self._kept is not None and self._clock() < self._kept[1]:
            raise self._kept[0]
