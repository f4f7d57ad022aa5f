"""`.gitleaks.toml`: rules and allowlists of gitleaks 8.30 (https://github.com/gitleaks/gitleaks), as it reads them.

Its own default rules are not among ours: `useDefault` stands for our catalogue, which runs anyway.
"""

from __future__ import annotations

import re

from secrets_gitops.errors import Place, SettingsError
from secrets_gitops.golang import regexp
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NAME = ".gitleaks.toml"
LIMIT = 4 << 20
_DEEPEST = 2
_SLUG = re.compile(r"[^0-9A-Za-z]+")
_EXPRESSIONS = ("prefilter", "filter", "validate")
"""Of betterleaks: small programs, which are not run."""


class Allowlist(NamedTuple):
    """What does not count."""

    together: bool
    """All of what it says has to fit, not any."""
    commits: tuple[str, ...]
    paths: tuple[re.Pattern[str], ...]
    regexes: tuple[re.Pattern[str], ...]
    target: str
    """`secret`, `match` or `line`: what the regexes look at."""
    stopwords: tuple[str, ...]
    rules: frozenset[str]
    """Ids, for one that is not for all rules."""
    description: str

    def fits(self, path: str, secret: str, match: str, line: str) -> bool:
        """Does a finding not count? Commits are not known here, and fit none."""
        checks = []
        if self.commits:
            checks.append(False)
        if self.paths:
            checks.append(any(expression.search(path) for expression in self.paths))
        if self.regexes:
            text = {"match": match, "line": line}.get(self.target, secret)
            checks.append(any(expression.search(text) for expression in self.regexes))
        if self.stopwords:
            lowered = secret.lower()
            checks.append(any(word in lowered for word in self.stopwords))
        return bool(checks) and (all(checks) if self.together else any(checks))


class Needed(NamedTuple):
    """Another rule that has to find something nearby."""

    id: str
    lines: int | None
    columns: int | None


class ForeignRule(NamedTuple):
    """One rule."""

    id: str
    slug: str
    """The end of our id for it."""
    description: str
    regex: re.Pattern[str] | None
    group: int
    entropy: float
    path: re.Pattern[str] | None
    keywords: tuple[bytes, ...]
    """In lower case; a file without any of them does not concern it."""
    needs: tuple[Needed, ...]
    allowlists: tuple[Allowlist, ...]


class Config(NamedTuple):
    """What the file says."""

    path: str
    rules: tuple[ForeignRule, ...]
    allowlists: tuple[Allowlist, ...]
    """For all rules, ours too unless they name others."""
    disabled: frozenset[str]
    """Ids of gitleaks' default rules that are switched off."""
    warnings: tuple[str, ...]


def parse(data: bytes, path: str, read: Callable[[str], bytes], depth: int = 0) -> Config:
    """The configuration in `data`. `read` gives the file that it extends. Raises SettingsError."""
    import tomllib  # noqa: PLC0415  few repositories have such a file

    try:
        tree = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        raise _wrong(path, "is no TOML") from None
    reader = _Reader(path)
    extend = reader.table(tree, "extend")
    rules = {rule.id: rule for rule in map(reader.rule, reader.tables(tree, "rules"))}
    allowlists = reader.allowlists(tree)
    disabled = set(reader.texts(extend, "disabledRules"))
    warnings = list(reader.warnings)
    other = reader.text(extend, "path")
    if other:
        if depth >= _DEEPEST:
            raise _wrong(path, f"extends more than {_DEEPEST} files, one after the other")
        base = parse(read(other), other, read, depth + 1)
        rules = {**{rule.id: rule for rule in base.rules if rule.id not in disabled}, **rules}
        allowlists += base.allowlists
        disabled |= base.disabled
        warnings += base.warnings
    return Config(path, tuple(rules.values()), allowlists, frozenset(disabled), tuple(dict.fromkeys(warnings)))


def _wrong(path: str, problem: str) -> SettingsError:
    hints = ("correct it, or set `lint.gitleaks_config: off` in .secrets-gitops.yaml",)
    return SettingsError(f"the gitleaks configuration {problem}", hints=hints, place=Place(path))


