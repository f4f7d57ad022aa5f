"""`dockerconfig-auth`: the configuration of a container client holds the credentials of a registry."""

from __future__ import annotations

import posixpath

from secrets_gitops.lint.candidates import of_leaf, text_in
from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.secret_values import judge

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
        return b"auth" in target.data and (b"auths" in target.data or _is_legacy(target))

    def check(self, target: Target) -> Iterator[Finding]:
        """`auth`, `password` and tokens of each registry."""
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

    def _login(self, target: Target, leaf: Leaf, registry: str) -> Iterator[Finding]:
        # What may stand for a login, also in base64 (`user:changeme`), is known to the data of a Secret.
        name = "password" if leaf.name == "auth" else leaf.name
        if leaf.refers or judge(name, leaf.text, encoded=leaf.name == "auth").severity not in {"high", "medium"}:
            return
        yield of_leaf(target, leaf).finding(
            self,
            f"`{leaf.name}` for the registry `{registry}` is in plaintext"
            f"{'; base64 is no encryption' if leaf.name == 'auth' else ''}",
            fix=f"encrypt {quoted(target.path)} or make the pull secret in the cluster, and change the password",
        )


def _is_legacy(target: Target) -> bool:
    return posixpath.basename(target.path).endswith("dockercfg")


RULE = DockerconfigAuth()
