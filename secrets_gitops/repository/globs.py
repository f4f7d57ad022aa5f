"""Globs for paths, with the meaning that they have in `.gitignore`.

`*`, `?` and `[…]` stay within one part of a path, `**` goes over several. A pattern without a slash, but at its end,
fits at any depth; with one it begins at the root. What fits a folder fits all that is in it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST = 1000


def problem(glob: str) -> str:
    """Why `glob` cannot be one, as the end of a sentence; empty when it can."""
    if not glob.strip("/"):
        return "names no path"
    if glob.startswith("!"):
        return "begins with `!`, which is not built"
    if len(glob) > _LONGEST:
        return f"is longer than {_LONGEST} characters"
    if any(part in (".", "..") for part in glob.split("/")):
        return "has `.` or `..` as a part"
    return ""


def fits(path: str, glob: str) -> bool:
    """Is `path`, or a folder that it is in, one of those that `glob` means?"""
    parts = glob.strip("/").split("/")
    if "/" not in glob.rstrip("/"):
        parts.insert(0, "**")
    names = path.split("/")
    return _fits(names, parts, folders_only=glob.endswith("/"))


def fits_name(name: str, glob: str) -> bool:
    """Does the single name fit, with upper and lower case told apart?"""
    from fnmatch import fnmatchcase  # noqa: PLC0415  a run without globs needs it not

    return fnmatchcase(name, glob)


def _fits(names: Sequence[str], parts: Sequence[str], *, folders_only: bool) -> bool:
    """Follows all ways to read the pattern at once: `reached` are the parts that may come next."""
    reached = _closed({0}, parts)
    for at, name in enumerate(names):
        following = {here for here in reached if here < len(parts) and parts[here] == "**"}
        following |= {here + 1 for here in reached if here < len(parts) and _one(name, parts, here)}
        reached = _closed(following, parts)
        if len(parts) in reached and not (folders_only and at == len(names) - 1):
            return True
    return False


def _one(name: str, parts: Sequence[str], here: int) -> bool:
    return here == len(parts) - 1 if parts[here] == "**" else fits_name(name, parts[here])


def _closed(reached: set[int], parts: Sequence[str]) -> set[int]:
    """`**` stands for no part at all too, but not at the end: there it means what is inside."""
    out = set(reached)
    for here in sorted(reached):
        while here < len(parts) - 1 and parts[here] == "**":
            here += 1  # noqa: PLW2901
            out.add(here)
    return out
