"""Envelopes and the bytes of values, after the tables of the format."""

from __future__ import annotations

import math

import pytest

from secrets_gitops.envelopes.sops import value
from secrets_gitops.golang.times import Time

ENVELOPE = (
    "ENC[AES256_GCM,data:/A==,iv:+zvuJR8jVsRhZUIU4AVgT1AMvkyMKbu6o8VAqXBvnM0=,tag:zdlJvTFa+FtZ2T+dPiBo/Q==,type:str]"
)


def test_an_envelope_is_taken_apart_and_put_together():
    sealed = value.parse(ENVELOPE)
    assert sealed is not None
    assert (sealed.data, len(sealed.iv), len(sealed.tag), sealed.type) == (b"\xfc", 32, 16, "str")
    assert value.format(sealed) == ENVELOPE


@pytest.mark.parametrize(
    "text",
    [
        " " + ENVELOPE,
        ENVELOPE.replace("data:/A==", "data:"),
        ENVELOPE.replace("/A==", "/A="),
        ENVELOPE.replace("/A==", "*A=="),
        ENVELOPE.replace("/A==", "é=="),
        ENVELOPE[:-1],
        "ENC[AES256_GCM]",
        "",
    ],
)
def test_what_only_looks_like_one_is_none(text: str):
    assert value.parse(text) is None


def test_text_behind_the_bracket_is_ignored_as_in_sops():
    assert value.parse(ENVELOPE + " trailing") == value.parse(ENVELOPE)


@pytest.mark.parametrize(
    ("content", "data", "kind"),
    [
        ("text", b"text", "str"),
        ("é", b"\xc3\xa9", "str"),
        (b"\xff\x00", b"\xff\x00", "str"),
        (True, b"True", "bool"),
        (False, b"False", "bool"),
        (-7, b"-7", "int"),
        (2**63 - 1, b"9223372036854775807", "int"),
        (1.0, b"1", "float"),
        (1e21, b"1000000000000000000000", "float"),
        (1e-7, b"0.0000001", "float"),
        (123456789.123456789, b"123456789.12345679", "float"),
        (-0.0, b"-0", "float"),
        (math.inf, b"+Inf", "float"),
        (-math.inf, b"-Inf", "float"),
        (math.nan, b"NaN", "float"),
        (Time("2001-12-14T21:59:43.1-05:00"), b"2001-12-14T21:59:43.1-05:00", "time"),
        (None, b"", "null"),
    ],
)
def test_the_bytes_of_a_value(content: object, data: bytes, kind: str):
    assert value.to_bytes(content) == (data, kind)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_integers_beyond_64_bits_have_none(number: int):
    with pytest.raises(ValueError, match="64 bits"):
        value.to_bytes(number)


@pytest.mark.parametrize(
    ("data", "kind", "content"),
    [
        (b"007", "int", 7),
        (b"+7", "int", 7),
        (b"1e3", "float", 1000.0),
        (b"0x1p-2", "float", 0.25),
        (b"1_0.5", "float", 10.5),
        (b"inf", "float", math.inf),
        (b"-Inf", "float", -math.inf),
        (b"T", "bool", True),
        (b"FALSE", "bool", False),
        (b"2001-12-14T00:00:00Z", "time", Time("2001-12-14T00:00:00Z")),
        (b"\xff", "str", b"\xff"),
        (b"raw", "bytes", b"raw"),
        (b" a comment", "comment", " a comment"),
    ],
)
def test_what_other_writers_encrypt_is_read(data: bytes, kind: str, content: object):
    assert value.from_bytes(data, kind) == content


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"0x1F", "int"),
        (b"1_0", "int"),
        (b"9223372036854775808", "int"),
        (b"", "int"),
        (b"v", "int"),
        (b"1e400", "float"),
        (b"", "float"),
        (b"1.5 ", "float"),
        (b"yes", "bool"),
        (b"2001-01-01", "time"),
        (b"2001-01-01 00:00:00Z", "time"),
        (b"x", "foo"),
    ],
)
def test_what_does_not_fit_its_type_is_refused_without_quoting_it(data: bytes, kind: str):
    with pytest.raises(ValueError, match=r"decrypted text|type that is not known") as caught:
        value.from_bytes(data, kind)
    assert not data.strip() or data.decode() not in str(caught.value).split()
