"""An audit configuration of sops: whoever has one relies on a record of each decryption, which we do not write.

So it is refused and not passed over. `/etc/sops/audit.yaml` is where sops looks; the variable below can name further
files, for tests and for places that keep it elsewhere. It adds to the one of sops and takes nothing away.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from secrets_gitops.cli.drop_in.exit_codes import GENERIC, Stop

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIGURATION = "/etc/sops/audit.yaml"
MORE = "SECRETS_GITOPS_SOPS_AUDIT_FILES"
"""Further files that count as an audit configuration, parted as in PATH."""


def refuse(environ: Mapping[str, str]) -> None:
    """Raise Stop when there is an audit configuration, or where nobody can say that there is none."""
    for path in (CONFIGURATION, *environ.get(MORE, "").split(os.pathsep)):
        if path and _may_be_there(path):
            raise Stop(
                GENERIC,
                "there is an audit configuration, and this program writes no audit records",
                hints=("use the official sops on this machine, or remove the file",),
                path=path,
            )


def _may_be_there(path: str) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
