"""An ExternalSecret (external-secrets.io/v1; v1beta1 is a part of it): what is wanted of which store, for which Secret.

Read with the defaults that the API server fills in, and with the checks that External Secrets makes on admission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.golang import durations
from secrets_gitops.manifests import external_secret_target as targets
from secrets_gitops.manifests import metadata
from secrets_gitops.manifests.known_fields import choice, known, required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.manifests.external_secret_target import Target
    from secrets_gitops.manifests.fields import Fields

GROUP = "external-secrets.io"
VERSIONS = ("v1", "v1beta1")
API_VERSION = f"{GROUP}/v1"
HOUR = 3600.0

_SPEC = frozenset(("secretStoreRef", "refreshPolicy", "refreshInterval", "syncWindows", "target", "data", "dataFrom"))
_REMOTE = frozenset((
    "key", "property", "version", "metadataPolicy", "conversionStrategy", "decodingStrategy", "nullBytePolicy",
))  # fmt: skip
_CONVERSIONS = ("", "Default", "Unicode")
_DECODINGS = ("", "None", "Base64", "Base64URL", "Auto")

Path = tuple[str | int, ...]


class StoreRef(NamedTuple):
    """Which store."""

    name: str
    kind: str
    """`SecretStore` or `ClusterSecretStore`."""
    path: Path = ("spec", "secretStoreRef")
    """Where it is named."""


class Reading(NamedTuple):
    """How keys and values are treated once they are fetched; an empty text is External Secrets' default."""

    conversion: str = ""
    decoding: str = ""
    null_bytes: str = ""


class Remote(NamedTuple):
    """One secret at a provider, or a part of it."""

    key: str
    property: str = ""
    version: str = ""
    metadata: bool = False
    """Its labels or tags are wanted, not its value."""
    reading: Reading = Reading()


class Find(NamedTuple):
    """All secrets of a store under a path whose name or tags fit."""

    path: str
    name: str | None
    """An expression of RE2, searched for in the name; None: the tags decide."""
    tags: tuple[tuple[str, str], ...]
    reading: Reading


class Renaming(NamedTuple):
    """`rewrite[].regexp`."""

    source: str
    target: str


class Merge(NamedTuple):
    """`rewrite[].merge`."""

    strategy: str = "Extract"
    into: str = ""
    priority: tuple[str, ...] = ()
    priority_policy: str = "Strict"
    conflict_policy: str = "Error"


class UnbuiltRewrite(NamedTuple):
    """A rewrite that this version does not know how to do."""

    field: str


Rewrite = Renaming | Merge | UnbuiltRewrite


class Entry(NamedTuple):
    """One entry of `data`, of one key, or of `dataFrom`, of as many as come back."""

    path: Path
    store: StoreRef | None
    """None: a generator."""
    source: Remote | Find | None
    secret_key: str | None = None
    """For `data`."""
    rewrites: tuple[Rewrite, ...] = ()


class ExternalSecret(NamedTuple):
    """The whole object."""

    metadata: Mapping[str, object]
    refresh_policy: str
    refresh_interval: float
    """Seconds; zero or less: once."""
    target: Target
    entries: tuple[Entry, ...]
    """`dataFrom` in its order, then `data` in its order: later ones win."""
    sync_windows: bool

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return metadata.text(self.metadata, "name")

    @property
    def namespace(self) -> str:
        """`metadata.namespace`; empty when it is not set."""
        return metadata.text(self.metadata, "namespace")

    @property
    def target_name(self) -> str:
        """The name of the Secret."""
        return self.target.name or self.name


def is_external_secret(tree: object) -> bool:
    """Whether `tree` says that it is an ExternalSecret of this group, in any version."""
    return (
        isinstance(tree, dict)
        and tree.get("kind") == "ExternalSecret"
        and str(tree.get("apiVersion", "")).partition("/")[0] == GROUP
    )


