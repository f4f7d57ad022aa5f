"""Which format a file has: only the end of its name counts, as for sops."""

from __future__ import annotations

from secrets_gitops.errors import NotBuiltYet, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Format


def format_of(path: str) -> Format | None:
    """The format that `path`'s name stands for; None when we do not read it."""
    if path.endswith((".yaml", ".yml")):
        return "yaml"
    return "json" if path.endswith(".json") else None


def required_format(path: str) -> Format:
    """The format of `path`. Raises NotBuiltYet, naming the format, for those that this version does not read."""
    found = format_of(path)
    if found is not None:
        return found
    name = "dotenv" if path.endswith(".env") else "INI" if path.endswith(".ini") else "binary"
    raise NotBuiltYet(
        f"{name} files are not handled yet",
        hints=("files that end in .yaml, .yml or .json are handled",),
        place=Place(path),
    )
