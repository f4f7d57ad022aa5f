"""Settings of the repository: `.secrets-gitops.yaml` at its root, read by name and changed by text edits.

clusters:
  production:
    certificate: certs/production.pem    # a path from the root of the repository
    fingerprint: sha256:…                # of the public key; a certificate that does not fit is refused
lint: {…}                                # see `lint_settings`
"""

from __future__ import annotations

from secrets_gitops.errors import Place, SettingsError
from secrets_gitops.records import NamedTuple
from secrets_gitops.repository import lint_settings
from secrets_gitops.repository.fields import Fields, is_null, read_settings
from secrets_gitops.repository.snapshot import follow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.documents.document import Document, Edit
    from secrets_gitops.repository.snapshot import Snapshot

NAME = ".secrets-gitops.yaml"
FIELDS = ("clusters", "lint")
_LIMIT = 1 << 20
_DIGEST = 64


class ClusterSettings(NamedTuple):
    """The sealing certificate that is pinned for a cluster."""

    certificate: str
    """Path from the root of the repository."""
    fingerprint: str
    """`sha256:` and 64 hexadecimal digits, over the public key."""
    place: Place


class Settings(NamedTuple):
    """What the file says; all defaults when there is none."""

    path: str
    clusters: Mapping[str, ClusterSettings] = {}
    lint: lint_settings.LintSettings = lint_settings.LintSettings()


def load(snapshot: Snapshot) -> Settings:
    """The settings of a snapshot. Raises SettingsError for an unknown key and for a value that cannot be."""
    if not snapshot.exists(NAME):
        return Settings(NAME)
    target = follow(snapshot, NAME)
    if target is None:
        raise SettingsError("a symbolic link that leads to no file of the repository", place=Place(NAME))
    return parse(snapshot.read(target, _LIMIT))


def load_file(path: str) -> Settings:
    """The settings in a file on disk. Raises SettingsError, also when it cannot be read."""
    try:
        with open(path, "rb") as file:
            data = file.read(_LIMIT + 1)
    except OSError as error:
        raise SettingsError("cannot read the settings", hints=("check the path",), place=Place(path)) from error
    if len(data) > _LIMIT:
        raise SettingsError(f"settings are larger than {_LIMIT} bytes", place=Place(path))
    return parse(data, path)


def parse(data: bytes, path: str = NAME) -> Settings:
    """The settings in `data`, the content of the file `path`. Raises SettingsError."""
    document = read_settings(data, path, "settings")
    if len(document.roots) > 1:
        raise SettingsError("settings are one YAML document", place=document.place(document.roots[1]))
    clusters: dict[str, ClusterSettings] = {}
    lint = lint_settings.LintSettings()
    for root in document.roots:
        top = Fields(document, root, "settings")
        _refuse_unknown(top, FIELDS)
        if named := top.mapping("clusters"):
            clusters = {name: _cluster(name, named) for name in named.names()}
        if section := top.mapping("lint"):
            lint = lint_settings.read(section)
    return Settings(path, clusters, lint)


def _refuse_unknown(fields: Fields, known: tuple[str, ...]) -> None:
    for error in fields.unknown(known):
        raise error


def _cluster(name: str, clusters: Fields) -> ClusterSettings:
    fields = clusters.mapping(name)
    if fields is None:
        raise clusters.wrong(name, "must be a mapping with `certificate` and `fingerprint`")
    _refuse_unknown(fields, ("certificate", "fingerprint"))
    for required in ("certificate", "fingerprint"):
        if required not in fields:
            raise clusters.wrong(name, f"has no `{required}`")
    fingerprint = fields.text("fingerprint")
    algorithm, _, digest = fingerprint.partition(":")
    if algorithm != "sha256" or len(digest) != _DIGEST or not set(digest) <= set("0123456789abcdef"):
        raise fields.wrong("fingerprint", f"must be `sha256:` and {_DIGEST} hexadecimal digits")
    return ClusterSettings(fields.text("certificate"), fingerprint, fields.place_of("certificate"))


def pin(document: Document, cluster: str, certificate: str, fingerprint: str) -> list[Edit]:
    """The edits to `document`, valid settings, that pin a certificate for a cluster, anew or in place of another."""
    from secrets_gitops.documents.document import Edit  # noqa: PLC0415  the hook only reads settings
    from secrets_gitops.documents.edit import set_path  # noqa: PLC0415
    from secrets_gitops.documents.emit import yaml_block  # noqa: PLC0415

    entry = {"certificate": certificate, "fingerprint": fingerprint}
    if not document.roots or is_null(document.roots[0]):
        end = len(document.text)
        lead = "\n" if document.text and not document.text.endswith("\n") else ""
        return [Edit(end, end, lead + yaml_block({"clusters": {cluster: entry}}))]
    clusters = document.roots[0].get("clusters")
    if clusters is None or is_null(clusters):
        return set_path(document, 0, ("clusters",), {cluster: entry})
    if clusters.get(cluster) is None:
        return set_path(document, 0, ("clusters", cluster), entry)
    return [edit for name, text in entry.items() for edit in set_path(document, 0, ("clusters", cluster, name), text)]
