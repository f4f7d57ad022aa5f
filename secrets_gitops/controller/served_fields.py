"""The fields of an object that the API server gave: its text is made and read for places only when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from secrets_gitops.documents.read import Limits, read
from secrets_gitops.manifests.fields import Fields, dotted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.errors import Place


class ServedFields(Fields):
    """Reads the fields of `tree`, which messages call `name`."""

    __slots__ = ("_name", "_tree")

    def __init__(self, tree: Mapping[str, object], name: str) -> None:
        self._tree = tree
        self._name = name

    def place(self, *path: str | int) -> Place:
        """Where the value under `path` stands in the JSON of the object."""
        document = read(orjson.dumps(self._tree), path=self._name, format="json", limits=Limits.LARGE)
        return Fields(document, document.roots[0]).place(*path)

    def text(self, value: object, *path: str | int) -> str:
        """A field of type string; null is the empty text, and nothing else is taken for one."""
        if type(value) is str:
            return value
        if value is None:
            return ""
        raise self.error(f"{dotted(path)} must be text", *path)
