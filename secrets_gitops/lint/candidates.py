"""Candidates: values with names and places that a rule judges: leaves, and the assignments in texts inside them.

A text in a leaf may be YAML, JSON, TOML, ini, properties or dotenv; what stands in it is a candidate of its own.
"""

from __future__ import annotations

from secrets_gitops.errors import LimitExceeded
from secrets_gitops.lint.key_names import KeyName, read_key
from secrets_gitops.lint.nested import COPIES, DEPTH, inner
from secrets_gitops.lint.secret_values import judge
from secrets_gitops.lint.value_model import is_secret
from secrets_gitops.lint.values import bodies, shape
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Region, Severity
    from secrets_gitops.lint.leaves import Leaf
    from secrets_gitops.lint.rule import Rule
    from secrets_gitops.lint.target import Target

_OBJECT_NAME = pattern(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_UUID = pattern(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_VARIABLE_NAME = pattern(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_REFERRING = frozenset({("secret",), ("secrets",), ("credential",), ("credentials",)})
_HOLDING = frozenset(
    (word,)
    for word in ("client", "jwt", "cookie", "session", "app", "hmac", "shared", "token", "api", "signing", "consumer")
)
"""`clientSecret` is the secret itself; `tlsSecret`, `backupSecret` and their like name one."""
_KEPT_IN = frozenset({("password",), ("tls",), ("credentials",), ("registry",), ("pull",)})
"""`DB_PASSWORD_SECRET=db-admin` names a Secret too."""
_ONE_LINE = pattern(
    r"\s{0,20}(?:- {1,9})?[\"']?[A-Za-z_][\w.-]{0,80}+[\"']?(?::[ ]{1,20}|[ ]{0,4}[:=][ ]{0,4}(?=\S))"
    r"[^\n]{4,4000}+\s{0,20}"
)
"""A file of one line: `password: x`, `db: {password: x}`, `db.password=x`."""
_EXCUSED = frozenset({"placeholder", "documented", "template", "reference", "ciphertext", "public"})
_KEY_OF = frozenset({"password", "pass", "token", "secret", "user", "username"})


class Candidate(NamedTuple):
    """A value that may be a secret."""

    target: Target
    """The text that holds it: the file, or a text inside it."""
    name: str
    sense: KeyName
    text: str
    tag: str | None
    region: Region
    pointer: str
    label: str

    @property
    def is_secret(self) -> bool:
        """Is it a secret in plaintext, outside a Secret?"""
        return is_secret(self.text, self.sense, tag=self.tag) and not is_excused(
            self.name, self.sense, self.text, self.tag
        )

    def finding(
        self, rule: Rule, message: str, *, fix: str, severity: Severity | None = None, label: str | None = None
    ) -> Finding:
        """A finding of `rule` about it."""
        return self.target.finding(
            rule,
            self.region,
            message,
            severity=severity,
            fix=fix,
            object=self.label if label is None else label,
            pointer=self.pointer,
            key=self.name,
            value=self.text,
        )


def is_excused(name: str, sense: KeyName, text: str, tag: str | None = None) -> bool:
    """Does a value with a sensitive name stand for something else: a Secret that it names, a placeholder in base64?"""
    return _names_a_secret(name, sense, text) or (
        judge(name, text, encoded=True, tag=tag).value_class in _EXCUSED  # `changeme`
    )


def _names_a_secret(name: str, sense: KeyName, text: str) -> bool:
    """`secret: db-tls` names a Secret, `passwordKey: admin` a key of one; custom resources and charts do so."""
    words = sense.words
    if len(words) >= 2 and words[-1] == "key" and not _KEY_OF.isdisjoint(words[:-1]):
        return _is_word(text.rstrip("0123456789")) or _VARIABLE_NAME.fullmatch(text) is not None or _is_key_name(text)
    return (
        words[-1:] in _REFERRING
        and words[-2:-1] not in _HOLDING
        and (not name.isupper() or (words[-2:-1] in _KEPT_IN and "-" in text))
        and _is_word(text)
    )


def _is_word(text: str) -> bool:
    """May `text` be the name of an object, and is it no password as people make them (`hunter2`)?"""
    return (
        _OBJECT_NAME.fullmatch(text) is not None
        and ("-" in text or text.isalpha())
        and not shape.is_random_looking(text)
        and _UUID.fullmatch(text) is None
    )


def _is_key_name(text: str) -> bool:
    """Is it a name as `licenseKey` or `adminPassword`?"""
    return text.isalpha() and text[0].islower() and len(read_key(text).words) > 1 and read_key(text).is_sensitive


def of_leaf(target: Target, leaf: Leaf) -> Candidate:
    """The leaf itself."""
    return Candidate(
        target,
        leaf.name,
        leaf.sense,
        leaf.text,
        leaf.node.tag,
        leaf.region(target),
        leaf.pointer,
        leaf.label,
    )


def spread(target: Target, leaf: Leaf) -> Iterator[Candidate]:
    """What stands in the text of `leaf`, as deep as texts are followed; the leaf itself when it is no such text."""
    keys = leaf.keys
    if leaf.refers or (keys and keys[-1].endswith(COPIES)):
        return
    text = text_in(target, leaf)
    is_line = text is None and not leaf.sense.is_sensitive and _ONE_LINE.fullmatch(leaf.text) is not None
    if is_line and target.depth < DEPTH and target.tree is not None:
        text = inner(target, target.tree, leaf.node, leaf.pointer)
    found = None if text is None else _inside(text)
    if found is not None and is_line:  # which may also be a connection string
        found = [candidate for candidate in found if _is_set(candidate.text) and candidate.is_secret]
    if found is None or (is_line and not found):
        yield of_leaf(target, leaf)
        return
    for candidate in found:
        yield candidate._replace(label=candidate.label or leaf.label)


def _is_set(text: str) -> bool:
    """On a line that may be for people, or for a program to match (`Password: required`, `token=%s`): is it a value?"""
    from secrets_gitops.lint.text_values import is_pattern  # noqa: PLC0415  few files hold such a line

    return not text.isalpha() and not is_pattern(text)


def text_in(target: Target, leaf: Leaf) -> Target | None:
    """The text of `leaf` as one of its own, when it has several lines or is JSON; None when it is a plain value."""
    text = leaf.text.strip()
    is_body = "\n" in leaf.text or text[:1] in {"{", "["} or leaf.node.style == "literal"
    if not is_body or target.depth >= DEPTH or target.tree is None:
        return None
    return inner(target, target.tree, leaf.node, leaf.pointer)


def _inside(text: Target) -> list[Candidate] | None:
    """The candidates in a text; None when it is none that has assignments."""
    if not text.may_be_called_secret:
        return None
    roots = text.document.roots if text.document is not None else []
    if isinstance(text.unread, LimitExceeded):
        text.run.note(text.unread)
    if any(root.kind == "mapping" or any(item.kind == "mapping" for item in root.items) for root in roots):
        return [candidate for leaf in text.leaves for candidate in spread(text, leaf)]
    assigned = bodies.lines(text.text)
    if assigned is None:
        return None
    return [
        Candidate(text, found.key, _sense(found), found.value, None, text.lift(found.region), "", "")
        for found in assigned
        if found.value
    ]


def _sense(found: bodies.PlacedAssignment) -> KeyName:
    """`[secrets]` above a key that says nothing makes it sensitive."""
    own = read_key(found.key)
    above = read_key(found.section)
    if own.sensitivity == "open" and above.words[-1:] in {("secrets",), ("passwords",), ("credentials",), ("tokens",)}:
        return KeyName(own.words, "strong")
    return own
