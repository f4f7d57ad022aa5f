"""Reports of real runs: where they go, that nothing else is printed there, and that they come after a failure too."""

from __future__ import annotations

import os
import subprocess

import pytest
from schemas import CHECKS

PASSWORD = "Kq7!vLm2#Zt9wXb"
LEAK = f"kind: Secret\nmetadata: {{name: db, namespace: shop}}\nstringData:\n  password: {PASSWORD}\n"


@pytest.fixture
def leaky(tmp_path):
    """A repository with a leak and a file that is too large for `--max-bytes=1000`."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "db.yaml").write_text(LEAK)
    (tmp_path / "large.txt").write_text("words and words\n" * 100)
    return tmp_path


@pytest.mark.parametrize("arguments", [[], ["--max-bytes=1000"]], ids=["complete", "incomplete"])
def test_all_formats_at_once_each_in_its_file(arguments, leaky, cli, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    asked = [argument for name in CHECKS for argument in ("--format", f"{name}={folder / name}")]
    done = cli("lint", *arguments, *asked, cwd=leaky)
    assert done.returncode == (3 if arguments else 1)
    assert done.stdout == b""
    assert sorted(os.listdir(folder)) == sorted(CHECKS)  # nothing half-written lies beside them
    for name, check in CHECKS.items():
        text = (folder / name).read_text(encoding="utf-8")
        check(text)
        assert "k8s-secret-plaintext" in text, name


@pytest.mark.parametrize("name", ["text", "json", "jsonl", "sarif", "junit", "rdjsonl"])
def test_standard_output_holds_the_report_and_nothing_else(name, leaky, cli):
    done = cli("lint", "--max-bytes=1000", "--format", name, cwd=leaky)
    assert done.returncode == 3
    CHECKS[name](done.stdout.decode())
    assert b"not scanned" in done.stderr
    assert b"1 finding in 1 file" in done.stderr


def test_minus_o_takes_the_one_report_without_a_file(leaky, cli):
    done = cli("lint", "--format", "sarif=a.sarif", "--format", "json", "-o", "b.json", cwd=leaky)
    assert (done.returncode, done.stdout) == (1, b"")
    CHECKS["sarif"]((leaky / "a.sarif").read_text())
    CHECKS["json"]((leaky / "b.json").read_text())


def test_two_names_of_one_file_are_one_place(leaky, cli):
    (leaky / "again.json").symlink_to("a.json")
    for other in ("./a.json", str(leaky / "a.json"), "again.json"):
        done = cli("lint", "--format", "json=a.json", "--format", f"sarif={other}", cwd=leaky)
        assert done.returncode == 2
        assert b"two reports would go to" in done.stderr
    assert not (leaky / "a.json").exists()


@pytest.mark.parametrize("mode", [["--history"], ["--commit", "HEAD"], ["--tree", "HEAD"], ["--pushed-range"]])
def test_files_of_commits_are_cases_of_a_clean_run_too(mode, tmp_path, cli):
    (tmp_path / "a.yaml").write_text("a: 1\n")
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "1"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    done = cli("lint", *mode, "--format", "junit", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert b'<testcase classname="a.yaml" name="no plaintext"/>' in done.stdout


def test_reports_in_the_repository_are_no_findings_of_the_next_run(leaky, cli):
    asked = [argument for name in CHECKS for argument in ("--format", f"{name}={name}.report")]
    assert cli("lint", *asked, cwd=leaky).returncode == 1
    (leaky / "db.yaml").unlink()
    done = cli("lint", cwd=leaky)
    assert (done.returncode, done.stdout) == (0, b"")


def test_a_report_that_cannot_be_written_is_no_clean_scan(leaky, cli):
    (leaky / "db.yaml").unlink()
    done = cli("lint", "--format", "json=no/such/folder/x.json", cwd=leaky)
    assert done.returncode == 3
    assert b"no/such/folder" in done.stderr


@pytest.mark.parametrize("name", sorted(set(CHECKS) - {"github"}))
def test_no_key_and_no_path_begins_a_line_as_a_command(name, leaky, cli):
    """A CI host reads standard output too."""
    key = '"pass\\n::error::x\\n##[group]x"'
    (leaky / " ::error::x.yaml").write_text(LEAK.replace("password:", f"{key}:"))
    (leaky / "::error::x.yaml").write_text(LEAK)
    done = cli("lint", "--format", name, cwd=leaky)
    assert done.returncode == 1
    for line in (done.stdout + done.stderr).splitlines():
        assert not line.strip().startswith((b"::", b"##["))
