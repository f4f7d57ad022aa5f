"""`generic-assignment`: a secret under a key that says so, in source, configuration and text of no other rule."""

from __future__ import annotations

import re
from bisect import bisect_right

from secrets_gitops.lint import mend
from secrets_gitops.lint.assignment_rule import AssignmentRule, finding, finding_at
from secrets_gitops.lint.assignments import places
from secrets_gitops.lint.candidates import is_excused, of_leaf, spread
from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.leaf_gate import ends
from secrets_gitops.lint.objects import entries
from secrets_gitops.lint.text_values import is_secret_scalar, literal, looks_made, looks_made_up
from secrets_gitops.lint.value_model import is_login, is_secret
from secrets_gitops.lint.values import shape
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.classify import Kind
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.key_names import KeyName
    from secrets_gitops.lint.leaves import Leaf
    from secrets_gitops.lint.target import Target

_ELEMENT = pattern(rb"<([A-Za-z_][\w.:-]{1,80}+)>\s{0,40}+([^<>\s][^<>\r\n]{3,1000}+)</")
_ADDED = pattern(
    rb"(?:key|name)=\\{0,2}\"([\w.:-]{1,100}+)\\{0,2}\"\s{1,40}+value=\\{0,2}\"([^\"<>\r\n\\]{4,1000}+)\\{0,2}\""
)
_PROPERTY = pattern(
    rb"<name>\s{0,40}+([\w.:-]{1,200}+)\s{0,40}+</name>(?:\s|\\n){0,40}<value>\s{0,40}+([^<>\s][^<>\r\n]{3,1000}+)</"
    rb"|name=\\{0,2}\"([\w.:-]{1,200}+)\\{0,2}\">\s{0,40}+<value>\s{0,40}+([^<>\s][^<>\r\n]{3,1000}+)</"
    rb"|<key>\s{0,40}+([\w.: -]{1,200}+)</key>\s{0,40}+<string>\s{0,40}+([^<>\s][^<>\r\n]{3,1000}+)</"
    rb"|<(\w{0,40}[Pp]assword)>\s{0,40}+<[Vv]alue>\s{0,40}+([^<>\s][^<>\r\n]{3,1000}+)</"
)
_NAMED = pattern(rb"(?:key|name)=\\{0,2}\"([\w.:-]{1,200}+)\\{0,2}\">\s{0,40}+([^<>\s][^<>\r\n]{7,1000}+)</")
"""As translations and lists of properties have it, so that the value must look made."""
_ATTRIBUTE = pattern(rb"(?<=\s)connectionString=\\{0,2}\"([^\"<>\r\n\\]{8,1000}+)", re.IGNORECASE)
_TOLD = {
    pattern(rb"[*_]{0,2}:[*_]{0,2}[ \t]{1,4}([^`\s]{16,200}+)"): (
        b"api key", b"access key", b"secret key", b"signing key", b"license key",
    ),
    pattern(rb"(?:[ \t]{1,4}(?:is|of)|[ \t]{0,4}[:=|])?[ \t*_]{1,9}`{1,2}([^`\s]{8,200}+)`"): (
        b"password", b"passwd", b"passphrase", b"token", b"secret", b"api key", b"access key",
    ),
}  # fmt: skip
"""A value in prose, as Markdown shows it: what follows which words, in lower case."""
_TEST_DATA = pattern(
    r"(?:^|/)(?:testdata|__tests__|__fixtures__|test-fixtures|wycheproof|i18n|l10n|locales?|translations?)/|_test\.go$"
    r"|(?:^|/)messages_[a-z]{2}(?:_[A-Z]{2})?\.properties$"
)
"""Vectors of tests, and words in other languages."""
_WITH_DIRECTIVES: frozenset[Kind] = frozenset({"yaml", "ini", "text"})
"""Kinds of files with `key value` on a line of its own."""
_WORD_ENDS = pattern(r"[\s;,&\"'\\]")
_ARGUMENT = pattern(rb"[ \t\"']-{1,2}[A-Za-z][\w-]{0,30}+[ \t=,\"'\\]{1,6}\{[^{}]{0,200}+(?:\{[^{}]{0,200}+)?\Z")
_BEFORE = 400
_BLANKS = frozenset(b" \t")
_ENVIRONMENTS = frozenset({("environment",), ("env",), ("envs",)})
_WITH_ELEMENTS: frozenset[Kind] = frozenset({"xml", "yaml", "json", "text"})
"""Kinds of files that may hold XML."""
_OF_OTHERS = {
    "Secret": ("data", "stringData"),
    "SecretList": ("items",),
    "SealedSecret": ("spec",),
    "ConfigMap": ("data",),
    "CustomResourceDefinition": ("spec",),
}
"""By the kind of an object, the fields for which rules of their own speak."""


