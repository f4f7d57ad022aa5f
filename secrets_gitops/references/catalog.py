"""From an expression of a reference language to a Reference: which backend, and which parameter belongs where.

The parameters of a scheme are listed, so that one that is mistyped or not built is refused and not ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from secrets_gitops.backends.backend import Locator
from secrets_gitops.documents.formats import file_format
from secrets_gitops.errors import BadReference, NotBuiltYet
from secrets_gitops.references.dialects import vals
from secrets_gitops.references.pick import Pick
from secrets_gitops.references.reference import Reference, Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.errors import Place
    from secrets_gitops.references.dialects.vals import Expression


class Parameters(NamedTuple):
    """The parameters that a scheme has, by what they are for."""

    settings: tuple[str, ...] = ()
    """How to reach the store."""
    locator: tuple[str, ...] = ()
    """Where in the store."""
    pick: tuple[str, ...] = ()
    """Which part, and in what form."""
    not_built: tuple[str, ...] = ()
    """Known to vals, refused by name."""


_VAULT = Parameters(
    settings=(
        *("address", "host", "proto", "namespace", "auth_method", "token_env", "token_file"),
        *("role_id", "secret_id", "username", "password_env", "password_file"),
    ),
    locator=("version", "decode"),
    pick=("encode",),
)

PARAMETERS: dict[str, Parameters] = {
    "echo": Parameters(),
    "envsubst": Parameters(),
    "env": Parameters(pick=("encode",)),
    "file": Parameters(pick=("encode",)),
    "sops": Parameters(
        locator=("format",), pick=("encode",), not_built=("key_type", "region", "profile", "role_arn", "aws_profile")
    ),
    "vault": _VAULT,
    "openbao": _VAULT,
}
"""Scheme → its parameters, for the schemes that can be resolved."""

EXAMPLES: dict[str, str] = {
    "ref+sops://FILE#/KEY": "a value of a SOPS file",
    "ref+file://PATH": "a file; with #/KEY a value in it",
    "ref+env://NAME": "an environment variable",
    "ref+vault://MOUNT/PATH#/KEY": "a value in Vault",
    "ref+openbao://MOUNT/PATH#/KEY": "a value in OpenBao",
    "ref+envsubst://TEXT": "the text with its $VARIABLES filled in",
    "ref+echo://TEXT": "the text itself",
}
"""One reference of each scheme → what it stands for, for people."""


def reference(expression: Expression, environ: Mapping[str, str], place: Place | None = None) -> Reference:
    """The value that `expression` wants. A parameter that is absent falls back to `VALS_<NAME>` of `environ`.

    Raises BadReference, or NotBuiltYet for what vals has and this version has not.
    """
    scheme = expression.scheme
    backend = vals.BACKENDS[scheme]
    known = PARAMETERS.get(scheme)
    if known is None:
        if backend == "command":
            raise NotBuiltYet(
                f"references that run a command (`ref+{scheme}://`) are off, and switching them on is not built yet",
                hints=("run the command yourself and refer to its output with `ref+file://` or `ref+env://`",),
                place=place,
            )
        raise NotBuiltYet(
            f"references to `{scheme}` are not built yet",
            hints=(f"this version resolves: {', '.join(f'ref+{name}://' for name in sorted(PARAMETERS))}",),
            place=place,
        )
    given = _parameters(expression, known, environ, place)
    encode = given.get("encode", "")
    if encode not in {"", "base64"}:
        raise BadReference(f"`encode` of `ref+{scheme}://` can only be `base64`", place=place)
    locating = {name: given[name] for name in known.locator if name in given}
    if scheme == "sops" and expression.fragment is not None and file_format(expression.path) == "binary":
        locating.setdefault("format", "yaml")  # as in vals: with a key, a file of unknown name is read as YAML
    path = expression.path
    if known is _VAULT:
        path = _in_vault(expression, locating, place)
    return Reference(
        Store(backend, tuple(sorted((name, given[name]) for name in known.settings if name in given))),
        Locator(path, tuple(sorted(locating.items()))),
        Pick(expression.fragment, encode),
        canonical(expression),
        place,
    )


def _in_vault(expression: Expression, locating: dict[str, str], place: Place | None) -> str:
    """The path of the secret. Without a fragment the last segment is the key, as in vals, and the value is text."""
    scheme, path = expression.scheme, expression.path.strip("/")
    if expression.fragment is not None:
        if "decode" in locating:
            raise BadReference(
                f"`decode` of `ref+{scheme}://` goes only with a key in the path",
                hints=(f"it reads `ref+{scheme}://MOUNT/PATH/KEY?decode=base64`",),
                place=place,
            )
        return path
    if path.count("/") < 2:
        raise BadReference(
            f"`ref+{scheme}://{path}` names no key of a secret",
            hints=(f"it reads `ref+{scheme}://MOUNT/PATH#/KEY`",),
            place=place,
        )
    if locating.get("decode", "base64") != "base64":
        raise BadReference(f"`decode` of `ref+{scheme}://` can only be `base64`", place=place)
    path, _, locating["field"] = path.rpartition("/")
    return path


def _parameters(
    expression: Expression, known: Parameters, environ: Mapping[str, str], place: Place | None
) -> dict[str, str]:
    scheme = expression.scheme
    usable = (*known.settings, *known.locator, *known.pick)
    for name in expression.parameters:
        if name in known.not_built:
            raise NotBuiltYet(f"the parameter `{name}` of `ref+{scheme}://` is not built yet", place=place)
        if name not in usable:
            raise BadReference(
                f"`ref+{scheme}://` has no such parameter" + (f": `{name}`" if name.isidentifier() else ""),
                hints=(f"it has: {', '.join(usable)}" if usable else "it has none",),
                place=place,
            )
    fallback = {name: environ[f"VALS_{name.upper()}"] for name in usable if environ.get(f"VALS_{name.upper()}")}
    return {**fallback, **expression.parameters}


def canonical(expression: Expression) -> str:
    """The reference in its one form: escapes only where needed, parameters sorted, keys with a leading slash."""
    text = f"ref+{expression.scheme}://{_escaped(expression.path, ':/@$,;()[]=')}"
    if expression.parameters:
        pairs = sorted(expression.parameters.items())
        text += "?" + "&".join(f"{_escaped(name, '')}={_escaped(value, ':/')}" for name, value in pairs)
    if expression.fragment is not None:
        text += "#/" + "/".join(_escaped(key, ".") for key in expression.fragment)
    return text


def _escaped(text: str, safe: str) -> str:
    return quote(text, safe=safe)
