"""Tries a request again while the service is away or asks for patience, and time is left."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

from secrets_gitops.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.deadline import Deadline

Result = TypeVar("Result")

TRIES = 3
_FIRST_WAIT = 0.4
"""Seconds, doubled for each further try; what the service itself asks for has precedence."""


def retrying(request: Callable[[], Result], deadline: Deadline, doing: str) -> Result:
    """The answer of `request`, which is called again after Unavailable. Raises the last one."""
    for attempt in range(TRIES):
        deadline.check(doing)
        try:
            return request()
        except Unavailable as error:
            wait = error.retry_after
            if wait is None:
                wait = _FIRST_WAIT * 2**attempt * random.uniform(0.8, 1.2)  # noqa: S311  to spread, not to hide
            left = deadline.left()
            if attempt == TRIES - 1 or (left is not None and wait >= left):
                raise
            deadline.stop.wait(wait)
    raise AssertionError("unreachable")
