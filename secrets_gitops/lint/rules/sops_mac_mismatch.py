"""`sops-mac-mismatch`: a file that was changed by somebody who had no key. Only whoever has one can see it."""

from __future__ import annotations

from secrets_gitops.errors import Place
from secrets_gitops.lint import mend

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target

    Verify = Callable[[str, bytes], "str | None"]
    """From path and content of an encrypted file to what is wrong with its MAC, empty when it fits, or None when that
    cannot be decided here."""


class SopsMacMismatch:
    """The lint has no keys and reaches no cryptography: the check comes from the command that was asked for it."""

    id = "sops-mac-mismatch"
    alias = "SG409"
    severity: Severity = "high"
    summary = "the MAC of an encrypted file does not fit its values"
    why = (
        "Somebody without a key added, removed or moved values, or a merge was finished by hand. sops refuses to open "
        "the file; Flux does not look, and applies what it became."
    )
    fix = "`secrets-gitops explain PATH`, then restore it from git; `secrets-gitops edit --ignore-mac PATH` accepts it"

    def __init__(self, verify: Verify | None = None) -> None:
        self._verify = verify

    def concerns(self, target: Target) -> bool:
        """Is it encrypted, and can it be asked for?"""
        return self._verify is not None and target.parent is None and b"sops" in target.data

    def check(self, target: Target) -> Iterator[Finding]:
        """One finding, at the MAC. What cannot be decided becomes a note of the report."""
        record = target.recorded
        if self._verify is None or record is None or record.metadata is None or not record.metadata.mac:
            return
        wrong = self._verify(target.path, target.data)
        if wrong is None:
            target.run.notes.append((Place(target.path), "whether its MAC fits was not decided: no key here opens it"))
        elif wrong:
            path = mend.quoted(target.path)
            yield target.finding(
                self,
                record.region(record.node.get("mac") or record.key),
                wrong,
                fix=f"look at what changed (`git log -p -- {path}`) and restore it; `secrets-gitops edit --ignore-mac "
                f"{path}` accepts the file as it is",
                key="mac",
            )


RULE = SopsMacMismatch()
"""Does nothing, and describes the rule."""
