"""Several processes find what one finds, in the same order, whatever becomes of them."""

from __future__ import annotations

import errno
import os
import signal
import subprocess

import pytest

from secrets_gitops.lint import engine, parallel
from secrets_gitops.lint.options import Options
from secrets_gitops.lint.overlay import Overlay
from secrets_gitops.lint.scanner import Scanner
from secrets_gitops.repository.commits import tree_of
from secrets_gitops.repository.index import Index
from secrets_gitops.repository.objects import Objects
from secrets_gitops.repository.tree import Tree
from secrets_gitops.repository.work_tree import WorkTree


@pytest.fixture
def many(tmp_path, values, monkeypatch):
    """A work tree of many small files: plaintext, excused plaintext, files that cannot be read, and plain ones."""
    monkeypatch.setattr(engine, "_FIRST", 20)
    monkeypatch.setattr(engine, "_WORTH_SHARING", 1)
    monkeypatch.setattr(parallel, "CHUNK", 10)
    head = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n"
    for at in range(150):
        folder = tmp_path / f"f{at % 7}"
        folder.mkdir(exist_ok=True)
        text = f"kind: Service\nnumber: {at}\n"
        if at % 3 == 0:
            text = f"{head}  password: {values.password()}\n"
        elif at % 5 == 0:
            text = (
                f"{head}  # secrets-gitops:allow k8s-secret-plaintext -- of a test\n  password: {values.password()}\n"
            )
        elif at % 11 == 0:
            text = "x" * 3000 + "\n"
        (folder / f"file {at} \udcff.yaml").write_text(text)
    return tmp_path


def test_findings_excuses_and_what_was_not_seen_are_those_of_one_process(many):
    for number in (1, 4, 6):
        (many / f"f{number}" / ".sops.yaml").write_text("# too large for creation rules\n" * 100_000)
    reports = [
        engine.scan(WorkTree(str(many)), options=Options(jobs=jobs), max_bytes=2500, rules=None) for jobs in (1, 2, 5)
    ]
    first = reports[0]
    assert first.findings and first.suppressed and first.incomplete
    for other in reports[1:]:
        assert other._replace(incomplete=(), rules=()) == first._replace(incomplete=(), rules=())
        told = [{(type(e), e.message, e.hints, e.place) for e in one.incomplete} for one in (first, other)]
        assert told[0] == told[1]


@pytest.mark.parametrize("over", [False, True], ids=["as it is", "with a file of other content"])
def test_each_process_reads_the_index_by_itself(many, over):
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=many, check=True)
    reports = []
    for jobs in (1, 4):
        index = Index(str(many))
        snapshot = Overlay(index, ".secrets-gitops.yaml", b"lint: {}\n") if over else index
        reports.append(engine.scan(snapshot, options=Options(jobs=jobs)))
        index.close()
    assert reports[1].incomplete == ()
    assert reports[1].findings == reports[0].findings
    assert reports[1].size == reports[0].size > 0


@pytest.mark.parametrize("received", [False, True], ids=["of its own excuses", "of what the server has"])
def test_each_process_reads_a_commit_by_itself(many, received):
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "many files"]):
        subprocess.run(["git", *command], cwd=many, check=True)
    reports = []
    for jobs in (1, 4):
        objects = Objects(str(many))
        tree = Tree(objects, tree_of(objects, "HEAD"), str(many))
        excuses = Tree(Objects(str(many)), tree_of(objects, "HEAD"), str(many)) if received else None
        reports.append(engine.scan(tree, options=Options(jobs=jobs), excuses=excuses))
        objects.close()
        if excuses:
            excuses.close()
    assert reports[1].incomplete == ()
    assert reports[1].suppressed == reports[0].suppressed != ()
    assert reports[1].findings == reports[0].findings
    assert reports[1].size == reports[0].size > 0


def test_the_share_of_a_process_that_is_killed_is_scanned_all_the_same(many, monkeypatch):
    expected = engine.scan(WorkTree(str(many)), options=Options(jobs=1))
    here, whole = os.getpid(), Scanner.scan

    def scan(self, path, *rest, **named):
        if os.getpid() != here and path.startswith("f3/"):
            os.kill(os.getpid(), signal.SIGKILL)
        whole(self, path, *rest, **named)

    monkeypatch.setattr(Scanner, "scan", scan)
    found = engine.scan(WorkTree(str(many)), options=Options(jobs=3))
    assert found.findings == expected.findings
    assert found.paths == expected.paths


def test_shares_for_which_there_is_no_process_are_scanned_all_the_same(many, monkeypatch):
    expected = engine.scan(WorkTree(str(many)), options=Options(jobs=1))
    fork, started = os.fork, []

    def one_alone() -> int:
        if started:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        started.append(True)
        return fork()

    monkeypatch.setattr(os, "fork", one_alone)
    found = engine.scan(WorkTree(str(many)), options=Options(jobs=4))
    assert found.findings == expected.findings
    assert found.paths == expected.paths


def test_a_bug_in_a_process_shows_as_one_here(many, monkeypatch):
    whole = Scanner.scan

    def scan(self, path, *rest, **named):
        if path.startswith("f5/file 110"):
            raise ZeroDivisionError
        whole(self, path, *rest, **named)

    monkeypatch.setattr(Scanner, "scan", scan)
    with pytest.raises(ZeroDivisionError):
        engine.scan(WorkTree(str(many)), options=Options(jobs=3))
