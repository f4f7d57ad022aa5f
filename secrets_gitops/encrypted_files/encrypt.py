"""Encrypt a file as its creation rule says, or finish one that was encrypted only in part."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.documents.read import Limits, read
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.encrypted_files import rules
from secrets_gitops.envelopes.sops import creating, metadata, opened, reading, tree, value
from secrets_gitops.envelopes.sops.groups import KeyGroups
from secrets_gitops.envelopes.sops.selection import Selection
from secrets_gitops.errors import AlreadySealed, DocumentError, Error, NotBuiltYet, Place, SettingsError, Tampered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.documents.document import Document, Format
    from secrets_gitops.envelopes.sops.metadata import Metadata
    from secrets_gitops.envelopes.sops.selection import Selector
    from secrets_gitops.keys.keyring import Keyring

_IN_CLUSTER_GROUP = "isindir.github.com/"
"""The API group of SopsSecret. The API server sorts keys, and a MAC over all values depends on their order."""


class Recipe(NamedTuple):
    """How a file is to be encrypted."""

    keys: KeyGroups
    selector: Selector
    mac_only_encrypted: bool
    indents: Mapping[str, int] = MappingProxyType({})
    """Name of a store of sops → by how much new text is indented."""

    def indent(self, plain: Document) -> int | None:
        """By how much new text in this file is indented, where the file shows no habit."""
        return self.indents.get("json_binary" if plain.format == "binary" else plain.format)


class Result(NamedTuple):
    """An encrypted document, and what the user should hear."""

    document: Document
    notes: tuple[str, ...]


def read_plain(data: bytes, path: str, form: Format | None = None) -> Document:
    """A plaintext file that its user named. A key that stands twice is refused.

    Raises Unmerged for an encrypted file in which conflict markers stand: to a format of lines it looks like plaintext.
    """
    if b"<<<<<<<" in data and b"ENC[AES256_GCM," in data:
        from secrets_gitops.encrypted_files.unmerged import refuse  # noqa: PLC0415  seldom needed

        refuse(data, path)
    return read(data, path=path, format=form, limits=Limits.LARGE)


def recipe(path: str, ages: Sequence[str] = (), *, config: str | None = None) -> Recipe:
    """The recipe for the file at `path`; recipients in `ages` take the place of the rule's, the rest is the rule's.

    Raises SettingsError when there is no rule that fits (none at all is fine with `ages`) or when it is wrong.
    """
    found = rules.find(path, config=config, strict=True)
    if ages and found.path is None:
        return Recipe(_one_group(ages), rules.selector(None), mac_only_encrypted=False)
    rule = rules.required(path, found)
    keys = _one_group(ages) if ages else rules.key_groups(rule)
    indents = found.rules.indents if found.rules is not None else {}
    return Recipe(keys, rules.selector(rule), rule.mac_only_encrypted, indents)


def _one_group(ages: Sequence[str]) -> KeyGroups:
    return KeyGroups((tuple(rules.age_recipients(ages)),))


def encrypt(plain: Document, how: Recipe, now: str, *, sort: bool = False) -> Result:
    """The encrypted document. Raises what `creating.create` and, where keys are sorted, `sort_keys.in_order` raise.

    What lives in a cluster is encrypted so that it can be verified there: its MAC covers nothing but what is encrypted,
    and the keys of that are in the API server's order; in any file with `sort`.
    """
    in_cluster = _lives_in_cluster(plain)
    only_encrypted = how.mac_only_encrypted or in_cluster
    if sort or in_cluster:
        from secrets_gitops.encrypted_files.sort_keys import in_order  # noqa: PLC0415  few files

        plain = in_order(plain, how.selector)
    sealed, expanded = creating.create(
        plain, how.keys, how.selector, now, mac_only_encrypted=only_encrypted, indent=how.indent(plain)
    )
    return Result(sealed, expansions(plain.path, expanded))


def again(sealed: Document, how: Recipe, keyring: Keyring, now: str) -> Result:
    """An encrypted file decrypted, sorted and encrypted anew, for the same recipients.

    Raises AlreadySealed when it is as it would be, SettingsError where its rule has other recipients or another
    selector than the file.
    """
    from secrets_gitops.encrypted_files.sort_keys import in_order  # noqa: PLC0415  few files

    result = opened.open(sealed, keyring)
    plain = read_plain(result.content(), sealed.path, sealed.format)
    found = result.metadata
    is_sound = found.mac_only_encrypted or not (how.mac_only_encrypted or _lives_in_cluster(plain))
    if is_sound and in_order(plain, found.selector) is plain:
        raise _already(sealed)
    if not _is_made_so(found, how) or found.needed != how.keys.needed:
        raise SettingsError(
            f"`{sealed.path}` has other recipients, or another selector, than its rule: sorting must not change who can"
            " read it, nor what is encrypted",
            hints=(
                f"`secrets-gitops updatekeys {sealed.path}` gives it the rule's recipients",
                f"`secrets-gitops explain {sealed.path}` shows the selector of both",
            ),
            place=Place(sealed.path),
        )
    return encrypt(plain, how, now, sort=True)


def _is_made_so(found: Metadata, how: Recipe) -> bool:
    """Has a file the recipients and the selector of the recipe?"""
    wanted = [sorted((one.kind, one.text) for one in group) for group in how.keys.groups]
    have = [sorted((one.kind, one.recipient) for one in group) for group in found.groups]
    return wanted == have and found.selector == how.selector


def _lives_in_cluster(plain: Document) -> bool:
    versions = (root.get("apiVersion") for root in plain.roots)
    return any(version is not None and version.text.startswith(_IN_CLUSTER_GROUP) for version in versions)


def expansions(path: str, lines: Sequence[int]) -> tuple[str, ...]:
    """What to tell the user of aliases that were written out."""
    return tuple(f"{path}:{line}: the alias was written out, since what it repeats is encrypted" for line in lines)


def is_sealed(document: Document) -> bool:
    """Has the file a `sops` block of its own? A binary file is looked at as JSON."""
    return metadata.find(document) is not None or (document.format == "binary" and closed(document) is not None)


def closed(document: Document) -> Document | None:
    """The encrypted file that a binary file is; None when it is just bytes."""
    if document.text.lstrip()[:1] != "{":
        return None
    try:
        sealed = read(
            document.to_bytes(),
            path=document.path,
            format="binary",
            sealed=True,
            limits=Limits.LARGE,
            duplicates="keep",
        )
        found = metadata.find(sealed)
    except DocumentError:
        return None
    return sealed if found is not None else None


def is_whole(sealed: Document) -> bool:
    """Is nothing left in clear in it that its selector chooses? Needs no key."""
    found = metadata.read(sealed)
    if found is None:
        return False
    for leaf in tree.walk(sealed, Selection(found.selector, lenient=True), sealed=True):
        node = leaf.node
        if leaf.selected and not leaf.is_comment and node is not None and not value.looks_sealed(node.text):
            empty = not node.text or resolve(node, "go_v3", path=sealed.path) in {None, ""}
            if not empty:
                return False
    return True


def kept(plain: Document, how: Recipe, old: Document, keyring: Keyring, now: str) -> Result | None:
    """`plain` encrypted as a new state of `old`, an earlier encryption of it: what is the same keeps its envelope.

    None when that cannot be: `old` does not open here, or was encrypted for others or by another selector.
    """
    try:
        result = opened.open(old, keyring)
    except Error:
        return None
    if not _is_made_so(result.metadata, how):
        return None
    if result.content() == plain.to_bytes():
        return Result(old, ())
    result.replace_plain(plain)
    return Result(result.seal(now), expansions(plain.path, result.expanded))


def finish(sealed: Document, keyring: Keyring, now: str, *, verify_mac: bool = True) -> Result:
    """Encrypt the values that stand in clear in an encrypted file although its selector chooses them.

    Raises AlreadySealed when there are none. Without the open values the MAC must fit: they were added. Where one took
    the place of an encrypted value, nothing can be verified, and Tampered is raised unless `verify_mac` is False.
    """
    if sealed.format == "binary":
        sealed = closed(sealed) or sealed
    try:
        result = opened.open(sealed, keyring, verify_mac=False, keep_open=True)
    except (Tampered, NotBuiltYet):
        raise
    except Error as error:
        raise _already(sealed, because=error) from error
    left_open = [read for read in result.reads if read.state == "open" and read.type != "comment"]
    if not left_open:
        raise _already(sealed)
    if verify_mac:
        try:
            opened.verify_mac(result, [read for read in result.reads if read.state != "open" or read.type == "comment"])
        except Tampered as error:
            error.message = f"the values beside those in clear cannot be verified: {error.message}"
            error.hints = ("look at what changed, then `encrypt -i --ignore-mac` encrypts the file as it is",)
            raise
    document = result.seal(now)
    names = ", ".join(f"`{reading.shown(read.leaf.path)}`" for read in left_open)
    return Result(document, (f"{sealed.path}: {names} stood in clear and {_is(left_open)} encrypted now",))


def _is(items: Sequence[object]) -> str:
    return "is" if len(items) == 1 else "are"


def _already(sealed: Document, because: Error | None = None) -> AlreadySealed:
    hints = [f"`secrets-gitops set {sealed.path} PATH` or `edit` changes a value"]
    if because is not None:
        hints.append(f"whether a value stands in clear in it was not looked at: {because.message}")
    return AlreadySealed(f"`{sealed.path}` is encrypted already", hints=tuple(hints), place=Place(sealed.path))


def refuse_age_for_sealed(ages: Sequence[str]) -> None:
    """Recipients cannot be changed by encrypting again."""
    if ages:
        raise SettingsError(
            "`--age` does not change the recipients of an encrypted file", hints=("`secrets-gitops updatekeys` does",)
        )
