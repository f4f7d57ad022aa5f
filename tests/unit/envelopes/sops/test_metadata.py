"""The `sops` block, read liberally."""

from __future__ import annotations

import pytest

from secrets_gitops.documents.read import read
from secrets_gitops.envelopes.sops import metadata
from secrets_gitops.envelopes.sops.selection import DEFAULT, Selector
from secrets_gitops.errors import EnvelopeError

BLOCK = """\
a: x
sops:
  age:
  - recipient: age1x
    enc: text
  lastmodified: "2026-11-23T04:37:57Z"
  mac: ENC[m]
  version: 3.11.0
"""


def block(text: str = BLOCK):
    return metadata.read(read(text, path="f.yaml"))


def test_what_it_says():
    found = block(BLOCK + "  encrypted_regex: ^a$\n  mac_only_encrypted: true\n  later_field: x\n")
    assert found is not None
    assert [(entry.kind, entry.recipient, entry.enc) for entry in found.entries] == [("age", "age1x", "text")]
    assert (found.selector, found.mac_only_encrypted) == (Selector("encrypted_regex", "^a$"), True)
    assert (found.version, found.mac, found.threshold) == ("3.11.0", "ENC[m]", 0)


def test_without_a_selector_the_default_holds():
    found = block(BLOCK + "  unencrypted_suffix: ''\n  encrypted_suffix: null\n")
    assert found is not None
    assert found.selector == DEFAULT


@pytest.mark.parametrize("text", ["a: x\n", "sops: 1\n", "sops: {version: 1.2.3, age: 7}\n", "- sops\n", ""])
def test_settings_of_that_name_are_no_block(text: str):
    assert block(text) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("version: 3.11.0", "versio: 3.11.0", "names no version"),
        ("version: 3.11.0", "version: banana", "names no version"),
        ("version: 3.11.0", "version: 3.11", "names no version"),
        ("version: 3.11.0", "version: 0.8", "names no version"),
        ('"2026-11-23T04:37:57Z"', "yesterday", "`lastmodified` in the `sops` block is no time"),
        ("age:\n  - recipient: age1x\n    enc: text", "age: []", "names no key"),
        ("age:\n  - recipient: age1x\n    enc: text", "age: {a: 1}", "`age` in the `sops` block is no list"),
        ("version: 3.11.0", "version: 3.11.0\n  mac_only_encrypted: no", "neither true nor false"),
        ("version: 3.11.0", "version: 3.11.0\n  shamir_threshold: many", "no small number"),
        ("version: 3.11.0", "version: 3.11.0\n  encrypted_suffix: a\n  encrypted_regex: b", "more than one selector"),
    ],
)
def test_what_makes_no_sense_is_an_error_with_its_place(old: str, new: str, message: str):
    assert old in BLOCK
    with pytest.raises(EnvelopeError, match=message) as caught:
        block(BLOCK.replace(old, new))
    assert caught.value.place is not None
    assert caught.value.place.line > 1


@pytest.mark.parametrize(
    "extra",
    [
        "pgp: []",
        "kms: null",
        "hc_vault: null",
        "shamir_threshold: 2.000000",
        'shamir_threshold: "0"',
        "mac_only_encrypted: 0",
        "key_groups: []",
    ],
)
def test_what_old_writers_left_is_fine(extra: str):
    assert block(f"{BLOCK}  {extra}\n") is not None


def test_top_level_lists_hide_key_groups():
    groups = "  key_groups:\n  - age: [{recipient: age1y, enc: z}]\n"
    found = block(BLOCK + groups)
    assert found is not None
    assert [entry.recipient for entry in found.entries] == ["age1x"]
    found = block(BLOCK.replace("age:\n  - recipient: age1x\n    enc: text", "age: []") + groups)
    assert found is not None
    assert [entry.recipient for entry in found.entries] == ["age1y"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-11-23T04:37:57+00:00", "2026-11-23T04:37:57Z"),
        ("2026-11-23T04:37:57.5Z", "2026-11-23T04:37:57Z"),
        ("2026-11-23T04:37:57+02:00", "2026-11-23T04:37:57+02:00"),
        ("2026-11-23 04:37:57", "2026-11-23T04:37:57Z"),
    ],
)
def test_the_time_that_authenticates_the_mac_has_whole_seconds(text: str, wanted: str):
    assert metadata.mac_time(text) == wanted


@pytest.mark.parametrize(
    ("kind", "entry", "identity"),
    [
        ("azure_kv", "{vault_url: 'https://v', name: k, version: '1'}", "https://v/keys/k/1"),
        ("hc_vault", "{vault_address: 'http://v', engine_path: e, key_name: k}", "http://v/v1/e/keys/k"),
        ("kms", "{arn: A, role: R, context: {b: '2', a: '1'}, aws_profile: P}", "A+R|a:1,b:2|P"),
        ("kms", "{arn: A, aws_profile: P}", "A||P"),
        ("kms", "{arn: A, aws_profile: ''}", "A"),
        ("pgp", "{fp: F}", "F"),
    ],
)
def test_how_keys_of_other_kinds_are_told_apart(kind: str, entry: str, identity: str):
    found = block(BLOCK + f"  {kind}: [{entry}]\n")
    assert found is not None
    assert [one.recipient for one in found.entries if one.kind == kind] == [identity]
