"""What the bytes and lines of a file say of sops, without a parsed document.

That is enough for dotenv, INI and whole files (`binary`): is it encrypted, and which lines were left open.
"""

from __future__ import annotations

import re

from secrets_gitops.documents.formats import line_format
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_DOTENV_BLOCK = pattern(rb"^sops_(?:mac|version|lastmodified)=", re.MULTILINE)
_INI_BLOCK = pattern(rb"^\[sops\]\s*$(?=[^\[]*^(?:mac|version|lastmodified)\s*=)", re.MULTILINE)
_BINARY_DATA = pattern(rb"\"data\"\s{0,20}:\s{0,20}\"ENC\[AES256_GCM,")
_BINARY_BLOCK = pattern(rb"\"sops\"\s{0,20}:\s{0,20}\{")
_DOTENV_LINE = pattern(r"([^\s#=][^=\n]*)=(.*)")
_INI_LINE = pattern(r"\s*([^\s#;\[=:][^=:\n]*?)\s*[=:]\s*(.*)")
_SECTION = pattern(r"\s*\[([^\]]*)\]\s*$")


_BLOCK_KEY = pattern(rb"(?:^|[{,]\s{0,200})[\"']?sops[\"']?\s{0,20}:", re.MULTILINE)


def may_have_block(data: bytes) -> bool:
    """False promises that a YAML or JSON text has no `sops` block, unless its key is spelt as nobody spells it."""
    return b"sops" in data and (b"\nsops:" in data or _BLOCK_KEY.search(data) is not None)


class Line(NamedTuple):
    """One assignment: section (INI), key, value, and its line, from 1, with the columns of key and end."""

    section: str
    key: str
    value: str
    line: int
    column: int
    end_column: int


def is_encrypted(path: str, data: bytes) -> bool:
    """Does `data`, of a format that the end of `path` names, hold the metadata of sops?"""
    form = line_format(path)
    if form is None:
        return is_whole(path, data)
    return (_DOTENV_BLOCK if form == "dotenv" else _INI_BLOCK).search(data) is not None


def is_whole(path: str, data: bytes) -> bool:
    """Is it JSON whose one value is all of a file, encrypted?"""
    if line_format(path) is not None or data.lstrip()[:1] != b"{":
        return False
    return _BINARY_DATA.search(data) is not None and _BINARY_BLOCK.search(data) is not None


def assignments(path: str, text: str) -> Iterator[Line]:
    """The assignments of a dotenv or INI file, those of the metadata left out."""
    section = ""
    is_dotenv = line_format(path) == "dotenv"
    pattern = _DOTENV_LINE if is_dotenv else _INI_LINE
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")  # noqa: PLW2901
        head = None if is_dotenv else _SECTION.match(line)
        if head:
            section = head[1]
            continue
        found = pattern.match(line)
        if found is None or section == "sops" or (is_dotenv and found[1].startswith("sops_")):
            continue
        yield Line(section, found[1], found[2], number, found.start(1) + 1, len(line) + 1)


def metadata(path: str, text: str) -> dict[str, str]:
    """The flattened metadata of a dotenv or INI file: `age__list_0__map_recipient` and so on."""
    found, inside, is_dotenv = {}, False, line_format(path) == "dotenv"
    for line in text.split("\n"):
        if is_dotenv:
            if line.startswith("sops_"):
                key, _, value = line.removeprefix("sops_").partition("=")
                found[key.strip()] = value.strip()
            continue
        if head := _SECTION.match(line):
            inside = head[1] == "sops"
        elif inside and "=" in line:
            key, _, value = line.partition("=")
            found[key.strip()] = value.strip()
    return found


def unmerged_line(data: bytes) -> int:
    """The line of the first conflict marker in a file with encrypted values; 0 when there is none."""
    if b"<<<<<<<" not in data or b"ENC[AES256_GCM," not in data:
        return 0
    from secrets_gitops.documents import conflicts  # noqa: PLC0415  seldom needed, and the hook's start-up is felt

    found = conflicts.split(data.decode("utf-8", "replace"))
    return found.line if found is not None else 0
