"""Where identities are looked for: every place that sops has, none of them able to hide another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secrets_gitops import bech32
from secrets_gitops.errors import KeySourceError
from secrets_gitops.keys import age, age_sources

if TYPE_CHECKING:
    from pathlib import Path


def key_text(byte: int = 1) -> str:
    return bech32.encode("age-secret-key-", bytes([byte]) * 32).upper()


def public_text(byte: int = 1) -> str:
    return age.parse_identity(key_text(byte), "here").recipient


@pytest.fixture
def key_file(tmp_path: Path):
    """A maker: an identity file with the keys of these numbers."""

    def make(name: str, *numbers: int, text: str | None = None) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{key_text(number)}\n" for number in numbers) if text is None else text)
        return str(path)

    return make


def test_all_places_are_used_together_and_named_files_come_first(key_file, tmp_path: Path):
    default = key_file("home/.config/sops/age/keys.txt", 4)
    environ = {
        "HOME": str(tmp_path / "home"),
        "SOPS_AGE_KEY": key_text(2),
        "SOPS_AGE_KEY_FILE": key_file("other.txt", 3),
    }
    named = key_file("named.txt", 1)
    found = age_sources.discover([named], environ)
    assert [(each.recipient, each.source) for each in found.identities] == [
        (public_text(1), named),
        (public_text(2), "SOPS_AGE_KEY"),
        (public_text(3), f"{tmp_path / 'other.txt'} (SOPS_AGE_KEY_FILE)"),
        (public_text(4), default),
    ]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({"HOME": "/h"}, "linux", "/h/.config/sops/age/keys.txt"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "/x"}, "linux", "/x/sops/age/keys.txt"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": ""}, "linux", "/h/.config/sops/age/keys.txt"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "x"}, "linux", None),
        ({"HOME": "/h"}, "darwin", "/h/Library/Application Support/sops/age/keys.txt"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "/x"}, "darwin", "/x/sops/age/keys.txt"),
        ({"HOME": "/h", "APPDATA": "/a"}, "win32", "/a/sops/age/keys.txt"),
        ({}, "linux", None),
    ],
)
def test_the_default_file_is_in_the_configuration_folder_of_the_platform(environ, platform: str, expected: str | None):
    assert age_sources.default_file(environ, platform) == expected


@pytest.mark.parametrize(
    "text",
    ["{0} {1}", "{0}\t{1}\n", " {0}\n  {1} \n", "# mine\n{0}\r\n{1}\r\n", "\n\n{0}\n # theirs\n{1}"],
    ids=["blank", "tab", "indented", "comment and CRLF", "indented comment"],
)
def test_the_keys_in_a_variable_are_parted_by_any_blanks(text: str):
    found = age_sources.discover(environ={"SOPS_AGE_KEY": text.format(key_text(1), key_text(2))})
    assert [each.recipient for each in found.identities] == [public_text(1), public_text(2)]


@pytest.mark.parametrize("text", ["{0},{0}", "{0} # mine", "hunter2"])
def test_a_variable_with_anything_else_gives_nothing_and_is_remembered(text: str):
    found = age_sources.discover(environ={"SOPS_AGE_KEY": text.format(key_text())})
    assert found.identities == ()
    [problem] = found.problems
    assert problem.source == "SOPS_AGE_KEY"
    assert key_text()[20:30] not in problem.reason
    assert "hunter2" not in problem.reason


def test_a_broken_place_does_not_hide_a_good_one(key_file, tmp_path: Path):
    default = key_file("home/.config/sops/age/keys.txt", text=f"{key_text()}\n\nfoo\n")
    found = age_sources.discover(
        environ={"HOME": str(tmp_path / "home"), "SOPS_AGE_KEY_FILE": "/nowhere", "SOPS_AGE_KEY": key_text(2)}
    )
    assert [each.recipient for each in found.identities] == [public_text(2)]
    assert [tuple(problem) for problem in found.problems] == [
        ("age", "/nowhere (SOPS_AGE_KEY_FILE)", "cannot read the identity file: no such file or directory"),
        ("age", default, "line 3: an age identity begins with `AGE-SECRET-KEY-`"),
    ]


def test_the_default_file_that_is_not_there_is_named(tmp_path: Path):
    found = age_sources.discover(environ={"HOME": str(tmp_path)})
    assert [tuple(problem) for problem in found.problems] == [
        ("age", str(tmp_path / ".config/sops/age/keys.txt"), "there is no such file")
    ]


def test_broken_ssh_keys_are_remembered_and_hide_nothing(tmp_path: Path):
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_rsa").write_text("hunter2")
    found = age_sources.discover(
        environ={
            "HOME": str(tmp_path),
            "XDG_CONFIG_HOME": "relative",
            "SOPS_AGE_SSH_PRIVATE_KEY_FILE": "/nowhere",
            "SOPS_AGE_KEY": key_text(),
        }
    )
    assert [each.recipient for each in found.identities] == [public_text()]
    assert [(problem.source, problem.reason) for problem in found.problems] == [
        ("/nowhere (SOPS_AGE_SSH_PRIVATE_KEY_FILE)", "cannot read the identity file: no such file or directory"),
        (str(tmp_path / ".ssh" / "id_rsa"), "it is no SSH private key"),
    ]


def test_empty_variables_are_no_places(tmp_path: Path):
    kinds = ("KEY", "KEY_FILE", "KEY_CMD", "SSH_PRIVATE_KEY_FILE", "SSH_PRIVATE_KEY_CMD")
    environ = dict.fromkeys((f"SOPS_AGE_{kind}" for kind in kinds), "")
    assert age_sources.discover(environ=environ) == ((), ())


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOPS_AGE_KEY", key_text())
    assert [each.recipient for each in age_sources.discover().identities] == [public_text()]


def test_a_named_file_that_cannot_be_used_is_an_error_at_once(key_file):
    with pytest.raises(KeySourceError, match="no such file or directory") as caught:
        age_sources.discover(["/nowhere"], {})
    assert str(caught.value.place) == "/nowhere"
    with pytest.raises(KeySourceError, match="begins with"):
        age_sources.discover([key_file("bad.txt", text="foo\n")], {})
    with pytest.raises(KeySourceError, match="malformed"):
        age_sources.discover([key_file("id", text="-----BEGIN OPENSSH PRIVATE " + "KEY-----\nAAAA\n")], {})


def test_a_folder_in_the_place_of_a_file_says_so(tmp_path: Path):
    with pytest.raises(KeySourceError, match="is a directory"):
        age_sources.discover([str(tmp_path)], {})
