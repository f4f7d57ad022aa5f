"""The one reader of documents: every file that we look at comes through `read`."""

from __future__ import annotations

from secrets_gitops.documents.document import LINE_FORMATS, Document
from secrets_gitops.documents.formats import file_format
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
    sealed: bool = False,
) -> Document:
    """The document in `data`; `path` chooses the format unless `format` says it, and names the file in messages.

    `duplicates="keep"` keeps both values of a key that stands twice. `stream=True` takes several JSON values one after
    another (YAML always may hold several documents). `sealed=True` reads a binary file as the JSON into which sops
    closed it.

    Raises DocumentError with a place: not UTF-8, NUL, not valid, a repeated key, an alias of nothing or of itself;
    LimitExceeded when it is deeper, larger or longer than `limits`.
    """
    inner = format if format is not None else file_format(path)
    chosen: Format = "json" if inner == "binary" and sealed else inner
    if len(data) > limits.size:
        raise LimitExceeded(f"larger than {limits.size} bytes", place=Place(path))
    if chosen in LINE_FORMATS or chosen == "binary":
        from secrets_gitops.documents import lines_of_keys  # noqa: PLC0415  most runs see none of these formats

        return lines_of_keys.read(data, chosen, path, limits)
    text = _whole(data, path) if isinstance(data, str) else _decoded(data, path)
    bom = text.startswith("\ufeff")
    if bom:
        text = text[1:]
    nul = text.find("\0")
    if nul >= 0:
        raise DocumentError("a NUL character: this is not a text file", place=_place_at(text, nul, path))
    keep = duplicates == "keep"
    if chosen == "json":
        from secrets_gitops.documents import json  # noqa: PLC0415  most runs see one of the two formats

        roots = json.parse(text, path, limits, keep_duplicates=keep, stream=stream)
    else:
        from secrets_gitops.documents import yaml  # noqa: PLC0415

        roots = yaml.compose(text, path, limits, keep_duplicates=keep)

    def reread(changed: str) -> Document:
        document = read(
            changed, path=path, format=inner, limits=limits, duplicates=duplicates, stream=stream, sealed=sealed
        )
        document.bom = document.bom or bom
        return document

    document = Document(path, text, chosen, roots, bom=bom, comments=_comments, reread=reread)
    document.inner = inner
    return document


def _place_at(text: str, offset: int, path: str) -> Place:
    from secrets_gitops.documents.complaints import place_at  # noqa: PLC0415  most files can be read

    return place_at(text, offset, path)


def _comments(document: Document) -> list[Comment]:
    from secrets_gitops.documents import comments  # noqa: PLC0415

    return comments.lex(document)


def _whole(text: str, path: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DocumentError("half of a surrogate pair", place=_place_at(text, error.start, path)) from None
    return text


def _decoded(data: bytes, path: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DocumentError("UTF-16 text; only UTF-8 is read", hints=("save the file as UTF-8",), place=Place(path))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode().removeprefix("\ufeff")
        raise DocumentError("not UTF-8 text", place=_place_at(before, len(before), path)) from None
