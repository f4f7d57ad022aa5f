"""What stands again and again on one line is one finding; on the next line, or with another value, it is another."""

from __future__ import annotations

import pytest

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


FORMS = {
    "the passwords of Postfix": "# sasl_passwd\n[smtp.example.org]:587 mailer@example.org:{}\n",
    "a user of SNMP": "createUser monitor SHA {} AES\n",
    "a user of Redis": "user app on >{} ~* +@all\n",
    "netrc": "machine git.example.org login ci password {}\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_formats_without_keys(form, values):
    password = values.password()
    assert [one.value for one in find(FORMS[form].format(password).encode())] == [password]
    assert not list(find(FORMS[form].format("${PASSWORD}").encode()))
