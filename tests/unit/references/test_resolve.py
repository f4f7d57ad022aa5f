"""Strings with references become values as vals makes them, or fail as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from secrets_gitops.backends.backend import Surroundings
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import BackendError, BadReference, Error, NotBuiltYet, Place, SecretNotFound
from secrets_gitops.references.fetcher import Fetcher
from secrets_gitops.references.pick import to_text
from secrets_gitops.references.resolve import Resolver, Wanted

VECTORS = Path(__file__).parents[2] / "interop" / "vectors" / "integrations"
RESOLVE = yaml.safe_load((VECTORS / "vals_resolve.yaml").read_text())
STRINGS = [case for case in RESOLVE["cases"] if case["op"] in {"get", "flatten"}]


@pytest.fixture
def resolver(tmp_path):
    """A maker: a resolver over files in a folder and an environment of its own."""
    for name, text in RESOLVE["files"].items():
        (tmp_path / name).write_text(text)

    def make(environ=RESOLVE["env"], **options):
        surroundings = Surroundings(environ, str(tmp_path), str(tmp_path))
        return Resolver(Fetcher.local(surroundings, Deadline(30)), environ, **options)

    return make


@pytest.mark.parametrize("case", STRINGS, ids=lambda case: case["id"])
def test_a_string_is_resolved_as_vals_resolves_it(case, resolver):
    if "ref+exec://" in case["input"]:
        with pytest.raises(NotBuiltYet, match="run a command"):
            resolver().one(case["input"])
    elif case["expect"].get("error"):
        with pytest.raises(Error):
            resolver().one(case["input"])
    else:
        assert to_text(resolver().one(case["input"])) == case["expect"]["text"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("int", 42),
        ("float", 3.14),
        ("bool", True),
        ("null_value", None),
        ("big", 9223372036854775808),
        ("date", "2025-01-01"),
        ("obj", {"a": 1, "b": "two"}),
        ("list", ["x", "y"]),
    ],
)
def test_a_string_that_is_one_reference_takes_the_value_with_its_type(key, value, resolver):
    found = resolver().one(f"ref+file://data.yaml#/{key}")
    assert found == value
    assert type(found) is type(value)


def test_json_with_tabs_is_read_as_json(resolver, tmp_path):
    (tmp_path / "tabs").write_text('{\n\t"a": {"b": 1}\n}')
    assert resolver().one("ref+file://tabs#/a/b") == 1


def test_merge_keys_and_aliases_of_a_fetched_file_are_followed(resolver, tmp_path):
    (tmp_path / "m.yaml").write_text("base: &b {user: u, port: 1}\nprod:\n  <<: *b\n  port: 2\nagain: *b\n")
    assert resolver().one("ref+file://m.yaml#/prod") == {"user": "u", "port": 2}
    assert resolver().one("ref+file://m.yaml#/again/user") == "u"


def test_a_value_that_looks_like_a_reference_stays_text(resolver, tmp_path):
    (tmp_path / "evil").write_text("ref+file://plain.txt")
    assert resolver().one("ref+file://evil") == "ref+file://plain.txt"


def test_bytes_that_are_not_text_stand_alone_or_as_base64(resolver, tmp_path):
    (tmp_path / "raw").write_bytes(b"\xff\x00")
    assert resolver().one("ref+file://raw") == b"\xff\x00"
    assert resolver().one("x-ref+file://raw?encode=base64") == "x-/wA="
    with pytest.raises(BackendError, match="not text"):
        resolver().one("x-ref+file://raw")


def test_ten_references_inside_each_other_are_resolved_and_eleven_refused(resolver):
    assert resolver().one("ref+echo://" * 10 + "a/b") == "a/b"
    with pytest.raises(BadReference, match="more than 10"):
        resolver().one("ref+echo://" * 11 + "a/b")


@pytest.mark.parametrize("inner", ["one two", "a+b", 'a"', "a,", "line\nline"])
def test_an_inner_value_that_would_end_the_outer_reference_is_refused(inner, resolver):
    with pytest.raises(BadReference):
        resolver({"INNER": inner}).one("ref+file://ref+env://INNER")


def test_an_inner_value_never_shows_in_the_error_of_the_outer_reference(resolver):
    with pytest.raises(SecretNotFound) as error:
        resolver({"INNER": "s3cr3t-path"}).one("ref+file://ref+env://INNER")
    assert "s3cr3t" not in str(error.value) + str(error.value.hints)


def test_an_absent_parameter_falls_back_to_the_environment(resolver):
    environ = {"VALS_ENCODE": "base64"}
    assert resolver(environ).one("ref+file://notrail.txt") == "ZmlsZSBjb250ZW50"


@pytest.mark.parametrize(
    ("reference", "error", "exit_code"),
    [
        ("ref+awssecrets://app#/password", NotBuiltYet, 3),
        ("ref+awsssm://some/name", NotBuiltYet, 3),
        ("ref+sops://x.yaml?key_type=base64", NotBuiltYet, 3),
        ("ref+sops://some.ini?format=toml", BadReference, 2),
        ("ref+envsubst:///${A:-x}", NotBuiltYet, 3),
        ("ref+file://plain.txt?colour=blue", BadReference, 2),
        ("ref+file://plain.txt?encode=hex", BadReference, 2),
        ("ref+env://NOT_SET", SecretNotFound, 3),
        ("ref+env://SOPS_AGE_KEY", BackendError, 3),
    ],
)
def test_what_is_not_built_or_not_there_is_refused_by_name(reference, error, exit_code, resolver):
    with pytest.raises(error) as refusal:
        resolver({"SOPS_AGE_KEY": "canary"}).one(reference)
    assert refusal.value.exit_code == exit_code
    assert "canary" not in str(refusal.value)


def test_every_string_has_its_own_answer_with_its_place(resolver):
    place = Place("m.yaml", 3, 7)
    good, bad = resolver().resolve([Wanted("ref+echo://a/b"), Wanted("ref+file://nope.txt", place)])
    assert good == "a/b"
    assert isinstance(bad, SecretNotFound)
    assert bad.place == place


def test_marked_secrets_stay_when_they_are_to_be_kept(resolver):
    kept = resolver(keep_secretref=True)
    assert kept.one("ref+echo://c/d secretref+echo://a/b") == "c/d secretref+echo://a/b"
    nested = "ref+echo://secretref+echo://inner/value"
    assert kept.one(nested) == nested
