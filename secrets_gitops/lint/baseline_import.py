"""What other scanners were told to let pass, as entries of the baseline: matched once, against what is found today.

Known are `.gitleaksignore` (`[commit:]path:rule:line`), the JSON report of gitleaks, `.gitleaks.toml` (its allowlists)
and `.secrets.baseline` of detect-secrets (SHA-1 of the value). Lines count as they are now, afterwards only
fingerprints do. What matches nothing is told, and never guessed at.
"""

from __future__ import annotations

import os
import posixpath
from hashlib import sha1

from secrets_gitops.errors import Place, SettingsError
from secrets_gitops.lint import baseline, engine
from secrets_gitops.lint.baseline import Baseline
from secrets_gitops.lint.options import Options, of_environment
from secrets_gitops.lint.report.gitleaks_names import GITLEAKS_NAMES
from secrets_gitops.records import NamedTuple
from secrets_gitops.repository.work_tree import WorkTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Literal

    from secrets_gitops.lint.finding import Finding

    State = Literal["accepted", "to_rotate"]

_LIMIT = 64 << 20
_KNOWN = ("known are .gitleaksignore, .gitleaks.toml, a JSON report of gitleaks, and .secrets.baseline",)


class Mark(NamedTuple):
    """One finding that another scanner was told to let pass."""

    path: str
    line: int
    """0 where only the value counts."""
    digest: str
    """SHA-1 of the value in hexadecimal digits; empty where only the line counts."""
    state: State
    rule: str = ""
    """The id of gitleaks; where it means one of ours, what others found on the line is not meant."""


class Imported(NamedTuple):
    """A baseline with what was taken over, and what was not."""

    baseline: Baseline
    taken: tuple[Finding, ...]
    critical: tuple[Finding, ...]
    unmatched: tuple[Mark, ...]
    """Nothing is found there today."""


def import_file(root: str, path: str, environ: Mapping[str, str], *, known: Baseline | None, day: str) -> Imported:
    """Take over what the file `path` on disk lets pass. Raises SettingsError for a file of another kind."""
    try:
        with open(path, "rb") as file:
            data = file.read(_LIMIT)
    except OSError as error:
        raise SettingsError("cannot read the file", hints=("check the path",), place=Place(path)) from error
    known = known or Baseline(os.urandom(baseline.SALT_SIZE), {})
    options = Options(salt=known.salt, baseline="none").over(of_environment(environ))
    reason = f"imported from {posixpath.basename(path)}"
    if path.endswith(".toml"):
        options = options._replace(gitleaks=("file", path))
        report = engine.scan(WorkTree(root), options=options)
        chosen = [one.finding for one in report.suppressed if one.by == "gitleaks"]
        grown = baseline.grown(known, chosen, added=day, reason=reason, state="accepted")
        return Imported(grown, tuple(chosen), (), ())
    marks = read_marks(data, path)
    seen: set[tuple[str, int, str, str]] = set()

    def hear(finding: Finding, value: str) -> None:
        seen.update((finding.path, finding.line, finding.rule, digest) for digest in _digests(value))

    found = engine.scan(WorkTree(root), options=options._replace(witness=hear)).findings
    return _taken(known, found, marks, seen, reason, day)


def _taken(
    known: Baseline,
    found: Iterable[Finding],
    marks: list[Mark],
    seen: set[tuple[str, int, str, str]],
    reason: str,
    day: str,
) -> Imported:
    by_path: dict[str, list[Finding]] = {}
    for finding in found:
        by_path.setdefault(finding.path, []).append(finding)
    digests: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for path, line, rule, digest in seen:
        digests.setdefault((path, digest), []).append((line, rule))
    chosen: dict[str, dict[Finding, None]] = {"to_rotate": {}, "accepted": {}}
    unmatched = []
    for mark in marks:
        places = digests.get((mark.path, mark.digest), [])
        same = [finding for finding in by_path.get(mark.path, ()) if _is_meant(finding, mark, places)]
        named = [finding for finding in same if mark.rule in _names(finding)]
        chosen[mark.state].update(dict.fromkeys(named or same))
        if not same:
            unmatched.append(mark)
    grown, taken, critical = known, [], []
    for state, findings in chosen.items():
        milder = [finding for finding in findings if finding.severity != "critical"]
        grown = baseline.grown(grown, milder, added=day, reason=reason, state=state)
        taken += milder
        critical += [finding for finding in findings if finding.severity == "critical"]
    return Imported(grown, tuple(dict.fromkeys(taken)), tuple(dict.fromkeys(critical)), tuple(unmatched))


