"""One format written as another: layouts, comments, types, and what is refused. Texts are what sops 3.13.3 prints."""

from __future__ import annotations

import pytest

from secrets_gitops.documents import convert
from secrets_gitops.documents.read import read
from secrets_gitops.errors import DocumentError
from secrets_gitops.golang.times import Time

YAML = "# head\na: 1\nb: 1.0\nc: 2001-01-02\n# of d\nd: yes # beside\n"
STRINGS = {
    "": '""', "yes": '"yes"', "12:30": '"12:30"', "1": '"1"', " a": "' a'", "a: b": "'a: b'", "it's": "it's",
    "'": "''''",
    "a\tb": '"a\\tb"', "é🎉": '"é\\U0001F389"', "a\nb": "|-\n        a\n        b", "a\n\n": "|+\n        a\n",
    " a\nb": "|4-\n         a\n        b", "a \nb": '"a \\nb"', "\ta\nb": '"\\ta\\nb"', "- a": "'- a'", "-a": "-a",
}  # fmt: skip


@pytest.mark.parametrize("text", STRINGS)
def test_strings_are_quoted_as_go_yaml_does(text: str) -> None:
    source = read('{"m": {"k": ""}}', path="x.json")
    (branch,) = convert.branches(source)
    branch[0][1][0] = ("k", text)  # type: ignore[index]
    written = convert.to_text([branch], "yaml")
    assert written == f"m:\n    k: {STRINGS[text]}\n"
    assert convert.to_text(read(written, path="x.yaml"), "json") == convert.to_text([branch], "json")


@pytest.mark.parametrize(
    ("number", "yaml", "json", "line"),
    [
        ("1.0", "1", "1", "1.0"), ("1e6", "1e+06", "1000000", "1E+06"),
        ("123456.5", "123456.5", "123456.5", "123456.5"),
        ("1e21", "1e+21", "1e+21", "1E+21"), ("0.00001", "1e-05", "0.00001", "1E-05"), ("7", "7", "7", "7"),
    ],
)  # fmt: skip
def test_numbers_as_each_format_of_sops_writes_them(number: str, yaml: str, json: str, line: str) -> None:
    source = read(f'{{"k": {number}}}', path="x.json")
    assert convert.to_text(source, "yaml") == f"k: {yaml}\n"
    assert convert.to_text(source, "json") == f'{{\n\t"k": {json}\n}}\n'
    assert convert.to_text(source, "dotenv") == f"k={line}\n"


def test_comments_stay_where_the_format_has_them() -> None:
    source = read(YAML, path="x.yaml")
    assert convert.to_text(source, "dotenv") == "# head\na=1\nb=1.0\nc=2001-01-02T00:00:00Z\n# of d\n# beside\nd=yes\n"
    ini = "# of all\ns:\n    a: 1\n    # of a\n    long: x#y\n"
    assert convert.to_text(read(ini, path="x.yaml"), "ini") == "; of all\n[s]\n; of a\na    = 1\nlong = `x#y`\n"
    back = convert.to_text(read("; c\n[s]\na = 1\n", path="x.ini"), "yaml")
    assert back == 'DEFAULT: {}\ns:\n    #c\n    a: "1"\n'


def test_indentation_is_chosen() -> None:
    source = read('{"a": {"b": [1, {"c": 2}]}}', path="x.json")
    assert convert.to_text(source, "yaml", indent=2) == "a:\n  b:\n    - 1\n    - c: 2\n"
    assert convert.to_text(source, "json", indent=1).startswith('{\n "a": {\n  "b": [\n')
    with pytest.raises(DocumentError):
        convert.to_text(source, "yaml", indent=-1)
    with pytest.raises(DocumentError):
        convert.to_text(source, "json", indent=-2)


def test_a_document_of_another_format_keeps_what_types_its_values_have() -> None:
    for form in ("dotenv", "json", "yaml"):
        document = convert.to_document(read(YAML, path="x.yaml"), form)  # type: ignore[arg-type]
        kept = {type(value) for value in document.typed.values()}
        assert kept == {"dotenv": {int, float, Time}, "json": {float, Time}, "yaml": {float}}[form]


@pytest.mark.parametrize(
    ("text", "form", "message"),
    [
        ("a: null\n", "dotenv", "null"), ("a: {b: 1}\n", "dotenv", "a map or a list"), ("a: 1\n", "ini", "no map"),
        ("s: {k: [1]}\n", "ini", "a map or a list"), ("a: .inf\n", "json", "infinity"),
        ("a: 1\n---\nb: 2\n", "json", "YAML"),
    ],
)  # fmt: skip
def test_what_a_format_cannot_hold_is_refused(text: str, form, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        convert.to_document(read(text, path="x.yaml"), form)


def test_bytes_go_out_as_a_binary_file() -> None:
    assert convert.to_content(read("data: !!binary /wD+\n", path="x.yaml"), "binary") == b"\xff\x00\xfe"
    assert convert.to_text(read(b"\xff\x00\xfe", path="x.bin"), "yaml") == "data: !!binary /wD+\n"
    with pytest.raises(DocumentError):
        convert.to_content(read("a: 1\n", path="x.yaml"), "binary")
