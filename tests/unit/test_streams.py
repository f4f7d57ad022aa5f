"""Streams that whoever starts us has closed: no traceback, nothing clean that is not, and no notes among data."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

LINT = f"{sys.executable} -m secrets_gitops lint"
HOOK = f"{sys.executable} -I -c 'import sys; from secrets_gitops.hook import main; sys.exit(main())'"


@pytest.fixture
def shell(tmp_path):
    """A maker: run a line of shell in a repository in which a secret is staged."""
    secret = "Kq7vLm2" + "Zt9wXb4Rf6"
    (tmp_path / "a.env").write_text(f"DB_PASSWORD={secret}\n")
    for arguments in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    return lambda line: subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, check=False)


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_the_hook_refuses(shell, closed):
    done = shell(f"{HOOK} {closed}")
    assert (done.returncode, b"Traceback" in done.stderr) == (1, False)


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_report_that_nobody_can_read_is_an_error(shell, closed):
    done = shell(f"{LINT} {closed}")
    assert (done.returncode, b"bug" in done.stderr) == (3, False)


def test_notes_do_not_go_where_data_goes(shell):
    done = shell(f"{LINT} --format json 2>&-")
    assert done.returncode == 1
    assert len(json.loads(done.stdout)["findings"]) == 1
