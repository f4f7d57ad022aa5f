"""`make demo-cluster`: the whole story on real servers, and what it says where they are missing."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import openbao
import pytest

DEMO = Path(__file__).resolve().parents[2] / "docs" / "demo" / "demo_cluster.py"
STEPS = (
    "secret/db created",
    "sealedsecret.bitnami.com/session condition met",
    "externalsecret.external-secrets.io/payment condition met",
    'secret "session" deleted',
    "secret/session condition met",
    "kill -USR1",
    "secret/api condition met",
    "nothing fails",
    "all of it is stopped and removed",
)


@pytest.fixture
def demo():
    """A maker: run it with this cache folder; nothing may be left in its temporary folder."""

    def run(cache):
        with tempfile.TemporaryDirectory(prefix="demo-") as temporary:  # sockets want short paths, unlike tmp_path's
            env = {**os.environ, "XDG_CACHE_HOME": str(cache), "TMPDIR": temporary}
            done = subprocess.run(
                [sys.executable, str(DEMO)], env=env, capture_output=True, text=True, timeout=280, check=False
            )
            assert os.listdir(temporary) == []
        return done

    return run


@pytest.mark.live
@pytest.mark.timeout(300)
def test_the_story_is_true_to_its_end(program, demo):
    openbao.program()
    built = [Path(program(name)) for name in ("etcd", "kube-apiserver", "kubectl")]
    done = demo(built[0].parents[3])
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-3000:]
    at = 0
    for step in STEPS:
        at = done.stdout.find(step, at)
        assert at >= 0, f"{step} is not told, or not in its place"
    assert "PRIVATE KEY" not in done.stdout


def test_without_the_servers_it_says_how_to_get_them_and_starts_nothing(demo, tmp_path):
    done = demo(tmp_path / "empty")
    assert (done.returncode, done.stdout) == (3, "")
    assert "etcd, kube-apiserver, kubectl" in done.stderr and "make tools" in done.stderr


def test_without_go_it_says_where_go_comes_from(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(DEMO.parent)
    story = importlib.import_module(DEMO.stem)
    monkeypatch.setattr(story.build, "folder", lambda: tmp_path)
    monkeypatch.setattr(story.build, "go", lambda: None)
    assert "https://go.dev/dl/" in "".join(story.missing())
