"""Give a file the recipients that its creation rule names. Values, MAC and data key stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.encrypted_files import recipients, rules
from secrets_gitops.envelopes.sops import groups, opened, rekey
from secrets_gitops.envelopes.sops.metadata import Entry
from secrets_gitops.envelopes.sops.rekey import Wanted
from secrets_gitops.errors import EnvelopeError, NoMatchingKey, Place, SettingsError
from secrets_gitops.keys import catalog
from secrets_gitops.keys.recipient import bare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.document import Document
    from secrets_gitops.envelopes.sops.metadata import Metadata
    from secrets_gitops.envelopes.sops.rekey import Member
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.keys.recipient import Recipient
    from secrets_gitops.plaintext import Plaintext
    from secrets_gitops.repository.creation_rules import CreationRule, KeyRef


class Plan(NamedTuple):
    """What would change."""

    document: Document
    metadata: Metadata
    wanted: Wanted
    add: tuple[Recipient, ...]
    remove: tuple[Entry, ...]
    lines: tuple[str, ...]
    """The changes for people, each beginning with `+` or `-`; none when the file has the keys of its rule."""
    warnings: tuple[tuple[Place, str], ...] = ()
    """What was noticed in the rules."""

    @property
    def changes(self) -> bool:
        """Is there anything to do?"""
        return bool(self.lines)


def plan(document: Document, *, config: str | None = None) -> Plan:
    """What it takes to give the file the keys of its rule: the sets of keys group by group, whatever their order.

    The threshold is the file's, but not more than there are groups, as sops has it. Raises NotSealed, SettingsError
    without a rule, NotBuiltYet when a key of a kind that is not handled would have to be added.
    """
    metadata = opened.required_metadata(document)
    found = rules.find(document.path, config=config, strict=False)
    rule = rules.required(document.path, found)
    if not any(rule.groups):
        raise SettingsError(
            "the creation rule names no keys", hints=("name recipients: `age: age1…`",), place=rule.place
        )
    groups.check([len(group) for group in rule.groups], 0, rule.place)
    warnings = found.rules.warnings if found.rules is not None else ()
    return against(document, metadata, rule, warnings)


def against(
    document: Document, metadata: Metadata, rule: CreationRule, warnings: Sequence[tuple[Place, str]] = ()
) -> Plan:
    """What it takes to give the file the keys of this rule."""
    members: list[tuple[Member, ...]] = []
    add: list[Recipient] = []
    remove: list[Entry] = []
    lines: list[str] = []
    several = max(len(rule.groups), len(metadata.groups)) > 1
    for at in range(max(len(rule.groups), len(metadata.groups))):
        keys = rule.groups[at] if at < len(rule.groups) else ()
        left = list(metadata.groups[at]) if at < len(metadata.groups) else []
        group: list[Member] = []
        where = f"group {at + 1}: " if several else ""
        for key in keys:
            old = next((entry for entry in left if _same(key, entry)), None)
            if old is not None:
                left.remove(old)
                group.append(old)
            elif not any(isinstance(one, Entry) and _same(key, one) for one in group):
                new = catalog.recipient(key.kind, key.text, key.place)
                group.append(new)
                add.append(new)
                lines.append(f"+ {where}{new.kind} {new.text}")
        remove += left
        lines += [f"- {where}{entry.kind} {entry.recipient}" for entry in left]
        members += [tuple(group)] if group else []
    count = len(members)
    threshold = min(metadata.threshold or count, count) if count > 1 else metadata.threshold
    wanted = Wanted(_in_old_order(members, metadata), threshold)
    notes = list(warnings)
    if rule.shamir_threshold and count > 1 and rule.shamir_threshold != threshold:
        text = (
            f"the rule's `shamir_threshold` {rule.shamir_threshold} does not reach files that exist:"
            f" {document.path} needs {threshold} of its {count} groups, until `rotate --threshold` changes it"
        )
        notes.append((rule.place, text))
    return Plan(document, metadata, wanted, tuple(add), tuple(remove), tuple(lines), tuple(notes))


def _in_old_order(members: Sequence[tuple[Member, ...]], metadata: Metadata) -> tuple[tuple[Member, ...], ...]:
    """Keys that stay in the order of the file, then those that are new."""
    order = {id(entry): at for at, entry in enumerate(metadata.entries)}
    last = len(order)
    return tuple(tuple(sorted(group, key=lambda one: order.get(id(one), last))) for group in members)


def _same(key: KeyRef, entry: Entry) -> bool:
    """Does a rule's key mean this entry? Azure keys may leave out their version."""
    if key.kind != entry.kind:
        return False
    wanted, have = recipients.canonical(key.kind, key.text, key.place), bare(entry.recipient)
    return wanted == have or (key.kind == "azure_kv" and have.startswith(f"{wanted}/"))


class Applied(NamedTuple):
    """The changed file, and what the user should hear."""

    document: Document
    notes: tuple[str, ...]


def apply(change: Plan, keyring: Keyring, now: str) -> Applied:
    """The document with the new key entries. Raises NoMatchingKey when no key here opens it."""
    data_key = groups.data_key_of(change.document, change.metadata, keyring)
    changed = rekey.replaced(change.document, data_key, change.wanted, now)
    notes = locked_out(changed, keyring, data_key)
    data_key.wipe()
    return Applied(changed, notes)


def locked_out(changed: Document, keyring: Keyring, data_key: Plaintext | None = None) -> tuple[str, ...]:
    """Open the new entries; a note when no key here does. Raises EnvelopeError when they hold another data key."""
    found = opened.required_metadata(changed)
    try:
        again = groups.data_key_of(changed, found, keyring)
    except NoMatchingKey:
        return (f"{changed.path}: none of the keys here opens it from now on",)
    same = data_key is None or again.reveal() == data_key.reveal()
    again.wipe()
    if not same:
        raise EnvelopeError("the new key entries do not open; nothing was written", place=Place(changed.path))
    return ()
