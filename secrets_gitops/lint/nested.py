"""Texts inside a file that are documents themselves: manifests in string scalars, and behind base64."""

from __future__ import annotations

from secrets_gitops.lint.frame import Shifted, Within
from secrets_gitops.lint.generators import GATE
from secrets_gitops.lint.kube_gate import may_hold_secret
from secrets_gitops.lint.target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.lint.frame import Frame

DEPTH = 4
"""How deep texts are followed into one another."""
COPIES = (
    "last-applied-configuration",
    "last-applied-set",
    "original-manifest",
    "last-applied",
    "original-configuration",
)
"""Annotations that repeat a whole manifest end so; `k8s-last-applied-leak` reads them."""
_SHORTEST = 20
"""No manifest with a value is shorter."""


def texts(target: Target) -> Iterator[Target]:
    """What stands inside `target` and may hold a Secret or a kustomization."""
    if target.depth >= DEPTH:
        return
    if target.parsed and target.document is not None:
        for pointer, scalar in _scalars(target.document):
            data = scalar.text.encode("utf-8", "replace")
            if _may_matter(data):
                yield inner(target, target.document, scalar, pointer)
    for found in target.hidden:
        if _may_matter(found.text):
            for start, end in found.places(target.data):
                frame = Within(target.own_region(start, end))
                yield Target(target.path, found.text, target.run, parent=target, frame=frame, pointer=target.pointer)


def inner(target: Target, document: Document, scalar: Node, pointer: str) -> Target:
    """The text of a scalar of `document` of `target` as one of its own; `pointer` leads to the scalar."""
    return Target(
        target.path,
        scalar.text.encode("utf-8", "replace"),
        target.run,
        parent=target,
        frame=_frame(target, document, scalar),
        pointer=target.pointer + pointer,
    )


def _may_matter(data: bytes) -> bool:
    return may_hold_secret(data) or GATE in data or (b"users" in data and b"Config" in data)  # a kubeconfig


def _scalars(document: Document) -> Iterator[tuple[str, Node]]:
    """Every value that is long enough, with its JSON pointer; keys are no documents."""
    for root in document.roots:
        stack: list[tuple[Node, tuple[str, ...]]] = [(root, ())]
        while stack:
            node, keys = stack.pop()
            if node.kind == "scalar":
                if len(node.text) >= _SHORTEST and ("kind" in node.text or "ecret" in node.text):
                    yield "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys), node
            elif node.kind == "mapping":
                stack += [
                    (value, (*keys, key))
                    for name, value in node.pairs
                    if not (key := name.resolved().text).endswith(COPIES)
                ]
            elif node.kind == "sequence":
                stack += [(item, (*keys, str(at))) for at, item in enumerate(node.items)]


def _frame(target: Target, document: Document, scalar: Node) -> Frame:
    """A literal block keeps its lines; anything else is one place."""
    if scalar.style == "literal":
        lines = document.text[scalar.start : scalar.end].split("\n")
        first = next((line for line in scalar.text.split("\n") if line.strip()), "")
        written = next((line for line in lines[1:] if line.strip()), "")
        if written.strip() == first.strip():
            return Shifted(scalar.line, _indent(written) - _indent(first))
    return Within(target.own_span(scalar))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
