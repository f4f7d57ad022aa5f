"""The identities at hand, tried one after the other; what did not work becomes the evidence in the error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.errors import Attempt, Error, NoMatchingKey, Place
from secrets_gitops.keys.catalog import UNBUILT
from secrets_gitops.keys.recipient import NotMine, WrappedKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from secrets_gitops.deadline import Deadline
    from secrets_gitops.keys.recipient import Identity
    from secrets_gitops.plaintext import Plaintext

_HINT = "name a key file with `--identity FILE` or `SOPS_AGE_KEY_FILE`"


class Keyring:
    """What can open documents here. `problems` are sources that gave no identity; they show only in an error."""

    def __init__(self, identities: Iterable[Identity], problems: Iterable[Attempt] = ()) -> None:
        self.identities = tuple(identities)
        self.problems = tuple(problems)

    @classmethod
    def local(
        cls,
        identity_files: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        *,
        deadline: Deadline | None = None,
    ) -> Keyring:
        """The identities of `identity_files`, then those that sops would find in `environ` (default: the process's).

        A source of the environment that is broken is remembered, so that a wrong key in one place does not hide the
        right one in another; a file that the caller named and that cannot be used raises KeySourceError.
        `deadline` ends key commands that do not answer.
        """
        from secrets_gitops.keys import age_sources  # noqa: PLC0415  whoever brings identities needs no cryptography

        return cls(*age_sources.discover(identity_files, environ, deadline=deadline))

    def unwrap(self, entries: Sequence[WrappedKey], path: str) -> Plaintext:
        """The data key from the first entry that opens; any one of `entries` is enough. `path` is for messages.

        Raises NoMatchingKey with one attempt per identity and per entry of a kind that nobody here can open.
        """
        pairs = [(identity, entry) for identity in self.identities for entry in entries if entry.kind == identity.kind]
        if len(pairs) > 1:
            # The name in the file is unproven but nearly always right; the rest is tried nevertheless.
            pairs.sort(key=lambda pair: pair[0].recipient != pair[1].recipient)
        reasons: dict[tuple[str, str], str] = {}
        for identity, entry in pairs:
            try:
                return identity.unwrap(entry)
            except NotMine as no:
                reasons.setdefault((identity.kind, identity.source), no.reason)
            except Error as error:
                reasons[identity.kind, identity.source] = error.message
        raise self._no_match(entries, reasons, path)

    def _no_match(
        self, entries: Sequence[WrappedKey], reasons: Mapping[tuple[str, str], str], path: str
    ) -> NoMatchingKey:
        kinds = {identity.kind for identity in self.identities}
        attempts = [Attempt(kind, source, reason) for (kind, source), reason in reasons.items()]
        attempts += [
            Attempt(entry.kind, entry.recipient, _without_key(entry.kind))
            for entry in entries
            if entry.kind not in kinds
        ]
        attempts += self.problems
        count = len(entries)
        if not entries:
            reason = "it names no recipient"
        elif not self.identities:
            reason = f"there is no key here, and it has {count} recipient{'s' * (count != 1)}"
        else:
            reason = f"none of your keys matches its {f'{count} recipients' if count != 1 else 'one recipient'}"
        hints = (_HINT, f"`secrets-gitops explain {path}` lists who can read it")
        return NoMatchingKey(
            f"cannot decrypt `{path}`: {reason}", attempts=tuple(attempts), hints=hints, place=Place(path)
        )


def _without_key(kind: str) -> str:
    return f"{UNBUILT[kind]} are not built yet" if kind in UNBUILT else "no key of this kind is at hand"
