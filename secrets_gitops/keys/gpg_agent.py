"""Passphrases of age identity files through a gpg-agent that is running: its pinentry asks, and it remembers.

Under the names that sops uses, so that what was typed for one is known to the other. Reached by `gpg-connect-agent`; no
agent is started.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, unquote_to_bytes

from secrets_gitops.errors import KeySourceError
from secrets_gitops.keys import pgp
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from secrets_gitops.deadline import Deadline

_NAME_BYTES = 25
"""So that the name, with its prefix, stays below the 50 characters that the agent allows."""


def name_of(data: bytes) -> str:
    """What the agent calls the passphrase of an identity file with this binary content, as sops has it."""
    import base64  # noqa: PLC0415  rarely needed

    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415

    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return "SopsAge" + base64.b32encode(digest.finalize()[:_NAME_BYTES]).decode()


def passphrase(name: str, question: str, deadline: Deadline) -> Plaintext | None:
    """What the agent remembers, or asks for now; None when no agent runs, or it has no way to ask.

    Raises KeySourceError when the person cancels.
    """
    answer = _talk(f"GET_PASSPHRASE --data {name} X Passphrase {quote_plus(question)}", deadline)
    for line in answer.split(b"\n"):
        if line.startswith(b"D "):
            return Plaintext(unquote_to_bytes(line[2:]))
        if line.startswith(b"ERR ") and b"cancel" in line.lower():
            raise KeySourceError("the question was cancelled")
    return None


def forget(name: str, deadline: Deadline) -> None:
    """Let the agent forget a passphrase that turned out to be wrong."""
    _talk(f"CLEAR_PASSPHRASE {name}", deadline)


def _talk(command: str, deadline: Deadline) -> bytes:
    try:
        done = subprocess.run(
            ["gpg-connect-agent", "--no-autostart"],
            input=f"{command}\n/bye\n".encode(),
            capture_output=True,
            env=pgp.environment(os.environ),
            timeout=deadline.left(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return done.stdout
