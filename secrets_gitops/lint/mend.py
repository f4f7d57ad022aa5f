"""The one command that mends a finding, with the real path filled in."""

from __future__ import annotations

import re

from secrets_gitops.documents.formats import file_format
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.target import Target

_PLAIN = pattern(r"[\w@%+=:,./-]+", re.ASCII)


def quoted(path: str) -> str:
    """`path` as a shell takes it for one word, also when it begins with a dash."""
    path = f"./{path}" if path.startswith("-") else path
    return path if _PLAIN.fullmatch(path) else "'" + path.replace("'", "'\"'\"'") + "'"


def encrypt(path: str) -> str:
    """Encrypt it as its creation rule says."""
    return f"secrets-gitops encrypt -i {quoted(path)}"


def encrypt_again(path: str) -> str:
    """Encrypt it anew, as its creation rule says now."""
    return f"secrets-gitops decrypt -i {quoted(path)} && {encrypt(path)}"


def close(target: Target, *, namespaced: bool = True) -> str:
    """Encrypt the file when a creation rule covers it, else seal it; what stands in a string has to come out first."""
    path = quoted(target.path)
    if target.run.creation_rule(target.path) is not None:
        return encrypt(target.path)
    if target.parent is not None:
        return f"move the Secret out of {path} into a file of its own, and `secrets-gitops seal -i` that"
    if target.format is None:
        return f"take the value out of {path}"
    return f"secrets-gitops seal -i {'' if namespaced else '-n NAMESPACE '}{path}"


def update_keys(path: str) -> str:
    """Give the file the recipients of its rule."""
    return f"secrets-gitops updatekeys {quoted(path)}"


def take_out(target: Target, key: str) -> str:
    """Encrypt a file that sops can hold, by its rule; from any other the value has to go, and be read at run time."""
    path = quoted(target.path)
    if target.run.creation_rule(target.path) is not None:
        return encrypt(target.path)
    what = f"`{key}`" if key else "the value"
    if file_format(target.path) != "binary":
        return f"write a creation rule for {path} into .sops.yaml and run `{encrypt(target.path)}`, or take {what} out"
    return f"take {what} out of {path} and let the environment or a secret store provide it"
