"""The baseline, `.secrets-gitops-baseline.json`: findings that were there when the gate came, by fingerprint.

An entry names what was found, not where it stands in its file: it holds while lines move and commits are rewritten,
and a new secret on an old line is a new finding. A value that could be guessed has no part in its fingerprint (`weak`);
such an entry holds for any such value in its place. Critical findings have no place in it.

One entry a line, sorted, and nothing in it that changes by itself, so that branches merge.
"""

from __future__ import annotations

import posixpath
import re

from secrets_gitops.errors import Place, SettingsError
from secrets_gitops.lint import catalog
from secrets_gitops.lint.gate import BASELINE
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple
from secrets_gitops.repository.snapshot import LINK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from secrets_gitops.lint.finding import Finding
    from secrets_gitops.repository.snapshot import Snapshot

NAME = BASELINE
SALT_SIZE = 32
STATES = ("accepted", "to_rotate")
LIMIT = 64 << 20
_VERSION = 1
_FINGERPRINT = pattern(r"sgf1:[a-z2-7]{32}")
_SALT = pattern(r"[0-9a-f]{64}")
_DAY = pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_CONFLICT = b"<<<<<<< "
_TEXTS = ("fp", "rule", "path", "key", "added", "reason", "state")


class Entry(NamedTuple):
    """One finding that does not count."""

    fp: str
    rule: str
    path: str
    key: str
    added: str
    """The day, `YYYY-MM-DD`."""
    reason: str
    state: str
    """`accepted`: it may stay. `to_rotate`: the value has to be changed, and is not yet."""
    weak: bool = False
    """The value has no part in the fingerprint."""
    times: int = 1
    """How many findings a weak entry stands for, where several in one file cannot be told apart."""


class Baseline(NamedTuple):
    """What the file says."""

    salt: bytes
    """Keys the digests of values; public, as the file is."""
    entries: Mapping[str, Entry]
    """By fingerprint."""


def load(snapshot: Snapshot) -> Baseline:
    """The baseline of a snapshot. Raises SettingsError, also for one that is a symbolic link."""
    if snapshot.mode(NAME) == LINK:
        raise SettingsError("the baseline is a symbolic link", hints=("put the file itself there",), place=Place(NAME))
    return parse(snapshot.read(NAME, LIMIT))


def load_file(path: str) -> Baseline:
    """The baseline in a file on disk. Raises SettingsError, also when it cannot be read."""
    try:
        with open(path, "rb") as file:
            return parse(file.read(LIMIT + 1), path)
    except OSError as error:
        raise SettingsError("cannot read the baseline", hints=("check the path",), place=Place(path)) from error


def parse(data: bytes, path: str = NAME) -> Baseline:
    """The baseline in `data`. Raises SettingsError for anything that is not exactly one: it decides what passes."""
    import json  # noqa: PLC0415  a repository without a baseline does not need it

    def wrong(problem: str, line: int = 0) -> SettingsError:
        hints = ("restore it from git, or delete it and run `secrets-gitops init` to begin anew",)
        return SettingsError(f"the baseline {problem}", hints=hints, place=Place(path, line, 1 if line else 0))

    if len(data) > LIMIT:
        raise wrong(f"is larger than {LIMIT} bytes")
    if data.startswith(_CONFLICT) or b"\n" + _CONFLICT in data:
        hints = ("keep the entries of both sides, one a line, with a comma after each but the last",)
        raise SettingsError("conflict markers of a merge stand in the baseline", hints=hints, place=Place(path))
    try:
        tree = json.loads(data)
    except json.JSONDecodeError as error:
        raise wrong("is no JSON", error.lineno) from None
    except (ValueError, RecursionError):  # no UTF-8, or a number of thousands of digits
        raise wrong("is no JSON") from None
    if not isinstance(tree, dict) or set(tree) != {"version", "salt", "entries"}:
        raise wrong("must be an object with `version`, `salt` and `entries`")
    if tree["version"] != _VERSION or isinstance(tree["version"], bool):
        raise wrong(f"must have the version {_VERSION}")
    if not isinstance(tree["salt"], str) or not _SALT.fullmatch(tree["salt"]):
        raise wrong("must have a `salt` of 64 hexadecimal digits")
    if not isinstance(tree["entries"], list):
        raise wrong("must have a list of `entries`")
    entries: dict[str, Entry] = {}
    for number, item in enumerate(tree["entries"], 1):
        if problem := _problem(item):
            raise wrong(f"has an entry, number {number}, that {problem}")
        entries.setdefault(item["fp"], Entry(**item))
    return Baseline(bytes.fromhex(tree["salt"]), entries)


def _problem(item: object) -> str:
    """What is wrong with an entry, as the end of a sentence; empty when nothing is."""
    if not isinstance(item, dict):
        return "is no object"
    if unknown := set(item) - set(Entry._fields):
        return f"has the unknown field `{min(unknown)[:40]}`"
    for name in _TEXTS:
        if not isinstance(item.get(name), str):
            return f"has no text `{name}`"
    if not _is_path(item["path"]):
        return "has a `path` that is none"
    if not _FINGERPRINT.fullmatch(item["fp"]):
        return "has an `fp` that is no fingerprint"
    if item["state"] not in STATES:
        return f"has a `state` that is not one of {', '.join(STATES)}"
    if not _DAY.fullmatch(item["added"]):
        return "has an `added` that is no day"
    if not isinstance(item.get("weak", False), bool):
        return "has a `weak` that is neither true nor false"
    count = item.get("times", 1)
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        return "has a `times` that is no number above 0"
    return ""


