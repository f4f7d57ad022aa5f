"""A gitleaks configuration at work: its rules beside ours, and its allowlists for both; never for what is critical."""

from __future__ import annotations

from secrets_gitops.errors import Error, Place, SettingsError
from secrets_gitops.lint import gitleaks_config
from secrets_gitops.lint.gitleaks_config import LIMIT
from secrets_gitops.lint.report.gitleaks_names import GITLEAKS_NAMES
from secrets_gitops.lint.rules.gitleaks_rule import FAMILY, SECONDS, GitleaksRule
from secrets_gitops.lint.timed import TooSlow, within
from secrets_gitops.repository.snapshot import follow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.finding import Finding
    from secrets_gitops.lint.gitleaks_config import Allowlist, Config
    from secrets_gitops.lint.target import Target
    from secrets_gitops.repository.snapshot import Snapshot

_NAMES = {**GITLEAKS_NAMES, "generic-assignment": "generic-api-key"}
"""Our id → the default rule of gitleaks that finds the same."""


def load(snapshot: Snapshot, path: str, given: tuple[str, str] | None = None) -> Gitleaks:
    """The configuration at `path` of the snapshot, or the one that is `given`: a file on disk, or its text.

    Raises SettingsError when it is not there or cannot be read.
    """

    def read(other: str) -> bytes:
        try:
            target = follow(snapshot, other.removeprefix("./"))
            if target is not None:
                return snapshot.read(target, LIMIT)
        except Error as error:
            raise SettingsError(
                f"cannot read the gitleaks configuration: {error.message}", hints=error.hints, place=Place(other)
            ) from error
        raise SettingsError(
            "there is no such gitleaks configuration", hints=("a path counts from the root",), place=Place(other)
        )

    if given is None:
        return Gitleaks(gitleaks_config.parse(read(path), path, read))
    kind, what = given
    if kind == "text":
        return Gitleaks(gitleaks_config.parse(what.encode("utf-8", "surrogateescape"), "GITLEAKS_CONFIG_TOML", read))
    try:
        with open(what, "rb") as file:
            data = file.read(LIMIT)
    except OSError as error:
        raise SettingsError(
            "cannot read the gitleaks configuration", hints=("GITLEAKS_CONFIG names it",), place=Place(what)
        ) from error
    return Gitleaks(gitleaks_config.parse(data, what, read))


class Gitleaks:
    """For one scan."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._slow: set[str] = set()
        """The files in which an allowlist was stopped."""

    @property
    def needs_values(self) -> bool:
        """Does an allowlist look at more than the path?"""
        return any(one.regexes or one.stopwords for one in self.config.allowlists)

    def rule(self) -> GitleaksRule:
        """The rule that runs all of the configuration's."""
        return GitleaksRule(self.config)

    def allowed(self, target: Target, finding: Finding) -> str:
        """Why a finding of ours does not count; empty when it does. Their own rules have asked already."""
        if finding.severity == "critical" or finding.rule.startswith(FAMILY):
            return ""
        name = _NAMES.get(finding.rule, "")
        others = [_NAMES.get(rule, "") for rule in finding.also]
        if name in self.config.disabled and self.config.disabled.issuperset(others):
            return f"`{name}` is among the disabledRules"
        lists = [one for one in self.config.allowlists if not one.rules or one.rules.issuperset((name, *others))]
        if not lists or target.path in self._slow:
            return ""
        secrets = [text for about, text in target.run.values or () if _is_within(about, finding)]
        line = _line(target, finding.line)
        match = line[finding.column - 1 : finding.end_column - 1] if finding.line == finding.end_line else line
        for one in lists:
            try:
                if within(SECONDS, lambda one=one: _fits(one, target.path, secrets, match, line)):  # type: ignore[misc]
                    return one.description or f"an allowlist of {self.config.path}"
            except TooSlow:
                self._slow.add(target.path)
                target.run.too_slow(target.path, f"an allowlist of {self.config.path}", SECONDS)
        return ""


def _is_within(about: Finding, finding: Finding) -> bool:
    """Is `about`, as a rule reported it, part of `finding`, which may stand for several?"""
    named = about.rule in (finding.rule, *finding.also)
    return named and finding.line <= about.line and about.end_line <= finding.end_line


def _fits(one: Allowlist, path: str, secrets: list[str], match: str, line: str) -> bool:
    """Every value has to fit; of a finding without one only the path is known."""
    if secrets:
        return all(one.fits(path, secret, match, line) for secret in secrets)
    if one.together and (one.regexes or one.stopwords or one.commits):
        return False
    return any(expression.search(path) for expression in one.paths)


def _line(target: Target, number: int) -> str:
    lines = target.data.split(b"\n", number)
    return lines[number - 1].decode("utf-8", "replace").rstrip("\r") if number <= len(lines) else ""
