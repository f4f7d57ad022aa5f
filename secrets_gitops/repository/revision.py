"""Which commit of which repository lies under a work tree, as far as git knows."""

from __future__ import annotations

import re
from typing import NamedTuple

from secrets_gitops.errors import FileError
from secrets_gitops.repository import git

_WITH_SCHEME = re.compile(r"(?P<scheme>https?|ssh|git)://(?:[^/@]*@)?(?P<rest>[^\s?#]+)")
_SCP = re.compile(r"(?:[^/@:\s]+@)?(?P<host>[^/@:\s]{2,}):(?P<path>[^\s?#]+)")
"""`git@host:path`, which is no URL. One letter before the colon is a drive."""


class Revision(NamedTuple):
    """The commit that lies under what was scanned."""

    commit: str
    branch: str
    """Empty when no branch is checked out."""
    repository: str
    """The address of the remote `origin`, without user and password; empty when there is none on a server."""


def revision_of(root: str, name: str = "HEAD") -> Revision | None:
    """The commit called `name` in the repository at `root`; None without git, or where there is no such commit."""
    commit = _said(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"], root)
    if not commit:
        return None
    branch = _said(["symbolic-ref", "--quiet", "--short", "HEAD"], root) if name == "HEAD" else ""
    return Revision(commit, branch, address(_said(["config", "--get", "remote.origin.url"], root)))


def address(url: str) -> str:
    """`url` of a remote as a URL that anybody may see; empty for a path on this machine."""
    found = _WITH_SCHEME.fullmatch(url)
    if found is not None:
        return f"{found['scheme']}://{found['rest']}"
    found = None if "://" in url else _SCP.fullmatch(url)
    return f"ssh://{found['host']}/{found['path'].lstrip('/')}" if found is not None else ""


def _said(arguments: list[str], root: str) -> str:
    try:
        return git.run(arguments, root).decode("utf-8", "replace").strip()
    except FileError:
        return ""
