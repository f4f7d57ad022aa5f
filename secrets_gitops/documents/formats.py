"""Which format a file has: only the end of its name counts, as for sops."""

from __future__ import annotations

from secrets_gitops.errors import DocumentError, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from secrets_gitops.documents.document import Format


def format_of(path: str) -> Format | None:
    """The format of nested data that `path`'s name promises, `yaml` or `json`; None for any other file."""
    if path.endswith((".yaml", ".yml")):
        return "yaml"
    return "json" if path.endswith(".json") else None


def line_format(path: str) -> Literal["dotenv", "ini"] | None:
    """The format of names and values in lines that `path`'s name promises; None for any other file."""
    if path.endswith(".env"):
        return "dotenv"
    return "ini" if path.endswith(".ini") else None


def file_format(path: str) -> Format:
    """The format in which sops handles a file of this name: what is nothing else is binary."""
    return format_of(path) or line_format(path) or "binary"


def manifest_format(path: str) -> Format:
    """The format of a manifest. Raises DocumentError for a name that promises neither YAML nor JSON."""
    found = format_of(path)
    if found is None:
        raise DocumentError(
            "no manifest: the name ends in none of .yaml, .yml and .json",
            hints=("pipe it in, if it is one: `secrets-gitops render - < FILE`",),
            place=Place(path),
        )
    return found
