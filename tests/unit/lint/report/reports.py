"""Reports made by hand, for what the writers do with them."""

from __future__ import annotations

import os

from secrets_gitops.errors import Place, ScanIncomplete
from secrets_gitops.lint import catalog
from secrets_gitops.lint.engine import Report
from secrets_gitops.lint.finding import Finding

RULES = catalog.load_all(("private-key", "provider-token"))
FIX = "secrets-gitops encrypt -i apps/db.yaml"
ODD = os.fsdecode(b"apps/caf\xe9 \x1b[2J\n::x.yaml")
"""A name that is no UTF-8, clears a screen and writes a line of its own."""


def finding(rule="private-key", severity="high", path="apps/db.yaml", line=3, column=5, **more) -> Finding:
    return Finding(rule, severity, path, line, column, line, column + 7, "a key stands here", **more)


def report(*findings, incomplete=(), notes=(), files=15) -> Report:
    return Report(tuple(sorted(findings, key=Finding.sort_key)), incomplete, notes, files, 42_400, 3, 2, rules=RULES)


def rich() -> Report:
    return report(
        finding(
            fix="secrets-gitops encrypt -i apps/db.yaml", key="tls.key", pointer="/data/tls.key", object="Secret/a/b"
        ),
        finding("provider-token-github", line=9, also=("private-key",)),
        finding("sops-recipient-drift", "medium", "b.yaml"),
        finding("k8s-secret-plaintext", "low", ODD, key="caf\udce9"),
        finding("parse-error", "info", "c.yaml"),
        incomplete=(ScanIncomplete("not scanned: too large", hints=("raise it",), place=Place("big.txt")),),
        notes=((Place(".sops.yaml", 4, 3), "unknown field `agee`"),),
    )
