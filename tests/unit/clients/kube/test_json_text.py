"""Objects nested deeper than the library reads or writes."""

from __future__ import annotations

import orjson
import pytest

from secrets_gitops.clients.kube.json_text import DEPTH, loads


def nested(depth: int) -> bytes:
    return b'{"a": "[{\\"", "deep": ' + b"[" * depth + b'"]"' + b"]" * depth + b', "after": [1]}'


@pytest.mark.parametrize("depth", [10, 250, 253, 254, 300, 1023, 1024, 1500, 9000])
def test_what_stands_beside_the_depth_is_read_and_can_be_written(depth):
    tree = loads(nested(depth))
    assert isinstance(tree, dict)
    assert (tree["a"], tree["after"]) == ('[{"', [1])
    assert orjson.loads(orjson.dumps(tree)) == tree


def test_within_the_depth_nothing_is_lost():
    inner = loads(nested(DEPTH - 1))["deep"]
    while isinstance(inner, list):
        (inner,) = inner
    assert inner == "]"


@pytest.mark.parametrize(
    "text", [b"", b"{", b'{"a": [[}', b'{"a": "' + b"[" * 2000, b"[" * 2000, b"[" * 200 + b"]" * 99]
)
def test_what_is_no_json_is_still_none(text):
    with pytest.raises(ValueError):
        loads(text)
