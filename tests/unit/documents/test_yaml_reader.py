"""YAML is read into nodes whose spans are exact, and hostile text ends quickly with an error that has a place."""

from __future__ import annotations

import time

import pytest
import yaml

from secrets_gitops.documents.document import Edit, walk
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.errors import DocumentError, LimitExceeded, Place, SettingsError


def spans(text: str) -> list[tuple[str, str]]:
    document = read(text, path="x.yaml")
    return [
        (f"{node.kind} {node.style}", document.text[node.start : node.end])
        for root in document.roots
        for node in walk(root)
    ]


def values(text: str) -> list[str]:
    """The spans of the values of a mapping's pairs."""
    document = read(text, path="x.yaml")
    return [document.text[value.start : value.end] for _, value in document.roots[0].pairs]


def refusal(text: str | bytes, **options) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(text, path="bad.yaml", **options)
    return caught.value


# --- spans


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("k: plain\n", "plain"),
        ("k:   spaced   # comment\n", "spaced"),
        ("k: 'it''s'\n", "'it''s'"),
        ('k: "a\\"b"\n', '"a\\"b"'),
        ("k: over\n  two lines\nl: 1\n", "over\n  two lines"),
        ("k: 'over\n\n  two lines'\n", "'over\n\n  two lines'"),
        ("k: |\n  a\n  b\n", "|\n  a\n  b"),
        ("k: |\n  a\n\n\nl: 1\n", "|\n  a"),
        ("k: |+\n  a\n\n\nl: 1\n", "|+\n  a\n\n"),
        ("k: |\n  a\n     \nl: 1\n", "|\n  a\n     "),
        ("k: |\n  a", "|\n  a"),
        ("k: |\nl: 1\n", "|"),
        ("k: >-  # folded\n  a\n  b\n", ">-  # folded\n  a\n  b"),
        ("k: &x plain\n", "&x plain"),
        ("k: !!str &x 'a'\n", "!!str &x 'a'"),
        ("k: &x\n", "&x"),
        ("k: !vault |\n  a\n", "!vault |\n  a"),
        ("k: !<tag:a,b> v\n", "!<tag:a,b> v"),
        ("k: {a: 1, b: [2]}  # c\n", "{a: 1, b: [2]}"),
        ("k: [\n  a,\n]\nl: 1\n", "[\n  a,\n]"),
        ("k:\n  a: 1\n\n# note\nl: 1\n", "a: 1"),
        ("k: &x\n  a: 1\n", "&x\n  a: 1"),
        ("k:\n- a\n- b  # c\nl: 1\n", "- a\n- b"),
        ("k:\n", ""),
        ("k: |\r\n  a\r\nl: 1\r\n", "|\r\n  a"),
        ("k: 🎉é\t# c\n", "🎉é"),
        ("k:\tx\n", "x"),
        ("k: a#b:c\n", "a#b:c"),
    ],
)
def test_a_value_has_the_span_of_its_own_text(text, wanted):
    assert values(text)[0] == wanted


def test_spans_are_exact_behind_a_directive_a_byte_order_mark_and_wide_characters():
    document = read("\ufeff%YAML 1.1\n---\n# 🎉\n🎉: é🎉\nb: x\n".encode(), path="x.yaml")
    assert [document.text[value.start : value.end] for _, value in document.roots[0].pairs] == ["é🎉", "x"]
    assert document.bom
    assert document.place(document.roots[0].pairs[1][1]) == Place("x.yaml", 5, 4)


def test_a_byte_order_mark_and_line_ends_come_back():
    data = "\ufeffa: 1\r\nb: 2\r\n".encode()
    document = read(data, path="x.yaml")
    assert document.to_bytes() == data
    value = document.roots[0].pairs[1][1]
    assert document.apply([Edit(value.start, value.end, "3")]).to_bytes() == "\ufeffa: 1\r\nb: 3\r\n".encode()


def test_all_nodes_of_a_nested_text():
    assert spans("? {a , b: }\n: [x: y , *r]\n".replace("*r", "z")) == [
        ("mapping block", "? {a , b: }\n: [x: y , z]"),
        ("mapping flow", "{a , b: }"),
        ("scalar plain", "a"),
        ("scalar plain", ""),
        ("scalar plain", "b"),
        ("scalar plain", ""),
        ("sequence flow", "[x: y , z]"),
        ("mapping flow", "x: y"),
        ("scalar plain", "x"),
        ("scalar plain", "y"),
        ("scalar plain", "z"),
    ]


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("a:\n\nb: 1\n", "a:"),
        ("{a , b: 1}", "{a"),
        ("{a: , b: 1}", "{a:"),
        ("? a\n# c\n? b\n", "? a"),
        ("{a # :\n, b: 1}", "{a"),
    ],
)
def test_a_value_that_is_not_written_stands_behind_its_colon_or_key(text, before):
    document = read(text, path="x.yaml")
    value = document.roots[0].pairs[0][1]
    assert (value.start, value.end) == (len(before), len(before))
    assert (value.line, value.column) == (1, len(before) + 1)


