"""Give a file the recipients that its creation rule names. Values, MAC and data key stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.documents import edit
from secrets_gitops.encrypted_files import rules
from secrets_gitops.envelopes.sops import groups, opened
from secrets_gitops.envelopes.sops import metadata as sops_metadata
from secrets_gitops.errors import EnvelopeError, NotBuiltYet, SettingsError
from secrets_gitops.keys import catalog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.envelopes.sops.metadata import Entry, Metadata
    from secrets_gitops.errors import Place
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.keys.recipient import Recipient
    from secrets_gitops.repository.creation_rules import CreationRule, KeyRef


class Plan(NamedTuple):
    """What would change."""

    document: Document
    metadata: Metadata
    add: tuple[Recipient, ...]
    remove: tuple[Entry, ...]
    warnings: tuple[tuple[Place, str], ...] = ()
    """What was noticed in the rules."""

    @property
    def lines(self) -> list[str]:
        """The changes as lines, `+` and `-`."""
        return [f"+ {one.kind} {one.text}" for one in self.add] + [
            f"- {one.kind} {one.recipient}" for one in self.remove
        ]


def plan(document: Document, *, config: str | None = None) -> Plan:
    """What it takes to give the file the recipients of its rule.

    Raises NotSealed, SettingsError without a rule, NotBuiltYet when a key of a kind that is not handled would have to
    be added, or for key groups.
    """
    metadata = opened.required_metadata(document)
    found = rules.find(document.path, config=config, strict=False)
    rule = rules.required(document.path, found)
    if not any(rule.groups):
        raise SettingsError(
            "the creation rule names no keys", hints=("name recipients: `age: age1…`",), place=rule.place
        )
    if len(metadata.groups) > 1:
        raise NotBuiltYet(
            "changing the keys of a file with key groups is not built yet",
            place=sops_metadata.place_of(document, metadata),
        )
    wanted = _wanted(rule)
    have = metadata.entries
    add = [
        catalog.recipient(key.kind, key.text, key.place) for key in wanted if not any(_same(key, one) for one in have)
    ]
    remove = [entry for entry in have if not any(_same(key, entry) for key in wanted)]
    warnings = found.rules.warnings if found.rules is not None else ()
    return Plan(document, metadata, tuple(add), tuple(remove), warnings)


def _wanted(rule: CreationRule) -> list[KeyRef]:
    if len(rule.groups) > 1 or rule.shamir_threshold:
        raise NotBuiltYet(
            "rules with key groups are not built yet", hints=("name recipients in one group",), place=rule.place
        )
    return [key for group in rule.groups for key in group]


def _same(key: KeyRef, entry: Entry) -> bool:
    """Does a rule's key mean this entry? Azure keys may leave out their version."""
    if key.kind != entry.kind:
        return False
    text = key.text.replace(" ", "") if key.kind in {"pgp", "kms"} else key.text.rstrip("/")
    if key.kind == "kms":
        arn, _, context = text.partition("|")
        return entry.recipient.split("|")[:2] == [arn, ",".join(sorted(context.split(",")))][: 2 if context else 1]
    return entry.recipient == text or (key.kind == "azure_kv" and entry.recipient.startswith(f"{text}/"))


def apply(change: Plan, keyring: Keyring) -> Document:
    """The document with the new key entries. Raises NoMatchingKey when no key here opens it."""
    document, metadata = change.document, change.metadata
    data_key = groups.data_key_of(document, metadata, keyring)
    fresh = [{"enc": one.wrap(data_key), "recipient": one.text} for one in change.add]
    data_key.wipe()
    roots = [root for root in range(len(document.roots)) if sops_metadata.find(document, root) is not None]
    for root in roots:
        document = _with_entries(document, root, fresh, change.remove)
    _check(document, change)
    return document


def _with_entries(document: Document, root: int, fresh: Sequence[dict[str, str]], remove: Sequence[Entry]) -> Document:
    """One copy of the block with its entries changed: new ones first, so that a list is never empty in between."""
    found = sops_metadata.find(document, root)
    assert found is not None
    home = _home(document, root)
    for entry in fresh:
        listed = _listed(document, root, home)
        place: tuple[str | int, ...] = (*home, "age", len(listed)) if listed else (*home, "age")
        document = document.apply(edit.set_path(document, root, place, entry if listed else [entry]))
    for gone in remove:
        for position, item in enumerate(_listed(document, root, home, gone.kind)):
            if sops_metadata.identity(gone.kind, item) == gone.recipient:
                document = document.apply(edit.remove_path(document, root, (*home, gone.kind, position)))
                break
    return document


def _home(document: Document, root: int) -> tuple[str | int, ...]:
    """Where the lists of keys stand: in the block, or in its only key group."""
    found = sops_metadata.find(document, root)
    assert found is not None
    block = found[1]
    at_top = any((node := block.get(kind)) is not None and node.items for kind in sops_metadata.KINDS)
    return (sops_metadata.KEY,) if at_top else (sops_metadata.KEY, "key_groups", 0)


def _listed(document: Document, root: int, home: tuple[str | int, ...], kind: str = "age") -> Sequence[Node]:
    node = document.roots[root].resolved()
    for step in home:
        child = node.get(step) if isinstance(step, str) else node.items[step].resolved()
        assert child is not None
        node = child
    listed = node.get(kind)
    return listed.items if listed is not None else ()


def _check(document: Document, change: Plan) -> None:
    """Read the new block as any reader would: it must hold exactly what was planned, and all else must be the same."""
    found = opened.required_metadata(document)
    wanted = [(e.kind, e.recipient) for e in change.metadata.entries if e not in change.remove]
    wanted += [(one.kind, one.text) for one in change.add]
    before, after = change.metadata, found
    if sorted(wanted) != sorted((entry.kind, entry.recipient) for entry in found.entries) or before[2:] != after[2:]:
        raise EnvelopeError(
            "the changed keys do not read back as they were meant; nothing was written",
            place=sops_metadata.place_of(document, found),
        )
