"""The stream: documents in, one stream of plaintext manifests out, only when all of it succeeded.

Each document goes one of three ways. SealedSecrets and SopsSecrets become the Secrets they stand for. What sops
encrypted is opened, its MAC verified, and comes out without its `sops` block. Everything else keeps its text, but for
the scalars that hold references. All references of all documents are fetched together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from secrets_gitops.errors import DocumentError, Error, worst
from secrets_gitops.references import put
from secrets_gitops.references.resolve import Wanted
from secrets_gitops.references.scan import Scan
from secrets_gitops.render import check, chunks, open_sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from secrets_gitops.documents.document import Document
    from secrets_gitops.manifests.secret import Secret
    from secrets_gitops.materialize.materialized import Given
    from secrets_gitops.references.pick import Value
    from secrets_gitops.references.resolve import Resolver
    from secrets_gitops.references.scan import Site
    from secrets_gitops.render.chunks import Chunk

_BEGINS_DOCUMENT = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:---(?=\s|\Z)|(?P<directive>%))")


class RenderFailed(Error):
    """Some documents could not be rendered, so none is given out."""

    def __init__(self, errors: Sequence[Error]) -> None:
        super().__init__(f"nothing is rendered: {len(errors)} of the documents or references failed")
        self.errors = tuple(errors)
        self.exit_code = worst([error.exit_code for error in errors])
        self.retry = all(error.retry for error in errors)


@dataclass
class Piece:
    """One document of the output."""

    chunk: Chunk
    sites: list[Site] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    secrets: tuple[Secret, ...] | None = None
    """The Secrets that stand instead of it, perhaps none; None: its own text, with the values put in."""
    items: list[open_sealed.Item] = field(default_factory=list)
    """Items of a List that are replaced by a Secret."""
    opened: tuple[tuple[str | int, ...], ...] = ()
    """The paths of the values that were encrypted."""
    text: str = ""


@dataclass(frozen=True)
class Rendered:
    """The whole output."""

    text: bytes
    pieces: tuple[Piece, ...]
    notes: tuple[str, ...]


class Stream:
    """Renders documents with one resolver and, where something is sealed, with the keys of `given`."""

    def __init__(self, resolver: Resolver, given: Callable[[], Given], *, inside_base64: bool = False) -> None:
        self._resolver = resolver
        self._given = given
        self._inside_base64 = inside_base64
        self._notes: list[str] = []
        self._errors: list[Error] = []

    def render(self, documents: Sequence[Document], errors: Sequence[Error] = ()) -> Rendered:
        """All of the documents as one stream. Raises RenderFailed with every error, those handed in included."""
        self._notes, self._errors = [], list(errors)
        plans = [(document, self._plan(document)) for document in documents]
        pieces = [piece for _, plan in plans for piece in plan]
        self._resolve(pieces)
        for piece in pieces if not self._errors else ():
            self._attempt(partial(self._write, piece))
        if self._errors:
            raise RenderFailed(self._errors)
        text = _joined(plans)
        if not text.strip() and any(document.text.strip() for document in documents):
            raise RenderFailed([DocumentError("the output would be empty although the input is not")])
        return Rendered(text, tuple(pieces), tuple(self._notes))

    def _plan(self, document: Document) -> list[Piece]:
        pieces: list[Piece] = []
        for group in open_sealed.groups(chunks.split(document)):
            self._attempt(partial(self._pieces, group, pieces))
        return pieces

    def _pieces(self, group: open_sealed.Group, pieces: list[Piece]) -> None:
        opened = open_sealed.open_group(group, self._given)
        pieces += [self._piece(chunk, opened) for chunk in opened.chunks]

    def _piece(self, chunk: Chunk, opened: open_sealed.OpenedGroup) -> Piece:
        made = open_sealed.made_secrets(chunk, self._given, opened=opened.was_sealed)
        if made is not None:
            self._notes += made.notes
            return Piece(chunk, secrets=made.secrets)
        check.no_ciphertext_left(chunk)
        items, notes = open_sealed.made_items(chunk, self._given, opened=opened.was_sealed)
        self._notes += notes
        self._notes += check.almost_references(chunk)
        scan = Scan(chunk.document, self._resolver.find, inside_base64=self._inside_base64)
        sites = scan.sites(chunk.root, without=[item.node for item in items])
        return Piece(chunk, sites=sites, items=items, opened=opened.paths(chunk))

    def _resolve(self, pieces: Sequence[Piece]) -> None:
        wanted = [
            (piece, Wanted(site.text, piece.chunk.document.place(site.node)))
            for piece in pieces
            for site in piece.sites
        ]
        for (piece, _), answer in zip(wanted, self._resolver.resolve([each for _, each in wanted]), strict=True):
            if isinstance(answer, Error):
                self._add(answer)
            piece.values.append(None if isinstance(answer, Error) else answer)

    def _write(self, piece: Piece) -> None:
        if piece.secrets is not None:
            piece.text = open_sealed.written(piece.chunk, piece.secrets)
            return
        document = piece.chunk.document
        shaped = [
            put.shaped(site, value, encoded=self._resolver.encodes(site.text), place=document.place(site.node))
            for site, value in zip(piece.sites, piece.values, strict=True)
        ]
        changed = [(site.node, value) for site, value in zip(piece.sites, shaped, strict=True)]
        changed += [(item.node, item.secret) for item in piece.items]
        piece.text = piece.chunk.spliced([put.edit(document, node, value) for node, value in changed])
        if changed:
            check.only_values_changed(piece.chunk, piece.text, changed)

    def _attempt(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Error as error:
            self._add(error)

    def _add(self, error: Error) -> None:
        """One key file that cannot be used is told once, however many documents need it."""
        if all((error.message, error.place) != (known.message, known.place) for known in self._errors):
            self._errors.append(error)


def _joined(plans: Sequence[tuple[Document, Sequence[Piece]]]) -> bytes:
    """The documents one after another, each of which begins with a `---` line unless it is the only one."""
    texts = [(document, _text(document, plan)) for document, plan in plans]
    texts = [(document, text) for document, text in texts if text.strip()] or texts
    if len(texts) == 1:
        document, text = texts[0]
        return (b"\xef\xbb\xbf" if document.bom else b"") + text.encode()
    out: list[str] = []
    for _, text in texts:
        begins = _BEGINS_DOCUMENT.match(text)
        if begins is None:
            out.append("---\n")
        elif begins["directive"] and out:
            out.append("...\n")  # a directive is only read as one after the document before it has ended
        out.append(_line_ended(text))
    return "".join(out).encode()


def _text(document: Document, pieces: Sequence[Piece]) -> str:
    if not document.roots:
        return document.text
    return "".join(_line_ended(piece.text) if at < len(pieces) - 1 else piece.text for at, piece in enumerate(pieces))


def _line_ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"
