"""Places in manifests where a text names a secret and is none, whatever its key is called."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_PARENTS = frozenset(
    {
        "secretKeyRef", "configMapKeyRef", "secretRef", "remoteRef", "valueFrom", "valuesFrom", "envFrom",
        "imagePullSecrets", "secretStoreRef", "secretObjects", "resourceNames", "openAPIV3Schema", "properties",
        "projected", "sources", "substituteFrom", "fieldRef", "volumes", "roleRef", "sourceRef", "ingressClassName",
    }
)  # fmt: skip
_NAMES = frozenset(
    {"secretKey", "secretName", "secretStore", "imagePullSecret", "tokenName", "passwordKey", "tokenKey"}
)


def names_a_secret(keys: Sequence[str]) -> bool:
    """Does what stands under `keys` (outermost first) only name a secret?"""
    if not keys:
        return False
    if keys[-1] in _NAMES:
        return True
    return any(key in _PARENTS or key.endswith(("SecretRef", "KeyRef", "secretRef")) for key in keys)
