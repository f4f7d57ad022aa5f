"""Runs the stories in this folder; README.md says how they are written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import told

HERE = Path(__file__).resolve().parent
STORIES = sorted(HERE.glob("*.txt"))
ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="this story needs Linux")


def parse(text: str) -> tuple[list[told.Step], dict[str, str]]:
    script, *sections = re.split(r"^-- (.+) --\n", text, flags=re.MULTILINE)
    return told.steps(script), dict(zip(sections[::2], sections[1::2], strict=True))


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
        told.compare(step, story.name, done.returncode, done.stdout)