def read(fields: Fields, tree: Mapping[str, object]) -> ExternalSecret:
    """The object. Raises DocumentError for another version, an unknown field, and what admission refuses."""
    version = str(tree.get("apiVersion", "")).partition("/")[2]
    if version not in VERSIONS:
        raise fields.error(
            f"ExternalSecrets of version `{version}` are not read",
            "apiVersion",
            hints=(f"`{API_VERSION}` is; a `v1beta1` object is one by this name alone",),
        )
    known(fields, tree, {"apiVersion", "kind", "metadata", "spec", "status"}, "an ExternalSecret")
    meta = metadata.read(fields, tree.get("metadata"), "metadata", strict=False)
    spec = fields.mapping(tree.get("spec"), "spec")
    known(fields, spec, _SPEC, "the spec of an ExternalSecret", "spec")
    target = targets.read(fields, spec.get("target"))
    default = _store(fields, spec.get("secretStoreRef"), "spec", "secretStoreRef")
    from_maps = fields.items(spec.get("dataFrom"), "spec", "dataFrom")
    single = fields.items(spec.get("data"), "spec", "data")
    if not from_maps and not single:
        raise fields.error("the ExternalSecret asks for nothing: it has neither `data` nor `dataFrom`", "spec")
    entries = [_map_entry(fields, value, default, at) for at, value in enumerate(from_maps)]
    keys = [_data_entry(fields, value, default, at) for at, value in enumerate(single)]
    if target.deletion_policy == "Retain":
        _refuse_twice(fields, keys)
    return ExternalSecret(
        meta,
        choice(fields, spec.get("refreshPolicy"), ("", "Periodic", "OnChange", "CreatedOnce"), "spec", "refreshPolicy")
        or "Periodic",
        _interval(fields, spec.get("refreshInterval")),
        target,
        (*entries, *keys),
        spec.get("syncWindows") is not None,
    )


def _interval(fields: Fields, value: object) -> float:
    text = fields.text(value, "spec", "refreshInterval")
    try:
        return durations.parse(text) / 1e9 if text else HOUR
    except ValueError as error:
        raise fields.error(f"`spec.refreshInterval` is {error}", "spec", "refreshInterval") from None


def _store(fields: Fields, value: object, *path: str | int) -> StoreRef | None:
    if value is None:
        return None
    given = fields.mapping(value, *path)
    known(fields, given, {"name", "kind"}, "a reference to a store", *path)
    kind = choice(fields, given.get("kind"), ("", "SecretStore", "ClusterSecretStore"), *path, "kind")
    return StoreRef(fields.text(given.get("name"), *path, "name"), kind or "SecretStore", path)


def _named(fields: Fields, store: StoreRef | None, *path: str | int) -> StoreRef:
    if store is None or not store.name:
        raise fields.error("no store is named for this entry", *path, hints=("set `spec.secretStoreRef.name`",))
    return store


def _data_entry(fields: Fields, value: object, default: StoreRef | None, at: int) -> Entry:
    path: Path = ("spec", "data", at)
    given = fields.mapping(value, *path)
    known(fields, given, {"secretKey", "remoteRef", "sourceRef"}, "an entry of `data`", *path)
    source = fields.mapping(given.get("sourceRef"), *path, "sourceRef")
    known(fields, source, {"storeRef", "generatorRef"}, "`sourceRef`", *path, "sourceRef")
    if source.get("generatorRef") is not None:
        raise fields.error(
            "External Secrets ignores a generator in `data`", *path, "sourceRef", "generatorRef",
            hints=("put it under `dataFrom`",),
        )  # fmt: skip
    if given.get("sourceRef") is not None and source.get("storeRef") is None:
        raise fields.error("`sourceRef` is empty", *path, "sourceRef")
    store = _store(fields, source.get("storeRef"), *path, "sourceRef", "storeRef") or default
    key = required(fields, given.get("secretKey"), *path, "secretKey")
    if given.get("remoteRef") is None:
        raise fields.error("an entry of `data` has no `remoteRef`", *path)
    remote = _remote(fields, given.get("remoteRef"), *path, "remoteRef")
    return Entry(path, _named(fields, store, *path), remote, key)


def _map_entry(fields: Fields, value: object, default: StoreRef | None, at: int) -> Entry:
    path: Path = ("spec", "dataFrom", at)
    given = fields.mapping(value, *path)
    known(fields, given, {"extract", "find", "sourceRef", "rewrite"}, "an entry of `dataFrom`", *path)
    source = fields.mapping(given.get("sourceRef"), *path, "sourceRef")
    known(fields, source, {"storeRef", "generatorRef"}, "`sourceRef`", *path, "sourceRef")
    wanted = [name for name in ("extract", "find") if given.get(name) is not None]
    generator = source.get("generatorRef") is not None
    if given.get("sourceRef") is not None and len([one for one in source.values() if one is not None]) != 1:
        raise fields.error("`sourceRef` takes exactly one of `storeRef` and `generatorRef`", *path, "sourceRef")
    if len(wanted) + generator != 1:
        raise fields.error("an entry of `dataFrom` takes exactly one of `extract`, `find` and a generator", *path)
    rewrites = tuple(
        _rewrite(fields, one, *path, "rewrite", number)
        for number, one in enumerate(fields.items(given.get("rewrite"), *path, "rewrite"))
    )
    if generator:
        return Entry(path, None, None, rewrites=rewrites)
    store = _named(fields, _store(fields, source.get("storeRef"), *path, "sourceRef", "storeRef") or default, *path)
    if wanted == ["extract"]:
        return Entry(path, store, _remote(fields, given["extract"], *path, "extract"), rewrites=rewrites)
    return Entry(path, store, _find(fields, given["find"], *path, "find"), rewrites=rewrites)


