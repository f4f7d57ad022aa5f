"""`sops-recipient-drift`: who can open the file is not who should, as the creation rule says."""

from __future__ import annotations

from secrets_gitops.lint import mend

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.envelopes.sops.metadata import Entry, Metadata
    from secrets_gitops.lint.finding import Finding, Region, Severity
    from secrets_gitops.lint.sops_record import Record
    from secrets_gitops.lint.target import Target
    from secrets_gitops.repository.creation_rules import CreationRule


class SopsRecipientDrift:
    """Recipients are public, so messages name them."""

    id = "sops-recipient-drift"
    alias = "SG403"
    severity: Severity = "high"
    summary = "the recipients of an encrypted file are not those of its creation rule"
    why = (
        "A recipient that is only in the file can still read it: a key or a person that was removed from the rule. "
        "One that is only in the rule cannot read it yet."
    )
    fix = (
        "`secrets-gitops updatekeys PATH && secrets-gitops rotate PATH`, then change the values that a removed "
        "recipient could read"
    )

    def concerns(self, target: Target) -> bool:
        """Is it encrypted, and is there a rule, or was there one?"""
        if target.parent is not None or b"sops" not in target.data:
            return False
        return target.run.creation_rule(target.path) is not None or bool(target.run.rule_files_gone(target.path))

    def check(self, target: Target) -> Iterator[Finding]:
        """One finding for each recipient too many, and one for all that are missing."""
        rule, record = target.run.creation_rule(target.path), target.recorded
        if record is None or record.metadata is None:
            return
        if rule is None:
            yield from self._orphan(target, record)
            return
        if not any(rule.groups):
            return
        wanted = {_normal(key.kind, key.text): key.text for group in rule.groups for key in group}
        entries = record.metadata.entries
        present = {_normal(entry.kind, entry.recipient) for entry in entries}
        where = f"the creation rule at {rule.place.path}:{rule.place.line}"
        for entry in entries:
            if not _is_among(_normal(entry.kind, entry.recipient), wanted):
                yield self._finding(
                    target,
                    record.region(entry.node),
                    f"{_name(entry)} can open the file, but {where} does not name it",
                    "high",
                )
        missing = [text for normal, text in wanted.items() if not _is_among(normal, present)]
        place = record.region(record.key)
        if missing:
            names = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
            yield self._finding(
                target, place, f"{names} cannot open the file, though {where} names {_them(missing)}", "medium"
            )
        elif _groups_differ(rule, record.metadata):
            yield self._finding(target, place, f"the key groups or the threshold are not those of {where}", "medium")

    def _orphan(self, target: Target, record: Record) -> Iterator[Finding]:
        """No rule is left that says who should read the file."""
        gone = target.run.rule_files_gone(target.path)
        if gone and not target.run.has_rules(target.path):
            yield target.finding(
                self,
                record.region(record.key),
                f"{gone[0]} goes, and no other creation rules say who should read the file: nobody would notice a "
                "recipient too many",
                severity="low",
                fix=f"restore {mend.quoted(gone[0])}, or give {mend.quoted(target.path)} another creation rule",
                key="sops",
            )

    def _finding(self, target: Target, region: Region, message: str, severity: Severity) -> Finding:
        fix = mend.update_keys(target.path)
        if severity == "high":
            again = f"{fix} && secrets-gitops rotate {mend.quoted(target.path)}"
            fix = f"`{again}`, then change the values, which that recipient could read"
        return target.finding(self, region, message, severity=severity, fix=fix, key="sops")


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _name(entry: Entry) -> str:
    return f"the {entry.kind} key {entry.recipient}"


def _normal(kind: str, text: str) -> tuple[str, str]:
    """The recipient without what is spelling."""
    text = text.strip()
    if kind == "age":  # an SSH key may carry a comment
        return kind, " ".join(text.split()[:2]) if text.startswith("ssh-") else text.lower()
    if kind == "pgp":
        return kind, text.upper().removeprefix("0X")
    if kind == "kms":  # role and encryption context do not change who can decrypt
        return kind, text.partition("+")[0].partition("|")[0].strip()
    if kind in {"azure_kv", "hc_vault"}:
        return kind, text.rstrip("/").replace("//v1/", "/v1/")
    return kind, text


def _is_among(one: tuple[str, str], others: dict[tuple[str, str], str] | set[tuple[str, str]]) -> bool:
    """Is it one of the others? A PGP key may be named by the end of its fingerprint, an Azure key without version."""
    if one in others:
        return True
    kind, text = one
    if kind == "pgp":
        return any(
            k == kind and len(min(text, o, key=len)) >= 8 and (text.endswith(o) or o.endswith(text)) for k, o in others
        )
    if kind == "azure_kv":
        return any(k == kind and (text.startswith(f"{o}/") or o.startswith(f"{text}/")) for k, o in others)
    return False


def _groups_differ(rule: CreationRule, metadata: Metadata) -> bool:
    if len(rule.groups) != len(metadata.groups):
        return True
    return rule.shamir_threshold not in {0, metadata.threshold} and len(rule.groups) > 1


RULE = SopsRecipientDrift()
