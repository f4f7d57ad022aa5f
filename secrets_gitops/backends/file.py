"""Plain files as a store: `ref+file://PATH`, `ref+file://PATH#/key`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.backends import confined
from secrets_gitops.backends.backend import Fetched
from secrets_gitops.errors import BackendError
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.backends.backend import Locator, Surroundings
    from secrets_gitops.deadline import Deadline
    from secrets_gitops.errors import Error


class Files:
    """The files below the root."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self.identity = f"file {surroundings.directory}"

    def fetch(self, locators: Sequence[Locator], deadline: Deadline) -> Sequence[Fetched | Error]:
        """The bytes of each file as they are."""
        answers: list[Fetched | Error] = []
        for locator in locators:
            deadline.check("reading files")
            try:
                answers.append(Fetched(Plaintext(confined.read(locator.path, self._surroundings))))
            except BackendError as error:
                answers.append(error)
        return answers


def connect(settings: Mapping[str, str], surroundings: Surroundings) -> Files:  # noqa: ARG001  it has no settings
    """Open the files of `surroundings`."""
    return Files(surroundings)
