"""Schemes that ask no store: `echo` answers its own path, `envsubst` puts variables into it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from secrets_gitops.backends.env import Environment
from secrets_gitops.errors import Error, NotBuiltYet
from secrets_gitops.references.pick import as_document, as_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.references.pick import Pick, Value

SCHEMES = frozenset({"echo", "envsubst"})

_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[^}]*)\}|(?P<plain>[A-Za-z_][A-Za-z0-9_]*))")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def answer(scheme: str, path: str, part: Pick, environ: Mapping[str, str]) -> Value:
    """The document (when `part` has keys) or value at `path`. Raises SecretNotFound for an unset variable."""
    if scheme == "echo":
        return _echo(path) if part.keys is not None else path.rstrip("/")
    text = _VARIABLE.sub(lambda found: _variable(found, environ), path)
    data = text.encode("utf-8", "surrogateescape")
    return as_document(data, "a variable", None) if part.keys is not None else as_value(data)


def _echo(path: str) -> Value:
    """`a/b/c` as `{a: {b: c}}`: each key leads to what follows it."""
    *keys, last = path.rstrip("/").split("/")
    value: Value = last
    for key in reversed(keys):
        value = {key: value}
    return value


def _variable(found: re.Match[str], environ: Mapping[str, str]) -> str:
    name = found["plain"] or found["braced"]
    if not _NAME.match(name):
        raise NotBuiltYet("only `$NAME` and `${NAME}` are built of envsubst; defaults and the like are not")
    value = Environment(environ).value(name)
    if isinstance(value, Error):
        raise value
    return value
