"""Reading recorded cases as parameters of a test, each under its own id."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

VECTORS = Path(__file__).parent / "vectors"


def cases(tool: str, name: str, *, built: Callable[[dict], bool] = lambda case: True) -> list:
    """The cases of one file; those of features to come are left out by `built`."""
    found = yaml.load((VECTORS / tool / f"{name}.yaml").read_text(), yaml.CSafeLoader)["cases"]
    return [pytest.param(case, id=case["id"]) for case in found if built(case)]
