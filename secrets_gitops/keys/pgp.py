"""OpenPGP keys, through the program gpg: only there are agent, smart cards, pinentry and trust.

The data key goes in and comes out through pipes, never through arguments or files. `SOPS_GPG_EXEC` names another
program, `GNUPGHOME` another home. Arguments are those of sops, so that a wrapper that knows them goes on working.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from itertools import pairwise
from typing import TYPE_CHECKING

from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import Error, KeySourceError
from secrets_gitops.keys.recipient import NotMine
from secrets_gitops.keys.terminal import ANSWER_SECONDS, ASKING
from secrets_gitops.plaintext import Plaintext
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO

    from secrets_gitops.keys.recipient import WrappedKey

KIND = "pgp"
_FINGERPRINT = re.compile("(?:0x)?[0-9A-Fa-f]{16,64}!?")
"""A fingerprint or an id of 16 digits; gpg could take shorter ones and names, but not as a key to trust."""
_LARGEST = 1 << 20
"""Bytes of an output; a data key has 32."""
_NOT_ASKED = re.compile(
    "cancell?ed|No pinentry|Inappropriate ioctl|No passphrase given|Bad passphrase|Timeout|Not a tty|No agent",
    re.IGNORECASE,
)
"""What gpg says when the agent asked for a passphrase, or wanted to, and got none that fits."""


class GpgRecipient:
    """Somebody with an OpenPGP key; `text` is the fingerprint as written, without blanks."""

    __slots__ = ("_environ", "text")

    kind = KIND

    def __init__(self, text: str, environ: Mapping[str, str] | None = None) -> None:
        self.text = text
        self._environ = environ

    @property
    def fields(self) -> dict[str, str]:
        """The fingerprint alone."""
        return {"fp": self.text}

    def wrap(self, data_key: Plaintext) -> str:
        """The data key as an armored OpenPGP message. Raises KeySourceError when gpg is missing or refuses."""
        trusted = self.text[-17:] if self.text.endswith("!") else self.text[-16:]
        arguments = ["--no-default-recipient", "--yes", "--encrypt", "-a", "-r", self.text]
        arguments += ["--trusted-key", trusted, "--no-encrypt-to"]
        status, out, said = _run(arguments, data_key.reveal(), self._environ, None)
        enc = out.decode("ascii", "replace").strip()
        if status == 0 and enc:
            return enc
        if "No public key" in said or "not found" in said:
            raise KeySourceError(
                f"gpg has no public key `{self.text}`",
                hints=("import it: `gpg --import FILE`, or `gpg --recv-keys` with its fingerprint",),
            )
        raise KeySourceError(f"gpg cannot encrypt for `{self.text}`: {_last_line(said) or 'it gave nothing'}")

    def __repr__(self) -> str:
        return f"GpgRecipient({self.text!r})"


class GpgAgent:
    """The secret keys that gpg and its agent have, on this machine or on a card.

    The agent may ask for a passphrase: one question at a time, and a key for which nobody answered is not asked for
    again in this run.
    """

    __slots__ = ("_answers", "_deadline", "_environ", "_lock", "_unanswered")

    kind = KIND
    recipient = ""
    source = ""
    """Nothing: an attempt that failed is told by the key that was needed."""

    def __init__(self, environ: Mapping[str, str] | None = None, deadline: Deadline | None = None) -> None:
        self._environ = environ
        self._deadline = deadline
        self._lock = threading.Lock()
        self._answers: dict[str, Plaintext] = {}
        self._unanswered: dict[str, Error] = {}

    def unwrap(self, wrapped: WrappedKey) -> Plaintext:
        """The data key.

        Raises NotMine when gpg has no secret key for the entry, KeySourceError when gpg is missing, fails, or its agent
        got no passphrase.
        """
        with self._lock:
            if wrapped.enc not in self._answers:
                self._answers[wrapped.enc] = self._ask(wrapped)
            return Plaintext(self._answers[wrapped.enc].reveal())  # a copy: whoever has the data key wipes it

    def _ask(self, wrapped: WrappedKey) -> Plaintext:
        if wrapped.recipient in self._unanswered:
            raise self._unanswered[wrapped.recipient]
        status, out, said = _run(["-d"], wrapped.enc.encode("utf-8", "replace"), self._environ, self._deadline)
        if status == 0 and out:
            return Plaintext(out)
        if status == 0:
            raise KeySourceError("gpg gave an empty data key, as old versions do with newer messages")
        unanswered = next((line for line in said.splitlines() if _NOT_ASKED.search(line)), None)
        if unanswered is not None:
            reason = printable(unanswered.rpartition(": ")[2]).lower()
            self._unanswered[wrapped.recipient] = KeySourceError(
                f"the agent of gpg did not unlock the key: {reason}",
                hints=("where the agent cannot ask, set `GPG_TTY=$(tty)`, or unlock the key before by using it",),
            )
            raise self._unanswered[wrapped.recipient]
        if "No secret key" in said:  # it says that last, whatever came before
            raise NotMine("no secret key in gpg")
        raise KeySourceError(f"gpg cannot decrypt: {_last_line(said) or f'it failed with exit status {status}'}")

    def __repr__(self) -> str:
        return "GpgAgent()"


def parse_recipient(text: str) -> GpgRecipient:
    """The recipient with this fingerprint, or id of 16 digits. Raises KeySourceError for anything else."""
    fingerprint = text.replace(" ", "").strip()
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise KeySourceError(
            "an OpenPGP key is named by its fingerprint, or by its last 16 digits",
            hints=("`gpg --list-keys` shows fingerprints",),
        )
    return GpgRecipient(fingerprint)


def agent(environ: Mapping[str, str], deadline: Deadline | None) -> GpgAgent:
    """What this machine opens OpenPGP entries with."""
    return GpgAgent(environ, deadline)


def secret_keys(environ: Mapping[str, str], deadline: Deadline | None = None) -> list[str]:
    """The fingerprints of the secret keys that gpg knows of; none where it was never used, or cannot say."""
    home = environ.get("GNUPGHOME") or os.path.join(environ.get("HOME", ""), ".gnupg")
    if not os.path.isdir(home):  # gpg would make one
        return []
    try:
        _, out, _ = _run(["--batch", "--with-colons", "--list-secret-keys"], b"", environ, deadline)
    except KeySourceError:
        return []
    lines = [line.split(":") for line in out.decode("utf-8", "replace").splitlines()]
    # A record of a fingerprint follows that of its key; those of subkeys follow too.
    return [this[9] for before, this in pairwise(lines) if before[0] == "sec" and this[0] == "fpr" and len(this) > 9]


def _run(
    arguments: list[str], data: bytes, environ: Mapping[str, str] | None, deadline: Deadline | None
) -> tuple[int, bytes, str]:
    """Exit status, output, and what gpg says about it. Raises KeySourceError when it is missing or too slow."""
    environ = os.environ if environ is None else environ
    program = environ.get("SOPS_GPG_EXEC") or "gpg"
    try:
        with (
            ASKING,
            subprocess.Popen(
                [program, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(environ),
            ) as process,
        ):
            out, said = _exchange(process, data, (deadline or Deadline(ANSWER_SECONDS)).left())
    except FileNotFoundError:
        hint = "install GnuPG, or name it in `SOPS_GPG_EXEC`" if program == "gpg" else "correct `SOPS_GPG_EXEC`"
        raise KeySourceError(f"there is no program `{program}`, which OpenPGP keys need", hints=(hint,)) from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "unknown reason"
        raise KeySourceError(f"`{program}` cannot be run: {reason.lower()}") from None
    return process.returncode, out, said.decode("utf-8", "replace")


def _exchange(process: subprocess.Popen[bytes], data: bytes, seconds: float | None) -> tuple[bytes, bytes]:
    """Both outputs of a program that reads `data`. Raises KeySourceError when it is too slow or gives too much.

    An OpenPGP message may be compressed: a few bytes of it could become more than the memory holds.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    late = threading.Event()
    said: list[bytes] = []

    def give_up() -> None:
        late.set()
        process.kill()

    def feed(pipe: IO[bytes]) -> None:
        with contextlib.suppress(OSError), pipe:  # it may end before it has read everything
            pipe.write(data)

    def listen(pipe: IO[bytes]) -> None:
        said.append(pipe.read(_LARGEST))

    helpers = [
        threading.Thread(target=feed, args=(process.stdin,), daemon=True),
        threading.Thread(target=listen, args=(process.stderr,), daemon=True),
    ]
    if seconds is not None:
        watch = threading.Timer(seconds, give_up)
        watch.daemon = True
        watch.start()
    try:
        for helper in helpers:
            helper.start()
        out = process.stdout.read(_LARGEST + 1)
        if len(out) > _LARGEST:
            raise KeySourceError("gpg gave far more than a data key")
        process.wait()
        for helper in helpers:
            helper.join()
    except BaseException:
        process.kill()
        raise
    finally:
        if seconds is not None:
            watch.cancel()
    if late.is_set():
        raise KeySourceError("gpg did not answer in time")
    return out, said[0]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of GnuPG's programs: messages in English, for us, and the terminal, for the agent."""
    found = {**environ, "LANGUAGE": "en"}
    if "GPG_TTY" not in found and os.name == "posix":
        for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__):
            if stream is not None and not stream.closed and stream.isatty():
                found["GPG_TTY"] = os.ttyname(stream.fileno())
                break
    return found


def _last_line(said: str) -> str:
    lines = [line.removeprefix("gpg: ").strip() for line in said.splitlines() if line.strip()]
    return printable(lines[-1]) if lines else ""
