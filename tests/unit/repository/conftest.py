"""Real git repositories in temporary folders."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


class Repository:
    """A git repository and the few commands that the tests need."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str | bytes, env: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.root), *arguments],
            env=dict(os.environ, **(env or {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, path: str, content: str | bytes) -> Path:
        target = Path(self.root, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def commit(self, files: dict[str, str | bytes] | None = None) -> None:
        """Write `files` and commit all that is there."""
        for name, content in (files or {}).items():
            self.write(name, content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "a commit")


@pytest.fixture
def repository(tmp_path: Path):
    """A maker of repositories below the test's folder."""

    def make(name: str = "repository", *options: str) -> Repository:
        root = tmp_path / name
        subprocess.run(["git", "init", "--quiet", *options, str(root)], check=True, capture_output=True)
        return Repository(root)

    return make


@pytest.fixture
def repo(repository) -> Repository:
    """One empty repository, before its first commit."""
    return repository()
