"""dotenv, INI and binary files to documents: texts whose bytes need not be UTF-8."""

from __future__ import annotations

from secrets_gitops.documents.document import Document, Node
from secrets_gitops.documents.lines import JSON_BREAK, Lines
from secrets_gitops.errors import DocumentError, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Format
    from secrets_gitops.documents.limits import Limits


def read(data: bytes | str, format: Format, path: str, limits: Limits) -> Document:  # noqa: A002  as in `read.read`
    """The document in `data`. What is not UTF-8 is kept; in dotenv a byte order mark is part of the first key."""
    if format == "binary":
        return _binary(data if isinstance(data, str) else data.decode("latin-1"), path, limits)
    text = data if isinstance(data, str) else data.decode("utf-8", "surrogateescape")
    bom = format == "ini" and text.startswith("\ufeff")
    if bom:
        text = text[1:]

    def reread(changed: str) -> Document:
        document = read(changed, format, path, limits)
        document.bom = document.bom or bom
        return document

    if format == "dotenv":
        from secrets_gitops.documents import dotenv  # noqa: PLC0415  most runs see one format

        root, comments, slots = dotenv.parse(text, path, limits)
    else:
        from secrets_gitops.documents import ini  # noqa: PLC0415

        root, comments, slots = ini.parse(text, path, limits)
    return Document(path, text, format, [root], bom=bom, comments=comments, reread=reread, slots=slots)


def _binary(text: str, path: str, limits: Limits) -> Document:
    """One value, `data`, as sops sees a binary file. Its text has one character for each byte."""
    lines = Lines(text, JSON_BREAK)
    root = Node("mapping", 0, len(text), lines, "raw")
    key, value = Node("scalar", 0, 0, lines, "raw", "data"), Node("scalar", 0, len(text), lines, "bytes", text)
    root.pairs = [(key, value)]

    def reread(changed: str) -> Document:
        try:
            changed.encode("latin-1")
        except UnicodeEncodeError:
            raise DocumentError("this is no text of bytes", place=Place(path)) from None
        return read(changed, "binary", path, limits)

    return Document(path, text, "binary", [root], bom=False, comments=[], reread=reread)
