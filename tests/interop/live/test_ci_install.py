"""The installation of the action, with the real pip: from a clean clone of this repository, as GitHub lays it down."""

from __future__ import annotations

import subprocess
import sys

import pytest

sys.path.insert(0, str(__file__).rpartition("/live/")[0])
from ci_hosts import ROOT, Runner, clone

pytestmark = pytest.mark.live


@pytest.mark.timeout(300)
def test_the_action_installs_itself_and_nothing_of_the_repository_takes_its_place(tmp_path):
    """Files named like modules of Python lie in the repository that is scanned; none of them is run."""
    trap = "open('pwned', 'w').close()\n"
    names = ("venv.py", "pip.py", "sys.py", "ensurepip.py", "secrets_gitops.py", "click.py", "yaml.py")
    work = clone(tmp_path, {"apps/db.yaml": "kind: Secret\nstringData: {}\n", **dict.fromkeys(names, trap)})
    action = tmp_path / "action"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{ROOT}", action], check=True, capture_output=True)
    runner = Runner(work, tmp_path, action)
    code, log = runner.run(python=sys.executable)
    assert code == 0, log
    assert runner.output("exit-code") == "0"
    assert not (work / "pwned").exists()
    assert "runner temp/secrets-gitops/bin/" in runner.outputs["install"]["command"]


def test_a_python_that_is_too_old_is_named(tmp_path):
    work = clone(tmp_path, {"a.yaml": "a: 1\n"})
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    code, log = Runner(work, tmp_path).run(python=str(old))
    assert code == 2
    assert "Python 3.11 or newer is needed" in log
