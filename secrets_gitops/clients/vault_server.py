"""Server: which Vault or OpenBao server, and how it is spoken to. Plain settings; opens nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.plaintext import Plaintext


@dataclass(frozen=True)
class Server:
    """One server and namespace."""

    address: str
    """`https://HOST[:PORT][/PREFIX]`, without a final slash; see `address_of`."""
    namespace: str | None = None
    ca_file: str | None = None
    ca_folder: str | None = None
    ca_pem: str | None = None
    """Authorities to trust instead of the system's."""
    client_certificate: tuple[bytes, Plaintext] | None = None
    """Certificates and key as PEM."""
    tls_name: str | None = None
    """The name that the certificate must have, when it is not the address's."""
    danger_skip_verify: bool = False
    """Whoever stands between can read the token and change the values."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with each request; they may hold a proxy's credentials."""
    timeout: float = 60.0
    """Seconds that one request may wait for the next byte, as in Vault's own client."""
    retries: int = 2
    retry_wait: float = 0.3
    """Seconds before the first retry, doubled for each further one; a `Retry-After` has precedence."""


def address_of(text: str) -> str:
    """The address without a final slash. Raises SettingsError, which does not quote it: it might hold a password."""
    try:
        parts = urlsplit(text.strip())
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        raise SettingsError("the address of the Vault server is not a URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_number:
        raise SettingsError(
            "the address of the Vault server is not a URL that can be used",
            hints=("it reads `https://HOST:8200`",),
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise SettingsError("the address of the Vault server holds more than scheme, host, port and path")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"
