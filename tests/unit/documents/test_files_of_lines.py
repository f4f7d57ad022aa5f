"""dotenv, INI and binary files: what is read, with which spans, and how one value is changed in the text."""

from __future__ import annotations

import pytest

from secrets_gitops.documents import edit
from secrets_gitops.documents.limits import Limits
from secrets_gitops.documents.line_values import value_text
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.errors import DocumentError, LimitExceeded


def pairs(text: str, path: str):
    root = read(text, path=path).roots[0]
    if path.endswith(".env"):
        return [(key.text, value.text) for key, value in root.pairs]
    return [(name.text, [(key.text, value.text) for key, value in section.pairs]) for name, section in root.pairs]


class TestDotenv:
    def test_a_line_is_taken_as_it_is(self) -> None:
        text = 'A=1\n\n#note\nexport B="x y"\nC = a=b \nA=\r\nD=one\\ntwo\n=z'
        assert pairs(text, "x.env") == [
            ("A", "1"), ("export B", '"x y"'), ("C ", " a=b "), ("A", "\r"), ("D", "one\ntwo"), ("", "z"),
        ]  # fmt: skip
        assert [(c.text, c.line) for c in read(text, path="x.env").comments()] == [("note", 3)]

    @pytest.mark.parametrize(("text", "line"), [("A=1\nB\n", 2), (" # indented\n", 1)])
    def test_a_line_without_a_sign_is_refused_with_its_place(self, text: str, line: int) -> None:
        with pytest.raises(DocumentError) as caught:
            read(text, path="x.env")
        assert caught.value.place is not None
        assert caught.value.place.line == line
        assert "indented" not in str(caught.value)

    def test_bytes_that_are_no_text_come_back(self) -> None:
        content = b"\xef\xbb\xbfA=\xff\xfe\n"
        document = read(content, path="x.env")
        assert document.to_bytes() == content
        assert to_plain(document.roots[0], "go_v3") == {"\ufeffA": b"\xff\xfe"}

    def test_there_is_a_limit(self) -> None:
        with pytest.raises(LimitExceeded):
            read("A=1\n" * 4, path="x.env", limits=Limits(nodes=3))


class TestIni:
    @pytest.mark.parametrize(
        ("line", "value"),
        [
            ("k = v", "v"), ("k: v", "v"), ("k =", ""), ("k = 'a b'", "a b"), ('k = "a"b"', '"a"b"'),
            ("k = `a#b`", "a#b"),
            ('k = """a"""', "a"), ('k = """a\nb"""', "a\nb"), ("k = a \\\n  b", "a b"), ("k = a ; note", "a"),
            ('k = "has # hash"', '"has'), ("`k` = a=b", "a=b"), ("k = %(x)s", "%(x)s"), ("  k = v  ", "v"),
        ],
    )  # fmt: skip
    def test_values_as_go_ini_reads_them(self, line: str, value: str) -> None:
        assert pairs(f"[s]\n{line}\nz = 1\n", "x.ini") == [("DEFAULT", []), ("s", [("k", value), ("z", "1")])]

    def test_the_last_of_equal_keys_counts_in_the_first_place(self) -> None:
        text = "[s]\na = 1\nb = 2\na = 3\n[s]\na = 4\n"
        assert pairs(text, "x.ini") == [("DEFAULT", []), ("s", [("a", "3"), ("b", "2")]), ("s", [("a", "4")])]
        hidden = read(text, path="x.ini").roots[0].pairs[1][1].items
        assert [node.text for node in hidden] == ["a", "1"]

    def test_comments_belong_to_what_follows(self) -> None:
        document = read("; one\n;two\na = 1 # three\n; four\n[s] ; five\n; end\n", path="x.ini")
        slots = document.slots or {}
        default, section = (node for _, node in document.roots[0].pairs)
        assert [c.text for c in slots[id(default)][1]] == ["one\n;two", "three"]
        assert [c.text for c in slots[id(section)][0]] == ["four", "five"]
        assert [c.text for c in slots[id(document.roots[0])][2]] == ["end"]

    @pytest.mark.parametrize("text", ["[s\n", "[]\n", "word\n", "= v\n", 'k = """open\n', '"k = v\n'])
    def test_what_go_ini_refuses_is_refused(self, text: str) -> None:
        with pytest.raises(DocumentError):
            read(text, path="x.ini")

    @pytest.mark.parametrize(
        ("value", "written"),
        [
            ("plain text", "plain text"), ("", ""), (" lead", '" lead"'), ("a#b", "`a#b`"), ("a\nb", '"""a\nb"""'),
            ("`", '"""`"""'), ("end\\", '"end\\"'), ("'x'", "\"'x'\""), (True, "true"), (1.0, "1.0"),
            (1e21, "1E+21"),
        ],
    )  # fmt: skip
    def test_a_value_is_written_so_that_it_is_read_back(self, value, written: str) -> None:
        assert value_text(value, "ini") == written

    def test_a_null_is_not_written(self) -> None:
        with pytest.raises(DocumentError, match="null"):
            value_text(None, "ini")


