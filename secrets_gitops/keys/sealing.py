"""The two halves of sealing: certificates that close a SealedSecret, RSA keys that open it.

Certificates are not verified by a chain: a pinned fingerprint is what makes one trustworthy. Keys come from what users
keep of them: PEM files, key Secrets, and lists of key Secrets as `kubectl` writes them.
"""

from __future__ import annotations

import binascii
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from secrets_gitops.crypto import fingerprint
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.errors import Error, KeySourceError, Place
from secrets_gitops.keys import pem, rsa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from typing import Literal

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    from secrets_gitops.documents.document import Document, Node

_ITEM_KINDS = {"List": ("Secret",), "SecretList": ("Secret", "")}
"""Kind of a list → kinds of its items that are Secrets; the items of a typed list may leave their kind out."""
_HINTS = (
    "give a private key in PEM form, or a backup of the controller's key Secrets",
    "such a backup: `kubectl get secret -A -l sealedsecrets.bitnami.com/sealed-secrets-key -o yaml`",
)


@dataclass(frozen=True)
class Certificate:
    """A sealing certificate: a public RSA key with dates."""

    public_key: RSAPublicKey = field(repr=False)
    pem: str = field(repr=False)
    """The certificate alone, as PEM with plain line ends."""
    fingerprint: str
    """`sha256:` and the hex digest of its public key: renewing a certificate for the same key keeps it."""
    not_before: datetime
    not_after: datetime
    source: str
    """Where it came from, for messages: a path or a URL."""

    def refuse_expired(self, now: datetime) -> None:
        """Raise KeySourceError when the certificate is past its end. One that is not valid yet may be used."""
        if now > self.not_after:
            raise KeySourceError(
                f"the certificate expired on {self.not_after:%Y-%m-%d}",
                hints=("fetch the controller's current certificate: `kubeseal --fetch-cert`",),
                place=Place(self.source),
            )


@dataclass(frozen=True)
class SealingKey:
    """A private key that opens what was sealed for it; an expired certificate does not hinder that."""

    private_key: RSAPrivateKey = field(repr=False)
    fingerprint: str
    """As the fingerprint of the certificate it belongs to."""
    source: str
    name: str = ""
    """The name of the key Secret it came in."""
    certificate: Certificate | None = None


def load_certificate(data: bytes, source: str) -> Certificate:
    """The first certificate in PEM text. Raises KeySourceError that says what stands there instead."""
    found = pem.blocks(data)
    certificates = _certificate_blocks(found)
    if not certificates:
        raise _no_certificate(found, source)
    return _certificate(certificates[0], source)


def load_sealing_keys(
    data: bytes, source: str, *, on_problem: Callable[[Error], None] | None = None
) -> list[SealingKey]:
    """The private keys in `data`, newest first by the certificate's date; those without a certificate come last.

    Understands PEM (PKCS#1, PKCS#8, several keys, certificates beside them), a Secret in YAML or JSON, several
    documents, `List` and `SecretList`. One key Secret that cannot be used is handed to `on_problem` and the others
    are loaded, for in a recovery the others matter; without `on_problem` its error is raised.

    Raises KeySourceError when no key is there or it cannot be used, NotBuiltYet for a passphrase, DocumentError when
    the text can be read in no way.
    """
    found = pem.blocks(data)
    if any(block.is_private for block in found):
        certificates = [_certificate(block, source) for block in _certificate_blocks(found)]
        keys = [_sealing_key(block, certificates, source) for block in found if block.is_private]
    elif found:
        raise KeySourceError("no private key is in this PEM file", hints=_HINTS, place=Place(source))
    else:
        keys = _from_document(data, source, on_problem)
    if not keys:
        raise KeySourceError("there is no sealing key", hints=_HINTS, place=Place(source))
    return sorted(keys, key=_age_rank)


def _age_rank(key: SealingKey) -> float:
    return -key.certificate.not_before.timestamp() if key.certificate else math.inf


