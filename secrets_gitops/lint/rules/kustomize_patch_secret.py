"""`kustomize-patch-secret`: a patch puts a plaintext value into a Secret."""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64

from secrets_gitops.lint import named_files
from secrets_gitops.lint.candidates import spread, text_in
from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.objects import secret_pairs
from secrets_gitops.lint.secret_values import judge
from secrets_gitops.lint.text_values import looks_made
from secrets_gitops.lint.value_model import is_secret
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Node
    from secrets_gitops.lint.finding import Finding, Region, Severity
    from secrets_gitops.lint.leaves import Leaf
    from secrets_gitops.lint.target import Target

_FIELDS = frozenset({"patches", "patchesStrategicMerge", "patchesJson6902"})
_PATH = pattern(r"/(data|stringData)(?:/([^/]+))?")
_VARIABLE = pattern(r"/\S{1,300}/env/[0-9]{1,4}/value")
"""The path of a variable's value, which does not say what the variable is called."""
_NUMBER = pattern(r"[0-9A-Fa-f-]+")
"""A hash or an id: as random as a token, and shown everywhere."""
_OPERATION = pattern(rb"[\"']?\bop[\"']?\s{0,20}:")


class Operation(NamedTuple):
    """A value that a JSON patch writes to `field` of an object."""

    field: str
    name: str
    key: Node
    value: Node


class KustomizePatchSecret:
    """Patches in a kustomization or in Flux' and Argo CD's objects, and JSON patches in files of their own."""

    id = "kustomize-patch-secret"
    alias = "SG204"
    severity: Severity = "high"
    summary = "a patch puts a plaintext value into a Secret, or a secret into another object"
    why = "A patch is as readable as the Secret would be; that the Secret below it is encrypted does not help."
    fix = "move the value out of PATH into an encrypted or sealed Secret"

    def concerns(self, target: Target) -> bool:
        """Are there patches that may be about a Secret, or is it a JSON patch?"""
        if target.parent is not None:
            return False
        sets_variables = b"/env/" in target.data
        if b"patches" in target.data and (b"Secret" in target.data or sets_variables or target.may_be_called_secret):
            return True
        return (sets_variables or b"/stringData" in target.data or b"/data" in target.data) and bool(
            _OPERATION.search(target.data)
        )

    def check(self, target: Target) -> Iterator[Finding]:
        """Each patch of a kustomization; otherwise the file as a patch."""
        kinds: dict[tuple[str, ...], str] = {}
        patches: list[tuple[tuple[str, ...], Leaf]] = []
        for leaf in target.leaves:
            keys = leaf.keys
            at = next((at for at, key in enumerate(keys) if key in _FIELDS), len(keys))
            entry, rest = keys[: at + 2], keys[at + 2 :]
            if rest == ("target", "kind"):
                kinds[entry] = leaf.text
            elif rest in {("patch",), ("path",)} or (len(entry) == at + 2 and not rest):
                patches.append((entry, leaf))
        for entry, leaf in patches:
            is_secret_patch = "Secret" in re.split(r"[^A-Za-z]+", kinds.get(entry, ""))
            text = text_in(target, leaf)
            if text is not None:
                yield from self._patch(text, certain=is_secret_patch)
            elif is_secret_patch:
                yield from self._file(target, leaf)
        if not patches:
            yield from self._operations(target, certain=False)

    def _patch(self, text: Target, *, certain: bool) -> Iterator[Finding]:
        for found in text.objects:
            for field, key, value in secret_pairs(found):
                scalar, name = value.resolved(), key.resolved().text
                severity = judge(name, scalar.text, encoded=field == "data", tag=scalar.tag).severity
                if severity is not None:
                    yield self._finding(
                        text,
                        text.span(key, value) if value is scalar else text.span(scalar),
                        field,
                        name,
                        scalar.text,
                        severity,
                        pointer=found.pointer(field, name),
                    )
        yield from self._operations(text, certain=certain)
        yield from self._others(text)

    def _others(self, text: Target) -> Iterator[Finding]:
        """What a patch writes into any other object: by its path, in `env`, in fields and files."""
        for leaf in text.leaves if text.may_be_called_secret else ():
            if leaf.refers or (leaf.object is not None and leaf.object.is_secret):
                continue
            for found in spread(text, leaf):
                if found.is_secret:
                    yield found.finding(
                        self,
                        f"the patch sets `{found.name}` to a plaintext secret",
                        fix=f"move `{found.name}` out of {quoted(text.path)} into a Secret, and refer to that",
                    )

    def _operations(self, text: Target, *, certain: bool) -> Iterator[Finding]:
        yield from self._variables(text)
        for found in operations(text):
            scalar = found.value.resolved()
            encoded = found.field == "data"
            if not certain and encoded and not _is_for_a_secret(found.name, scalar.text):
                continue
            severity = judge(found.name, scalar.text, encoded=encoded, tag=scalar.tag).severity
            if severity is not None:
                region = text.span(found.key, scalar) if found.value is scalar else text.span(scalar)
                yield self._finding(text, region, found.field, found.name, scalar.text, severity)

    def _variables(self, text: Target) -> Iterator[Finding]:
        """Values of variables that stand for themselves: what looks made, and is no hash and no id."""
        for path, key, value in written(text):
            scalar = value.resolved()
            if scalar.kind == "scalar" and _VARIABLE.fullmatch(path) and _is_made(scalar.text):
                yield text.finding(
                    self,
                    text.span(key, scalar) if value is scalar else text.span(scalar),
                    "the patch sets an environment variable to what looks like a secret",
                    severity="medium",
                    fix=f"move the value out of {quoted(text.path)} into a Secret, and refer to that with `valueFrom`",
                    key=path,
                    confidence="medium",
                    value=scalar.text,
                )

    def _file(self, target: Target, leaf: Leaf) -> Iterator[Finding]:
        """A JSON patch for a Secret in another file: what does not show there that it is for a Secret."""
        path = named_files.path_of(target, leaf.text)
        if path is None or named_files.leads_out(path):
            return
        if target.path not in target.run.changed and path not in target.run.changed:
            return
        file = named_files.load(target, path)
        if file is None or file == "missing" or file.has_sops_block:
            return
        shown = {found.region() for found in self._operations(file, certain=False)}
        for found in self._operations(file, certain=True):
            if found.region() not in shown:
                yield target.finding(
                    self,
                    target.span(leaf.node),
                    f"`{leaf.text}` patches `{found.key}` of a Secret with a plaintext value",
                    severity=found.severity,
                    fix=f"move `{found.key}` out of {quoted(path)} into an encrypted or sealed Secret",
                    object="Secret",
                    pointer=leaf.pointer,
                    key=found.key,
                )

    def _finding(
        self,
        text: Target,
        region: Region,
        field: str,
        name: str,
        value: str,
        severity: Severity,
        *,
        pointer: str = "",
    ) -> Finding:
        state = "a placeholder" if severity == "info" else "plaintext"
        return text.finding(
            self,
            region,
            f"the patch of `{name}` in `{field}` of a Secret is {state}",
            severity=severity,
            fix=f"move `{name}` out of {quoted(text.path)} into an encrypted or sealed Secret",
            object="Secret",
            pointer=pointer,
            key=name,
            value=value,
        )


