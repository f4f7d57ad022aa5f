"""Assignments: what sets a key to a value, in the spellings that files use, in linear time."""

from __future__ import annotations

from itertools import pairwise

import pytest

from secrets_gitops.lint import assignments
from secrets_gitops.lint.assignments import places
from secrets_gitops.lint.run import Run
from secrets_gitops.lint.target import Target


class Nothing:
    """A snapshot without files."""

    def exists(self, path: str) -> bool:
        return False


def find(data: bytes, *, by_line: bool = False):
    """The assignments of a file, of YAML where a value ends with its line."""
    return Target("a.yaml" if by_line else "a.py", data, Run(Nothing())).assignments


def pairs(text: str, *, by_line: bool = False) -> list[tuple[str, str]]:
    return [(found.key, found.value) for found in find(text.encode(), by_line=by_line)]


@pytest.mark.parametrize(
    "text",
    [
        "password=abcd1234", "password = 'abcd1234'", 'password: "abcd1234"', 'password := "abcd1234"',
        '"password" => "abcd1234"', '"password": "abcd1234",', 'x["password"] = "abcd1234"',
        'password: str = "abcd1234"',
        'String password = "abcd1234";', "password = b'abcd1234'", '{\\"password\\": \\"abcd1234\\"}',
        "const password = `abcd1234`", 'setenv("password", "abcd1234")', "--password=abcd1234",
        'password = os.getenv("DB_PASSWORD", "abcd1234")', "password = ENV.fetch('A', 'abcd1234')",
        'String password = System.getenv().getOrDefault("A", "abcd1234");', "'password' => env('A', 'abcd1234'),",
        'password = os.environ.get("A") or "abcd1234"', "const password = process.env.A ?? 'abcd1234'",
        'let password = String::from("abcd1234");', 'var password = []byte("abcd1234")', 'password = ("abcd1234"',
        "{ name: 'password', value: 'abcd1234' }", 'val password = sys.env.getOrElse("A", "abcd1234")',
        'add("password", default="abcd1234")', 'add("password", type=str, default="abcd1234")',
    ],
)  # fmt: skip
def test_a_key_and_its_value_are_found(text):
    ((key, value),) = pairs(text)
    assert (key.lstrip("-"), value) == ("password", "abcd1234")


@pytest.mark.parametrize(
    "text",
    [
        'if password == "abcd1234"', 'password != "abcd1234"', "the password is long", "password", "password:",
        "passwords.length", 'compass = "abcd1234"', "mypassword_file = 'abcd1234'", 'password =~ "abcd1234"', "a = 1",
    ],
)  # fmt: skip
def test_what_sets_nothing_is_none(text):
    assert pairs(text) == []


def test_chance_makes_no_key_of_ciphertext():
    envelope = "ENC[AES256_GCM,data:Tr5mGlnYSbxPw=,iv:PCGDJ45zHgMjT/6SXFULdjK2ym4pibl2iDu0c8vUkwQ=,tag:eHg=,type:str]"
    text = f"a={envelope}\nb={envelope}; password=abcd1234\n"
    assert pairs(text) == [("password", "abcd1234")]
    assert pairs(text, by_line=True) == [("password", "abcd1234")]
    assert pairs("enc=\\n8fLNiTMckPw=\\n-----END AGE ENCRYPTED FILE-----\n", by_line=True) == []
    assert pairs("|1|l/ZeXUb1p1+3eGQOo1wIL0iTKey=|8JqPwVO3FwCA0jq9jaUH8PbxH7k= ssh-ed25519 AAAA\n") == []
    assert pairs("MyDb01AdminPassword=abcd1234\n") == [("MyDb01AdminPassword", "abcd1234")]
    for cut in ("ENC[AES256_GCM,data:", "ENC[AES256_GCM,", "ENC[AES256_GCM,data:Tr5m,iv:PCGD"):
        assert pairs(f"a={cut}\ntoken=abcd1234\nb=[1]\n", by_line=True) == [("token", "abcd1234")]
        assert pairs(f"a={cut} token=abcd1234 ]\n") == [("token", "abcd1234")]


def test_the_place_is_in_bytes():
    data = 'é: 1\npassword = "abcd1234"\n'.encode()
    (found,) = find(data)
    assert data[found.start : found.end] == b'password = "abcd1234'
    assert data[found.value_start : found.end] == b"abcd1234"


def test_several_on_a_line_or_the_rest_of_it():
    text = "host=a password=abcd1234 token=wxyz9876"
    assert pairs(text) == [("password", "abcd1234"), ("token", "wxyz9876")]
    assert pairs(text, by_line=True) == [("password", "abcd1234 token=wxyz9876")]


def test_a_word_that_stands_often_is_found_each_time():
    lines = [f"token: value{number:05}" for number in range(6_000)]
    assert pairs("\n".join(lines), by_line=True) == [("token", line[7:]) for line in lines]


def test_places_are_the_same_however_many_words_there_are(monkeypatch):
    data = b"password1 password2=x .password1\npassword12 password1|\tpassword2 password1 end password2"
    few = places(data, [b"password1", b"password2"], frozenset(b" |"))
    monkeypatch.setattr(assignments, "MANY", 0)
    assert few == places(data, [b"password1", b"password2"], frozenset(b" |"))
    assert [at for at, _ in few] == [0, 44, 55, 65, 79]


def test_many_different_keys_are_all_found():
    lines = [f"token_{number}x: value{number:05}" for number in range(1_500)]
    assert len(pairs("\n".join(lines * 20), by_line=True)) == 30_000


@pytest.mark.parametrize("unit", ["password: ", "k=k=", 'password="', "'", "token,", "a", "- ", "export ", "://a:"])
@pytest.mark.parametrize("by_line", [True, False])
def test_a_long_line_gives_no_more_than_its_length(unit, by_line):
    """Values do not overlap, so that a line cannot cost the square of its length."""
    found = find(unit.encode() * 20_000, by_line=by_line)
    assert all(one.end <= other.start for one, other in pairwise(found))
