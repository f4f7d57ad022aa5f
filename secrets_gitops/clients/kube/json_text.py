"""JSON from the API server, however deeply it is nested: what lies deeper than anything with a meaning is read as null.

The API server takes 10,000 levels, orjson reads 1,024 and writes 254. Whoever may create objects could otherwise nest
one so deeply that a watch, which gets it again and again, never reads another one.
"""

from __future__ import annotations

import re

import orjson

DEPTH = 128
"""Levels that are kept of a text that is too deep; no field that anybody reads is half as deep."""
_WRITTEN = 254
"""Levels that orjson writes."""
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
"""A string, or a bracket outside of one; the string never gives back what it took, so that none costs a square."""


def loads(text: bytes) -> object:
    """The value, which `orjson.dumps` can write again. Raises ValueError for what is not JSON."""
    try:
        value = orjson.loads(text)
    except ValueError:
        shallow = _cut(text)
        if shallow is None:
            raise
        return orjson.loads(shallow)
    if text.count(b"[") + text.count(b"{") > _WRITTEN:  # it may be that deep, but is most probably a long list
        try:
            orjson.dumps(value)
        except TypeError:
            return _pruned(value, DEPTH)
    return value


def _cut(text: bytes) -> bytes | None:
    """`text` with null for each collection below the last level; None when there is none."""
    parts: list[bytes] = []
    depth, kept, begun = 0, 0, 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in b"[{":
            depth += 1
            if depth == DEPTH + 1:
                begun = match.start()
        elif token in b"]}":
            if depth == DEPTH + 1:
                parts += [text[kept:begun], b"null"]
                kept = match.end()
            depth -= 1
    return b"".join([*parts, text[kept:]]) if parts else None


def _pruned(tree: object, levels: int) -> object:
    if not isinstance(tree, (dict, list)):
        return tree
    if levels == 0:
        return None
    if isinstance(tree, dict):
        return {key: _pruned(value, levels - 1) for key, value in tree.items()}
    return [_pruned(value, levels - 1) for value in tree]
