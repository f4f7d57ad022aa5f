"""An encrypted file as a person may read it in a diff: keys and structure, and for each value its type, its length and
a fingerprint that says whether it changed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from secrets_gitops.documents.document import LINE_FORMATS, Edit
from secrets_gitops.envelopes.sops import block

if TYPE_CHECKING:
    from secrets_gitops.envelopes.sops.opened import Opened
    from secrets_gitops.envelopes.sops.reading import Read

_ENVELOPE = re.compile(r"ENC\[[^\]]*\]")
_DIGITS = 8


def redacted(result: Opened, key: bytes) -> str:
    """The file's text with a short stand-in for each encrypted value, and who can read it in place of the `sops` block.

    `key` makes the fingerprints: secret, and the same for all versions that are to be compared.
    """
    body = _binary(result, key) if result.binary else _text(result, key)
    return body + ("" if body.endswith("\n") or not body else "\n") + _footer(result, key)


def _binary(result: Opened, key: bytes) -> str:
    data = result.content()
    return f"<binary, {len(data)} bytes, {_fingerprint(data, key)}>\n"


def _text(result: Opened, key: bytes) -> str:
    document = result.sealed
    edits: dict[int, Edit] = {}
    for root in range(len(document.roots)):
        cut = block.cut(document, root)
        if cut is not None:
            for one in block.removals(document, root, cut):
                edits[one.start] = one
    for read in result.reads:
        place = read.leaf.comment or read.leaf.node
        if read.state != "sealed" or place is None or place.start in edits:
            continue
        found = _ENVELOPE.search(document.text, place.start, place.end)
        start, end = found.span() if found is not None else (place.start, place.end)
        if document.format in LINE_FORMATS and found is None:
            continue
        edits[place.start] = Edit(start, end, _shown(read, key))
    return document.splice(edits.values())


def _shown(read: Read, key: bytes) -> str:
    mark = _fingerprint(f"{read.type}:".encode() + read.data, key)
    if read.type in {"str", "bytes", "comment"}:
        count = len(read.data)
        return f"<{read.type}, {count} byte{'s' * (count != 1)}, {mark}>"
    return f"<{read.type}, {mark}>"


def _footer(result: Opened, key: bytes) -> str:
    """Who can read, under which rule and data key. The MAC and its time change with every value: they say nothing."""
    found = result.metadata
    lines = ["sops:"]
    for number, group in enumerate(found.groups, 1):
        several = f" (group {number})" if len(found.groups) > 1 else ""
        lines += [f"  {entry.kind}: {entry.recipient}{several}" for entry in group]
    if len(found.groups) > 1:
        lines.append(f"  shamir_threshold: {found.needed}")
    lines.append(f"  {found.selector}")
    if found.mac_only_encrypted:
        lines.append("  mac_only_encrypted: true")
    lines.append(f"  data key: {_fingerprint(result.data_key.reveal(), key)}")
    return "\n".join(lines) + "\n"


def _fingerprint(data: bytes, key: bytes) -> str:
    return hmac.new(key, data, hashlib.sha256).hexdigest()[:_DIGITS]
