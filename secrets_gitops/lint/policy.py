"""Policy: what the repository and its users say about findings: which of them are excused."""

from __future__ import annotations

from secrets_gitops.errors import Place, SettingsError
from secrets_gitops.lint import catalog
from secrets_gitops.lint.dispatch import deferred
from secrets_gitops.lint.finding import Finding, rank
from secrets_gitops.lint.gate import BASELINE
from secrets_gitops.lint.options import NONE
from secrets_gitops.lint.run import MAX_BYTES, SETTINGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secrets_gitops.lint.allows import Marker
    from secrets_gitops.lint.baseline import Matching
    from secrets_gitops.lint.finding import Severity
    from secrets_gitops.lint.gitleaks import Gitleaks
    from secrets_gitops.lint.options import Options
    from secrets_gitops.lint.rule import Rule
    from secrets_gitops.lint.suppressed import Excuse, Suppressed
    from secrets_gitops.lint.target import Target
    from secrets_gitops.repository.lint_settings import Allow, LintSettings
    from secrets_gitops.repository.snapshot import Snapshot

GITLEAKS = ".gitleaks.toml"


class Policy:
    """For one scan of `snapshot`; raises SettingsError for settings that are wrong.

    Flags and environment (`options`) win over the settings of the repository, and the defaults come last. `excuses` is
    the snapshot that may excuse findings, when it is another than the one that is scanned: what a server receives must
    not excuse itself.

    A repository's own settings do not silence a critical finding by its path, nor by disabling or re-grading its rule.
    """

    def __init__(self, snapshot: Snapshot, options: Options = NONE, excuses: Snapshot | None = None) -> None:
        self._options = options
        self._excuses = excuses
        self._off = frozenset(catalog.slug_of(name) for name in options.disable)
        self._only = tuple(catalog.slug_of(name) for name in options.only)
        self._also = tuple(catalog.slug_of(name) for name in options.also)
        self._disabled: frozenset[str] = frozenset()
        self._grades: dict[str, Severity] = {}
        self._allows: list[tuple[Allow, frozenset[str]]] = []
        self._expired: list[Allow] = []
        self._settings_path = options.config or SETTINGS
        source = excuses or snapshot
        said = options.config is not None or source.exists(SETTINGS)
        self._lint: LintSettings | None = self._read_settings(source) if said else None
        self.salt = options.salt or b""
        """Keys the digests of values in fingerprints."""
        self._baseline: Matching | None = None
        if options.baseline not in (None, "none") or source.exists(BASELINE):
            self._read_baseline(source, snapshot)
        lint = self._lint
        self.strict = bool(options.strict)
        self.notes: list[tuple[Place, str]] = []
        """Warnings about what steers the scan."""
        self._gitleaks: Gitleaks | None = None
        asked = lint.gitleaks_config if lint else "auto"
        if asked != "off" and (options.gitleaks or asked != "auto" or source.exists(GITLEAKS)):
            from secrets_gitops.lint import gitleaks  # noqa: PLC0415  few repositories have such a file

            self._gitleaks = found = gitleaks.load(source, GITLEAKS if asked == "auto" else asked, options.gitleaks)
            self.notes += [(Place(found.config.path), warning) for warning in found.config.warnings]
        self.fail_on: Severity = options.fail_on or (lint.fail_on if lint else None) or "medium"
        self.max_bytes: int = options.max_bytes or (lint.max_bytes if lint else None) or MAX_BYTES
        self.require_sops = options.require_sops or (lint.require_sops if lint else None) or "auto"

    def _read_settings(self, source: Snapshot) -> LintSettings:
        from secrets_gitops.repository import settings  # noqa: PLC0415  many repositories have none

        config = self._options.config
        found = settings.load(source) if config is None else settings.load_file(config)
        lint = found.lint
        self._disabled = frozenset(self._slugs(lint.disable, lint.places.get("disable")))
        for name, grade in lint.severity.items():
            self._grades[self._slugs((name,), lint.places.get("severity"))[0]] = grade
        today = self._options.today or _today() if any(entry.expires for entry in lint.allow) else ""
        for entry in lint.allow:
            if entry.expires and entry.expires < today:
                self._expired.append(entry)
            else:
                self._allows.append((entry, frozenset(self._slugs(entry.rules, entry.place))))
        return lint

    def _read_baseline(self, source: Snapshot, scanned: Snapshot) -> None:
        from secrets_gitops.lint import baseline  # noqa: PLC0415  many repositories have none

        file = self._options.baseline
        found = baseline.load(source) if file in (None, "none") else baseline.load_file(file)
        self.salt = self._options.salt or found.salt
        if file != "none":
            self._baseline = baseline.Matching(found, scanned.exists)

    def _slugs(self, names: Iterable[str], place: Place | None) -> list[str]:
        try:
            return [catalog.slug_of(name) for name in names]
        except SettingsError as error:
            error.place = error.place or place
            raise

    def rules(self) -> tuple[Rule, ...]:
        """The rules that run. Raises SettingsError when none is left, for nothing would be found then."""
        asked = self._only or (*catalog.on_by_default(), *self._also)
        slugs = [slug for slug in asked if slug not in {*self._off, *catalog.ON_REQUEST}]
        rules: list[Rule] = list(deferred(slugs))
        if self._options.verify_mac is not None:
            from secrets_gitops.lint.rules.sops_mac_mismatch import SopsMacMismatch  # noqa: PLC0415

            rules.append(SopsMacMismatch(self._options.verify_mac))
        elif name := next((name for name in self._only if name in catalog.ON_REQUEST), ""):
            raise SettingsError(f"`{name}` needs keys", hints=("ask for it with `--verify-mac`",))
        rules = [rule for rule in rules if rule.id != "gitleaks-rule"]
        if self._gitleaks is not None and "gitleaks-rule" in slugs:
            rules.append(self._gitleaks.rule())
        if self.require_sops != "auto":
            from secrets_gitops.lint.rules import sops_not_encrypted  # noqa: PLC0415

            strict = [sops_not_encrypted.STRICT] if self.require_sops == "strict" else []
            name = sops_not_encrypted.RULE.id
            rules = [one for rule in rules for one in (strict if rule.id == name else [rule])]
        if not rules:
            raise SettingsError(
                "no rule is left to run", hints=("name one with `--rule` that `--disable` does not name",)
            )
        return tuple(rules)

    @property
    def may_excuse(self) -> bool:
        """Are there settings, a baseline or the like at all?"""
        return any(said is not None for said in (self._lint, self._baseline, self._gitleaks))

    @property
    def gitleaks_paths(self) -> tuple[str, ...]:
        """The gitleaks configuration that counts, if any."""
        return () if self._gitleaks is None else (self._gitleaks.config.path,)

    @property
    def steering(self) -> tuple[object, ...]:
        """What the settings, and a gitleaks configuration with all that it extends, say."""
        return self._lint, None if self._gitleaks is None else self._gitleaks.config

    @property
    def needs_values(self) -> bool:
        """Does an allowlist, or somebody else, look at the values of findings?"""
        return self._options.witness is not None or (self._gitleaks is not None and self._gitleaks.needs_values)

    def judge(
        self, target: Target, findings: list[Finding], ran: frozenset[str]
    ) -> tuple[list[Finding], list[Suppressed]]:
        """The findings of a file that count, also those about excuses, and the findings that do not.

        `ran` are the rules that checked the file; empty when only some of them were asked, as for context.
        """
        witness = self._options.witness
        if witness is not None:
            for finding, value in target.run.values or ():
                witness(finding, value)
        findings = self._graded(findings)
        suppressed: list[Suppressed] = []
        if _may_excuse(target):
            from secrets_gitops.lint import allows  # noqa: PLC0415  few files have an allow comment

            foreign, need_reason = self._options.foreign_allow, True
            if self._lint is not None:
                foreign = self._lint.foreign_allow if foreign is None else foreign
                need_reason = self._lint.require_reason
            heard = allows.hear(
                target, findings, foreign=foreign is not False, known=self._known(target.path), need_reason=need_reason
            )
            findings = [*heard.findings, *self._graded(about_markers(target, heard.unused, ran))]
            suppressed = heard.suppressed
        if findings and self._lint is not None:
            reasons = [self._allowed(finding) for finding in findings]
            findings = _sift(findings, suppressed, "settings", reasons)
        if findings and self._gitleaks is not None:
            reasons = [self._gitleaks.allowed(target, finding) for finding in findings]
            findings = _sift(findings, suppressed, "gitleaks", reasons)
        if findings and self._baseline is not None:
            entries = self._baseline.entries(findings)
            reasons = [f"{entry.reason} ({entry.state}, {entry.added})" if entry else "" for entry in entries]
            findings = _sift(findings, suppressed, "baseline", reasons)
        return findings, suppressed

    def _graded(self, findings: Iterable[Finding]) -> list[Finding]:
        """Without those of rules that a flag disables, and as severe as the settings say."""
        out = [finding for finding in findings if finding.rule not in self._off]
        if not self._grades and not self._disabled:
            return out
        return [self._regraded(finding) for finding in out]

    def _regraded(self, finding: Finding) -> Finding:
        """As grave as the gravest of the rules that found it; a note stays one, and what is critical stays critical.

        Where the settings disable the rule that speaks, the next one does that found the same.
        """
        if finding.severity == "critical":
            return finding
        if finding.severity == "info" and catalog.load(finding.rule).severity != "info":
            return finding
        rules = [rule for rule in (finding.rule, *finding.also) if not self._is_disabled(rule)]
        grades = [self._grade(rule) for rule in rules]
        if not rules or (rules[0] == finding.rule and not any(grades)):
            return finding
        worst = [
            grade or (finding.severity if rule == finding.rule else _milder(finding.severity, rule))
            for rule, grade in zip(rules, grades, strict=True)
        ]
        return finding._replace(rule=rules[0], also=tuple(rules[1:]), severity=max(worst, key=rank))

    def _is_disabled(self, rule: str) -> bool:
        """Do the settings disable the rule, or its family? Not where a flag asks for it."""
        return not self._only and (rule in self._disabled or catalog.family(rule) in self._disabled)

    def _grade(self, rule: str) -> Severity | None:
        return self._grades.get(rule) or self._grades.get(catalog.family(rule))

    def _allowed(self, finding: Finding) -> str:
        """Why the settings excuse the finding; empty when they do not."""
        assert self._lint is not None
        names = {finding.rule, catalog.family(finding.rule)}
        critical = finding.severity == "critical"
        if not critical and self._is_disabled(finding.rule):
            return "its rule is disabled"
        for entry, rules in self._allows:
            if rules and not names & rules:
                continue
            if entry.paths and not _any_fits(entry.paths, finding.path, paths=True):
                continue
            if entry.keys and not _any_fits(entry.keys, finding.key, paths=False):
                continue
            if entry.kinds and finding.object.partition("/")[0] not in entry.kinds:
                continue
            if critical and not (rules and (entry.paths or entry.keys)):
                continue
            return entry.reason
        if not critical and self._lint.exclude and _any_fits(self._lint.exclude, finding.path, paths=True):
            return "excluded by its path"
        return ""

    def about_settings(self, ran: frozenset[str]) -> list[Finding]:
        """What is wrong with the excuses in the settings."""
        if not self._expired or "expired-allow" not in ran:
            return []
        rule = catalog.load("expired-allow")
        found = []
        for entry in self._expired:
            owner = f"; {entry.owner} knows of it" if entry.owner else ""
            line, column = entry.place.line, entry.place.column
            message = f"this entry of `lint.allow` counted until {entry.expires}, and no longer{owner}"
            path = self._settings_path
            found.append(
                Finding(
                    rule.id, rule.severity, path, line, column, line, column, message, rule.fix.replace("PATH", path)
                )
            )
        return self._graded(found)

    def _known(self, path: str) -> str | None:
        """The file as it is where excuses are taken from; None when that is the file itself."""
        if self._excuses is None:
            return None
        if not self._excuses.exists(path):
            return ""
        from secrets_gitops.lint.gate import utf8  # noqa: PLC0415

        return utf8(self._excuses.read(path)).decode("utf-8", "replace")


