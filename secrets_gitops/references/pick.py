"""Pick: which part of a fetched value a reference means, and that part as data, as text and as bytes.

Without a key the value itself is meant. With keys it is read as YAML (or JSON) and mappings are walked; a key that is
not there is always an error. Numbers, booleans, lists and mappings keep their type; dates stay the text they are.
"""

from __future__ import annotations

import base64
import json
import math
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.documents.read import read
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.errors import BackendError, DocumentError, SecretNotFound
from secrets_gitops.golang.numbers import json_float, yaml_float
from secrets_gitops.golang.times import Time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from secrets_gitops.documents.document import Document, Format, Node

    Value: TypeAlias = "bool | int | float | str | bytes | Sequence[Value] | Mapping[str, Value] | None"

_MERGE = "<<"
_MAX_DEPTH = 100
"""Collections inside collections of a document that holds secrets, aliases counted as what they repeat."""


class Pick(NamedTuple):
    """The part of a value that a reference means."""

    keys: tuple[str, ...] | None = None
    """The mapping keys to walk; None for the value itself."""
    encode: str = ""
    """`base64`, or nothing."""


def pick(document: Value, part: Pick, name: str) -> Value:
    """The part of `document`, which messages call `name`. Raises SecretNotFound when a key is missing."""
    found = document
    for at, key in enumerate(part.keys or ()):
        walked = "/".join((part.keys or ())[: at + 1])
        if not isinstance(found, dict):
            raise SecretNotFound(f"{name} has no key `{walked}`: what stands above it is not a mapping")
        if key not in found:
            raise SecretNotFound(f"{name} has no key `{walked}`")
        found = found[key]
    return base64.b64encode(to_bytes(found)).decode() if part.encode == "base64" else found


def to_text(value: Value) -> str:
    """`value` inside a longer text: strings as they are, the rest as compact JSON. Raises BackendError for bytes."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        raise BackendError(
            "the value is not text", hints=("it can only stand alone, in `data` of a Secret, or take `?encode=base64`",)
        )
    if isinstance(value, float):
        return json_float(value) if math.isfinite(value) else yaml_float(value)
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        raise BackendError("the value holds a number that JSON has no word for") from None


def to_bytes(value: Value) -> bytes:
    """`value` as the bytes of a Secret's entry or of a file."""
    return value if isinstance(value, bytes) else to_text(value).encode("utf-8", "surrogateescape")


def as_value(data: bytes) -> str | bytes:
    """Fetched bytes as text where they are text."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


_FORMATS: dict[str, Format] = {"json": "json", "dotenv": "dotenv", "ini": "ini"}


def as_document(data: bytes, name: str, form: str | None) -> Value:
    """Fetched bytes as data: of several YAML documents the first, as sops and vals do. Raises DocumentError.

    Text that opens with a bracket is tried as JSON first: JSON may hold tabs where YAML may not.
    """
    formats: list[Format] = ["json", "yaml"] if data.lstrip()[:1] in {b"{", b"["} else ["yaml"]
    if form is not None:
        formats = [_FORMATS.get(form, "yaml")]
    for at, each in enumerate(formats):
        try:
            return tree(read(data, path=name, format=each))
        except DocumentError:
            if at == len(formats) - 1:
                raise
    raise AssertionError


def tree(document: Document) -> Value:
    """The first document as plain data. Aliases and merge keys are followed; the reader has bounded them."""
    return _tree(document.roots[0], document, _MAX_DEPTH) if document.roots else None


def _tree(node: Node, document: Document, depth: int) -> Value:
    node = node.resolved()
    if node.kind != "scalar":
        if not depth:
            raise DocumentError(f"more than {_MAX_DEPTH} collections inside each other", place=document.place(node))
        if node.kind == "sequence":
            return [_tree(item, document, depth - 1) for item in node.items]
        return _mapping(node, document, depth)
    value = resolve(node, "go_v3", path=document.path)
    if isinstance(value, bytes):
        return as_value(value)
    return node.text if isinstance(value, Time) else value


def _mapping(node: Node, document: Document, depth: int) -> dict[str, Value]:
    found: dict[str, Value] = {}
    merged: dict[str, Value] = {}
    for key, value in node.pairs:
        name = key.resolved()
        if name.kind != "scalar":
            raise DocumentError("a key is not a scalar", place=document.place(key))
        if name.text == _MERGE and name.style == "plain":
            merged |= {key: value for key, value in _merged(value.resolved(), document, depth) if key not in merged}
        else:
            found[name.text] = _tree(value, document, depth - 1)
    return {**merged, **found} if merged else found


def _merged(sources: Node, document: Document, depth: int) -> list[tuple[str, Value]]:
    """What a merge key brings in; of several mappings the first that has a key wins."""
    pairs: dict[str, Value] = {}
    for source in sources.items if sources.kind == "sequence" else [sources]:
        mapping = source.resolved()
        if mapping.kind != "mapping" or not depth:
            raise DocumentError("a merge key needs a mapping", place=document.place(source))
        pairs = {**_mapping(mapping, document, depth - 1), **pairs}
    return list(pairs.items())
