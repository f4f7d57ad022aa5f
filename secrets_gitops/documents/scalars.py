"""The value of a scalar node: its tag and style first, then Go's rules for plain text."""

from __future__ import annotations

import binascii

from secrets_gitops.errors import DocumentError, Place
from secrets_gitops.golang.scalars import INT64_MAX, INT64_MIN, resolve_plain
from secrets_gitops.golang.times import Time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Node
    from secrets_gitops.golang.scalars import Dialect

    Scalar = None | bool | int | float | str | bytes | Time

_CORE = "tag:yaml.org,2002:"
_STRING, _BINARY = f"{_CORE}str", f"{_CORE}binary"
_TYPES: dict[str, tuple[type, ...]] = {
    f"{_CORE}null": (type(None),),
    f"{_CORE}bool": (bool,),
    f"{_CORE}int": (int,),
    f"{_CORE}float": (float, int),
    f"{_CORE}timestamp": (Time,),
}


def resolve(node: Node, dialect: Dialect, *, path: str = "") -> Scalar:
    """The value of a scalar (or of the scalar that an alias repeats) as Go programs of that dialect take it.

    Raises DocumentError when text and tag do not fit, as `!!bool yes` in `go_v3`, and for a JSON number that no double
    can hold. `path` names the file in that message.
    """
    node = node.target if node.target is not None else node
    tag = node.tag
    if tag is None or (tag == "!" and dialect == "go_v3"):
        if node.style == "plain":
            return resolve_plain(node.text, dialect)
        if node.style == "json":
            return _json_literal(node, path)
        if node.style in {"raw", "bytes"}:
            return _text_or_bytes(node)
        return node.text
    if tag.startswith("!!") and dialect == "go_v3":  # written as `!<!!int>`
        tag = _CORE + tag[2:]
    if tag == _BINARY:
        return _binary(node, path)
    if tag not in _TYPES:  # a string, or a tag that Go drops
        return node.text
    is_time = tag == f"{_CORE}timestamp"
    value = resolve_plain(node.text, "go_v3" if is_time else dialect)
    wrong = type(value) not in _TYPES[tag]
    if tag == f"{_CORE}float" and type(value) is int:
        wrong = value > INT64_MAX  # Go makes a float of a signed integer only
    if wrong:
        raise DocumentError(f"this is not a `!!{tag.removeprefix(_CORE)}`", place=Place(path, node.line, node.column))
    if is_time and dialect == "k8s":
        return node.text
    return float(value) if tag == f"{_CORE}float" else value  # type: ignore[arg-type]


def _text_or_bytes(node: Node) -> str | bytes:
    """Text, or the bytes that are none: half surrogates stand for them in dotenv and INI."""
    if node.style == "bytes":
        return node.text.encode("latin-1")
    try:
        node.text.encode()
    except UnicodeEncodeError:
        return node.text.encode("utf-8", "surrogateescape")
    return node.text


def _json_literal(node: Node, path: str) -> Scalar:
    text = node.text
    if text[0] in "tfn":
        return {"true": True, "false": False, "null": None}[text]
    if len(text) <= len(str(INT64_MIN)) and text.lstrip("-").isdigit():
        whole = int(text)
        if INT64_MIN <= whole <= INT64_MAX:
            return whole
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise DocumentError("a number too large for a double", place=Place(path, node.line, node.column))
    return value


def _binary(node: Node, path: str) -> bytes:
    try:
        return binascii.a2b_base64(node.text.replace("\n", "").replace("\r", "").encode(), strict_mode=True)
    except binascii.Error:
        raise DocumentError(
            "this is not base64, as `!!binary` must be", place=Place(path, node.line, node.column)
        ) from None
