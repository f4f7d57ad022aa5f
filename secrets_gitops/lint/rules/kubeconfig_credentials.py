"""`kubeconfig-credentials`: a kubeconfig that lets its reader into a cluster."""

from __future__ import annotations

from secrets_gitops.lint.candidates import of_leaf
from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.secret_values import judge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.leaves import Leaf
    from secrets_gitops.lint.target import Target

_FIELDS = frozenset({"client-key-data", "token", "password"})
_TOKENS = frozenset({"access-token", "id-token", "refresh-token", "client-secret"})

_WORDS = frozenset((b"users", b"Config"))
"""Behind an escape, in a text in a text, they are parts of others."""


class KubeconfigCredentials:
    """Its users; clusters and contexts hold nothing secret, and `exec` plugins ask elsewhere."""

    id = "kubeconfig-credentials"
    alias = "SG106"
    severity: Severity = "critical"
    summary = "a kubeconfig holds a key, a token or a password of a user"
    why = "Whoever can read the repository can act as that user in the cluster; a client certificate cannot be revoked."
    fix = "take the credentials out of PATH (use an `exec` plugin), and rotate them"

    def concerns(self, target: Target) -> bool:
        """Is there a user with one of the fields?"""
        data = target.data
        is_one = target.different_words >= _WORDS or (b"\\" in data and all(word in data for word in _WORDS))
        return is_one and any(
            word in data for word in (b"client-key-data", b"token", b"password", b"client-secret", b"exec")
        )

    def check(self, target: Target) -> Iterator[Finding]:
        """Keys, tokens and passwords of each user, and what an `exec` plugin gets in its environment."""
        for leaf in target.leaves:
            if leaf.object is None or leaf.object.kind != "Config" or not _is_credential(leaf):
                continue
            if judge(leaf.name, leaf.text, encoded=leaf.name == "client-key-data", tag=leaf.node.tag).severity in {
                "high",
                "medium",
            }:
                yield of_leaf(target, leaf).finding(
                    self,
                    f"`{leaf.name}` of a user of this kubeconfig is in plaintext",
                    fix=(
                        f"take `{leaf.name}` out of {quoted(target.path)} (an `exec` plugin can fetch credentials), "
                        f"and rotate it in the cluster"
                    ),
                )


def _is_credential(leaf: Leaf) -> bool:
    keys = leaf.within
    if keys[:1] != ("users",):
        return False
    if len(keys) == 4 and keys[2] == "user":
        return keys[3] in _FIELDS
    if keys[3:4] == ("auth-provider",):
        return keys[-1] in _TOKENS
    return keys[3:4] == ("exec",) and keys[-1] == "value" and leaf.sense.sensitivity == "strong"


RULE = KubeconfigCredentials()
