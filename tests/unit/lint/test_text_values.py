"""What stands again and again on one line is one finding; on the next line, or with another value, it is another."""

from __future__ import annotations

from secrets_gitops.lint.command_secrets import find
from secrets_gitops.lint.text_values import OncePerLine


def test_once_per_line():
    once = OncePerLine(b"aXaXaYa\nXX")
    assert [once.is_new(what, at) for what, at in (("X", 1), ("X", 3), ("Y", 5), ("X", 8), ("X", 9))] == [
        True, False, True, True, False,
    ]  # fmt: skip


def test_what_a_second_look_finds_on_an_earlier_line_is_told(values):
    """One header is known by its scheme, another by its name: the same token under both, on two lines."""
    token = values.hex(40)
    data = f"curl -H 'Authorization: Bearer {token}'\ncurl -H 'Authorization: token {token}'\n".encode()
    lines = sorted(data.count(b"\n", 0, one.start) for one in find(data) if one.value == token)
    assert lines == [0, 1]


def test_logins_that_repeat_on_a_line(values):
    first, second = values.password(), values.password()
    line = f"curl -u a:{first} x; curl -u a:{first} y; curl -u a:{second} z\n"
    found = [one.value for one in find((line * 2).encode())]
    assert found == [first, second] * 2
