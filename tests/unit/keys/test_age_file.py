"""A new identity file: in age-keygen's form, for its owner alone, never over another, all of it or nothing."""

from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.errors import FileError
from secrets_gitops.keys import age, age_file
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = Plaintext("# created: now\nkey\n")


def test_the_file_has_the_form_of_age_keygen():
    identity, recipient = age.generate()
    content = age_file.identity_file(identity, recipient, datetime(2026, 11, 24, 12, 0, 0, 5, tzinfo=UTC))
    lines = content.reveal().decode().split("\n")
    assert lines == [
        "# created: 2026-11-24T12:00:00+00:00",
        f"# public key: {recipient}",
        identity.reveal().decode(),
        "",
    ]


def test_only_the_owner_can_read_the_file_and_the_folders_made_for_it(tmp_path: Path):
    old = os.umask(0)
    try:
        age_file.write_new(str(tmp_path / "sops" / "age" / "keys.txt"), CONTENT, make_folders=True)
    finally:
        os.umask(old)
    path = tmp_path / "sops" / "age" / "keys.txt"
    assert path.read_bytes() == CONTENT.reveal()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("link", [False, True], ids=["a file", "a dangling link"])
def test_what_is_there_is_never_written_over(tmp_path: Path, link: bool):
    path = tmp_path / "keys.txt"
    path.symlink_to(tmp_path / "elsewhere") if link else path.write_text("old")
    with pytest.raises(FileError, match="the file exists") as caught:
        age_file.write_new(str(path), CONTENT)
    assert "`-o FILE`" in caught.value.hints[0]
    assert not (tmp_path / "elsewhere").exists()
    assert link or path.read_text() == "old"


def test_folders_are_not_made_for_a_file_that_the_user_named(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        age_file.write_new(str(tmp_path / "typo" / "keys.txt"), CONTENT)


def test_a_full_disk_leaves_no_half_key_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        age_file.write_new(str(tmp_path / "keys.txt"), CONTENT)
    assert list(tmp_path.iterdir()) == []
