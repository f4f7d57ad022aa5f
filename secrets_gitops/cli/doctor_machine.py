"""What `doctor` asks of this machine: keys, programs, packages. It asks no service and wants no passphrase."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

from secrets_gitops.cli.doctor_view import Trouble
from secrets_gitops.lint.mend import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secrets_gitops.cli.doctor_view import View
    from secrets_gitops.lint.sops_record import Record

_EXTRAS = {
    "kms": ("boto3", "aws"),
    "gcp_kms": ("google.auth", "gcp"),
    "azure_kv": ("azure.identity", "azure"),
    "hc_vault": ("hvac", "vault"),
}
"""Kind of key → the package that reaches its service, and the extra that brings it."""
_BROKEN_SOPS = (3, 13, 2)
_SINCE = (
    ((3, 9, 0), rb"^\s*mac_only_encrypted\s*:|_comment_regex\s*:", "`mac_only_encrypted` and comment selectors"),
    ((3, 12, 0), rb"^\s*-?\s*hckms\s*:", "`hckms`"),
)
"""From which version sops knows what a rule file may say; an older one passes over it in silence."""
_VERSION = re.compile(r"sops (\d+)\.(\d+)\.(\d+)")


def check(view: View, environ: Mapping[str, str]) -> Iterator[Trouble]:
    """Keys that open nothing or that others can read, an old sops, missing packages."""
    yield from _permissions(environ)
    if view.encrypted:
        yield from _keys(view, environ)
    yield from _sops(view)
    yield from _packages(view)


def _permissions(environ: Mapping[str, str]) -> Iterator[Trouble]:
    from secrets_gitops.keys import age_sources

    named = [environ.get("SOPS_AGE_KEY_FILE"), environ.get("SOPS_AGE_SSH_PRIVATE_KEY_FILE")]
    for path in dict.fromkeys([*named, age_sources.default_file(environ)]):
        if not path:
            continue
        try:
            mode = os.stat(path).st_mode
        except OSError:
            continue  # that it is missing shows where keys are looked for
        if stat.S_ISREG(mode) and mode & 0o077 and os.name == "posix":
            yield Trouble(
                "key-permissions",
                f"others on this machine can read the key file {path} (mode {stat.S_IMODE(mode):04o})",
                "whoever has it opens everything that was ever encrypted for it",
                f"chmod 600 {quoted(path)}",
            )


def _keys(view: View, environ: Mapping[str, str]) -> Iterator[Trouble]:
    """Only names are compared: no file is opened, nobody is asked for anything."""
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.keys.recipient import bare

    keyring = Keyring.local((), environ)
    own = {identity.recipient for identity in keyring.identities}
    records = [(target.path, target.recorded) for target in view.encrypted]
    by_age = [(path, record) for path, record in records if record is not None and _kinds(record) == {"age"}]
    shut = [
        path
        for path, record in by_age
        if record.metadata is not None and not own & {bare(entry.recipient) for entry in record.metadata.entries}
    ]
    sure = not any(identity.kind == "age" and not identity.recipient for identity in keyring.identities)
    if shut and len(shut) == len(by_age) and sure:
        yield Trouble(
            "keys",
            f"no key here opens any of the {len(by_age)} files that are encrypted for age",
            "they can be neither read nor changed on this machine",
            "secrets-gitops keys list; `SOPS_AGE_KEY_FILE` names another file",
        )
    elif shut and sure:
        what = f"{len(shut)} of {len(by_age)} files are encrypted for others only, for example {shut[0]}"
        yield Trouble(
            "keys", what, "they cannot be changed here", f"secrets-gitops explain {quoted(shut[0])}", grave=False
        )
    for problem in keyring.problems:
        if "there is no such file" not in problem.reason or "SOPS_" in problem.source:
            yield Trouble(
                "keys",
                f"{problem.source}: {problem.reason}",
                "the key is passed over in silence",
                "correct or remove it",
            )


def _kinds(record: Record) -> set[str]:
    return {entry.kind for entry in record.metadata.entries} if record.metadata is not None else set()


def _sops(view: View) -> Iterator[Trouble]:
    """The program that colleagues call, and what it would pass over."""
    program = shutil.which("sops")
    version = _version(program) if program is not None else None
    if version is None:
        return
    shown = ".".join(map(str, version))
    update = "install sops 3.13.3, or call `secrets-gitops sops`, which takes the same command line"
    if version == _BROKEN_SOPS:
        why = "it takes comments inside lists for values, so that such files fail their MAC"
        yield Trouble("sops", f"{program} is sops {shown}", why, update)
    for path in view.paths:
        if path.rpartition("/")[2] == ".sops.yaml" and view.tree.exists(path):
            text = view.tree.read(path)
            for since, words, what in _SINCE:
                if version < since and re.search(words, text, re.MULTILINE):
                    why = f"it passes over {what} in silence, and encrypts in another way than {path} says"
                    yield Trouble("sops", f"{program} is sops {shown}", why, update)


def _version(program: str) -> tuple[int, int, int] | None:
    """What the program says of itself; None for one that is no sops, or is ours in its place."""
    try:
        done = subprocess.run(
            [program, "--version", "--disable-version-check"],
            capture_output=True, text=True, timeout=10, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.match(done.stdout)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))


def _packages(view: View) -> Iterator[Trouble]:
    """The C parser of YAML, and the packages that reach the services whose keys the files have."""
    import yaml

    if not yaml.__with_libyaml__:
        yield Trouble(
            "python", "PyYAML has no C parser here", "no command reads YAML", "pip install --force-reinstall pyyaml"
        )
    kinds = {kind for target in view.encrypted if target.recorded is not None for kind in _kinds(target.recorded)}
    for kind in sorted(kinds & _EXTRAS.keys()):
        package, extra = _EXTRAS[kind]
        if not _is_there(package):
            yield Trouble(
                "python",
                f"there are files with keys of kind {kind}, and the package {package} is missing",
                "they cannot be opened or encrypted here",
                f"pip install 'secrets-gitops[{extra}]'",
            )
    if kinds & {"pgp"} and shutil.which("gpg") is None:
        why = "they cannot be opened or encrypted here"
        yield Trouble("programs", "there are files with OpenPGP keys, and gpg is missing", why, "install GnuPG")


def _is_there(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False
