"""Edits as a person sees them in a diff: the line that was meant, in the habits of the file."""

from __future__ import annotations

from textwrap import dedent

import pytest

from secrets_gitops.documents import edit
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.errors import DocumentError

SECRET = dedent("""\
    # owner: team-a
    apiVersion: v1   # core
    kind: Secret
    stringData:
      # the user
      user: 'web'   # rotated

      # the password
      password: old
      config: |  # multi
        [db]
        host = a

    items:
    - name: a
      keys: [x, y]   # two
    - b
    empty: {}
    none:
    """)


def change(text: str, *path: str | int, to=None, drop: bool = False, name: str = "x.yaml", root: int = 0) -> str:
    document = read(text, path=name)
    edits = edit.remove_path(document, root, path) if drop else edit.set_path(document, root, path, to)
    return document.apply(edits).text


def lines(before: str, after: str) -> list[str]:
    """What a diff shows: lines taken away and lines put in their place, in order."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return [f"-{line}" for line in old] + [f"+{line}" for line in new]


@pytest.mark.parametrize(
    ("path", "value", "diff"),
    [
        (("stringData", "user"), "api", ["-  user: 'web'   # rotated", "+  user: api   # rotated"]),
        (("stringData", "user"), "yes", ["-  user: 'web'   # rotated", '+  user: "yes"   # rotated']),
        (("stringData", "password"), "a\nb\n", ["-  password: old", "+  password: |", "+    a", "+    b"]),
        (("stringData", "user"), "a\nb\n", ["-  user: 'web'   # rotated", '+  user: "a\\nb\\n"   # rotated']),
        (
            ("stringData", "config"),
            "short",
            ["-  config: |  # multi", "-    [db]", "-    host = a", "+  config: short  # multi"],
        ),
        (("stringData", "token"), "t", ["+  token: t"]),
        (("stringData", "token"), "a\nb", ["+  token: |-", "+    a", "+    b"]),
        (("items", 0, "keys", 1), "z", ["-  keys: [x, y]   # two", "+  keys: [x, z]   # two"]),
        (("items", 0, "keys", 2), "z", ["-  keys: [x, y]   # two", "+  keys: [x, y, z]   # two"]),
        (("items", 0, "new"), 1, ["+  new: 1"]),
        (("items", 1), {"name": "b", "keys": []}, ["-- b", "+- name: b", "+  keys: []"]),
        (("items", 99), {"name": "c"}, ["+- name: c"]),
        (("empty", "k"), "v", ["-empty: {}", "+empty:", "+  k: v"]),
        (("none",), "v", ["-none:", "+none: v"]),
        (("none", "a", "b"), "v", ["+  a:", "+    b: v"]),
        (("none", "a", 0), "v", ["+  a:", "+  - v"]),
        (("kind",), {"a": 1}, ["-kind: Secret", "+kind:", "+  a: 1"]),
        (("apiVersion",), [1], ["-apiVersion: v1   # core", "+apiVersion:   # core", "+- 1"]),
        (("metadata", "labels", "app"), "web", ["+metadata:", "+  labels:", "+    app: web"]),
        (("items",), "gone", ["-items:", "-- name: a", "-  keys: [x, y]   # two", "-- b", "+items: gone"]),
    ],
)
def test_setting_a_value_changes_only_its_lines(path, value, diff):
    assert lines(SECRET, change(SECRET, *path, to=value)) == diff


@pytest.mark.parametrize(
    ("path", "diff"),
    [
        (("kind",), ["-kind: Secret"]),
        (("stringData", "user"), ["-  # the user", "-  user: 'web'   # rotated"]),
        (("stringData", "password"), ["-  password: old"]),
        (("stringData", "config"), ["-  config: |  # multi", "-    [db]", "-    host = a"]),
        (("items", 0), ["-- name: a", "-  keys: [x, y]   # two"]),
        (("items", 1), ["-- b"]),
        (("items", 0, "name"), ["-- name: a", "-  keys: [x, y]   # two", "+- keys: [x, y]   # two"]),
        (("items", 0, "keys", 0), ["-  keys: [x, y]   # two", "+  keys: [y]   # two"]),
        (("apiVersion",), ["-apiVersion: v1   # core"]),
    ],
)
def test_removing_takes_its_own_lines(path, diff):
    assert lines(SECRET, change(SECRET, *path, drop=True)) == diff


def test_a_comment_above_a_removed_key_stays_when_a_sibling_follows_at_once():
    text = "a: 1\n# both\nb: 2\nc: 3\n\n# of d\nd: 4\n"
    assert change(text, "b", drop=True) == "a: 1\n# both\nc: 3\n\n# of d\nd: 4\n"
    assert change(text, "d", drop=True) == "a: 1\n# both\nb: 2\nc: 3\n\n"


@pytest.mark.parametrize("head", ["# licence\n", "---\n# licence\n"])
def test_the_comment_that_opens_a_document_stays(head):
    assert change(f"{head}a: 1\n\nb: 2\n", "a", drop=True) == f"{head}\nb: 2\n"


@pytest.mark.parametrize(
    ("text", "path", "wanted"),
    [
        ("a:\n  b: 1\n", ("a", "b"), "a: {}\n"),
        ("a:  # note\n  b: 1\n", ("a", "b"), "a: {}  # note\n"),
        ("a:\n- 1\n", ("a", 0), "a: []\n"),
        ("a: 1\n", ("a",), "{}\n"),
        ("a: [1]\n", ("a", 0), "a: []\n"),
        ("- - 1\n", (0, 0), "- []\n"),
    ],
)
def test_a_collection_that_loses_its_last_member_is_written_as_empty(text, path, wanted):
    assert change(text, *path, drop=True) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a:\n    b: 1\n", "a:\n    b: 1\n    new:\n        k: v\n"),
        ("a:\n  l:\n    - 1\n", "a:\n  l:\n    - 1\n  new:\n    k: v\n"),
        ("a:\r\n  b: 1\r\n", "a:\r\n  b: 1\r\n  new:\r\n    k: v\r\n"),
        ("a:\n  b: 1", "a:\n  b: 1\n  new:\n    k: v"),
        ("a: {b: 1}\n", "a: {b: 1, new: {k: v}}\n"),
        ("a: {\n  b: 1,\n}\n", "a: {\n  b: 1,\n  new: {k: v},\n}\n"),
        ("a: {b, }\n", "a: {b, new: {k: v}, }\n"),
        ("a: {b: }\n", "a: {b: , new: {k: v} }\n"),
        ("a:\n  b: |+\n    x\n\n", "a:\n  b: |+\n    x\n\n  new:\n    k: v\n"),
        ("a:\n  b: |\n    x", "a:\n  b: |-\n    x\n  new:\n    k: v"),
        ("a:\n  b: 1\n# end\n", "a:\n  b: 1\n  new:\n    k: v\n# end\n"),
        ("a:\n  b: 1  # c\n\nz: 1\n", "a:\n  b: 1  # c\n  new:\n    k: v\n\nz: 1\n"),
    ],
)
def test_a_new_key_follows_the_habits_of_the_file(text, wanted):
    assert change(text, "a", "new", to={"k": "v"}) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "a:\n  b: v\n"),
        ("# only a comment\n", "# only a comment\na:\n  b: v\n"),
        ("# no line end", "# no line end\na:\n  b: v\n"),
        ("---\n", "---\na:\n  b: v\n"),
        ("{}\n", "a:\n  b: v\n"),
        ("null\n", "a:\n  b: v\n"),
        ("--- {}\n", "--- \na:\n  b: v\n"),
    ],
)
def test_a_document_without_content_gets_its_first_key(text, wanted):
    assert change(text, "a", "b", to="v") == wanted


def test_one_of_several_documents_is_changed():
    text = "a: 1\n---\na: 1\n---\na: 1\n"
    assert change(text, "b", to=2, root=1) == "a: 1\n---\na: 1\nb: 2\n---\na: 1\n"
    assert change(text, "a", drop=True, root=2) == "a: 1\n---\na: 1\n---\n{}\n"


@pytest.mark.parametrize(
    ("text", "path", "wanted"),
    [
        ('{"a": 1}', ("b",), '{"a": 1, "b": "v"}'),
        ('{"a":1,"c":2}', ("b",), '{"a":1,"c":2,"b":"v"}'),
        ('{\n  "a": 1\n}\n', ("b",), '{\n  "a": 1,\n  "b": "v"\n}\n'),
        ('{\n\t"a": {}\n}\n', ("a", "b"), '{\n\t"a": {\n\t\t"b": "v"\n\t}\n}\n'),
        ('{\r\n    "a": [1]\r\n}', ("n", "b"), '{\r\n    "a": [1],\r\n    "n": {\r\n        "b": "v"\r\n    }\r\n}'),
        ('{"a": [1, 2]}', ("a", 2), '{"a": [1, 2, "v"]}'),
        ('{"a": null}', ("a", "b"), '{"a": {"b": "v"}}'),
        ("{}\n", ("b",), '{\n  "b": "v"\n}\n'),
    ],
)
def test_json_keeps_its_layout(text, path, wanted):
    assert change(text, *path, to="v", name="x.json") == wanted


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (("a",), '{\n  "b": [1, 2],\n  "c": {"d": 1}\n}\n'),
        (("c",), '{\n  "a": 1,\n  "b": [1, 2]\n}\n'),
        (("b", 0), '{\n  "a": 1,\n  "b": [2],\n  "c": {"d": 1}\n}\n'),
        (("c", "d"), '{\n  "a": 1,\n  "b": [1, 2],\n  "c": {}\n}\n'),
    ],
)
def test_a_member_of_json_goes_with_one_comma(path, wanted):
    text = '{\n  "a": 1,\n  "b": [1, 2],\n  "c": {"d": 1}\n}\n'
    assert change(text, *path, drop=True, name="x.json") == wanted


def test_a_change_behind_an_alias_writes_the_alias_out():
    text = "base: &b\n  user: x\n  port: 1\nprod: *b\ntest: *b\n"
    wanted = "base: &b\n  user: x\n  port: 1\nprod:\n  user: z\n  port: 1\ntest: *b\n"
    assert change(text, "prod", "user", to="z") == wanted
    assert change(text, "prod", "port", drop=True) == "base: &b\n  user: x\n  port: 1\nprod:\n  user: x\ntest: *b\n"


@pytest.mark.parametrize(
    ("text", "path", "wanted"),
    [
        ("a: &x 1\nb: *x\nc: *x\n", ("a",), "a: v\nb: &x 1\nc: *x\n"),
        ("a: &x {k: 1}\nb: *x\n", ("a", "k"), "a: {k: v}\nb: &x {k: 1}\n"),
        ("a: &x\n  k: 1\nb: *x\n", ("a", "k"), "a: \n  k: v\nb: &x {k: 1}\n"),
        ("a: &x 1\nb: 2\n", ("a",), "a: v\nb: 2\n"),
    ],
)
def test_what_aliases_repeat_stays_when_its_first_place_changes(text, path, wanted):
    assert change(text, *path, to="v") == wanted


def test_what_aliases_repeat_stays_when_its_key_is_removed():
    assert change("&k a: 1\nb: *k\n", "a", drop=True) == "b: &k a\n"


def test_a_key_of_several_lines_gets_its_first_value():
    assert change("{'a\n  b', c: 1}\n", "a b", to="v") == "{? 'a\n  b' : v, c: 1}\n"


def test_the_last_of_two_equal_keys_is_the_one_that_counts():
    document = read("a: 1\na: 2\n", path="x.yaml", duplicates="keep")
    assert document.splice(edit.set_path(document, 0, ("a",), 3)) == "a: 1\na: 3\n"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (("kind", "x"), "the path does not fit: `kind` is a single value"),
        (("items", "x"), "the path does not fit: `items` is a list"),
        (("stringData", 0), "the path does not fit: `stringData` is a mapping"),
        (("items", -1), "the path does not fit: `items` is a list"),
        (("items", 0, "name", "x"), "the path does not fit: `items[0].name` is a single value"),
        ((), "an empty path names the whole document"),
    ],
)
def test_a_path_that_does_not_fit_is_refused_with_its_place(path, message):
    with pytest.raises(DocumentError) as caught:
        change(SECRET, *path, to="S3cret")
    assert caught.value.message == message
    assert caught.value.place is not None


@pytest.mark.parametrize("path", [("nope",), ("stringData", "nope"), ("items", 7), ("kind", "x"), ()])
def test_removing_what_is_not_there_is_refused(path):
    with pytest.raises(DocumentError, match="there is no"):
        change(SECRET, *path, drop=True)


@pytest.mark.parametrize(
    "text",
    [
        "a: x\n    # a comment far to the right\nb: 1\n",
        "a: x\n          \nb: 1\n",
        "a: x",
        "a: x   # c\n",
    ],
)
def test_text_is_not_written_as_a_block_where_its_surroundings_would_enter_it(text):
    changed = change(text, "a", to="one\ntwo\n")
    assert changed.startswith('a: "one\\ntwo\\n"')
    assert to_plain(read(changed, path="x.yaml").roots[0], "go_v3")["a"] == "one\ntwo\n"


def test_lines_below_a_removed_key_do_not_enter_the_block_above():
    text = "a: |+\n  x\nb: 1\n\n\n   # far right\nc: 2\n"
    changed = change(text, "b", drop=True)
    assert to_plain(read(changed, path="x.yaml").roots[0], "go_v3") == {"a": "x\n", "c": 2}
