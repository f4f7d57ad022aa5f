"""Seal the Secrets inside a document and leave every other character of it as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.encrypted_files import kept_comments
from secrets_gitops.encrypted_files.seal import check_one_name, is_list, seal_one
from secrets_gitops.errors import AlreadySealed, DocumentError, Place
from secrets_gitops.manifests import secret as secrets
from secrets_gitops.manifests import write
from secrets_gitops.manifests.fields import Fields
from secrets_gitops.manifests.sealed_secret import is_sealed_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Comment, Document, Node
    from secrets_gitops.encrypted_files.seal import Sealing

_MARKER = re.compile(r"^(?:---|\.\.\.)(?:\s|$)", re.MULTILINE)
_INDENT = re.compile(r"^[{\[][ \t]*\r?\n([ \t]+)")


class InPlace(NamedTuple):
    """A document with its Secrets sealed."""

    document: Document
    sealed: int
    """How many Secrets."""
    dropped: tuple[Place, ...]
    """Comments between values that were not kept, since a commented-out value is a value."""


def seal_in_place(document: Document, sealing: Sealing) -> InPlace:
    """Every Secret of `document`, also in a `List`, replaced by its SealedSecret.

    Raises AlreadySealed when it holds SealedSecrets alone, DocumentError when neither, and what sealing raises.
    """
    edits: list[Edit] = []
    wanted: list[tuple[int, tuple[str | int, ...], object]] = []
    dropped: list[Place] = []
    for index, root in enumerate(document.roots):
        fields = Fields(document, root)
        for path, node, tree in _secrets(document, root):
            sealed = seal_one(fields, tree, path, sealing).to_tree()
            wanted.append((index, path, sealed))
            check_one_name(sealing, len(wanted), document.place(node))
            comments = kept_comments.sort_out(document, node, _end_of_surroundings(document, index, node, path))
            edits.append(Edit(node.start, node.end, _text(document, root, node, sealed, comments.kept)))
            own = (*comments.dropped, *(kept.comment for kept in comments.kept))
            edits += [_removal(document, comment) for comment in own if comment.start >= node.end]
            dropped += (Place(document.path, c.line, c.column) for c in comments.dropped)
            if path and (kind := root.get("kind")) is not None and kind.text == "SecretList":
                edits.append(Edit(kind.start, kind.end, '"List"' if document.format == "json" else "List"))
    if not wanted:
        raise _nothing(document)
    changed = document.apply(dict.fromkeys(edits))
    _check(changed, wanted)
    return InPlace(changed, len(wanted), tuple(dropped))


def _secrets(document: Document, root: Node) -> Iterator[tuple[tuple[str | int, ...], Node, dict[str, object]]]:
    """The Secrets of one YAML document: path, node and plain tree. Nothing is asked of objects of other kinds."""
    kind = root.get("kind")
    if kind is None or kind.text not in {"Secret", "List", "SecretList"}:
        return
    tree = to_plain(root, "k8s", path=document.path)
    if isinstance(tree, dict) and secrets.is_secret(tree):
        yield (), root, dict(tree)
    items = root.get("items")
    plain_items = tree.get("items") if isinstance(tree, dict) and is_list(tree) else None
    if items is None or not isinstance(plain_items, list):
        return
    for at, (item, plain) in enumerate(zip(items.items, plain_items, strict=True)):
        if not isinstance(plain, dict):
            continue
        full: dict[str, object]
        full = {"kind": "Secret", "apiVersion": "v1", **plain} if kind.text == "SecretList" else dict(plain)
        if secrets.is_secret(full):
            if item.kind == "alias":
                raise DocumentError(
                    "an alias stands for a whole Secret", hints=("write the Secret out",), place=document.place(item)
                )
            yield ("items", at), item, full


def _text(
    document: Document, root: Node, node: Node, sealed: dict[str, object], comments: list[kept_comments.Kept]
) -> str:
    """The SealedSecret as it fits into the place of `node`: block YAML, or JSON inside braces."""
    line_break = "\r\n" if "\r\n" in document.text else "\n"
    if document.format == "json" or _inside_braces(root, node):
        match = _INDENT.match(document.text[root.start :]) if document.format == "json" else None
        if match is None:
            return write.json_value(sealed, indent=None)
        margin = re.match(r"[ \t]*", _line_before(document, node))
        text = write.json_value(sealed, indent=match[1], outer=margin[0] if margin else "")
        return text.replace("\n", line_break)
    text = kept_comments.weave(write.yaml_block(sealed), comments).rstrip("\n")
    before = _line_before(document, node)
    if node is root and before.strip():  # `--- {…}`: a block mapping cannot begin on that line
        return line_break + text.replace("\n", line_break)
    return text.replace("\n", line_break + " " * (node.column - 1))


def _inside_braces(root: Node, node: Node) -> bool:
    items = root.get("items")
    return node is not root and (root.style == "flow" or (items is not None and items.style == "flow"))


def _line_before(document: Document, node: Node) -> str:
    return document.text[document.text.rfind("\n", 0, node.start) + 1 : node.start]


def _end_of_surroundings(document: Document, index: int, node: Node, path: tuple[str | int, ...]) -> int:
    """Up to where comments behind `node` can still belong to it."""
    root = document.roots[index]
    if path:
        items = root.get("items")
        assert items is not None
        later = [item.start for item in items.items if item.start > node.start]
        if later:
            return min(later)
        later = [key.start for key, _ in root.pairs if key.start > node.start]
        if later:
            return min(later)
    marker = _MARKER.search(document.text, node.end)
    return marker.start() if marker else len(document.text)


def _removal(document: Document, comment: Comment) -> Edit:
    """Take the comment out with the white space before it, and with its line when it has one of its own."""
    text = document.text
    start = comment.start
    while start and text[start - 1] in " \t":
        start -= 1
    if comment.inline:
        return Edit(start, comment.end, "")
    end = text.find("\n", comment.end) + 1
    return Edit(start, end, "") if end else Edit(max(start - 1, 0), comment.end, "")


def _check(document: Document, wanted: list[tuple[int, tuple[str | int, ...], object]]) -> None:
    """Look at what was written, with the reader that others will read it with."""
    for index, path, sealed in wanted:
        tree: object = to_plain(document.roots[index], "k8s", path=document.path)
        for step in path:
            tree = tree[step]  # type: ignore[index]  # the path was found in the document before the change
        if tree != sealed:
            raise DocumentError(
                "the sealed text does not read back as it was meant; nothing was written",
                hints=("seal into another file with `-o`",),
                place=Place(document.path),
            )


def _nothing(document: Document) -> DocumentError | AlreadySealed:
    trees = (to_plain(root, "k8s", path=document.path) for root in document.roots)
    if any(is_sealed_secret(tree) for tree in trees):
        return AlreadySealed("every Secret is sealed already", place=Place(document.path))
    return DocumentError("no Secret found", hints=("give a manifest with `kind: Secret`",), place=Place(document.path))
