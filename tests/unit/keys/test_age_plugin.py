"""The two machines of age plugins against small plugins of our own: each answer, each question, each way to fail."""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.crypto.age.header import Stanza
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import KeySourceError
from secrets_gitops.keys.age_plugin import PluginIdentity, PluginRecipient
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from pathlib import Path

FILE_KEY = bytes(range(16))
PRELUDE = """\
import base64, os, sys, time
def b64(data): return base64.b64encode(data).decode().rstrip("=")
def read():
    line = sys.stdin.readline()
    if not line: sys.exit(1)
    body = ""
    while True:
        part = sys.stdin.readline().rstrip("\\n")
        body += part
        if len(part) < 64: break
    words = line.split()[1:]
    return words, base64.b64decode(body + "=" * (-len(body) % 4))
def say(*words, body=b""):
    text = b64(body)
    print("->", *words)
    for at in range(0, len(text) + 1, 64): print(text[at:at + 64])
    sys.stdout.flush()
def ask(*words, body=b""):
    say(*words, body=body)
    return read()
def hear():
    heard = []
    while True:
        words, body = read()
        heard.append((words, body))
        if words == ["done"]: return heard
machine = sys.argv[1].removeprefix("--age-plugin=")
"""


class Person:
    """Answers what it is told to, and notes what it was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def _next(self, prompt: str) -> str:
        self.asked.append(prompt)
        if not self.answers:
            raise KeySourceError("there is no terminal to ask on")
        return self.answers.pop(0)

    def secret(self, prompt: str, deadline: Deadline) -> Plaintext:
        return Plaintext(self._next(prompt))

    def line(self, prompt: str, deadline: Deadline) -> str:
        return self._next(prompt)

    def say(self, text: str) -> None:
        self.asked.append(text)


@pytest.fixture
def plugin(tmp_path: Path):
    """A maker: install the plugin `toy` with this code; gives the environment to find it in."""

    def make(code: str) -> dict[str, str]:
        path = tmp_path / "bin" / "age-plugin-toy"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!{sys.executable} -S\n{PRELUDE}{code}")
        path.chmod(stat.S_IRWXU)
        return {**os.environ, "PATH": str(path.parent)}

    return make


def identity(environ: dict[str, str], person: Person | None = None, seconds: float = 20) -> PluginIdentity:
    return PluginIdentity(
        "toy", "AGE-PLUGIN-TOY-1X", environ=environ, deadline=Deadline(seconds), asked=person or Person()
    )


STANZAS = (Stanza("X25519", ("abc",), bytes(32)), Stanza("toy", ("1", "2"), bytes(100)))


def test_an_identity_gets_all_stanzas_and_gives_the_file_key(plugin, tmp_path: Path):
    code = f"open({str(tmp_path / 'heard')!r}, 'w').write(machine + repr(hear()) + os.getcwd())\n"
    code += "say('file-key', '0', body=bytes(range(16))); assert read()[0] == ['ok']; say('done')\n"
    assert identity(plugin(code)).unwrap(STANZAS) == FILE_KEY
    heard = (tmp_path / "heard").read_text()
    assert heard.startswith("identity-v1" + repr([
        (["add-identity", "AGE-PLUGIN-TOY-1X"], b""),
        (["recipient-stanza", "0", "X25519", "abc"], bytes(32)),
        (["recipient-stanza", "0", "toy", "1", "2"], bytes(100)),
        (["done"], b""),
    ]))  # fmt: skip
    assert not heard.endswith(os.getcwd())


def test_an_identity_that_finds_nothing_is_no_match(plugin):
    assert identity(plugin("hear(); say('done')\n")).unwrap(STANZAS) is None


def test_a_recipient_gives_its_stanzas(plugin, tmp_path: Path):
    code = f"open({str(tmp_path / 'heard')!r}, 'w').write(machine + repr(hear()))\n"
    code += "ask('labels', 'postquantum')\n"
    code += "ask('recipient-stanza', '0', 'toy', 'x', body=b'1'); ask('recipient-stanza', '0', 'toy'); say('done')\n"
    recipient = PluginRecipient("toy", "age1toy1x", environ=plugin(code), deadline=Deadline(20), asked=Person())
    assert recipient.wrap(FILE_KEY) == (Stanza("toy", ("x",), b"1"), Stanza("toy", (), b""))
    assert (tmp_path / "heard").read_text() == "recipient-v1" + repr([
        (["add-recipient", "age1toy1x"], b""), (["wrap-file-key"], FILE_KEY), (["extension-labels"], b""),
        (["done"], b""),
    ])  # fmt: skip


def test_a_plugin_can_show_ask_and_have_confirmed(plugin):
    code = """
