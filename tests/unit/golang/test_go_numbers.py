"""Floats as text, against what Go printed."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from secrets_gitops.golang.numbers import format_float, json_float, yaml_float
from secrets_gitops.golang.scalars import resolve_plain

VECTORS = Path(__file__).parents[2] / "interop" / "vectors" / "go"
ROWS = json.loads((VECTORS / "floats.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("source", "positional", "json_text"), ROWS, ids=[row[0] for row in ROWS])
def test_a_float_prints_as_go_prints_it(source, positional, json_text):
    value = float(source)
    assert format_float(value) == positional
    if json_text == "error":
        with pytest.raises(ValueError, match="no infinity"):
            json_float(value)
    else:
        assert json_float(value) == json_text


@pytest.mark.parametrize("source", [row[0] for row in ROWS])
@pytest.mark.parametrize("dialect", ["go_v3", "k8s"])
def test_a_float_written_into_yaml_is_the_same_float_to_every_reader(source, dialect):
    value = float(source)
    again = resolve_plain(yaml_float(value), dialect)
    assert isinstance(again, float)
    assert again == value or (math.isnan(again) and math.isnan(value))
    assert math.copysign(1, again) == math.copysign(1, value) or math.isnan(value)


def test_a_whole_float_keeps_its_point_in_yaml():
    assert [yaml_float(value) for value in (1.0, 1000000.0, -0.0, 1e21)] == ["1.0", "1000000.0", "-0.0", "1.0e+21"]
