"""What the tests of the lint share: a repository in memory, a scan of it, and values that nobody ever used."""

from __future__ import annotations

import base64
import random
import string

import pytest

from secrets_gitops.errors import FileError, Place, TooLarge
from secrets_gitops.lint import catalog, engine


class Memory:
    """A snapshot in memory: paths to bytes; a text that begins with `-> ` is a symbolic link."""

    root = "/nowhere"

    def __init__(self, files: dict[str, str | bytes]) -> None:
        self.files = {path: data.encode() if isinstance(data, str) else data for path, data in files.items()}
        self.seen: list[str] = []

    def read(self, path: str, limit: int | None = None) -> bytes:
        self.seen.append(path)
        if path not in self.files:
            raise FileError("no such file", place=Place(path))
        data = self.files[path].removeprefix(b"-> ")
        if limit is not None and len(data) > limit:
            raise TooLarge(limit, data, place=Place(path))
        return data

    def exists(self, path: str) -> bool:
        return path in self.files

    def mode(self, path: str) -> int:
        if path not in self.files:
            return 0
        return 0o120000 if self.files[path].startswith(b"-> ") else 0o100644

    def list(self, folder: str) -> list[str]:
        prefix = f"{folder}/" if folder else ""
        return sorted({path.removeprefix(prefix).split("/")[0] for path in self.files if path.startswith(prefix)})

    def paths(self):
        return self.files.keys()


class Values:
    """Values by chance, the same ones in every run: nothing that looks like a real token is stored in a file."""

    def __init__(self) -> None:
        self.random = random.Random(20_240_229)

    def password(self, size: int = 18) -> str:
        """Three kinds of characters, no word."""
        start = self.random.choice("kqxz") + self.random.choice("QXZ") + self.random.choice("234567")
        alphabet = string.ascii_letters + string.digits + "_-"
        return start + "".join(self.random.choice(alphabet) for _ in range(size - 3))

    def hex(self, size: int) -> str:
        return "".join(self.random.choice("0123456789abcdef") for _ in range(size))

    def bytes(self, size: int) -> bytes:
        return self.random.randbytes(size)

    def base64(self, size: int) -> str:
        return base64.b64encode(self.bytes(size)).decode()

    def envelope(self, data: int = 16, iv: int = 32, tag: int = 16, kind: str = "str") -> str:
        """As sops writes it."""
        parts = f"data:{self.base64(data)},iv:{self.base64(iv)},tag:{self.base64(tag)}"
        return f"ENC[AES256_GCM,{parts},type:{kind}]"

    def sealed(self, size: int = 512, session: int = 48) -> str:
        """As kubeseal writes it."""
        return base64.b64encode(size.to_bytes(2, "big") + self.bytes(size + session)).decode()


@pytest.fixture
def values() -> Values:
    return Values()


@pytest.fixture
def memory():
    return Memory


@pytest.fixture
def scan():
    """A maker: scan files in memory with all rules, with those named, or with the rules `chosen`."""

    def run(files, *rules: str, chosen=None, **options) -> engine.Report:
        snapshot = files if isinstance(files, Memory) else Memory(files)
        return engine.scan(snapshot, rules=chosen or (catalog.load_all(rules) if rules else None), **options)

    return run


@pytest.fixture
def failing(scan):
    """A maker: (path, line, rule, key) of each finding that fails a scan of files in memory."""

    def run(files, *rules: str, **options) -> list[tuple[str, int, str, str]]:
        report = scan(files, *rules, **options)
        assert report.incomplete == ()
        grave = ("medium", "high", "critical")
        return [(f.path, f.line, f.rule, f.key) for f in report.findings if f.severity in grave]

    return run
