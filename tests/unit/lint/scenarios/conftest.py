"""Repositories to scan, and Secrets to put into them."""

from __future__ import annotations

import pytest
from lint_repository import CLEAN, Repository


@pytest.fixture
def repository(tmp_path):
    """A maker of empty repositories; options are those of `git init`."""

    def make(name: str = "repository", *options: str) -> Repository:
        return Repository(tmp_path / name, *options)

    return make


@pytest.fixture
def repo(repository) -> Repository:
    """A repository with one clean commit."""
    made = repository()
    made.commit({"app/config.yaml": CLEAN})
    return made


@pytest.fixture
def secret(values):
    """A maker of Secret manifests, each with another password on line 6."""

    def make(name: str = "db", **more: str) -> str:
        lines = "".join(f"  {key}: {value}\n" for key, value in more.items())
        head = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\nstringData:\n"
        return f"{head}  password: {values.password()}\n{lines}"

    return make


@pytest.fixture
def remote(repository, repo):
    """A bare repository that `repo` was pushed to, as its remote `origin`."""
    made = repository("remote.git", "--bare")
    repo.git("remote", "add", "origin", str(made.root))
    repo.git("push", "-q", "origin", "main")
    return made
