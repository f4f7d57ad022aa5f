"""A file is replaced as a whole or stays as it was, whatever happens in between."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys

import pytest

from secrets_gitops.errors import Error, FileError
from secrets_gitops.repository import files


def names(folder) -> list[str]:
    return sorted(os.listdir(folder))


class TestReplace:
    def test_the_content_is_replaced_and_nothing_is_left_beside(self, tmp_path):
        (tmp_path / "a").write_bytes(b"old")
        files.replace(str(tmp_path / "a"), b"new")
        assert (tmp_path / "a").read_bytes() == b"new"
        assert names(tmp_path) == ["a"]

    def test_a_path_without_a_folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        files.replace("a", b"new")
        assert (tmp_path / "a").read_bytes() == b"new"

    def test_a_large_file(self, tmp_path):
        data = os.urandom(3_000_001)
        files.replace(str(tmp_path / "a"), data)
        assert (tmp_path / "a").read_bytes() == data

    @pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o4750, 0o200])
    def test_the_mode_is_kept(self, tmp_path, mode):
        (tmp_path / "a").write_bytes(b"old")
        (tmp_path / "a").chmod(mode)
        files.replace(str(tmp_path / "a"), b"new", mode=0o640)
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode

    def test_a_new_file_is_private_unless_asked_otherwise(self, tmp_path):
        files.replace(str(tmp_path / "a"), b"new")
        files.replace(str(tmp_path / "b"), b"new", mode=0o755)
        assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "ab"] == [0o600, 0o755]

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
    def test_the_owner_is_kept(self, tmp_path):
        (tmp_path / "a").write_bytes(b"old")
        os.chown(tmp_path / "a", 1234, 5678)
        files.replace(str(tmp_path / "a"), b"new")
        found = (tmp_path / "a").stat()
        assert (found.st_uid, found.st_gid) == (1234, 5678)

    def test_extended_attributes_are_kept(self, tmp_path):
        (tmp_path / "a").write_bytes(b"old")
        try:
            os.setxattr(tmp_path / "a", "user.note", b"hello")
        except OSError:
            pytest.skip("this file system has no extended attributes")
        files.replace(str(tmp_path / "a"), b"new")
        assert os.getxattr(tmp_path / "a", "user.note") == b"hello"

    def test_a_link_stays_and_its_target_is_replaced(self, tmp_path):
        (tmp_path / "real").mkdir()
        (tmp_path / "real" / "a").write_bytes(b"old")
        os.symlink("real/a", tmp_path / "link")
        files.replace(str(tmp_path / "link"), b"new")
        assert os.readlink(tmp_path / "link") == "real/a"
        assert (tmp_path / "real" / "a").read_bytes() == b"new"
        assert names(tmp_path / "real") == ["a"]

    def test_a_link_to_a_file_that_is_not_there_yet_makes_it(self, tmp_path):
        os.symlink("a", tmp_path / "link")
        files.replace(str(tmp_path / "link"), b"new")
        assert (tmp_path / "a").read_bytes() == b"new"

    def test_what_is_no_regular_file_is_refused(self, tmp_path):
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "pipe")
        os.symlink("circle", tmp_path / "circle")
        for path in (tmp_path / "folder", tmp_path / "pipe", tmp_path / "circle", "/dev/null"):
            with pytest.raises(FileError, match="not a regular file"):
                files.replace(str(path), b"new")
        assert names(tmp_path) == ["circle", "folder", "pipe"]

    def test_a_folder_that_is_missing_or_is_a_file(self, tmp_path):
        (tmp_path / "a").write_bytes(b"old")
        with pytest.raises(FileError, match="cannot write: no such file or directory"):
            files.replace(str(tmp_path / "none" / "b"), b"new")
        with pytest.raises(FileError, match="cannot write: not a directory") as caught:
            files.replace(str(tmp_path / "a" / "b"), b"new")
        assert str(caught.value.place) == str(tmp_path / "a" / "b")
        assert names(tmp_path) == ["a"]

    @pytest.mark.parametrize("error", [Error("it does not open"), KeyboardInterrupt(), SystemExit(143)])
    def test_a_check_that_fails_leaves_the_old_file(self, tmp_path, error):
        (tmp_path / "a").write_bytes(b"old")
        seen = []

        def check(data: bytes) -> None:
            seen.append(data)
            raise error

        with pytest.raises(type(error)):
            files.replace(str(tmp_path / "a"), b"new", check=check)
        assert seen == [b"new"]
        assert (tmp_path / "a").read_bytes() == b"old"
        assert names(tmp_path) == ["a"]

    def test_a_disk_that_lies(self, tmp_path, monkeypatch):
        (tmp_path / "a").write_bytes(b"old")
        write = os.write
        monkeypatch.setattr(os, "write", lambda fd, data: write(fd, bytes(len(data))))
        with pytest.raises(FileError, match="gives back something else"):
            files.replace(str(tmp_path / "a"), b"new")
        monkeypatch.undo()
        assert (tmp_path / "a").read_bytes() == b"old"
        assert names(tmp_path) == ["a"]

    def run(self, folder, setup: str, *arguments: str) -> subprocess.Popen[str]:
        code = (
            "import sys\nfrom secrets_gitops.repository import files, unfinished\n"
            "from secrets_gitops.errors import Error\n"
            f"{setup}\n"
            "try:\n    files.replace(sys.argv[1], b'n' * 100_000, check=globals().get('check'))\n"
            "except Error as error:\n    sys.exit(f'{error.message} | {error.hints}')\n"
        )
        return subprocess.Popen(
            [sys.executable, "-c", code, str(folder / "a"), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def test_no_room_for_the_whole_file(self, tmp_path):
        (tmp_path / "a").write_bytes(b"old")
        limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"
        done = self.run(tmp_path, limit)
        _, shown = done.communicate(timeout=60)
        assert done.returncode == 1
        assert "cannot write: file too large | ('the limit on the size of files is reached',)" in shown
        assert (tmp_path / "a").read_bytes() == b"old"
        assert names(tmp_path) == ["a"]

    def test_a_full_disk(self, tmp_path):
        """The system takes one page and then says so."""
        (tmp_path / "a").write_bytes(b"old")
        full = (
            "import errno, os\nwrite = os.write\ncalls = []\n"
            "def some(fd, data):\n"
            "    calls.append(1)\n"
            "    if len(calls) > 1:\n        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))\n"
            "    return write(fd, data[:4096])\n"
            "os.write = some"
        )
        done = self.run(tmp_path, full)
        _, shown = done.communicate(timeout=60)
        assert "cannot write: no space left on device | ('the disk is full',)" in shown
        assert (tmp_path / "a").read_bytes() == b"old"
        assert names(tmp_path) == ["a"]

    @pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
    def test_a_signal_in_between_leaves_the_old_file(self, tmp_path, sent, code):
        (tmp_path / "a").write_bytes(b"old")
        setup = (
            "import time\nfrom secrets_gitops.cli import interrupts\ninterrupts.become_exceptions()\n"
            "def check(data):\n    print('ready', flush=True)\n    time.sleep(60)"
        )
        process = self.run(tmp_path, setup)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert len(names(tmp_path)) <= 2  # the new one has no name yet where the system allows that
        process.send_signal(sent)
        process.communicate(timeout=60)
        assert process.returncode in (code, -sent)  # an interrupt that nobody catches ends Python by the signal itself
        assert (tmp_path / "a").read_bytes() == b"old"
        assert names(tmp_path) == ["a"]

    @pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
    def test_a_folder_that_may_not_be_written(self, tmp_path):
        (tmp_path / "a").write_bytes(b"old")
        for folder in (tmp_path, *tmp_path.parents[:3]):
            folder.chmod(0o755)
        done = self.run(tmp_path, "import os; os.setgid(65534); os.setuid(65534)")
        _, shown = done.communicate(timeout=60)
        assert "cannot write: permission denied | ('look at the permissions of the file and its folder',)" in shown
        assert (tmp_path / "a").read_bytes() == b"old"
        assert names(tmp_path) == ["a"]

    @pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
    def test_a_file_of_somebody_else_does_not_change_its_owner(self, tmp_path):
        (tmp_path / "a").write_bytes(b"old")
        for folder in tmp_path.parents[:3]:
            folder.chmod(0o755)
        tmp_path.chmod(0o777)
        done = self.run(tmp_path, "import os; os.setgid(65534); os.setuid(65534)")
        _, shown = done.communicate(timeout=60)
        assert (
            'cannot write: operation not permitted | ("run as the file\'s owner, or write to another file",)' in shown
        )
        assert (tmp_path / "a").read_bytes() == b"old"
        assert names(tmp_path) == ["a"]


class TestTogether:
    def test_each_takes_its_place_when_asked(self, tmp_path):
        (tmp_path / "b").write_bytes(b"old")
        together = files.Together([(str(tmp_path / name), name.encode()) for name in "abc"])
        assert [(tmp_path / name).exists() for name in "abc"] == [False, True, False]
        for name in "abc":
            together.place()
            assert (tmp_path / name).read_bytes() == name.encode()
        together.close()
        assert names(tmp_path) == ["a", "b", "c"]

    def test_what_was_not_placed_is_gone(self, tmp_path):
        (tmp_path / "b").write_bytes(b"old")
        together = files.Together([(str(tmp_path / name), b"new") for name in "ab"])
        together.place()
        together.close()
        assert names(tmp_path) == ["a", "b"]
        assert (tmp_path / "b").read_bytes() == b"old"

    def test_one_that_cannot_be_written_leaves_all_as_they_were(self, tmp_path):
        (tmp_path / "a").write_bytes(b"old")
        (tmp_path / "folder").mkdir()
        with pytest.raises(FileError, match="not a regular file") as caught:
            files.Together([(str(tmp_path / name), b"new") for name in ("a", "folder")])
        assert str(caught.value.place) == str(tmp_path / "folder")
        assert (tmp_path / "a").read_bytes() == b"old"
        assert names(tmp_path) == ["a", "folder"]

    def test_a_disk_that_fails_to_confirm_leaves_all_as_they_were(self, tmp_path, monkeypatch):
        (tmp_path / "a").write_bytes(b"old")

        def fail(fd: int) -> None:
            raise OSError(errno.EIO, "broken")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(FileError, match="cannot write"):
            files.Together([(str(tmp_path / name), b"new") for name in "ab"])
        assert (tmp_path / "a").read_bytes() == b"old"
        assert names(tmp_path) == ["a"]


class TestRead:
    def test_a_file(self, tmp_path):
        (tmp_path / "a").write_bytes(b"12345")
        assert files.read(str(tmp_path / "a"), 5) == b"12345"

    def test_more_than_the_limit(self, tmp_path):
        (tmp_path / "a").write_bytes(b"123456")
        with pytest.raises(FileError, match="larger than 5 bytes"):
            files.read(str(tmp_path / "a"), 5)
        with pytest.raises(FileError, match="larger than 5 bytes"):
            files.read("/dev/zero", 5)

    def test_no_file_and_a_folder(self, tmp_path):
        with pytest.raises(FileError, match="cannot read: no such file or directory") as caught:
            files.read(str(tmp_path / "none"))
        assert str(caught.value.place) == str(tmp_path / "none")
        with pytest.raises(FileError, match="cannot read: is a directory"):
            files.read(str(tmp_path))

    def test_a_pipe_that_a_user_names(self, tmp_path):
        source, sink = os.pipe()
        os.write(sink, b"piped")
        os.close(sink)
        assert files.read(f"/dev/fd/{source}", 100) == b"piped"
        os.close(source)
