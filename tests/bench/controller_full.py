"""The rows of `controller.py` with 10,000 SealedSecrets, and whether their cost grows with their number alone."""

from __future__ import annotations

import controller
from controller_world import Sealing

from harness import Environment, compared, environment


def run(_: Environment) -> None:
    """Print the rows. They take too long for every day: `python tests/bench/run.py controller-full`."""
    if not controller.can_run():
        return
    env, sealing = environment("venv-controller", "controller"), Sealing()
    few = controller.time_each(env, sealing, controller.SMALL)
    many = controller.sealing_rows(env, sealing, controller.SMALL * 10, runs=1, ready=10.0, memory=150)
    compared("time each of ten times as many", many, few, "ms", 1.15, beside="of the few")
