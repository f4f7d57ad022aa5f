"""`gitleaks-rule`: the rules that the repository wrote for gitleaks. A family: findings carry `gitleaks-rule-ID`.

Foreign expressions run near their keywords only, and not for long: their authors did not know our texts.
"""

from __future__ import annotations

from bisect import bisect_left

from secrets_gitops.lint.timed import TooSlow, within
from secrets_gitops.lint.values.shape import entropy
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.gitleaks_config import Allowlist, Config, ForeignRule
    from secrets_gitops.lint.target import Target

SECONDS = 0.25
"""For one rule in one file."""
MOST = 1000
"""Findings of one rule in one file."""
_AROUND = 2000
"""Bytes around a keyword, to the ends of the lines or as far again."""
FAMILY = "gitleaks-rule"


class Hit(NamedTuple):
    """What a rule found: characters `start` (included) to `end` (excluded) of the text, and their line and column."""

    start: int
    end: int
    secret: str
    line: int
    column: int


class GitleaksRule:
    """All rules of a configuration, or the words for one of them."""

    def __init__(self, config: Config | None = None, slug: str = "") -> None:
        self._config = config
        self.id = f"{FAMILY}-{slug}" if slug else FAMILY
        self.alias = "SG906"
        self.severity: Severity = "medium"
        self.summary = "a rule of the repository's gitleaks configuration finds something"
        self.why = "Somebody wrote a rule for gitleaks that says that this must not be in the repository."
        self.fix = "take it out of `PATH`, and change it where it is used if it was pushed"

    def named(self, slug: str) -> GitleaksRule | None:
        """The words for any rule of a configuration."""
        return GitleaksRule(slug=slug.removeprefix(f"{FAMILY}-")) if slug.startswith(f"{FAMILY}-") else None

    def members(self) -> tuple[GitleaksRule, ...]:
        """None: they are the repository's."""
        return ()

    def concerns(self, target: Target) -> bool:
        """Only a whole file, and only where there is a configuration, which is itself no place for findings."""
        return self._config is not None and target.parent is None and target.path != self._config.path

    def check(self, target: Target) -> Iterator[Finding]:
        """The findings of every rule, without those that an allowlist takes out."""
        assert self._config is not None
        text: str | None = None
        hits: dict[str, list[Hit]] = {}
        waiting: list[tuple[ForeignRule, list[Hit]]] = []
        for rule in self._config.rules:
            if rule.keywords and not any(word in target.lowered for word in rule.keywords):
                continue
            if text is None:
                text = target.data.decode("utf-8", "surrogateescape")
            try:
                found = within(SECONDS, lambda rule=rule, text=text: self._run(rule, target, text))  # type: ignore[misc]
            except TooSlow:
                target.run.too_slow(target.path, f"the rule `{rule.id}` of the gitleaks configuration", SECONDS)
                continue
            hits[rule.id] = found
            if found:
                waiting.append((rule, found))
        for rule, found in waiting:
            for hit in found:
                if all(_is_near(hit, hits.get(needed.id, ()), needed.lines, needed.columns) for needed in rule.needs):
                    yield self._finding(target, rule, hit, text or "")

    def _run(self, rule: ForeignRule, target: Target, text: str) -> list[Hit]:
        assert self._config is not None
        if rule.path is not None and not rule.path.search(target.path):
            return []
        lists = (*rule.allowlists, *(one for one in self._config.allowlists if not one.rules or rule.id in one.rules))
        if rule.regex is None:
            return [] if any(one.fits(target.path, "", "", "") for one in lists) else [Hit(0, 0, "", 1, 1)]
        found: list[Hit] = []
        for start, end in _windows(target, rule.keywords, text):
            for match in rule.regex.finditer(text, start, end):
                group = rule.group or next((at for at in range(1, rule.regex.groups + 1) if match[at]), 0)
                secret = match[group] or ""
                if not secret or (rule.entropy and entropy(secret) <= rule.entropy):
                    continue
                if not _is_allowed(lists, target.path, match, secret, text):
                    first = text.rfind("\n", 0, match.start(group)) + 1
                    line = text.count("\n", 0, first) + 1
                    found.append(Hit(*match.span(group), secret, line, match.start(group) - first + 1))
                    if len(found) == MOST:
                        return found
        return found

    def _finding(self, target: Target, rule: ForeignRule, hit: Hit, text: str) -> Finding:
        start = len(text[: hit.start].encode("utf-8", "surrogateescape"))
        end = start + len(text[hit.start : hit.end].encode("utf-8", "surrogateescape"))
        what = f": {rule.description.rstrip('.')}" if rule.description else ""
        message = f"the rule `{rule.id}` of the gitleaks configuration fits here{what}"
        return target.finding(
            GitleaksRule(slug=rule.slug), target.region(start, end), message, confidence="medium", value=hit.secret
        )


def _is_allowed(lists: tuple[Allowlist, ...], path: str, match: re.Match[str], secret: str, text: str) -> bool:
    if not lists:
        return False
    first, last = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
    line = text[first : last if last >= 0 else len(text)]
    return any(one.fits(path, secret, match[0], line) for one in lists)


def _is_near(hit: Hit, others: list[Hit] | tuple[()], lines: int | None, columns: int | None) -> bool:
    """Is one of `others` within so many lines and columns? None: anywhere in the file."""
    return any(
        (lines is None or abs(other.line - hit.line) <= lines)
        and (columns is None or abs(other.column - hit.column) <= columns)
        for other in others
    )


def _windows(target: Target, keywords: tuple[bytes, ...], text: str) -> list[tuple[int, int]]:
    """The parts of the text near a keyword, as characters; the whole text for a rule without one."""
    if not keywords:
        return [(0, len(text))]
    data, spans = target.lowered, []
    for word in keywords:
        at = data.find(word)
        while at >= 0:
            span = _window(data, at)
            spans.append(span)
            at = data.find(word, max(span[1] - _AROUND, at + 1))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    if len(text) == len(data):  # ASCII alone
        return merged
    edges = sorted({edge for span in merged for edge in span})
    chars, count, before = [], 0, 0
    for edge in edges:
        count += len(data[before:edge].decode("utf-8", "surrogateescape"))
        chars.append(count)
        before = edge
    return [(chars[bisect_left(edges, start)], chars[bisect_left(edges, end)]) for start, end in merged]


def _window(data: bytes, at: int) -> tuple[int, int]:
    """Around a byte, to the ends of the lines where these are near, and never through a character."""
    start, end = max(at - _AROUND, 0), min(at + _AROUND, len(data))
    begin = data.rfind(b"\n", max(start - _AROUND, 0), start) + 1
    start = begin or (0 if start <= _AROUND else start)
    stop = data.find(b"\n", end, end + _AROUND)
    end = stop if stop >= 0 else min(end + _AROUND, len(data)) if end + _AROUND >= len(data) else end
    while 0 < start < len(data) and data[start] & 0xC0 == 0x80:
        start -= 1
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1
    return start, end


RULE = GitleaksRule()
