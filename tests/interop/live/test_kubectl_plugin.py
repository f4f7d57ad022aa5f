"""The real kubectl finds us as a plugin: both spellings of the name, and our exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.live


@pytest.mark.parametrize("name", ["secrets-gitops", "secrets_gitops"])
def test_kubectl_calls_us(program, tmp_path: Path, name: str) -> None:
    env = dict(os.environ, PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    kubectl = [program("kubectl"), name]
    done = subprocess.run([*kubectl, "--version"], env=env, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.startswith("secrets-gitops ")
    done = subprocess.run(
        [*kubectl, "seal"],
        env=env,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2  # no certificate is pinned here
    assert done.stderr.startswith(b"error: ")
