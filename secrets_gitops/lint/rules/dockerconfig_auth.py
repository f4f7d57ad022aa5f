"""`dockerconfig-auth`: the configuration of a container client holds the credentials of a registry."""

from __future__ import annotations

import posixpath
from binascii import Error as Base64Error
from binascii import a2b_base64

from secrets_gitops.lint.candidates import of_leaf, text_in
from secrets_gitops.lint.catalog import AUTHS_IN_BASE64
from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.secret_values import judge
from secrets_gitops.lint.values.bodies import assignments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.leaves import Leaf
    from secrets_gitops.lint.target import Target

_FIELDS = frozenset({"auth", "password", "identitytoken", "registrytoken"})


class DockerconfigAuth:
    """A file of its own (`config.json`, `.dockerconfigjson`, `.dockercfg`), or its text in a value."""

    id = "dockerconfig-auth"
    alias = "SG105"
    severity: Severity = "high"
    summary = "the login for a container registry stands in plaintext"
    why = "`auth` is user and password in base64; whoever reads it can pull, and often push, images."
    fix = "encrypt PATH, or make the pull secret in the cluster; then change the password"

    def concerns(self, target: Target) -> bool:
        """Is there a registry with a login?"""
        if target.parent is None and any(start in target.data for start in AUTHS_IN_BASE64):
            return True
        return b"auth" in target.data and (b"auths" in target.data or _is_legacy(target))

    def check(self, target: Target) -> Iterator[Finding]:
        """`auth`, `password` and tokens of each registry."""
        if target.parent is None and any(start in target.data for start in AUTHS_IN_BASE64):
            yield from self._hidden(target)
        legacy = _is_legacy(target)
        for leaf in target.leaves:
            keys = leaf.keys
            if len(keys) >= 3 and keys[-1] in _FIELDS and keys[-3] == "auths":
                yield from self._login(target, leaf, keys[-2])
            elif legacy and len(keys) == 2 and keys[1] in _FIELDS:
                yield from self._login(target, leaf, keys[0])
            elif '"auths"' in leaf.text and not (leaf.object is not None and leaf.object.is_secret):
                inner = text_in(target, leaf)
                if inner is not None:
                    yield from self.check(inner)

    def _hidden(self, target: Target) -> Iterator[Finding]:
        """Such a file in base64, wherever it stands."""
        for outer in target.hidden:
            if b'"auths"' not in outer.text:
                continue
            inside = assignments(outer.text.decode("utf-8", "replace")) or ()
            if any(_is_login(part.key, part.value) for part in inside if part.key in _FIELDS):
                for start, end in outer.places(target.data):
                    yield target.finding(
                        self,
                        target.region(start, end),
                        "logins for container registries stand here in base64, which is no encryption",
                        fix=f"encrypt {quoted(target.path)} or make the pull secret in the cluster; change the logins",
                        value=target.data[start:end],
                    )

    def _login(self, target: Target, leaf: Leaf, registry: str) -> Iterator[Finding]:
        if leaf.refers or not _is_login(leaf.name, leaf.text):
            return
        yield of_leaf(target, leaf).finding(
            self,
            f"`{leaf.name}` for the registry `{registry}` is in plaintext"
            f"{'; base64 is no encryption' if leaf.name == 'auth' else ''}",
            fix=f"encrypt {quoted(target.path)} or make the pull secret in the cluster, and change the password",
        )


def _is_login(key: str, text: str) -> bool:
    """What may stand for a login (`user:changeme`) is known to the data of a Secret; `auth` is in base64."""
    password = _password_of(text) if key == "auth" else text
    if password:
        return judge("password" if key == "auth" else key, password).severity in {"high", "medium"}
    return judge("password", text, encoded=True).severity in {"high", "medium"}


def _password_of(auth: str) -> str:
    """The password in `auth`; empty when it is not what it should be."""
    try:
        user, _, password = a2b_base64(auth.encode("ascii")).decode().partition(":")
    except (UnicodeError, Base64Error):
        return ""
    return password if (user + password).isprintable() else ""


def _is_legacy(target: Target) -> bool:
    return posixpath.basename(target.path).endswith("dockercfg")


RULE = DockerconfigAuth()
