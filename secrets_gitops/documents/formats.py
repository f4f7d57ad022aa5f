"""Which format a file has: only the end of its name counts, as for sops."""

from __future__ import annotations

from secrets_gitops.errors import DocumentError, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Format


def format_of(path: str) -> Format | None:
    """The format of nested data that `path`'s name promises, `yaml` or `json`; None for any other file."""
    if path.endswith((".yaml", ".yml")):
        return "yaml"
    return "json" if path.endswith(".json") else None


def file_format(path: str) -> Format:
    """The format in which sops handles a file of this name: what is nothing else is binary."""
    found = format_of(path)
    if found is not None:
        return found
    return "dotenv" if path.endswith(".env") else "ini" if path.endswith(".ini") else "binary"


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
