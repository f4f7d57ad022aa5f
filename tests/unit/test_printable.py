"""Printable: what a hostile name looks like on a terminal."""

from __future__ import annotations

import os

import pytest

from secrets_gitops.printable import log_line, log_path, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("apps/db.yaml", "apps/db.yaml"),
        ("é/日本.yaml", "é/日本.yaml"),
        ("\x1b[2Jclean", r"\x1b[2Jclean"),
        ("a\nerror: b", r"a\x0aerror: b"),
        (os.fsdecode(b"caf\xe9.yaml"), r"caf\xe9.yaml"),
        ("a\u202eb", r"a\u202eb"),
        ("tag\U000e0041", r"tag\U000e0041"),
    ],
)
def test_what_could_drive_a_terminal_is_made_visible(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize(
    "name", ["##vso[task.setvariable variable=x]y", "a ##[stop-commands]z", "####[group]", "##teamcity[x]", "#\n#[x]"]
)
def test_no_name_is_a_command_for_what_reads_a_log(name):
    assert "##" not in log_line(name)
    assert "\n" not in log_line(name)


def test_no_path_begins_a_line_as_a_command():
    assert log_path("::error::x") == "./::error::x"
    assert log_path("  ::error::x") == "./  ::error::x"
    assert log_path("apps/a::b.yaml") == "apps/a::b.yaml"
