"""Is what a text assigns a secret? The value model, and what each kind of file asks beyond it.

In configuration the key decides: what stands under `password` is one. In source code, prose and unknown text a key is
an identifier as often as not, so there the value has to look made by a generator or by a careful person.
"""

from __future__ import annotations

from itertools import pairwise

from secrets_gitops.lint.classify import BY_LINE
from secrets_gitops.lint.mask import has_templates
from secrets_gitops.lint.value_model import is_login, is_secret
from secrets_gitops.lint.values import shape
from secrets_gitops.lint.values.stand_ins import default_of
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from secrets_gitops.lint.assignments import Assignment
    from secrets_gitops.lint.classify import Kind
    from secrets_gitops.lint.key_names import KeyName
    from secrets_gitops.lint.target import Target
    from secrets_gitops.lint.template_spans import TemplateSpans

_QUOTED: frozenset[Kind] = frozenset({"source", "json", "terraform", "tfstate", "xml"})
"""Only a value in quotes is a literal."""
_CONFIGURATION: frozenset[Kind] = frozenset(
    {"dotenv", "terraform", "tfstate", "ansible", "inventory", "compose", "ini"}
)
_SHELLS: frozenset[Kind] = frozenset({"shell", "dockerfile", "ci", "docs", "text"})

_YAML: frozenset[Kind] = frozenset({"ansible", "compose", "ci", "yaml"})

_PAIR = pattern(r"[A-Za-z][\w.-]{0,40}:(?: |$)")
_COMMENT = pattern(r"\s[#;](?:\s.*)?$")
_COMMENTED = (b"#", b"//", b";", b"--", b"*", b"/*", b"<!--", b"rem ", b"REM ")
_SHELL_END = pattern(r"[;|&<>)]")
_FILLS_IN = frozenset("$%{#<`")
_FILLED_IN = pattern(r"\$[A-Za-z_{(]|%[sdvq](?![A-Za-z0-9])|%\([a-z]|\{[a-zA-Z0-9_.:]*\}|#\{|<%|\{\{|`|<[A-Za-z_-]+>")
"""A format, or a variable in the midst of a text; it holds one of the characters before it."""
_CODE = ("(?", "[^", ".*", ".+", "||", "&&", "=>", "::", "//", "()", "](")
_CODE_STARTS = ("^", ".", "#", "/")
_CODE_ENDS = ("$", "$\n")
_CLASS = pattern(r"\\[dwsbDWSB.]|\[[^\]]{1,20}-[^\]]{1,20}\]")
"""In a regular expression, a selector or code."""
_QUERY_ENDS = pattern(r"[\s&;\"'`<>\\)]")
_CALL = pattern(r"[A-Za-z_][\w.]{0,80}\(|\S*\.[*+]")
"""Code, or a regular expression."""
_IDENTIFIER = pattern(
    r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Za-z][a-z]+(?:[A-Z][a-z0-9]+)+|[a-z]+[0-9]{0,3}(?:[._:-](?:[a-z]+[0-9]{0,3}|[0-9]{1,2}))+"
)
_IN_IDENTIFIER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-")
_HEX = pattern(r"(?:[0-9a-f]{32}|[0-9A-F]{32}){1,4}")
_PUNCTUATION = frozenset("!@#$%^&*?~+=")
_BADGE = pattern(rb"badges?[/.?]")
_MADE_UP = pattern(
    r"(?:[A-Z][a-z]{2,15}){1,3}[_.-]?[0-9]{3,8}|[a-z]{4,15}[0-9]{3,8}|(?:[a-z]{3,12}[-_.]){3,7}[0-9]{1,6}"
)
"""Words and a number: `Word2020`, `TwoWords_784`, `word1596`, `four-words-like-these-37`."""
_WORDS = pattern(r"[A-Z]?[a-z]+")
_STOCK = frozenset(
    {
        "key", "value", "abc", "foo", "bar", "baz", "qwerty", "hello", "hunter", "wrong", "right", "good", "bad", "new",
        "old", "any", "some", "my", "your", "root", "fake", "mock", "valid", "invalid", "correct", "error", "code",
        "version", "sha", "md", "utf", "iso", "rfc", "cve", "http", "https", "port", "field", "page", "line", "column",
        "item", "step", "type", "id",
    }
)  # fmt: skip
_STOCK_STARTS = ("pass", "pwd", "secret", "token", "admin", "user", "test", "demo", "dummy", "default", "example",
                 "sample", "change", "guest", "login")  # fmt: skip
