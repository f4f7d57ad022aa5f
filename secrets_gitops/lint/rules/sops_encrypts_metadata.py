"""`sops-encrypts-metadata`: a Kubernetes object whose kind or name is encrypted too."""

from __future__ import annotations

from secrets_gitops.lint import mend
from secrets_gitops.lint.values import ciphertext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Node
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target

_REGEX = "encrypted_regex: ^(data|stringData)$"


class SopsEncryptsMetadata:
    """Flux and the API server have to read what an object is before anything is decrypted."""

    id = "sops-encrypts-metadata"
    alias = "SG408"
    severity: Severity = "low"
    summary = "the kind, the API version or the name of an encrypted Kubernetes object is encrypted too"
    why = (
        "Flux builds before it decrypts, and reviewers see a file of which they do not know what it is; only a tool "
        "that decrypts the whole file first can use it."
    )
    fix = f"set `{_REGEX}` in `.sops.yaml`, then `secrets-gitops decrypt -i PATH && secrets-gitops encrypt -i PATH`"

    def concerns(self, target: Target) -> bool:
        """Is there an envelope in something that has a kind?"""
        return target.parent is None and b"ENC[AES256_GCM" in target.data and b"kind" in target.data

    def check(self, target: Target) -> Iterator[Finding]:
        """One finding for each document, at the first of the three."""
        if target.document is None or not target.has_sops_block:
            return
        for index, root in enumerate(target.document.roots):
            if root.get("kind") is None or root.get("apiVersion") is None:
                continue
            for keys in (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")):
                node = _at(root, keys)
                if node is not None and ciphertext.looks_like_sops(node.text):
                    name = ".".join(keys)
                    yield target.finding(
                        self,
                        target.span(target.key_of(node) or node, node),
                        f"`{name}` of a Kubernetes object is encrypted: Flux and the API server cannot tell what it is",
                        fix=f"set `{_REGEX}` in the creation rule, then `{mend.encrypt_again(target.path)}`",
                        pointer=(f"{index}#" if index else "") + "/" + "/".join(keys),
                        key=keys[-1],
                    )
                    break


def _at(node: Node, keys: tuple[str, ...]) -> Node | None:
    found: Node | None = node
    for key in keys:
        found = found.get(key) if found is not None else None
    return found


RULE = SopsEncryptsMetadata()
