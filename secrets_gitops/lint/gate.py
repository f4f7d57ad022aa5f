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
_ODD = bytes((*range(9), 11, *range(14, 32), *range(127, 256)))
"""Bytes that are rare in text; in programs, archives and the like more than one in twenty is such a one."""
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
    """Does the file hold no text? A NUL near its start says so, unless its name promises text, or all else is text."""
    head = data[:_SNIFF]
    if b"\0" not in head or path.lower().endswith(_TEXT_ENDS) or _encoding(head) is not None:
        return False
    odd = len(head) - len(head.translate(None, _ODD))
    return odd * 20 > len(head) or odd == len(head)


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
    if len(head) >= 8 and len(head) > head.count(0) >= len(head) * 0.7:
        if not any(head[1::4]) and not any(head[2::4]) and not any(head[3::4]):
            return "utf-32-le"
        if not any(head[0::4]) and not any(head[1::4]) and not any(head[2::4]):
            return "utf-32-be"
    if len(head) >= 4 and head.count(0) * 5 > len(head) * 2:
        if not any(head[::2]) and b"\0" not in head[1::2]:
            return "utf-16-be"
        if not any(head[1::2]) and b"\0" not in head[::2]:
            return "utf-16-le"
    return None