class _Reader:
    """Reads tables field by field; gitleaks ignores what it does not know, and so do we."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.warnings: list[str] = []

    def rule(self, table: dict[str, object]) -> ForeignRule:
        name = self.text(table, "id")
        if not name:
            raise _wrong(self._path, "has a rule without an `id`")
        for expression in _EXPRESSIONS:
            if expression in table:
                self.warnings.append(f"the expressions in `{expression}` are not evaluated; its rules run without them")
        regex, path = self.text(table, "regex"), self.text(table, "path")
        if not regex and not path:
            raise _wrong(self._path, f"has the rule `{name}` with neither `regex` nor `path`")
        compiled = self._compiled(regex, name) if regex else None
        group = table.get("secretGroup", 0)
        if not isinstance(group, int) or not 0 <= group <= (compiled.groups if compiled else 0):
            raise _wrong(self._path, f"has the rule `{name}` with a `secretGroup` that its `regex` has not")
        entropy = table.get("entropy", 0)
        if not isinstance(entropy, (int, float)):
            raise _wrong(self._path, f"has the rule `{name}` with an `entropy` that is no number")
        return ForeignRule(
            name,
            _SLUG.sub("-", name).strip("-").lower() or "unnamed",
            " ".join(self.text(table, "description").split()),
            compiled,
            group,
            float(entropy),
            self._compiled(path, name) if path else None,
            tuple(word.lower().encode() for word in self.texts(table, "keywords")),
            tuple(self._needed(item) for item in self.tables(table, "required")),
            self.allowlists(table),
        )

    def _needed(self, table: dict[str, object]) -> Needed:
        lines, columns = table.get("withinLines"), table.get("withinColumns")
        if any(number is not None and not isinstance(number, int) for number in (lines, columns)):
            raise _wrong(self._path, "has a `required` with a distance that is no number")
        return Needed(self.text(table, "id"), lines, columns)  # type: ignore[arg-type]  # numbers, as checked

    def allowlists(self, table: dict[str, object]) -> tuple[Allowlist, ...]:
        old = self.table(table, "allowlist")
        return tuple(self._allowlist(item) for item in [*self.tables(table, "allowlists"), *([old] if old else [])])

    def _allowlist(self, table: dict[str, object]) -> Allowlist:
        condition = self.text(table, "condition").upper()
        target = self.text(table, "regexTarget")
        if condition not in ("", "OR", "||", "AND", "&&") or target not in ("", "secret", "match", "line"):
            raise _wrong(self._path, "has an allowlist with an unknown `condition` or `regexTarget`")
        return Allowlist(
            condition in ("AND", "&&"),
            self.texts(table, "commits"),
            self._all_compiled(self.texts(table, "paths")),
            self._all_compiled(self.texts(table, "regexes")),
            target or "secret",
            tuple(word.lower() for word in self.texts(table, "stopwords")),
            frozenset(self.texts(table, "targetRules")),
            " ".join(self.text(table, "description").split()),
        )

    def _all_compiled(self, expressions: Iterable[str]) -> tuple[re.Pattern[str], ...]:
        return tuple(self._compiled(expression, "") for expression in expressions)

    def _compiled(self, expression: str, rule: str) -> re.Pattern[str]:
        try:
            return regexp.compile(expression)
        except ValueError as error:
            where = f"in the rule `{rule}`" if rule else "in an allowlist"
            raise _wrong(self._path, f"has an expression {where} that cannot be: {error}") from None

    def text(self, table: dict[str, object], name: str) -> str:
        value = table.get(name, "")
        if not isinstance(value, str):
            raise _wrong(self._path, f"has a `{name}` that is no text")
        return value

    def texts(self, table: dict[str, object], name: str) -> tuple[str, ...]:
        value = table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise _wrong(self._path, f"has a `{name}` that is no list of texts")
        return tuple(value)

    def table(self, table: dict[str, object], name: str) -> dict[str, object]:
        value = table.get(name, {})
        if not isinstance(value, dict):
            raise _wrong(self._path, f"has a `{name}` that is no table")
        return value

    def tables(self, table: dict[str, object], name: str) -> list[dict[str, object]]:
        value = table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise _wrong(self._path, f"has a `{name}` that is no list of tables")
        return value
