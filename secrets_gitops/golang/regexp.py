r"""Go's regular expressions (RE2), translated to Python's `re` with the same meaning.

What RE2 refuses is refused here too: look-around, back-references, atomic groups, possessive and stacked repetition,
`\Z`, repetition above 1,000. Where google-re2 is installed, `tester` uses it for its linear time; what is accepted and
what matches do not depend on it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from secrets_gitops.golang import regexp_classes as classes
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_REPEATS = 1000
_DEEPEST = 100
"""Groups inside groups. Go takes 1,000; Python's compiler recurses."""

_REPETITION = pattern(r"[*+]|\{[0-9]")
_SHORT = 1000
"""Characters; the square of it takes Python some milliseconds."""
_REPEAT = pattern(r"\{(0|[1-9][0-9]*)(?:(,)(0|[1-9][0-9]*)?)?\}")
_ASSERTIONS = {"A": r"\A", "z": r"\Z", "b": r"(?a:\b)", "B": r"(?!(?a:\b))"}  # Python's \B fails on an empty text
_GROUP_NAME = pattern(r"\?P?<([0-9A-Za-z_]+)>")
_FLAGS = pattern(r"\?([imsU]*)(-[imsU]+)?([:)])")


@lru_cache(maxsize=512)
def compile(pattern: str) -> re.Pattern[str]:  # noqa: A001  always used as regexp.compile
    """The pattern, whose `search` finds what Go's finds. Raises ValueError with the reason if Go refuses it.

    Python may take very long for a hostile pattern or text: bound both, or use `tester`.
    """
    translated = _Translator(pattern).run()
    try:
        return re.compile(translated)
    except (re.error, RecursionError, OverflowError):
        raise ValueError("the expression is too large or too deeply nested") from None


@lru_cache(maxsize=512)
def tester(pattern: str) -> Callable[[str], bool]:
    """A function that says whether the pattern is found in a text. Raises ValueError as `compile` does.

    With one repetition a short text takes Python at most a square of its length, and google-re2 is not loaded for it:
    that takes longer than most rules of most repositories together.
    """
    search = compile(pattern).search
    short = 0 if len(_REPETITION.findall(pattern)) > 1 else _SHORT

    def test(text: str) -> bool:
        return (search if len(text) < short else _linear(pattern))(text) is not None

    return test


@lru_cache(maxsize=512)
def _linear(pattern: str) -> Callable[[str], object]:
    """The search of google-re2 where it is installed; else Python's, which finds the same."""
    from importlib import import_module  # noqa: PLC0415  few expressions need it

    try:
        re2 = import_module("re2")
    except ImportError:
        return compile(pattern).search
    options = re2.Options()
    options.log_errors = False  # it would print the pattern
    try:
        search: Callable[[str], object] = re2.compile(pattern, options=options).search
    except re2.error:  # RE2 in C++ and in Go differ in a few spellings
        return compile(pattern).search
    return search


class _Atom:
    """A piece of translated expression that a repetition may follow."""

    __slots__ = ("repeats", "single", "text")

    def __init__(self, text: str, *, single: bool = True, repeats: int = 1) -> None:
        self.text = text
        self.single = single
        """A quantifier may be written right behind it."""
        self.repeats = repeats
        """The largest product of nested repetition counts inside."""


class _Group:
    """An open group: how it begins, what it holds so far, and the flags to return to at its end."""

    __slots__ = ("alternatives", "flags", "opening")

    def __init__(self, opening: str, flags: frozenset[str]) -> None:
        self.opening = opening
        self.flags = flags
        self.alternatives: list[list[_Atom]] = [[]]

    def text(self) -> str:
        return "|".join("".join(atom.text for atom in alternative) for alternative in self.alternatives)