def _is_meant(finding: Finding, mark: Mark, places: list[tuple[int, str]]) -> bool:
    if not mark.digest:
        return finding.line <= mark.line <= finding.end_line
    rules = (finding.rule, *finding.also)
    return any(finding.line <= line <= finding.end_line and rule in rules for line, rule in places)


def _names(finding: Finding) -> set[str]:
    """The ids of gitleaks for what was found."""
    return {GITLEAKS_NAMES[rule] for rule in (finding.rule, *finding.also) if rule in GITLEAKS_NAMES}


def _digests(value: str) -> set[str]:
    """As detect-secrets may have hashed it: the value, or the base64 that it stands in."""
    from base64 import b64encode  # noqa: PLC0415

    data = value.strip().encode("utf-8", "surrogateescape")
    texts = (data, b64encode(data), b64encode(value.encode("utf-8", "surrogateescape")))
    return {sha1(text, usedforsecurity=False).hexdigest() for text in texts}


def read_marks(data: bytes, path: str = "") -> list[Mark]:
    """What `data` lets pass. Raises SettingsError for content of no known kind."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    if not text.lstrip().startswith(("{", "[")):
        return _ignored(text, path)
    import json  # noqa: PLC0415

    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        raise SettingsError("this is no JSON", hints=_KNOWN, place=Place(path)) from None
    try:
        if isinstance(tree, dict) and isinstance(tree.get("results"), dict):
            return [_secret(path, item) for path, items in tree["results"].items() for item in items]
        if isinstance(tree, list) and all("RuleID" in item for item in tree):
            return [_reported(item) for item in tree]
    except (KeyError, TypeError, ValueError):
        raise SettingsError("an entry is not as that scanner writes it", hints=_KNOWN, place=Place(path)) from None
    raise _unknown(path)


def _unknown(path: str) -> SettingsError:
    return SettingsError(
        "this is the file of no scanner that is known",
        hints=_KNOWN,
        place=Place(path),
    )


def _ignored(text: str, path: str) -> list[Mark]:
    """The lines of `.gitleaksignore`: `[commit:]path:rule:line`."""
    marks = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        parts = line.rsplit(":", 2)
        if len(parts) != 3 or not parts[2].isdecimal() or not parts[0]:
            raise SettingsError("a line is not `[commit:]path:rule:line`", hints=_KNOWN, place=Place(path, number, 1))
        commit, colon, rest = parts[0].partition(":")
        is_commit = bool(colon) and len(commit) in (40, 64) and not commit.strip("0123456789abcdef")
        marks.append(Mark(_relative(rest if is_commit else parts[0]), int(parts[2]), "", "accepted", parts[1]))
    return marks


def _reported(item: Mapping[str, object]) -> Mark:
    return Mark(_relative(str(item["File"])), int(str(item["StartLine"])), "", "to_rotate", str(item["RuleID"]))


def _secret(path: str, item: Mapping[str, object]) -> Mark:
    """An entry of detect-secrets; one that was audited as no secret may stay."""
    digest = item["hashed_secret"]
    if not isinstance(digest, str) or len(digest) != 40:
        raise ValueError(digest)
    return Mark(_relative(path), 0, digest.lower(), "accepted" if item.get("is_secret") is False else "to_rotate")


def _relative(path: str) -> str:
    return posixpath.normpath(path.replace("\\", "/"))
