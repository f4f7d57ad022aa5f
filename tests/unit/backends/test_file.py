"""Files are given out only below the root, links followed, and only when they are files."""

from __future__ import annotations

import errno
import os

import pytest

from secrets_gitops.backends.backend import Fetched, Locator, Surroundings
from secrets_gitops.backends.file import connect
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import AccessDenied, SecretNotFound


@pytest.fixture
def fetch(tmp_path):
    """A maker: fetch one path from a repository at `tmp_path/repo`, with the working directory in it."""
    repo = tmp_path / "repo"
    (repo / "app").mkdir(parents=True)
    (repo / "app" / "in.txt").write_text("inside")
    (tmp_path / "out.txt").write_text("outside")

    def one(path, *, allow_outside=False):
        files = connect({}, Surroundings({}, str(repo / "app"), str(repo), allow_outside))
        (answer,) = files.fetch([Locator(path)], Deadline(10))
        return answer.value.reveal() if isinstance(answer, Fetched) else answer

    return one


def test_a_path_begins_at_the_working_directory_and_may_reach_up_to_the_root(fetch, tmp_path):
    (tmp_path / "repo" / "top.txt").write_text("top")
    assert fetch("in.txt") == b"inside"
    assert fetch("../top.txt") == b"top"
    assert fetch(str(tmp_path / "repo" / "top.txt")) == b"top"


@pytest.mark.parametrize("path", ["../../out.txt", "{}/out.txt", "link", "folder/out.txt", "/etc/passwd"])
def test_what_lies_outside_is_refused_links_included(path, fetch, tmp_path):
    (tmp_path / "repo" / "app" / "link").symlink_to(tmp_path / "out.txt")
    (tmp_path / "repo" / "app" / "folder").symlink_to(tmp_path)
    answer = fetch(path.format(tmp_path))
    assert isinstance(answer, AccessDenied)
    assert "outside" in answer.message
    assert any("--allow-outside" in hint for hint in answer.hints)


def test_outside_can_be_allowed(fetch):
    assert fetch("../../out.txt", allow_outside=True) == b"outside"


def test_a_sibling_whose_name_begins_like_the_root_is_outside(fetch, tmp_path):
    (tmp_path / "repo-other").mkdir()
    (tmp_path / "repo-other" / "x").write_text("x")
    assert isinstance(fetch("../../repo-other/x"), AccessDenied)


def test_links_that_lead_back_to_themselves_are_told(fetch, tmp_path):
    app = tmp_path / "repo" / "app"
    (app / "a").symlink_to(app / "b")
    (app / "b").symlink_to(app / "a")
    answer = fetch("a")
    assert isinstance(answer, SecretNotFound)
    assert "leads back to itself" in answer.message


def test_a_folder_a_pipe_and_a_missing_file_are_not_found(fetch, tmp_path):
    os.mkfifo(tmp_path / "repo" / "app" / "pipe")
    for path, words in (("../app", "not a file"), ("pipe", "not a file"), ("nope", "no file"), ("a\0b", "NUL")):
        answer = fetch(path)
        assert isinstance(answer, SecretNotFound), path
        assert words in answer.message


def test_a_file_that_may_not_be_read_is_denied(fetch, monkeypatch):
    def refuse(*_arguments):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # the tests may run as root, who may read everything
    answer = fetch("in.txt")
    assert isinstance(answer, AccessDenied)
    assert answer.message == "the file `in.txt` cannot be read: permission denied"