class GenericAssignment(AssignmentRule):
    """YAML and JSON by their leaves, which know where a text only names a secret; all else by its lines."""

    id = "generic-assignment"
    alias = "SG607"
    severity: Severity = "medium"
    summary = "a plaintext secret stands under a key that says so"
    why = "Whoever can read the repository, now or in its history, has the value."
    fix = "take the value out of PATH and let the environment or a secret store provide it"
    kinds: frozenset[Kind] = frozenset({"docs", "source", "yaml", "json", "ini", "xml", "text"})

    def check(self, target: Target) -> Iterator[Finding]:
        """As `_found`; in data of tests and translations milder."""
        for found in self._found(target):
            yield found._replace(severity="low") if _TEST_DATA.search(target.path) else found

    def _found(self, target: Target) -> Iterator[Finding]:
        """The leaves of what can be parsed, the lines of everything else."""
        if target.kind in {"yaml", "json"}:
            yield from self._structured(target)
        else:
            yield from super().check(target)
        if target.kind in _WITH_ELEMENTS and (b"</" in target.data or b"/>" in target.data):
            yield from self._elements(target)
        if target.kind == "docs" and target.telling_words and (b"`" in target.data or b" key" in target.lowered):
            yield from self._told(target)
        if target.kind in _WITH_DIRECTIVES:
            yield from self._directives(target)
        if target.kind == "source" and target.telling_words and (b'("' in target.data or b"('" in target.data):
            from secrets_gitops.lint import setters  # noqa: PLC0415  few files are source

            for call in setters.find(target.data, target.telling_words):
                yield finding_at(self, target, (call.start, call.end), call.key, call.value)

    def _told(self, target: Target) -> Iterator[Finding]:
        """``The password is `x` ``, in prose."""
        for value, words in _TOLD.items():
            for word in words:
                for end in ends(target.lowered, word):
                    found = value.match(target.lowered, end)
                    start = end - len(word)
                    before = target.lowered[max(start - 1, 0) : start]
                    if found is not None and not before.isalnum() and before != b"_":
                        yield from self._as_told(target, start, found.span(1))

    def _as_told(self, target: Target, start: int, span: tuple[int, int]) -> Iterator[Finding]:
        value = target.data[slice(*span)].decode("utf-8", "replace")
        if looks_made(value) and shape.is_random_looking(value) and is_secret(value, "password"):
            key = target.data[start : span[1]].split()[0].decode("ascii", "replace")
            yield finding_at(self, target, span, key, value)

    def _directives(self, target: Target) -> Iterator[Finding]:
        """`password x` on a line of its own."""
        keys = places(target.data, target.telling_words, _BLANKS)
        if keys:
            from secrets_gitops.lint import directives  # noqa: PLC0415  few files have such a line

            for found in directives.find(target.data, keys):
                yield finding_at(self, target, (found.start, found.end), found.key, found.value)

    def _structured(self, target: Target) -> Iterator[Finding]:
        if not target.may_be_called_secret:
            return
        if target.document is None:
            yield from self._loose(target, None)
            return
        long: list[tuple[int, int]] = []
        for leaf in target.leaves:
            is_long = "\n" in leaf.text.strip()
            of_others = _is_of_others(leaf)
            if of_others and (leaf.object is None or leaf.object.kind != "ConfigMap"):
                continue
            if "\n" in leaf.text or leaf.node.style == "literal":  # a file may have one line
                region = leaf.region(target)
                long.append((region.line, region.end_line))
            if of_others:
                continue
            if (not is_long or _is_made_long(leaf)) and _is_secret(target, leaf):
                yield self._leaf(target, leaf, leaf.name, leaf.sense, leaf.text)
            elif leaf.text.lstrip()[:1] in {"{", "["}:
                yield from self._inside(target, leaf)
            elif "=" in leaf.text and not is_long and leaf.keys[-2:-1] in _ENVIRONMENTS:
                yield from self._variable(target, leaf)
        yield from self._loose(target, long)

    def _variable(self, target: Target, leaf: Leaf) -> Iterator[Finding]:
        """`- DB_PASSWORD=x`, in a list of variables."""
        key, _, value = leaf.text.partition("=")
        name = read_key(key)
        if name.sensitivity == "strong" and is_secret_scalar(value, name) and not is_excused(key, name, value):
            yield self._leaf(target, leaf, key, name, value)

    def _inside(self, target: Target, leaf: Leaf) -> Iterator[Finding]:
        """What stands in JSON in a string."""
        for found in spread(target, leaf):
            if found.sense.sensitivity == "strong" and found.is_secret and looks_made(found.text):
                message = f"`{found.name}` in `{leaf.name}` is set to a plaintext value"
                yield found.finding(self, message, fix=mend.take_out(target, found.name), label=leaf.label)

    def _leaf(self, target: Target, leaf: Leaf, key: str, name: KeyName, value: str) -> Finding:
        return target.finding(
            self,
            leaf.region(target),
            f"`{key}` is set to a plaintext value",
            fix=mend.take_out(target, key),
            object=leaf.label,
            pointer=leaf.pointer,
            key=key,
            confidence="high" if name.sensitivity == "strong" else "medium",
            value=value,
        )

    def _loose(self, target: Target, blocks: list[tuple[int, int]] | None) -> Iterator[Finding]:
        """Assignments that no leaf holds: in comments, in texts, or where nothing parses.

        YAML and JSON set nothing with `=`, so that it stands in a text: `-Da.password=x`, `username="a" password="b"`;
        and so does JSON as an argument.
        """
        words = target.telling_words
        if blocks is not None and not any(
            _is_set_in_text(target.data, at + len(word))
            or _is_argument(target.data, at)
            or _is_loose(target, at, blocks)
            for at, word in places(target.data, words)
        ):
            return
        others: list[tuple[int, int]] | None = None
        for found in target.assignments:
            in_text = found.op == "=" or _is_argument(target.data, found.start)
            value = _WORD_ENDS.split(literal(found, "yaml"), 1)[0] if in_text else literal(found, target.kind)
            if found.name.sensitivity != "strong" or not (looks_made(value) or looks_made_up(value, found.name)):
                continue
            if not is_secret(value, found.name):
                continue
            is_loose = blocks is None or _is_loose(target, found.start, blocks)
            if not is_loose and in_text:
                others = _lines_of_others(target) if others is None else others
                is_loose = not _is_within(target, found.start, others)
            if is_loose:
                yield finding(self, target, found._replace(value=value, end=found.value_start + len(value.encode())))

    def _elements(self, target: Target) -> Iterator[Finding]:
        """`<password>…</password>`, `<add key="password" value="…"/>`, `<entry key="password">…</entry>` and others."""
        is_xml = target.kind == "xml"
        for expression in (_ELEMENT, _ADDED, _PROPERTY, _NAMED):
            for found in expression.finditer(target.data):
                last = found.lastindex or 2
                key, value = found[last - 1].decode("ascii", "replace"), found[last].decode("utf-8", "replace").strip()
                sensitivity = read_key(key).sensitivity  # `<code>` is markup as often as not
                if expression is _NAMED and not looks_made(value):
                    continue
                if (sensitivity == "strong" or (is_xml and sensitivity == "weak")) and is_secret(value, key):
                    yield finding_at(self, target, (found.start(last - 1), found.end(last)), key, value)
        for found in _ATTRIBUTE.finditer(target.data) if b"onnectionString=" in target.data else ():
            value = found[1].decode("utf-8", "replace")
            if is_login(value):
                yield finding_at(self, target, found.span(), "connectionString", value)


