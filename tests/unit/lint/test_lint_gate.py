"""Which files are scanned, and as what text."""

from __future__ import annotations

import codecs

import pytest

from secrets_gitops.lint import gate

TEXT = "password: é\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_a_byte_order_mark_says_the_encoding(encoding):
    marks = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    data = marks.get(encoding, b"") + TEXT.encode(encoding)
    assert gate.utf8(data) == TEXT.encode()
    assert not gate.is_binary("x", data)


def test_bytes_that_are_no_text_in_the_marked_encoding_stay():
    assert gate.utf8(b"\xff\xfea") == b"\xff\xfea"
    assert gate.utf8(TEXT.encode()) == TEXT.encode()


def test_a_nul_near_the_start_means_binary_unless_the_name_promises_text():
    assert gate.is_binary("program", b"\x7fELF\0\0")
    assert not gate.is_binary("secret.yaml", b"a: b\0")
    assert not gate.is_binary("program", b"a" * 10_000 + b"\0")
    assert not gate.is_binary("SECRET.YAML", b"a: b\0")


def test_a_nul_or_two_in_what_is_text_otherwise_hide_nothing(failing, values):
    line = f"DB_PASSWORD={values.password()}\n"
    for path in (".env.production", "app.conf.j2", "dump"):
        assert not gate.is_binary(path, (line * 3 + "\0").encode())
    assert [path for path, *_ in failing({".env.production": line + "\0"})] == [".env.production"]
    assert gate.is_binary("x", b"\0\1\2\3" * 100 + line.encode())
    assert gate.is_binary("x", b"\0" * 100)


def test_names():
    assert gate.is_binary_name("a/LOGO.PNG")
    assert gate.is_lock_file("web/package-lock.json")
    assert not gate.is_lock_file("values.yaml")


def test_utf_16_shows_without_a_mark_too():
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        data = b"kind: Secret\n".decode().encode(encoding)
        assert gate.utf8(data) == b"kind: Secret\n"
        assert not gate.is_binary("secret", data)
    assert gate.is_binary("x", b"\0\0\0\0")


@pytest.mark.parametrize("name", [".secrets.baseline", "ci/.gitleaks.toml", ".gitleaksignore"])
def test_the_files_of_scanners_hold_what_looks_like_a_secret_by_its_key_alone(name, scan, values):
    text = f'{{"secret": "{values.hex(40)}", "password": "{values.password()}"}}\n'
    assert scan({name: text}, "generic-assignment", "provider-token").findings == ()
    assert scan({name.replace("e", "x"): text}, "generic-assignment").findings != ()
