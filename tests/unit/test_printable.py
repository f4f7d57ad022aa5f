"""Printable: what a hostile name looks like on a terminal."""

from __future__ import annotations

import os

import pytest

from secrets_gitops.printable import printable


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
