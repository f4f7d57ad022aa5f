"""What a command is given to read: files by name, or standard input."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from secrets_gitops.cli import console
from secrets_gitops.documents.formats import format_of
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.repository import files

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Format

STDIN = "<stdin>"
"""How standard input is called in messages."""

_BEGINS_JSON = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*(?:\[[ \t\r\n]*)*\{[ \t\r\n]*[\"}]")
"""A JSON object, alone or in a list. `{kind: Secret}` is a flow mapping of YAML, whose keys need no quotes."""


def read_input(path: str) -> tuple[bytes, str, Format]:
    """The content of a file, or of standard input for `-`; its name for messages; its format.

    The name decides about the format, then how the text begins: an object with a quoted key is JSON.
    """
    if path == "-":
        if sys.stdin.isatty():
            console.note("reading standard input; end with Ctrl-D")
        data, shown = sys.stdin.buffer.read(), STDIN
    else:
        data, shown = files.read(path), path
    found = format_of(path)
    if found is None:
        found = "json" if _BEGINS_JSON.match(data) else "yaml"
    return data, shown, found


def read_document(path: str) -> Document:
    """The document in a file or on standard input; several JSON values one after another are taken too."""
    data, shown, form = read_input(path)
    return read(data, path=shown, format=form, limits=Limits.LARGE, stream=True)
