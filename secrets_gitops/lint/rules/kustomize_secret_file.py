"""`kustomize-secret-file`: a secret generator that names a plaintext file of the same repository."""

from __future__ import annotations

import posixpath

from secrets_gitops.lint import mend, named_files, sops_text
from secrets_gitops.lint.generators import generated
from secrets_gitops.lint.kube_gate import GENERATOR
from secrets_gitops.lint.secret_values import judge
from secrets_gitops.lint.values import ciphertext, public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.generators import Generated
    from secrets_gitops.lint.target import Target


class KustomizeSecretFile:
    """Files are read through the snapshot of the scan, so what is staged counts; no path leads out of its root."""

    id = "kustomize-secret-file"
    alias = "SG202"
    severity: Severity = "high"
    summary = "a `secretGenerator` names a file that is committed in plaintext"
    why = "The generator only copies the file into a Secret; the file itself is readable in the repository."
    fix = "`secrets-gitops encrypt -i PATH`, and let Flux, or a generator that decrypts, read it"

    def concerns(self, target: Target) -> bool:
        """Is there a generator in a file of its own?"""
        return GENERATOR in target.data and target.parent is None

    def check(self, target: Target) -> Iterator[Finding]:
        """Each path in `files`, `envs` and `env`."""
        if target.document is None:
            return
        for item in generated(target.document, ("files", "envs", "env")):
            key, _, named = item.text.partition("=") if item.field == "files" else ("", "", item.text)
            named = named or key
            path = named_files.path_of(target, named)
            if path is None or (target.path not in target.run.changed and path not in target.run.changed):
                continue
            if named_files.leads_out(path):
                yield self._finding(target, item, named, "leads out of the repository and was not checked", "info")
            else:
                yield from self._file(target, item, named, path, key or posixpath.basename(path))

    def _file(self, target: Target, item: Generated, named: str, path: str, key: str) -> Iterator[Finding]:
        file = named_files.load(target, path)
        if file == "missing":
            yield self._finding(
                target, item, named, "is not in the repository: made elsewhere, or a link that leads nowhere", "info"
            )
            return
        if file is None:
            return
        severity = _severity(file, item, key)
        if severity == "info":
            yield self._finding(target, item, named, "holds only placeholders", severity)
        elif severity is not None:
            yield self._finding(
                target, item, named, "is in the repository in plaintext", severity, fix=mend.encrypt_by_rule(file)
            )

    def _finding(
        self, target: Target, item: Generated, named: str, what: str, severity: Severity, *, fix: str = ""
    ) -> Finding:
        return target.finding(
            self,
            target.span(item.node.resolved()),
            f"`{named}`, which the secret generator `{item.generator}` puts into a Secret, {what}",
            severity=severity,
            fix=fix,
            object=f"Secret/{item.generator}" if item.generator else "Secret",
            key=named,
        )


def _severity(file: Target, item: Generated, key: str) -> Severity | None:
    """How grave it is that `file` goes into a Secret as it is."""
    if file.has_sops_block or sops_text.is_encrypted(file.path, file.data):
        return None
    data = file.data
    if ciphertext.is_ciphertext_bytes(data) or public.is_public_der(data):
        return None
    if b"\0" in data:
        return "high"
    if item.field == "files":
        return judge(key, file.text).severity
    found: Severity | None = None
    for line in sops_text.assignments("x.env", file.text):
        severity = judge(line.key.strip(), line.value.strip().strip("\"'")).severity
        if severity in {"high", "medium"}:
            return "high"
        found = severity or found
    return found


RULE = KustomizeSecretFile()