def _from_document(data: bytes, source: str, on_problem: Callable[[Error], None] | None) -> list[SealingKey]:
    form: Literal["yaml", "json"] = "json" if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else "yaml"
    document = read(data, path=source, format=form, limits=Limits.LARGE, stream=True)
    keys: list[SealingKey] = []
    first: Error | None = None
    for secret in _secrets(document):
        try:
            keys.append(_from_secret(secret, document))
        except Error as error:
            error.place = document.place(secret)
            if on_problem is None:
                raise
            on_problem(error)
            first = first or error
    if first is not None and not keys:
        raise first
    return keys


def _secrets(document: Document) -> Iterator[Node]:
    for root in document.roots:
        kind = _text(root, "kind")
        items = root.get("items")
        if kind in _ITEM_KINDS and items is not None:
            yield from (item.resolved() for item in items.items if _text(item, "kind") in _ITEM_KINDS[kind])
        elif kind == "Secret":
            yield root


def _from_secret(secret: Node, document: Document) -> SealingKey:
    metadata = secret.get("metadata")
    name = _text(metadata, "name") if metadata is not None else ""
    title = f"the key Secret `{name}`" if name else "the key Secret"
    private = [block for block in pem.blocks(_item(secret, "tls.key", title)) if block.is_private]
    if not private:
        raise KeySourceError(f"{title} has no private key in PEM form under `tls.key`")
    # As the controller has it: the first certificate is the key's own, further ones are its chain.
    own = _certificate_blocks(pem.blocks(_item(secret, "tls.crt", title)))[:1]
    return _sealing_key(private[0], [_certificate(block, document.path) for block in own], document.path, name=name)


def _item(secret: Node, key: str, title: str) -> bytes:
    """An item of a Secret, perhaps empty; `stringData` wins as in a cluster."""
    for part in ("stringData", "data"):
        values = secret.get(part)
        value = values.get(key) if values is not None else None
        if value is not None and value.kind == "scalar":
            if part == "stringData":
                return value.text.encode(errors="replace")
            try:
                return binascii.a2b_base64(value.text.replace("\n", "").replace("\r", ""), strict_mode=True)
            except ValueError:
                raise KeySourceError(f"{title} has no valid base64 under `{key}`") from None
    return b""


def _text(node: Node, key: str) -> str:
    value = node.get(key)
    return value.text if value is not None and value.kind == "scalar" else ""


def _sealing_key(block: pem.Block, certificates: Sequence[Certificate], source: str, *, name: str = "") -> SealingKey:
    """The key in `block` with the one of `certificates` that belongs to it.

    Raises KeySourceError when there are certificates and none does: what was sealed with them would be lost.
    """
    private_key = rsa.private_key(block, source)
    mark = fingerprint.of_public_key(private_key.public_key())
    certificate = next((each for each in certificates if each.fingerprint == mark), None)
    if certificate is None and certificates:
        raise KeySourceError(
            "the private key and the certificate do not belong together",
            hints=(
                f"the key has the fingerprint {mark}",
                f"the certificate has the fingerprint {certificates[0].fingerprint}",
            ),
            place=Place(source),
        )
    return SealingKey(private_key, mark, source, name, certificate)


def _certificate_blocks(blocks: list[pem.Block]) -> list[pem.Block]:
    return [block for block in blocks if block.label == "CERTIFICATE"]


def _certificate(block: pem.Block, source: str) -> Certificate:
    key, not_before, not_after = rsa.certificate(block, source)
    return Certificate(
        key, block.text.decode("ascii", "replace"), fingerprint.of_public_key(key), not_before, not_after, source
    )


def _no_certificate(found: list[pem.Block], source: str) -> KeySourceError:
    hints = ("fetch the controller's certificate: `kubeseal --fetch-cert`",)
    labels = {block.label for block in found}
    if any(block.is_private for block in found):
        reason = "a private key stands where a certificate belongs"
    elif labels & {"PUBLIC KEY", "RSA PUBLIC KEY"}:
        reason = "a bare public key stands where a certificate belongs"
    elif "CERTIFICATE REQUEST" in labels or "NEW CERTIFICATE REQUEST" in labels:
        reason = "a certificate request stands where a certificate belongs"
    else:
        reason = "there is no certificate in PEM form"
    return KeySourceError(reason, hints=hints, place=Place(source))
