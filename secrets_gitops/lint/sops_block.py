"""The `sops` block of a document as the rules need it: is it one, and what does it say?"""

from __future__ import annotations

from secrets_gitops.envelopes.sops import metadata, tree
from secrets_gitops.envelopes.sops.selection import DEFAULT, Selection
from secrets_gitops.errors import DocumentError, Error
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.envelopes.sops.metadata import Metadata
    from secrets_gitops.envelopes.sops.selection import Selector
    from secrets_gitops.envelopes.sops.tree import Leaf
    from secrets_gitops.errors import Place


class Block(NamedTuple):
    """Key and mapping of a block, and its meaning, or why it has none."""

    key: Node
    node: Node
    metadata: Metadata | None
    flaw: Error | None


def block_of(document: Document) -> Block | None:
    """The block of the first document; None when there is none.

    A chart may have settings called `sops`: only a MAC, a time of encryption or an encrypted data key make a block.
    """
    found = metadata.find(document)
    if found is None:
        return None
    key, node = found
    fields = {name.text: value.resolved() for name, value in node.pairs}
    if not fields.keys() & {"mac", "lastmodified", "key_groups"} and not any(
        item.get("enc") is not None for kind in metadata.KINDS if kind in fields for item in fields[kind].items
    ):
        return None
    try:
        said = metadata.read(document)
        if said is not None:
            Selection(said.selector, document.place(node))
    except Error as error:
        return Block(key, node, None, error)
    return Block(key, node, said, None)


def leaves(
    document: Document, selector: Selector | None, *, sealed: bool, place: Place | None = None
) -> list[Leaf] | None:
    """All leaves, each with the decision of the selector; None when sops could not encrypt such a document.

    Raises SettingsError, with the `place` of the selector, when it is not valid.
    """
    selection = Selection(selector or DEFAULT, place)
    try:
        return tree.walk(document, selection, sealed=sealed)
    except DocumentError:
        return None
