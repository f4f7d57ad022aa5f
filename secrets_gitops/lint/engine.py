"""The engine: paths of a snapshot in, a Report out. Nothing is printed; no path is opened but through the snapshot."""

from __future__ import annotations

import posixpath

from secrets_gitops.errors import Error, Place, worst
from secrets_gitops.lint import gate
from secrets_gitops.lint.finding import Finding, rank
from secrets_gitops.lint.options import NONE
from secrets_gitops.lint.policy import GITLEAKS, Policy
from secrets_gitops.lint.run import RULE_FILE, SETTINGS, Run
from secrets_gitops.lint.scanner import Scanner
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from secrets_gitops.documents.limits import Limits
    from secrets_gitops.lint.finding import Severity
    from secrets_gitops.lint.options import Options
    from secrets_gitops.lint.rule import Rule
    from secrets_gitops.lint.suppressed import Suppressed
    from secrets_gitops.repository.snapshot import Snapshot

_FIRST = 200
"""Files that are scanned before it is decided whether processes share the others."""
_WORTH_SHARING = 4_000_000
"""Bytes that are worth starting processes for."""
_ABOUT_RULE_FILES = ("sops-not-encrypted", "sops-recipient-drift", "sops-selector-drift", "sops-config-ambiguous")
"""The rules that ask other files when a `.sops.yaml` changes; of an encrypted file they read the `sops` block."""
_ABOUT_NAMED_FILES = ("kustomize-secret-file", "kustomize-configmap-literal", "kustomize-patch-secret")
"""The rules that ask kustomizations which a commit leaves as they are, when a file that one may name changes."""
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


class Report(NamedTuple):
    """What a scan found, and how much it saw."""

    findings: tuple[Finding, ...]
    """Sorted by path and place."""
    incomplete: tuple[Error, ...]
    """Why the scan saw less than it should: each with place, hints and exit code (3, or 2 for broken rules)."""
    notes: tuple[tuple[Place, str], ...]
    """Warnings that fail nothing, for example an unknown field in a creation rule."""
    files: int
    """Files that were scanned."""
    size: int
    """Their bytes."""
    documents: int
    """YAML and JSON documents that were parsed."""
    skipped: int
    """Files that hold nothing to scan: pictures, archives and other binary files."""
    suppressed: tuple[Suppressed, ...] = ()
    """Findings that somebody excused, sorted as the others; they count for nothing."""
    rules: tuple[Rule, ...] = ()
    """The rules that ran."""
    fail_on: Severity = "medium"
    """The mildest severity that fails, as flags, environment and settings say."""
    paths: tuple[str, ...] = ()
    """The files that were scanned, in that order."""

    def exit_code(self, fail_on: Severity | None = None) -> int:
        """0 for a complete scan without a finding at or above `fail_on`; incomplete (3 or 2) wins over findings (1)."""
        limit = rank(fail_on or self.fail_on)
        failing = any(rank(finding.severity) >= limit for finding in self.findings)
        return worst([*(error.exit_code for error in self.incomplete), int(failing)])


def scan(
    snapshot: Snapshot,
    paths: Iterable[str] | None = None,
    *,
    gone: Iterable[str] = (),
    widen: bool = True,
    rules: Iterable[Rule] | None = None,
    limits: Limits | None = None,
    max_bytes: int | None = None,
    options: Options = NONE,
    excuses: Snapshot | None = None,
) -> Report:
    """Scan `paths` of the snapshot (all of them by default) with `rules` (by default those of options and settings).

    `gone` are paths that a commit deletes. A creation rule file (`.sops.yaml`) among `paths` or `gone` widens the rules
    about creation rules to all that lies below it, since it changes what other files must be; where settings or
    baseline are deleted, everything is scanned. Not so when `widen` is false. A file that a kustomization names is
    checked as that kustomization uses it.

    Allow comments, settings and baseline count as they are in `excuses`, by default the snapshot itself. For what a
    server receives it is what the server has already, so that nothing excuses itself. Raises SettingsError for settings
    that are wrong.
    """
    chosen, gone = tuple(snapshot.paths() if paths is None else paths), tuple(gone)
    policy = Policy(snapshot, options, excuses)
    run = Run(
        snapshot,
        limits=limits,
        max_bytes=max_bytes or policy.max_bytes,
        changed=frozenset(chosen),
        gone=frozenset(gone),
        salt=policy.salt,
        strict=policy.strict,
    )
    run.notes += policy.notes
    ran = policy.rules() if rules is None else tuple(rules)
    scanner = Scanner(run, ran, policy)
    scanner.scan_all(chosen[:_FIRST])
    rest = chosen[_FIRST:]
    alone = options.jobs == 1 or policy.needs_values or options.verify_mac is not None
    if rest and not alone and scanner.expected(len(rest)) > _WORTH_SHARING:
        from secrets_gitops.lint import parallel  # noqa: PLC0415
        from secrets_gitops.repository.snapshot import close  # noqa: PLC0415

        def let_go() -> None:
            """Of git, of which each process needs its own."""
            close(snapshot)
            close(excuses)

        let_go()
        parallel.scan(scanner, rest, options.jobs, let_go)
        scanner.put_in_order(chosen)
    else:
        scanner.scan_all(rest)
    if widen and not {SETTINGS, GITLEAKS, gate.BASELINE}.isdisjoint(gone):  # what they excused counts again
        scanner.scan_all([path for path in snapshot.paths() if path not in run.changed])
    elif paths is not None:
        touched = (*chosen, *gone)
        below = _below_rule_files(snapshot, touched, run.changed) if widen else []
        scanner.scan_all(below, _ABOUT_RULE_FILES, brief=True)
        scanner.scan_all(_kustomizations_above(snapshot, touched, run.changed), _ABOUT_NAMED_FILES)
    about_settings = policy.about_settings(frozenset(rule.id for rule in ran))
    return Report(
        findings=tuple(sorted((*scanner.findings, *about_settings), key=Finding.sort_key)),
        incomplete=tuple(run.incomplete),
        notes=tuple(dict.fromkeys(run.notes)),
        files=len(scanner.paths),
        size=scanner.size,
        documents=scanner.documents,
        skipped=scanner.skipped,
        suppressed=tuple(sorted(scanner.suppressed, key=lambda one: one.finding.sort_key())),
        rules=ran,
        fail_on=policy.fail_on,
        paths=tuple(scanner.paths),
    )


def _below_rule_files(snapshot: Snapshot, touched: Iterable[str], seen: frozenset[str]) -> list[str]:
    """The files whose creation rule may be another one than before."""
    folders = tuple(path.removesuffix(RULE_FILE) for path in touched if posixpath.basename(path) == RULE_FILE)
    return [path for path in snapshot.paths() if path.startswith(folders) and path not in seen] if folders else []


def _kustomizations_above(snapshot: Snapshot, touched: Iterable[str], seen: frozenset[str]) -> list[str]:
    """The kustomizations that may name one of the files, as far as they are not scanned anyway."""
    folders: set[str] = set()
    for path in touched:
        folder = posixpath.dirname(path)
        while folder not in folders:
            folders.add(folder)
            folder = posixpath.dirname(folder)
    candidates = (posixpath.join(folder, name) for folder in sorted(folders) for name in _KUSTOMIZATIONS)
    return [path for path in candidates if path not in seen and snapshot.exists(path)]
