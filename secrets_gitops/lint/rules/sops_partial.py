"""`sops-partial`: a file that sops encrypted, with a value in it that is open."""

from __future__ import annotations

from secrets_gitops.documents.formats import line_format
from secrets_gitops.errors import Error
from secrets_gitops.lint import mend, sops_text
from secrets_gitops.lint.finding import Region
from secrets_gitops.lint.objects import secret_pairs
from secrets_gitops.lint.secret_values import judge
from secrets_gitops.lint.value_model import classify
from secrets_gitops.lint.values import ciphertext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.envelopes.sops.selection import Selector
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.sops_block import Block
    from secrets_gitops.lint.target import Target


class SopsPartial:
    """What must be encrypted is said by the file's own selector, and by the fact that it is a Secret."""

    id = "sops-partial"
    alias = "SG402"
    severity: Severity = "high"
    summary = "an encrypted file holds a value in plaintext"
    why = (
        "Somebody added or replaced a value by hand. It is readable in the repository, and sops, Flux and Argo CD "
        "refuse to decrypt a file with an open value."
    )
    fix = "`secrets-gitops encrypt -i PATH`, with a key that opens it: it encrypts what was left open"

    def concerns(self, target: Target) -> bool:
        """Is there a block?"""
        return (
            target.parent is None
            and b"sops" in target.data
            and (target.format is None or sops_text.may_have_block(target.data))
        )

    def check(self, target: Target) -> Iterator[Finding]:
        """Values that the recorded selector chooses, then the data of Secrets that it leaves out."""
        if target.format is None:
            yield from self._lines(target)
            return
        block = target.sops_block
        if block is None:
            return
        seen: set[int] = set()
        for node_id, finding in self._selected(target, block):
            seen.add(node_id)
            yield finding
        for found in target.objects:
            for field, key, value in secret_pairs(found):
                scalar, name = value.resolved(), key.resolved().text
                if id(scalar) in seen or ciphertext.looks_like_sops(scalar.text):
                    continue
                judgement = judge(name, scalar.text, encoded=field == "data", tag=scalar.tag)
                if judgement.severity is not None:
                    yield target.finding(
                        self,
                        target.span(key, value) if value is scalar else target.span(scalar),
                        f"`{name}` in `{field}` of {found.label} is plaintext: the selector of the file leaves it open",
                        severity=judgement.severity,
                        fix=f"correct the selector in `.sops.yaml`, then `{mend.encrypt(target.path)}`",
                        object=found.label,
                        pointer=found.pointer(field, name),
                        key=name,
                        value=scalar.text,
                    )

    def _selected(self, target: Target, block: Block) -> Iterator[tuple[int, Finding]]:
        if block.metadata is None or target.document is None:
            return
        from secrets_gitops.lint.sops_block import leaves  # noqa: PLC0415

        for leaf in leaves(target.document, block.metadata.selector, sealed=True) or ():
            if not leaf.selected or leaf.node is None or ciphertext.looks_like_sops(leaf.node.text):
                continue
            if classify(leaf.node.text) == "empty":
                continue
            name = leaf.keys[-1] if leaf.keys else ""
            key = target.key_of(leaf.node)
            yield (
                id(leaf.node),
                target.finding(
                    self,
                    target.span(key or leaf.node, leaf.node),
                    f"`{name}` is not encrypted, though `{block.metadata.selector}` of the file says that it should be",
                    fix=mend.encrypt(target.path),
                    pointer=_pointer(leaf.root, leaf.path),
                    key=name,
                    value=leaf.node.text,
                ),
            )

    def _lines(self, target: Target) -> Iterator[Finding]:
        """Where the format is dotenv or INI."""
        path = target.path
        if line_format(path) is None or not sops_text.is_encrypted(path, target.data):
            return
        from secrets_gitops.envelopes.sops.selection import DEFAULT, FIELDS, Selection, Selector  # noqa: PLC0415

        said = sops_text.metadata(path, target.text)
        selector: Selector = next((Selector(field, said[field]) for field in FIELDS if said.get(field)), DEFAULT)
        try:
            selection = Selection(selector)
        except Error as error:
            target.run.note(error)
            return
        for line in sops_text.assignments(path, target.text):
            keys = (line.section, line.key) if line.section else (line.key,)
            if selection.selects(keys) and line.value.strip() and not ciphertext.looks_like_sops(line.value.strip()):
                yield target.finding(
                    self,
                    target.lift(Region(line.line, line.column, line.line, line.end_column)),
                    f"`{line.key}` is not encrypted, though `{selector}` of the file says that it should be",
                    fix=f"take the line out, and add the value with `sops edit {mend.quoted(path)}`",
                    key=line.key,
                )


def _pointer(root: int, path: tuple[str | int, ...]) -> str:
    text = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return f"{root}#{text}" if root else text


RULE = SopsPartial()
