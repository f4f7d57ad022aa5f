"""Our files against the real sops 3.13.3, both ways: what one encrypts or changes, the other opens, MAC verified."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.keys import age

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live

YAML = """\
# head
data:
  password: s3cret é   # who
  port: 5432
  ratio: 1.5
  big: 9007199254740993
  enabled: true
  nothing: null
  empty: ""
  when: 2024-05-06T07:08:09Z
  day: 2001-01-02
  answer: yes
  quoted: 'it''s'
  escaped: "tab\\there"
  list:
  - a
  # in a list
  - b # beside
  - - nested
    # deeper
    - 2
  multi: |
    one
    two
  folded: >-
    some words
    on two lines
  token_unencrypted: clear
# about meta

meta: {name: x, tags: [a, "b", 3]}
base: &base
  x: 1
  inner: {y: z}
use:
  <<: *base
  copy: *base
empty_map: {}
empty_list: []
# foot
"""
MORE = "---\nsecond: document # two\nlist:\n# first\n- 1\n---\n# only a comment\n---\nlast: 4\n"
JSON = {"a": {"b": ["x", 1, 2.5, True, None, ""], "c": {}}, "big": 9007199254740993, "t": "<&>é\n"}


@pytest.fixture
def repository(tmp_path: Path, program, cli):
    """A folder with a rule for a key of its own, and makers of our commands and those of sops in it."""
    identity, recipient = age.generate()
    (tmp_path / "key.txt").write_bytes(identity.reveal() + b"\n")
    variables = {"SOPS_AGE_KEY_FILE": str(tmp_path / "key.txt"), "SOPS_DISABLE_VERSION_CHECK": "true"}

    class Repository:
        path = tmp_path
        age = recipient

        def rule(self, **fields: str | bool) -> None:
            rule = {"age": recipient} | fields
            (tmp_path / ".sops.yaml").write_text(json.dumps({"creation_rules": [rule]}))

        def sops(self, *arguments: str, env: dict[str, str] | None = None, fails: bool = False) -> bytes:
            done = subprocess.run(
                [program("sops"), *arguments],
                cwd=tmp_path,
                env={**os.environ, **variables, **(env or {})},
                capture_output=True,
                check=False,
            )
            assert fails or done.returncode == 0, done.stderr.decode()
            return done.stdout

        def ours(self, *arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> bytes:
            done = cli(*arguments, stdin=stdin, env={**variables, **(env or {})})
            assert done.returncode == 0, done.stderr.decode()
            return done.stdout

        def write(self, name: str, text: str) -> Path:
            (tmp_path / name).write_bytes(text.encode())
            return tmp_path / name

    made = Repository()
    made.rule()
    return made


def data(text: bytes, path: str = "x.yaml") -> list[object]:
    return [to_plain(root, "go_v3") for root in read(text, path=path).roots]


def comments(text: bytes) -> list[str]:
    return sorted(comment.text.strip() for comment in read(text, path="x.yaml").comments())


SELECTORS = [
    {},
    {"unencrypted_suffix": "_clear"},
    {"encrypted_suffix": "word"},
    {"encrypted_regex": "^(data|meta)$"},
    {"unencrypted_regex": "^(list|base|use)$"},
    {"encrypted_comment_regex": "in a list|about|head"},
    {"unencrypted_comment_regex": "who|beside"},
    {"encrypted_regex": "pass", "mac_only_encrypted": True},
]


@pytest.mark.parametrize("selector", SELECTORS, ids=lambda selector: " ".join(selector) or "default")
@pytest.mark.parametrize("crlf", [False, True], ids=["LF", "CRLF"])
class TestOneFileBothWays:
    def test_sops_opens_ours_to_the_data_that_it_makes_itself(self, repository, selector, crlf) -> None:
        repository.rule(**selector)
        text = YAML + MORE
        repository.write("f.yaml", text.replace("\n", "\r\n") if crlf else text)
        theirs = repository.write("t.yaml", repository.sops("encrypt", "f.yaml").decode())
        repository.ours("encrypt", "-i", "f.yaml")
        got, wanted = repository.sops("decrypt", "f.yaml"), repository.sops("decrypt", theirs.name)
        assert data(got) == data(wanted)
        assert b"ENC[" not in got
        assert set(comments(wanted)) <= set(comments(got))

    def test_we_open_theirs_and_leave_the_same_values_in_clear(self, repository, selector, crlf) -> None:
        repository.rule(**selector)
        text = YAML + MORE
        repository.write("f.yaml", text.replace("\n", "\r\n") if crlf else text)
        theirs = repository.write("t.yaml", repository.sops("encrypt", "f.yaml").decode())
        assert data(repository.ours("decrypt", theirs.name)) == data(repository.sops("decrypt", theirs.name))
        ours = repository.ours("encrypt", "f.yaml")
        assert shape(ours) == shape(theirs.read_bytes())


def shape(text: bytes) -> list[object]:
    """The data of an encrypted file with the type in place of each envelope, without metadata and list comments."""
    trees = data(re.sub(rb"ENC\[[^\]]*type:(\w+)\]", rb"<\1>", text))

    def tidy(tree: object) -> object:
        if isinstance(tree, dict):
            return {key: tidy(value) for key, value in tree.items() if key != "sops"}
        return [tidy(item) for item in tree if item != "<comment>"] if isinstance(tree, list) else tree

    return [tidy(tree) for tree in trees]


def test_json_both_ways(repository) -> None:
    repository.write("f.json", json.dumps(JSON, indent=2))
    repository.sops("encrypt", "--output", "t.json", "f.json")
    repository.ours("encrypt", "-i", "f.json")
    assert json.loads(repository.sops("decrypt", "f.json")) == JSON
    assert json.loads(repository.ours("decrypt", "t.json")) == JSON
    (repository.path / "g.json").write_text('{"a":1,"b":{"c":"x"}}')
    repository.ours("encrypt", "-i", "g.json")
    assert json.loads(repository.sops("decrypt", "g.json")) == {"a": 1, "b": {"c": "x"}}


ODD = {
    "empty map": "{}\n",
    "null": "null\n",
    "a bare marker": "---\n",
    "no final line break": "a: 1",
    "a byte order mark": "\ufeffa: 1\n",
    "indented at the top": "  a: 1\n  b:\n    c: 2\n",
    "braces": "{a: 1, b: [x, {c: d}]}\n",
    "explicit keys": '? a\n: 1\n? "b c"\n: 2\n',
    "markers": "%YAML 1.1\n---\na: 1\n...\n---\nb: 2\n...\n",
    "an anchor on an encrypted value": "a: &x secret\nb: [*x, *x]\n",
    "tags": "a: !!str 5\nb: !vault x\nc: !!binary aGk=\nd: !!int '3'\n",
    "an empty comment in a list": "l:\n- 1\n#\n- 2\n",
    "a list of nothing but comments": "l:\n# c\n- 1\nm:\n  # d\n  []\n",
    "text like an envelope": 'k: "ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]"\n',
    "quoted words of other dialects": 'a: "yes"\nb: \'no\'\nc: on\nd: "1"\ne: "null"\nf: "2001-01-01"\n',
    "infinities": "a: .inf\nb: -.inf\n",
    "keys like words": '"true": 1\n"1": 2\ny: 3\n"": 4\n"a:b": 5\n',
    "trailing comments": "a:\n  b: 1\n  # in a\n# at the end\n",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_yaml(repository, name: str) -> None:
    """sops reads ours as the same data; so do we, and changing the file keeps it so."""
    repository.write("f.yaml", ODD[name])
    wanted = [tree or {} for tree in data(ODD[name].encode())]
    repository.ours("encrypt", "-i", "f.yaml")
    theirs = repository.sops("decrypt", "f.yaml")
    assert b"ENC[" not in theirs.replace(b"ENC[AES256_GCM,data:x", b"")
    assert plain_text(data(theirs)) == plain_text(wanted)
    assert plain_text([tree or {} for tree in data(repository.ours("decrypt", "f.yaml"))]) == plain_text(wanted)
    repository.ours("set", "f.yaml", "new.key", stdin=b"n3w\n")
    changed = data(repository.sops("decrypt", "f.yaml"))
    assert changed[0]["new"] == {"key": "n3w"}


def plain_text(trees: list[object]) -> str:
    """Data to compare: sops prints whole floats as integers, and knows no `!!binary` that is text."""
    return json.dumps(trees, default=lambda value: value.decode() if isinstance(value, bytes) else str(value)).replace(
        ".0", ""
    )


def test_text_that_sops_prints_as_null_is_right_in_the_file(repository) -> None:
    repository.write("f.yaml", 'k: "\\ta\\nb"\n')
    repository.ours("encrypt", "-i", "f.yaml")
    assert repository.sops("decrypt", "--extract", '["k"]', "f.yaml") == b"\ta\nb"
    assert data(repository.ours("decrypt", "f.yaml")) == [{"k": "\ta\nb"}]


class TestChanges:
    @pytest.fixture(params=["ours", "sops"])
    def sealed(self, repository, request) -> Path:
        path = repository.write("f.yaml", YAML + MORE)
        if request.param == "ours":
            repository.ours("encrypt", "-i", "f.yaml")
        else:
            repository.sops("encrypt", "-i", "f.yaml")
        return path

    def test_set_moves_one_line_and_the_mac(self, repository, sealed: Path) -> None:
        before = sealed.read_text().splitlines()
        repository.ours("set", "f.yaml", "data.password", stdin=b"n3w pass: word\n")
        after = sealed.read_text().splitlines()
        moved = [new for old, new in zip(before, after, strict=True) if old != new]
        assert {line.split(":")[0].strip() for line in moved} <= {"password", "mac", "lastmodified"}
        assert len([line for line in moved if "password" in line]) == 1
        assert repository.sops("decrypt", "--extract", '["data"]["password"]', "f.yaml") == b"n3w pass: word"

    def test_unset(self, repository, sealed: Path) -> None:
        repository.ours("unset", "f.yaml", "data.list[0]")
        repository.ours("unset", "f.yaml", '["meta"]["tags"]')
        found = data(repository.sops("decrypt", "f.yaml"))[0]
        assert found["data"]["list"] == ["b", ["nested", 2]]
        assert found["meta"] == {"name": "x"}

    def test_edit(self, repository, sealed: Path) -> None:
        repository.ours("edit", "f.yaml", env={"EDITOR": "sed -i s/s3cret/edited/"})
        assert repository.sops("decrypt", "--extract", '["data"]["password"]', "f.yaml") == "edited é".encode()

    def test_sops_changes_what_we_changed(self, repository, sealed: Path) -> None:
        repository.ours("set", "f.yaml", "data.port", "--json", stdin=b"1")
        repository.sops("set", "f.yaml", '["data"]["port"]', "2")
        repository.ours("set", "f.yaml", "data.list[0]", stdin=b"three")
        found = data(repository.sops("decrypt", "f.yaml"))[0]["data"]
        assert (found["port"], found["list"][0]) == (2, "three")

    def test_updatekeys(self, repository, sealed: Path) -> None:
        identity, recipient = age.generate()
        (repository.path / "other.txt").write_bytes(identity.reveal())
        other = {"SOPS_AGE_KEY_FILE": str(repository.path / "other.txt")}
        mac = re.search(r"mac: .*", sealed.read_text())
        repository.rule(age=f"{repository.age},{recipient}")
        repository.ours("updatekeys", "--yes", "f.yaml")
        both = data(repository.sops("decrypt", "f.yaml"))
        assert data(repository.sops("decrypt", "f.yaml", env=other)) == both
        repository.rule(age=recipient)
        repository.ours("updatekeys", "--yes", "f.yaml")
        assert data(repository.sops("decrypt", "f.yaml", env=other)) == both
        assert repository.sops("decrypt", "f.yaml", fails=True) == b""
        assert re.search(r"mac: .*", sealed.read_text())[0] == mac[0]
        before = sealed.read_bytes()
        repository.sops("updatekeys", "--yes", "f.yaml", env=other)
        assert sealed.read_bytes() == before  # sops finds nothing to change

    def test_a_file_with_json_lists_of_keys_too(self, repository) -> None:
        identity, recipient = age.generate()
        (repository.path / "other.txt").write_bytes(identity.reveal())
        repository.write("f.json", json.dumps(JSON))
        repository.sops("encrypt", "-i", "f.json")
        repository.rule(age=f"{recipient},{repository.age}")
        repository.ours("updatekeys", "--yes", "f.json")
        other = {"SOPS_AGE_KEY_FILE": str(repository.path / "other.txt")}
        assert json.loads(repository.sops("decrypt", "f.json", env=other)) == JSON
        assert json.loads(repository.sops("decrypt", "f.json")) == JSON


def test_keys_of_another_kind_stay_byte_for_byte(repository) -> None:
    repository.write("f.yaml", "a: x\n")
    repository.ours("encrypt", "-i", "f.yaml")
    pgp = (
        '    pgp:\n        - created_at: "2026-01-01T00:00:00Z"\n          enc: |-\n'
        "            -----BEGIN PGP MESSAGE-----\n            x\n"
        "          fp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21\n          extra: kept\n"
    )
    path = repository.path / "f.yaml"
    path.write_text(path.read_text().replace("    lastmodified", pgp + "    lastmodified"))
    repository.ours("set", "f.yaml", "a", stdin=b"y")
    assert pgp in path.read_text()
    assert data(repository.sops("decrypt", "f.yaml")) == [{"a": "y"}]
