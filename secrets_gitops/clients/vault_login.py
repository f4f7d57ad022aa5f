"""How to log in to Vault or OpenBao: what is posted where, and who that makes us. Opens nothing.

A login names itself by a hash of its credentials under a key that dies with the process: two logins never look the
same by accident, and nothing can be learned from the name.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.deadline import Deadline

_KEY = os.urandom(32)


@dataclass(frozen=True)
class Credential:
    """A token, password or the like, and where it comes from."""

    name: str
    """For messages: "the variable `VAULT_TOKEN`"."""
    identity: str
    """Not secret; equal for equal credentials."""
    read: Callable[[Deadline], Plaintext]
    """Asked at each login, for files change. Raises our errors."""


@dataclass(frozen=True)
class Login:
    """One way in: a request to `path`, or no request where the credential is the token itself."""

    method: str
    """`token`, `approle`, `userpass`, `kubernetes`, …"""
    path: str | None
    """Below `/v1/`, percent-encoded; None: the credential is the token."""
    fields: tuple[tuple[str, str], ...] = field(repr=False)
    """What is posted beside the credential."""
    credential: Credential | None
    member: str
    """The name under which the credential is posted."""
    namespace: str | None = None
    """Where to log in, when that is not the server's namespace."""

    @property
    def identity(self) -> str:
        """Who we are, without secrets."""
        parts = [self.path or "", *(text for pair in self.fields for text in pair), self.namespace or ""]
        return f"{self.method} {hashed(chr(0).join(parts))} {self.credential.identity if self.credential else '-'}"


def hashed(text: str | Plaintext) -> str:
    """A name for `text` that is good in this process only."""
    data = text.reveal() if isinstance(text, Plaintext) else text.encode("utf-8", "surrogateescape")
    return hashlib.blake2b(data, key=_KEY, digest_size=16).hexdigest()


def fixed(value: Plaintext, name: str) -> Credential:
    """A credential that does not change."""
    return Credential(name, hashed(value), lambda _: value)


def token(credential: Credential) -> Login:
    """A token that exists already. It is used as it is: not renewed and not revoked."""
    return Login("token", None, (), credential, "token")


def approle(
    role_id: str, secret_id: Credential | None, *, mount: str = "approle", namespace: str | None = None
) -> Login:
    """A role with its secret id; a role may need none."""
    return Login("approle", f"auth/{_mount(mount)}/login", (("role_id", role_id),), secret_id, "secret_id", namespace)


def userpass(username: str, password: Credential, *, mount: str = "userpass", namespace: str | None = None) -> Login:
    """A user and a password; LDAP is the same under another mount."""
    path = f"auth/{_mount(mount)}/login/{quote(username.strip(), safe='')}"
    return Login("userpass", path, (), password, "password", namespace)


def kubernetes(role: str, jwt: Credential, *, mount: str = "kubernetes", namespace: str | None = None) -> Login:
    """A service account's token, which the server lets a cluster review; JWT auth is the same under another mount."""
    return Login("kubernetes", f"auth/{_mount(mount)}/login", (("role", role.strip()),), jwt, "jwt", namespace)


def _mount(path: str) -> str:
    return quote(path.strip("/").removeprefix("auth/"))
