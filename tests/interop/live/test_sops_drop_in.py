"""One command line with `secrets-gitops sops` and with the real sops 3.13.3, in equal folders.

Exit code, standard output and what the real sops then reads there must agree. Where we differ on purpose the guide
`sops-drop-in` says so, and the unit tests show it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.keys import age

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live

PLAIN = {
    "f.yaml": "# top\na: one\nn: 7\nf: 2.5\nflag: true\nnone: null\nm:\n    k: v\n    # inside\n    deep:\n"
    "        - 1\n        - x: y\nl:\n    - first\n    # between\n    - second\nt: |\n    two\n    lines\n"
    "when: 2020-02-03\n",
    "f.json": '{"a": "one", "n": 7, "f": 2.5, "big": 9007199254740993, "m": {"k": "v"}, "l": [1, "x", {"y": null}]}\n',
    "f.env": "# top\nA=one\nB=with = sign\nC=two\\nlines\n# mid\nD=\n",
    "f.ini": "; top\n[s]\na = one\nb = two\n\n; other\n[t]\nc = three\n",
    "f.bin": "any bytes \x00\x01 at all\n",
}
SCRIPTS = {"ed.sh": 'sed -i s/one/ONE/ "$1"', "new.sh": 'printf "k=1\\n" > "$1"', "yaml.sh": 'printf "k: 1\\n" > "$1"'}
OURS = [sys.executable, "-m", "secrets_gitops", "sops"]
ENVELOPE = re.compile(rb"ENC\[AES256_GCM,[^\]]*,type:(\w+)\]")

# Command line and how its output is compared: as `text`, as data of a format, as `sealed` (types of its envelopes).
CASES: list[tuple[str, str]] = [
    *((f"decrypt {name}", "text" if name.endswith("bin") else name[2:]) for name in PLAIN),
    *((f"-d {name}", "text" if name.endswith("bin") else name[2:]) for name in PLAIN),
    *((f"decrypt -i {name}", "text") for name in PLAIN),
    *((f"decrypt --output-type json {name}", "json") for name in ("f.yaml", "f.env", "f.ini", "f.json")),
    *((f"decrypt --output-type yaml {name}", "yaml") for name in ("f.json", "f.env", "f.ini", "f.yaml")),
    ("decrypt --output-type dotenv f.ini", "text"),
    ("decrypt --output-type dotenv f.yaml", "text"),
    ("decrypt --output-type ini f.yaml", "text"),
    ("decrypt --output-type binary f.yaml", "text"),
    ("decrypt --output-type json f.bin", "json"),
    ("decrypt --output-type yaml f.bin", "yaml"),
    ("decrypt --output-type nonsense f.yaml", "yaml"),
    ("decrypt --input-type json f.yaml", "text"),
    ("decrypt --input-type yaml f.json", "json"),
    ("--indent 3 decrypt --output-type json f.yaml", "text"),
    ("--indent -1 decrypt --output-type json f.yaml", "text"),
    ("--indent -2 decrypt --output-type json f.yaml", "text"),
    ("--indent 2 decrypt --output-type yaml f.json", "text"),
    ("decrypt --filename-override x.json --input-type yaml f.yaml", "json"),
    *((f"""decrypt --extract '["{key}"]' f.yaml""", "text") for key in ("n", "f", "flag", "none", "when")),
    ("""decrypt --extract '["t"]' f.yaml""", "text"),
    ("""decrypt --extract '["m"]["deep"][1]["x"]' f.yaml""", "text"),
    ("""decrypt --extract '["m"]' f.yaml""", "text"),
    ("""decrypt --extract '["m"]["deep"]' f.yaml""", "text"),
    ("""decrypt --extract '["l"]' f.yaml""", "text"),
    ("""decrypt --extract '["l"][2]' f.yaml""", "text"),
    ("""decrypt --extract '["l"][9]' f.yaml""", "text"),
    ("""decrypt --extract '["m"]' --output-type json f.yaml""", "text"),
    ("""decrypt --extract '["m"]["deep"]' --output-type json f.yaml""", "text"),
    ("""decrypt --extract '["n"]' --output-type json f.yaml""", "text"),
    ("""decrypt --extract '["m"]' f.json""", "text"),
    ("""decrypt --extract '["l"]' f.json""", "text"),
    ("""decrypt --extract '["l"][2]["y"]' f.json""", "text"),
    ("""decrypt --extract '["big"]' f.json""", "text"),
    ("""decrypt --extract '["l"]' --output-type yaml f.json""", "text"),
    ("""decrypt --extract '["C"]' f.env""", "text"),
    ("""decrypt --extract '["s"]["b"]' f.ini""", "text"),
    ("""decrypt --extract '["s"]' --output-type json f.ini""", "text"),
    ("""decrypt --extract '["data"]' f.bin""", "text"),
    ("""-d --extract '["a"]' f.json""", "text"),
    ("""decrypt --extract '["a"' f.json""", "text"),
    ("""decrypt --extract '["a"]' --output o.txt f.json""", "text"),
    *((f"encrypt --age <1> p{name[1:]}", "sealed") for name in PLAIN),
    *((f"-e -a <1> p{name[1:]}", "sealed") for name in PLAIN),
    *((f"encrypt -i --age <1>,<2> p{name[1:]}", "text") for name in PLAIN),
    ("encrypt --age <1> --output-type json p.yaml", "sealed"),
    ("encrypt --age <1> --output-type yaml p.json", "sealed"),
    ("encrypt --age <1> --output-type yaml p.env", "sealed"),
    ("encrypt --age <1> --output-type json p.ini", "sealed"),
    ("encrypt --age <1> --output-type dotenv p.ini", "sealed"),
    ("encrypt --age <1> --output-type json p.bin", "sealed"),
    ("encrypt --age <1> --input-type yaml --output-type yaml p.json", "sealed"),
    ("encrypt --age <1> --input-type dotenv --output-type dotenv p.ini", "sealed"),
    ("encrypt --age <1> --filename-override x.json p.json", "sealed"),
    ("encrypt --age <1> --unencrypted-suffix a p.yaml", "sealed"),
    ("encrypt --age <1> --unencrypted-regex ^m$ p.yaml", "sealed"),
    ("encrypt --age <1> --encrypted-regex ^A p.env", "sealed"),
    ("encrypt --age <1> --encrypted-regex ^s$ p.ini", "sealed"),
    ("--mac-only-encrypted encrypt --age <1> --encrypted-regex ^a p.json", "sealed"),
    ("-e --mac-only-encrypted --age <1> --encrypted-regex ^a p.json", "sealed"),
    ("-e --age <1> --unencrypted-comment-regex between p.yaml", "sealed"),
    ("encrypt --age <1> --shamir-secret-sharing-threshold 2 p.yaml", "sealed"),
    ("encrypt --age <1> --output sub.yaml p.yaml", "text"),
    ("encrypt --age <1> --output none/sub.yaml p.yaml", "text"),
    ("decrypt --output none/sub.yaml f.yaml", "text"),
    ("""set f.yaml '["a"]' '"two"'""", "text"),
    ("""set f.yaml '["a"]' 5""", "text"),
    ("""set f.yaml '["a"]' '{"x": 1, "y": [true, null]}'""", "text"),
    ("""set f.yaml '["m"]["deep"][0]' '"z"'""", "text"),
    ("""set f.yaml '["m"]["deep"][5]' '"z"'""", "text"),
    ("""set f.yaml '["a"]["b"]["c"]' '"z"'""", "text"),
    ("""set f.yaml '["new"][0]["x"]' '"z"'""", "text"),
    ("""set f.yaml '["l"][1]' '"z"'""", "text"),
    ("""set f.yaml '["t"]' '"three\\nmore\\nlines"'""", "text"),
    ("""set f.json '["n"]' null""", "text"),
    ("""set f.json '["l"][1]' '{"q": 1.5}'""", "text"),
    ("""set f.json '["new"]["x"]' false""", "text"),
    ("""set f.env '["A"]' '"two words"'""", "text"),
    ("""set f.env '["NEW"]' '"x=y"'""", "text"),
    ("""set f.env '["A"]' 5""", "text"),
    ("""set f.env '["A"]' '{"x": 1}'""", "text"),
    ("""set f.ini '["s"]["a"]' '"two # words"'""", "text"),
    ("""set f.ini '["s"]["new"]' '"x"'""", "text"),
    ("""set f.ini '["u"]["new"]' '"x"'""", "text"),
    ("""set f.bin '["data"]' '"text"'""", "text"),
    ("""set --idempotent f.yaml '["m"]["k"]' '"v"'""", "text"),
    ("""set --idempotent f.json '["n"]' 7""", "text"),
    ("""set f.yaml '["a"]' '"x" "y"'""", "text"),
    ("""set f.yaml '[a]' '"x"'""", "text"),
    ("""set f.yaml '["a"] ' '"x"'""", "text"),
    ("""set --ignore-mac f.yaml '["a"]' '"x"'""", "text"),
    ("""--set '["a"] "x y"' f.yaml""", "text"),
    ("""--set '["m"]["k"] {"z": 1}' f.json""", "text"),
    ("""--set '["a"]' f.yaml""", "text"),
    ("""unset f.yaml '["m"]["deep"][1]["x"]'""", "text"),
    ("""unset f.yaml '["l"][1]'""", "text"),
    ("""unset f.yaml '["l"][2]'""", "text"),
    ("""unset f.yaml '["m"]'""", "text"),
    ("""unset f.yaml '["m"]["none"]'""", "text"),
    ("""unset f.yaml '["a"]["b"]'""", "text"),
    ("""unset f.json '["l"][0]'""", "text"),
    ("""unset f.env '["B"]'""", "text"),
    ("""unset f.ini '["s"]["a"]'""", "text"),
    ("""unset f.ini '["t"]'""", "text"),
    ("""unset f.yaml a""", "text"),
    *((f"rotate -i {name}", "text") for name in PLAIN),
    *((f"rotate {name}", "sealed") for name in PLAIN),
    ("rotate --output o.yaml f.yaml", "text"),
    ("rotate -i --add-age <2> f.env", "text"),
    ("rotate -i --add-age <2> --rm-age <1> f.ini", "text"),
    ("rotate -i --rm-age <2> f.json", "text"),
    ("rotate -i --rm-age <1> f.json", "text"),
    ("rotate -i --add-age nonsense f.json", "text"),
    ("-r -i --add-age <2> f.bin", "text"),
    *((f"groups add -i -f {name} --age <2>", "text") for name in PLAIN),
    ("groups add -f f.yaml --age <2> --age <3>", "sealed"),
    ("groups add -i -f g.yaml --age <3>", "text"),
    ("groups add -i -f g.yaml --shamir-secret-sharing-threshold 3 --age <3>", "text"),
    ("groups delete -i -f g.yaml 0", "text"),
    ("groups delete -i -f g.yaml 1", "text"),
    ("groups delete -i -f g.yaml --shamir-secret-sharing-threshold 1 1", "text"),
    ("groups delete -i -f g.env --shamir-secret-sharing-threshold 1 0", "text"),
    ("groups delete -i -f g.ini --shamir-secret-sharing-threshold 1 0", "text"),
    ("groups delete -f g.yaml x", "text"),
    ("groups delete -f g.yaml", "text"),
    *((f"--config two.yaml updatekeys -y {name}", "none") for name in PLAIN),
    ("--config groups.yaml updatekeys -y f.yaml", "none"),
    ("--config groups.yaml updatekeys -y f.env", "none"),
    ("--config groups.yaml updatekeys -y f.json", "none"),
    ("--config two.yaml updatekeys -y g.yaml", "none"),
    ("--config one.yaml updatekeys -y g.yaml", "none"),
    ("--config one.yaml updatekeys -y g.json", "none"),
    ("--config one.yaml updatekeys -y g.env", "none"),
    ("--config two.yaml updatekeys -y g.ini", "none"),
    ("--config two.yaml updatekeys -y f.yaml f.json", "none"),
    ("--config two.yaml updatekeys -y p.yaml", "none"),
    ("--config two.yaml updatekeys -y none.yaml", "none"),
    ("updatekeys -y f.yaml", "none"),
    *((f"filestatus {name}", "json") for name in (*PLAIN, "p.yaml", "p.env", "p.ini")),
    ("filestatus --input-type json p.bin", "text"),
    *((f"edit {name}", "text") for name in ("f.yaml", "f.json", "f.env", "f.ini", "g.yaml")),
    ("f.yaml", "text"),
    ("edit p.yaml", "text"),
    ("edit none/f.yaml", "text"),
    ("exec-env f.env 'printf \"%s|\" \"$A\" \"$B\" \"$C\" \"$D\"'", "text"),
    ("exec-env f.json 'true'", "text"),
    ("exec-env --pristine f.env 'printf %s \"$HOME\"'", "text"),
    ("exec-env f.env 'exit 3'", "text"),
    ("exec-env f.env true extra", "text"),
    ("exec-env f.bin 'printf %s \"$data\" | wc -c'", "text"),
    ("exec-env f.ini true", "text"),
    *((f"exec-file {name} 'cat {{}}'", "text" if name.endswith("bin") else name[2:]) for name in PLAIN),
    ("exec-file --no-fifo f.yaml 'cat {} {}'", "text"),
    ("exec-file --output-type json f.env 'cat {}'", "json"),
    ("exec-file --filename x.y --no-fifo f.yaml 'basename {}'", "text"),
    ("exec-file --filename a/b --no-fifo f.yaml 'basename {}'", "text"),
    ("exec-file f.yaml 'cat {} >/dev/null; exit 5'", "text"),
    ("exec-file f.yaml", "text"),
    ("decrypt --extract '[\"a\"]' --ignore-mac f.yaml", "text"),
    ("decrypt --nope f.yaml", "text"),
    ("--nope", "text"),
    ("groups nope", "text"),
    ("completion nope", "text"),
]  # fmt: skip


@pytest.fixture(scope="module")
def keys():
    return [age.generate() for _ in range(3)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, keys):
    """A maker: a folder with every file in clear (`p.…`), encrypted by sops (`f.…`), and one with groups (`g.yaml`)."""
    folder = tmp_path_factory.mktemp("template")
    names = [recipient for _, recipient in keys]

    def make(sops: str) -> Path:
        if (folder / "g.yaml").exists():
            return folder
        (folder / "key.txt").write_bytes(b"\n".join(identity.reveal() for identity, _ in keys[:2]) + b"\n")
        for name, text in PLAIN.items():
            (folder / f"p{name[1:]}").write_bytes(text.encode())
            run([sops, "encrypt", "--age", names[0], "--output", name, f"p{name[1:]}"], folder, 0)
        for name, rule in {
            "one.yaml": {"age": names[0]},
            "two.yaml": {"age": f"{names[0]},{names[1]}"},
            "groups.yaml": {"key_groups": [{"age": [names[0]]}, {"age": [names[1], names[2]]}]},
        }.items():
            (folder / name).write_text(json.dumps({"creation_rules": [rule]}))
        for form in ("json", "env", "ini", "yaml"):
            run([sops, "--config", "groups.yaml", "encrypt", "--output", f"g.{form}", f"p.{form}"], folder, 0)
        for name, text in SCRIPTS.items():
            (folder / name).write_text(text)
        return folder

    return make


def run(words: list[str], folder: Path, code: int | None = None):
    """One command in a folder, with the keys there."""
    environ = {
        **os.environ,
        "SOPS_AGE_KEY_FILE": str(folder / "key.txt"),
        "SOPS_DISABLE_VERSION_CHECK": "true",
        "EDITOR": f"sh {folder / 'ed.sh'}",
        "SOPS_EDITOR": "",
    }
    done = subprocess.run(words, cwd=folder, env=environ, input=b"", capture_output=True, timeout=60, check=False)
    assert code is None or done.returncode == code, done.stderr.decode()
    return done


def data(text: bytes, form: str) -> object:
    """Typed data; 1 and 1.0 are one number."""
    if form not in {"yaml", "json"}:
        return [re.sub(rb"\s*=\s*", b"=", line) for line in text.splitlines() if line.strip()]
    document = read(text, path=f"x.{form}", duplicates="keep")
    return [_numbers(to_plain(root, "go_v3")) for root in document.roots]


def _numbers(tree: object) -> object:
    if isinstance(tree, dict):
        return {key: _numbers(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_numbers(value) for value in tree]
    return float(tree) if isinstance(tree, (int, float)) and not isinstance(tree, bool) else repr(tree)


def shape(text: bytes) -> object:
    """What is encrypted as which type, and what is in clear; without metadata and comments, and numbers are numbers."""
    text = ENVELOPE.sub(rb"<\1>", text)
    if b"\nsops_" in text or b"\n[sops]" in text:
        lines = [line.strip() for line in text.partition(b"\n[sops]")[0].splitlines()]
        return [re.sub(rb"\s*=\s*", b"=", line) for line in lines if line and not line.startswith(b"sops_")]
    (tree,) = data(text.replace(b"<int>", b"<number>").replace(b"<float>", b"<number>"), "yaml")  # and JSON
    return _without_comments(tree)


def _without_comments(tree: object) -> object:
    if isinstance(tree, dict):
        return {key: _without_comments(value) for key, value in tree.items() if key != "sops"}
    return [_without_comments(item) for item in tree if item != "'<comment>'"] if isinstance(tree, list) else tree


def state(sops: str, folder: Path) -> dict[str, object]:
    """What the real sops makes of each file, and for whom it is encrypted."""
    seen: dict[str, object] = {}
    for path in sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] in "fgpos"):
        text = path.read_bytes()
        form = path.suffix[1:]
        if b"ENC[AES256_GCM" in text:
            done = run([sops, "decrypt", path.name], folder)
            content = data(done.stdout, form) if done.returncode == 0 else f"exit {done.returncode}"
            recipients = sorted(re.findall(rb"age1[a-z0-9]{50,}", text))
            rest = sorted(re.findall(rb"(shamir_threshold|\w+_suffix|\w+_regex|mac_only_encrypted)\W+(\w+)", text))
            seen[path.name] = (content, recipients, rest)
        else:
            seen[path.name] = data(text, form)
    return seen


@pytest.mark.parametrize(("line", "kind"), CASES, ids=[line for line, _ in CASES])
def test_the_same_as_sops(program, template, keys, tmp_path: Path, line: str, kind: str) -> None:
    sops = program("sops")
    for number, (_, recipient) in enumerate(keys, 1):
        line = line.replace(f"<{number}>", recipient)
    one, two = tmp_path / "ours", tmp_path / "real"
    for folder in (one, two):
        shutil.copytree(template(sops), folder)
    ours = run([*OURS, *shlex.split(line)], one)
    real = run([sops, *shlex.split(line)], two)
    assert ours.returncode == real.returncode, ours.stderr.decode()
    assert not ours.stdout or real.stdout or not real.returncode
    if real.returncode == 0:
        if kind == "sealed":
            assert shape(ours.stdout) == shape(real.stdout)
        elif kind == "text":
            assert ours.stdout == real.stdout
        elif kind != "none":
            assert data(ours.stdout, kind) == data(real.stdout, kind)
    assert state(sops, one) == state(sops, two)
