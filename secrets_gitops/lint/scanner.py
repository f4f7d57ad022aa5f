"""The scanner: file after file is read, shown to the rules, and judged by the policy; what is found is kept.

Which files are scanned, the engine says; that several processes do it, `lint.parallel`.
"""

from __future__ import annotations

from secrets_gitops import errors
from secrets_gitops.errors import Error, LimitExceeded, Place, ScanIncomplete, TooLarge
from secrets_gitops.lint import catalog, gate
from secrets_gitops.lint.dispatch import Dispatch
from secrets_gitops.lint.finding import Finding
from secrets_gitops.lint.nested import texts
from secrets_gitops.lint.runs import SHORTEST
from secrets_gitops.lint.target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from secrets_gitops.lint.policy import Policy
    from secrets_gitops.lint.rule import Rule
    from secrets_gitops.lint.run import Run
    from secrets_gitops.lint.suppressed import Suppressed
    from secrets_gitops.repository.snapshot import Snapshot

_LINK = 0o120000
_AHEAD = 50
"""Files that are read ahead at a time, where the snapshot can."""
_BY_BYTES = ("provider-token", "private-key")
"""The rules that run on lock files too."""
_IN_NAMES = "provider-token"
_ESCAPES = (b"\\u00", b"\\x", b"\\U000000", b"\\/")
"""How each of those begins that `lint.escapes` resolves."""
_IN_STRINGS = (*_BY_BYTES, "url-credential")
"""The rules that read bytes and look for what stands in strings, the targets of symbolic links among them."""


