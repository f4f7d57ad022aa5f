"""The small parser of sops' command line: flags as sops' own library reads them, without its traps.

As there: `--name`, `-name` and `-n` are the same, a value stands behind the flag or a `=`, `--` ends the flags, and of
a flag that stands twice the last value counts. Other than there, a flag of a command is read wherever it stands: sops
passes over some that stand behind the file. Where sops passes over all of them, in the old style, we refuse them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.cli.drop_in.exit_codes import GENERIC, Stop

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Literal

    Kind = Literal["text", "switch", "texts", "number"]

_TRUE, _FALSE = ("1", "t", "T", "true", "TRUE", "True"), ("0", "f", "F", "false", "FALSE", "False")


class Flag(NamedTuple):
    """One flag of a command."""

    name: str
    help: str
    kind: Kind = "text"
    short: str = ""
    variable: str = ""
    """The environment variable that stands in for it."""

    @property
    def usage(self) -> str:
        """How it is written, for help."""
        value = "" if self.kind == "switch" else " value"
        names = [f"--{self.name}", f"-{self.short}"] if self.short else [f"--{self.name}"]
        return ", ".join(name + value for name in names) if len(names) < 2 or value else ", ".join(names)


class Arguments:
    """What a command was given: flags and, in order, all else."""

    def __init__(self, flags: Mapping[str, list[str]], positional: Sequence[str], *, named: Iterable[str]) -> None:
        self._flags = flags
        self.positional = tuple(positional)
        self.named = frozenset(named)
        """The flags that stand on the command line itself, not in a variable."""

    def text(self, name: str) -> str:
        """The value of a flag; empty when it is absent."""
        values = self._flags.get(name)
        return values[-1] if values else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """All values of a flag that may stand several times."""
        return tuple(self._flags.get(name, ()))

    def switch(self, name: str) -> bool:
        """Is the flag set?"""
        return self.text(name) in _TRUE

    def is_off(self, name: str) -> bool:
        """Is a flag that is on by default set to false?"""
        return self.text(name) in _FALSE

    def number(self, name: str) -> int | None:
        """The value of a flag that takes a whole number; None when it is absent."""
        text = self.text(name)
        return int(text, 0) if text else None


def parse(arguments: Sequence[str], flags: Sequence[Flag], environ: Mapping[str, str], *, to_first: bool) -> Arguments:
    """`arguments` taken apart. `to_first` ends the flags at the first word that is none.

    Otherwise a word that looks like a flag and is none of `flags` is a flag unknown to us at the front, and a plain
    word behind others: `set FILE PATH -1`. Raises Stop as sops does for flags that it does not know.
    """
    by_name = {name: flag for flag in flags for name in (flag.name, flag.short) if name}
    found: dict[str, list[str]] = {}
    positional: list[str] = []
    rest = list(reversed(arguments))
    while rest:
        word = rest.pop()
        if word == "--" or (to_first and positional):
            positional += ([word] if word != "--" else []) + rest[::-1]
            break
        flag, value = _flag(word, by_name)
        if flag is None:
            if _looks_like_flag(word) and not positional:
                raise Stop(GENERIC, f"there is no flag `{word.partition('=')[0]}`", hints=("see `sops --help`",))
            positional.append(word)
            continue
        if value is None and flag.kind != "switch":
            if not rest:
                raise Stop(GENERIC, f"the flag `{word}` needs a value")
            value = rest.pop()
        if flag.kind != "texts":
            found.pop(flag.name, None)
        found.setdefault(flag.name, []).append(_checked(flag, "true" if value is None else value))
    named = tuple(found)
    for flag in flags:
        if flag.variable in environ and flag.name not in found:
            text = environ[flag.variable]
            if flag.kind == "texts":
                found[flag.name] = [one.strip() for one in text.split(",") if one.strip()]
            elif text or flag.kind == "text":
                found[flag.name] = [_checked(flag, text)]
    return Arguments(found, positional, named=named)


def looks_like_flag(words: Iterable[str]) -> str:
    """The first of `words` that looks like a flag; empty when there is none."""
    return next((word for word in words if _looks_like_flag(word)), "")


def _looks_like_flag(word: str) -> bool:
    return word.startswith("-") and len(word) > 1


def _flag(word: str, by_name: Mapping[str, Flag]) -> tuple[Flag | None, str | None]:
    """The flag that a word names, and the value behind its `=`."""
    if not _looks_like_flag(word):
        return None, None
    name, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
    return by_name.get(name), value if equals else None


def _checked(flag: Flag, value: str) -> str:
    """The value, if it is one for this flag. Raises Stop."""
    if flag.kind == "switch" and value not in _TRUE and value not in _FALSE:
        raise Stop(GENERIC, f"`--{flag.name}` is true or false")
    if flag.kind == "number":
        try:
            int(value, 0)
        except ValueError:
            raise Stop(GENERIC, f"`--{flag.name}` takes a whole number") from None
    return value
