"""Real git repositories, and what `lint` and the hook say of them: exit code, findings, and what was not scanned."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

LINT = [sys.executable, "-m", "secrets_gitops", "lint"]
HOOK = [sys.executable, "-I", "-c", "import sys; from secrets_gitops.hook import main; sys.exit(main())"]
CLEAN = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: db\ndata:\n  host: db.example.org\n"
RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kdqlx6p0qpyfr3n"


class Said(NamedTuple):
    """What `lint` said."""

    code: int
    findings: list[dict]
    incomplete: list[dict]
    scanned: dict
    stderr: str

    @property
    def failing(self) -> list[tuple[str, int, str]]:
        """Path, line and rule of each finding that is no note."""
        return [(f["path"], f["line"], f["rule"]) for f in self.findings if f["severity"] != "info"]


class Repository:
    """A git repository in a folder."""

    def __init__(self, root: Path, *options: str) -> None:
        self.root = root
        subprocess.run(["git", "init", "-q", "-b", "main", *options, str(root)], check=True)

    def git(self, *arguments: str | bytes, check: bool = True, **more) -> subprocess.CompletedProcess:
        environ = dict(os.environ, **more.pop("env", {}))
        return subprocess.run(
            ["git", *arguments], cwd=self.root, env=environ, check=check, capture_output=True, text=True,
            errors="surrogateescape", **more,
        )  # fmt: skip

    def write(self, path: str, content: str | bytes) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return target

    def stage(self, path: str, content: str | bytes) -> None:
        self.write(path, content)
        self.git("--literal-pathspecs", "add", "--", path)

    def commit(self, files: dict[str, str | bytes] | None = None, message: str = "a commit") -> str:
        """Commit `files` and what is staged, past all hooks; the id."""
        for path, content in (files or {}).items():
            self.stage(path, content)
        self.git("commit", "-q", "--no-verify", "--allow-empty", "-m", message)
        return self.head()

    def remove(self, *paths: str) -> str:
        """Commit that these files are gone; the id."""
        self.git("rm", "-q", *paths)
        return self.commit()

    def head(self, revision: str = "HEAD") -> str:
        return self.git("rev-parse", revision).stdout.strip()

    def lint(self, *arguments: str, stdin: str | None = None, env: dict[str, str] | None = None, cwd=None) -> Said:
        done = subprocess.run(
            [*LINT, "--format", "json", *arguments],
            cwd=cwd or self.root,
            env=dict(os.environ, **(env or {})),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=60,
            check=False,
        )
        if not done.stdout:
            return Said(done.returncode, [], [], {}, done.stderr)
        tree = json.loads(done.stdout)
        assert tree["exit_code"] == done.returncode
        return Said(done.returncode, tree["findings"], tree["incomplete"], tree["scanned"], done.stderr)

    def hook(
        self, *arguments: str, stdin: str = "", env: dict[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*HOOK, *arguments],
            cwd=cwd or self.root,
            env=dict(os.environ, **(env or {})),
            input=stdin,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=60,
            check=False,
        )

    def install(self) -> None:
        """Our hook as a plain git hook."""
        hook = self.root / ".git" / "hooks" / "pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -m secrets_gitops.hook\n')
        hook.chmod(0o755)
