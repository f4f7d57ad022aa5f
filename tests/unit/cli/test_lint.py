"""`lint` as a user meets it: what it scans, where reports go, and what it exits with."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "Kq7!vLm2#Zt9wXb"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: {PASSWORD}\n"
CLEAN = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: db\ndata:\n  host: db.example.org\n"
RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kdqlx6p0qpyfr3n"
GITLAB = "glpat" + "-Zx81kQmP20vB7nRt5sWq"


class Tree:
    """A git repository in the folder that the command runs in."""

    def __init__(self, root: Path, cli) -> None:
        self.root = root
        self.cli = cli
        self.git("init", "-q")

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.root, check=True, capture_output=True)

    def write(self, path: str, content: str | bytes) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def lint(self, *arguments: str, **options):
        done = self.cli("lint", *arguments, **options)
        done.out, done.err = done.stdout.decode(), done.stderr.decode()
        return done


@pytest.fixture
def tree(tmp_path, cli):
    return Tree(tmp_path, cli)


@pytest.fixture
def leaky(tree):
    tree.write("apps/secret.yaml", SECRET)
    tree.write("apps/config.yaml", CLEAN)
    return tree


# --- exit codes


def test_a_finding_is_exit_1_and_clean_is_0(leaky):
    done = leaky.lint()
    assert done.returncode == 1
    assert done.out.startswith("apps/secret.yaml:6:3: k8s-secret-plaintext: ")
    assert done.err.startswith("1 finding in 1 file; 2 files, ")
    leaky.write("apps/secret.yaml", CLEAN)
    done = leaky.lint()
    assert (done.returncode, done.out) == (0, "")
    assert done.err.startswith("no findings; 2 files, ")


@pytest.mark.parametrize(("fail_on", "code"), [("info", 1), ("high", 1), ("critical", 0)])
def test_fail_on_decides_what_fails(leaky, fail_on, code):
    done = leaky.lint("--fail-on", fail_on)
    assert done.returncode == code
    assert "k8s-secret-plaintext" in done.out


def test_an_incomplete_scan_is_3_even_beside_findings(leaky):
    leaky.write("big.txt", "word and word\n" * 400_000)
    done = leaky.lint()
    assert done.returncode == 3
    assert "k8s-secret-plaintext" in done.out
    assert "big.txt" in done.err
    assert leaky.lint("--max-bytes", "10MiB").returncode == 1


@pytest.mark.parametrize("source", ["", "--staged"])
def test_a_huge_file_takes_no_memory(leaky, tmp_path, source):
    huge = leaky.write("huge.yaml", "word and word\n")
    os.truncate(huge, 150_000_000)
    (leaky.root / "huge.bin").write_bytes(b"\0\1\2\3" * 3000)
    os.truncate(leaky.root / "huge.bin", 150_000_000)
    if source:
        leaky.git("add", ".")
    measure = "import re, sys; from secrets_gitops.cli.main import run; code = run(sys.argv[1:])"
    measure += r"; print(code, re.search(r'VmHWM:\s+(\d+)', open('/proc/self/status').read())[1])"
    command = [sys.executable, "-c", measure, "lint", *source.split(), "-o", "/dev/null"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    code, kilobytes = map(int, done.stdout.split())
    assert (code, done.stderr.count("not scanned: larger than")) == (3, 1), done.stderr
    assert kilobytes < 100_000


def test_a_secret_nested_too_deep_is_an_incomplete_scan(tree):
    nested = "\n".join(" " * at + "a:" for at in range(600))
    tree.write("deep.yaml", "kind: Secret\ndata: x\n" + nested + " b\n")
    assert tree.lint().returncode == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("--no-such-option",), ("--history", "--staged"), ("--fix", "--staged"), ("--yes",), ("--fail-on", "huge"),
        ("--rule", "no-such-rule"), ("--disable", "SG999"), ("--explain", "nothing"), ("--format", "xml"),
        ("--format", "json="), ("--max-bytes", "lots"), ("--max-bytes", "0"), ("--stdin",), ("--path", "x.yaml"),
        ("--stdin", "--path", "x.yaml", "--staged"), ("--format", "json", "--format", "sarif"),
        ("--format", "json=a", "--format", "sarif=a"), ("--format", "json=a", "-o", "b"),
        ("--rule", "private-key", "--disable", "private-key"), ("--format",), ("--stdin", "--path", ""),
        ("--stdin", "--path", "."),
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_2_with_one_line_and_a_hint(tree, arguments):
    done = tree.lint(*arguments)
    assert done.returncode == 2
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert "\nhint: " in done.err
    assert "Traceback" not in done.err


def test_a_dash_is_no_file_and_the_way_to_standard_input_is_told(tree):
    done = tree.lint("-", stdin=SECRET)
    assert (done.returncode, "`--stdin --path NAME`" in done.err) == (3, True)


@pytest.mark.parametrize("arguments", [("--history",), ("--tree", "HEAD"), ("--pushed-range", "a..b")])
def test_outside_of_a_repository_the_hint_says_what_is_missing(cli, tmp_path, arguments):
    done = cli("lint", *arguments)
    assert done.returncode == 3
    assert "hint: stand in a repository, or make one with `git init`" in done.stderr.decode()


def test_an_index_that_git_cannot_read_is_exit_3_with_a_hint(leaky):
    leaky.git("add", ".")
    leaky.write(".git/index", b"no index")
    for arguments in ((), ("--staged",)):
        done = leaky.lint(*arguments)
        assert (done.returncode, done.err.count("hint: ")) == (3, 1)


# --- what is scanned


def test_without_a_path_the_whole_repository_is_scanned_from_anywhere_in_it(leaky):
    (leaky.root / "docs").mkdir()
    done = leaky.lint(cwd=leaky.root / "docs")
    assert done.returncode == 1
    assert done.out.startswith("apps/secret.yaml:")
    assert f"paths are relative to {leaky.root}" in done.err


def test_untracked_files_are_scanned_and_ignored_ones_are_not_unless_named(leaky):
    leaky.write(".gitignore", "ignored/\n")
    leaky.write("ignored/one.yaml", SECRET)
    assert "ignored" not in leaky.lint().out
    assert leaky.lint("ignored/one.yaml").out.startswith("ignored/one.yaml:6:3")
    assert leaky.lint("ignored").out.startswith("ignored/one.yaml:6:3")


def test_a_path_limits_what_is_scanned(leaky):
    leaky.write("other/secret.yaml", SECRET)
    assert "other" not in leaky.lint("apps").out
    assert leaky.lint("apps/config.yaml").returncode == 0
    done = leaky.lint("secret.yaml", cwd=leaky.root / "other")
    assert done.out.startswith("other/secret.yaml:6:3")


def test_a_file_named_twice_is_reported_once(leaky):
    assert leaky.lint("apps", "apps/secret.yaml").out.count("k8s-secret-plaintext") == 1


def test_a_path_that_is_not_there_is_no_clean_scan(leaky):
    done = leaky.lint("apps/secrets.yaml")
    assert done.returncode == 3
    assert "no such file" in done.err


def test_a_path_outside_is_refused(leaky, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "x.yaml"
    outside.write_text(SECRET)
    done = leaky.lint("apps", str(outside))
    assert done.returncode == 2
    assert "one repository at a time" in done.err


def test_a_folder_without_git_is_scanned(cli, tmp_path):
    (tmp_path / "a.yaml").write_text(SECRET)
    for arguments in ((), ("a.yaml",), (".",), (str(tmp_path / "a.yaml"),)):
        done = cli("lint", *arguments)
        assert done.returncode == 1
        assert done.stdout.startswith(b"a.yaml:6:3")


def test_a_link_out_of_the_repository_is_not_followed(tree, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "x.yaml"
    outside.write_text(SECRET)
    (tree.root / "link.yaml").symlink_to(outside)
    assert tree.lint("link.yaml").returncode == 0
    (tree.root / "folder").symlink_to(outside.parent)
    assert tree.lint().returncode == 0


def test_staged_reads_the_index_and_paths_limit_the_report(leaky):
    leaky.write("other/secret.yaml", SECRET)
    leaky.git("add", ".")
    leaky.write("apps/secret.yaml", CLEAN)
    done = leaky.lint("--staged")
    assert done.returncode == 1
    assert "apps/secret.yaml:6:3" in done.out
    done = leaky.lint("--staged", "other")
    assert "apps" not in done.out
    assert "other/secret.yaml:6:3" in done.out
    assert leaky.lint("--staged", "apps/config.yaml").returncode == 0


def test_staged_without_git_is_a_usage_error(cli, tmp_path):
    assert cli("lint", "--staged").returncode == 2


def test_a_document_from_standard_input_is_scanned_as_the_file_it_will_be(tree):
    tree.write(".sops.yaml", f"creation_rules:\n  - path_regex: ^enc/\n    age: {RECIPIENT}\n")
    done = tree.lint("--stdin", "--path", "apps/new.yaml", stdin=SECRET)
    assert done.returncode == 1
    assert done.out.startswith("apps/new.yaml:6:3: k8s-secret-plaintext")
    done = tree.lint("--stdin", "--path", "enc/new.yaml", stdin="host: db.example.org\n")
    assert "sops-not-encrypted" in done.out
    assert tree.lint("--stdin", "--path", "apps/new.yaml", stdin=CLEAN).returncode == 0
    assert tree.lint("--stdin", "--path", "a.txt", "--max-bytes", "10", stdin="a" * 11).returncode == 3


# --- rules


def test_rules_are_chosen_by_slug_or_number(leaky):
    leaky.write("t.txt", f"token {GITLAB}\n")
    assert leaky.lint("--rule", "provider-token").out.startswith("t.txt:1:7: provider-token-gitlab: ")
    assert leaky.lint("--rule", "SG717").out.startswith("t.txt:1:7: provider-token-gitlab: ")
    assert leaky.lint("--rule", "sg101").out.startswith("apps/secret.yaml")
    assert "provider-token" not in leaky.lint("--disable", "provider-token-gitlab").out
    assert "k8s-secret-plaintext" not in leaky.lint("--disable", "SG101").out
    assert leaky.lint("--disable", "SG101", "--disable", "SG710", "--disable", "SG607").returncode == 0


def test_a_lock_file_is_looked_at_for_tokens_and_keys_only(tree):
    tree.write("package-lock.json", json.dumps({"kind": "Secret", "stringData": {"password": PASSWORD}, "t": GITLAB}))
    for arguments in ((), ("--rule", "provider-token"), ("--rule", "provider-token-gitlab")):
        done = tree.lint(*arguments)
        assert "provider-token-gitlab" in done.out
        assert "k8s-secret-plaintext" not in done.out


@pytest.mark.parametrize(("how", "found"), [("auto", False), ("off", False), ("strict", True)])
def test_a_rule_for_everything_obliges_only_when_strict(tree, how, found):
    tree.write(".sops.yaml", f"creation_rules:\n  - age: {RECIPIENT}\n")
    tree.write("config.yaml", CLEAN)
    done = tree.lint("--require-sops", how, "config.yaml")
    assert ("sops-not-encrypted" in done.out) == found


def test_a_rule_for_certain_files_obliges_unless_off(tree):
    tree.write(".sops.yaml", f"creation_rules:\n  - path_regex: ^enc/.*\n    age: {RECIPIENT}\n")
    tree.write("enc/config.yaml", CLEAN)
    assert "sops-not-encrypted" in tree.lint().out
    assert tree.lint("--require-sops", "off").returncode == 0


def test_the_list_names_every_rule_and_each_can_be_explained(tree):
    done = tree.lint("--list-rules")
    assert done.returncode == 0
    rows = [line.split(maxsplit=3) for line in done.out.splitlines()]
    assert len({row[0] for row in rows}) == len({row[1] for row in rows}) == len(rows) > 80
    assert [row[2] for row in rows if row[0] == "provider-token-age"] == ["critical"]
    for slug, alias, *_ in rows[:10]:
        explained = tree.lint("--explain", alias).out
        assert explained.startswith(f"{slug} ({alias}, ")
        assert {"what:", "why:", "fix:", "off:"} <= {line.split(" ")[0] for line in explained.splitlines() if line}


# --- reports


def test_formats_go_where_they_are_told(leaky):
    done = leaky.lint("--format", "sarif", "--format", "json=out.json", "--format", "text=out.txt")
    assert done.returncode == 1
    (run,) = json.loads(done.out)["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["k8s-secret-plaintext"]
    assert run["invocations"][0]["exitCode"] == 1
    tree = json.loads((leaky.root / "out.json").read_text())
    assert tree["exit_code"] == 1
    assert tree["findings"][0]["path"] == "apps/secret.yaml"
    assert (leaky.root / "out.txt").read_text().startswith("apps/secret.yaml:6:3: ")
    assert "1 finding" in done.err


def test_an_output_file_is_replaced_as_a_whole_or_left_alone(leaky):
    target = leaky.write("report.json", "old")
    assert leaky.lint("--format", "json", "-o", "report.json", "apps").returncode == 1
    assert json.loads(target.read_text())["schema"] == 1
    done = leaky.lint("--format", "json", "-o", "no/such/folder/report.json", "apps")
    assert done.returncode == 3
    assert done.out == ""
    assert leaky.lint("-o", "apps").returncode == 2
    assert sorted(os.listdir(leaky.root)) == [".git", "apps", "report.json"]


def test_a_clean_scan_still_writes_whole_reports(tree):
    tree.write("a.yaml", CLEAN)
    assert json.loads(tree.lint("--format", "json").out)["findings"] == []
    assert json.loads(tree.lint("--format", "sarif").out)["runs"][0]["results"] == []


def test_an_incomplete_scan_is_told_in_every_format(tree):
    tree.write("big.txt", "word and word\n" * 400_000)
    done = tree.lint("--format", "sarif", "--format", "json=out.json")
    assert done.returncode == 3
    assert json.loads(done.out)["runs"][0]["invocations"][0]["executionSuccessful"] is False
    assert json.loads((tree.root / "out.json").read_text())["incomplete"][0]["path"] == "big.txt"


def test_what_is_no_file_is_written_to(leaky):
    done = leaky.lint("--format", "json=/dev/stderr", "--format", "text", "-o", "/dev/null")
    assert (done.returncode, done.out) == (1, "")
    assert '"rule": "k8s-secret-plaintext"' in done.err


def test_a_report_that_cannot_be_written_out_is_no_success(tree):
    tree.write("a.yaml", CLEAN)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "secrets_gitops", "lint", "--format", "json"],
            cwd=tree.root, stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert b"no space" in done.stderr


CANARIES = {
    "password": PASSWORD,
    "token": GITLAB,
    "b64": base64.b64encode(b"Zq8!rT2#xW9v-and-more").decode(),
    "broken": "s3cr3t-in-Broken-Yaml9",
}


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_no_report_holds_a_part_of_a_value(tree, form):
    tree.write("a.yaml", SECRET + f"  token: {CANARIES['token']}\ndata:\n  b64: {CANARIES['b64']}\n")
    tree.write("broken.yaml", f"kind: Secret\nstringData:\n  password: {CANARIES['broken']}\n  - [\n")
    tree.write("dup.yaml", f"kind: Secret\nstringData:\n  a: {PASSWORD}\n  a: {CANARIES['broken']}\n")
    tree.write(".env", f"TOKEN={GITLAB}\n")
    done = tree.lint("--format", form)
    assert done.returncode in (1, 3)
    assert "password" in done.out
    shown = done.out + done.err
    for value in CANARIES.values():
        assert not [value[at : at + 6] for at in range(len(value) - 5) if value[at : at + 6] in shown]


def test_a_path_that_names_nothing_is_no_clean_report(tree):
    tree.write("a.yaml", "a: b\n")
    tree.git("add", ".")
    tree.git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "a")
    tree.git("rm", "-q", "a.yaml")
    assert tree.lint("--staged", "a.yaml").returncode == 0
    done = tree.lint("--staged", "no/such.yaml")
    assert done.returncode == 3
    assert "no such file" in done.err
