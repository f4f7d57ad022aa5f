"""Runs the stories in this folder; README.md says how they are written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).resolve().parent
STORIES = sorted(HERE.glob("*.txt"))
ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="this story needs Linux")


class Step(NamedTuple):
    line: int
    command: str
    code: int
    expected: list[str]


def parse(text: str) -> tuple[list[Step], dict[str, str]]:
    script, *sections = re.split(r"^-- (.+) --\n", text, flags=re.MULTILINE)
    files = dict(zip(sections[::2], sections[1::2], strict=True))
    steps: list[Step] = []
    for number, line in enumerate(script.splitlines(), 1):
        if line.startswith("$ "):
            steps.append(Step(number, line[2:], 0, []))
        elif line.startswith("? ") and steps and not steps[-1].expected:
            steps[-1] = steps[-1]._replace(code=int(line[2:]))
        elif line.startswith("#") or not line.strip():
            continue
        else:
            assert steps, f"line {number}: output before any command"
            steps[-1].expected.append(line)
    return steps, files


def pattern(expected: list[str]) -> re.Pattern[str]:
    """The expected lines as one regular expression; blank lines of the output do not count."""
    parts = [
        r"(?:.*\n)*?" if line == "..." else re.escape(line.rstrip()).replace(re.escape("[..]"), ".*") + r"[ \t]*\n"
        for line in expected
    ]
    return re.compile("".join(parts))


@pytest.mark.parametrize(
    "story",
    [pytest.param(path, id=path.stem, marks=ONLY_LINUX if path.stem.endswith("-linux") else ()) for path in STORIES],
)
def test_story(story: Path, tmp_path: Path) -> None:
    steps, files = parse(story.read_text(encoding="utf-8"))
    assert steps, "a story without a command tells nothing"
    folder = tmp_path / "story"  # so that `..` is the story's own, too
    folder.mkdir()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    env = dict(
        os.environ,
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        LC_ALL="C.UTF-8",
        REPO=str(HERE.parents[1]),
    )
    for step in steps:
        done = subprocess.run(
            ["sh", "-c", step.command],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        shown = "\n".join(line.rstrip() for line in done.stdout.splitlines() if line.strip())
        where = f"{story.name}:{step.line}: {step.command}"
        assert done.returncode == step.code, f"{where}\nexit {done.returncode}, not {step.code}\n{shown}"
        wanted = pattern(step.expected)
        assert wanted.fullmatch(shown + "\n" if shown else ""), f"{where}\nprinted:\n{shown}\nexpected:\n" + "\n".join(
            step.expected
        )