def operations(text: Target) -> Iterator[Operation]:
    """What a JSON patch adds to or replaces in the data of an object, with the fields that hold it."""
    for path, key, value in written(text):
        found = _PATH.fullmatch(path)
        if found is None:
            continue
        if value.resolved().kind == "scalar" and found[2]:
            yield Operation(found[1], found[2].replace("~1", "/").replace("~0", "~"), key, value)
        elif value.resolved().kind == "mapping" and not found[2]:
            for name, inner in value.resolved().pairs:
                if inner.resolved().kind == "scalar":
                    yield Operation(found[1], name.resolved().text, name, inner)


def written(text: Target) -> Iterator[tuple[str, Node, Node]]:
    """The path, the key `value` and the value of each operation of a JSON patch that writes one."""
    for root in text.document.roots if text.document is not None else ():
        for item in root.items if root.kind == "sequence" else ():
            path, verb = item.get("path"), item.get("op")
            at = item.position("value") if item.kind == "mapping" else None
            if at is not None and path is not None and verb is not None and verb.text in {"add", "replace", "test"}:
                yield path.text, *item.pairs[at]


def _is_made(text: str) -> bool:
    return _NUMBER.fullmatch(text) is None and looks_made(text) and is_secret(text, "auth")


def _is_for_a_secret(name: str, text: str) -> bool:
    """Is a value for `data` meant for a Secret, as far as it shows? A ConfigMap holds no base64 of plain text."""
    if is_secret(text, name):
        return True
    try:
        plain = a2b_base64(text.strip().encode("ascii"), strict_mode=True)
    except (UnicodeEncodeError, Base64Error):
        return False
    return len(plain) >= 6 and plain.isascii() and plain.decode("ascii").strip().isprintable()


RULE = KustomizePatchSecret()
