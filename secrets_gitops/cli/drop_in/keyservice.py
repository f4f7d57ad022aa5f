"""`sops keyservice`: refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.cli.drop_in import flags
from secrets_gitops.cli.drop_in.arguments import Flag
from secrets_gitops.cli.drop_in.exit_codes import GENERIC, Stop

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session

FLAGS = (
    Flag("network", "tcp or unix"), Flag("net", "the same"), Flag("address", "where to listen"),
    Flag("addr", "the same"),
    Flag("prompt", "ask at every request", "switch"), flags.GLOBAL[3],
)  # fmt: skip


def run(here: Session, given: Arguments) -> int:  # noqa: ARG001  every command has this form
    """Raise Stop: a key service decrypts for whoever reaches its port, without a password and without TLS."""
    raise Stop(
        GENERIC,
        "there is no key service here: it would lend its keys to everybody who reaches its port",
        hints=("use Vault transit or a cloud KMS for keys on another machine", "or the official sops for this command"),
    )
