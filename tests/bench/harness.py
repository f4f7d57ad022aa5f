"""What every benchmark shares: an environment as pip makes it, alternating runs, medians and ratios.

Times depend on the machine and stand in reports only; what is compared is run in the same minute, A B A B.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / "build" / "bench"


class Times(NamedTuple):
    """Seconds of whole processes, one per run."""

    runs: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.runs)


class Environment(NamedTuple):
    """A virtual environment with secrets-gitops installed as a user has it, byte-compiled, not editable."""

    bin: Path

    @property
    def python(self) -> str:
        return str(self.bin / "python")

    @property
    def bare(self) -> list[str]:
        """The yardstick: this interpreter doing nothing."""
        return [self.python, "-c", "pass"]

    def command(self, name: str) -> str:
        return str(self.bin / name)


def environment(name: str = "venv", extra: str = "") -> Environment:
    """Make or refresh the environment `name`, perhaps with an extra of ours.

    Raises SystemExit when byte code is missing: every start would compile again.
    """
    bin_folder = HOME / name / "bin"
    if not bin_folder.exists():
        subprocess.run([sys.executable, "-m", "venv", str(HOME / name)], check=True)
        subprocess.run([bin_folder / "python", "-m", "pip", "install", "-q", "--upgrade", "pip>=25.1"], check=True)
    install = [bin_folder / "python", "-m", "pip", "install", "-q", "--compile"]
    subprocess.run([*install, f"{ROOT}[{extra}]" if extra else str(ROOT)], check=True)
    subprocess.run([*install, "--no-deps", "--force-reinstall", str(ROOT)], check=True)
    where = "import secrets_gitops.hook as m, importlib.util as u; print(u.cache_from_source(m.__file__))"
    out = subprocess.run([bin_folder / "python", "-c", where], check=True, capture_output=True, text=True, cwd=HOME)
    if not Path(out.stdout.strip()).exists():
        raise SystemExit("the benchmark environment has no byte code")
    return Environment(bin_folder)


def timed(command: list[str], **options: object) -> float:
    """Seconds of one run, start to reaped. A run that fails ends the benchmark."""
    begin = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, **options)  # type: ignore[call-overload]
    took = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(f"{command[0]} exited {done.returncode}: {done.stderr.decode()[-300:]}")
    return took


def alternate(commands: dict[str, list[str]], *, runs: int = 15, **options: object) -> dict[str, Times]:
    """Run all commands in turn, `runs` times after one warm-up each."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    options.setdefault("env", {**environ, "NO_COLOR": "1"})  # byte code is kept, as it is for who sets nothing
    for command in commands.values():
        timed(command, **options)
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            times[name].append(timed(command, **options))
    return {name: Times(seconds) for name, seconds in times.items()}


def row(what: str, ours: Times, yardstick: Times, bound: float | None, beside: str = "bare") -> None:
    """Print one line of the table: our median, the yardstick's, the ratio, and the bound it is held against."""
    ratio = ours.median / yardstick.median
    verdict = "" if bound is None else f"   bound {bound:g}   {'ok' if ratio <= bound else 'MISSED'}"
    print(
        f"{what:<44} {ours.median * 1000:8.1f} ms   {beside} {yardstick.median * 1000:8.1f} ms   "
        f"ratio {ratio:5.2f}{verdict}",
        flush=True,
    )


def compared(
    what: str, ours: float, other: float, unit: str, bound: float | None, *, least: bool = False, beside: str = "bare"
) -> None:
    """Print one line of two figures that are not times: both, their ratio, and the most (or the least) it may be."""
    ratio = ours / other
    shown = "" if bound is None else f"   bound {'≥ ' if least else ''}{bound:g}   {_verdict(ratio, bound, least)}"
    print(f"{what:<44} {ours:8.1f} {unit:<6} {beside} {other:8.1f} {unit:<6} ratio {ratio:5.2f}{shown}", flush=True)


def held(what: str, value: float, unit: str, bound: float | None = None, *, least: bool = False) -> None:
    """Print one line of a figure that is held against the most (or the least) it may be, without a yardstick."""
    shown = "" if bound is None else f"   bound {'≥ ' if least else ''}{bound:g}   {_verdict(value, bound, least)}"
    print(f"{what:<44} {value:8.1f} {unit}{shown}", flush=True)


def _verdict(value: float, bound: float, least: bool) -> str:
    return "ok" if (value >= bound if least else value <= bound) else "MISSED"
