"""The hook's modules from one file: the same results, whatever became of that file or of a source."""

from __future__ import annotations

import marshal
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lint_repository import Repository

PACKAGE = Path(__file__).resolve().parents[2] / "secrets_gitops"
RUN = """
import os, sys
os._exit = lambda code: None
import secrets_gitops.hook
secrets_gitops.hook.main()
print(sum(getattr(getattr(module, "__loader__", None), "served", False) for module in list(sys.modules.values())))
"""


class Hook:
    """A copy of the package, whose hook is run in a repository with a Secret staged."""

    def __init__(self, folder: Path) -> None:
        self.package = folder / "site" / "secrets_gitops"
        shutil.copytree(PACKAGE, self.package, ignore=shutil.ignore_patterns("*.kept"))
        self.repository = Repository(folder / "repo")
        self.repository.stage("db.yaml", "kind: Secret\nstringData:\n  password: correct-Horse7-battery\n")
        self.environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        self.environ["PYTHONPATH"] = str(self.package.parent)

    @property
    def file(self) -> Path:
        (found,) = (self.package / "__pycache__").glob("hook.*.kept")
        return found

    def __call__(self, *flags: str) -> tuple[str, int]:
        """What it reports, and how many of its modules came from the file."""
        command = [sys.executable, *flags, "-c", RUN]
        done = subprocess.run(
            command, cwd=self.repository.root, env=self.environ, capture_output=True, text=True, check=True
        )
        assert done.stderr.startswith("1 finding in 1 file; "), done.stderr
        report, _, count = done.stdout.removesuffix("\n").rpartition("\n")
        assert report.startswith("db.yaml:3:3: k8s-secret-plaintext: ")
        return report, int(count)


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    hook = Hook(tmp_path_factory.mktemp("hook"))
    hook.report, count = hook()
    assert count == 0
    return hook


def test_the_second_start_takes_all_from_the_file_and_says_the_same(started):
    before = started.file.stat()
    report, count = started()
    assert report == started.report
    assert count > 50
    after = started.file.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_changed_source_counts_at_once(started):
    started()
    rule = started.package / "lint" / "report" / "text.py"
    text = rule.read_text()
    rule.write_text(text.replace("  fix: {", "  mend: {"))
    try:
        assert "  mend: " in started()[0]
        assert "  mend: " in started()[0]
    finally:
        rule.write_text(text)
    os.utime(rule, (1, 1))
    assert started()[0] == started.report


@pytest.mark.parametrize("damage", ["", "short", "other", "no dictionary", "each code"])
def test_a_damaged_file_is_made_anew(started, damage):
    _, count = started()
    whole = started.file.read_bytes()
    version, modules = marshal.loads(whole)
    started.file.write_bytes({
        "": b"",
        "short": whole[: len(whole) // 2],
        "other": b"\xff" * 1000,
        "no dictionary": marshal.dumps([1, 2]),
        "each code": marshal.dumps((version, {
            name: (within, cached, code[:16] + marshal.dumps("x")) for name, (within, cached, code) in modules.items()
        })),
    }[damage])  # fmt: skip
    assert started()[0] == started.report
    assert started() == (started.report, count)


def test_what_another_version_kept_is_not_taken(started):
    _, count = started()
    source = started.package / "__init__.py"
    text = source.read_text()
    source.write_text(text.replace('__version__ = "', '__version__ = "9.'))
    assert started() == (started.report, 0)
    assert started() == (started.report, count)
    source.write_text(text)
    started()


def test_it_is_written_where_byte_code_is_and_leaves_nothing_else(started):
    started.file.unlink()
    assert started("-B") == (started.report, 0)
    assert not list(started.package.rglob("*.kept*"))
    place = started.package / "__pycache__" / f"hook.{sys.implementation.cache_tag}.kept"
    place.mkdir()
    assert started() == (started.report, 0)
    assert list(started.package.rglob("*.kept*")) == [place]
    place.rmdir()
    started()
    assert started()[1] > 50


ODD = """
import sys
import secrets_gitops.hook as hook
scan = hook.run
def run(arguments):
    sys.modules.update({"typing.io": type("io", (), {}), "odd.none": None})
    return scan(arguments)
hook.run = run
hook.main()
"""


def test_what_stands_among_the_modules_and_is_none_is_passed_over(started):
    started.file.unlink()
    command = [sys.executable, "-c", ODD]
    done = subprocess.run(
        command, cwd=started.repository.root, env=started.environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "odd.none" not in marshal.loads(started.file.read_bytes())
