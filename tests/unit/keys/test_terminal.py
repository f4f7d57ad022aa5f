"""The terminal that keys ask on: nothing is echoed, nothing waits for ever, and its settings are put back."""

from __future__ import annotations

import subprocess
import sys

import pseudo_terminal
import pytest

from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import KeySourceError
from secrets_gitops.keys import terminal

ASK = """
import os, termios
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import KeySourceError
from secrets_gitops.keys.terminal import Tty
device = os.open("/dev/tty", os.O_RDWR)
before = termios.tcgetattr(device)
try:
    {code}
except KeySourceError as error:
    print("error:", error.message)
assert termios.tcgetattr(device) == before
"""


def ask(code: str, *answers: tuple[str, str]) -> pseudo_terminal.Ran:
    done = pseudo_terminal.run([sys.executable, "-c", ASK.format(code=code)], answers)
    assert done.returncode == 0, done.stderr.decode()
    return done


def test_a_secret_is_read_and_not_shown():
    done = ask('print(Tty().secret("PIN?", Deadline(20)).reveal())', ("PIN?", "s3cret é"))
    assert done.stdout.decode() == f"{'s3cret é'.encode()!r}\n"
    assert "s3cret" not in done.screen


def test_a_line_is_shown_while_it_is_typed():
    done = ask('print(Tty().line("Name?", Deadline(20)))', ("Name?", "me"))
    assert done.stdout == b"me\n"
    assert "Name? me" in done.screen


def test_control_characters_of_a_prompt_do_not_reach_the_terminal():
    done = ask('Tty().say("a\\x1b[2Jb"); Tty().line("c\\x07d", Deadline(20))', ("d", ""))
    assert "\x1b" not in done.screen
    assert "\x07" not in done.screen


def test_nobody_answers_in_time():
    assert ask('Tty().secret("PIN?", Deadline(0.2))').stdout == b"error: nobody answered in time\n"


def test_the_end_of_input_is_no_answer():
    done = ask('Tty().secret("PIN?", Deadline(20))', ("PIN?", "\x04"))
    assert b"error: nobody answered\n" in done.stdout


def test_without_a_terminal_nobody_is_asked():
    code = "from secrets_gitops.keys.terminal import Tty\nTty().say('x')\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, start_new_session=True, check=False)
    assert b"there is no terminal to ask on" in done.stderr


def test_a_platform_without_terminals_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(terminal, "_DEVICE", "/nowhere")
    with pytest.raises(KeySourceError, match="no terminal"):
        terminal.Tty().secret("PIN?", Deadline(1))