def _is_path(text: str) -> bool:
    """Could a file of a repository be called so?"""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return bool(text) and "\0" not in text


def text(baseline: Baseline) -> str:
    """The file's text."""
    import json  # noqa: PLC0415

    lines = []
    for entry in sorted(baseline.entries.values()):
        fields = entry._asdict()
        for name in ("weak", "times"):
            if fields[name] == Entry._field_defaults[name]:
                del fields[name]
        lines.append(json.dumps(fields, ensure_ascii=True))
    body = "\n" + ",\n".join(lines) + "\n" if lines else ""
    return f'{{\n"version": {_VERSION},\n"salt": "{baseline.salt.hex()}",\n"entries": [{body}]\n}}\n'


class Matching:
    """Which entry a finding has, in a scan of a snapshot in which `exists` says what files there are."""

    def __init__(self, baseline: Baseline, exists: Callable[[str], bool]) -> None:
        self._baseline = baseline
        self._exists = exists
        self._vanished: dict[tuple[str, str], list[Entry]] | None = None
        self._became: dict[str, str] = {}
        """The file that another one with a weak entry became, by fingerprint: one, not each that is like it."""

    def entries(self, findings: Iterable[Finding]) -> list[Entry | None]:
        """The entry of each of one file's findings; None for one that counts."""
        left: dict[str, int] = {}
        found: list[Entry | None] = []
        for finding in findings:
            entry = None if finding.severity == "critical" else self._entry(finding)
            if entry is not None and not finding.digest:
                left[entry.fp] = left.get(entry.fp, entry.times) - 1
                if left[entry.fp] < 0:
                    entry = None
            found.append(entry)
        return found

    def _entry(self, finding: Finding) -> Entry | None:
        return self._baseline.entries.get(finding.fingerprint()) or self._renamed(finding)

    def _renamed(self, finding: Finding) -> Entry | None:
        """The entry for the same finding in a file that is gone; where the value cannot tell, one that was near."""
        if self._vanished is None:
            self._vanished = {}
            gone = {entry.path: not self._exists(entry.path) for entry in self._baseline.entries.values()}
            for entry in self._baseline.entries.values():
                if gone[entry.path]:
                    self._vanished.setdefault((catalog.family(entry.rule), entry.key), []).append(entry)
        for entry in self._vanished.get((catalog.family(finding.rule), finding.key), ()):
            if entry.fp == finding.fingerprint(entry.path) and (finding.digest or self._may_be(entry, finding.path)):
                return entry
        return None

    def _may_be(self, entry: Entry, path: str) -> bool:
        return _is_near(entry.path, path) and self._became.setdefault(entry.fp, path) == path


def _is_near(one: str, other: str) -> bool:
    """Could one file have become the other: the same name, or the same folder?"""
    return posixpath.basename(one) == posixpath.basename(other) or posixpath.dirname(one) == posixpath.dirname(other)


def entry(finding: Finding, *, added: str, reason: str, state: str, times: int = 1) -> Entry:
    """A new entry for a finding, which must not be a critical one."""
    assert finding.severity != "critical"
    weak = not finding.digest
    return Entry(
        finding.fingerprint(), finding.rule, finding.path, finding.key, added, reason, state, weak, times if weak else 1
    )


def grown(baseline: Baseline, findings: Iterable[Finding], *, added: str, reason: str, state: str) -> Baseline:
    """The baseline with an entry for each of the findings that has none."""
    entries = dict(baseline.entries)
    fresh: dict[str, list[Finding]] = {}
    for finding in findings:
        fresh.setdefault(finding.fingerprint(), []).append(finding)
    for fp, same in fresh.items():
        known = entries.get(fp)
        if known is None:
            entries[fp] = entry(same[0], added=added, reason=reason, state=state, times=len(same))
        elif known.weak:
            entries[fp] = known._replace(times=max(known.times, len(same)))
    return baseline._replace(entries=entries)


class Pruned(NamedTuple):
    """A baseline without what is gone, and what was done to it."""

    baseline: Baseline
    removed: tuple[Entry, ...]
    moved: tuple[tuple[Entry, Entry], ...]
    """Entries of renamed files, before and after."""


def pruned(
    baseline: Baseline, findings: Iterable[Finding], exists: Callable[[str], bool], unseen: frozenset[str] = frozenset()
) -> Pruned:
    """The baseline with only those entries whose finding is among `findings`, under its present path.

    Nobody looked into the files `unseen`, whose entries stay as they are.
    """
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    matching = Matching(baseline, lambda path: path in unseen or exists(path))
    kept = {fp: entry for fp, entry in baseline.entries.items() if entry.path in unseen and not exists(entry.path)}
    before: dict[str, Entry] = {}
    for same_file in by_path.values():
        for finding, found in zip(same_file, matching.entries(same_file), strict=True):
            if found is not None:
                fp = finding.fingerprint()
                times = kept[fp].times + 1 if fp in kept and found.weak else 1
                kept[fp] = found._replace(fp=fp, path=finding.path, rule=finding.rule, times=times)
                before[fp] = found
    seen = {found.fp for found in before.values()} | kept.keys()
    return Pruned(
        baseline._replace(entries=kept),
        tuple(sorted(entry for fp, entry in baseline.entries.items() if fp not in seen)),
        tuple(sorted((found, kept[fp]) for fp, found in before.items() if found.path != kept[fp].path)),
    )
