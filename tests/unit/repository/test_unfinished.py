"""New files before they have their place, and what a killed process leaves of them."""

from __future__ import annotations

import os

import pytest

from secrets_gitops.repository import files, unfinished
from secrets_gitops.repository.unfinished import Unfinished

LEFT = ".secrets-gitops-0123456789abcdef.tmp"


@pytest.fixture(autouse=True)
def _as_in_a_new_run():
    unfinished.sweep.cache_clear()


@pytest.mark.parametrize("nameless", [True, False])
def test_a_file_takes_its_place(tmp_path, nameless):
    (tmp_path / "a").write_bytes(b"old")
    new = Unfinished(str(tmp_path), nameless=nameless)
    os.write(new.fd, b"new")
    new.take_place(str(tmp_path / "a"))
    new.close()
    assert (tmp_path / "a").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("nameless", [True, False])
def test_one_that_does_not_is_gone(tmp_path, nameless):
    Unfinished(str(tmp_path), nameless=nameless).close()
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="only Linux has files without names")
def test_while_it_is_written_it_has_no_name(tmp_path):
    new = Unfinished(str(tmp_path))
    os.write(new.fd, b"new")
    assert os.listdir(tmp_path) == []
    new.close()


def test_where_it_can_get_no_name_it_is_written_with_one(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refused)
    (tmp_path / "a").write_bytes(b"old")
    files.replace(str(tmp_path / "a"), b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


def test_the_next_write_in_a_folder_removes_what_is_left(tmp_path):
    (tmp_path / LEFT).write_bytes(b"half")
    files.replace(str(tmp_path / "a"), b"new")
    assert os.listdir(tmp_path) == ["a"]


def test_what_somebody_still_writes_stays(tmp_path):
    other = Unfinished(str(tmp_path), nameless=False)
    files.replace(str(tmp_path / "a"), b"new")
    other.take_place(str(tmp_path / "b"))
    other.close()
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_what_only_has_a_similar_name_stays(tmp_path):
    names = [".secrets-gitops-0123.tmp", LEFT + "~", "x" + LEFT]
    for name in names:
        (tmp_path / name).write_bytes(b"of somebody else")
    (tmp_path / LEFT).mkdir()
    (tmp_path / LEFT.replace("0123", "3210")).symlink_to(names[0])
    files.replace(str(tmp_path / "a"), b"new")
    assert len(os.listdir(tmp_path)) == len(names) + 3
