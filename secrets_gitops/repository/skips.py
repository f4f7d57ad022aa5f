"""Skips: the log, in git's own folder, of pushes that were let through unscanned. One JSON object a line."""

from __future__ import annotations

import json
import os
import time

from secrets_gitops.errors import FileError, Place
from secrets_gitops.repository import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAME = "secrets-gitops-skips.jsonl"
_WHO = ("GL_USERNAME", "GL_ID", "GITHUB_USER_LOGIN", "GITEA_PUSHER_NAME", "REMOTE_USER", "SSH_USER", "USER")
"""Where servers say who pushes."""


def record(root: str, reason: str, updates: Iterable[tuple[str, str, str]], environ: Mapping[str, str]) -> None:
    """Log a push: when, who, why, and which refs (name, old id, new id).

    Raises FileError when it cannot be written down: what cannot be logged is not let through.
    """
    path = os.path.join(git.common_folder(root), NAME)
    entry = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "who": {name: environ[name] for name in _WHO if environ.get(name)},
        "reason": reason,
        "refs": [{"ref": ref, "old": old, "new": new} for ref, old, new in updates],
    }
    try:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(fd, "a", encoding="ascii") as file:
            file.write(json.dumps(entry) + "\n")
    except OSError as error:
        raise FileError(
            f"cannot log that the scan is skipped: {os.strerror(error.errno or 0)}", place=Place(path)
        ) from error
