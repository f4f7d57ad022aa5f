"""A SecretStore or ClusterSecretStore (external-secrets.io/v1, v1beta1): which provider, and who may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.golang import durations, regexp
from secrets_gitops.manifests import label_selector, metadata
from secrets_gitops.manifests.external_secret import VERSIONS
from secrets_gitops.manifests.known_fields import known

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.manifests.fields import Fields
    from secrets_gitops.manifests.label_selector import Selector

KINDS = ("SecretStore", "ClusterSecretStore")
_SPEC = frozenset(("controller", "provider", "retrySettings", "refreshInterval", "conditions"))
_CONDITION = frozenset(("namespaceSelector", "namespaces", "namespaceRegexes"))
NAME_LABEL = "kubernetes.io/metadata.name"


class Condition(NamedTuple):
    """Namespaces that a ClusterSecretStore serves; any of the three is enough."""

    selector: Selector | None
    namespaces: tuple[str, ...]
    expressions: tuple[str, ...]


class Retries(NamedTuple):
    """How often to try again, and how long to wait in between, in seconds; None: the provider's own."""

    most: int | None
    wait: float | None


class SecretStore(NamedTuple):
    """The whole object; `provider` is as it stands, for the provider to read."""

    kind: str
    name: str
    namespace: str
    """Empty for a ClusterSecretStore."""
    controller: str
    """The class of controller that handles it; empty: any."""
    provider_name: str
    provider: Mapping[str, object]
    conditions: tuple[Condition, ...]
    retries: Retries | None

    @property
    def is_cluster_wide(self) -> bool:
        """Whether every namespace may name it."""
        return self.kind == "ClusterSecretStore"


def read(fields: Fields, tree: Mapping[str, object]) -> SecretStore:
    """The store. Raises DocumentError for another version, an unknown field, no or several providers."""
    version = str(tree.get("apiVersion", "")).partition("/")[2]
    if version not in VERSIONS:
        raise fields.error(f"stores of version `{version}` are not read", "apiVersion")
    kind = str(tree.get("kind"))
    known(fields, tree, {"apiVersion", "kind", "metadata", "spec", "status"}, f"a {kind}")
    meta = metadata.read(fields, tree.get("metadata"), "metadata", strict=False)
    spec = fields.mapping(tree.get("spec"), "spec")
    known(fields, spec, _SPEC, f"the spec of a {kind}", "spec")
    providers = fields.mapping(spec.get("provider"), "spec", "provider")
    named = [name for name, value in providers.items() if value is not None]
    if len(named) != 1:
        raise fields.error("a store has exactly one provider", "spec", "provider")
    _check_interval(fields, spec.get("refreshInterval"))
    return SecretStore(
        kind,
        metadata.text(meta, "name"),
        metadata.text(meta, "namespace") if kind == "SecretStore" else "",
        fields.text(spec.get("controller"), "spec", "controller"),
        named[0],
        fields.mapping(providers[named[0]], "spec", "provider", named[0]),
        _conditions(fields, spec.get("conditions")),
        _retries(fields, spec.get("retrySettings")),
    )


def admits(conditions: Sequence[Condition], namespace: str, labels: Mapping[str, str]) -> bool:
    """Whether an ExternalSecret of `namespace`, with these labels, may use the store; always without conditions."""
    if not conditions:
        return True
    own_name = labels.get(NAME_LABEL, namespace)
    return any(
        own_name in condition.namespaces
        or (condition.selector is not None and label_selector.matches(condition.selector, labels))
        or any(regexp.tester(expression)(namespace) for expression in condition.expressions)
        for condition in conditions
    )


def needs_labels(conditions: Sequence[Condition]) -> bool:
    """Whether the labels of a namespace decide."""
    return any(condition.selector is not None for condition in conditions)


def _conditions(fields: Fields, value: object) -> tuple[Condition, ...]:
    out: list[Condition] = []
    for at, one in enumerate(fields.items(value, "spec", "conditions")):
        path = ("spec", "conditions", at)
        given = fields.mapping(one, *path)
        known(fields, given, _CONDITION, "a condition", *path)
        selector = given.get("namespaceSelector")
        names = enumerate(fields.items(given.get("namespaces"), *path, "namespaces"))
        expressions = enumerate(fields.items(given.get("namespaceRegexes"), *path, "namespaceRegexes"))
        condition = Condition(
            None if selector is None else label_selector.read(fields, selector, *path, "namespaceSelector"),
            tuple(fields.text(name, *path, "namespaces", number) for number, name in names),
            tuple(fields.text(name, *path, "namespaceRegexes", number) for number, name in expressions),
        )
        for number, expression in enumerate(condition.expressions):
            try:
                regexp.compile(expression)
            except ValueError as error:
                raise fields.error(
                    f"not a regular expression of RE2: {error}", *path, "namespaceRegexes", number
                ) from None
        out.append(condition)
    return tuple(out)


def _retries(fields: Fields, value: object) -> Retries | None:
    if value is None:
        return None
    path = ("spec", "retrySettings")
    given = fields.mapping(value, *path)
    known(fields, given, {"maxRetries", "retryInterval"}, "`retrySettings`", *path)
    most, wait = given.get("maxRetries"), fields.text(given.get("retryInterval"), *path, "retryInterval")
    if most is not None and (type(most) is not int or most < 0):
        raise fields.error("`maxRetries` is a number, zero or more", *path, "maxRetries")
    try:
        return Retries(most, durations.parse(wait) / 1e9 if wait else None)
    except ValueError as error:
        raise fields.error(f"`retryInterval` is {error}", *path, "retryInterval") from None


def _check_interval(fields: Fields, value: object) -> None:
    """Whole seconds, or a duration; we open a store when it is used, so no more is asked of it."""
    text = str(value) if type(value) is int else fields.text(value, "spec", "refreshInterval")
    if not text:
        return
    try:
        interval = int(text) if text.lstrip("-").isdigit() else durations.parse(text)
    except ValueError:
        interval = -1
    if interval < 0:
        raise fields.error("`refreshInterval` is seconds or a duration, zero or more", "spec", "refreshInterval")
