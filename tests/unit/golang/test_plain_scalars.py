"""Plain scalars mean what Go makes of them; the expectations were recorded from Go."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.errors import DocumentError
from secrets_gitops.golang.numbers import format_float
from secrets_gitops.golang.scalars import resolve_plain
from secrets_gitops.golang.times import Time

VECTORS = Path(__file__).parents[2] / "interop" / "vectors" / "go"
ROWS = json.loads((VECTORS / "scalars.json").read_text(encoding="utf-8"))


def as_recorded(value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"bool:{str(value).lower()}"
    if isinstance(value, int):
        return f"int:{value}"
    if isinstance(value, float):
        return f"float:{format_float(value)}"
    if isinstance(value, Time):
        return f"time:{value.text}"
    return f"str:{value.decode('utf-8', 'replace') if isinstance(value, bytes) else value}"


@pytest.mark.parametrize(("text", "wanted"), [row[:2] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_scalar_means_to_sops_what_yaml_v3_makes_of_it(text, wanted):
    node = read(f"k: {text}\n", path="x.yaml").roots[0].pairs[0][1]
    if wanted == "error":
        with pytest.raises(DocumentError):
            resolve(node, "go_v3")
    else:
        assert as_recorded(resolve(node, "go_v3")) == wanted


@pytest.mark.parametrize(("text", "wanted"), [row[::2] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_scalar_means_to_kubernetes_what_its_reader_makes_of_it(text, wanted):
    node = read(f"k: {text}\n", path="x.yaml").roots[0].pairs[0][1]
    if wanted == "error":
        try:
            value = resolve(node, "k8s")
        except DocumentError:
            return
        assert not math.isfinite(value)  # that reader makes JSON, which has no infinity
        return
    value, expected = resolve(node, "k8s"), json.loads(wanted)["k"]
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    assert value == (float(expected) if isinstance(value, float) else expected)
    assert isinstance(value, bool) == isinstance(expected, bool)
    assert isinstance(value, str) == isinstance(expected, str)


@pytest.mark.parametrize(("head", "digit"), [("1", "1"), ("0x", "f"), ("0", "7"), ("1.", "1")])
@pytest.mark.timeout(10)
def test_a_huge_number_is_judged_in_time(head, digit):
    assert isinstance(resolve_plain(head + digit * 5_000_000, "go_v3"), float | str)


def test_only_kubernetes_carries_out_merge_keys():
    text = "a: &a {x: 1, z: 2}\nb: {<<: *a, z: 3}\nc: {z: 3, <<: [{z: 4}, *a]}\nd: {'<<': *a}\n"
    root = read(text, path="x.yaml").roots[0]
    # recorded from sigs.k8s.io/yaml: what comes later in the mapping wins, and of a list the first
    assert to_plain(root, "k8s") == {
        "a": {"x": 1, "z": 2}, "b": {"x": 1, "z": 3}, "c": {"x": 1, "z": 4}, "d": {"<<": {"x": 1, "z": 2}},
    }  # fmt: skip
    assert to_plain(root, "go_v3")["b"] == {"<<": {"x": 1, "z": 2}, "z": 3}
