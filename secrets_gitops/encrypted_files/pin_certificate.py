"""Pin a sealing certificate: its file goes into the repository, its fingerprint into `.secrets-gitops.yaml`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files.sealing_certificate import read_pinned
from secrets_gitops.errors import Error, SettingsError
from secrets_gitops.repository import files, settings
from secrets_gitops.repository.work_tree import WorkTree

if TYPE_CHECKING:
    from datetime import datetime

    from secrets_gitops.keys.sealing import Certificate
    from secrets_gitops.repository.settings import ClusterSettings

FOLDER = ".sealed-secrets"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_PUBLIC = 0o644


@dataclass(frozen=True, slots=True)
class Pin:
    """A pin that is planned: nothing is written yet."""

    root: str
    cluster: str
    certificate: Certificate
    path: str
    """Where the file goes, from the root of the repository."""
    old: ClusterSettings | None
    """What is pinned now."""

    @property
    def changes_key(self) -> bool:
        """Whether sealing will be for another key than before."""
        return self.old is not None and self.old.fingerprint != self.certificate.fingerprint


def plan(root: str, cluster: str, certificate: Certificate, now: datetime) -> Pin:
    """The pin of `certificate` for `cluster`. Raises KeySourceError when expired, SettingsError for a bad name."""
    if not _NAME.fullmatch(cluster):
        raise SettingsError(
            "the name of a cluster has letters, digits, `.`, `_` and `-`, and begins and ends with a letter or digit"
        )
    certificate.refuse_expired(now)
    old = settings.load(WorkTree(root)).clusters.get(cluster)
    return Pin(root, cluster, certificate, old.certificate if old else f"{FOLDER}/{cluster}.pem", old)


def carry_out(pin: Pin) -> None:
    """Write the file, then the settings. Between the two the old fingerprint refuses the new file, which is safe."""
    path = os.path.join(pin.root, settings.NAME)
    content = _settings(pin, path)
    target = os.path.join(pin.root, pin.path)
    real_root = os.path.realpath(pin.root)
    if os.path.commonpath((real_root, os.path.realpath(target))) != real_root:
        raise SettingsError(
            f"the certificate of `{pin.cluster}` is pinned outside of the repository",
            hints=("give it a path inside, or remove the entry",),
            place=pin.old.place if pin.old else None,
        )
    os.makedirs(os.path.dirname(target), exist_ok=True)
    files.replace(target, pin.certificate.pem.encode(), mode=_PUBLIC)
    files.replace(path, content, mode=_PUBLIC)


def _settings(pin: Pin, path: str) -> bytes:
    """The new settings, read back before anything is written."""
    document = read(files.read(path) if os.path.exists(path) else b"", path=settings.NAME)
    edits = settings.pin(document, pin.cluster, pin.path, pin.certificate.fingerprint)
    content = document.apply(edits).to_bytes()
    settings.parse(content)
    return content


@dataclass(frozen=True, slots=True)
class Listed:
    """One pinned certificate as it stands."""

    cluster: str
    path: str
    fingerprint: str
    not_before: datetime | None
    not_after: datetime | None
    problem: str
    """Empty when it can be sealed with."""


def listed(root: str, now: datetime) -> list[Listed]:
    """Every pinned certificate with what is wrong with it, in the order of the settings."""
    out: list[Listed] = []
    for name, cluster in settings.load(WorkTree(root)).clusters.items():
        certificate, problem = None, ""
        try:
            certificate = read_pinned(root, cluster)
            certificate.refuse_expired(now)
        except Error as error:
            problem = error.message
        out.append(
            Listed(
                name,
                cluster.certificate,
                cluster.fingerprint,
                certificate.not_before if certificate else None,
                certificate.not_after if certificate else None,
                problem,
            )
        )
    return out
