"""An environment for a command: from files of variables, with references resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents.limits import Limits
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.errors import DocumentError, Error, Place, SettingsError
from secrets_gitops.references.pick import to_text
from secrets_gitops.references.resolve import Wanted
from secrets_gitops.repository import files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.references.pick import Value
    from secrets_gitops.references.resolve import Resolver


def of_file(path: str, keyring: Callable[[], Keyring]) -> dict[str, tuple[str, str]]:
    """Name → (text, where from) of a mapping in YAML, JSON or dotenv, opened first when sops encrypted it.

    Numbers and booleans become text; null, lists and mappings are refused by name.
    """
    from secrets_gitops.encrypted_files import decrypt, encrypt

    data = files.read(path)
    document = decrypt.read_sealed(data, path)
    if encrypt.is_sealed(document):
        document = decrypt.decrypt(document, keyring()).plain
    else:
        document = read(data, path=path, limits=Limits.LARGE)
    if len(document.roots) != 1 or document.roots[0].kind != "mapping":
        raise DocumentError("variables are expected: one mapping of names to texts", place=Place(path))
    found: dict[str, tuple[str, str]] = {}
    for key, value in document.roots[0].pairs:
        name = key.resolved().text
        plain = to_plain(value, "go_v3", path=path)
        if not isinstance(plain, (str, int, float)):
            raise DocumentError(f"the variable `{name}` is not text", place=document.place(value))
        found[name] = (plain if isinstance(plain, str) else to_text(plain), str(document.place(value)))
    return found


def resolved(wanted: Mapping[str, tuple[str, str]], resolver: Resolver) -> dict[str, str]:
    """The environment with every reference replaced. Raises SettingsError for what no environment can hold.

    Each error names the variable; of several the first is raised.
    """
    answers = resolver.resolve([Wanted(text, Place(source)) for text, source in wanted.values()])
    environ: dict[str, str] = {}
    for (name, (text, source)), answer in zip(wanted.items(), answers, strict=True):
        if isinstance(answer, Error):
            answer.message = f"variable `{name}`: {answer.message}"
            raise answer
        if not name or "=" in name or "\0" in name:
            raise SettingsError("a variable has a name that no environment can hold", place=Place(source))
        environ[name] = _variable(name, answer if resolver.find(text) else text, source)
    return environ


def _variable(name: str, value: Value, source: str) -> str:
    """The value as the system takes it: bytes that are no UTF-8 pass, NUL cannot."""
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else to_text(value)
    if "\0" in text:
        raise SettingsError(f"the variable `{name}` would hold a NUL character", place=Place(source))
    return text
