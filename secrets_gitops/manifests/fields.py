"""Reading the fields of one Kubernetes object from a plain tree: right types, complaints with name and place.

A message names the field and its place, never a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.errors import DocumentError, Place
from secrets_gitops.golang import base64
from secrets_gitops.golang.field_text import field_text

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Node


class Fields:
    """Reads the fields of the object at `root`; places are looked up only when something is wrong.

    In YAML a scalar of any type fits a field of type string, by Go's rules; in JSON only a string does.
    """

    __slots__ = ("_document", "_root")

    def __init__(self, document: Document, root: Node) -> None:
        self._document = document
        self._root = root

    def place(self, *path: str | int) -> Place:
        """Where the value under `path` stands, or the nearest thing above it that exists."""
        node = self._root
        for step in path:
            below = node.get(step) if isinstance(step, str) else None
            if isinstance(step, int) and step < len(node.resolved().items):
                below = node.resolved().items[step]
            if below is None:
                break
            node = below
        return self._document.place(node)

    def error(self, message: str, *path: str | int, hints: tuple[str, ...] = ()) -> DocumentError:
        """A complaint about the value under `path`."""
        return DocumentError(message, hints=hints, place=self.place(*path))

    def mapping(self, value: object, *path: str | int) -> dict[str, object]:
        """A mapping with text for keys; null is the empty one."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.error(f"{dotted(path)} must be a mapping", *path)
        if all(type(key) is str for key in value):
            return value
        return {self.text(key, *path, "(a key)"): item for key, item in value.items()}

    def items(self, value: object, *path: str | int) -> list[object]:
        """A list; null is the empty one."""
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.error(f"{dotted(path)} must be a list", *path)
        return value

    def text(self, value: object, *path: str | int) -> str:
        """A field of type string; null is the empty text."""
        if type(value) is str:
            return value
        try:
            text = field_text(value) if self._document.format == "yaml" or value is None else None
        except UnicodeDecodeError:
            raise self.error(f"{dotted(path)} must be text; its bytes are not UTF-8", *path) from None
        if text is None:
            raise self.error(f"{dotted(path)} must be text", *path)
        return text

    def texts(self, value: object, *path: str | int) -> dict[str, str]:
        """A mapping of text to text, as labels and annotations are."""
        return {key: self.text(item, *path, key) for key, item in self.mapping(value, *path).items()}

    def flag(self, value: object, *path: str | int) -> bool | None:
        """True, false or not set."""
        if value is None or isinstance(value, bool):
            return value
        raise self.error(f"{dotted(path)} must be true or false", *path)

    def bytes(self, value: object, *path: str | int) -> bytes:
        """A field of type bytes: base64 text; null is empty."""
        if value is None:
            return b""
        if isinstance(value, (str, bytes)):
            try:
                return base64.decode(value if isinstance(value, str) else value.decode())
            except ValueError:
                pass
        raise self.error(
            f"{dotted(path)} is not base64",
            *path,
            hints=("`data` holds base64; put plain text under `stringData`",),
        )


def dotted(path: tuple[str | int, ...]) -> str:
    """A path as people write it in messages: `spec.template.type`, `items[2].kind`; a key with dots is quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f'["{step}"]' if "." in step else f".{step}" if text else step
    return f"`{text}`"
