"""What readers of every format say in the same words: places, and keys shown without harm."""

from __future__ import annotations

from secrets_gitops.errors import DocumentError, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.document import Node

_LONGEST_KEY = 60


def place_at(text: str, offset: int, path: str) -> Place:
    """The place of a character offset in `text`."""
    before = text[:offset]
    return Place(path, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


def shown_key(key: str) -> str:
    """A key as messages show it: in backticks, cut when long, control characters escaped."""
    cut = key if len(key) <= _LONGEST_KEY else f"{key[:_LONGEST_KEY]}…"
    return f"`{cut if cut.isprintable() else cut.encode('unicode_escape').decode('ascii')}`"


def duplicate_key(key: Node, first: Node, path: str) -> DocumentError:
    """The complaint about a key that stands twice in one mapping."""
    return DocumentError(
        f"the key {shown_key(key.text)} stands twice in one mapping, first on line {first.line}",
        hints=("remove one of the two: programs disagree about which of them counts",),
        place=Place(path, key.line, key.column),
    )


def shown_path(path: Sequence[str | int]) -> str:
    """A path of keys and indices as messages show it: `a.b[0]`; the empty one is the document."""
    if not path:
        return "the document"
    steps = (f"[{step}]" if isinstance(step, int) else f".{shown_key(step)[1:-1]}" for step in path)
    return f"`{''.join(steps).removeprefix('.')}`"