class Scanner:
    """Scans file after file, and keeps what is found."""

    def __init__(self, run: Run, rules: tuple[Rule, ...], policy: Policy) -> None:
        self._run = run
        self._rules = rules
        self._policy = policy
        self._ran = frozenset(rule.id for rule in rules)
        self._dispatches: dict[tuple[Rule, ...], Dispatch] = {}
        self.findings: list[Finding] = []
        self.suppressed: list[Suppressed] = []
        self.paths: list[str] = []
        self.size = self.documents = self.skipped = 0
        """As in `Report`."""

    def scan_all(self, paths: Sequence[str], only: tuple[str, ...] | None = None, *, brief: bool = False) -> None:
        """Scan files one after the other, each as `scan` does."""
        for path in _read_ahead(self._run.snapshot, paths):
            self.scan(path, only, brief=brief)

    def put_in_order(self, paths: Iterable[str]) -> None:
        """Name the files that were scanned in the order of `paths`."""
        places = {path: at for at, path in enumerate(paths)}
        self.paths.sort(key=places.__getitem__)

    def expected(self, files: int) -> float:
        """How many bytes so many more files have, when they are like those that were scanned."""
        return self.size / max(len(self.paths), 1) * files

    def forget(self) -> None:
        """Drop what was found so far."""
        self.findings, self.suppressed, self.paths = [], [], []
        self.size = self.documents = self.skipped = 0
        self._run.incomplete.clear()
        self._run.notes.clear()

    def found(self) -> tuple[Any, ...]:
        """What was found so far, as data."""
        return (
            [tuple(finding) for finding in self.findings],
            [(tuple(one.finding), one.by, one.justification) for one in self.suppressed],
            self.paths,
            (self.size, self.documents, self.skipped),
            [(type(error).__name__, error.message, error.hints, _plain(error.place)) for error in self._run.incomplete],
            [(_plain(place), text) for place, text in self._run.notes],
        )

    def add(self, found: tuple[Any, ...]) -> None:
        """Take in what the scanner of another process found."""
        from secrets_gitops.lint.suppressed import Suppressed  # noqa: PLC0415  only where processes share the work

        findings, suppressed, paths, (size, documents, skipped), incomplete, notes = found
        self.findings += [Finding(*fields) for fields in findings]
        self.suppressed += [Suppressed(Finding(*fields), by, why) for fields, by, why in suppressed]
        self.paths += paths
        self.size += size
        self.documents += documents
        self.skipped += skipped
        for name, message, hints, place in incomplete:
            kind: type[Error] = getattr(errors, name, ScanIncomplete)
            error = kind.__new__(kind)  # some are made from other things than these
            Error.__init__(error, message, hints=tuple(hints), place=Place(*place) if place else None)
            self._run.note(error)
        self._run.notes += [(Place(*place), text) for place, text in notes]

    def scan(self, path: str, only: tuple[str, ...] | None = None, *, brief: bool = False) -> None:
        """Scan one file, with the rules called `only` where they are given; `brief`, as `Target` has it."""
        is_link = self._run.snapshot.mode(path) == _LINK
        if gate.is_binary_name(path) and not is_link:
            self.skipped += 1
            self._scan_name(path, only)
            return
        data = self._read(path)
        if data is None:
            self._scan_name(path, only)
            return
        context = only is not None
        if is_link or gate.is_lock_file(path):
            only = () if only is not None else _IN_STRINGS if is_link else _BY_BYTES
        self.paths.append(path)
        self.size += len(data)
        self._run.values = [] if self._policy.needs_values else None
        target = Target(path, gate.utf8(data), self._run, brief=brief)
        whole = only is None
        chosen = self._rules if only is None else tuple(rule for rule in self._rules if rule.id.startswith(only))
        found = [_shown(finding) for finding in self._check(target, chosen)]
        if target.format is not None and not brief and _may_hold_escapes(target.data):
            found += self._behind_escapes(target, chosen, found)
        if target.parsed and target.document is not None:
            self.documents += len(target.document.roots)
        counting, suppressed = self._policy.judge(target, _merged(found), self._ran if whole else frozenset())
        if context and counting and self._policy.may_excuse:
            counting, suppressed = self._heard(Target(path, target.data, self._run), counting, suppressed)
        self.findings += counting
        self.suppressed += suppressed

    def _scan_name(self, path: str, only: tuple[str, ...] | None) -> None:
        """Look for tokens in the name of a file whose content is not looked at."""
        if only is not None or all(len(part) < SHORTEST for part in path.split("/")):
            return
        target = Target(path, b"", self._run)
        chosen = tuple(rule for rule in self._rules if rule.id.startswith(_IN_NAMES))
        counting, suppressed = self._policy.judge(target, _merged(list(self._check(target, chosen))), frozenset())
        self.findings += counting
        self.suppressed += suppressed

    def _behind_escapes(self, target: Target, rules: tuple[Rule, ...], found: list[Finding]) -> list[Finding]:
        """What rules that read bytes find where escapes stand; a line of which the same rule told is left out."""
        from secrets_gitops.lint.escapes import resolved  # noqa: PLC0415  few files hold an escape

        data = resolved(target.data)
        if data is None:
            return []
        told = {(finding.rule, finding.line) for finding in found}
        chosen = tuple(rule for rule in rules if rule.id.startswith(_IN_STRINGS))
        again = map(_shown, self._check(Target(target.path, data, self._run), chosen))
        return [finding for finding in again if (finding.rule, finding.line) not in told]

    def _heard(
        self, target: Target, counting: list[Finding], suppressed: list[Suppressed]
    ) -> tuple[list[Finding], list[Suppressed]]:
        """Findings of a few rules once more: another rule may speak for the same value, and be excused."""
        speaking, excused = self._policy.judge(
            target, _merged([_shown(finding) for finding in self._check(target, self._rules)]), frozenset()
        )
        named = {rule for finding in speaking for rule in (finding.rule, *finding.also)}
        quiet = [one for one in excused if one.finding.also and not named.intersection(one.finding.also)]
        silenced = {rule for one in quiet for rule in one.finding.also}
        return [finding for finding in counting if finding.rule not in silenced], [*suppressed, *quiet]

    def _read(self, path: str) -> bytes | None:
        """The file's content; None when it is binary, or when it cannot be read or is too large, which is noted."""
        snapshot, limit = self._run.snapshot, self._run.max_bytes
        try:
            try:
                data = snapshot.read(path, limit)
            except TooLarge as error:  # it may still be a binary one
                if not gate.is_binary(path, error.head):
                    raise
                data = b"\0"
        except Error as error:
            place = error.place or Place(path)
            self._run.note(
                ScanIncomplete(
                    f"not scanned: {error.message}",
                    hints=error.hints or _hints(error, limit),
                    place=place,
                )
            )
            return None
        if gate.is_binary(path, data):
            self.skipped += 1
            return None
        return data

    def _check(self, target: Target, rules: tuple[Rule, ...]) -> Iterator[Finding]:
        for rule in rules if target.brief else self._dispatch(rules).asked(target):
            try:
                if rule.concerns(target):
                    yield from rule.check(target)
            except Error as error:
                error.place = error.place or Place(target.path)
                self._run.note(error)
        if target.unread is not None:
            if isinstance(target.unread, LimitExceeded) and _promises_structure(target):
                self._run.note(_not_seen(target))
            elif target.parent is None and target.format is not None:
                yield from self._unparsed(target)
        try:
            for inner in () if target.brief else texts(target):
                yield from self._check(inner, rules)
        except ScanIncomplete as error:
            self._run.note(error)

    def _dispatch(self, rules: tuple[Rule, ...]) -> Dispatch:
        if rules not in self._dispatches:
            self._dispatches[rules] = Dispatch(rules)
        return self._dispatches[rules]

    def _unparsed(self, target: Target) -> Iterator[Finding]:
        rule = catalog.load("parse-error")
        if any(rule.id == chosen.id for chosen in self._rules):
            yield from rule.check(target)


