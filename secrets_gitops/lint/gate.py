"""The file gate: which files hold nothing to scan, and their text as UTF-8 for those that do."""

from __future__ import annotations

import posixpath

_BINARY_ENDS = (
    ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".bmp", ".tif", ".tiff", ".avif", ".psd", ".woff", ".woff2",
    ".ttf", ".otf", ".eot", ".gz", ".tgz", ".zip", ".bz2", ".xz", ".zst", ".7z", ".rar", ".jar", ".war", ".whl", ".pdf",
    ".mp3", ".mp4", ".mov", ".webm", ".ogg", ".wav", ".so", ".dll", ".exe", ".dylib", ".o", ".a", ".class", ".pyc",
    ".wasm", ".rpm", ".deb", ".apk", ".iso", ".img", ".sqlite", ".parquet",
)  # fmt: skip
_TEXT_ENDS = (".yaml", ".yml", ".json", ".env", ".ini", ".toml", ".tf", ".tfvars", ".txt", ".md", ".sh", ".properties")
"""Files named so are scanned whatever bytes they hold."""

LOCK_FILES = frozenset(
    {
        "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "poetry.lock", "uv.lock",
        "Pipfile.lock", "Cargo.lock", "go.sum", "Gemfile.lock", "composer.lock", ".terraform.lock.hcl", "flake.lock",
        "Chart.lock", "gradle.lockfile",
    }
)  # fmt: skip
"""Written by package managers: only tokens and private keys are looked for."""

_SNIFF = 8192
_MARKS = (  # UTF-32 first: its mark begins as that of UTF-16 does
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


BASELINE = ".secrets-gitops-baseline.json"
"""Fingerprints, and a salt that looks like a secret by its key; at the root it is read, and so holds nothing else."""
OF_SCANNERS = frozenset(
    {".secrets.baseline", ".gitleaks.toml", "gitleaks.toml", ".gitleaksignore", ".betterleaks.toml"}
)
"""Digests and expressions: what looks like a secret by its key, in the files of other scanners."""


def is_lock_file(path: str) -> bool:
    """Is `path` named as a package manager names its lock file, or as a scanner its own files?"""
    name = posixpath.basename(path)
    return name in LOCK_FILES or name in OF_SCANNERS or path == BASELINE


def is_binary_name(path: str) -> bool:
    """Does `path` end as pictures, fonts, archives and programs do?"""
    return path.lower().endswith(_BINARY_ENDS)


def is_binary(path: str, data: bytes) -> bool:
    """Does the file hold no text? A NUL near its start says so, unless its name promises text."""
    head = data[:_SNIFF]
    return b"\0" in head and _encoding(head) is None and not path.endswith(_TEXT_ENDS)


def utf8(data: bytes) -> bytes:
    """The text as UTF-8 without a byte order mark; bytes that are no text in their encoding stay as they are."""
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:]
    encoding = _encoding(data[:_SNIFF])
    if encoding is not None:
        try:
            return data.decode(encoding).encode()
        except UnicodeError:
            return data
    return data


def _encoding(head: bytes) -> str | None:
    """UTF-32 or UTF-16, by its mark, or by a NUL as every second byte, which is what it makes of ASCII."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if len(head) >= 4 and head.count(0) * 5 > len(head) * 2:
        if not any(head[::2]) and b"\0" not in head[1::2]:
            return "utf-16-be"
        if not any(head[1::2]) and b"\0" not in head[::2]:
            return "utf-16-le"
    return None
