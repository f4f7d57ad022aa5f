"""The `sops` block of a file: who may open it, the selector, the MAC. Reads what any version wrote; needs no key.

Reading is liberal: any order, null or empty lists, text where a number belongs. The block's text is never written
again as a whole; `block` changes single fields in it.
"""

from __future__ import annotations

from bisect import bisect_right

from secrets_gitops.documents.document import LINE_FORMATS
from secrets_gitops.envelopes.sops.selection import DEFAULT, FIELDS, Selector
from secrets_gitops.errors import EnvelopeError, Place
from secrets_gitops.golang import times
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Node

KEY = "sops"
"""The top-level key of the block."""

KINDS: dict[str, tuple[str, ...]] = {
    "kms": ("arn",),
    "gcp_kms": ("resource_id",),
    "hckms": ("key_id",),
    "azure_kv": ("vault_url", "name", "version"),
    "hc_vault": ("vault_address", "engine_path", "key_name"),
    "pgp": ("fp",),
    "age": ("recipient",),
}
"""Lists of key entries, in the order in which sops keeps them, and the fields that name the key."""

_SIGNS = frozenset({"mac", "lastmodified", "key_groups"})
"""One of these fields is in every block."""
_TRUE, _FALSE = ("1", "t", "T", "true", "TRUE", "True"), ("", "0", "f", "F", "false", "FALSE", "False")
_VERSION = pattern(r"[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?\Z")
_FRACTION = pattern(r"\.[0-9]+")
# Files of 2016 and 2017 carry versions of two parts; only sops written in Python made them.
_OLD_VERSION = pattern(r"1\.[0-9]+\Z")


class Entry(NamedTuple):
    """One key that opens the file. `node` is its mapping, whose unknown fields stay where they are."""

    kind: str
    recipient: str
    """What tells this key from others of its kind: for age the recipient."""
    enc: str
    node: Node


