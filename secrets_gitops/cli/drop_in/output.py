"""Where the drop-in writes: standard output, or a file that is replaced as a whole; never a file half written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from secrets_gitops.cli import console
from secrets_gitops.cli.drop_in.exit_codes import CANNOT_WRITE, CONFLICTING_FLAGS, Stop, stage

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.documents.document import Document
    from secrets_gitops.envelopes.sops.rekey import Wanted


def target(given: Arguments, path: str | None) -> str | None:
    """The file that the result goes to; None is standard output. Raises Stop where the flags contradict each other."""
    output = given.text("output")
    if not given.switch("in-place"):
        return output or None
    if output:
        raise Stop(CONFLICTING_FLAGS, "`--output` and `--in-place` exclude each other")
    if path is None:
        raise Stop(CONFLICTING_FLAGS, "standard input cannot be replaced in place")
    return path


def changed_content(document: Document) -> bytes:
    """The content of a file that was changed: its selector is written out where it was understood, as sops does it."""
    from secrets_gitops.documents import edit
    from secrets_gitops.documents.document import LINE_FORMATS
    from secrets_gitops.envelopes.sops import metadata
    from secrets_gitops.envelopes.sops.selection import DEFAULT, FIELDS

    for root in range(0 if document.format in LINE_FORMATS else len(document.roots)):
        found = metadata.find(document, root)
        if found is not None and not any(found[1].get(field) for field in FIELDS):
            path = (metadata.KEY, DEFAULT.field)
            document = document.apply(edit.set_path(document, root, path, DEFAULT.text))
    return document.to_bytes()


def with_threshold(document: Document, wanted: Wanted) -> Document:
    """The document of one group with its threshold written out: it means nothing there, and sops keeps it."""
    from secrets_gitops.documents import edit
    from secrets_gitops.envelopes.sops import flat, metadata

    if len(wanted.groups) != 1 or not wanted.threshold:
        return document
    name = "shamir_threshold"
    path = (flat.PREFIX + name,) if document.format == "dotenv" else (metadata.KEY, name)
    value = str(wanted.threshold) if document.format == "ini" else wanted.threshold
    for root in range(len(document.roots)):
        if metadata.find(document, root) is not None:
            document = document.apply(edit.set_path(document, root, path, value))
    return document


def put(data: bytes, path: str | None, *, private: bool) -> None:
    """Write `data` to a file, or to standard output for None.

    A `private` file, plaintext that is, is for its owner alone when it is new; what is encrypted gets the rights that
    the user's mask gives. Raises Stop.
    """
    if path is None or path == "/dev/stdout":
        console.write(data)
        return
    from secrets_gitops.repository import files

    with stage(CANNOT_WRITE):
        if os.path.exists(path) and not os.path.isfile(path):  # a pipe or a device takes what is written to it
            _pour(data, path)
        else:
            files.replace(path, data, mode=0o600 if private else 0o666 & ~_mask())


def _pour(data: bytes, path: str) -> None:
    try:
        with open(path, "wb") as stream:
            stream.write(data)
    except OSError as error:
        raise Stop(CANNOT_WRITE, f"cannot write: {(error.strerror or 'it fails').lower()}", path=path) from error


def _mask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
