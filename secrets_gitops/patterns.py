"""Regular expressions that are compiled when they are first used.

A module that the hook imports holds its expressions at the top, where they belong, and most commits need few of them;
compiled at import they cost more than a bare interpreter.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import AnyStr

_MEMBERS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split", "pattern", "flags", "groups")
"""What is asked for often; found without a detour once the expression is compiled."""


class _Later:
    """Stands for a compiled expression and becomes one, in effect, at the first use of any of its members."""

    def __init__(self, expression: str | bytes, flags: int) -> None:
        self._expression = expression
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        """Compile, and keep the members, so that this is not asked again."""
        if name.startswith("__"):
            raise AttributeError(name)
        compiled = re.compile(self._expression, self._flags)
        self.__dict__.update({member: getattr(compiled, member) for member in _MEMBERS})
        return getattr(compiled, name)


def pattern(expression: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """`re.compile(expression, flags)`, done at first use; what `re.compile` raises is raised then."""
    return _Later(expression, flags)  # type: ignore[return-value]  # it has the members of one
