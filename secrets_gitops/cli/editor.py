"""The user's editor: which it is, how it is run, and what it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.errors import FileError, Place, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FALLBACK = ("vim", "nano", "vi")


def command(environ: Mapping[str, str]) -> list[str]:
    """The command of the editor. Raises SettingsError when there is none."""
    import shlex
    import shutil

    for variable in ("SOPS_EDITOR", "EDITOR", "VISUAL"):
        if text := environ.get(variable, "").strip():
            try:
                words = shlex.split(text)
            except ValueError:
                raise SettingsError(f"{variable} cannot be understood: a quote is not closed") from None
            if shutil.which(words[0]) is None:
                raise SettingsError(f"the editor in {variable} is not there: `{words[0]}`")
            return words
    for name in _FALLBACK:
        if shutil.which(name):
            return [name]
    raise SettingsError("there is no editor", hints=("name one in EDITOR",))


def run(command: list[str], file: str) -> None:
    """Run the editor; Ctrl-C is its own while it runs."""
    import signal
    import subprocess

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen(command, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # noqa: PLW1509
        try:
            status = process.wait()
        except BaseException:  # SIGTERM: the editor must not outlive the plaintext
            process.terminate()
            process.wait()
            raise
    finally:
        signal.signal(signal.SIGINT, before)
    if status:
        raise FileError(
            f"the editor ended with status {status}; nothing was written",
            hints=("save before you leave it",),
            place=Place(file),
        )


def left(path: str, file: str) -> bytes:
    """What the editor left in the file at `path`. Raises FileError, naming `file`, when it left none."""
    try:
        with open(path, "rb") as left:
            return left.read()
    except OSError:
        raise FileError("the editor left no file; nothing was written", place=Place(file)) from None
