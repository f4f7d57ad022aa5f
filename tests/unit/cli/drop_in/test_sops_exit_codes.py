"""`secrets-gitops sops` as a script meets it: exit codes of sops, nothing on standard output when it fails."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from secrets_gitops.cli.drop_in import sops
from secrets_gitops.keys import age

PLAIN = "# head\na: s3cret\nl:\n  - 1\n  # c\n  - 2\nn: 5\n"


@pytest.fixture(scope="module")
def keys():
    return [age.generate() for _ in range(2)]


@pytest.fixture
def run(cli, tmp_path: Path, keys):
    """A maker: one command line of sops in a folder with `p.yaml` and, encrypted, `f.yaml`; expects an exit code."""
    for number, (identity, _) in enumerate(keys):
        (tmp_path / f"key{number}").write_bytes(identity.reveal())
    (tmp_path / "p.yaml").write_text(PLAIN)

    def call(*words: str, code: int = 0, key: str | None = "key0", stdin: str = "", **environ: str):
        own = {"SOPS_AGE_KEY_FILE": str(tmp_path / key)} if key else {}
        words = tuple(word.replace("<1>", keys[0][1]).replace("<2>", keys[1][1]) for word in words)
        done = cli("sops", *words, stdin=stdin, env={**own, **environ})
        assert done.returncode == code, done.stderr.decode()
        assert not (code and done.stdout), done.stdout
        assert b"s3cret" not in done.stderr
        assert b"Traceback" not in done.stderr
        return done

    call("encrypt", "--age", "<1>", "--output", "f.yaml", "p.yaml")
    return call


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["decrypt", "none.yaml"], 100),
        (["-d", "none.yaml"], 100),
        (["rotate", "none.yaml"], 2),
        (["rotate", "--add-age", "<2>", "none.yaml"], 49),
        (["set", "none.yaml", '["a"]', "1"], 2),
        (["decrypt", "."], 2),
        (["decrypt", "p.yaml"], 1),
        (["encrypt", "--age", "<1>", "f.yaml"], 203),
        (["encrypt", "p.yaml"], 1),
        (["encrypt", "--age", "age1nope", "p.yaml"], 1),
        (["encrypt", "--age", "<1>", "--encrypted-suffix", "a", "--encrypted-regex", "b", "p.yaml"], 8),
        (["encrypt", "--age", "<1>", "--encryption-context", "x", "p.yaml"], 6),
        (["encrypt", "-i", "--output", "x", "--age", "<1>", "p.yaml"], 8),
        (["encrypt", "--age", "<1>"], 8),
        (["decrypt", "--decryption-order", "age,age", "f.yaml"], 112),
        (["decrypt", "--extract", "a", "f.yaml"], 91),
        (["decrypt", "--extract", '["z"]', "f.yaml"], 1),
        (["set", "f.yaml", "a", "1"], 7),
        (["set", "f.yaml", '["a"]', "bare"], 7),
        (["set", "f.yaml", '["a"]', "[1]"], 7),
        (["set", "f.yaml", '["a"]'], 100),
        (["set", "f.yaml", '["sops"]', "1"], 203),
        (["unset", "f.yaml", '["z"]'], 1),
        (["rotate", "-i", "--rm-age", "<1>", "f.yaml"], 1),
        (["groups", "add", "-i", "-f", "f.yaml"], 1),
        (["groups", "delete", "-i", "-f", "f.yaml", "7"], 1),
        (["updatekeys", "-y", "f.yaml"], 1),
        (["filestatus", "none.yaml"], 1),
        (["publish", "-y", "f.yaml"], 1),
        (["exec-env", "f.yaml"], 1),
        (["exec-env", "none.yaml", "true"], 2),
        (["exec-env", "f.yaml", "true"], 1),
        (["exec-file", "--filename", "../x", "f.yaml", "true"], 1),
        (["exec-file", "--background", "f.yaml", "true"], 1),
        (["exec-file", "--user", "no-such-user", "f.yaml", "true"], 1),
        (["--config", "none.yaml", "decrypt", "f.yaml"], 1),
        (["completion", "tcl"], 3),
        (["keyservice"], 1),
        (["decrypt", "--keyservice", "tcp://x:1", "f.yaml"], 1),
        (["-d", "f.yaml", "--extract", '["a"]'], 1),
        (["-d", "-e", "f.yaml"], 8),
        (["--set", '["a"]', "f.yaml"], 7),
        ([], 100),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_refusals(run, tmp_path: Path, words, code) -> None:
    before = (tmp_path / "f.yaml").read_bytes()
    run(*words, code=code)
    assert (tmp_path / "f.yaml").read_bytes() == before


def test_without_a_key_it_is_128(run) -> None:
    run("decrypt", "f.yaml", code=128, key=None)
    run("decrypt", "f.yaml", code=128, key="key1")
    run("set", "f.yaml", '["a"]', "1", code=128, key="key1")
    run("exec-file", "f.yaml", "cat {}", code=128, key="key1")


def test_changed_ciphertext_is_25_and_a_changed_order_51(run, tmp_path: Path) -> None:
    text = (tmp_path / "f.yaml").read_text()
    lines = text.splitlines(keepends=True)
    a = next(line for line in lines if line.startswith("a: "))
    (tmp_path / "f.yaml").write_text(text.replace(a, a.replace("data:", "data:AA")))
    run("decrypt", "f.yaml", code=25)
    (tmp_path / "f.yaml").write_text(text.replace(a, ""))
    run("decrypt", "f.yaml", code=51)
    assert run("decrypt", "--ignore-mac", "f.yaml").stdout


def test_an_edit_without_a_change_is_200_and_a_failing_editor_201(run) -> None:
    run("edit", "f.yaml", code=200, EDITOR="true")
    run("f.yaml", code=200, EDITOR="true")
    run("edit", "f.yaml", code=201, EDITOR="false")
    run("edit", "f.yaml", code=201, EDITOR="no-such-program")


def test_a_broken_edit_goes_back_to_the_editor(run, tmp_path: Path) -> None:
    (tmp_path / "ed.sh").write_text('if [ -e once ]; then echo "b: 1" > "$1"; else : > once; echo "a: [" > "$1"; fi\n')
    run("edit", "f.yaml", EDITOR="sh ed.sh", stdin="\n")
    assert run("decrypt", "f.yaml").stdout == b"b: 1\n"
    (tmp_path / "once").unlink()
    run("edit", "f.yaml", EDITOR="sh ed.sh", code=1)  # nobody presses Enter
    assert run("decrypt", "f.yaml").stdout == b"b: 1\n"


def test_a_broken_rule_file_stops_decryption_too(run, tmp_path: Path) -> None:
    (tmp_path / ".sops.yaml").write_text("creation_rules: [\n")
    run("decrypt", "f.yaml", code=1)
    run("filestatus", "f.yaml", code=1)


def test_rules_are_looked_for_from_the_working_directory(run, tmp_path: Path, cli, keys) -> None:
    for name, key in (("one", keys[0]), ("two", keys[1])):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".sops.yaml").write_text(f"creation_rules:\n- age: {key[1]}\n")
    (tmp_path / "one" / "x.yaml").write_text("a: 1\n")
    done = cli("sops", "encrypt", "../one/x.yaml", cwd=tmp_path / "two")
    assert keys[1][1].encode() in done.stdout


def test_keys_of_the_environment_go_before_those_of_the_rule(run, tmp_path: Path, keys) -> None:
    (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- age: {keys[0][1]}\n  encrypted_regex: ^a$\n")
    out = run("encrypt", "p.yaml", SOPS_AGE_RECIPIENTS=keys[1][1]).stdout
    assert keys[1][1].encode() in out
    assert keys[0][1].encode() not in out
    assert b"n: 5" in out
    (tmp_path / ".sops.yaml").write_text("creation_rules: []\n")
    run("encrypt", "--age", "<1>", "p.yaml", code=1)
    (tmp_path / ".sops.yaml").write_text("stores: {}\n")
    run("encrypt", "--age", "<1>", "p.yaml")


MISTAKES = {
    "an unknown field": "path_regx: x",
    "an invalid selector": "encrypted_regex: '['",
    "two selectors": "encrypted_regex: a\n  encrypted_suffix: b",
    "a key that is none": "key_groups: [{kms: [{arn: x, rle: y}]}]",
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_in_a_rule_counts_where_the_rule_does(run, tmp_path: Path, keys, mistake) -> None:
    age_line = f"age: {keys[0][1]}"
    (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- {age_line}\n  {mistake}\n")
    run("encrypt", "p.yaml", code=1)
    run("decrypt", "f.yaml")
    (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- {age_line}\n- {age_line}\n  {mistake}\n")
    run("encrypt", "p.yaml")


def test_a_rule_without_keys_takes_those_of_the_command_line(run, tmp_path: Path) -> None:
    (tmp_path / ".sops.yaml").write_text("creation_rules:\n- encrypted_regex: ^a$\n")
    assert b"n: 5" in run("encrypt", "--age", "<1>", "p.yaml").stdout
    run("encrypt", "p.yaml", code=1)


def test_an_audit_configuration_is_refused(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "audit.yaml").write_text("backends: {}\n")
    environ = {"SECRETS_GITOPS_SOPS_AUDIT_FILES": str(tmp_path / "audit.yaml")}
    for words in (["decrypt", "f.yaml"], ["encrypt", "--age", "<1>", "p.yaml"], ["rotate", "f.yaml"], ["-d", "f.yaml"]):
        assert b"audit" in run(*words, code=1, **environ).stderr
    run("--version", **environ)
    run("decrypt", "f.yaml", SECRETS_GITOPS_SOPS_AUDIT_FILES=str(tmp_path / "none.yaml"))


def test_the_variable_for_audit_files_takes_none_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from secrets_gitops.cli.drop_in import audit
    from secrets_gitops.cli.drop_in.exit_codes import Stop

    (tmp_path / "audit.yaml").write_text("")
    monkeypatch.setattr(audit, "CONFIGURATION", str(tmp_path / "audit.yaml"))
    for text in ("", "/none", os.devnull + "/x"):
        with pytest.raises(Stop):
            audit.refuse({audit.MORE: text})


def test_plaintext_files_are_private_and_modes_stay(run, tmp_path: Path) -> None:
    run("decrypt", "--output", "out.yaml", "f.yaml")
    assert (tmp_path / "out.yaml").stat().st_mode & 0o777 == 0o600
    (tmp_path / "f.yaml").chmod(0o640)
    run("set", "f.yaml", '["a"]', '"new"')
    assert (tmp_path / "f.yaml").stat().st_mode & 0o777 == 0o640
    assert run("decrypt", "--extract", '["a"]', "f.yaml").stdout == b"new"


def test_a_comment_of_a_list_can_be_replaced_and_removed(run) -> None:
    run("set", "f.yaml", '["l"][1]', '"new"')
    assert run("decrypt", "f.yaml").stdout.decode() == PLAIN.replace("# c", "- new")
    run("encrypt", "--age", "<1>", "--output", "f.yaml", "p.yaml")
    run("unset", "f.yaml", '["l"][1]')
    assert run("decrypt", "f.yaml").stdout.decode() == PLAIN.replace("  # c\n", "")


def test_set_replaces_single_values_on_the_way(run) -> None:
    run("set", "f.yaml", '["a"]["b"][0]', "true")
    assert run("decrypt", "--extract", '["a"]', "--output-type", "json", "f.yaml").stdout == (
        b'{\n\t"b": [\n\t\ttrue\n\t]\n}\n'
    )


def test_a_bare_number_is_a_float_and_idempotent_asks_for_the_type(run, tmp_path: Path) -> None:
    before = (tmp_path / "f.yaml").read_bytes()
    run("set", "--idempotent", "f.yaml", '["a"]', '"s3cret"')
    assert (tmp_path / "f.yaml").read_bytes() == before
    run("set", "--idempotent", "f.yaml", '["n"]', "5")
    assert b"type:float" in (tmp_path / "f.yaml").read_bytes()


def test_the_program_may_be_called_sops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary) -> None:
    from secrets_gitops.cli import main

    monkeypatch.setattr(sys, "argv", [str(tmp_path / "sops"), "--version"])
    with pytest.raises(SystemExit) as stop:
        main.main()
    assert stop.value.code == 0
    assert capsysbinary.readouterr().out.startswith(f"sops {sops.LIKE} ".encode())


def test_help_names_every_command_and_flag(run) -> None:
    out = run("--help").stdout.decode()
    for name in sops.COMMANDS:
        assert f"  {name} " in out
        assert "Usage: sops " in run(*name.split(), "--help").stdout.decode()


def test_completion(run) -> None:
    assert b"complete " in run("completion", "bash").stdout
    assert run("completion", "zsh").stdout.startswith(b"#compdef sops")
    assert b"bash|zsh" in run("completion").stdout
    assert b"--extract" in run("decrypt", "--", "--generate-bash-completion").stdout


def test_exec_file_gives_a_pipe_and_leaves_nothing(run) -> None:
    kind, path, *text = run("exec-file", "f.yaml", "stat -c %F {}; echo {}; cat {}").stdout.decode().splitlines()
    assert kind == "fifo"
    assert "\n".join(text) + "\n" == PLAIN
    assert not Path(path).exists()
    run("exec-file", "f.yaml", "true")  # nobody reads
    assert run("exec-file", "f.yaml", "cat {}; head -c 1 {}; cat {}").stdout.decode() == f"{PLAIN}#{PLAIN}"
    run("exec-file", "f.yaml", "exit 9", code=9)
    run("exec-file", "f.yaml", "kill -9 $$", code=255)


def test_exec_env_passes_values_and_the_code(run, tmp_path: Path) -> None:
    (tmp_path / "p.env").write_text("X=one\nY=line1\\nline2\n")
    run("encrypt", "-i", "--age", "<1>", "p.env")
    assert run("exec-env", "p.env", 'printf "%s|%s|%s" "$X" "$Y" "$KEEP"', KEEP="k").stdout == b"one|line1\nline2|k"
    assert run("exec-env", "--pristine", "p.env", 'printf %s "$KEEP"', KEEP="k").stdout == b""
    assert run("exec-env", "--same-process", "p.env", 'printf %s "$X"').stdout == b"one"
    run("exec-env", "p.env", "exit 7", code=7)
