"""Work in a copy of the process: its outcome comes back whole, or not at all, and nothing stays behind."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from secrets_gitops import forked


def files() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0


def children() -> set[int]:
    """The processes whose parent this one is, ended ones too that nobody has asked for."""
    path = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    return set(map(int, path.read_text().split())) if path.exists() else set()


@pytest.mark.parametrize("data", [b"", b"text", b"x" * 5_000_000])
def test_what_the_work_gives_comes_back(data):
    before, others = files(), children()
    here = os.getpid()
    process = forked.start(lambda: data if os.getpid() != here else b"from the parent")
    assert process.outcome() == data
    process.stop()
    assert files() == before
    assert not children() - others


def fails() -> bytes:
    raise ZeroDivisionError


def is_killed() -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b"never"


@pytest.mark.parametrize("work", [fails, is_killed])
def test_work_that_fails_gives_nothing(work, capfd):
    assert forked.start(work).outcome() is None
    assert capfd.readouterr() == ("", "")


def test_work_that_is_stopped_is_not_waited_for():
    before, others = files(), children()
    process = forked.start(lambda: time.sleep(60) or b"")
    process.stop()
    assert files() == before
    assert not children() - others


@pytest.mark.parametrize("what", ["fork", "pipe"])
def test_where_the_system_has_no_room_there_is_no_process(monkeypatch, what):
    def refuse() -> int:
        raise BlockingIOError

    before = files()
    monkeypatch.setattr(os, what, refuse)
    assert forked.start(lambda: b"") is None
    assert files() == before
