"""`make bench`: every table, in one environment made as a user's is.

With arguments only the tables that they name. `controller-full` and `sops-full` are made only then: many more objects.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(1, str(HERE.parent / "cluster"))
sys.path.insert(2, str(HERE.parent / "tools"))

import harness  # noqa: E402  the path above is for it and for what the tables import

TABLES = ("start", "hook", "lint", "seal", "sops", "controller")


def main(names: list[str]) -> None:
    env = harness.environment()
    for name in names or TABLES:
        print(f"--- {name}")
        if name == "sops-full":
            importlib.import_module("sops").run(env, full=True)
        else:
            importlib.import_module(name.replace("-", "_")).run(env)


if __name__ == "__main__":
    main(sys.argv[1:])
