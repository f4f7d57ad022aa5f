"""Destination rules: where an encrypted file is taken, as `destination_rules` of `.sops.yaml` says."""

from __future__ import annotations

from secrets_gitops.errors import SettingsError
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.errors import Place
    from secrets_gitops.repository.creation_rules import CreationRule
    from secrets_gitops.repository.fields import Fields

_WHERE = {"s3": ("s3_bucket",), "gcs": ("gcs_bucket",), "vault": ("vault_path", "vault_address")}
"""Kind of destination → the fields of which one says that it is meant."""
KNOWN = (
    "path_regex",
    "s3_bucket",
    "s3_prefix",
    "gcs_bucket",
    "gcs_prefix",
    "vault_path",
    "vault_address",
    "vault_kv_mount_name",
    "vault_kv_version",
    "omit_extensions",
    "recreation_rule",
)


class DestinationRule(NamedTuple):
    """One rule."""

    place: Place
    path_regex: str
    """RE2, searched in the path as the user wrote it; empty fits every path."""
    kind: str
    """`s3`, `gcs` or `vault`; empty when the rule names no destination."""
    target: str
    """The bucket, or the mount of the KV engine."""
    prefix: str
    """What stands before the name of the file."""
    address: str
    """Of Vault; empty: the environment says it."""
    kv_version: int
    """1 or 2."""
    omit_extensions: bool
    """The last extension of the name is left out."""
    recreation: CreationRule | None
    """For whom the file is encrypted anew on its way; None: it goes as it is."""


def of(fields: Fields, path_regex: str, recreation: CreationRule | None) -> DestinationRule:
    """A rule out of its fields. Raises SettingsError for two destinations in one, or a version that is none."""
    kinds = [kind for kind, names in _WHERE.items() if any(fields.text(name) for name in names)]
    if len(kinds) > 1:
        raise SettingsError(
            "a destination rule names more than one destination",
            hints=("give each its own rule; the first that fits counts",),
            place=fields.place,
        )
    kind = kinds[0] if kinds else ""
    version = fields.text("vault_kv_version") or "2"
    if version not in {"1", "2"}:
        raise fields.wrong("vault_kv_version", "must be 1 or 2")
    target, prefix = fields.text(f"{kind}_bucket"), fields.text(f"{kind}_prefix")
    if kind == "vault":
        target, prefix = fields.text("vault_kv_mount_name").strip("/") or "secret", fields.text("vault_path")
    return DestinationRule(
        place=fields.place,
        path_regex=path_regex,
        kind=kind,
        target=target,
        prefix=prefix,
        address=fields.text("vault_address"),
        kv_version=int(version),
        omit_extensions=fields.flag("omit_extensions"),
        recreation=recreation if recreation is not None and any(recreation.groups) else None,
    )
