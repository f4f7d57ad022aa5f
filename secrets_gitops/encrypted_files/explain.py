"""Say which rule, keys and selector apply to a file, what becomes of each value, and why it opens or not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.encrypted_files import explain_keys, rules
from secrets_gitops.envelopes.sops import metadata as sops_metadata
from secrets_gitops.envelopes.sops import tree, value
from secrets_gitops.envelopes.sops.reading import shown
from secrets_gitops.envelopes.sops.selection import Selection
from secrets_gitops.errors import Attempt, Error, NoMatchingKey, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secrets_gitops.documents.document import Document
    from secrets_gitops.encrypted_files.explain_keys import Reader
    from secrets_gitops.envelopes.sops.metadata import Metadata
    from secrets_gitops.envelopes.sops.selection import Selector
    from secrets_gitops.envelopes.sops.tree import Leaf
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.repository.creation_rules import CreationRule


class Fate(NamedTuple):
    """What becomes of one value."""

    document: int
    path: str
    line: int
    state: str
    """`encrypted`, `clear`, `empty` or `in clear, should be encrypted`; for plaintext `would be encrypted` and such."""


class Explanation(NamedTuple):
    """All that can be said about a file."""

    path: str
    encrypted: bool
    config: str | None
    rule: str | None
    """`path:line` of the rule; None when none fits."""
    selector: str
    selector_source: str
    """`file` or `rule` or `default`."""
    readers: tuple[Reader, ...]
    fates: tuple[Fate, ...]
    problems: tuple[str, ...]
    opens: bool | None
    """Whether it opens here, MAC and all; None for plaintext."""
    version: str
    lastmodified: str
    format: str
    path_regex: str
    """Of the rule; empty when it has none, or there is no rule."""
    needed_groups: int
    """How many key groups it takes to open the file, or would; 0 where there is one group."""
    mac_only_encrypted: bool
    attempts: tuple[Attempt, ...]
    """What was tried to open the file, where nothing did."""


def explain(document: Document, keyring: Keyring, *, config: str | None = None) -> Explanation:
    """Gather everything; nothing found wrong raises, it becomes one of the problems."""
    problems: list[str] = []
    found = _rules(document.path, config, problems)
    metadata = _metadata(document, problems)
    rule = found.rule
    place = None if rule is None else f"{rule.place.path}:{rule.place.line}"
    encrypted = sops_metadata.find(document) is not None
    source = "file" if metadata is not None else "rule" if rule is not None and rule.selector is not None else "default"
    selector = metadata.selector if metadata is not None else rules.selector(rule)
    if encrypted and metadata is None:  # the block makes no sense
        fates: tuple[Fate, ...] = ()
    else:
        fates = tuple(_fates(document, selector, sealed=encrypted, problems=problems))
    attempts: list[Attempt] = []
    opens = _opens(document, metadata, keyring, problems, attempts) if encrypted else None
    return Explanation(
        document.path,
        encrypted,
        found.path,
        place,
        str(selector),
        source,
        tuple(explain_keys.readers(rule, metadata, keyring)),
        fates,
        tuple(dict.fromkeys(problems)),
        opens,
        metadata.version if metadata is not None else "",
        metadata.lastmodified if metadata is not None else "",
        document.inner,
        rule.path_regex if rule is not None else "",
        _needed(rule, metadata),
        metadata.mac_only_encrypted if metadata is not None else rule is not None and rule.mac_only_encrypted,
        tuple(attempts),
    )


def _needed(rule: CreationRule | None, metadata: Metadata | None) -> int:
    groups = metadata.groups if metadata is not None else rule.groups if rule is not None else ()
    threshold = metadata.threshold if metadata is not None else rule.shamir_threshold if rule is not None else 0
    return (threshold or len(groups)) if len(groups) > 1 else 0


def _rules(path: str, config: str | None, problems: list[str]) -> rules.Found:
    try:
        found = rules.find(path, config=config, strict=False)
    except SettingsError as error:
        problems.append(_said(error))
        return rules.Found(None, None, None, None)
    if found.rules is not None:
        problems += [f"{place}: {text}" for place, text in found.rules.warnings]
    if found.path is None:
        not_read = f"`{found.ignored}` is not read; its name must be `.sops.yaml`"
        problems.append(not_read if found.ignored else "there is no `.sops.yaml` above the file")
    elif found.rule is None:
        problems.append(f"no creation rule in `{found.path}` fits the file")
    theirs = _official_choice(os.environ) if config is None else None
    if theirs is not None and (found.path is None or not os.path.samefile(theirs, found.path)):
        problems.append(
            f"run from this folder, the official sops would use `{os.path.relpath(theirs)}`: it looks above the working"
            " directory, not above the file"
        )
    return found


def _official_choice(environ: Mapping[str, str]) -> str | None:
    """The rules that sops finds from here."""
    if environ.get("SOPS_CONFIG"):
        return None
    folder = os.getcwd()
    while True:
        candidate = os.path.join(folder, ".sops.yaml")
        if os.path.isfile(candidate):
            return candidate
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _metadata(document: Document, problems: list[str]) -> Metadata | None:
    try:
        return sops_metadata.read(document)
    except Error as error:
        problems.append(_said(error))
        return None


def _said(error: Error) -> str:
    return f"{error.place}: {error.message}" if error.place is not None else error.message


def _fates(document: Document, selector: Selector, *, sealed: bool, problems: list[str]) -> Iterator[Fate]:
    selection = Selection(selector, lenient=True)
    if not selection.valid:
        problems.append(f"`{selector.field}` is no valid regular expression: it matches nothing")
    try:
        leaves = [leaf for leaf in tree.walk(document, selection, sealed=sealed) if not leaf.is_comment]
    except Error as error:
        problems.append(_said(error))
        return
    fates = [_fate(leaf, sealed=sealed) for leaf in leaves]
    if leaves and not any(fate.state.endswith("encrypted") for fate in fates):
        problems.append(f"`{selector}` leaves every value in clear")
    problems += [
        f"{document.path}:{fate.line}: `{fate.path}` stands in clear and should be encrypted"
        for fate in fates
        if fate.state.startswith("in clear")
    ]
    yield from fates


def _fate(leaf: Leaf, *, sealed: bool) -> Fate:
    node = leaf.node
    assert node is not None
    if sealed:
        state = "encrypted" if value.looks_sealed(node.text) else "in clear, should be encrypted"
    else:
        state = "would be encrypted"
    if not leaf.selected:
        state = "clear" if sealed else "stays clear"
    elif not node.text or (node.style in {"plain", "json"} and node.text in {"~", "null", "Null", "NULL"}):
        state = "empty"
    return Fate(leaf.root, shown(leaf.path), node.line, state)


def _opens(
    document: Document, metadata: Metadata | None, keyring: Keyring, problems: list[str], attempts: list[Attempt]
) -> bool:
    if metadata is None:
        return False
    from secrets_gitops.envelopes.sops import opened  # noqa: PLC0415  plaintext is explained without cryptography

    try:
        opened.open(document, keyring)
    except Error as error:
        problems.append(_said(error))
        if isinstance(error, NoMatchingKey):
            attempts += error.attempts
        return False
    return True
