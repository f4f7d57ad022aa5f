"""`exec` starts a command with its environment resolved, and then is that command."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from secrets_gitops.keys import age

VECTORS = Path(__file__).parents[2] / "interop" / "vectors" / "integrations"
ENV_CASES = [
    case
    for case in yaml.safe_load((VECTORS / "vals_resolve.yaml").read_text())["cases"]
    if case["op"] == "env" and not case.get("options")
]
SHOW = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]


def shown(done):
    assert done.returncode == 0, done.stderr
    variables = json.loads(done.stdout)
    variables.pop("LC_CTYPE", None)  # set by Python itself
    return variables


@pytest.mark.parametrize("case", ENV_CASES, ids=lambda case: case["id"])
def test_variables_of_a_file_are_resolved_as_vals_resolves_them(case, cli, tmp_path):
    (tmp_path / "env.yaml").write_text(case["input"])
    variables = shown(cli("exec", "--env", "env.yaml", "--", *SHOW))
    assert "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items()) == case["expect"]["text"]


def test_references_of_the_current_environment_are_resolved(cli, tmp_path):
    (tmp_path / "f.txt").write_text("from a file")
    variables = shown(cli("exec", *SHOW, env={"ONE": "ref+file://f.txt", "TWO": "x-ref+env://HOME", "THREE": "3"}))
    assert variables["ONE"] == "from a file"
    assert variables["TWO"] == "x-" + os.environ["HOME"]
    assert variables["THREE"] == "3"


def test_with_a_file_the_command_sees_its_variables_only_unless_it_inherits(cli, tmp_path):
    (tmp_path / "env.yaml").write_text("A: ref+env://SOURCE\nB: 2\nC: true\n")
    alone = shown(cli("exec", "--env", "env.yaml", "--", *SHOW, env={"SOURCE": "s", "A": "from outside"}))
    assert alone == {"A": "s", "B": "2", "C": "true"}
    both = shown(cli("exec", "-i", "--env", "env.yaml", "--", *SHOW, env={"SOURCE": "s", "A": "from outside"}))
    assert both["A"] == "s"
    assert both["SOURCE"] == "s"


def test_an_encrypted_file_of_variables_is_opened(cli, tmp_path):
    shutil.copy(VECTORS / "v.enc.yaml", tmp_path)
    done = cli("exec", "--env", "v.enc.yaml", "--identity", str(VECTORS / "key.txt"), "--", *SHOW)
    assert shown(done) == {"a": "1", "b": "two"}


def test_the_variables_that_name_private_keys_stay_here_unless_asked_for(cli):
    keys = {"SOPS_AGE_KEY": "AGE-SECRET-KEY-x", "SOPS_AGE_KEY_FILE": "/nowhere", "SECRETS_GITOPS_SEALING_KEYS": "x"}
    assert not keys.keys() & shown(cli("exec", *SHOW, env=keys)).keys()
    assert keys.keys() <= shown(cli("exec", "--keep-keys", *SHOW, env=keys)).keys()


@pytest.mark.parametrize(
    ("variables", "exit_code", "words"),
    [
        ({"BAD": "ref+file://nope.txt", "GOOD": "ref+env://SECRET"}, 3, "variable `BAD`: there is no file `nope.txt`"),
        ({"BAD": "ref+nosuch://a/b"}, 2, "variable `BAD`"),
        ({"BAD": "ref+file://nul"}, 2, "`BAD` would hold a NUL"),
    ],
)
def test_nothing_is_started_unless_every_reference_resolves(variables, exit_code, words, cli, tmp_path):
    (tmp_path / "nul").write_bytes(b"c4nary\0")
    done = cli("exec", "--", "touch", "started", env={**variables, "SECRET": "c4nary"})
    assert done.returncode == exit_code
    assert words in done.stderr.decode()
    assert b"c4nary" not in done.stderr
    assert not (tmp_path / "started").exists()


def test_the_exit_code_is_the_commands_own(cli, tmp_path):
    assert cli("exec", "--", "sh", "-c", "exit 7").returncode == 7
    assert cli("exec", "--", "no-such-command").returncode == 127
    (tmp_path / "plain").write_text("not a program")
    assert cli("exec", "--", "./plain").returncode == 126
    (tmp_path / "plain").chmod(0o755)
    assert cli("exec", "--", "./plain").returncode == 126
    assert cli("exec").returncode == 2


def test_options_behind_the_command_belong_to_it(cli):
    assert cli("exec", "echo", "--env", "-i", "--help").stdout == b"--env -i --help\n"


def test_standard_input_and_output_and_signals_are_the_commands(tmp_path):
    script = "trap 'echo got it; exit 9' TERM; read x; echo $x; read y"
    process = subprocess.Popen(
        [sys.executable, "-m", "secrets_gitops", "exec", "--", "sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
    )
    process.stdin.write(b"hello\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"hello\n"
    process.send_signal(signal.SIGTERM)
    process.stdin.close()
    assert process.wait(20) == 9
    assert process.stdout.read() == b"got it\n"
    process.stdout.close()


def test_the_command_gets_signals_and_limits_as_they_were(cli):
    program = (
        "import signal, resource; print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,"
        " resource.getrlimit(resource.RLIMIT_CORE)[0])"
    )
    import resource

    done = cli("exec", "--", sys.executable, "-c", program)
    assert done.stdout.decode().split() == ["True", str(resource.getrlimit(resource.RLIMIT_CORE)[0])]
    # Python itself ignores SIGPIPE; `yes` ends by it.
    assert cli("exec", "--", "sh", "-c", "yes | head -1; echo ${PIPESTATUS:-ok}").returncode == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: {b: c}\n", "`a` is not text"),
        ("a: null\n", "`a` is not text"),
        ("- a\n", "one mapping"),
        ("a: 1\n---\nb: 2\n", "one mapping"),
        ("a=b: x\n", "a name that no environment can hold"),
    ],
)
def test_a_file_of_variables_that_holds_something_else_is_refused(text, words, cli, tmp_path):
    (tmp_path / "env.yaml").write_text(text)
    done = cli("exec", "--env", "env.yaml", "--", "touch", "started")
    assert done.returncode in {2, 3}
    assert words in done.stderr.decode()
    assert not (tmp_path / "started").exists()


def test_a_dotenv_file_is_taken_also_encrypted(cli, tmp_path):
    identity, recipient = age.generate()
    (tmp_path / "key").write_bytes(identity.reveal())
    (tmp_path / "x.env").write_text("# head\nA=b=c\nD=one\\ntwo\n")
    wanted = {"A": "b=c", "D": "one\ntwo"}
    assert shown(cli("exec", "--env", "x.env", "--", *SHOW)) == wanted
    assert cli("encrypt", "-i", "--age", recipient, "x.env").returncode == 0
    assert shown(cli("exec", "--env", "x.env", "--identity", "key", "--", *SHOW)) == wanted


class TestFiles:
    """`--file NAME=FILE`: the command reads plaintext from a path in a variable."""

    IDENTITY = ("--identity", str(VECTORS / "key.txt"))

    def test_a_pipe_gives_the_plaintext_and_leaves_nothing(self, cli, tmp_path) -> None:
        shutil.copy(VECTORS / "v.enc.yaml", tmp_path)
        script = 'stat -c "%F %a" "$F"; echo "$F"; cat "$F"; exit 3'
        done = cli("exec", "--file", "F=v.enc.yaml", *self.IDENTITY, "--", "sh", "-c", script)
        kind, path, *text = done.stdout.decode().splitlines()
        assert done.returncode == 3
        assert kind == "fifo 600"
        assert os.path.basename(path) == "v.enc.yaml"
        assert yaml.safe_load("\n".join(text)) == {"a": 1, "b": "two"}
        assert not os.path.exists(path)

    def test_a_regular_file_can_be_read_in_any_order(self, cli, tmp_path) -> None:
        shutil.copy(VECTORS / "v.enc.yaml", tmp_path)
        (tmp_path / "plain.txt").write_text("as it is")
        script = 'stat -c "%F %a" "$F"; cat "$G"'
        done = cli(
            "exec", "--no-fifo", "--allow-disk", "--file", "F=v.enc.yaml", "--file", "G=plain.txt", *self.IDENTITY,
            "--", "sh", "-c", script,
        )  # fmt: skip
        assert done.stdout == b"regular file 600\nas it is"

    def test_nothing_is_started_without_the_key(self, cli, tmp_path) -> None:
        shutil.copy(VECTORS / "v.enc.yaml", tmp_path)
        done = cli("exec", "--file", "F=v.enc.yaml", "--", "touch", "started")
        assert done.returncode == 3
        assert not (tmp_path / "started").exists()

    def test_a_signal_is_told_as_shells_tell_it(self, cli, tmp_path) -> None:
        (tmp_path / "f.txt").write_text("x")
        assert cli("exec", "--file", "F=f.txt", "--", "sh", "-c", "kill -9 $$").returncode == 137

    @pytest.mark.parametrize("text", ["F", "=f.txt", "F="])
    def test_it_takes_a_name_and_a_file(self, cli, text) -> None:
        assert cli("exec", "--file", text, "--", "true").returncode == 2
