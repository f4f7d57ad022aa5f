"""Which certificate to seal with: a file, a URL, or the one that the repository pins for a cluster.

Whoever swaps the certificate reads everything that is sealed afterwards. So a pinned fingerprint must fit, and a URL
must be one where nobody on the way can answer: https, this machine, or any with the fingerprint given beside it.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from secrets_gitops.errors import FileError, KeySourceError, Place, SettingsError
from secrets_gitops.keys.sealing import load_certificate
from secrets_gitops.repository import files

if TYPE_CHECKING:
    from datetime import datetime

    from secrets_gitops.deadline import Deadline
    from secrets_gitops.keys.sealing import Certificate
    from secrets_gitops.repository.settings import ClusterSettings, Settings

SIZE_LIMIT = 1 << 20
"""Bytes; a certificate has about two thousand, a chain ten."""
_FINGERPRINT = re.compile(r"sha256:[0-9a-f]{64}")


def repository_root(path: str = ".") -> str:
    """The folder whose settings count: the top of the git work tree around `path`, else the current folder."""
    from secrets_gitops.repository import git  # noqa: PLC0415  a certificate by name needs no repository

    return git.root_of(path) or os.getcwd()


def load(source: str, deadline: Deadline, *, fingerprint: str | None = None) -> Certificate:
    """The certificate in a file or behind a URL.

    Raises SettingsError for plain http without a fingerprint and for a malformed fingerprint, KeySourceError when the
    fingerprint does not fit or there is no usable certificate, and what reading and fetching raise.
    """
    wanted = None if fingerprint is None else _checked(fingerprint)
    certificate = load_certificate(_content(source, deadline, trusted=wanted is not None), source)
    if wanted is not None:
        check_fingerprint(certificate, wanted, "the given fingerprint")
    return certificate


def choose(
    source: str | None, cluster: str | None, deadline: Deadline, now: datetime, *, fingerprint: str | None, beside: str
) -> Certificate:
    """The certificate that the options ask for: `source`, or the pinned one of `cluster`, or the only pinned one.

    What is pinned, the repository around the file or folder `beside` says.
    Raises SettingsError when the options contradict each other or leave it open, KeySourceError for an expired
    certificate and for a pinned one whose file does not fit its fingerprint.
    """
    if source is not None:
        if cluster is not None:
            raise SettingsError("`--cert` and `--cluster` name two certificates", hints=("leave one of them out",))
        certificate = load(source, deadline, fingerprint=fingerprint)
    else:
        if fingerprint is not None:
            raise SettingsError("`--fingerprint` belongs to `--cert`", hints=("a pinned certificate has its own",))
        certificate = pinned(repository_root(beside), cluster)
    certificate.refuse_expired(now)
    return certificate


def pinned(root: str, cluster: str | None) -> Certificate:
    """The certificate that the repository at `root` pins for `cluster`, by default for its only one."""
    from secrets_gitops.repository import settings  # noqa: PLC0415
    from secrets_gitops.repository.work_tree import WorkTree  # noqa: PLC0415

    found = settings.load(WorkTree(root))
    name = cluster if cluster is not None else _only_cluster(found)
    if name not in found.clusters:
        import difflib  # noqa: PLC0415

        near = difflib.get_close_matches(name, found.clusters)
        raise SettingsError(
            f"no certificate is pinned for the cluster `{name}`",
            hints=(f"did you mean `{near[0]}`?" if near else "pin it: `secrets-gitops cert pin FILE --cluster NAME`",),
            place=Place(found.path),
        )
    return read_pinned(root, found.clusters[name])


def read_pinned(root: str, cluster: ClusterSettings) -> Certificate:
    """The file of a pinned certificate, which must fit its fingerprint."""
    from secrets_gitops.repository.work_tree import WorkTree  # noqa: PLC0415

    try:
        data = WorkTree(root).read(cluster.certificate, SIZE_LIMIT)
    except FileError as error:
        raise KeySourceError(
            f"the pinned certificate `{cluster.certificate}` cannot be read",
            hints=("restore it from git, or pin it again: `secrets-gitops cert pin FILE`",),
            place=cluster.place,
        ) from error
    certificate = load_certificate(data, cluster.certificate)
    check_fingerprint(certificate, cluster.fingerprint, "the pinned fingerprint")
    return certificate


def check_fingerprint(certificate: Certificate, wanted: str, what: str) -> None:
    """Raise KeySourceError, naming both, when the certificate has another fingerprint than `wanted`."""
    if certificate.fingerprint != wanted:
        raise KeySourceError(
            f"the certificate does not fit {what}",
            hints=(
                f"wanted {wanted}",
                f"found  {certificate.fingerprint}",
                "if the cluster has a new key, pin its certificate: `secrets-gitops cert pin FILE`",
            ),
            place=Place(certificate.source),
        )


def _content(source: str, deadline: Deadline, *, trusted: bool) -> bytes:
    if "://" not in source:
        return files.read(source, SIZE_LIMIT)
    from secrets_gitops.clients import http  # noqa: PLC0415  most certificates are files

    if not http.is_url(source):
        raise SettingsError("a certificate comes from a file, or from an https URL")
    if not (source.lower().startswith("https:") or http.is_loopback(source) or trusted):
        raise SettingsError(
            "a certificate over plain http can be swapped on its way",
            hints=("use https, or give the certificate's `--fingerprint sha256:…` too",),
        )
    return http.get(source, deadline, limit=SIZE_LIMIT)


def _checked(fingerprint: str) -> str:
    lowered = fingerprint.strip().lower()
    if not _FINGERPRINT.fullmatch(lowered):
        raise SettingsError("a fingerprint is `sha256:` and 64 hexadecimal digits")
    return lowered


def _only_cluster(found: Settings) -> str:
    if len(found.clusters) == 1:
        return next(iter(found.clusters))
    if not found.clusters:
        raise SettingsError(
            "no certificate was given, and the repository pins none",
            hints=("give one with `--cert FILE`", "or pin it once and for all: `secrets-gitops cert pin FILE`"),
        )
    raise SettingsError(
        "the repository pins certificates for several clusters",
        hints=("choose with `--cluster NAME`: " + ", ".join(sorted(found.clusters)),),
        place=Place(found.path),
    )