class TestChanges:
    @pytest.mark.parametrize(
        ("path", "before", "where", "value", "after"),
        [
            ("x.env", "A=1\n#c\nB=2\n", ["A"], "x\ny", "A=x\\ny\n#c\nB=2\n"),
            ("x.env", "A=1", ["N"], "v", "A=1\nN=v\n"),
            ("x.ini", "[s]\nlong = 1\nb    = 2 ; note\n", ["s", "b"], "#", "[s]\nlong = 1\nb    = `#` ; note\n"),
            ("x.ini", "[s]\nlong = 1\n\n; t\n[t]\n", ["s", "n"], "v", "[s]\nlong = 1\nn    = v\n\n; t\n[t]\n"),
            ("x.ini", "[s]\n  a=1\n", ["s", "n"], "v", "[s]\n  a=1\n  n=v\n"),
            ("x.ini", "[s]\na = 1\n; end\n", ["t", "n"], 2, "[s]\na = 1\n\n[t]\nn = 2\n; end\n"),
            ("x.ini", "[s]\r\na = 1\r\n", ["s", "n"], "v", "[s]\r\na = 1\r\nn = v\r\n"),
            ("x.ini", "[s]\n", ["DEFAULT", "n"], "v", "n = v\n\n[s]\n"),
            ("x.ini", '[s]\nq = "old"\n', ["s", "q"], "new", '[s]\nq = "new"\n'),
        ],
    )
    def test_set(self, path: str, before: str, where: list[str], value, after: str) -> None:
        document = read(before, path=path)
        assert document.apply(edit.set_path(document, 0, where, value)).text == after

    @pytest.mark.parametrize(
        ("path", "before", "where", "after"),
        [
            ("x.env", "A=1\n#c\nB=2\n", ["A"], "#c\nB=2\n"),
            ("x.ini", "[s]\n; of a\na = 1 ; note\nb = 2\na = 3\n", ["s", "a"], "[s]\n; of a\nb = 2\n"),
            ("x.ini", "[s]\n; of a\na = 1 ; note\nb = 2\n", ["s", "a"], "[s]\nb = 2\n"),
            ("x.ini", "; of s\n[s]\na = 1\n; of t\n[t]\nb = 2\n", ["s"], "; of t\n[t]\nb = 2\n"),
        ],
    )
    def test_unset(self, path: str, before: str, where: list[str], after: str) -> None:
        document = read(before, path=path)
        assert document.apply(edit.remove_path(document, 0, where)).text == after

    @pytest.mark.parametrize(
        ("path", "where"),
        [("x.env", ["A", "b"]), ("x.env", [0]), ("x.ini", ["s"]), ("x.ini", ["s", "a", "b"]), ("x.bin", ["data"])],
    )
    def test_a_place_that_the_format_does_not_have(self, path: str, where: list[str | int]) -> None:
        document = read("", path=path)
        with pytest.raises(DocumentError, match="no place"):
            edit.set_path(document, 0, where, "v")
        with pytest.raises(DocumentError, match="there is no"):
            edit.remove_path(document, 0, where)


def test_a_binary_file_is_one_value() -> None:
    document = read(bytes(range(256)), path="x.bin")
    assert to_plain(document.roots[0], "go_v3") == {"data": bytes(range(256))}
    assert document.to_bytes() == bytes(range(256))
