"""The encrypted files there are: who can read each, by which rule, how old it is, and whether all is well."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.documents.formats import file_format
from secrets_gitops.encrypted_files import rules, updatekeys
from secrets_gitops.encrypted_files.decrypt import read_sealed
from secrets_gitops.encrypted_files.encrypt import is_whole
from secrets_gitops.envelopes.sops import metadata
from secrets_gitops.errors import Error
from secrets_gitops.repository import files

if TYPE_CHECKING:
    from secrets_gitops.envelopes.sops.metadata import Metadata


class Reader(NamedTuple):
    """One who can read a file."""

    kind: str
    recipient: str
    group: int
    """From 1."""


class Item(NamedTuple):
    """One file."""

    path: str
    format: str
    state: str
    """`good`; `drift`: others may read it than its rule says; `partly`: a value stands in clear that should not;
    `plaintext`: a rule covers it, and it is not encrypted; `broken`: it cannot be understood."""
    recipients: tuple[Reader, ...]
    threshold: int
    """How many key groups are needed; 0: there is one."""
    rule: str
    """`path:line`; empty when none fits."""
    lastmodified: str
    age_days: int | None
    """Since the last change of a value, or of the data key."""
    version: str
    problem: str
    """What is the matter, for people; empty in a good state."""


def look(path: str, *, config: str | None = None, now: datetime | None = None) -> Item:
    """What can be said of one file without a key. What is wrong with it becomes its state."""
    form = file_format(path)
    try:
        document = read_sealed(files.read(path), path)
        found = metadata.read(document)
    except Error as error:
        return Item(path, form, "broken", (), 0, "", "", None, "", error.message)
    rule, problem = _rule(path, config)
    if found is None:
        return Item(path, form, "plaintext", (), 0, rule, "", None, "", "not encrypted, although a rule covers it")
    state = "good"
    if not is_whole(document):
        state, problem = "partly", "a value stands in clear that should be encrypted"
    elif rule and not problem:
        try:
            lines = updatekeys.plan(document, config=config).lines
        except Error as error:
            problem = error.message
        else:
            problem = f"`updatekeys` would change it: {', '.join(lines)}" if lines else ""
            state = "drift" if lines else state
    return Item(
        path,
        form,
        state,
        _readers(found),
        found.needed if len(found.groups) > 1 else 0,
        rule,
        found.lastmodified,
        age_days(found.lastmodified, now),
        found.version,
        problem,
    )


def _readers(found: Metadata) -> tuple[Reader, ...]:
    return tuple(Reader(entry.kind, entry.recipient, at) for at, group in enumerate(found.groups, 1) for entry in group)


def _rule(path: str, config: str | None) -> tuple[str, str]:
    """Where the rule of a file stands, and what is wrong with it."""
    try:
        found = rules.find(path, config=config, strict=False)
    except Error as error:
        return "", error.message
    if found.rule is None:
        return "", "no creation rule fits it"
    return f"{found.rule.place.path}:{found.rule.place.line}", ""


def age_days(lastmodified: str, now: datetime | None = None) -> int:
    """Whole days since a time as the metadata of a file has it."""
    then = datetime.fromisoformat(metadata.mac_time(lastmodified))
    return max(((now or datetime.now(UTC)) - then).days, 0)
