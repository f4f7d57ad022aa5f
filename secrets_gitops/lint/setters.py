"""Calls that set a secret by their own name, in source code: `.password("…")`, `setApiKey("…")`, `.withToken("…")`."""

from __future__ import annotations

from secrets_gitops.lint.assignments import places
from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.text_values import OncePerLine, looks_made, looks_made_up
from secrets_gitops.lint.value_model import is_secret
from secrets_gitops.lint.values import shape
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from secrets_gitops.lint.key_names import KeyName

_OPENS = frozenset(b"(")
_ARGUMENT = pattern(rb"\([ \t]{0,4}+(?:\"([^\"\\\r\n]{8,400}+)\"|'([^'\\\r\n]{8,400}+)')[ \t]{0,4}+\)")
_SETS = frozenset({"set", "with"})
_ASKS = frozenset(
    {
        "get", "read", "fetch", "find", "load", "lookup", "verify", "check", "validate", "hash", "is", "has", "decode",
        "encode", "encrypt", "decrypt", "parse", "delete", "remove", "describe", "list", "create", "generate", "new",
        "update", "use", "require", "print", "log", "match", "test", "compare", "reset", "revoke", "refresh", "mask",
    }
)  # fmt: skip
"""Such a call is about a secret, or gets one by its name."""


class Setter(NamedTuple):
    """A call `key("value")`; the value stands in bytes `start` (included) to `end` (excluded)."""

    key: str
    value: str
    start: int
    end: int


def find(data: bytes, words: Sequence[bytes]) -> Iterator[Setter]:
    """The calls in `data` that set a secret, on each line once; `words` are those that promise one as keys."""
    once = OncePerLine(data)
    for at, word in places(data, words, _OPENS):
        found = _ARGUMENT.match(data, at + len(word))
        if found is None:
            continue
        key = word.rpartition(b".")[2].decode("ascii")
        name = read_key(key)
        is_method = b"." in word or data[at - 1 : at] == b">"  # `->setPassword(…)`
        if not name.words or name.words[0] in _ASKS or not (is_method or name.words[0] in _SETS):
            continue
        group = found.lastindex or 1
        value = found[group].decode("utf-8", "replace")
        if once.is_new((key, value), at) and _is_made(value, name) and is_secret(value, name):
            yield Setter(key, value, *found.span(group))


def _is_made(value: str, name: KeyName) -> bool:
    if name.sensitivity != "strong":
        return False
    if looks_made(value):
        return name.asks_a_person or shape.is_random_looking(value)
    return looks_made_up(value, name)
