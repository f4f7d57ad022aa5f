"""The official sops as a second engine (`--engine sops`): for key services that only it speaks to, and to compare with.

It is run through sopsy, which must not be used bare (1.3.0): it leaves a temporary file with a merged configuration
behind for each object, so that anchored `path_regex` rules no longer match, logs what it encrypts, and reads output as
YAML 1.1. One process for each file; what it prints is shown only where it cannot hold a value.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING

from secrets_gitops.errors import (
    AlreadySealed,
    DocumentError,
    EnvelopeError,
    Error,
    FileError,
    NoMatchingKey,
    NotSealed,
    Place,
    SettingsError,
    Tampered,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PROGRAM = "SECRETS_GITOPS_SOPS"
"""The variable that names the program where `sops` on PATH is not the one."""
_OLDEST = (3, 11, 0)
"""The first whose `set` reads a value from standard input, out of sight of other users."""
_VERSION = re.compile(rb"sops (\d+)\.(\d+)\.(\d+)")
_OURS = b"secrets_gitops"
_TIMEOUT = 20


class Official:
    """The program, found and looked at once. Every method raises our errors."""

    def __init__(
        self, environ: Mapping[str, str], *, identities: Sequence[str] = (), config: str | None = None
    ) -> None:
        """`identities` are files with age identities beside those that sops finds itself.

        Raises SettingsError when sopsy or the program is missing, the program is too old, or is this one.
        """
        try:
            import sopsy  # noqa: F401, PLC0415
        except ImportError:
            raise SettingsError(
                "`--engine sops` needs the Python package sopsy, which is not installed",
                hints=("pip install 'secrets-gitops[sops]'",),
            ) from None
        logging.getLogger("sopsy").setLevel(logging.ERROR)  # at DEBUG it logs plaintext
        self.program = _program(environ)
        self._environ = _environment(environ, identities)
        self._config = config
        self.version = self._checked_version()

    def decrypt(self, path: str, *, extract: str | None = None, verify_mac: bool = True) -> bytes:
        """The plaintext of the file, or one value of it; `extract` is an index as sops writes it: `["a"][0]`."""
        more = [*(["--extract", extract] if extract is not None else []), *(["--ignore-mac"] if not verify_mac else [])]
        return self._run("decrypt", path, more)

    def encrypt(self, path: str, *, ages: Sequence[str] = ()) -> bytes:
        """The encrypted text of the plaintext file at `path`, by its creation rule."""
        return self._run("encrypt", path, ["--age", ",".join(ages)] if ages else [])

    def rotate(self, path: str) -> bytes:
        """The text of the file with a new data key."""
        return self._run("rotate", path, [])

    def set(self, path: str, index: str, value: bytes) -> bytes:
        """The text of the file with one value changed; `value` is JSON."""
        with _copy(path) as copy:
            self._command(["set", "--value-stdin", copy, index], path, value)
            return _content(copy)

    def unset(self, path: str, index: str) -> bytes:
        """The text of the file without one value."""
        with _copy(path) as copy:
            self._command(["unset", copy, index], path)
            return _content(copy)

    def updatekeys(self, path: str) -> bytes:
        """The text of the file with the keys that its rule names.

        The rules go by the file's place, so sops changes the file itself; it gets its old text back for the caller.
        """
        before = _content(path)
        try:
            self._command(["updatekeys", "--yes", _named(path)], path)
            return _content(path)
        finally:
            if _content(path) != before:
                with open(path, "r+b") as file:
                    file.write(before)
                    file.truncate()

    def _run(self, verb: str, path: str, more: Sequence[str]) -> bytes:
        """A command that prints its result, by sopsy's own method."""
        import sopsy  # noqa: PLC0415

        with _as_environment(self._environ):
            # Given no configuration it would merge what it finds into a file; given an empty one the file is empty.
            one = sopsy.Sops(_named(path), binary_path=self.program, config=os.devnull)
            with contextlib.suppress(OSError):
                os.unlink(one.config[1])
            one.config = list(self._global())
            one.global_args.extend(more)
            try:
                result = getattr(one, verb)(to_dict=False)
            except sopsy.errors.SopsyError as error:
                raise _translated(error, path) from None
        return result if isinstance(result, bytes) else str(result or "").encode()

    def _command(self, arguments: Sequence[str], path: str, stdin: bytes | None = None) -> bytes:
        """A command that sopsy has no method for, run the way it runs its own."""
        from sopsy.errors import SopsyError  # noqa: PLC0415
        from sopsy.utils import run_cmd  # noqa: PLC0415

        with _as_environment(self._environ):
            try:
                result = run_cmd([self.program, *self._global(), *arguments], to_dict=False, input_data=stdin or b"")
            except SopsyError as error:
                raise _translated(error, path) from None
        return result if isinstance(result, bytes) else b""

    def _global(self) -> tuple[str, ...]:
        return ("--config", self._config) if self._config is not None else ()

    def _checked_version(self) -> tuple[int, ...]:
        command = [self.program, "--disable-version-check", "--version"]
        try:
            done = subprocess.run(command, capture_output=True, env=self._environ, timeout=_TIMEOUT, check=False)
        except (OSError, subprocess.TimeoutExpired):
            raise SettingsError(f"`{self.program}` cannot be run") from None
        match = _VERSION.match(done.stdout)
        if match is None:
            raise SettingsError(f"`{self.program}` does not say that it is sops")
        version = tuple(int(part) for part in match.groups())
        if version < _OLDEST:
            raise SettingsError(
                f"`{self.program}` is sops {'.'.join(map(str, version))}, and `--engine sops` needs 3.11 or newer"
            )
        return version


