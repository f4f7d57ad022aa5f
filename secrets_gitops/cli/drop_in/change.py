"""What `set`, `unset` and `--set` of the old style share: a value of a file, found as sops finds it, changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from secrets_gitops.cli import console
from secrets_gitops.cli.drop_in import session
from secrets_gitops.cli.drop_in.exit_codes import (
    BAD_SET,
    CANNOT_ENCRYPT,
    CANNOT_SERIALISE,
    CONFLICTING_FLAGS,
    GENERIC,
    HAS_METADATA,
    Stop,
    stage,
)
from secrets_gitops.cli.drop_in.index_path import Target
from secrets_gitops.cli.drop_in.output import changed_content, put

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.index_path import Steps
    from secrets_gitops.cli.drop_in.session import Session
    from secrets_gitops.documents.document import Document, Format
    from secrets_gitops.documents.plain import Tree
    from secrets_gitops.envelopes.sops.opened import Opened


_TEXTS = ("dotenv", "ini", "binary")
"""Formats in which all values are texts."""


def open_file(here: Session, given: Arguments, path: str) -> Opened:
    """The file, decrypted. Raises Stop."""
    form = same_format(given, path)
    here.loaded_rules()
    keyring = here.keyring(given)
    document = session.read_sealed(session.read_input(path), path, form)
    return session.opened(document, keyring, ignore_mac=given.switch("ignore-mac"))


def same_format(given: Arguments, path: str) -> Format:
    """The format of a file that is changed. Raises Stop where it would be written in another one."""
    form = session.input_format(given, path)
    if given.text("output-type") and session.output_format(given, path) != form:
        raise Stop(CONFLICTING_FLAGS, "a file that is changed keeps its format: `--output-type` is another one")
    return form


def parsed(text: str) -> Tree:
    """The value in JSON text. A bare number is a float, as for sops; in an object whole numbers are integers."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except ValueError:
        raise Stop(BAD_SET, "the value is not valid JSON", hints=("""a string needs quotes: '"text"'""",)) from None
    except RecursionError:
        raise Stop(BAD_SET, "the value is nested too deeply") from None
    if isinstance(value, list):
        raise Stop(BAD_SET, "sops takes no list for a value", hints=("`secrets-gitops set --json` does",))
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return _within_64_bits(value)


def _no_constant(text: str) -> float:
    raise ValueError(text)


def _within_64_bits(value: Tree) -> Tree:
    if isinstance(value, dict):
        return {key: _within_64_bits(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_within_64_bits(inner) for inner in value]
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        return float(value)
    return value


def set_value(here: Session, given: Arguments, path: str, steps: Steps, value: Tree) -> int:
    """Put a value into a file. Raises Stop."""
    result = open_file(here, given, path)
    plain = result.plain
    _refuse_own_key(plain, steps)
    if plain.format in _TEXTS and value is None:
        raise Stop(CANNOT_ENCRYPT, f"a file of the format {plain.format} cannot hold null", path=path)
    found = Target(plain, steps)
    if found.misfit:
        raise Stop(BAD_SET, f"the path does not fit: {found.misfit}", path=path)
    if given.switch("idempotent") and _holds(plain, found, value):
        return 0
    with stage(CANNOT_SERIALISE if plain.format in _TEXTS else CANNOT_ENCRYPT):
        if plain.format == "binary":
            result.replace_plain(_content(plain, value))
        elif found.comment is not None:
            result.replace_plain(_instead_of_comment(plain, found, value))
        else:
            at = tuple(found.path)
            if found.blocked is not None:
                value = _nested(steps[len(at) :], value)
            result.set(at, value)
        _write(result, path)
    return 0


def unset_value(here: Session, given: Arguments, path: str, steps: Steps) -> int:
    """Remove a value from a file. Raises Stop."""
    result = open_file(here, given, path)
    plain = result.plain
    _refuse_own_key(plain, steps)
    found = Target(plain, steps)
    if found.misfit or found.blocked is not None:
        raise Stop(GENERIC, found.misfit or "the path leads through a single value", path=path)
    if found.comment is None and found.node is None:
        if given.switch("idempotent"):
            return 0
        raise Stop(GENERIC, "there is no such value in the file", path=path)
    with stage(CANNOT_ENCRYPT):
        if found.comment is not None:
            result.replace_plain(_without_comment(plain, found))
        else:
            result.unset(tuple(found.path))
        _write(result, path)
    return 0


def _write(result: Opened, path: str) -> None:
    sealed = result.seal(session.now())
    for line in result.expanded:
        console.note(f"{path}:{line}: the alias was written out, since what it repeats is encrypted")
    put(changed_content(sealed), path, private=False)


def _refuse_own_key(plain: Document, steps: Steps) -> None:
    first = str(steps[0]) if steps else ""
    if plain.inner == "binary" and steps != ("data",):
        raise Stop(GENERIC, "a binary file has one value: `data`", path=plain.path)
    if first == "sops" or (plain.format == "dotenv" and first.startswith("sops_")):
        raise Stop(HAS_METADATA, f"the key `{first}` at the top of a file is kept for the metadata", path=plain.path)


def _content(plain: Document, value: Tree) -> Document:
    from secrets_gitops.encrypted_files.encrypt import read_plain

    if not isinstance(value, str):
        raise Stop(CANNOT_SERIALISE, "a binary file holds text or bytes", path=plain.path)
    return read_plain(value.encode("utf-8", "surrogateescape"), plain.path, "binary")


def _nested(steps: Steps, value: Tree) -> Tree:
    for step in reversed(steps):
        value = {step: value} if isinstance(step, str) else [value]
    return value


def _holds(plain: Document, found: Target, value: Tree) -> bool:
    """Is that value there already, with the same types?"""
    from secrets_gitops.documents.plain import to_plain

    if found.node is None or found.blocked is not None or found.comment is not None:
        return False
    if found.node.kind == "scalar" and found.node.start in plain.typed:
        return repr(plain.typed[found.node.start]) == repr(value)
    return repr(to_plain(found.node, "go_v3", path=plain.path)) == repr(value)


def _instead_of_comment(plain: Document, found: Target, value: Tree) -> Document:
    """The document with an item where a comment stood on a line of its own."""
    from secrets_gitops.documents import emit
    from secrets_gitops.documents.document import Edit

    comment = found.comment
    assert comment is not None
    assert found.list is not None
    if comment.inline or found.list.style == "flow" or not found.list.items:
        raise Stop(
            BAD_SET, "the path leads to a comment", hints=("in a list, comments count as items",), path=plain.path
        )
    dash = found.list.column - 1
    line = plain.text.rfind("\n", 0, comment.start) + 1
    return plain.apply([Edit(line, comment.end, f"{' ' * dash}- {emit.yaml_flow(value)}")])


def _without_comment(plain: Document, found: Target) -> Document:
    from secrets_gitops.documents.document import Edit

    comment = found.comment
    assert comment is not None
    text = plain.text
    if comment.inline:
        return plain.apply([Edit(len(text[: comment.start].rstrip(" \t")), comment.end, "")])
    line, end = text.rfind("\n", 0, comment.start) + 1, text.find("\n", comment.end)
    return plain.apply([Edit(line, end + 1 if end >= 0 else len(text), "")])
