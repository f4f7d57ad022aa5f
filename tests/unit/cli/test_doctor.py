"""`doctor`: what it can tell when something that it reads is broken."""

from __future__ import annotations

import subprocess

import pytest


@pytest.mark.parametrize("settings", ["lint: [broken\n", "lint: {nosuch: 1}\n", "{\n"])
def test_broken_settings_are_one_trouble_among_others(cli, tmp_path, settings):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".secrets-gitops.yaml").write_text(settings)
    done = cli("doctor", cwd=tmp_path)
    shown = done.stdout.decode()
    assert done.returncode == 1
    assert "wrong: .secrets-gitops.yaml:" in shown
    assert "there is no git hook" in shown
    assert "2 things wrong" in shown
