"""References of vals are found and split as vals 0.46 does."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from secrets_gitops.errors import BadReference
from secrets_gitops.references.dialects import vals

VECTORS = Path(__file__).parents[3] / "interop" / "vectors" / "integrations"
CASES = yaml.safe_load((VECTORS / "vals_parse.yaml").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_reference_is_split_as_vals_splits_it(case):
    found = list(vals.find(case["input"]))
    expect = case["expect"]
    if "error" in expect:
        with pytest.raises(BadReference) as refusal:
            vals.split(found[0].text)
        assert ("no backend" in refusal.value.message) == (expect["error"] == "unknown_backend")
        return
    expression = vals.split(found[0].text)
    assert expression.scheme == expect["backend"]
    assert expression.kind == expect["kind"]
    assert expression.path == expect["path"]
    assert expression.parameters == expect["params"]
    assert (expression.fragment is None) == (expect["lookup"] == "value")
    assert list(expression.fragment or ()) == expect.get("fragment", [])
    assert case["input"][found[0].end :] == expect.get("trailing_text", "")


def test_every_scheme_of_vals_is_known():
    schemes = """
        awskms awssecrets awsssm azurekeyvault bw conjur doppler echo envsubst exec file gcpsecrets gcs
        gitlab gkms googlesheets hcpvaultsecrets httpjson infisical k8s keychain oci onepasswordconnect op
        openbao pulumistateapi s3 scw servercore sops tfstate tfstateazurerm tfstategitlab tfstategs
        tfstateremote tfstates3 tss vault yclockbox
    """
    assert set(schemes.split()) <= set(vals.BACKENDS)


def test_an_unknown_scheme_is_refused_with_the_known_ones():
    with pytest.raises(BadReference) as refusal:
        vals.split("ref+nosuch://a/b")
    assert refusal.value.exit_code == 2
    assert "`nosuch`" in refusal.value.message
    assert "vault" in refusal.value.hints[-1]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("ref+echo://a/b, c", ["ref+echo://a/b"]),
        ("'ref+echo://a/b'", ["ref+echo://a/b'"]),
        ("a ref+echo://a/b+c ref+file://x.y", ["ref+echo://a/b+", "ref+file://x.y"]),
        ("xsecretref+echo://a/b", ["secretref+echo://a/b"]),
        ("REF+echo://a/b", []),
        ("ref+echo://x", []),
        ("ref+a://ref+b://xy", ["ref+a://ref+b://xy"]),
        ("ref+a://ref+b://xy+/z+ end", ["ref+a://ref+b://xy+/z+"]),
        ("ref+a://ref+b://xy+/z/ref+c://uv++ end", ["ref+a://ref+b://xy+/z/ref+c://uv++"]),
        ('"ref+a://ref+b://xy"', ["ref+a://ref+b://xy"]),
        ("ref+a://zz+ref+b://xx", ["ref+a://zz+", "ref+b://xx"]),
    ],
)
def test_references_end_where_vals_ends_them(text, spans):
    assert [text[match.start : match.end] for match in vals.find(text)] == spans


def test_the_innermost_of_nested_references_is_found():
    text = "ref+a://ref+b://ref+c://uv+/w"
    (match,) = vals.find(text)
    start, stop, end = match.innermost
    assert match.depth == 3
    assert (text[start:stop], text[stop:end]) == ("ref+c://uv", "+")


def test_a_hostile_string_is_searched_in_time_that_grows_with_its_length():
    for hostile in ("ref+a://" * 50_000, "ref+a" * 80_000, "ref+a://" + '"' * 400_000, 'ref+a://ab"+' * 40_000):
        list(vals.find(hostile))  # the test's time limit is the assertion


@pytest.mark.parametrize(
    "text",
    [
        "ref+file://a%2Fb/c",
        "ref+file://a/%zz",
        "ref+file://a/b?encode=%zz",
        "ref+file://a/b?x=1;y=2",
        "ref+file://a/b#/%ff",
        "ref+file://a\tb/c",
        "ref+file://a^b/c",
        "ref+file://<@host/c",
        "ref+ a b://cd",
    ],
)
def test_what_cannot_be_understood_is_refused_and_not_guessed(text):
    with pytest.raises(BadReference):
        vals.split(text)