def _is_of_others(leaf: Leaf) -> bool:
    """A Secret that is not the one of Kubernetes, and what nobody reads there, are of no other rule."""
    found = leaf.object
    if found is None or (found.kind == "Secret" and not found.is_secret):
        return False
    return leaf.within[:1] != () and leaf.within[0] in _OF_OTHERS.get(found.kind, ())


def _is_set_in_text(data: bytes, end: int) -> bool:
    """Is the word that ends at byte `end` set with `=`, which neither YAML nor JSON does?"""
    return data[end : end + 8].lstrip(b"\\\"'`] \t")[:1] == b"="


def _is_argument(data: bytes, start: int) -> bool:
    """Does byte `start` stand in JSON that a command is given on its line: `-d '{"password": "x"}'`?"""
    before = data[max(0, start - _BEFORE) : start].rpartition(b"\n")[2]
    return b"{" in before and _ARGUMENT.search(before) is not None


def _lines_of_others(target: Target) -> list[tuple[int, int]]:
    """First and last line of each field for which rules of their own speak; what they read of a ConfigMap is less."""
    fields = [
        target.span(value.resolved())
        for found in target.objects
        if found.kind != "ConfigMap" and (found.kind != "Secret" or found.is_secret)
        for key in _OF_OTHERS.get(found.kind, ())
        for _, value in entries(found.node, key)
    ]
    return sorted((field.line, field.end_line) for field in fields)


