"""`lint --verify-mac`: the check that the lint, which reaches no cryptography, is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.errors import Error, Place, ScanIncomplete, Tampered
from secrets_gitops.lint.report.text import count

if TYPE_CHECKING:
    from secrets_gitops.keys.keyring import Keyring


class MacCheck:
    """Asks one keyring about every file, and counts what could be decided."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self.decided = 0
        self.undecided = 0

    def __call__(self, path: str, data: bytes) -> str | None:
        """What is wrong with the MAC; empty when it fits; None when it cannot be opened here."""
        from secrets_gitops.encrypted_files.decrypt import read_sealed
        from secrets_gitops.encrypted_files.verify import verify

        try:
            verify(read_sealed(data, path), self._keyring)
        except Tampered:
            self.decided += 1
            return "the MAC does not fit: values were added, removed, moved or replaced without a key"
        except Error:  # no key, one that cannot be reached, or what other rules say of a damaged file
            self.undecided += 1
            return None
        self.decided += 1
        return ""

    def refusal(self) -> ScanIncomplete | None:
        """Why the answer is none, when not a single file could be decided: it was asked for."""
        if self.decided or not self.undecided:
            return None
        return ScanIncomplete(
            f"no MAC was verified: no key here opens any of {count(self.undecided, 'encrypted file')}",
            hints=("name a key file in `SOPS_AGE_KEY_FILE`, or leave `--verify-mac` out",),
            place=Place("."),
        )


def check() -> MacCheck:
    """With the keys of the usual places."""
    from secrets_gitops.keys.keyring import Keyring

    return MacCheck(Keyring.local(()))