def _remote(fields: Fields, value: object, *path: str | int) -> Remote:
    given = fields.mapping(value, *path)
    known(fields, given, _REMOTE, "a remote reference", *path)
    policy = choice(fields, given.get("metadataPolicy"), ("", "None", "Fetch"), *path, "metadataPolicy")
    return Remote(
        required(fields, given.get("key"), *path, "key"),
        fields.text(given.get("property"), *path, "property"),
        fields.text(given.get("version"), *path, "version"),
        policy == "Fetch",
        _reading(fields, given, *path),
    )


def _reading(fields: Fields, given: Mapping[str, object], *path: str | int) -> Reading:
    return Reading(
        choice(fields, given.get("conversionStrategy"), _CONVERSIONS, *path, "conversionStrategy"),
        choice(fields, given.get("decodingStrategy"), _DECODINGS, *path, "decodingStrategy"),
        choice(fields, given.get("nullBytePolicy"), ("", "Ignore", "Fail"), *path, "nullBytePolicy"),
    )


def _find(fields: Fields, value: object, *path: str | int) -> Find:
    given = fields.mapping(value, *path)
    members = {"path", "name", "tags", "conversionStrategy", "decodingStrategy", "nullBytePolicy"}
    known(fields, given, members, "`find`", *path)
    name = fields.mapping(given.get("name"), *path, "name")
    known(fields, name, {"regexp"}, "`find.name`", *path, "name")
    tags = fields.texts(given.get("tags"), *path, "tags")
    if given.get("name") is None and not tags:
        raise fields.error("`find` has neither `name` nor `tags`", *path)
    regexp = fields.text(name.get("regexp"), *path, "name", "regexp") if given.get("name") is not None else None
    where = fields.text(given.get("path"), *path, "path")
    return Find(where, regexp, tuple(sorted(tags.items())), _reading(fields, given, *path))


def _rewrite(fields: Fields, value: object, *path: str | int) -> Rewrite:
    given = fields.mapping(value, *path)
    known(fields, given, {"regexp", "transform", "merge"}, "an entry of `rewrite`", *path)
    members = [name for name, one in given.items() if one is not None]
    if len(members) != 1:
        raise fields.error("an entry of `rewrite` takes exactly one of `regexp`, `transform` and `merge`", *path)
    (name,) = members
    below = (*path, name)
    inner = fields.mapping(given[name], *below)
    if name == "regexp":
        known(fields, inner, {"source", "target"}, "`regexp`", *below)
        source = fields.text(inner.get("source"), *below, "source")
        return Renaming(source, fields.text(inner.get("target"), *below, "target"))
    if name == "transform":
        return UnbuiltRewrite(name)
    known(fields, inner, {"strategy", "into", "priority", "priorityPolicy", "conflictPolicy"}, "`merge`", *below)
    priority = enumerate(fields.items(inner.get("priority"), *below, "priority"))
    return Merge(
        choice(fields, inner.get("strategy"), ("", "Extract", "JSON"), *below, "strategy") or "Extract",
        fields.text(inner.get("into"), *below, "into"),
        tuple(fields.text(one, *below, "priority", at) for at, one in priority),
        choice(fields, inner.get("priorityPolicy"), ("", "Strict", "IgnoreNotFound"), *below, "priorityPolicy")
        or "Strict",
        choice(fields, inner.get("conflictPolicy"), ("", "Error", "Ignore"), *below, "conflictPolicy") or "Error",
    )


def _refuse_twice(fields: Fields, keys: list[Entry]) -> None:
    seen: set[str | None] = set()
    for entry in keys:
        if entry.secret_key in seen:
            raise fields.error(f"the key `{entry.secret_key}` stands twice in `data`", *entry.path, "secretKey")
        seen.add(entry.secret_key)