def test_each_document_has_a_root_and_an_empty_one_is_null():
    document = read("a: 1\n---\n---\n- b\n...\n---\nc\n", path="x.yaml")
    assert [to_plain(root, "go_v3") for root in document.roots] == [{"a": 1}, None, ["b"], "c"]
    assert read("# nothing\n", path="x.yaml").roots == []
    assert read("", path="x.yaml").roots == []


def test_an_alias_points_to_the_very_node_it_repeats():
    document = read("a: &x {k: 1}\nb: *x\nc: &x 2\nd: *x\n", path="x.yaml")
    (_, a), (_, b), (_, c), (_, d) = document.roots[0].pairs
    assert b.target is a
    assert d.target is c
    assert b.resolved() is a
    assert document.roots[0].get("b") is a
    assert document.text[b.start : b.end] == "*x"


def test_tags_are_resolved_and_anchors_named():
    document = read("%TAG !e! tag:example.org,2000:\n---\n[!!int 3, !vault &n x, !e!y z, ! w]\n", path="x.yaml")
    items = document.roots[0].items
    assert [item.tag for item in items] == ["tag:yaml.org,2002:int", "!vault", "tag:example.org,2000:y", "!"]
    assert [item.anchor for item in items] == [None, "n", None, None]


# --- refusals


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "bad.yaml:3:1", "the key `a` stands twice in one mapping, first on line 1"),
        ("l:\n- {x: 1, 'x': 2}\n", "bad.yaml:2:10", "the key `x` stands twice in one mapping, first on line 2"),
        ("k: &k a\nm: {a: 1, *k : 2}\n", "bad.yaml:2:11", "the key `a` stands twice in one mapping, first on line 2"),
        ("a: *nowhere\n", "bad.yaml:1:4", "an alias without an anchor before it"),
        ("a: &x 1\n---\na: *x\n", "bad.yaml:3:4", "an alias without an anchor before it"),
        ("a: &x [1, *x]\n", "bad.yaml:1:11", "an alias inside what it repeats"),
        ("a: 1\nb: 2\0\n", "bad.yaml:2:5", "a NUL character: this is not a text file"),
        ("a: \x01\n", "bad.yaml:1:4", "a control character that YAML does not allow"),
        ("a: 'open\n", "bad.yaml:2:1", "not valid YAML: found unexpected end of stream"),
        ("a:\n\tb: 1\n", "bad.yaml:2:1", "not valid YAML: a tab where only blanks may stand"),
        ("a: b: c\n", "bad.yaml:1:5", "not valid YAML: mapping values are not allowed in this context"),
        ("a: [1\n", "bad.yaml:2:1", None),
        ("a: \ud800\n", "bad.yaml:1:4", "half of a surrogate pair"),
    ],
)
def test_text_that_cannot_be_read_is_refused_with_its_place(text, place, message):
    error = refusal(text)
    assert str(error.place) == place
    assert message is None or error.message == message
    assert not isinstance(error, LimitExceeded)


@pytest.mark.parametrize(
    "text", ["a: 'S3cret\n", "S3cret: *S3cret\n", "a: [S3cret\n", "a: b: S3cret\n", "a: !<S3cret x\n"]
)
def test_a_refusal_does_not_quote_the_file(text):
    error = refusal(text)
    assert "S3cret" not in f"{error.message} {error.hints} {error!r} {error.__cause__} {error.__context__}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: 1\nb: \xff\n", "not UTF-8 text"),
        ("\ufeffa: 1\n".encode("utf-16"), "UTF-16 text; only UTF-8 is read"),
        ("a: 1\n".encode("utf-16-le"), "a NUL character: this is not a text file"),
    ],
)
def test_other_encodings_are_refused(data, message):
    assert refusal(data).message == message


def test_the_place_of_a_bad_byte_counts_characters():
    assert refusal("a: 1\nb: 🎉".encode() + b"\xff").place == Place("bad.yaml", 2, 5)


