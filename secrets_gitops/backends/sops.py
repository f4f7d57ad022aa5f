"""Files encrypted with SOPS as a store: `ref+sops://FILE#/key`, or the whole plaintext without a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.backends import confined
from secrets_gitops.backends.backend import Fetched
from secrets_gitops.documents.formats import file_format
from secrets_gitops.documents.limits import Limits
from secrets_gitops.documents.read import read
from secrets_gitops.envelopes.sops.opened import open as open_sealed
from secrets_gitops.errors import AccessDenied, BadReference, Error
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.backends.backend import Locator, Surroundings
    from secrets_gitops.deadline import Deadline
    from secrets_gitops.documents.document import Format
    from secrets_gitops.keys.keyring import Keyring

_FORMATS: dict[str, Format] = {"yaml": "yaml", "json": "json", "dotenv": "dotenv", "ini": "ini", "binary": "binary"}


class SealedFiles:
    """The encrypted files below the root, opened with the keys at hand; the MAC of each is verified."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._keyring: Keyring | None = None
        self.identity = f"sops {surroundings.directory}"

    def fetch(self, locators: Sequence[Locator], deadline: Deadline) -> Sequence[Fetched | Error]:
        """The plaintext of each file; a file that several locators name is opened once."""
        opened: dict[Locator, Fetched | Error] = {}
        for locator in locators:
            if locator not in opened:
                deadline.check("opening encrypted files")
                try:
                    opened[locator] = self._open(locator)
                except Error as error:
                    opened[locator] = error
        return [opened[locator] for locator in locators]

    def _open(self, locator: Locator) -> Fetched:
        form = _format(locator)
        if self._surroundings.keyring is None:
            raise AccessDenied("encrypted files are not opened here")
        data = confined.read(locator.path, self._surroundings)
        document = read(data, path=locator.path, format=form, limits=Limits.LARGE, sealed=True)
        if self._keyring is None:
            self._keyring = self._surroundings.keyring()
        result = open_sealed(document, self._keyring)
        return Fetched(Plaintext(result.content()), metadata={"format": form})


def _format(locator: Locator) -> Format:
    """By the `format` parameter, else by the file's name. Raises BadReference for a word that is no format."""
    wanted = locator.parameter("format")
    if wanted is None:
        return file_format(locator.path)
    if wanted not in _FORMATS:
        raise BadReference(
            f"`{wanted}` is no format of sops", hints=(f"these are: {', '.join(f'`{name}`' for name in _FORMATS)}",)
        )
    return _FORMATS[wanted]


def connect(settings: Mapping[str, str], surroundings: Surroundings) -> SealedFiles:  # noqa: ARG001  it has no settings
    """Open the encrypted files of `surroundings`."""
    return SealedFiles(surroundings)
