"""A run over files: steps that wait for services are under way together, and are written one after the other."""

from __future__ import annotations

import threading

import pytest

from secrets_gitops.cli import batch
from secrets_gitops.encrypted_files.selected import Selected
from secrets_gitops.errors import SettingsError

FILES = tuple(f"f{number}" for number in range(20))


@pytest.mark.parametrize("searched", [False, True])
def test_steps_that_wait_are_under_way_together_and_keep_their_order(searched: bool, capsysbinary):
    gate = threading.Barrier(4)

    def step(path: str) -> batch.Done:
        gate.wait(10)
        return batch.Done("done", data=path.encode() + b"\n")

    assert batch.run(Selected(FILES, searched), step, waits=True) == 0
    assert capsysbinary.readouterr().out.decode().split() == list(FILES)


def test_an_error_among_named_files_leaves_all_as_they_are(capsysbinary):
    def step(path: str) -> batch.Done:
        if path == "f3":
            raise SettingsError("no")
        return batch.Done("done", data=b"x")

    with pytest.raises(SettingsError):
        batch.run(Selected(FILES, False), step, waits=True)
    assert capsysbinary.readouterr().out == b""


def test_an_error_among_found_files_is_told_and_the_others_are_done(capsysbinary):
    def step(path: str) -> batch.Done:
        if path == "f3":
            raise SettingsError("no")
        return batch.Done("done", data=path.encode() + b"\n")

    assert batch.run(Selected(FILES, True), step, waits=True) == 2
    shown = capsysbinary.readouterr()
    assert shown.out.decode().split() == [name for name in FILES if name != "f3"]
    assert b"20 files: 19 done, 1 failed" in shown.err
