"""Whether this replica may write in a namespace: only one it owns, and not while another controller is waited for."""

from __future__ import annotations

from types import SimpleNamespace

from secrets_gitops.controller.work_share import Gate


def test_only_an_owned_namespace_is_written_and_none_behind_a_closed_gate():
    closed = [False]
    gate = Gate(SimpleNamespace(owns={"mine"}.__contains__), lambda: closed[0])
    assert gate.may_write("mine") and not gate.may_write("theirs")
    closed[0] = True
    assert gate.owns("mine") and not gate.may_write("mine")
