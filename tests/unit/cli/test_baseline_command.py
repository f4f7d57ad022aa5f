"""`baseline` as a user meets it: what is accepted, by what name, and what is said when there is nothing to do."""

from __future__ import annotations

import json
import subprocess

import pytest

SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: Kq7!vLm2#Zt9wXb\n"


@pytest.fixture
def repo(tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "apps/db").mkdir(parents=True)
    (tmp_path / "apps/db/secret.yaml").write_text(SECRET)
    return tmp_path


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        (".", "apps/db/secret.yaml:6"), ("apps/db", "apps/db/secret.yaml:6"), ("apps/db", "secret.yaml:6"),
        ("apps", "./db/secret.yaml:6:3"), (".", "./apps/db/secret.yaml:6"),
    ],
)  # fmt: skip
def test_a_finding_is_named_as_the_report_does_or_as_its_file_is_called_from_here(cli, repo, folder, name):
    done = cli("baseline", "accept", name, "--reason", "a test", cwd=repo / folder)
    assert (done.returncode, done.stdout) == (0, b"accepted  apps/db/secret.yaml:6  k8s-secret-plaintext\n")
    assert cli("lint").returncode == 0


def test_entries_of_what_a_sparse_checkout_leaves_out_stay(cli, repo):
    (repo / "other").mkdir()
    for name in ("a", "gone"):
        (repo / f"other/{name}.yaml").write_text(SECRET)
    names = ("apps/db/secret.yaml:6", "other/a.yaml:6", "other/gone.yaml:6")
    assert cli("baseline", "accept", *names, "--reason", "a test").returncode == 0
    for command in (["add", "."], ["commit", "-qm", "all"], ["sparse-checkout", "set", "apps"]):
        subprocess.run(["git", *command], cwd=repo, check=True)
    subprocess.run(["git", "rm", "-q", "--sparse", "other/gone.yaml"], cwd=repo, check=True)
    assert not (repo / "other").exists()
    done = cli("baseline", "update")
    assert (done.returncode, done.stdout) == (0, b"removed  other/gone.yaml  k8s-secret-plaintext  password\n")
    entries = json.loads((repo / ".secrets-gitops-baseline.json").read_text())["entries"]
    assert {entry["path"] for entry in entries} == {"apps/db/secret.yaml", "other/a.yaml"}


def test_what_is_not_found_is_told(cli, repo):
    done = cli("baseline", "accept", "../secret.yaml:6", "--reason", "a test", cwd=repo / "apps")
    assert done.returncode == 2
    assert b"nothing is found that is called `../secret.yaml:6`" in done.stderr


def test_a_report_in_which_nothing_stands_is_told(cli, repo):
    (repo / "report.json").write_text(json.dumps([]))
    done = cli("baseline", "import", "report.json")
    assert (done.returncode, done.stderr) == (0, b"nothing stands in it that could be taken over\n")
