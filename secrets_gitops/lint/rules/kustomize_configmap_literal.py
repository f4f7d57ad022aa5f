"""`kustomize-configmap-literal`: a ConfigMap generator is given a secret."""

from __future__ import annotations

import posixpath

from secrets_gitops.lint import named_files, sops_text
from secrets_gitops.lint.candidates import spread
from secrets_gitops.lint.generators import generated
from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.value_model import is_secret
from secrets_gitops.lint.values import bodies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.generators import Generated
    from secrets_gitops.lint.target import Target


class KustomizeConfigMapLiteral:
    """Literals, and the env files and configuration files that a generator names."""

    id = "kustomize-configmap-literal"
    alias = "SG203"
    severity: Severity = "high"
    summary = "a `configMapGenerator` is given a plaintext secret, as a literal or in a file"
    why = "A ConfigMap is readable in the repository and, in the cluster, to most roles."
    fix = "move the value out of PATH into a Secret, and encrypt or seal that"

    def concerns(self, target: Target) -> bool:
        """Is there a generator?"""
        return b"onfigMapGenerator" in target.data and target.parent is None

    def check(self, target: Target) -> Iterator[Finding]:
        """Each `key=value`, then each file."""
        if target.document is None:
            return
        for item in generated(target.document, ("literals",), "ConfigMap"):
            key, separator, value = item.text.partition("=")
            value = _bare(value)
            if separator and is_secret(value, key):
                yield self._finding(target, item, f"the literal `{key}`", key, value)
        for item in generated(target.document, ("envs", "env", "files"), "ConfigMap"):
            key, _, named = item.text.partition("=") if item.field == "files" else ("", "", item.text)
            named = named or key
            path = named_files.path_of(target, named)
            if path is None or named_files.leads_out(path):
                continue
            if target.path not in target.run.changed and path not in target.run.changed:
                continue
            file = named_files.load(target, path)
            if file is None or file == "missing" or file.has_sops_block or sops_text.is_encrypted(path, file.data):
                continue
            secrets = list(dict.fromkeys(_secrets(file, item, key or posixpath.basename(path))))
            if secrets:
                names = ", ".join(f"`{name}`" for name in secrets[:3]) + (" and more" if len(secrets) > 3 else "")
                yield self._finding(target, item, f"{names} in `{named}`", named, "")

    def _finding(self, target: Target, item: Generated, what: str, key: str, value: str) -> Finding:
        generator = f"the ConfigMap generator `{item.generator}`" if item.generator else "a ConfigMap generator"
        return target.finding(
            self,
            target.span(item.node.resolved()),
            f"{what} of {generator} is a plaintext secret",
            fix=(
                f"move it out of {quoted(target.path)} into a Secret, and `secrets-gitops seal -i` or `encrypt -i` that"
            ),
            object=f"ConfigMap/{item.generator}" if item.generator else "ConfigMap",
            key=key,
            value=value,
        )


def _bare(value: str) -> str:
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'" else value


def _secrets(file: Target, item: Generated, key: str) -> Iterator[str]:
    """The names of the secrets in a file."""
    if item.field != "files":
        for line in sops_text.assignments("x.env", file.text):
            if is_secret(_bare(line.value.strip()), line.key.strip()):
                yield line.key.strip()
        return
    if file.format is not None and file.document is not None:
        for leaf in file.leaves:
            yield from (found.name for found in spread(file, leaf) if found.is_secret)
        return
    assigned = bodies.lines(file.text)
    if assigned is None and is_secret(file.text, key):
        yield key
    yield from (found.key for found in assigned or () if is_secret(found.value, found.key))


RULE = KustomizeConfigMapLiteral()
