"""How users name a value: `["a"]["b"][0]` as in sops, or `a.b[0]`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Node

_STEP = re.compile(r"""\[(?:"([^"]*)"|'([^']*)'|([0-9]{1,18}))\]""")
_INDEX = re.compile(r"\[([0-9]{1,18})\]")

Path = tuple[str | int, ...]


def parse(text: str, root: Node | None = None) -> Path:
    """The keys and positions that `text` names. Raises SettingsError when it names nothing.

    In the form with dots, a key of `root` that itself contains dots is found: `data.tls.crt` is `["data"]["tls.crt"]`
    where there is such a key.
    """
    path = _brackets(text) if text.startswith("[") else _dots(text, root)
    if not path:
        raise SettingsError("this path names nothing", hints=("""write it as `a.b[0]` or `'["a"]["b"][0]'`""",))
    return path


def _brackets(text: str) -> Path:
    path: list[str | int] = []
    at = 0
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            return ()
        path.append(int(step[3]) if step[3] is not None else step[1] if step[1] is not None else step[2])
        at = step.end()
    return tuple(path)


def _dots(text: str, root: Node | None) -> Path:
    path: list[str | int] = []
    rest = text
    node = root.resolved() if root is not None else None
    while rest:
        index = _INDEX.match(rest)
        if index is not None and path:
            position = int(index[1])
            path.append(position)
            node = node.items[position].resolved() if node is not None and position < len(node.items) else None
            rest = rest[index.end() :]
        else:
            key = _known_key(rest, node)
            if key is None:
                found = re.match(r"[^.\[\]]+", rest)
                if found is None:
                    return ()
                key = found[0]
            path.append(key)
            node = node.get(key) if node is not None and node.kind == "mapping" else None
            rest = rest[len(key) :]
        if rest.startswith("."):
            rest = rest[1:] or "."  # nothing after a dot is wrong
        elif rest and not rest.startswith("["):
            return ()
    return tuple(path)


def _known_key(rest: str, node: Node | None) -> str | None:
    """The longest key of the map that `rest` begins with."""
    if node is None or node.kind != "mapping":
        return None
    fitting = [
        key.text
        for key, _ in node.pairs
        if key.text and rest.startswith(key.text) and rest[len(key.text) : len(key.text) + 1] in {"", ".", "["}
    ]
    return max(fitting, key=len, default=None)
