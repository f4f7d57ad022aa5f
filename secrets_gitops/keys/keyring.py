"""The identities at hand, tried one after the other; what did not work becomes the evidence in the error."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

from secrets_gitops.errors import Attempt, Error, KeyServiceUnavailable, NoMatchingKey, Place, SettingsError
from secrets_gitops.keys import catalog
from secrets_gitops.keys.catalog import ELSEWHERE
from secrets_gitops.keys.recipient import NotMine, Prepares, WrappedKey, bare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from secrets_gitops.deadline import Deadline
    from secrets_gitops.keys.recipient import Identity
    from secrets_gitops.plaintext import Plaintext

FIRST = ("age", "pgp")
"""What sops tries first: a key at hand before one that must be asked for over a network."""
_HINT = "name a key file with `--identity FILE` or `SOPS_AGE_KEY_FILE`"


class Keyring:
    """What can open documents here. `problems` are sources that gave no identity; they show only in an error."""

    def __init__(
        self,
        identities: Iterable[Identity],
        problems: Iterable[Attempt] = (),
        *,
        order: Sequence[str] = FIRST,
        ambient: Callable[[str], Identity | None] = lambda _: None,
    ) -> None:
        """`order` names the kinds of keys to try first; the others follow in the order of the file.

        `ambient` gives the identity of a kind that this machine has by itself, such as an agent or a cloud account; it
        is asked when a file has an entry of that kind.
        """
        self.identities = tuple(identities)
        self.problems = tuple(problems)
        self._order = {kind: at for at, kind in reversed(list(enumerate(order)))}
        self._ambient = ambient
        self._found: dict[str, Identity | None] = {}

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

        environ = os.environ if environ is None else environ
        return cls(
            *age_sources.discover(identity_files, environ, deadline=deadline),
            order=decryption_order(environ),
            ambient=functools.partial(catalog.ambient_identity, environ=environ, deadline=deadline),
        )

    def unwrap(self, entries: Sequence[WrappedKey], path: str) -> Plaintext:
        """The data key from the first entry that opens; any one of `entries` is enough. `path` is for messages.

        Raises NoMatchingKey with one attempt per identity and per entry of a kind that nobody here can open.
        """
        reasons: dict[tuple[str, str], str] = {}
        errors: list[Error] = []
        for identity, entry in self._pairs(entries):
            try:
                return identity.unwrap(entry)
            except NotMine as no:
                reasons.setdefault((identity.kind, identity.source or entry.recipient), no.reason)
            except Error as error:
                reasons[identity.kind, identity.source or entry.recipient] = error.message
                errors.append(error)
        raise self._no_match(entries, reasons, path, errors)

    def prepare(self, groups: Iterable[Sequence[WrappedKey]]) -> None:
        """Let services that hold keys open all of `groups` together: what `unwrap` will ask first for each of them.

        Nobody need call this; it saves time. A group that a key at hand opens costs no request.
        """
        asked: dict[int, tuple[Prepares, list[WrappedKey]]] = {}
        for entries in groups:
            for identity, entry in self._pairs(entries):
                if isinstance(identity, Prepares):
                    asked.setdefault(id(identity), (identity, []))[1].append(entry)
                    break
                if identity.recipient in {"", bare(entry.recipient)}:  # it opens it, or might
                    break
        if not asked:
            return
        from secrets_gitops.keys.far import in_parallel  # noqa: PLC0415  costs 20 ms, for services only

        in_parallel([functools.partial(identity.prepare, entries) for identity, entries in asked.values()])

    def _pairs(self, entries: Sequence[WrappedKey]) -> list[tuple[Identity, WrappedKey]]:
        """Which identity tries which entry, in order."""
        pairs = [(identity, entry) for entry in entries for identity in self._of_kind(entry.kind)]
        if len(pairs) > 1:
            # The name in the file is unproven but nearly always right; the rest is tried nevertheless. What may have to
            # ask a person waits until no other key of its kind opened anything.
            last = len(self._order)
            pairs.sort(
                key=lambda pair: (
                    self._order.get(pair[1].kind, last),
                    getattr(pair[0], "asks", False),
                    pair[0].recipient != bare(pair[1].recipient),
                )
            )
        return pairs

    def _of_kind(self, kind: str) -> list[Identity]:
        found = [identity for identity in self.identities if identity.kind == kind]
        if kind not in self._found:
            self._found[kind] = self._ambient(kind)
        ambient = self._found[kind]
        return found if ambient is None else [*found, ambient]

    def _no_match(
        self,
        entries: Sequence[WrappedKey],
        reasons: Mapping[tuple[str, str], str],
        path: str,
        errors: Sequence[Error],
    ) -> NoMatchingKey:
        kinds = {identity.kind for identity in self.identities}
        kinds |= {kind for kind, ambient in self._found.items() if ambient is not None}
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
        elif not kinds:
            reason = f"there is no key here, and it has {count} recipient{'s' * (count != 1)}"
        else:
            reason = f"none of your keys matches its {f'{count} recipients' if count != 1 else 'one recipient'}"
        by_file = any(entry.kind == "age" for entry in entries) or not entries
        hints = (*(_HINT,) * by_file, f"`secrets-gitops explain {path}` lists who can read it")
        hints = tuple(dict.fromkeys((*(hint for error in errors for hint in error.hints), *hints)))
        kind = KeyServiceUnavailable if any(error.retry for error in errors) else NoMatchingKey
        if kind is KeyServiceUnavailable:
            reason = f"a service that holds one of its {count} keys cannot be reached, and no other key here opens it"
        return kind(f"cannot decrypt `{path}`: {reason}", attempts=tuple(attempts), hints=hints, place=Place(path))


def decryption_order(environ: Mapping[str, str]) -> Sequence[str]:
    """The kinds of keys in the order that `SOPS_DECRYPTION_ORDER` says. Raises SettingsError for a kind named twice."""
    text = environ.get("SOPS_DECRYPTION_ORDER")
    if not text:
        return FIRST
    order = [name.strip() for name in text.split(",")]
    twice = next((name for at, name in enumerate(order) if name in order[:at]), None)
    if twice is not None:
        raise SettingsError(f"`{twice}` stands twice in the decryption order")
    return order


def _without_key(kind: str) -> str:
    if kind in ELSEWHERE:
        return f"{ELSEWHERE[kind]} are handled by the official sops: say `--engine sops`"
    return "no key of this kind is at hand"
