"""The one reader of documents: every YAML and JSON text that we look at comes through `read`."""

from __future__ import annotations

from secrets_gitops.documents.complaints import place_at
from secrets_gitops.documents.document import Document
from secrets_gitops.documents.formats import required_format
from secrets_gitops.documents.limits import Limits
from secrets_gitops.errors import DocumentError, LimitExceeded, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from secrets_gitops.documents.document import Comment, Format

__all__ = ["Limits", "read"]

_DEFAULT = Limits()


def read(
    data: bytes | str,
    *,
    path: str,
    format: Format | None = None,  # noqa: A002  the field's standard word
    limits: Limits = _DEFAULT,
    duplicates: Literal["refuse", "keep"] = "refuse",
    stream: bool = False,
) -> Document:
    """The document in `data`; `path` chooses the format unless `format` says it, and names the file in messages.

    `duplicates="keep"` keeps both values of a key that stands twice. `stream=True` takes several JSON values one after
    another (YAML always may hold several documents).

    Raises DocumentError with a place: not UTF-8, NUL, not valid, a repeated key, an alias of nothing or of itself;
    LimitExceeded when it is deeper, larger or longer than `limits`; NotBuiltYet for other formats.
    """
    chosen = format if format is not None else required_format(path)
    if len(data) > limits.size:
        raise LimitExceeded(f"larger than {limits.size} bytes", place=Place(path))
    text = _whole(data, path) if isinstance(data, str) else _decoded(data, path)
    bom = text.startswith("\ufeff")
    if bom:
        text = text[1:]
    nul = text.find("\0")
    if nul >= 0:
        raise DocumentError("a NUL character: this is not a text file", place=place_at(text, nul, path))
    keep = duplicates == "keep"
    if chosen == "json":
        from secrets_gitops.documents import json  # noqa: PLC0415  most runs see one of the two formats

        roots = json.parse(text, path, limits, keep_duplicates=keep, stream=stream)
    else:
        from secrets_gitops.documents import yaml  # noqa: PLC0415

        roots = yaml.compose(text, path, limits, keep_duplicates=keep)

    def reread(changed: str) -> Document:
        document = read(changed, path=path, format=chosen, limits=limits, duplicates=duplicates, stream=stream)
        document.bom = document.bom or bom
        return document

    return Document(path, text, chosen, roots, bom=bom, comments=_comments, reread=reread)


def _comments(document: Document) -> list[Comment]:
    from secrets_gitops.documents import comments  # noqa: PLC0415

    return comments.lex(document)


def _whole(text: str, path: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DocumentError("half of a surrogate pair", place=place_at(text, error.start, path)) from None
    return text


def _decoded(data: bytes, path: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DocumentError("UTF-16 text; only UTF-8 is read", hints=("save the file as UTF-8",), place=Place(path))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode().removeprefix("\ufeff")
        raise DocumentError("not UTF-8 text", place=place_at(before, len(before), path)) from None
