"""Which rules a text may concern: by the words in it and by its kind, before any of them is imported.

A rule is imported when a file holds one of its words: a hook that runs at every commit does not load what it need not.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from secrets_gitops.lint.assignments import STEMS, promises
from secrets_gitops.lint.catalog import EXCUSES, KINDS, NAMED, RULES, UNASKED, load, on_by_default
from secrets_gitops.lint.token_table import TOKENS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secrets_gitops.lint.classify import Kind
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.rule import Rule
    from secrets_gitops.lint.target import Target

_STEMS = frozenset(STEMS)
_IN_WORD = b"abcdefghijklmnopqrstuvwxyz0123456789_-."
"""What the words of a target are made of (`lint.assignments`), in lower case."""
_LONGEST = 100
"""Characters of a word that is remembered: longer ones are data, which seldom come again."""
_MEMORY = 200_000
"""Words that are remembered of each kind from file to file."""
_LONG = 100_000
"""Bytes of a text in which few letters may occur; looking takes longest there."""
_by_core: dict[bytes, tuple[bytes, ...]] = {}
_parts: dict[bytes, bytes] = {}
"""The stems of keys, then the cores with a stem in them, without which they are not looked for; empty where none is."""
_senses: dict[bytes, tuple[tuple[bytes, ...], bool]] = {}
"""Words that say something: the cores in each, and whether it promises a secret when it is a key."""
_dull: set[bytes] = set()


def _core(word: bytes) -> bytes:
    """The longest part of `word` that would stand in one word of a text; empty when it says nothing."""
    parts = bytes(c if c in _IN_WORD else 0x20 for c in word).split()
    longest = max(parts, key=len, default=b"")
    return longest if len(longest) >= 3 else b""


def read_words(target: Target) -> tuple[frozenset[bytes], list[bytes]]:
    """Which words of rules, of tokens and of excuses occur in the text, in any case of letters; which of its own words
    promise a secret when they are keys.

    Its different words are asked, which are remembered from file to file; what holds other characters (`://`) is looked
    for in the text itself.
    """
    if not _by_core:
        rules = {word for _, _, words in RULES.values() for word in words}
        for word in rules.union(EXCUSES, *(token.words for token in TOKENS)):
            core = _core(word)
            _by_core[core] = (*_by_core.get(core, ()), word)
        _parts.update(dict.fromkeys(STEMS, b""))
        for core in _by_core.keys() - _STEMS - {b""}:
            _parts[core] = next((stem for stem in STEMS if stem in core), b"")
    cores: set[bytes] = set()
    promising = []
    new = []
    for word in target.different_words - _dull:
        known = _senses.get(word)
        if known is None:
            new.append(word)
            continue
        cores.update(known[0])
        if known[1]:
            promising.append(word)
    if new:
        _learn(new, cores, promising)
    found = [word for core in cores for word in _by_core[core] if word == core or word in target.lowered]
    has_dollar = b"$" in target.data
    found += [word for word in _by_core[b""] if (has_dollar or word[0] != 0x24) and word in target.data]
    return frozenset(found), promising


def _learn(words: list[bytes], cores: set[bytes], promising: list[bytes]) -> None:
    """Add what words say that were not seen before, and remember it unless they are long."""
    text = b"\n".join(words).lower()
    ends = list(accumulate(len(word) + 1 for word in words))
    inside: dict[int, list[bytes]] = {}
    for part in _occurring(text):
        at = text.find(part)
        while at >= 0:
            number = bisect_right(ends, at)
            inside.setdefault(number, []).append(part)
            at = text.find(part, ends[number])
    for number, parts in inside.items():
        word = words[number]
        said = tuple([part for part in parts if part in _by_core])
        promise = not _STEMS.isdisjoint(parts) and promises(word)
        cores.update(said)
        if promise:
            promising.append(word)
        if (said or promise) and len(word) <= _LONGEST:
            _senses[word] = said, promise
    _dull.update([word for word in words if len(word) <= _LONGEST and word not in _senses])
    if len(_dull) > _MEMORY:
        _dull.clear()
    if len(_senses) > _MEMORY:
        _senses.clear()


def _occurring(text: bytes) -> list[bytes]:
    """What is looked for and occurs in `text`, which is in lower case."""
    letters = set(text) if len(text) > _LONG else None
    found = {b""}
    for part, stem in _parts.items():
        if stem in found and (letters is None or letters.issuperset(part)) and part in text:
            found.add(part)
    found.remove(b"")
    return list(found)


class Deferred:
    """A rule that is imported when a file holds one of its words, or when its own words for people are asked for."""

    __slots__ = ("_rule", "alias", "id")

    def __init__(self, slug: str) -> None:
        self.id = slug
        self.alias = RULES[slug][0]
        self._rule: Rule | None = None

    def concerns(self, target: Target) -> bool:
        """As the rule says; `Dispatch` knows of most texts without asking."""
        return self._loaded().concerns(target)

    def check(self, target: Target) -> Iterator[Finding]:
        """The rule's findings."""
        return self._loaded().check(target)

    def _loaded(self) -> Rule:
        if self._rule is None:
            self._rule = load(self.id)
        return self._rule

    @property
    def severity(self) -> Severity:
        """The rule's default."""
        return self._loaded().severity

    @property
    def summary(self) -> str:
        """What the rule finds."""
        return self._loaded().summary

    @property
    def why(self) -> str:
        """Why that is a problem."""
        return self._loaded().why

    @property
    def fix(self) -> str:
        """What to do in general."""
        return self._loaded().fix


class Dispatch:
    """Which of some rules a text may concern, by its words and its kind, without asking each of them."""

    __slots__ = ("_always", "_by_kind", "_by_word", "_rules")

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._always: list[int] = []
        self._by_word: dict[bytes, list[int]] = {}
        self._by_kind: dict[Kind, list[int]] = {}
        for at, rule in enumerate(rules):
            if rule.id in UNASKED:
                continue
            words = RULES[rule.id][2] if isinstance(rule, Deferred) else ()
            kinds = KINDS.get(rule.id, ()) if isinstance(rule, Deferred) else ()
            if not words and not kinds:
                self._always.append(at)
            for word in words:
                self._by_word.setdefault(word, []).append(at)
            for kind in kinds:
                self._by_kind.setdefault(kind, []).append(at)

    def asked(self, target: Target) -> list[Rule]:
        """The rules to ask, in their order."""
        chosen = set(self._always)
        for word in target.words:
            chosen.update(self._by_word.get(word, ()))
        if target.parent is None:
            chosen.update(self._by_kind.get(target.kind, ()))
        rules = [self._rules[at] for at in sorted(chosen)]
        if not any(rule.id in NAMED for rule in rules) or target.may_be_called_secret:
            return rules
        return [rule for rule in rules if rule.id not in NAMED or not NAMED[rule.id].isdisjoint(target.different_words)]


def deferred(slugs: Iterable[str] | None = None) -> tuple[Rule, ...]:
    """The rules called `slugs`, those that are on by default without them, each imported when it is needed."""
    slugs = on_by_default() if slugs is None else slugs
    return tuple(Deferred(slug) if slug in RULES else load(slug) for slug in slugs)
