"""Putting values where references stood: text for one scalar each, so that a value can never become structure.

The one exception is meant: a string that as a whole is a reference to a mapping or a list takes that mapping or list,
written on one line.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from secrets_gitops.documents import emit
from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.properties import content_start
from secrets_gitops.errors import BackendError, DocumentError
from secrets_gitops.references.pick import to_bytes, to_text

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.errors import Place
    from secrets_gitops.references.pick import Value
    from secrets_gitops.references.scan import Site

_STRING_TAG = "tag:yaml.org,2002:str"


def shaped(site: Site, value: Value, *, encoded: bool, place: Place) -> Value:
    """`value` in the form that its place takes. `encoded`: the reference itself asked for base64.

    Raises BackendError for bytes where only text can stand.
    """
    try:
        return _shaped(site, value, encoded=encoded)
    except BackendError as error:
        error.place = place
        raise


def _shaped(site: Site, value: Value, *, encoded: bool) -> Value:
    if site.form == "base64" and not (encoded and isinstance(value, str)):
        return base64.b64encode(to_bytes(value)).decode()
    if site.form == "text" or site.node.tag == _STRING_TAG:
        return to_text(value)
    if isinstance(value, bytes):
        to_text(value)  # refuses, and says where such a value may stand
    return value


def edit(document: Document, node: Node, value: Value) -> Edit:
    """The replacement of the value at `node`; an anchor or tag before it stays. Raises DocumentError."""
    start = content_start(document.text, node.start, node.end)
    try:
        text = emit.json_text(value, indent=None) if document.format == "json" else emit.yaml_flow(value)
    except DocumentError as error:
        error.place = document.place(node)
        raise
    return Edit(start, node.end, text)
