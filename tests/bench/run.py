"""`make bench`: every table, in one environment made as a user's is."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import harness

TABLES = ("start", "hook", "seal")


def main(names: list[str]) -> None:
    env = harness.environment()
    for name in names or TABLES:
        print(f"--- {name}")
        importlib.import_module(name).run(env)


if __name__ == "__main__":
    main(sys.argv[1:])
