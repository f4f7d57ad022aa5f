"""What a rendered stream holds, without its values: objects, keys, sizes and fingerprints.

A fingerprint is keyed with random bytes of this run: equal values of one run look equal, and nobody can find a short
value by trying. Fingerprints of two runs cannot be compared, which is the price.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.documents import emit
from secrets_gitops.documents.limits import Limits
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.references.pick import to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.render.stream import Piece, Rendered


class Entry(NamedTuple):
    """One secret value: where it stands in its object, its length in bytes, and its fingerprint."""

    path: str
    size: int
    fingerprint: str


class Object(NamedTuple):
    """One object of the stream; `entries` are the values that were encrypted, fetched, or stand in a Secret."""

    title: str
    source: str
    entries: tuple[Entry, ...]


def redacted(rendered: Rendered, key: bytes) -> list[Object]:
    """Every object of the stream in order. `key` makes the fingerprints: at least 16 random bytes."""
    return [each for piece in rendered.pieces for each in _objects(piece, key)]


def _objects(piece: Piece, key: bytes) -> Iterator[Object]:
    source = piece.chunk.document.path
    if piece.secrets is not None:
        for secret in piece.secrets:
            title = f"Secret {_name(secret.namespace, secret.name)}"
            entries = tuple(_entry(f"data.{name}", value.reveal(), key) for name, value in secret.data.items())
            yield Object(title, source, entries)
        return
    if not piece.text.strip():
        return
    document = read(piece.text, path=source, format=piece.chunk.document.format, limits=Limits.LARGE)
    for root in document.roots:
        if root.kind != "mapping":
            continue
        paths = [*_secret_paths(root), *piece.opened, *(site.path for site in piece.sites)]
        found = {path: value for path in paths if (value := _bytes(root, path, document)) is not None}
        yield Object(_title(root), source, tuple(_entry(_dotted(path), value, key) for path, value in found.items()))


def _secret_paths(root: Node) -> Iterator[tuple[str | int, ...]]:
    """The paths of all values of the Secrets in the tree, those inside Lists included."""
    waiting: list[tuple[Node, tuple[str | int, ...]]] = [(root, ())]
    while waiting:
        node, path = waiting.pop()
        node = node.resolved()
        kind = node.get("kind")
        if kind is not None and kind.text == "Secret" and node.get("apiVersion") is not None:
            for field in ("data", "stringData"):
                values = node.get(field)
                for name, _ in values.pairs if values is not None else ():
                    yield (*path, field, name.resolved().text)
        items = node.get("items")
        if items is not None:
            waiting += [(item, (*path, "items", at)) for at, item in reversed(list(enumerate(items.items)))]


def _bytes(root: Node, path: Sequence[str | int], document: Document) -> bytes | None:
    """The value under `path`, base64 of a Secret undone; None when nothing stands there."""
    node = root.at(path)
    if node is None:
        return None
    if node.kind != "scalar":
        return emit.json_text(to_plain(node, "k8s", path=document.path), indent=None).encode()
    if len(path) > 1 and path[-2] in {"data", "binaryData"}:
        try:
            return base64.b64decode("".join(node.text.split()), validate=True)
        except (binascii.Error, ValueError):
            pass
    return to_bytes(node.text)


def _entry(path: str, value: bytes, key: bytes) -> Entry:
    return Entry(path, len(value), hmac.new(key, value, hashlib.sha256).hexdigest()[:8])


def _title(root: Node) -> str:
    kind, metadata = root.get("kind"), root.get("metadata")
    if kind is None:
        return "document"
    parts = [metadata.get(key) if metadata is not None else None for key in ("namespace", "name")]
    namespace, name = (part.text if part is not None else "" for part in parts)
    return f"{kind.text} {_name(namespace, name)}".rstrip()


def _name(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name


def _dotted(path: Sequence[str | int]) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
