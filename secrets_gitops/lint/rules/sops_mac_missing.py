"""`sops-mac-missing`: an encrypted file that nobody can check, for want of its MAC or of the time it was made with."""

from __future__ import annotations

from secrets_gitops.lint import mend

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Node
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target


class SopsMacMissing:
    """Needs no key: a MAC that is there may still be wrong, which `sops-mac-mismatch` says."""

    id = "sops-mac-missing"
    alias = "SG404"
    severity: Severity = "high"
    summary = "an encrypted file has no MAC, or no time that goes with it"
    why = (
        "Without it nobody can see that values were taken out, put back or moved. sops refuses to open such a file; "
        "Flux does not look, and applies it."
    )
    fix = "restore PATH from git, and change it with `secrets-gitops edit PATH`"

    def concerns(self, target: Target) -> bool:
        """Could it be encrypted?"""
        return target.parent is None and b"sops" in target.data

    def check(self, target: Target) -> Iterator[Finding]:
        """One finding, at the block."""
        record = target.recorded
        if record is None:
            return
        fields = {name.text: value.resolved() for name, value in record.node.pairs}
        missing = [name for name in ("mac", "lastmodified") if name not in fields or not _has_text(fields[name])]
        if missing:
            path = mend.quoted(target.path)
            yield target.finding(
                self,
                record.region(record.key),
                f"the `sops` block has no {' and no '.join(f'`{name}`' for name in missing)}: nobody can tell whether "
                "the values are those that were encrypted",
                fix=f"restore {path} (`git log -p -- {path}` shows since when), and change it with "
                f"`secrets-gitops edit {path}`",
                key="sops",
            )


def _has_text(node: Node) -> bool:
    return node.kind == "scalar" and bool(node.text) and not (node.style == "plain" and node.text in {"null", "~"})


RULE = SopsMacMissing()
