"""`sops-malformed`: text that promises to be encrypted by sops and cannot be."""

from __future__ import annotations

from secrets_gitops.documents.document import walk
from secrets_gitops.documents.formats import line_format
from secrets_gitops.lint import mend, sops_text
from secrets_gitops.lint.finding import Region
from secrets_gitops.lint.values import ciphertext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target

_NO_BLOCK = "has the form of a value that sops encrypted, but the file has no `sops` block that could open it"
_NO_FORM = "begins with `ENC[` and is no value that sops encrypted: it is readable, or damaged"


class SopsMalformed:
    """`ENC[` alone proves nothing: the shape of each value and the block are looked at."""

    id = "sops-malformed"
    alias = "SG405"
    severity: Severity = "high"
    summary = "a value or a `sops` block looks encrypted and is not, or cannot be opened"
    why = "What only looks encrypted is plaintext to everybody but the scanner, or a value that nobody can open again."
    fix = "restore PATH, and change it with `secrets-gitops edit PATH`"

    def concerns(self, target: Target) -> bool:
        """Is there an envelope, or a block?"""
        return b"ENC[" in target.data or sops_text.may_have_block(target.data)

    def check(self, target: Target) -> Iterator[Finding]:
        """The block, then every value that begins with `ENC[`."""
        if target.format is None and target.parent is None and line_format(target.path) is not None:
            yield from self._lines(target)
            return
        document = target.document
        if document is None:
            return
        block = target.sops_block
        if block is not None and block.flaw is not None and _has_time(block.node):
            yield self._finding(target, target.span(block.key), block.flaw.message, "sops")
        for key, node in _values(document):
            if ciphertext.looks_like_sops(node.text):
                sound = ciphertext.is_sops(node.text)
                if not sound or block is None:
                    name = key.resolved().text if key is not None else ""
                    what = f"{f'`{name}` ' if name else ''}{_NO_BLOCK if sound else _NO_FORM}"
                    yield self._finding(target, target.span(key or node, node), what, name)

    def _lines(self, target: Target) -> Iterator[Finding]:
        encrypted = sops_text.is_encrypted(target.path, target.data)
        for line in sops_text.assignments(target.path, target.text):
            value = line.value.strip()
            sound = ciphertext.is_sops(value)
            if ciphertext.looks_like_sops(value) and not (sound and encrypted):
                region = target.lift(Region(line.line, line.column, line.line, line.end_column))
                yield self._finding(target, region, f"`{line.key}` {_NO_BLOCK if sound else _NO_FORM}", line.key)

    def _finding(self, target: Target, region: Region, message: str, key: str) -> Finding:
        fix = f"restore the file, and change it with `secrets-gitops edit {mend.quoted(target.path)}`"
        return target.finding(self, region, message, fix=fix, key=key)


def _has_time(block: Node) -> bool:
    """Without one, `sops-mac-missing` says what is the matter."""
    time = block.get("lastmodified")
    return time is not None and time.text not in {"", "null", "~"}


def _values(document: Document) -> Iterator[tuple[Node | None, Node]]:
    """Every scalar that is no key, with its key where it has one; aliases stand for what was seen already."""
    for root in document.roots:
        for node in walk(root):
            for key, value in node.pairs:
                if value.kind == "scalar":
                    yield key, value
            for item in node.items:
                if item.kind == "scalar":
                    yield None, item


RULE = SopsMalformed()
