"""Texts inside a file that are documents themselves: manifests in string scalars, and behind base64."""

from __future__ import annotations

from secrets_gitops.errors import Place, ScanIncomplete
from secrets_gitops.lint.frame import Shifted, Within
from secrets_gitops.lint.kube_gate import GENERATOR, may_hold_secret
from secrets_gitops.lint.mask import ENDS, WHOLE, Following
from secrets_gitops.lint.target import Target
from secrets_gitops.patterns import pattern

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
_ENCODED_AGAIN = pattern(rb"\s{0,20}(?:[A-Za-z0-9+/]{1,128}\s{1,4}){0,2000}+[A-Za-z0-9+/]{24,100000}={0,2}\s{0,20}")
_SHORTEST = 20
"""No manifest with a value is shorter."""


def texts(target: Target) -> Iterator[Target]:
    """What stands inside `target` and may hold a Secret or a kustomization.

    Raises ScanIncomplete where texts stand deeper in one another than they are followed.
    """
    for found in _texts(target):
        if target.depth >= DEPTH:
            raise ScanIncomplete(
                f"not scanned to its end: texts in texts, deeper than {DEPTH}",
                hints=("put the inner texts into files of their own",),
                place=Place(target.path),
            )
        yield found


def _texts(target: Target) -> Iterator[Target]:
    if b"{{" in target.data:
        yield from _masked(target)
    if target.parsed and target.document is not None:
        for pointer, scalar in _scalars(target.document):
            data = scalar.text.encode("utf-8", "replace")
            if _may_matter(data):
                yield inner(target, target.document, scalar, pointer)
    for found in target.hidden:
        if _may_matter(found.text) or _ENCODED_AGAIN.fullmatch(found.text):
            for start, end in found.places(target.data):
                frame = Within(target.own_region(start, end))
                yield Target(target.path, found.text, target.run, parent=target, frame=frame, pointer=target.pointer)


def _masked(target: Target) -> Iterator[Target]:
    """What a template comments out, or quotes whole: the parser sees nothing of it."""
    text = target.data.decode("utf-8", "replace")
    following, at = Following(text), 0
    while opening := WHOLE.search(text, at):
        at = opening.end()
        end = following.find(ENDS[opening[1]], at)
        if end < 0:
            continue
        inside, line = text[at:end], text.count("\n", 0, at)
        at = end
        if "\n" in inside and _may_matter(data := inside.encode()):
            frame = Shifted(line, 0)
            yield Target(target.path, data, target.run, parent=target, frame=frame, pointer=target.pointer)


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
    return may_hold_secret(data) or GENERATOR in data or (b"users" in data and b"Config" in data)  # a kubeconfig


def _scalars(document: Document) -> Iterator[tuple[str, Node]]:
    """Every value that is long enough, with its JSON pointer; keys are no documents."""
    for root in document.roots:
        if root.kind == "scalar" and root.style == "plain":
            continue  # prose: its text is the document once more
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