def _may_hold_escapes(data: bytes) -> bool:
    return b"\\" in data and any(begin in data for begin in _ESCAPES)


def _read_ahead(snapshot: Snapshot, paths: Sequence[str]) -> Iterator[str]:
    """The paths; a snapshot that can is told what will be read next, which saves it an exchange for each file."""
    ahead: Callable[[Iterable[str]], None] | None = getattr(snapshot, "ahead", None)
    if ahead is None:
        yield from paths
        return
    for start in range(0, len(paths), _AHEAD):
        part = paths[start : start + _AHEAD]
        ahead(path for path in part if not gate.is_binary_name(path))
        yield from part


def _plain(place: Place | None) -> tuple[str, int, int] | None:
    return None if place is None else (place.path, place.line, place.column)


def _merged(findings: list[Finding]) -> list[Finding]:
    """The findings of one file, each value once, sorted."""
    if not findings:
        return []
    from secrets_gitops.lint.merge import merge  # noqa: PLC0415  most files hold nothing to find

    return merge(findings)


def _shown(finding: Finding) -> Finding:
    """`finding` as it may be shown: a key can hold a secret itself. Most keys are words, and short."""
    names = (finding.key, finding.pointer, finding.object)
    if not any("@" in name or len(part) >= 16 for name in names for part in name.split("/")):
        return finding
    from secrets_gitops.lint.hidden_keys import hide  # noqa: PLC0415  few keys are long

    return hide(finding)


def _promises_structure(target: Target) -> bool:
    """Does the name, or the text around, say that this is YAML or JSON? Prose that mentions a Secret is none."""
    return target.parent is not None or any(end in target.path for end in (".yaml", ".yml", ".json"))


def _hints(error: Error, limit: int) -> tuple[str, ...]:
    return (f"`--max-bytes` raises the limit of {limit} bytes",) if "larger than" in error.message else ()


_SPLIT = ("split it into smaller documents",)


def _not_seen(target: Target) -> ScanIncomplete:
    error = target.unread
    assert error is not None
    place = error.place if target.parent is None else Place(target.path)
    return ScanIncomplete(f"not scanned to its end: {error.message}", hints=error.hints or _SPLIT, place=place)
