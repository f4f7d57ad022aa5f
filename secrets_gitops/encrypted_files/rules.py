"""Which creation rule holds for a file: the nearest `.sops.yaml` above it, or the one that the user names."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.envelopes.sops.groups import KeyGroups
from secrets_gitops.envelopes.sops.selection import DEFAULT
from secrets_gitops.errors import Error, KeySourceError, NotBuiltYet, Place, SettingsError
from secrets_gitops.keys import catalog
from secrets_gitops.repository import creation_rules, files, git

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.envelopes.sops.selection import Selector
    from secrets_gitops.keys.recipient import Recipient
    from secrets_gitops.repository.creation_rules import CreationRule, CreationRules, KeyRef

_LARGEST = 1 << 20
_PARENTS = 100
"""How far up sops looks."""


class Found(NamedTuple):
    """The rules that count for a file, and the one that fits; None where there are none."""

    path: str | None
    """The file with the rules, as it is called from here."""
    rules: CreationRules | None
    rule: CreationRule | None
    ignored: str | None
    """A `.sops.yml`, which sops does not read, where no `.sops.yaml` was found."""


def find(
    path: str,
    *,
    config: str | None = None,
    environ: Mapping[str, str] = os.environ,
    strict: bool,
    one_by_one: bool = False,
) -> Found:
    """The rule for the file at `path`, which need not exist.

    `config`, else the variable SOPS_CONFIG, names the rules; else they are looked for in the folders above the file,
    not above the top of its repository. `strict`, before encrypting, makes errors of what otherwise are warnings;
    `one_by_one` in the rule that counts alone.
    Raises SettingsError for rules that cannot be read.
    """
    named = config or environ.get("SOPS_CONFIG")
    source, ignored = (named, None) if named else _nearest(os.path.abspath(path))
    if source is None:
        return Found(None, None, None, ignored)
    shown = source if named else _shown(source)
    rules = _parsed(source, shown, _state(source), strict=strict, one_by_one=one_by_one)
    return Found(shown, rules, rules.rule_for(_as_the_rules_see_it(path, source, shown)), ignored)


def loaded(config: str) -> CreationRules:
    """The rules in a file, as far as sops would load them. Raises SettingsError."""
    return _parsed(config, config, _state(config), strict=False, one_by_one=True)


@functools.lru_cache(maxsize=256)
def _parsed(
    source: str, shown: str, _: tuple[int, int, int] | None, *, strict: bool, one_by_one: bool
) -> CreationRules:
    """The rules in a file; a run over many files reads them once, unless they change meanwhile."""
    return creation_rules.parse(files.read(source, _LARGEST), shown, strict=strict, one_by_one=one_by_one)


def _state(path: str) -> tuple[int, int, int] | None:
    try:
        state = os.stat(path)
    except OSError:  # reading it says what is the matter
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino


def _nearest(file: str) -> tuple[str | None, str | None]:
    """The nearest rules above an absolute path, and otherwise the nearest file with the name that sops ignores."""
    folder = os.path.dirname(file)
    top = git.root_of(folder)
    ignored = None
    for _ in range(_PARENTS):
        candidate = os.path.join(folder, creation_rules.NAME)
        if os.path.isfile(candidate):
            return candidate, None
        other = os.path.join(folder, creation_rules.IGNORED_NAME)
        if ignored is None and os.path.isfile(other):
            ignored = _shown(other)
        parent = os.path.dirname(folder)
        if parent == folder or (top is not None and os.path.realpath(folder) == top):
            break
        folder = parent
    return None, ignored


def _shown(path: str) -> str:
    """An absolute path as the user would write it from here."""
    relative = os.path.relpath(path)
    return path if relative.startswith("../../..") else relative


def _as_the_rules_see_it(path: str, source: str, shown: str) -> str:
    """`path` below the folder of the rules; a file elsewhere is matched by its absolute path, as in sops."""
    file, folder = os.path.abspath(path), os.path.dirname(os.path.abspath(source))
    if not file.startswith(folder.rstrip("/") + "/"):
        return file
    return os.path.join(os.path.dirname(shown), os.path.relpath(file, folder))


def required(path: str, found: Found) -> CreationRule:
    """The rule that was found for a file. Raises SettingsError, with what to do, when there is none."""
    if found.rule is not None:
        return found.rule
    if found.path is None:
        raise none_above(path, found)
    raise SettingsError(
        f"no creation rule in `{found.path}` fits `{path}`",
        hints=(f"add a rule whose `path_regex` fits `{path}`", "rules are tried in order, the first that fits counts"),
        place=Place(found.path),
    )


def none_above(path: str, found: Found) -> SettingsError:
    """That there are no rules for a file, and what to do."""
    hints = ["`secrets-gitops init` makes a `.sops.yaml`", "or name a recipient: `--age age1…`"]
    if found.ignored:
        hints.insert(0, f"`{found.ignored}` is not read; its name must be `.sops.yaml`")
    return SettingsError(f"there is no `.sops.yaml` above `{path}`", hints=tuple(hints), place=Place(path))


def key_groups(rule: CreationRule) -> KeyGroups:
    """The recipients that a rule names. Raises SettingsError, NotBuiltYet for kinds of keys that are not handled."""
    keys = KeyGroups(tuple(tuple(_recipient(key) for key in group) for group in rule.groups), rule.shamir_threshold)
    keys.check(rule.place)
    return keys


def unusable(rule: CreationRule) -> Error | None:
    """Why nothing can be encrypted by the keys that a rule names; None also for kinds that only sops itself handles.

    A rule may name none: `--age` and its like do.
    """
    try:
        if rule.groups:
            key_groups(rule)
    except NotBuiltYet:
        return None
    except Error as error:
        return error
    return None


def _recipient(key: KeyRef) -> Recipient:
    try:
        return catalog.recipient(key.kind, key.text, key.place)
    except KeySourceError as error:  # a mistake in the rules, whatever module noticed it
        raise SettingsError(error.message, hints=error.hints, place=error.place or key.place) from error


def age_recipients(texts: Sequence[str]) -> list[Recipient]:
    """Recipients that were named on the command line, each once; one text may hold several with commas between."""
    names = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    if not names:
        raise SettingsError("`--age` names no recipient")
    return [catalog.recipient("age", name) for name in dict.fromkeys(names)]


def selector(rule: CreationRule | None) -> Selector:
    """The selector of a rule, or the default."""
    return rule.selector if rule is not None and rule.selector is not None else DEFAULT
