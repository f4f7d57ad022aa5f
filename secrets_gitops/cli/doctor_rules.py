"""What `doctor` asks of the creation rules, the settings and what they promise."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from secrets_gitops.cli.doctor_view import Trouble, named
from secrets_gitops.encrypted_files.rules import unusable
from secrets_gitops.errors import Error, FileError, SettingsError
from secrets_gitops.lint.mend import quoted
from secrets_gitops.repository import creation_rules, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from secrets_gitops.cli.doctor_view import View
    from secrets_gitops.repository.creation_rules import CreationRules


def check(view: View, now: datetime) -> Iterator[Trouble]:
    """Rules, files that they cover, settings, certificates, and kustomize functions that kubectl leaves out."""
    loaded = []
    for path in view.paths:
        name = posixpath.basename(path)
        if name == creation_rules.IGNORED_NAME:
            yield Trouble(
                "rules",
                f"{path} is read by nobody",
                "its rules do not count",
                f"git mv {quoted(path)} {quoted(path[:-3] + 'yaml')}",
            )
        elif name == creation_rules.NAME:
            try:
                rules = creation_rules.load(view.tree, path, strict=False)
            except Error as error:
                why = "nothing can be encrypted by it, and sops does not even decrypt"
                yield Trouble("rules", f"{error.place or path}: {error.message}", why, f"correct {path}")
                continue
            if rules is not None:
                loaded.append(rules)
                for flaw in filter(None, map(unusable, rules.rules)):
                    why = "nothing can be encrypted by this rule"
                    yield Trouble("rules", f"{flaw.place or path}: {flaw.message}", why, f"correct {path}")
                for place, text in rules.warnings:
                    yield Trouble("rules", f"{place}: {text}", "sops says nothing, and reads on", f"correct {path}")
    if not loaded and view.encrypted:
        yield Trouble(
            "rules",
            f"there are encrypted files ({view.encrypted[0].path}) and no creation rules",
            "nothing says who should read them, and new files cannot be encrypted",
            "secrets-gitops init",
        )
    for rules in loaded:
        yield from _unused(view, rules)
    yield from _covered(view)
    yield from _settings(view, now)
    if view.functions and view.kubectl:
        yield Trouble(
            "kubectl",
            f"{named(view.functions)} has kustomize run a program, and {named(view.kubectl)} builds with kubectl",
            "kubectl leaves such functions out, with `--enable-alpha-plugins` without a word",
            "call `kustomize build --enable-alpha-plugins --enable-exec DIR | kubectl apply -f -`",
        )


def _unused(view: View, rules: CreationRules) -> Iterator[Trouble]:
    """Rules that are the first to fit for no file."""
    folder = posixpath.dirname(rules.path)
    used = set()
    for path in view.paths:
        if not folder or path.startswith(f"{folder}/"):
            try:
                rule = rules.rule_for(path)
            except Error:
                continue
            if rule is not None:
                used.add(rule.place)
    for rule in rules.rules:
        if rule.place not in used:
            yield Trouble(
                "rules",
                f"the creation rule at {rule.place.path}:{rule.place.line} fits no file",
                "a mistake in `path_regex`, or an earlier rule that takes its files, leaves them open",
                "secrets-gitops explain FILE",
                grave=False,
            )


def _covered(view: View) -> Iterator[Trouble]:
    """Files that a rule covers and that are plaintext."""
    from secrets_gitops.lint.engine import scan
    from secrets_gitops.lint.options import Options

    try:
        found = scan(view.tree, options=Options(only=("sops-not-encrypted",))).findings
    except SettingsError:
        return  # what is wrong with them is said where they are looked at
    paths = sorted({finding.path for finding in found})
    if paths:
        yield Trouble(
            "plaintext",
            f"{named(paths)} should be encrypted, as a creation rule says",
            "whoever can read the repository can read the values",
            f"secrets-gitops encrypt -i {' '.join(map(quoted, paths[:5]))}",
        )


def _settings(view: View, now: datetime) -> Iterator[Trouble]:
    from secrets_gitops.encrypted_files import sealing_certificate

    try:
        found = settings.load(view.tree)
    except Error as error:
        place = error.place or settings.NAME
        yield Trouble("settings", f"{place}: {error.message}", "no command reads them", f"correct {settings.NAME}")
        return
    for name, cluster in found.clusters.items():
        pin = f"secrets-gitops cert pin FILE --cluster {name}"
        try:
            sealing_certificate.read_pinned(view.root, cluster).refuse_expired(now)
        except (Error, FileError) as error:
            yield Trouble("certificate", f"cluster {name}: {error.message}", "nothing can be sealed for it", pin)
    if view.sealed and not found.clusters:
        yield Trouble(
            "certificate",
            f"there are SealedSecrets ({named(view.sealed)}), and no certificate is pinned",
            "whoever swaps the certificate that people fetch can read what they seal",
            "secrets-gitops cert pin FILE",
            grave=False,
        )
