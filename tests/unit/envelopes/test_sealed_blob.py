import base64

import pytest

from secrets_gitops.envelopes.sealed_blob import flaw


def blob(size: int, item: int) -> str:
    return base64.b64encode(size.to_bytes(2, "big") + bytes(size + item + 16)).decode()


@pytest.mark.parametrize("size", [256, 384, 512])
@pytest.mark.parametrize("item", [0, 1, 1000])
def test_every_key_size_that_certificates_have(size: int, item: int) -> None:
    assert flaw(blob(size, item)) is None


def test_line_breaks_inside_are_fine() -> None:
    text = blob(256, 3)
    assert flaw(text[:70] + "\r\n" + text[70:] + "\n") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it does not begin with the size of an RSA key"),
        ("aHVudGVyMg==", "it does not begin with the size of an RSA key"),
        ("hunter2", "not padded base64"),
        (blob(257, 3), "it does not begin with the size of an RSA key"),
        (blob(256, 0)[:-4], "it is too short"),
        (blob(256, 3).rstrip("="), "not padded base64"),
        (" " + blob(256, 3)[:-1], "not standard base64"),
    ],
)
def test_what_is_not_a_sealed_item(text: str, reason: str) -> None:
    assert flaw(text) == reason
