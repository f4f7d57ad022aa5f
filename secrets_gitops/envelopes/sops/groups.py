"""Key groups: one group's keys open a file each alone; of several groups, `threshold` are needed together (Shamir)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.crypto import shamir
from secrets_gitops.envelopes.sops import metadata as sops_metadata
from secrets_gitops.errors import EnvelopeError, NoMatchingKey, Place, SettingsError
from secrets_gitops.keys.recipient import FAR, WrappedKey
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from secrets_gitops.documents.document import Document
    from secrets_gitops.documents.plain import Tree
    from secrets_gitops.envelopes.sops.metadata import Entry, Metadata
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.keys.recipient import Recipient

UNDATED = frozenset({"age"})
"""Kinds whose entries do not say when they were made."""


class KeyGroups(NamedTuple):
    """Who shall be able to open a file."""

    groups: tuple[tuple[Recipient, ...], ...]
    threshold: int = 0
    """How many groups it takes; 0: all of them."""

    @property
    def needed(self) -> int:
        """How many groups it takes, in any case."""
        return self.threshold or len(self.groups)

    def check(self, place: Place | None = None) -> None:
        """Raise SettingsError for what can be no set of keys."""
        check([len(group) for group in self.groups], self.threshold, place)


def check(sizes: Sequence[int], threshold: int, place: Place | None = None) -> None:
    """Raise SettingsError unless there can be groups of these sizes, of which `threshold` (0: all) are needed."""
    if not sizes or not all(sizes):
        what = "a key group is empty" if sizes else "no key is named"
        raise SettingsError(what, hints=("name recipients: `age: age1…`",), place=place)
    if len(sizes) > shamir.LARGEST:
        raise SettingsError(f"more than {shamir.LARGEST} key groups", place=place)
    if len(sizes) > 1 and not 2 <= (threshold or len(sizes)) <= len(sizes):
        raise SettingsError(
            f"`shamir_threshold` is {threshold}, and it must be 2 to {len(sizes)}, the number of groups",
            hints=("to let any one group open the file, put all keys into one group",),
            place=place,
        )


class NewEntry(NamedTuple):
    """A key entry yet to be written."""

    kind: str
    recipient: str
    fields: Mapping[str, Tree]
    """All of them, `enc` and, where the kind has it, `created_at` too."""


def shares(
    data_key: Plaintext, count: int, needed: int, *, random: Callable[[int], bytes] = os.urandom
) -> list[Plaintext]:
    """What each of `count` groups gets: the data key itself where there is one group, a share of it otherwise."""
    if count == 1:
        return [data_key]
    return [Plaintext(share) for share in shamir.split(data_key.reveal(), count, needed, random=random)]


def wrap(
    data_key: Plaintext, keys: KeyGroups, now: str, *, random: Callable[[int], bytes] = os.urandom
) -> tuple[tuple[NewEntry, ...], ...]:
    """The entries of all groups. Raises KeySourceError and Unavailable as the recipients do."""
    parts = shares(data_key, len(keys.groups), keys.needed, random=random)
    jobs = [(recipient, part) for group, part in zip(keys.groups, parts, strict=True) for recipient in group]
    texts = iter(wrapped_for(jobs))
    return tuple(tuple(new_entry(recipient, next(texts), now) for recipient in group) for group in keys.groups)


def wrapped_for(jobs: Sequence[tuple[Recipient, Plaintext]]) -> list[str]:
    """The `enc` texts of recipients, each with what it gets; services are asked at the same time."""
    if not any(recipient.kind in FAR for recipient, _ in jobs):
        return [recipient.wrap(part) for recipient, part in jobs]
    from secrets_gitops.keys.far import wrap_all  # noqa: PLC0415  threads, for services only

    return wrap_all(jobs)


def new_entry(recipient: Recipient, enc: str, now: str) -> NewEntry:
    """The entry of a recipient that `enc` was wrapped for; `now`, as RFC 3339, is the time of it."""
    # The fields come after wrapping: by then a key that was named without its version knows it.
    fields: dict[str, Tree] = {name: _tree(content) for name, content in recipient.fields.items()}
    if recipient.kind not in UNDATED:
        fields["created_at"] = now
    fields["enc"] = enc
    return NewEntry(recipient.kind, recipient.text, dict(sorted(fields.items())))


def _tree(content: str | Mapping[str, str]) -> Tree:
    return content if isinstance(content, str) else dict(content)


def data_key_of(document: Document, metadata: Metadata, keyring: Keyring) -> Plaintext:
    """The data key. Raises NoMatchingKey when no key, or none of enough groups, is at hand.

    All groups are tried, also past the threshold, and all shares are combined, as sops does it: a share too many makes
    sure that a lowered threshold in the file opens nothing.
    """
    if len(metadata.groups) == 1:
        data_key = keyring.unwrap(_wrapped(metadata.groups[0]), document.path)
    else:
        data_key = _combined(document, metadata, keyring)
    if len(data_key) != 32:
        raise EnvelopeError("the data key has not 32 bytes", place=sops_metadata.place_of(document, metadata))
    return data_key


def prepare(documents: Iterable[Document], keyring: Keyring) -> None:
    """Let services that hold keys open the data keys of many files together; opening each file is then a look-up.

    What is wrong with a file is found when it is opened.
    """
    groups: list[list[WrappedKey]] = []
    for document in documents:
        try:
            metadata = sops_metadata.read(document)
        except EnvelopeError:
            continue
        groups += [_wrapped(group) for group in metadata.groups] if metadata is not None else []
    keyring.prepare(groups)


def _wrapped(group: Sequence[Entry]) -> list[WrappedKey]:
    return [WrappedKey(entry.kind, entry.recipient, entry.enc, sops_metadata.fields_of(entry)) for entry in group]


def _combined(document: Document, metadata: Metadata, keyring: Keyring) -> Plaintext:
    keyring.prepare([_wrapped(group) for group in metadata.groups])
    found: list[Plaintext] = []
    failures: list[NoMatchingKey] = []
    for group in metadata.groups:
        try:
            found.append(keyring.unwrap(_wrapped(group), document.path))
        except NoMatchingKey as error:
            failures.append(error)
    needed = max(metadata.needed, 2)
    if len(found) < needed:
        raise NoMatchingKey(
            f"cannot decrypt `{document.path}`: your keys open {len(found)} of its {len(metadata.groups)} key groups,"
            f" and it takes {needed}",
            attempts=tuple(dict.fromkeys(attempt for error in failures for attempt in error.attempts)),
            hints=failures[0].hints if failures else (),
            place=Place(document.path),
        )
    try:
        return Plaintext(shamir.combine([share.reveal() for share in found]))
    except ValueError as error:
        raise EnvelopeError(
            f"the shares of the key groups do not fit together: {error}",
            place=sops_metadata.place_of(document, metadata),
        ) from None
    finally:
        for share in found:
            share.wipe()
