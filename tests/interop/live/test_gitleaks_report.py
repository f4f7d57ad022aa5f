"""`--format gitleaks-json` beside the report of the real gitleaks: the same fields, of the same types."""

from __future__ import annotations

import json
import subprocess

import pytest

pytestmark = pytest.mark.live

TOKEN = "glpat" + "-Zx81kQmP20vB7nRt5sW"


@pytest.mark.parametrize("content", [f"token: {TOKEN}\n", "a: b\n"], ids=["leak", "clean"])
def test_the_fields_are_those_of_gitleaks(content, program, cli, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    (work / "config.yaml").write_text(content)
    report = tmp_path / "theirs.json"
    subprocess.run(
        [program("gitleaks"), "dir", "--redact", "--report-format", "json", "--report-path", report, "."],
        cwd=work, capture_output=True, check=False,
    )  # fmt: skip
    theirs = json.loads(report.read_text())
    ours = json.loads(cli("lint", "--format", "gitleaks-json", cwd=work).stdout)
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert set(mine) == set(other)
        for name in mine:
            assert isinstance(mine[name], (int, float) if name == "Entropy" else type(other[name])), name
        for name in ("Secret", "File", "StartLine", "EndLine", "Commit", "SymlinkFile"):
            assert mine[name] == other[name], name
