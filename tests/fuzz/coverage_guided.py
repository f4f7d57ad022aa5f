"""`make fuzz-long`, or `coverage_guided.py [SECONDS] [TARGET…]`: atheris seeks for input that has no answer.

Each target of `targets.py` runs for SECONDS (60) in a process of its own. What is found is kept in `build/fuzz`, one
folder per target, and where the next run goes on. Exit 1 when anything but our errors came out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORPUS = HERE.parents[1] / "build" / "fuzz"
LARGEST = 8192
SLOWEST = 20
"""Seconds that one input may take."""


def one(name: str, seconds: str) -> None:
    """Fuzz one target; never returns: libFuzzer ends the process."""
    import atheris

    sys.path.insert(0, str(HERE))
    with atheris.instrument_imports(include=["secrets_gitops"]):
        import targets

    target = targets.TARGETS[name]
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (folder / f"seed-{number}").write_bytes(seed)

    def run(data: bytes) -> None:
        try:
            target.run(data)
        except targets.EXPECTED:
            return

    limits = (f"-max_total_time={seconds}", f"-max_len={LARGEST}", f"-timeout={SLOWEST}", "-rss_limit_mb=2048")
    atheris.Setup(["fuzz", *limits, f"-artifact_prefix={folder}.", "-print_final_stats=1", str(folder)], run)
    atheris.Fuzz()


def main(arguments: list[str]) -> int:
    """Run the targets one after the other, and say which of them failed."""
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is not installed: `pip install --group fuzz`; `make fuzz` needs none", file=sys.stderr)
        return 2
    seconds = arguments.pop(0) if arguments and arguments[0].isdigit() else "60"
    sys.path.insert(0, str(HERE))
    import targets

    failed = []
    for name in arguments or targets.TARGETS:
        done = subprocess.run(
            [sys.executable, __file__, "--one", name, seconds],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONHASHSEED": "0"},
            check=False,
        )
        output = done.stdout.decode("utf-8", "replace")
        runs = next((line.split()[-1] for line in output.splitlines() if "number_of_executed_units" in line), "?")
        print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'}, {runs} runs", flush=True)
        if done.returncode:
            failed.append(name)
            print(output[-4000:], flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:4])
    sys.exit(main(sys.argv[1:]))
