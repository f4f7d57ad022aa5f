"""The one command that mends a finding, with the real path filled in."""

from __future__ import annotations

import re

from secrets_gitops.documents.formats import file_format
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.target import Target

_PLAIN = pattern(r"[\w@%+=:,./-]+", re.ASCII)
_ESCAPE = pattern(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))")


def quoted(path: str) -> str:
    r"""`path` as a shell takes it for one word, also when it begins with a dash.

    What a report would not show as it is (control characters, bytes that are no UTF-8, `##`) is written out in the
    notation of bash and zsh, `$'\x1b'`.
    """
    path = f"./{path}" if path.startswith("-") else path
    if _PLAIN.fullmatch(path):
        return path
    if path.isprintable() and "##" not in path:
        return "'" + path.replace("'", "'\"'\"'") + "'"
    return "$'" + "".join(map(_escaped, path)).replace("##", "#\\x23") + "'"


def ignored(path: str) -> str:
    """The line of `.gitignore` at the root that has git ignore `path`."""
    return "/" + "".join(f"\\{c}" if c in "*?[]\\ !#" else c for c in path)


def named(fix: str, command: str) -> str | None:
    """The path that `fix` gives to `command`, when it is that command with one path and nothing else."""
    word = fix.removeprefix(f"{command} ")
    if word.startswith("$'"):
        path = _ESCAPE.sub(_meant, word[2:-1])
    else:
        path = word[1:-1].replace("'\"'\"'", "'") if word.startswith("'") else word
    path = path.removeprefix("./") if path.startswith("./-") else path
    return path if fix == f"{command} {quoted(path)}" else None


def _escaped(char: str) -> str:
    code = ord(char)
    if char in "\\'":
        return f"\\{char}"
    if char.isprintable():
        return char
    if code < 0x80 or 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte that is no UTF-8
        return f"\\x{code & 0xFF:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _meant(escape: re.Match[str]) -> str:
    byte, short, long, char = escape.groups()
    if byte:
        code = int(byte, 16)
        return chr(code if code < 0x80 else 0xDC00 + code)
    return char or chr(int(short or long, 16))


def encrypt(path: str) -> str:
    """Encrypt it as its creation rule says."""
    return f"secrets-gitops encrypt -i {quoted(path)}"


def encrypt_again(path: str) -> str:
    """Encrypt it anew, as its creation rule says now."""
    return f"secrets-gitops decrypt -i {quoted(path)} && {encrypt(path)}"


def encrypt_by_rule(target: Target) -> str:
    """Encrypt the file as its creation rule says; where none covers it, write one first."""
    command = encrypt(target.path)
    if target.run.creation_rule(target.path) is not None:
        return command
    made = "" if target.run.has_rules(target.path) else " (`secrets-gitops init`)"
    return f"give .sops.yaml{made} a rule for it, then `{command}`"


def close(target: Target, *, namespaced: bool = True) -> str:
    """Encrypt the file when a creation rule covers it, else seal it; what stands in a string has to come out first."""
    path = quoted(target.path)
    if target.run.creation_rule(target.path) is not None:
        return encrypt(target.path)
    if target.parent is not None:
        return (
            f"move the Secret out of {path} into a file of its own, and `secrets-gitops seal -i` or `encrypt -i` that"
        )
    if target.format is None:
        return f"take the value out of {path}"
    pinned = target.run.pinned_clusters()
    cluster = "--cluster NAME " if len(pinned) > 1 else ""
    seal = f"secrets-gitops seal -i {cluster}{'' if namespaced else '-n NAMESPACE '}{path}"
    if pinned:
        return seal
    return f"{encrypt_by_rule(target)}; or `secrets-gitops cert pin FILE`, then `{seal}`"


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
        return f"{encrypt_by_rule(target)}; or take {what} out"
    return f"take {what} out of {path} and let the environment or a secret store provide it"