"""Words of examples, tests and settings."""
_DECLARES = pattern(rb"\b(?:def|func|function|fn|sub|fun|proc|procedure)\b[^\n(]{0,200}\([^\n]{0,400}\Z")
"""The parameters of a function; Groovy declares a variable with `def` too."""
_BEFORE = 400


class OncePerLine:
    """What repeats on one line of a text, which is told once: a line of megabytes can repeat much.

    What stands before the last one that was new is new too: somebody looks at the text once more.
    """

    __slots__ = ("_data", "_last")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._last: dict[Hashable, tuple[int, int]] = {}

    def is_new(self, what: Hashable, start: int) -> bool:
        """Is `what`, which stands at byte `start`, the first of its kind on this line?"""
        first, end = self._last.get(what, (0, 0))
        if first <= start < end:
            return False
        end = self._data.find(b"\n", start)
        self._last[what] = start, end if end >= 0 else len(self._data)
        return True


def secrets(target: Target, kind: Kind) -> Iterator[Assignment]:
    """The assignments of the file that hold a secret, the same one on the same line once.

    A value comes without the comment after it.
    """
    verdicts: dict[tuple[str, KeyName], bool] = {}
    once = OncePerLine(target.data)
    templates = _templates(target)
    for found in target.assignments:
        if templates is not None and templates.is_code(found):
            continue
        whole = None if templates is None else templates.whole(found)
        value = whole or literal(found, kind) or _in_query(found, target.data)
        judged = value, found.name
        if judged not in verdicts:
            verdicts[judged] = len(value) >= 4 and is_secret(value, found.name) and not _is_stand_in(found.key, value)
        if not verdicts[judged] or not is_literal_here(value, found, kind, target.data):
            continue
        if once.is_new((found.key, value), found.start):
            yield (
                found
                if value in {found.value, whole}
                else found._replace(value=value, end=found.value_start + len(value.encode()))
            )


def _templates(target: Target) -> TemplateSpans | None:
    """The template spans of a text with assignments; None when it has none."""
    if not has_templates(target.data) or not target.assignments:
        return None
    from secrets_gitops.lint.template_spans import TemplateSpans  # noqa: PLC0415  few staged files hold one

    return TemplateSpans(target.data)


def _in_query(found: Assignment, data: bytes) -> str:
    """What a query or a connection string sets its key to, in a text whose own quotes stand around all of it.

    A `code` there is used once.
    """
    if (
        found.op != "="
        or found.quote
        or found.name.sensitivity != "strong"
        or data[found.start - 1 : found.start] not in {b"?", b"&", b";"}
    ):
        return ""
    return _QUERY_ENDS.split(found.value, maxsplit=1)[0]


def _is_stand_in(key: str, value: str) -> bool:
    """Is `value` a placeholder in base64?"""
    from secrets_gitops.lint.secret_values import judge  # noqa: PLC0415  few files hold a value that comes so far

    return judge(key, value, encoded=True).value_class in {"placeholder", "documented", "template"}


def literal(found: Assignment, kind: Kind) -> str:
    """The value as written, without a comment after it; empty where it is no literal."""
    value = found.value
    if found.quote:
        return value
    if kind in _QUOTED:
        return ""
    if kind in BY_LINE:
        if value.startswith("ENC[") and value.rstrip(" \t,").endswith("]"):
            return value.rstrip(" \t,")
        if value.startswith("ENCRYPTED[") and value.endswith("]"):
            return value
        if kind in _YAML and value[:1] in "!|>*":
            return ""  # a tag such as `!vault`, the head of a block, an alias
        if kind in _YAML and _PAIR.match(value):
            return ""  # the first line of a text that is YAML itself, whose values have places of their own
        if " #" in value or "\t#" in value or " ;" in value:
            value = _COMMENT.sub("", value)
        value = value.removesuffix(" \\").rstrip(" \t,")  # a command that goes on
        if kind == "ci" or value.endswith(("}", "]")):
            first = value.split(" ")[0]
            value = first.rstrip(",}]").lstrip("[") if "{" not in first else value
        if value[-1:] in {'"', "'"} and value.count(value[-1]) == 1:
            value = value[:-1]  # the quote was opened before the key
        return value
    end = _SHELL_END.search(value)
    value = value[: end.start()] if end and "$(" not in value else value
    if value.startswith(("(", "[")):
        value = value.lstrip("([\"'")  # the first item of an array
    if value.startswith("${") and default_of(value := value.partition("}")[0] + "}"):
        return value
    if (cut := value.rstrip("\"'`)]},;:")).endswith(("...", "…")):
        return cut
    return value.rstrip(",.;:\"'`)]}\\")


