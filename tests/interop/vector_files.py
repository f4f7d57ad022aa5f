"""Reading recorded cases as parameters of a test, each under its own id."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

VECTORS = Path(__file__).parent / "vectors"


def cases(tool: str, name: str) -> list:
    """The cases of one file."""
    found = yaml.load((VECTORS / tool / f"{name}.yaml").read_text(), yaml.CSafeLoader)["cases"]
    return [pytest.param(case, id=case["id"]) for case in found]