class _Translator:
    """One pass over a pattern. The flags of RE2 are resolved here, so that the result needs none."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.flags: frozenset[str] = frozenset()
        self.groups = [_Group("", self.flags)]
        self.names: set[str] = set()

    def run(self) -> str:
        repeated = False
        while self.at < len(self.pattern):
            start = self.at
            bounds = self._bounds()
            if bounds is None:
                self._one()
            elif repeated:
                raise ValueError(f"one repetition behind another: `{self.pattern[start : self.at]}`")
            else:
                self._repeat(*bounds)
            repeated = bounds is not None
        if len(self.groups) > 1:
            raise ValueError("a `(` without its `)`")
        return self.groups[0].text()

    @property
    def _atoms(self) -> list[_Atom]:
        return self.groups[-1].alternatives[-1]

    def _bounds(self) -> tuple[int, int | None] | None:
        """The bounds of the repetition here, which is consumed; None when here is something else."""
        char = self.pattern[self.at]
        if char in "*+?":
            self.at += 1
            return (1 if char == "+" else 0), (1 if char == "?" else None)
        match = _REPEAT.match(self.pattern, self.at) if char == "{" else None
        if match is None:
            return None
        self.at = match.end()
        least = int(match[1][:5])
        most = int(match[3][:5]) if match[3] else None if match[2] else least
        if least > _MOST_REPEATS or (most is not None and not least <= most <= _MOST_REPEATS):
            raise ValueError(f"a repetition out of bounds: `{match[0]}`")
        return least, most

    def _repeat(self, least: int, most: int | None) -> None:
        lazy = self.pattern[self.at : self.at + 1] == "?"
        self.at += lazy
        if not self._atoms:
            raise ValueError("a repetition of nothing")
        atom = self._atoms.pop()
        repeats = atom.repeats
        if max(least, most or 0) >= 2:
            repeats *= least if most is None else most
            if repeats > _MOST_REPEATS:
                raise ValueError(f"repetitions inside repetitions, more than {_MOST_REPEATS} in all")
        sign = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((least, most))
        if sign is None:
            sign = f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}"
        body = atom.text if atom.single else f"(?:{atom.text})"
        swap = "U" in self.flags
        self._atoms.append(_Atom(f"{body}{sign}{'?' if lazy != swap else ''}", single=False, repeats=repeats))

    def _one(self) -> None:
        char = self.pattern[self.at]
        self.at += 1
        if char == "(":
            self._open()
        elif char == ")":
            self._close()
        elif char == "|":
            self.groups[-1].alternatives.append([])
        elif char == ".":
            self._atoms.append(_Atom("[\\x00-\\U0010ffff]" if "s" in self.flags else "."))
        elif char == "^":
            self._atoms.append(_Atom("(?m:^)" if "m" in self.flags else r"\A", single=False))
        elif char == "$":
            self._atoms.append(_Atom("(?m:$)" if "m" in self.flags else r"\Z", single=False))
        elif char == "[":
            ranges, self.at = classes.bracketed(self.pattern, self.at, folded="i" in self.flags)
            self._atoms.append(_Atom(classes.text(ranges)))
        elif char == "\\":
            self._escape()
        else:
            self._literal(char)

    def _literal(self, char: str) -> None:
        ranges = [(ord(char), ord(char))]
        self._atoms.append(_Atom(classes.text(classes.fold(ranges) if "i" in self.flags else ranges)))

    def _escape(self) -> None:
        char = self.pattern[self.at : self.at + 1]
        if char in _ASSERTIONS:
            self.at += 1
            self._atoms.append(_Atom(_ASSERTIONS[char], single=False))
        elif char == "Q":
            end = self.pattern.find("\\E", self.at)
            quoted = self.pattern[self.at + 1 : end if end >= 0 else None]
            self.at = end + 2 if end >= 0 else len(self.pattern)
            for one in quoted:
                self._literal(one)
        elif char and char in "dDsSwWpP":
            ranges, self.at = classes.named(self.pattern, self.at, folded="i" in self.flags)
            self._atoms.append(_Atom(classes.text(ranges)))
        else:
            literal, self.at = classes.escaped(self.pattern, self.at)
            self._literal(literal)

    def _open(self) -> None:
        opening, flags = "(", self.flags
        if self.pattern.startswith("?", self.at):
            named = _GROUP_NAME.match(self.pattern, self.at)
            flagged = _FLAGS.match(self.pattern, self.at)
            if named is not None:
                if named[1] in self.names:
                    raise ValueError(f"two groups named `{named[1]}`")
                self.names.add(named[1])
                opening = f"(?P<{named[1]}>" if named[1].isidentifier() else "("
                self.at = named.end()
            elif flagged is not None:
                self.at = flagged.end()
                changed = (flags | set(flagged[1])) - set(flagged[2] or "")
                if flagged[3] == ")":
                    self.flags = changed
                    return
                opening, self.flags = "(?:", changed
            else:
                raise ValueError("a `(?` that RE2 does not know, such as look-around")
        if len(self.groups) > _DEEPEST:
            raise ValueError(f"groups nested deeper than {_DEEPEST}")
        self.groups.append(_Group(opening, flags))

    def _close(self) -> None:
        if len(self.groups) == 1:
            raise ValueError("a `)` without its `(`")
        group = self.groups.pop()
        self.flags = group.flags
        repeats = max((atom.repeats for alternative in group.alternatives for atom in alternative), default=1)
        self._atoms.append(_Atom(f"{group.opening}{group.text()})", repeats=repeats))