def is_literal_here(value: str, found: Assignment, kind: Kind, data: bytes) -> bool:
    """Is `value`, which the value model calls plaintext, one in a file of this kind too?"""
    if found.quote != "'" and kind in _SHELLS and _is_filled_in(default_of(value) or value):
        return False
    if found.op == ",":
        is_made = (looks_made(value) and shape.is_random_looking(value)) or looks_made_up(value, found.name)
        return kind == "source" and is_made
    before = data[max(0, found.start - _BEFORE) : found.start].rpartition(b"\n")[2]
    if kind == "xml":
        return not value.isalpha() and (b"<!--" not in before or looks_made(value))
    if kind in _CONFIGURATION:
        return not before.lstrip().startswith(_COMMENTED) or looks_made(value)
    if kind == "docs":
        if found.op == "=" and (_BADGE.search(before) or before.endswith(b".svg?")):
            return False  # shown to everybody by whoever shows the picture
        return found.name.sensitivity == "strong" and shape.is_random_looking(value) and looks_made(value)
    if kind == "source" and is_login(value):
        return True
    if kind == "source":
        if looks_made(value):
            return _DECLARES.search(before) is None or shape.is_random_looking(value)
        return looks_made_up(value, found.name) and _DECLARES.search(before) is None
    if kind in {"shell", "dockerfile", "ci"}:
        if not found.quote and _CALL.match(value):
            return False
        return not value.isalpha() or len(value) >= 16 or shape.is_jumbled(value)
    return looks_made(value) or (kind == "text" and looks_made_up(value, found.name))


def looks_made(value: str) -> bool:
    """Does `value` look like a password or a token rather than like a word, a name or a piece of code?"""
    if len(value) < 8 or " " in value or is_pattern(value):
        return False
    if _IN_IDENTIFIER.issuperset(value) and _IDENTIFIER.fullmatch(value) and not _is_token(value):
        return False
    if shape.is_random_looking(value) or shape.is_jumbled(value) or (_HEX.fullmatch(value) and len(set(value)) >= 10):
        return True
    digits = any(c.isdigit() for c in value)
    return digits and any(c.isalpha() for c in value) and not _PUNCTUATION.isdisjoint(value)


def is_pattern(value: str) -> bool:
    """Is it a format, an expression or a piece of code, which says how a value looks or where it comes from?"""
    return _is_filled_in(value) or _is_code(value)


def looks_made_up(value: str, name: KeyName) -> bool:
    """Does `value` look like a password, where the key asks a person for one?

    Like words and a number of that person's choice, or like letters and digits mixed that are too few for a token.
    """
    if len(value) < 8 or name.sensitivity != "strong" or not name.asks_a_person:
        return False
    if _MADE_UP.fullmatch(value) is not None:
        words = map(str.lower, _WORDS.findall(value))
        return not any(word in _STOCK or word.startswith(_STOCK_STARTS) for word in words)
    return _is_mixed(value)


def _is_mixed(value: str) -> bool:
    """Do letters and digits take turns, as in `a1b22c3d4e`, without words?"""
    if not (10 <= len(value) <= 64 and value.isascii() and value.isalnum()):
        return False
    turns = sum(a.isdigit() != b.isdigit() for a, b in pairwise(value))
    return turns >= 3 and len(set(value)) >= 7 and shape.word_share(value) < 0.3


def _is_token(value: str) -> bool:
    """Is what could be a name in camel case none, since it has digits among its letters and no words?"""
    digits = sum(c.isdigit() for c in value)
    return value.isalnum() and digits >= (1 if len(value) >= 12 else 3) and shape.word_share(value) < 0.3


def _is_filled_in(value: str) -> bool:
    return not _FILLS_IN.isdisjoint(value) and _FILLED_IN.search(value) is not None


def _is_code(value: str) -> bool:
    """Is it a regular expression, a selector or a piece of code?"""
    return (
        value.startswith(_CODE_STARTS)
        or value.endswith(_CODE_ENDS)
        or any(sign in value for sign in _CODE)
        or (("\\" in value or "[" in value) and _CLASS.search(value) is not None)
    )


def is_secret_scalar(value: str, name: KeyName, *, tag: str | None = None) -> bool:
    """Is the scalar `value`, in YAML or JSON, under a key that says `name`, a secret in plaintext?"""
    if len(value) < 4 or not is_secret(value, name, tag=tag):
        return False
    return not (value.isalpha() and value.islower() and len(value) < 6)