hear()
assert ask('msg', body=b'touch it')[0] == ['ok']
words, pin = ask('request-secret', body=b'PIN?')
assert words == ['ok'] and pin == b'open sesame'
assert ask('request-public', body=b'name?') == (['ok'], b'me')
assert ask('confirm', b64(b'go on'), b64(b'stop'), body=b'Sure?')[0] == ['ok', 'no']
assert ask('confirm', b64(b'fine'), body=b'Well?')[0] == ['ok', 'yes']
assert ask('something-new', '1', body=b'?')[0] == ['unsupported']
ask('file-key', '0', body=bytes(range(16)))
say('done')
"""
    person = Person("open sesame", "me", "what", "2", "1")
    assert identity(plugin(code), person).unwrap(STANZAS) == FILE_KEY
    sure = "age plugin toy: Sure? (1: go on, 2: stop)"
    assert person.asked == [
        "age plugin toy: touch it", "age plugin toy: PIN?", "age plugin toy: name?", sure, sure,
        "age plugin toy: Well? (1: fine)",
    ]  # fmt: skip


def test_a_question_that_nobody_answers_fails_and_the_plugin_says_why(plugin):
    code = (
        "hear()\nassert ask('request-secret', body=b'PIN?')[0] == ['fail']\nask('error', 'internal', body=b'no PIN')\n"
    )
    with pytest.raises(KeySourceError, match="the age plugin `toy` says: no PIN"):
        identity(plugin(code)).unwrap(STANZAS)


FAILURES = {
    "ends at once": ("", "ended before it was done"),
    "ends in the middle": ("hear(); print('-> file-key 0')\n", "ended before it was done"),
    "no stanza": ("hear(); print('hello'); print()\n", "no stanza"),
    "an endless line": ("hear(); print('-> ' + 'x' * 100_000)\n", "a line without an end"),
    "an endless body": ("hear(); print('-> msg'); print(('A' * 64 + '\\n') * 300_000)\n", "something endless"),
    "a short file key": ("hear(); say('file-key', '0', body=b'short'); time.sleep(9)\n", "a file key that nobody"),
    "a file key for another file": (
        "hear(); say('file-key', '1', body=bytes(16)); time.sleep(9)\n",
        "a file key that nobody",
    ),
    "two file keys": (
        "hear(); ask('file-key', '0', body=bytes(16)); say('file-key', '0', body=bytes(16)); time.sleep(9)\n",
        "a file key that nobody",
    ),
    "an error without words": ("hear(); say('error', 'internal'); time.sleep(9)\n", "says: it failed"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_keeps_a_plugin_from_its_work_is_named(plugin, name: str):
    code, reason = FAILURES[name]
    with pytest.raises(KeySourceError, match=reason):
        identity(plugin(code)).unwrap(STANZAS)


def test_a_recipient_without_a_stanza_wraps_nothing(plugin):
    environ = plugin("hear(); say('done')\n")
    with pytest.raises(KeySourceError, match="no stanza at all"):
        PluginRecipient("toy", "age1toy1x", environ=environ, deadline=Deadline(20), asked=Person()).wrap(FILE_KEY)


@pytest.mark.parametrize("code", ["hear(); time.sleep(60)\n", "import signal; signal.signal(2, 1); time.sleep(60)\n"])
def test_a_plugin_that_does_not_answer_is_ended_in_time(plugin, code: str):
    begin = time.monotonic()
    with pytest.raises(KeySourceError, match="did not answer in time"):
        identity(plugin(code), seconds=0.5).unwrap(STANZAS)
    assert time.monotonic() - begin < 10


def test_a_plugin_that_is_not_installed_is_named_with_its_program(tmp_path: Path):
    with pytest.raises(KeySourceError, match="`age-plugin-toy` in PATH") as caught:
        identity({"PATH": str(tmp_path)}).unwrap(STANZAS)
    assert caught.value.hints == ("install `age-plugin-toy`",)


def test_a_plugin_in_the_working_folder_is_not_run(plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    plugin("hear(); say('done')\n")
    monkeypatch.chdir(tmp_path / "bin")
    with pytest.raises(KeySourceError, match="not installed"):
        identity({"PATH": "."}).unwrap(STANZAS)


def test_no_process_and_no_thread_is_left(plugin, tmp_path: Path):
    code = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\nhear(); say('done'); time.sleep(60)\n"
    before = threading.active_count()
    identity(plugin(code)).unwrap(STANZAS)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    end = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < end:  # cancelled timers may be on their way out
        time.sleep(0.01)
    assert threading.active_count() <= before
