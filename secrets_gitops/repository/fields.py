"""Fields: a mapping of a settings file read by name, with the place of whatever is wrong."""

from __future__ import annotations

from secrets_gitops.errors import DocumentError, SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.errors import Place

_NULLS = ("", "~", "null", "Null", "NULL")
_YES = ("true", "True", "TRUE", "y", "Y", "yes", "on")
_NO = ("false", "False", "FALSE", "n", "N", "no", "off")
"""What Go's YAML takes for a field that is a boolean."""


def read_settings(data: bytes, path: str, what: str) -> Document:
    """`data` as YAML; whatever the reader refuses is a SettingsError, since the file steers us."""
    from secrets_gitops.documents.read import read  # noqa: PLC0415  a run without such a file needs no reader

    try:
        return read(data, path=path, format="yaml")
    except DocumentError as error:
        raise SettingsError(f"cannot read {what}: {error.message}", hints=error.hints, place=error.place) from error


def near(name: str, known: Collection[str]) -> str | None:
    """The known name that `name` is most like, or None."""
    import difflib  # noqa: PLC0415  for messages only

    found = difflib.get_close_matches(name, known, 1, 0.7)
    return found[0] if found else None


def is_null(node: Node) -> bool:
    """Whether `node` stands for nothing."""
    return node.kind == "scalar" and node.style == "plain" and node.text in _NULLS and node.tag is None


class Fields:
    """The fields of one mapping, merges (`<<`) carried out. `what` names it in messages. Raises SettingsError."""

    __slots__ = ("_document", "_nodes", "_what", "place")

    def __init__(self, document: Document, node: Node, what: str) -> None:
        node = node.resolved()
        self._document = document
        self._what = what
        self.place = document.place(node)
        self._nodes: dict[str, tuple[Node, Node]] = {}
        if not is_null(node):
            self._gather(node)

    def _gather(self, node: Node) -> None:
        if node.kind != "mapping":
            raise SettingsError(f"{self._what} must be a mapping", place=self._document.place(node))
        merged: list[Node] = []
        for key, value in node.pairs:
            name = key.resolved()
            if name.kind != "scalar":
                raise SettingsError(f"a key of {self._what} is not text", place=self._document.place(key))
            if name.text == "<<" and name.style == "plain":
                source = value.resolved()
                merged += source.items if source.kind == "sequence" else [source]
            else:
                self._nodes.setdefault(name.text, (key, value.resolved()))
        for source in merged:  # after its own fields, which win; of several the first wins
            self._gather(source.resolved())

    def __contains__(self, name: str) -> bool:
        return self.node(name) is not None

    def names(self) -> Iterator[str]:
        """The names as they stand."""
        return iter(self._nodes)

    def node(self, name: str) -> Node | None:
        """The value, or None when the field is absent or null."""
        _, value = self._nodes.get(name, (None, None))
        return None if value is None or is_null(value) else value

    def place_of(self, name: str) -> Place:
        """Where the key stands; the place of the mapping when it is absent."""
        return self._document.place(self._nodes[name][0]) if name in self._nodes else self.place

    def text(self, name: str) -> str:
        """A scalar's text; empty when the field is absent."""
        node = self.node(name)
        if node is None:
            return ""
        if node.kind != "scalar":
            raise self.wrong(name, "must be text")
        return node.text

    def number(self, name: str) -> int:
        """A whole number; 0 when the field is absent."""
        text = self.text(name)
        if text and not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise self.wrong(name, "must be a whole number")
        return int(text or 0)

    def flag(self, name: str) -> bool:
        """A boolean; False when the field is absent."""
        text = self.text(name)
        if text and text not in _YES + _NO:
            raise self.wrong(name, "must be true or false")
        return text in _YES

    def items(self, name: str) -> list[Node]:
        """The items of a list, aliases undone; none when the field is absent."""
        node = self.node(name)
        if node is None:
            return []
        if node.kind != "sequence":
            raise self.wrong(name, "must be a list")
        return [item.resolved() for item in node.items]

    def mapping(self, name: str) -> Fields | None:
        """A mapping below, or None when the field is absent."""
        node = self.node(name)
        return None if node is None else Fields(self._document, node, f"`{name}`")

    def mappings(self, name: str) -> list[Fields]:
        """The items of a list of mappings; none when the field is absent."""
        return [Fields(self._document, item, f"an item of `{name}`") for item in self.items(name)]

    def wrong(self, name: str, problem: str) -> SettingsError:
        """What is wrong with a field, without its value."""
        return SettingsError(f"`{name}` {problem}", place=self.place_of(name))

    def unknown(self, known: Collection[str]) -> Iterator[SettingsError]:
        """An error for each field that is not `known`, with the nearest name."""
        for name in self._nodes:
            if name not in known:
                guess = near(name, known)
                hints = (f"did you mean `{guess}`?",) if guess else (f"known are {', '.join(known)}",)
                yield SettingsError(f"unknown field `{name}` in {self._what}", hints=hints, place=self.place_of(name))
