"""`sops-unverifiable-in-cluster`: a SopsSecret whose MAC no controller can check once it was applied."""

from __future__ import annotations

from itertools import pairwise

from secrets_gitops.lint import mend
from secrets_gitops.lint.sops_block import leaves
from secrets_gitops.lint.values import ciphertext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.envelopes.sops.selection import Selector
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target

_KIND = "SopsSecret"


class SopsUnverifiableInCluster:
    """The API server sorts the keys of objects and adds fields; the MAC covers both unless it was made for this."""

    id = "sops-unverifiable-in-cluster"
    alias = "SG410"
    severity: Severity = "low"
    summary = "no controller could verify an encrypted SopsSecret"
    why = (
        "The API server sorts keys and adds fields, and the MAC covers both. The controller can then only say "
        "`IntegrityUnknown`, and with `--integrity=require` it does not apply the object."
    )
    fix = "secrets-gitops encrypt -i --sort PATH"

    def concerns(self, target: Target) -> bool:
        """Is it a SopsSecret that is encrypted?"""
        return target.parent is None and _KIND.encode() in target.data and b"sops" in target.data

    def check(self, target: Target) -> Iterator[Finding]:
        """One finding: for the MAC, or else for the first key that is not in order."""
        block, document = target.sops_block, target.document
        if block is None or block.metadata is None or document is None or not _is_sops_secret(document):
            return
        path = mend.quoted(target.path)
        unordered = _first_unordered(document, block.metadata.selector)
        fix = f"secrets-gitops encrypt -i --sort {path}"
        if not block.metadata.mac_only_encrypted:
            yield target.finding(
                self,
                target.span(block.key),
                "the MAC covers what the API server adds to the object, for the block has no `mac_only_encrypted: true`"
                + ("; besides, the encrypted keys are not in order" if unordered is not None else ""),
                fix=fix,
                key="sops",
            )
        elif unordered is not None:
            key = target.key_of(unordered)
            name = key.resolved().text if key is not None else ""
            yield target.finding(
                self,
                target.span(key or unordered),
                f"{f'`{name}`' if name else 'a value'} is not where the API server will put it, for it sorts the keys: "
                "the MAC covers their order",
                fix=fix,
                key=name,
            )


def _is_sops_secret(document: Document) -> bool:
    kinds = (root.get("kind") for root in document.roots[:1])
    return any(kind is not None and kind.text == _KIND for kind in kinds)


def _first_unordered(document: Document, selector: Selector) -> Node | None:
    """The first encrypted value that comes before another one in the order of the API server."""
    found = [
        leaf
        for leaf in leaves(document, selector, sealed=True) or ()
        if leaf.root == 0 and leaf.node is not None and not leaf.is_comment and ciphertext.is_sops(leaf.node.text)
    ]
    for before, after in pairwise(found):
        if _place(after.path) < _place(before.path):
            return after.node
    return None


def _place(path: tuple[str | int, ...]) -> tuple[tuple[int, bytes], ...]:
    """For sorting: the bytes of keys, and list positions by number."""
    return tuple(
        (part, b"") if isinstance(part, int) else (0, part.encode("utf-8", "surrogateescape")) for part in path
    )


RULE = SopsUnverifiableInCluster()
