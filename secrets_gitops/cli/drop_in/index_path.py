"""`["key"][0]`: the path to a value as sops writes it, and what it leads to.

Only the first document of a file can be reached, and in a list the comments count: they are items for sops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.cli.drop_in.exit_codes import BAD_EXTRACT, GENERIC, Stop

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.documents.document import Comment, Document, Node

    Steps = tuple[str | int, ...]


def keys_of(text: str, code: int = BAD_EXTRACT) -> Steps:
    """The steps of a path. Raises Stop with `code` for a text that is none."""
    steps: list[str | int] = []
    for part in text.split("[")[1:] if text.startswith("[") else [""]:
        if not part.endswith("]"):
            raise Stop(code, "this path is not understood", hints=("""write it as '["key"][0]'""",))
        inner = part[:-1]
        if len(inner) > 1 and inner[0] == inner[-1] and inner[0] in "\"'":
            steps.append(inner[1:-1])
        elif inner.isascii() and inner.isdigit() and len(inner) < 19:
            steps.append(int(inner))
        else:
            raise Stop(code, "a step of this path is neither a key in quotes nor a position from 0")
    return tuple(steps)


def comments_of(document: Document) -> Mapping[int, Mapping[int, Sequence[Comment]]]:
    """The id of each list or map → its comments by position."""
    if document.slots is not None or document.format != "yaml":
        return document.slots or {}
    from secrets_gitops.documents import attachment

    return attachment.attach(document)


class Target:
    """Where a path leads in a document, as far as there is something."""

    def __init__(self, document: Document, steps: Steps) -> None:
        self.node: Node | None = document.roots[0].resolved() if document.roots else None
        """What it leads to; None where there is nothing (yet)."""
        self.path: list[str | int] = []
        """The path as we count, without comments."""
        self.comment: Comment | None = None
        """The comment that it leads to."""
        self.list: Node | None = None
        """The list in which the comment stands."""
        self.blocked: tuple[str, Node] | None = None
        """The first step that leads through a single value, and that value."""
        self.misfit: str = ""
        """Why the path cannot be, however much is added."""
        slots = comments_of(document)
        for at, step in enumerate(steps):
            self._step(step, slots, last=at == len(steps) - 1)
            if self.misfit or self.blocked is not None:
                return

    def _step(self, step: str | int, slots: Mapping[int, Mapping[int, Sequence[Comment]]], *, last: bool) -> None:
        node = self.node
        if node is None:
            self.path.append(step)
        elif node.kind == "mapping":
            if isinstance(step, int):
                self.misfit = f"[{step}] is a position, and a map has keys"
                return
            self.path.append(step)
            self.node = node.get(step)
        elif node.kind == "sequence":
            if isinstance(step, str):
                self.misfit = f'["{step}"] is a key, and a list has positions from 0'
                return
            self._item(node, step, slots.get(id(node), {}), last=last)
        else:
            self.blocked = (str(step), node)

    def _item(self, node: Node, step: int, comments: Mapping[int, Sequence[Comment]], *, last: bool) -> None:
        seen = 0
        for at in range(len(node.items) + 1):
            own = comments.get(at, ())
            if step < seen + len(own):
                self.comment, self.list = own[step - seen], node
                if not last:
                    self.misfit = "the path leads through a comment"
                return
            seen += len(own)
            if at == len(node.items) or step == seen:
                self.path.append(at)
                self.node = node.items[at].resolved() if at < len(node.items) else None
                return
            seen += 1


def required(document: Document, steps: Steps) -> Target:
    """Where a path leads. Raises Stop when there is nothing."""
    found = Target(document, steps)
    if found.misfit:
        raise Stop(GENERIC, f"the path does not fit: {found.misfit}", path=document.path)
    if found.comment is None and (found.node is None or found.blocked is not None):
        raise Stop(GENERIC, "there is no such value in the file", path=document.path)
    return found
