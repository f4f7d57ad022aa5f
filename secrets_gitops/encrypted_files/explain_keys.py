"""Whose keys a file and its rule name, group by group, and which of them are here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.encrypted_files import recipients
from secrets_gitops.errors import Error
from secrets_gitops.keys.recipient import bare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.envelopes.sops.metadata import Metadata
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.repository.creation_rules import CreationRule, KeyRef

    Key = tuple[str, str]
    """Kind and recipient."""


class Reader(NamedTuple):
    """One who can read the file, or would."""

    kind: str
    recipient: str
    source: str
    """Where the key lies that fits; empty when it is not here."""
    state: str
    """`both`: in file and rule; `file only`: `updatekeys` would remove it; `rule only`: it would add it."""
    group: int
    """Of which key group, from 1; 0 where there is one group."""


def readers(rule: CreationRule | None, metadata: Metadata | None, keyring: Keyring) -> Iterator[Reader]:
    """All of them, in the order of the file, then of the rule."""
    have = [[(entry.kind, entry.recipient) for entry in group] for group in metadata.groups] if metadata else []
    wanted = [list(group) for group in rule.groups] if rule is not None else []
    count = max(len(have), len(wanted))
    here = _here(keyring)
    for at in range(count):
        entries = have[at] if at < len(have) else []
        keys = wanted[at] if at < len(wanted) else []
        number = at + 1 if count > 1 else 0
        met = [key for key in keys if any(_same(key, entry) for entry in entries)]
        for entry in dict.fromkeys(entries):
            state = "both" if any(_same(key, entry) for key in met) else "file only"
            yield Reader(*entry, here.get((entry[0], bare(entry[1])), ""), state, number)
        for name in dict.fromkeys(_named(key) for key in keys if key not in met):
            yield Reader(*name, here.get((name[0], bare(name[1])), ""), "rule only", number)


def _here(keyring: Keyring) -> dict[Key, str]:
    found: dict[Key, str] = {}
    for identity in keyring.identities:
        try:
            found.setdefault((identity.kind, identity.recipient), identity.source)
        except Error:  # a key whose public half needs a newer library
            continue
    return found


def _named(key: KeyRef) -> Key:
    """A key of a rule as files name it; one that makes no sense as it stands there."""
    try:
        return key.kind, recipients.canonical(key.kind, key.text)
    except Error:
        return key.kind, key.text


def _same(key: KeyRef, entry: Key) -> bool:
    kind, text = _named(key)
    return kind == entry[0] and (text == bare(entry[1]) or (kind == "azure_kv" and entry[1].startswith(f"{text}/")))
