"""Where in a document references stand, and in which form the place takes a value.

Outside of Kubernetes objects a string that as a whole is a reference takes the value with its type. In an object the
API says more: `metadata`, `stringData`, `data` of a ConfigMap and `env[].value` hold text, so a number becomes text
there; `data` of a Secret and `binaryData` hold base64, so the value is encoded.

An object is a mapping with `apiVersion`, `kind` and a name in its `metadata`, at any depth: the items of a List too.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Literal, NamedTuple

from secrets_gitops.errors import BadReference, NotBuiltYet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.references.dialects.vals import Match

    Form = Literal["native", "text", "base64"]
    Role = Literal["native", "text", "base64", "env", "env entry", "object", "Secret", "ConfigMap"]
    Find = Callable[[str], Sequence[Match]]


class Site(NamedTuple):
    """A scalar that holds references."""

    node: Node
    text: str
    """The text to resolve: the scalar's own, or what its base64 holds."""
    form: Form
    path: tuple[str | int, ...]
    """Keys and list indexes from the root; for an anchor the first way to it."""


class Scan:
    """Looks for references in one document after another. `find` says what a reference is in a string."""

    def __init__(self, document: Document, find: Find, *, inside_base64: bool = False) -> None:
        self._document = document
        self._find = find
        self._inside_base64 = inside_base64

    def sites(self, root: Node, *, without: Sequence[Node] = ()) -> list[Site]:
        """The scalars below `root` (it included, `without` left out) that hold references, in the order of the text.

        Raises BadReference for a reference in a mapping key, NotBuiltYet for an anchor whose value would be needed in
        two forms.
        """
        found: dict[int, Site] = {}
        seen: set[tuple[int, Role]] = {(id(node), "native") for node in without}
        waiting: list[tuple[Node, Role, tuple[str | int, ...]]] = [(root, "native", ())]
        while waiting:
            node, role, path = waiting.pop()
            node = node.resolved()
            if (id(node), role) in seen:
                continue
            seen.add((id(node), role))
            if node.kind == "scalar":
                self._scalar(node, role, path, found)
            else:
                waiting += reversed(list(self._children(node, role, path)))
        return sorted(found.values(), key=lambda site: site.node.start)

    def _scalar(self, node: Node, role: Role, path: tuple[str | int, ...], found: dict[int, Site]) -> None:
        form: Form = role if role in {"text", "base64"} else "native"
        text = node.text
        if not self._find(text):
            decoded = _decoded(text) if form == "base64" and self._inside_base64 else ""
            if not self._find(decoded):
                return
            text = decoded
        known = found.get(id(node))
        if known is not None and known.form != form:
            raise NotBuiltYet(
                "an anchor on a reference is used where the value is needed in two forms",
                hints=("write the reference twice instead of using an alias",),
                place=self._document.place(node),
            )
        if known is None:
            found[id(node)] = Site(node, text, form, path)

    def _children(
        self, node: Node, role: Role, path: tuple[str | int, ...]
    ) -> Iterator[tuple[Node, Role, tuple[str | int, ...]]]:
        if node.kind == "sequence":
            below: Role = "env entry" if role == "env" else role if role in {"text", "base64"} else "native"
            for index, item in enumerate(node.items):
                yield item, below, (*path, index)
            return
        if role == "native" and (kind := self._object(node)) is not None:
            role = kind
        for key, value in node.pairs:
            name = key.resolved().text
            if self._find(name):
                raise BadReference(
                    "a reference stands as a key; merging what it stands for into the mapping is not built",
                    hints=("write the keys and refer to each value",),
                    place=self._document.place(key),
                )
            yield value, (role if name == "<<" else _below(role, name)), (*path, name)

    def _object(self, node: Node) -> Role | None:
        """What kind of Kubernetes object the mapping is, as far as it matters here; None when it is none."""
        kind, version, metadata = node.get("kind"), node.get("apiVersion"), node.get("metadata")
        if kind is None or version is None:
            return None
        named = metadata is not None and any(
            name is not None and name.text for name in (metadata.get("name"), metadata.get("generateName"))
        )
        if not named and not (self._inside_base64 and kind.text == "Secret"):
            return None
        if version.text == "v1" and kind.text == "Secret":
            return "Secret"
        return "ConfigMap" if version.text == "v1" and kind.text == "ConfigMap" else "object"


def _below(role: Role, key: str) -> Role:
    """The role of the value under `key` of a mapping of this role."""
    if role in {"text", "base64"}:
        return role
    if role in {"object", "Secret", "ConfigMap"} and key == "metadata":
        return "text"
    if role == "Secret":
        return "base64" if key == "data" else "text" if key == "stringData" else "native"
    if role == "ConfigMap":
        return "text" if key == "data" else "base64" if key == "binaryData" else "native"
    if role == "env entry":
        return "text" if key == "value" else "native"
    return "env" if key == "env" else "native"


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
