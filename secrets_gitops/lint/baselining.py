"""Making and changing a baseline: what is in a repository, as entries. The hook only reads it, with `lint.baseline`."""

from __future__ import annotations

import os

from secrets_gitops.errors import Refused, ScanIncomplete, SettingsError
from secrets_gitops.lint import baseline, engine
from secrets_gitops.lint.baseline import NAME, Baseline, Pruned, text
from secrets_gitops.lint.finding import rank
from secrets_gitops.lint.options import Options, of_environment
from secrets_gitops.lint.overlay import Overlay
from secrets_gitops.records import NamedTuple
from secrets_gitops.repository import git
from secrets_gitops.repository.index import Index
from secrets_gitops.repository.work_tree import WorkTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from secrets_gitops.errors import Error
    from secrets_gitops.lint.finding import Finding
    from secrets_gitops.repository.snapshot import Snapshot

__all__ = ["NAME", "accept", "first", "present", "text", "today", "update"]

INTRODUCED = "there when secrets-gitops was introduced"


class First(NamedTuple):
    """A first baseline, and what it cannot hold."""

    baseline: Baseline
    critical: tuple[Finding, ...]
    incomplete: tuple[Error, ...]


def today() -> str:
    """The day in UTC, `YYYY-MM-DD`."""
    import time  # noqa: PLC0415

    return time.strftime("%Y-%m-%d", time.gmtime())


def first(root: str, texts: Mapping[str, bytes], environ: Mapping[str, str], day: str) -> First:
    """What fails in files that the last commit has and nobody has touched since, with `texts` as settings and rules.

    What is staged or new is not among it: that is what the gate is for.
    """
    salt = os.urandom(baseline.SALT_SIZE)
    empty = Baseline(salt, {})
    if not git.says_yes(("rev-parse", "--quiet", "--verify", "HEAD"), root):
        return First(empty, (), ())
    index = Index(root)
    try:
        touched = {change.path for change in index.changes()} | texts.keys()
        paths = [path for path in index.paths() if path not in touched]
        snapshot: Snapshot = index
        for path, data in texts.items():
            snapshot = Overlay(snapshot, path, data)
        options = Options(salt=salt, baseline="none").over(of_environment(environ))
        report = engine.scan(snapshot, [*paths, *texts], options=options)
    finally:
        index.close()
    limit = rank(report.fail_on)
    failing = [finding for finding in report.findings if rank(finding.severity) >= limit]
    critical = tuple(finding for finding in failing if finding.severity == "critical")
    milder = [finding for finding in failing if finding.severity != "critical" and finding.path not in texts]
    made = baseline.grown(empty, milder, added=day, reason=INTRODUCED, state="to_rotate")
    return First(made, critical, report.incomplete)


def present(root: str) -> Baseline | None:
    """The baseline of the work tree; None without one. Raises SettingsError for a broken one."""
    tree = WorkTree(root)
    return baseline.load(tree) if tree.exists(NAME) else None


def accept(
    root: str, names: Sequence[str], environ: Mapping[str, str], *, day: str, reason: str, state: str
) -> tuple[Baseline, list[Finding]]:
    """The baseline with entries for the findings called `names`, and those findings.

    A name is a fingerprint, 12 or more of its characters, or `PATH:LINE`. Raises SettingsError when one names nothing,
    and Refused when it names a critical finding.
    """
    known = present(root)
    wanted = _named(_scan(root, environ, known.salt if known else b""), names)
    if known is None:
        known = Baseline(os.urandom(baseline.SALT_SIZE), {})
        places = {finding.sort_key() for finding in wanted}
        wanted = [finding for finding in _scan(root, environ, known.salt) if finding.sort_key() in places]
    return baseline.grown(known, wanted, added=day, reason=reason, state=state), wanted


def _scan(root: str, environ: Mapping[str, str], salt: bytes) -> tuple[Finding, ...]:
    options = Options(salt=salt, baseline="none").over(of_environment(environ))
    return engine.scan(WorkTree(root), options=options).findings


def _named(findings: Iterable[Finding], names: Sequence[str]) -> list[Finding]:
    found = list(findings)
    prints = {finding: finding.fingerprint() for finding in found}
    out: dict[Finding, None] = {}
    for name in names:
        same = [finding for finding in found if _is_called(finding, prints[finding], name)]
        if not same:
            raise SettingsError(
                f"nothing is found that is called `{name}`",
                hints=("`secrets-gitops lint --format json` names each finding by its `fingerprint`",),
            )
        if len({prints[finding] for finding in same}) > 1 and name.startswith("sgf1:"):
            raise SettingsError(f"`{name}` begins more than one fingerprint", hints=("write more of it",))
        for finding in same:
            if finding.severity == "critical":
                raise Refused(
                    f"{finding.path}:{finding.line}: {finding.message}; a critical finding goes into no baseline",
                    hints=(finding.fix,),
                )
            out[finding] = None
    return list(out)


def _is_called(finding: Finding, fingerprint: str, name: str) -> bool:
    if name.startswith("sgf1:"):
        return len(name) >= len("sgf1:") + 12 and fingerprint.startswith(name)
    return name in {f"{finding.path}:{finding.line}", f"{finding.path}:{finding.line}:{finding.column}"}


def update(root: str, environ: Mapping[str, str]) -> Pruned:
    """The baseline without the entries whose finding is gone. What a sparse checkout leaves out keeps its entries.

    Raises SettingsError without one, and ScanIncomplete when a finding may be where the scan did not see.
    """
    known = present(root)
    if known is None:
        raise SettingsError("there is no baseline", hints=("`secrets-gitops baseline accept` begins one",))
    tree = WorkTree(root)
    options = Options(salt=known.salt, baseline="none").over(of_environment(environ))
    report = engine.scan(tree, options=options)
    if report.incomplete:
        error = report.incomplete[0]
        raise ScanIncomplete(
            f"nothing is pruned, for not everything was seen: {error.message}", hints=error.hints, place=error.place
        )
    return baseline.pruned(known, report.findings, tree.exists, tree.not_checked_out())
