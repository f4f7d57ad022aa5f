"""Go's `Regexp.ReplaceAllString`: which matches count, and what `$1` and `${name}` in the replacement mean."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from secrets_gitops.golang import regexp
from secrets_gitops.patterns import pattern as later

if TYPE_CHECKING:
    from collections.abc import Iterator

_REFERENCE = later(r"\$(?:(\$)|\{(\w+)\}|(\w+))")
_MOST = 100_000_000


class _Match(Protocol):
    def start(self) -> int: ...

    def end(self) -> int: ...

    def group(self, group: int | str, /) -> str | None: ...

    def groups(self) -> tuple[str | None, ...]: ...

    def groupdict(self) -> dict[str, str | None]: ...


class _Expression(Protocol):
    def search(self, text: str, position: int, /) -> _Match | None: ...


def replace_all(pattern: str, text: str, replacement: str) -> str:
    """`text` with every match replaced. Raises ValueError for a pattern that RE2 refuses.

    An empty match right behind another match is none, unlike in `re.sub`. google-re2 does the work where it is
    installed: its time is linear whatever the pattern.
    """
    out: list[str] = []
    done = 0
    for match in _matches(_expression(pattern), text):
        out += (text[done : match.start()], expand(replacement, match))
        done = match.end()
    return "".join([*out, text[done:]])


def expand(replacement: str, match: _Match) -> str:
    """`replacement` with references to groups undone: the longest name counts, an unknown one is empty."""

    def one(found: object) -> str:
        reference = cast("_Match", found)
        dollar, braced, plain = reference.groups()
        return "$" if dollar else _group(match, braced or plain or "")

    return _REFERENCE.sub(one, replacement)


def _group(match: _Match, name: str) -> str:
    groups = match.groups()
    if name.isascii() and name.isdigit() and (name == "0" or name[0] != "0"):
        number = int(name) if len(name) < 10 else _MOST
        return (match.group(number) or "") if number <= len(groups) else ""
    return match.groupdict().get(name) or ""


def _matches(expression: _Expression, text: str) -> Iterator[_Match]:
    at = ended = 0
    while at <= len(text):
        match = expression.search(text, at)
        if match is None:
            return
        if match.end() > ended or match.start() == 0:
            yield match
        ended = match.end()
        at = max(at + 1, ended)


def _expression(pattern: str) -> _Expression:
    compiled = regexp.compile(pattern)  # what is refused does not depend on which engine is there
    try:
        re2 = import_module("re2")
    except ImportError:
        return cast("_Expression", compiled)
    options = re2.Options()
    options.log_errors = False  # it would print the pattern
    try:
        return cast("_Expression", re2.compile(pattern, options=options))
    except re2.error:  # RE2 in C++ and in Go differ in a few spellings
        return cast("_Expression", compiled)