def _program(environ: Mapping[str, str]) -> str:
    named = environ.get(PROGRAM)
    folders = [None] if named else environ.get("PATH", os.defpath).split(os.pathsep)
    found = [path for folder in folders if (path := shutil.which(named or "sops", path=folder)) is not None]
    official = next((path for path in found if not _is_ours(path)), None)
    if official is not None:
        return official
    name = f"name the official program: `{PROGRAM}=/path/to/sops`"
    if found:
        raise SettingsError(f"`{found[0]}` is secrets-gitops itself", hints=(name,))
    what = f"there is no program `{named}`, which `{PROGRAM}` names" if named else "there is no `sops` on PATH"
    hint = "install the package of your distribution, or a release: https://github.com/getsops/sops/releases"
    raise SettingsError(what, hints=(hint, name))


def _is_ours(path: str) -> bool:
    """Is it the start script of our own drop-in, which may be called `sops`?"""
    try:
        with open(path, "rb") as file:
            return _OURS in file.read(4096)
    except OSError:
        return False


def _environment(environ: Mapping[str, str], identities: Sequence[str]) -> dict[str, str]:
    """What the program gets: no question about newer versions, and the identities that were named."""
    result = {**environ, "SOPS_DISABLE_VERSION_CHECK": "true"}
    if len(identities) == 1 and not environ.get("SOPS_AGE_KEY_FILE"):
        result["SOPS_AGE_KEY_FILE"] = os.path.abspath(identities[0])
    elif identities:
        texts = [
            environ.get("SOPS_AGE_KEY", ""),
            *(_content(path).decode(errors="surrogateescape") for path in identities),
        ]
        result["SOPS_AGE_KEY"] = "\n".join(text for text in texts if text)
    return result


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise FileError(f"cannot read `{path}`: {(error.strerror or 'unknown').lower()}", place=Place(path)) from None


@contextlib.contextmanager
def _copy(path: str) -> Iterator[str]:
    """A copy of an encrypted file for sops to write to, which truncates what it writes; the name says the format."""
    with tempfile.TemporaryDirectory(prefix="secrets-gitops-") as folder:
        copy = os.path.join(folder, os.path.basename(path))
        with open(copy, "wb") as file:
            file.write(_content(path))
        yield copy


@contextlib.contextmanager
def _as_environment(environ: Mapping[str, str]) -> Iterator[None]:
    """Sopsy gives its child what this process has."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _named(path: str) -> str:
    """A path that cannot be taken for an option."""
    return f"./{path}" if path.startswith("-") else path


def _translated(error: Exception, path: str) -> Error:
    cause = error.__cause__
    code = cause.returncode if isinstance(cause, subprocess.CalledProcessError) else 1
    place = Place(path)
    if code == 128:
        return NoMatchingKey(
            f"cannot decrypt `{path}`: the official sops gets no data key", hints=_said(str(error)), place=place
        )
    if code == 51:
        return Tampered("the MAC does not fit, says the official sops", place=place)
    if code in {25, 52}:
        return Tampered("a value does not fit its place or its key, says the official sops", place=place)
    if code == 203:
        return AlreadySealed(f"`{path}` is encrypted already", place=place)
    if "metadata not found" in str(error):
        return NotSealed(f"`{path}` is not encrypted with sops", place=place)
    if code in {2, 92}:
        return DocumentError("the official sops cannot read it", place=place)
    if code in {100, 3}:
        return FileError("the official sops cannot read or write the file", place=place)
    if code in {6, 7, 8, 91}:
        return SettingsError("the official sops does not understand what was asked", place=place)
    if code == 1:
        return EnvelopeError("the official sops refuses", hints=_said(str(error)), place=place)
    return EnvelopeError(f"the official sops ended with status {code}", place=place)


def _said(text: str) -> tuple[str, ...]:
    """What sops printed about keys and rules: its last lines; other output might quote a value."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return tuple(f"sops: {line[:200]}" for line in lines[-3:])
