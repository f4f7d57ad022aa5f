"""SOPS files against the real sops: many small files in one run, one large file, memory, and how the cost grows.

sops is started once per file, as people must. A file is held to be large when its plaintext has a megabyte; the same
with a megabyte of encrypted text is in the table as well, without a bound.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from harness import ROOT, Environment, Times, alternate, row

SMALL_FILES = 200
GROWTH = {"values": (2_000, 20_000), "files": (100, 1_000)}
GROWTH_FULL = {"values": (10_000, 100_000), "files": (1_000, 10_000)}
LINEAR = 1.15
"""What an item may cost when there are ten times as many, beside what it costs otherwise. Processor time, which
other load changes less, and without that of one item alone, which is the start."""
_WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo", "lima")


class Ran(NamedTuple):
    """One run of a process."""

    seconds: float
    cpu: float
    kilobytes: int
    """The most memory that it held at a time."""


def run(env: Environment, *, full: bool = False) -> None:
    """Print the rows; `full` measures growth up to 100,000 values and 10,000 files, which takes many minutes."""
    sops = _real_sops()
    if sops is None:
        raise SystemExit("the real sops is missing: `make tools`")
    folder = Path(tempfile.mkdtemp(prefix="sgo-bench-"))
    try:
        keys = folder / "keys.txt"
        ours = env.command("secrets-gitops")
        subprocess.run([ours, "keys", "generate", "-o", keys], check=True, capture_output=True)
        recipient = next(line for line in keys.read_text().splitlines() if "public key" in line).split()[-1]
        (folder / ".sops.yaml").write_text(f"creation_rules:\n  - path_regex: \\.yaml$\n    age: {recipient}\n")
        place = _Place(folder, ours, sops, dict(os.environ, SOPS_AGE_KEY_FILE=str(keys), NO_COLOR="1"), env)
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        _one_small(place)
        _many_small(place)
        _one_large(place, "1 MB of plaintext", _large(1_000_000), bounds=True)
        _one_large(place, "1 MB of encrypted text", _large(270_000), bounds=False)
        _growth(place, GROWTH_FULL if full else GROWTH)
    finally:
        shutil.rmtree(folder)


class _Place(NamedTuple):
    folder: Path
    ours: str
    sops: str
    variables: dict[str, str]
    env: Environment

    def ran(self, command: list[str], value: bytes = b"") -> Ran:
        """Run a command to its end. One that fails ends the benchmark."""
        begin = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(value)
        process.stdin.close()
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command[0]} exited {process.returncode}: {said.decode()[-300:]}")
        return Ran(took, used.ru_utime + used.ru_stime, used.ru_maxrss)


def _one_small(place: _Place) -> None:
    (place.folder / "one.yaml").write_text(_small(1))
    place.ran([place.ours, "encrypt", "-i", "one.yaml"])
    commands = {
        "bare": place.env.bare,
        "ours": [place.ours, "decrypt", "one.yaml"],
        "sops": [place.sops, "decrypt", "one.yaml"],
    }
    times = alternate(commands, runs=15, cwd=place.folder, env=place.variables)
    row("decrypt of one 1 KB file", times["ours"], times["bare"], 9)
    row("decrypt of one 1 KB file", times["ours"], times["sops"], None, "sops")


def _many_small(place: _Place) -> None:
    names = [f"small/{at}.yaml" for at in range(SMALL_FILES)]
    sealed = [f"sealed/{name}" for name in names]
    (place.folder / "small").mkdir()
    for at, name in enumerate(names):
        (place.folder / name).write_text(_small(at))
    place.ran([place.ours, "encrypt", "--output-dir", "sealed", *names])
    for verb, files, bound in (("decrypt", sealed, 10), ("encrypt", names, 6)):
        turns = {
            "ours": [[place.ours, verb, "--output-dir", "OUT", *files]],
            "sops": [[place.sops, verb, "--output", f"sops-{at}.yaml", file] for at, file in enumerate(files)],
        }
        runs: dict[str, list[float]] = {name: [] for name in turns}
        for _ in range(2):
            for name, commands in turns.items():
                shutil.rmtree(place.folder / "OUT", ignore_errors=True)
                runs[name].append(sum(place.ran(command).seconds for command in commands))
        _times_faster(f"{verb} {SMALL_FILES} files of 1 KB", Times(runs["ours"]), Times(runs["sops"]), bound)


def _times_faster(what: str, ours: Times, sops: Times, bound: float) -> None:
    faster = sops.median / ours.median
    print(
        f"{what:<44} {ours.median * 1000:8.1f} ms   sops {sops.median * 1000:8.1f} ms   "
        f"{faster:5.1f} x faster   bound {bound:g}   {'ok' if faster >= bound else 'MISSED'}",
        flush=True,
    )


def _one_large(place: _Place, what: str, text: str, *, bounds: bool) -> None:
    names = ("plain.yaml", "ours.yaml", "sops.yaml")
    for name in names:
        (place.folder / name).write_text(text)
    for name in names[1:]:
        place.ran([place.ours, "encrypt", "-i", name])
    plain, own, other = names
    verbs = {
        "decrypt": ([place.ours, "decrypt", own], [place.sops, "decrypt", other], 0.4, b""),
        "set of one value": (
            [place.ours, "set", own, "group-3.key-5"],
            [place.sops, "set", "--value-stdin", other, '["group-3"]["key-5"]'],
            0.5,
            None,
        ),
        "encrypt": ([place.ours, "encrypt", plain], [place.sops, "encrypt", plain], None, b""),
    }
    for verb, (ours, sops, bound, value) in verbs.items():
        found = _alternating(place, ours, sops, fresh=value is None)
        label = f"{verb}, {what}"
        row(label, found["ours"][0], found["sops"][0], bound if bounds else None, "sops")
        most = {name: max(one.kilobytes for one in done[1]) for name, done in found.items()}
        ratio = most["ours"] / most["sops"]
        verdict = f"   bound 1   {'ok' if ratio <= 1 else 'MISSED'}" if bounds else ""
        print(
            f"{'  most memory':<44} {most['ours'] / 1024:8.1f} MB   sops {most['sops'] / 1024:8.1f} MB   "
            f"ratio {ratio:5.2f}{verdict}",
            flush=True,
        )


def _alternating(
    place: _Place, ours: list[str], sops: list[str], *, fresh: bool, runs: int = 3
) -> dict[str, tuple[Times, list[Ran]]]:
    """Both in turn; `fresh`: each run gets another value on standard input."""
    found: dict[str, list[Ran]] = {"ours": [], "sops": []}
    for number in range(runs + 1):
        for name, command in (("ours", ours), ("sops", sops)):
            text = f"value {number}".encode()
            value = (b'"' + text + b'"' if name == "sops" else text) if fresh else b""
            done = place.ran(command, value)
            if number:  # the first is a warm-up
                found[name].append(done)
    return {name: (Times([one.seconds for one in done]), done) for name, done in found.items()}


def _growth(place: _Place, counts: dict[str, tuple[int, int]]) -> None:
    few, many = counts["values"]
    for count in (few, many):
        (place.folder / f"values-{count}.yaml").write_text(_values(count))
        place.ran([place.ours, "encrypt", "--output-dir", "grown", f"values-{count}.yaml"])
    (place.folder / "values-1.yaml").write_text(_values(1) + "group-1:\n  key-2: some value\n")
    place.ran([place.ours, "encrypt", "--output-dir", "grown", "values-1.yaml"])
    for verb, folder in (("decrypt", "grown/"), ("encrypt", ""), ("set", "grown/")):
        least = []
        for count in (1, few, many):
            name = f"{folder}values-{count}.yaml"
            command = [place.ours, verb, name, *(["group-1.key-2"] if verb == "set" else [])]
            least.append(min(place.ran(command, f"value {number}".encode()).cpu for number in range(5)))
        costs = [(used - least[0]) / count for used, count in zip(least[1:], (few, many), strict=True)]
        _linear(f"{verb}, {many:,} values beside {few:,}", costs)
    few, many = counts["files"]
    made = [f"many/{at}.yaml" for at in range(many)]
    (place.folder / "many").mkdir()
    for at, name in enumerate(made):
        (place.folder / name).write_text(_small(at))
    for verb, top in (("encrypt", ""), ("decrypt", "many-sealed/")):
        least = []
        for count in (1, few, many):
            runs = []
            for _ in range(2):
                folder = "many-sealed" if verb == "encrypt" else f"out-{count}"
                shutil.rmtree(place.folder / folder, ignore_errors=True)
                command = [place.ours, verb, "--output-dir", folder, *(top + name for name in made[:count])]
                runs.append(place.ran(command).cpu)
            least.append(min(runs))
        costs = [(used - least[0]) / count for used, count in zip(least[1:], (few, many), strict=True)]
        _linear(f"{verb}, {many:,} files beside {few:,}", costs)


def _linear(what: str, costs: list[float]) -> None:
    ratio = costs[1] / costs[0]
    print(
        f"{what:<44} {costs[1] * 1e6:8.1f} us each, beside {costs[0] * 1e6:8.1f} us   ratio {ratio:5.2f}"
        f"   bound {LINEAR:g}   {'ok' if ratio <= LINEAR else 'MISSED'}",
        flush=True,
    )


def _small(at: int) -> str:
    """A file of about a kilobyte once it is encrypted with its block, as people write them."""
    return (
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: app-{at}\nstringData:\n"
        f"  user: app\n  password: correct horse {at}\n"
    )


def _large(size: int) -> str:
    """A map of maps with texts, numbers, lists and words of different lengths, `size` characters long."""
    dice = random.Random(5)
    lines: list[str] = []
    length = group = 0
    while length < size:
        fresh = [f"group-{group}:\n"]
        for key in range(10):
            words = " ".join(dice.choices(_WORDS, k=dice.randint(2, 12)))
            fresh.append(f"  key-{key}: {words}\n")
        fresh += [f"  port: {dice.randint(1, 65535)}\n", "  debug: true\n", "  hosts:\n"]
        fresh += [f"    - {dice.choice(_WORDS)}.example.org\n" for _ in range(3)]
        lines += fresh
        length += sum(map(len, fresh))
        group += 1
    return "".join(lines)


def _values(count: int) -> str:
    """`count` values, ten under each key at the top."""
    lines = []
    for at in range(count):
        if at % 10 == 0:
            lines.append(f"group-{at // 10}:\n")
        lines.append(f"  key-{at % 10}: some value with the number {at}\n")
    return "".join(lines)


def _real_sops() -> str | None:
    sys.path.insert(0, str(ROOT / "tests" / "tools"))
    import build

    path = build.folder() / "sops"
    return str(path) if path.exists() else None
