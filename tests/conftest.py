"""What all tests share: a home of their own, the real programs, and skips that become failures where none may be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "tools"))
from aws_server import aws, aws_server  # noqa: E402, F401  fixtures for all tests
from openbao import durable_openbao, openbao, own_openbao  # noqa: E402, F401  fixtures for all tests

import build  # noqa: E402  the module that builds the programs also knows where they are

SKIP_IS_FAILURE = os.environ.get("SECRETS_GITOPS_TESTS_SKIP") == "fail"
FOREIGN = ("SOPS_", "SECRETS_GITOPS_", "SEALED_SECRETS_", "GIT_", "PRE_COMMIT", "VALS_", "AGE_", "VAULT_", "BAO_",
           "GPG_", "AWS_", "AZURE_", "GOOGLE_", "GCE_", "IDENTITY_", "MSI_")  # fmt: skip
"""Variables of the developer that no test may see."""


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the developer's keys, settings or git configuration."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(FOREIGN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("GNUPGHOME", str(home / "no-gnupg"))  # in a folder that is there gpg would start an agent
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("NO_COLOR", "1")
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Test\n\temail = test@example.org\n[init]\n\tdefaultBranch = main\n"
        "[core]\n\tautocrlf = false\n[commit]\n\tgpgsign = false\n"
    )


@pytest.fixture(scope="session")
def program():
    """A maker: the path of a real program that `make tools` built, or of one on PATH; without it a test is skipped."""

    # Before any test moves HOME.
    paths = {name: build.path_of(name) for name in (*build.PROGRAMS, *build.PYTHON_PROGRAMS)}

    def find(name: str) -> str:
        built = paths.get(name)
        path = shutil.which(name) if built is None else str(built) if built.exists() else None
        if path is None:
            pytest.skip(f"{name} is not here; `make tools` builds it where Go is installed")
        return path

    return find


@pytest.fixture
def gpg_home(monkeypatch: pytest.MonkeyPatch):
    """The folder of a GnuPG of its own, in GNUPGHOME; its agent is ended with the test."""
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    folder = tempfile.mkdtemp(prefix="gpg-", dir="/tmp")  # a socket's path must be short
    monkeypatch.setenv("GNUPGHOME", folder)
    yield Path(folder)
    subprocess.run(["gpgconf", "--homedir", folder, "--kill", "gpg-agent"], capture_output=True, check=False)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def cli(tmp_path: Path):
    """A maker: run our command line as a process of its own in `tmp_path` and give back what it did."""

    def run(*arguments: str, stdin: bytes | str = b"", cwd: Path | None = None, env: dict[str, str] | None = None):
        return subprocess.run(
            [sys.executable, "-m", "secrets_gitops", *arguments],
            cwd=cwd or tmp_path,
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            env=dict(os.environ, **(env or {})),
            timeout=60,
            check=False,
        )

    return run


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Where nothing may be skipped, a skip is a failure that keeps its reason."""
    outcome = yield
    report = outcome.get_result()
    if SKIP_IS_FAILURE and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {reason}"
