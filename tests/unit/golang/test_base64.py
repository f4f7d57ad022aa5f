import pytest

from secrets_gitops.golang import base64


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", b""), ("YQ==", b"a"), ("Y\nQ=\r\n=", b"a"), ("YWI=", b"ab"), ("YWJj\n", b"abc"), ("YR==", b"a")],
)
def test_reads_the_standard_padded_form_and_skips_line_breaks(text: str, expected: bytes) -> None:
    assert base64.decode(text) == expected


@pytest.mark.parametrize(
    "text", ["YQ", "YQ=", "Y Q==", " YQ==", "-_-_", "YQ==YQ==", "AAAA====", "====", "%%%", "é===", "Y=Q="]
)
def test_refuses_everything_else_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        base64.decode(text)
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "byte"),
    [("!!!", 0), ("AAAA!", 4), ("AA A", 2), ("AAA", 0), ("AAAAAA", 4), ("AA==A", 4), ("AAA=AAAA", 4), ("A=AA", 1)],
)
def test_the_place_where_go_stops(text, byte):
    assert base64.fault(text) == byte