def _sift(findings: list[Finding], suppressed: list[Suppressed], by: Excuse, reasons: list[str]) -> list[Finding]:
    """The findings without a reason; the others are added to `suppressed`."""
    from secrets_gitops.lint.suppressed import Suppressed  # noqa: PLC0415  only where something may excuse

    pairs = list(zip(findings, reasons, strict=True))
    suppressed += [Suppressed(finding, by, reason) for finding, reason in pairs if reason]
    return [finding for finding, reason in pairs if not reason]


def _milder(severity: Severity, rule: str) -> Severity:
    """Of `severity` and that of `rule` the milder one."""
    return min(severity, catalog.load(catalog.family(rule)).severity, key=rank)


def _any_fits(patterns: Iterable[str], text: str, *, paths: bool) -> bool:
    from secrets_gitops.repository import globs  # noqa: PLC0415  only where settings name some

    return any(globs.fits(text, glob) if paths else globs.fits_name(text, glob) for glob in patterns)


def _today() -> str:
    import time  # noqa: PLC0415  only for excuses that expire

    return time.strftime("%Y-%m-%d", time.gmtime())


def about_markers(target: Target, markers: Iterable[Marker], ran: frozenset[str]) -> Iterator[Finding]:
    """What is wrong with allow comments. One that names a rule that did not run may be of use in another scan."""
    for marker in markers:
        if marker.problem:
            rule = catalog.load("allow-without-reason")
            message = f"this `{marker.name}` silences nothing: {marker.problem}"
        elif ran.issuperset(marker.rules):
            rule = catalog.load("unused-allow")
            message = f"no finding of `{', '.join(marker.rules)}` stands here"
        else:
            continue
        if rule.id in ran:
            yield target.finding(rule, marker.region(), message)


def _may_excuse(target: Target) -> bool:
    """May an allow comment stand in the text? Of a file of which little is looked at the words are not read."""
    if target.brief:
        return any(word in target.lowered for word in catalog.EXCUSES)
    return not target.words.isdisjoint(catalog.EXCUSES)
