"""What the `sops` block of a file says, in every format; where asked, read without the rest of the file.

The block is a small part of most files. When the creation rules change, all encrypted files are held against them, and
nothing but their blocks is looked at.
"""

from __future__ import annotations

import re

from secrets_gitops.documents.formats import line_format
from secrets_gitops.documents.read import read
from secrets_gitops.errors import DocumentError, Error
from secrets_gitops.lint import sops_text
from secrets_gitops.lint.finding import Region
from secrets_gitops.lint.sops_block import block_of
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple
from secrets_gitops.repository.snapshot import follow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Format, Node
    from secrets_gitops.envelopes.sops.metadata import Metadata
    from secrets_gitops.lint.target import Target

_YAML_BLOCK = pattern(rb"^sops:[ \t]*\r?\n(?:(?:[ \t][^\n]*|\r?|#[^\n]*)\n|[ \t][^\n]+\Z)*", re.MULTILINE)
_JSON_BLOCK = pattern(rb"\"sops\"\s{0,20}:\s{0,20}\{")
_ARMOUR = pattern(rb"^[ \t]{4,40}[A-Za-z0-9+/=]{8,64}$", re.MULTILINE)
"""A line of a wrapped key."""
_ENVELOPE = pattern(rb"(?<=mac: )ENC\[AES256_GCM,data:[A-Za-z0-9+/=,:]{1,600},type:str\]$", re.MULTILINE)
_TIME = pattern(rb"(?<=lastmodified: )([\"'])\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ\1$", re.MULTILINE)
_SHAPES = 1000
"""How many different blocks are remembered in a scan."""
_LIMIT = 5 * 1024 * 1024
_SECOND_DOCUMENT = pattern(rb"^---", re.MULTILINE)


class Record(NamedTuple):
    """The block of the first document, and where it stands."""

    document: Document
    """The whole file, or the block alone, or one that differs from it in wrapped keys, MAC and time only."""
    above: int
    """Lines of the file before those of `document`."""
    key: Node
    """The key of the block."""
    node: Node
    """Its mapping."""
    metadata: Metadata | None
    flaw: Error | None
    """Why there is no `metadata`."""

    def region(self, node: Node) -> Region:
        """Where `node` of `document` stands in the file."""
        text = self.document.text
        end = max(node.end, node.start)
        begin = text.rfind("\n", 0, end) + 1
        last = max(text.count("\n", 0, end) + 1, node.line)
        return Region(node.line + self.above, node.column, last + self.above, end - begin + 1)


def record_of(target: Target, *, brief: bool) -> Record | None:
    """The record of a file; None when sops did not encrypt it. `brief`: read the block alone where that can be done."""
    path, data = target.path, target.data
    form = line_format(path)
    if target.format is None and form is not None:
        return _read(target, data, form) if sops_text.is_encrypted(path, data) else None
    if not sops_text.may_have_block(data):
        return None
    if brief and not target.parsed:
        alone = _yaml_block(target) if target.format == "yaml" else _json_block(target)
        if alone is not None:
            return alone
    return _record(target.document, 0) if target.document is not None else None


def _yaml_block(target: Target) -> Record | None:
    data = target.data
    found = _YAML_BLOCK.search(data)
    if found is None or _YAML_BLOCK.search(data, found.end()) is not None:
        return None
    if any(data[: at.start()].strip() for at in _SECOND_DOCUMENT.finditer(data, 0, found.start())):
        return None
    above, shape = data.count(b"\n", 0, found.start()), _shape(found[0])
    known = target.run.records.get(shape)
    if known is None:
        known = _read(target, found[0], "yaml")
        if known is not None and len(target.run.records) < _SHAPES:
            target.run.records[shape] = known
    return None if known is None else known._replace(above=above)


def _shape(block: bytes) -> bytes:
    """The block without what differs from file to file: wrapped keys, MAC and time.

    Blocks of one shape say the same of recipients and selector, in the same places; most files of a repository have one
    of a few.
    """
    return _TIME.sub(b"T", _ENVELOPE.sub(b"E", _ARMOUR.sub(b"A", block)))


def _json_block(target: Target) -> Record | None:
    data, at = target.data, -1
    for found in _JSON_BLOCK.finditer(data):
        at = found.start()
    if at < 0:
        return None
    begin = data.rfind(b"\n", 0, at) + 1
    padding = b" " * len(data[begin:at].decode("utf-8", "replace"))
    return _read(target, b"{\n" + padding + data[at:], "json", data.count(b"\n", 0, begin) - 1)


def _read(target: Target, data: bytes, form: Format, above: int = 0) -> Record | None:
    try:
        document = read(data, path=target.path, format=form, limits=target.run.limits, duplicates="keep")
    except DocumentError:
        return None
    return _record(document, above)


def _record(document: Document, above: int) -> Record | None:
    block = block_of(document)
    return None if block is None else Record(document, above, block.key, block.node, block.metadata, block.flaw)


def neighbour(target: Target, path: str) -> Target | None:
    """Another file of the same snapshot, links followed; None where there is none that can be read.

    What cannot be read is said when that file is scanned itself.
    """
    from secrets_gitops.lint.target import Target as Made  # noqa: PLC0415  it imports this module

    try:
        real = follow(target.run.snapshot, path)
        return None if real is None else Made(real, target.run.snapshot.read(real, _LIMIT), target.run, brief=True)
    except Error:
        return None


def is_encrypted(target: Target) -> bool:
    """Did sops encrypt the file, in whichever format?"""
    return target.recorded is not None or sops_text.is_encrypted(target.path, target.data)
