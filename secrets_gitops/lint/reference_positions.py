"""Places in manifests where a text names a secret and is none, whatever its key is called."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from typing import Literal

    from secrets_gitops.lint.objects import KubeObject

    Position = Literal["off", "here", "below"]
    """`off`: an ordinary place. `here`: all below only names. `below`: so do the maps below, but not the texts."""

OFF: Literal["off"] = "off"
HERE: Literal["here"] = "here"
BELOW: Literal["below"] = "below"

_PARENTS = frozenset(
    {
        "secretKeyRef", "configMapKeyRef", "secretRef", "remoteRef", "valueFrom", "valuesFrom", "envFrom",
        "imagePullSecrets", "secretStoreRef", "secretObjects", "resourceNames", "openAPIV3Schema", "projected",
        "substituteFrom", "fieldRef", "roleRef", "sourceRef", "ingressClassName", "openAPIV2Schema", "existingSecret",
        "secretRefs", "envFromSecret", "envFromSecrets", "extraEnvSecrets", "secretName", "secretSelector",
        "additionalPrinterColumns", "matchLabels", "matchExpressions", "nodeSelector", "involvedObject",
    }
)  # fmt: skip
_NAMES = frozenset(
    {
        "secretKey", "secretName", "secretStore", "imagePullSecret", "tokenName", "passwordKey", "tokenKey",
        "pullSecret", "serviceAccountToken", "defaultSecret", "tlsSecret", "masterSecret",
    }
)  # fmt: skip
_BESIDE_SECRET_KEY = frozenset(
    {"remoteRef", "sourceRef", "secretName", "name", "match", "objectName", "existingSecret"}
)
_ITEM = frozenset({"key", "path"})
"""One of the `items` of a volume, which give a key of a Secret a path."""
_SPEC = frozenset({"secretStoreRef", "secretStoreRefs", "target"})
"""Keys in the `spec` of an ExternalSecret."""
_SCHEMAS = frozenset({"properties", "patternProperties", "definitions", "$defs", "schemas", "securitySchemes"})
"""Their maps describe keys of that name; a text right below (`properties: {password: …}`) is a value all the same."""
_REF_ENDS = ("SecretRef", "KeyRef", "secretRef", "SecretKeyRef", "SecretSelector", "SecretReference", "SecretRefs")
_RULES = frozenset({"Role", "ClusterRole", "CustomResourceDefinition", "SecretProviderClass", "APIService"})
"""Objects that only speak of secrets."""
_NAMING = frozenset({"ExternalSecret", "ClusterExternalSecret", "PushSecret", "ClusterPushSecret"})


def names_a_secret(keys: Sequence[str]) -> bool:
    """Does what stands under `keys` (outermost first) only name a secret?"""
    if not keys:
        return False
    if keys[-1] in _NAMES:
        return True
    return any(only_names(key) or (key in _SCHEMAS and at + 2 < len(keys)) for at, key in enumerate(keys))


def refers(
    position: Position, key: str, siblings: AbstractSet[str], found: KubeObject | None, *, is_leaf: bool
) -> Position:
    """The position of what stands under `key` in a mapping at `position` in `found`; `siblings` are all its keys."""
    if position == HERE or (position == BELOW and not is_leaf) or only_names(key):
        return HERE
    if is_leaf:
        if key == "secretKey":  # elsewhere, for example in an S3 client's settings, it is the key itself
            return HERE if not siblings.isdisjoint(_BESIDE_SECRET_KEY) else OFF
        return HERE if key in _NAMES or (key in {"key", "path"} and siblings >= _ITEM) else OFF
    if found is not None and (
        found.kind in _RULES
        or (found.kind in _NAMING and key in {"data", "dataFrom"} and not siblings.isdisjoint(_SPEC))
    ):
        return HERE
    return BELOW if key in _SCHEMAS else OFF


def only_names(key: str) -> bool:
    """Does everything that stands under `key` only name?"""
    return key in _PARENTS or key.endswith(_REF_ENDS)