def _is_made_long(leaf: Leaf) -> bool:
    """Does a text of several lines look made, or is it configuration, or prose?"""
    return leaf.sense.sensitivity == "strong" and all(
        shape.is_random_looking(line.strip()) for line in leaf.text.strip().split("\n")
    )


def _is_secret(target: Target, leaf: Leaf) -> bool:
    if leaf.sense.sensitivity == "open" and not leaf.refers and is_login(leaf.text):
        return True
    if not leaf.sense.is_sensitive or leaf.refers or not is_secret_scalar(leaf.text, leaf.sense, tag=leaf.node.tag):
        return False
    if not of_leaf(target, leaf).is_secret:
        return False  # `secret: db-tls` names one
    if is_excused(leaf.name, leaf.sense, leaf.text, leaf.node.tag):
        return False
    return not (len(leaf.text) >= 100 and "encrypted" in leaf.keys)  # Renovate's `encrypted: {token: …}`


def _is_loose(target: Target, start: int, blocks: list[tuple[int, int]]) -> bool:
    """Does byte `start` stand in a comment, or on a line of one of `blocks`?"""
    before = target.data[max(0, start - 200) : start].rpartition(b"\n")[2]
    return before.lstrip().startswith(b"#") or b" #" in before or _is_within(target, start, blocks)


def _is_within(target: Target, start: int, blocks: list[tuple[int, int]]) -> bool:
    """Does byte `start` stand on a line of one of `blocks` (first and last line, in order)?"""
    line = target.region(start, start + 1).line
    at = bisect_right(blocks, (line, 1 << 60)) - 1
    return at >= 0 and blocks[at][0] <= line <= blocks[at][1]


RULE = GenericAssignment()
