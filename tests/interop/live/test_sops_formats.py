"""dotenv, INI and binary files, and files written in another format, against the real sops 3.13.3, both ways."""

from __future__ import annotations

import os
import subprocess

import pytest

from secrets_gitops.documents import convert
from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files.decrypt import read_sealed
from secrets_gitops.envelopes.sops import creating, opened
from secrets_gitops.envelopes.sops.groups import KeyGroups
from secrets_gitops.envelopes.sops.selection import DEFAULT
from secrets_gitops.keys import age
from secrets_gitops.keys.keyring import Keyring

pytestmark = pytest.mark.live

NOW = "2026-01-02T03:04:05Z"
DOTENV = '# note\nA=1\nB=\n\nexport C=x\nD="quoted"\nE=a=b\nF=one\\ntwo\nG = sp \nA=2\n#\nH_unencrypted=clear\r\n=x'
INI = """\
; of the file
top = 1
[s1] ; beside the header
; above
; more
a = x ; beside
b=y
c = "quoted value"
d = `#;`
a = hidden before
e =
f : colon
m = \"\"\"one
two\"\"\"
w = some \\
  words
q = "has # hash"
- = numbered
[s2]
t_unencrypted = clear ; kept
[s2]
# é
k\u00e9y = '🎉'
[empty]
; the end
"""
YAML = """\
# head
text: "s3cret é\\n"
port: 5432
ratio: 1.0
big: 1.5e300
yes: on
day: 2001-01-02
# inner
when: 2024-05-06T07:08:09.5Z
bytes: !!binary /wD+
empty: ""
"""


@pytest.fixture
def tools(tmp_path, program):
    """sops with a key of its own, and how we encrypt and open for the same key."""
    identity, recipient = age.generate()
    (tmp_path / "key.txt").write_bytes(identity.reveal() + b"\n")
    keyring = Keyring(age.parse_identities(identity.reveal(), "test"))
    keys = KeyGroups(((age.parse_recipient(recipient),),))

    class Tools:
        def sops(self, *arguments: str) -> bytes:
            done = subprocess.run(
                [program("sops"), *arguments],
                cwd=tmp_path,
                env={**os.environ, "SOPS_AGE_KEY_FILE": str(tmp_path / "key.txt")},
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr.decode()
            return done.stdout

        def theirs(self, name: str, content: bytes, *options: str) -> bytes:
            (tmp_path / name).write_bytes(content)
            return self.sops("encrypt", "--age", recipient, *options, name)

        def write(self, name: str, content: bytes) -> None:
            (tmp_path / name).write_bytes(content)

        def seal(self, plain):
            return creating.create(plain, keys, DEFAULT, NOW)[0]

        def open(self, content: bytes, name: str):
            return opened.open(read_sealed(content, name), keyring)

    return Tools()


CONTENTS = [
    ("x.env", DOTENV.encode()),
    ("x.env", b"A=1\n#\n"),
    ("x.env", b"A=\xff\xfe\xe2\x82\n"),
    ("x.env", b""),
    ("x.ini", INI.encode()),
    ("x.ini", INI.replace("- = numbered\n", "").replace("\n", "\r\n").encode()),
    ("x.ini", b"\xef\xbb\xbfa = 1"),
    ("x.bin", bytes(range(256))),
    ("x.bin", b""),
    ("x.txt", b'{"sops": "no metadata"}\n'),
]


@pytest.mark.parametrize(("name", "content"), CONTENTS)
def test_sops_reads_what_we_write(tools, name: str, content: bytes) -> None:
    plain = read(content, path=name)
    tools.write(name, tools.seal(plain).to_bytes())
    if plain.format == "binary":
        assert tools.sops("decrypt", name) == content
    else:
        assert tools.sops("decrypt", "--output-type", "json", name) == convert.to_content(plain, "json")
    if plain.format == "dotenv":
        assert tools.sops("decrypt", name).decode("utf-8", "surrogateescape").split("\n") == [
            line for line in plain.text.split("\n") if line
        ] + [""]


@pytest.mark.parametrize(("name", "content"), CONTENTS)
def test_we_read_what_sops_writes_and_it_reads_it_again(tools, name: str, content: bytes) -> None:
    if b"- =" in content:
        content = content.replace(b"- = numbered\n", b"")  # sops writes it as a comment, and cannot open the file
    result = tools.open(tools.theirs(name, content), name)
    plain = read(content, path=name)
    if plain.format == "binary":
        assert result.content() == content
    else:
        assert convert.to_text(result.plain, "json") == convert.to_text(plain, "json")
    if plain.format == "ini" and content:
        result.set(("added", "key"), "#new")
    again = result.seal("2027-01-01T00:00:00Z")
    tools.write(name, again.to_bytes())
    if plain.format == "binary":
        assert tools.sops("decrypt", name) == content
    else:
        assert tools.sops("decrypt", "--output-type", "json", name) == convert.to_content(result.plain, "json")


@pytest.mark.parametrize("form", ["dotenv", "json", "yaml"])
def test_values_keep_their_types_in_another_format(tools, form: str) -> None:
    plain = read(YAML, path="x.yaml")
    name = {"dotenv": "x.env", "json": "x.json", "yaml": "x.yaml"}[form]
    ours = tools.seal(convert.to_document(plain, form)).to_bytes()
    theirs = tools.theirs("x.yaml", YAML.encode(), "--output-type", form)
    types = [
        [(read.leaf.path, read.type, read.data) for read in tools.open(sealed, name).reads if read.type != "comment"]
        for sealed in (ours, theirs)
    ]
    assert types[0] == types[1]
    tools.write(name, ours)
    assert tools.sops("decrypt", name)
    for other in ("json", "yaml", "dotenv"):
        if other != form:
            wanted = tools.sops("decrypt", "--output-type", other, name)
            assert convert.to_content(tools.open(ours, name).plain, other) == wanted


def test_a_file_of_sections_from_yaml(tools) -> None:
    text = "# head\ns:\n  # of s\n  a: 1\n  # of a\n  b: two # beside\n  longer: 1.5\nt: {}\n"
    plain = read(text, path="x.yaml")
    tools.write("x.yaml", tools.seal(plain).to_bytes())
    wanted = tools.sops("decrypt", "--output-type", "ini", "x.yaml").decode()
    ours = convert.to_text(plain, "ini")
    assert [line for line in ours.splitlines() if line[:1] != ";"] == [
        line for line in wanted.splitlines() if line[:1] != ";"
    ]
    tools.write("x.ini", tools.seal(convert.to_document(plain, "ini")).to_bytes())
    assert tools.sops("decrypt", "--output-type", "json", "x.ini")
