r"""dotenv as sops reads it: a line is `KEY=value` to its very end, a comment, or empty. Nothing is quoted or trimmed.

Keys may stand twice. The two characters `\n` in a value stand for a line break; there is no escape for them.
"""

from __future__ import annotations

from secrets_gitops.documents.document import Comment, Node
from secrets_gitops.documents.lines import JSON_BREAK, Lines
from secrets_gitops.errors import DocumentError, LimitExceeded, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Slots
    from secrets_gitops.documents.limits import Limits


def parse(text: str, path: str, limits: Limits) -> tuple[Node, list[Comment], dict[int, Slots]]:
    """The map of all keys, the comments, and which of them stand before which key."""
    lines = Lines(text, JSON_BREAK)
    root = Node("mapping", 0, len(text), lines, "raw")
    pairs: list[tuple[Node, Node]] = []
    comments: list[Comment] = []
    slots: Slots = {}
    at, number = 0, 0
    while at < len(text):
        number += 1
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if text[at : at + 1] == "#":
            comment = Comment(text[at + 1 : end], at, end, number, 1, inline=False)
            comments.append(comment)
            slots.setdefault(len(pairs), []).append(comment)
        elif at < end:
            sign = text.find("=", at, end)
            if sign < 0:
                raise DocumentError(
                    "a line without `=`",
                    hints=("write `KEY=value`, or `#` before a comment",),
                    place=Place(path, number, 1),
                )
            key = Node("scalar", at, sign, lines, "raw", text[at:sign])
            value = Node("scalar", sign + 1, end, lines, "raw", text[sign + 1 : end].replace("\\n", "\n"))
            pairs.append((key, value))
            if len(pairs) > limits.nodes:
                raise LimitExceeded(f"more than {limits.nodes} values", place=Place(path, number, 1))
        at = end + 1
    root.pairs = pairs
    return root, comments, {id(root): slots}