def test_both_values_of_a_repeated_key_are_kept_on_demand():
    document = read("a: 1\na: 2\n", path="x.yaml", duplicates="keep")
    assert [value.text for _, value in document.roots[0].pairs] == ["1", "2"]
    assert document.roots[0].get("a").text == "1"
    assert document.roots[0].position("a") == 1


def test_without_the_c_parser_the_user_hears_what_to_do(monkeypatch):
    monkeypatch.delattr(yaml, "CSafeLoader")
    with pytest.raises(SettingsError, match="without its C parser") as caught:
        read("a: 1\n", path="x.yaml")
    assert caught.value.exit_code == 2


# --- limits


LONG = "x" * 10_000_000
HOSTILE = {
    "nested lists": "[" * 100_000,
    "nested mappings": "{" * 100_000,
    "nested pairs": "{a: " * 30_000,
    "nested dashes": "- " * 50_000,
    "nested keys": "? " * 50_000,
    "nested blocks": "".join(f"{' ' * depth}a:\n" for depth in range(3000)),
    "alias bomb": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(12)),
    "many values": "[" + "a," * 1_000_000 + "]",
    "many empty lists": "[" + "[]," * 1_000_000 + "]",
    "many documents": "---\n" * 10_000,
    "many tag directives": "".join(f"%TAG !a{n}! x\n" for n in range(100_000)),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_ends_quickly_at_a_limit(text):
    started = time.perf_counter()
    error = refusal(text)
    assert isinstance(error, LimitExceeded)
    assert error.exit_code == 3
    assert error.place.line > 0 or "%TAG" in text
    assert time.perf_counter() - started < 5  # without the limits: half a minute, or never


@pytest.mark.parametrize(
    "text",
    [
        "a: " + LONG,
        'a: "' + "x" * 10_000_000 + '"\n',
        "a: |\n" + "\n" * 3_000_000 + "b: 1\n",
        " " * 5_000_000,
    ],
    ids=["a long plain line", "a long quoted line", "many empty lines", "a long blank line"],
)
def test_long_text_is_read_quickly(text):
    started = time.perf_counter()
    read(text, path="x.yaml")
    assert time.perf_counter() - started < 5


def test_an_alias_may_repeat_as_much_as_the_limit_allows():
    text = "a: &a [x, x, x]\nb: [*a, *a]\n"
    assert to_plain(read(text, path="x.yaml", limits=Limits(alias_expansions=8)).roots[0], "go_v3")["b"][1] == ["x"] * 3
    assert isinstance(refusal(text, limits=Limits(alias_expansions=7)), LimitExceeded)


@pytest.mark.parametrize(("depth", "fits"), [(3, True), (2, False)])
def test_the_limit_of_depth_counts_collections(depth, fits):
    if fits:
        read("a:\n- [x]\n", path="x.yaml", limits=Limits(depth=depth))
    else:
        assert refusal("a:\n- [x]\n", limits=Limits(depth=depth)).message == "nested deeper than 2 levels"


def test_a_deep_document_is_walked_and_made_plain_without_recursion():
    document = read("[" * 490 + "]" * 490, path="x.yaml")
    tree = to_plain(document.roots[0], "go_v3")
    for _ in range(489):
        [tree] = tree
    assert tree == []
    assert sum(1 for _ in walk(document.roots[0])) == 490


def test_a_file_that_its_user_names_may_be_large():
    values_text = "".join(f"k{n}: v\n" for n in range(150_000))
    assert isinstance(refusal(values_text), LimitExceeded)
    assert len(read(values_text, path="x.yaml", limits=Limits.LARGE).roots[0].pairs) == 150_000
    assert len(read("---\na: 1\n" * 10_000, path="x.yaml", limits=Limits.LARGE).roots) == 10_000


def test_a_file_larger_than_the_limit_is_refused_before_it_is_parsed():
    assert refusal(b"a: 1234567\n", limits=Limits(size=10)).message == "larger than 10 bytes"


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (("a", 1, "b"), "two"), (("c", 1, "b"), "two"), (("d",), "three"), ((), ""), (("a", 3), None), (("x",), None),
        (("d", "x"), None), (("d", 0), None), (("a", "b"), None),
    ],
)  # fmt: skip
def test_what_stands_under_a_path_is_found_through_aliases(path, wanted):
    root = read("a: &all [one, {b: two}, &three three]\nc: *all\nd: *three\n", path="x.yaml").roots[0]
    found = root.at(path)
    assert (found.text if found is not None else None) == wanted
