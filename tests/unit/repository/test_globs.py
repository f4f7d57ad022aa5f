"""Globs mean what they mean in `.gitignore`; git itself is asked."""

from __future__ import annotations

import subprocess

import pytest

from secrets_gitops.repository.globs import fits, problem

PATHS = (
    "a", "b", "a/b", "a/b/c", "x/a/b", "x/y/a/b/c", "tests/a.yaml", "x/tests/a.yaml", "docs/b.md", "docs/x/b.md",
    "docs/x/y/b.md", "b.md", "x", "v1/values.yaml", "v12/values.yaml", ".env", "x/.env.dev",
)  # fmt: skip
GLOBS = (
    "a", "a/", "/a", "a/b", "a/**", "**", "**/b", "**/a/**", "**/a/b", "tests/", "/tests", "*.md", "docs/*.md",
    "docs/**/*.md", "x/**/b", "v?/values.yaml", "v[0-9]/*", "*", ".env*", "x/*", "a/**/c", "docs/x/", "**/x/**/b.md",
)  # fmt: skip


@pytest.mark.parametrize("glob", GLOBS)
def test_as_git_reads_them(glob, tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text(glob + "\n")
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        input="\n".join(PATHS),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert [path for path in PATHS if fits(path, glob)] == done.stdout.splitlines()


def test_many_stars_take_no_time():
    assert not fits("/".join("a" * 200 for _ in range(200)), "/".join(["**", "*a*a*a*a*a*b"] * 40))


@pytest.mark.parametrize("glob", ["", "/", "!a", "../a", "a/./b", "a" * 1001])
def test_what_is_none(glob):
    assert problem(glob)


@pytest.mark.parametrize("glob", GLOBS)
def test_what_is_one(glob):
    assert problem(glob) == ""
