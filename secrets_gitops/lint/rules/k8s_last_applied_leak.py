"""`k8s-last-applied-leak`: an annotation that repeats a Secret as it was before it was encrypted or emptied."""

from __future__ import annotations

from secrets_gitops.documents.document import walk
from secrets_gitops.lint.candidates import spread
from secrets_gitops.lint.command_words import Word, given
from secrets_gitops.lint.finding import Region
from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.nested import COPIES, DEPTH, inner
from secrets_gitops.lint.objects import find_objects, secret_pairs
from secrets_gitops.lint.secret_values import judge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Document
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target


class K8sLastAppliedLeak:
    """Annotations on any object, also those in the template of a SealedSecret, whatever they repeat."""

    id = "k8s-last-applied-leak"
    alias = "SG102"
    severity: Severity = "high"
    summary = "an annotation repeats a manifest with a secret in plaintext"
    why = (
        "`kubectl apply` copies the manifest into the annotation `last-applied-configuration`. An export from the "
        "cluster carries that copy into git, even where the data beside it is encrypted."
    )
    fix = (
        "`secrets-gitops lint --fix --rule k8s-last-applied-leak PATH` takes it out; `kubectl apply --server-side` "
        "writes none"
    )

    def concerns(self, target: Target) -> bool:
        """Is there such an annotation, and a Secret, or a name as secrets have it?"""
        if not any(name.encode() in target.data for name in COPIES):
            return False
        return b"Secret" in target.data or target.may_be_called_secret

    def check(self, target: Target) -> Iterator[Finding]:
        """Each annotation whose text is or holds a Secret with values, or another object that holds a secret."""
        document = target.document
        if document is None:
            yield from self._by_lines(target)
            return
        for root in document.roots:
            for mapping in walk(root):
                for key, value in mapping.pairs:
                    name, scalar = key.resolved().text, value.resolved()
                    if not name.endswith(COPIES) or scalar.kind != "scalar" or "{" not in scalar.text:
                        continue
                    leaked = _leaked(_parsed(target, scalar.text)) if "Secret" in scalar.text else []
                    what = "a Secret" if leaked else "a secret"
                    leaked = leaked or _held(inner(target, document, scalar, ""))
                    if leaked:
                        region = target.span(key, value) if value is scalar else target.span(scalar)
                        yield self._finding(target, region, name, what, _names(leaked))

    def _by_lines(self, target: Target) -> Iterator[Finding]:
        """Where nothing parses: JSON on the annotation's line or on the next one."""
        lines = target.text.split("\n")
        for at, line in enumerate(lines):
            name = next((name for name in COPIES if name in line), None)
            begin = next((number for number in (at, at + 1) if number < len(lines) and "{" in lines[number]), None)
            if name is None or begin is None:
                continue
            text = lines[begin][lines[begin].index("{") : lines[begin].rfind("}") + 1]
            leaked = _leaked(_parsed(target, text))
            if leaked:
                region = target.lift(Region(at + 1, 1, begin + 1, len(lines[begin]) + 1))
                yield self._finding(target, region, name, "a Secret", _names(leaked), parses=False)

    def _finding(
        self, target: Target, region: Region, name: str, what: str, keys: str, *, parses: bool = True
    ) -> Finding:
        path = quoted(target.path)
        if target.has_sops_block:
            fix = f"take the annotation out with `secrets-gitops edit {path}`"
        elif parses and target.parent is None:
            fix = f"secrets-gitops lint --fix --rule {self.id} {path}"
        else:
            fix = f"delete the annotation `{name}` from {path}; `kubectl apply --server-side` writes none"
        return target.finding(
            self,
            region,
            f"the annotation `{name}` repeats {what} in plaintext: {keys}",
            fix=fix,
            key=name,
        )


def _names(keys: list[str]) -> str:
    return ", ".join(f"`{key}`" for key in keys[:5]) + (" and more" if len(keys) > 5 else "")


def _parsed(target: Target, text: str) -> Document | None:
    from secrets_gitops.documents.read import read  # noqa: PLC0415
    from secrets_gitops.errors import DocumentError  # noqa: PLC0415

    for chosen in ("json", "yaml"):
        try:
            return read(text, path=target.path, format=chosen, limits=target.run.limits, duplicates="keep")
        except DocumentError:
            continue
    return None


def _leaked(document: Document | None) -> list[str]:
    """The keys of the plaintext values of every Secret in the copy."""
    keys: dict[str, None] = {}
    for found in find_objects(document) if document is not None else ():
        for field, key, value in secret_pairs(found):
            judgement = judge(key.resolved().text, value.resolved().text, encoded=field == "data")
            if judgement.severity not in {None, "info"}:
                keys[key.resolved().text] = None
    return list(keys)


def _held(copy: Target) -> list[str]:
    """The names of the secrets in a copy of an object of any other kind: in its fields, texts and commands."""
    if copy.depth > DEPTH or not copy.may_be_called_secret:
        return []
    keys: dict[str, None] = {}
    words: list[Word] = []
    for leaf in copy.leaves:
        if leaf.refers or (leaf.object is not None and leaf.object.is_secret):
            continue
        keys.update((found.name, None) for found in spread(copy, leaf) if found.is_secret)
        if leaf.keys[-1:] and leaf.keys[-1].isdigit():
            words.append(Word(leaf.text, 0, len(leaf.text)))
    keys.update((found.name, None) for found in given(words))
    return list(keys)


RULE = K8sLastAppliedLeak()