class Metadata(NamedTuple):
    """The block of the first document, understood."""

    block: Node
    groups: tuple[tuple[Entry, ...], ...]
    """Key groups; a file without `key_groups` has one."""
    threshold: int
    """How many groups are needed; 0: all of them."""
    selector: Selector
    lastmodified: str
    """As it stands in the file."""
    mac: str
    """An envelope; empty when the file has none."""
    mac_only_encrypted: bool
    version: str

    @property
    def needed(self) -> int:
        """How many groups it takes, in any case."""
        return self.threshold or len(self.groups)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All keys of all groups."""
        return tuple(entry for group in self.groups for entry in group)


def find(document: Document, root: int = 0) -> tuple[Node, Node] | None:
    """Key and mapping of the `sops` block at the top of one document; None when there is none.

    A chart may have settings called `sops`: only a MAC, a time of encryption or a wrapped data key make a block.
    """
    if root >= len(document.roots) or document.format == "binary":
        return None
    if document.format in LINE_FORMATS:
        from secrets_gitops.envelopes.sops import flat  # noqa: PLC0415  the hook sees none of these formats

        flattened = flat.find(document)
        return flattened if flattened is not None and _is_block(flattened[1]) else None
    for key, value in document.roots[root].resolved().pairs:
        if key.text == KEY and key.kind == "scalar" and value.kind == "mapping" and _is_block(value):
            return key, value
    return None


def spans(document: Document) -> list[tuple[int, int]]:
    """Where the blocks of all documents stand, each to the end of its last line, in order."""
    if document.format in LINE_FORMATS:
        from secrets_gitops.envelopes.sops import flat  # noqa: PLC0415  as in `find`

        return flat.spans(document)
    found = (find(document, root) for root in range(len(document.roots)))
    text = document.text
    return [
        (key.start, end if (end := text.find("\n", block.end)) >= 0 else len(text))
        for key, block in (one for one in found if one is not None)
    ]


def inside(blocks: list[tuple[int, int]], offset: int) -> bool:
    """Does `offset` lie in one of these spans?"""
    at = bisect_right(blocks, (offset, len(blocks) and blocks[-1][1])) - 1
    return at >= 0 and blocks[at][0] <= offset < blocks[at][1]


def _is_block(value: Node) -> bool:
    fields = {name.text: content.resolved() for name, content in value.pairs}
    return bool(fields.keys() & _SIGNS) or any(
        item.get("enc") is not None for kind in KINDS if kind in fields for item in fields[kind].items
    )


def read(document: Document) -> Metadata | None:
    """The metadata; None when the document is not encrypted. Raises EnvelopeError when the block makes no sense."""
    found = find(document)
    if found is None:
        return None
    block = found[1]
    fields = {key.text: value.resolved() for key, value in block.pairs}
    lastmodified = _text(fields.get("lastmodified"))
    if _time(lastmodified) is None:
        raise _broken(document, fields.get("lastmodified") or block, "`lastmodified` in the `sops` block is no time")
    version = _text(fields.get("version"))
    if not _VERSION.match(version) and not _OLD_VERSION.match(version):
        raise _broken(document, fields.get("version") or block, "the `sops` block names no version such as `3.13.3`")
    return Metadata(
        block,
        _groups(document, block, fields),
        _number(document, fields.get("shamir_threshold")),
        _selector(document, fields),
        lastmodified,
        _text(fields.get("mac")),
        _flag(document, fields.get("mac_only_encrypted")),
        version,
    )


def _broken(document: Document, node: Node, message: str) -> EnvelopeError:
    return EnvelopeError(message, place=document.place(node))


def _text(node: Node | None) -> str:
    """The text of a scalar; empty for a missing field, a null, a map."""
    if node is None or node.kind != "scalar":
        return ""
    return "" if node.style in {"plain", "json"} and node.text in {"null", "~", "Null", "NULL"} else node.text


def _number(document: Document, node: Node | None) -> int:
    text = _text(node)
    if not text:
        return 0
    whole, _, fraction = text.partition(".")  # old writers made `2.000000` of it
    if node is None or not whole.isascii() or not whole.isdigit() or fraction.strip("0") or int(whole) > 255:
        raise _broken(document, node or document.roots[0], "`shamir_threshold` in the `sops` block is no small number")
    return int(whole)


def _flag(document: Document, node: Node | None) -> bool:
    text = _text(node)
    if node is not None and text not in _TRUE and text not in _FALSE:
        raise _broken(document, node, "`mac_only_encrypted` in the `sops` block is neither true nor false")
    return text in _TRUE


def _selector(document: Document, fields: dict[str, Node]) -> Selector:
    chosen = [Selector(field, text) for field in FIELDS if (text := _text(fields.get(field)))]
    if len(chosen) > 1:
        names = " and ".join(f"`{selector.field}`" for selector in chosen)
        raise _broken(document, fields[chosen[1].field], f"the `sops` block has more than one selector: {names}")
    return chosen[0] if chosen else DEFAULT


def _groups(document: Document, block: Node, fields: dict[str, Node]) -> tuple[tuple[Entry, ...], ...]:
    """Key lists at the top win; only without them `key_groups` is looked at, as sops does."""
    top = _entries(document, fields)
    groups: tuple[tuple[Entry, ...], ...] = (top,) if top else ()
    if not top and (listed := fields.get("key_groups")) is not None and listed.kind == "sequence":
        inner = [{key.text: value.resolved() for key, value in item.resolved().pairs} for item in listed.items]
        groups = tuple(_entries(document, one) for one in inner)
    if not any(groups):
        raise _broken(document, block, "the `sops` block names no key that could open the file")
    return groups


def _entries(document: Document, fields: dict[str, Node]) -> tuple[Entry, ...]:
    entries = []
    for kind in KINDS:
        listed = fields.get(kind)
        if listed is None or (_text(listed) == "" and listed.kind == "scalar") or not (listed.items or listed.pairs):
            continue
        if listed.kind != "sequence":
            raise _broken(document, listed, f"`{kind}` in the `sops` block is no list")
        for item in listed.items:
            node = item.resolved()
            entries.append(Entry(kind, identity(kind, node), _text(node.get("enc")), node))
    return tuple(entries)


def identity(kind: str, entry: Node) -> str:
    """The text that tells the key of an entry from others of its kind, as sops has it."""
    node = entry.resolved()
    parts = [_text(node.get(name)) for name in KINDS[kind]]
    if kind == "azure_kv":
        return "{}/keys/{}/{}".format(*parts)
    if kind == "hc_vault":
        return "{}/v1/{}/keys/{}".format(*parts)
    if kind == "kms":
        return _aws_identity(node, parts[0])
    return parts[0]


def fields_of(entry: Entry) -> dict[str, str | dict[str, str]]:
    """The fields of an entry beside `enc`, as texts; the encryption context of AWS is a map of them."""
    fields: dict[str, str | dict[str, str]] = {}
    for key, value in entry.node.pairs:
        content = value.resolved()
        if content.kind == "mapping":
            fields[key.text] = {name.text: _text(inner.resolved()) for name, inner in content.pairs}
        elif key.text != "enc":
            fields[key.text] = _text(content)
    return fields


def _aws_identity(node: Node, arn: str) -> str:
    """`arn[+role][|k:v,k:v][|profile]`, with a middle part whenever there is a profile."""
    role, profile, context = _text(node.get("role")), _text(node.get("aws_profile")), node.get("context")
    pairs = sorted((key.text, _text(value.resolved())) for key, value in context.pairs) if context is not None else []
    text = f"{arn}+{role}" if role else arn
    if pairs or profile:
        text += "|" + ",".join(f"{key}:{value}" for key, value in pairs)
    return f"{text}|{profile}" if profile else text


def mac_time(lastmodified: str) -> str:
    """`lastmodified` as it authenticates the MAC: whole seconds, `Z` for UTC, other offsets as they are."""
    time = _time(lastmodified)
    assert time is not None  # `read` has refused it
    return _FRACTION.sub("", time.text)


def _time(text: str) -> times.Time | None:
    """Quoted it is RFC 3339; where somebody wrote it without quotes, it is a YAML time."""
    return times.parse_rfc3339(text) or times.parse_timestamp(text)


def place_of(document: Document, metadata: Metadata) -> Place:
    """Where the block stands."""
    return document.place(metadata.block)
