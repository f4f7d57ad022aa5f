"""The cluster's sealing keys: loaded from key Secrets, made, renewed, and held newest first.

Keys are only added while the process lives; relabelling or deleting a key Secret counts from the next start, as with
the original. A key Secret that cannot be used is logged and skipped, for the others matter.
"""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.clients.kube.failures import missing_namespace
from secrets_gitops.clients.kube.resources import SECRETS, path
from secrets_gitops.controller import key_secret
from secrets_gitops.errors import ClusterError, Error, ObjectNotFound
from secrets_gitops.keys.sealing import load_sealing_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.clients.kube.request import Api
    from secrets_gitops.controller.flags import Flags
    from secrets_gitops.controller.logs import Log
    from secrets_gitops.keys.sealing import Certificate, SealingKey

SELECTOR = f"{key_secret.KEY_LABEL}=active"


class _Entry(NamedTuple):
    ordered_by: datetime
    key: SealingKey
    certificate: Certificate


class SealingKeys:
    """All keys that open, the newest of which is served. `on_new` is called after a key was added."""

    def __init__(self, api: Api, namespace: str, flags: Flags, log: Log) -> None:
        self._api = api
        self.namespace = namespace
        self._flags = flags
        self._log = log
        self._by_creation = flags.key_order_priority == "SecretCreationTimestamp"
        if flags.key_order_priority not in {"CertNotBefore", "SecretCreationTimestamp"}:
            log.error("unknown --key-order-priority, using CertNotBefore", given=flags.key_order_priority)
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._entries: tuple[_Entry, ...] = ()
        self._newest_first: tuple[SealingKey, ...] = ()
        self._skipped: dict[str, str] = {}
        self.on_new: Callable[[], None] = lambda: None

    def newest_first(self) -> tuple[SealingKey, ...]:
        """The keys, the one that is served first; the same tuple until there is a new one."""
        return self._newest_first

    def served(self) -> Certificate | None:
        """The certificate to seal for; None before there is a key."""
        entries = self._entries
        return entries[0].certificate if entries else None

    def ordered_by(self) -> datetime | None:
        """The time that makes the served key the newest one."""
        entries = self._entries
        return entries[0].ordered_by if entries else None

    def load(self) -> None:
        """Read every key Secret. Raises Unavailable when the API server cannot be asked, ClusterErrors otherwise."""
        self._log.info("Searching for existing private keys")
        answer = self._api.call("GET", path(SECRETS, self.namespace), query={"labelSelector": SELECTOR})
        items = answer.get("items")
        found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        with contextlib.suppress(ObjectNotFound):  # the key of before 0.9 has this very name, and no label
            found.append(self._api.call("GET", path(SECRETS, self.namespace, self._flags.key_prefix)))
        for secret in sorted(found, key=lambda each: _text(each, "creationTimestamp")):
            self.take(secret)

    def take(self, secret: dict[str, object], *, made_at: datetime | None = None) -> bool:
        """Add the key in `secret`; whether it is new. What cannot be used is logged once per version and skipped.

        `made_at` is for who made it: certificates count in whole seconds, so of two keys of one second only their maker
        knows the newer, also when a watch has brought the key before the answer came.
        """
        name = _text(secret, "name")
        try:
            entry = self._read(secret, name, made_at)
        except Error as error:
            version = _text(secret, "resourceVersion")
            if self._skipped.get(name) != version:
                self._skipped[name] = version
                self._log.error("Skipping a key Secret that cannot be used", secretname=name, reason=error.message)
            return False
        with self._lock:
            others = [other for other in self._entries if other.key.fingerprint != entry.key.fingerprint]
            is_new = len(others) == len(self._entries)
            if not is_new and made_at is None:
                return False
            # The sort is stable: of keys with the same time the first one registered stays ahead.
            self._entries = tuple(sorted((*others, entry), key=lambda one: one.ordered_by, reverse=True))
            self._newest_first = tuple(one.key for one in self._entries)
        if not is_new:
            return False
        self._log.info("registered private key", secretname=name)
        self.on_new()
        return True

    def make(self, may_write: Callable[[], bool] = lambda: True) -> bool:
        """Make a key, write it and register it; when another replica made one meanwhile, take that one.

        Whether there is a new key now. `may_write` is asked once more just before the write, for making a key takes
        seconds. Raises SettingsError for a key size and for a namespace that is not there, ClusterErrors and
        Unavailable when it cannot be written.
        """
        if not may_write():
            return False
        with self._making:
            flags, known = self._flags, self._fingerprints()
            now = datetime.now(UTC)
            new = key_secret.generate(bits=flags.key_size, common_name=flags.my_cn, seconds=flags.key_ttl, now=now)
            self.load()
            if self._fingerprints() - known:
                self._log.info("No key written: another replica made one")
                return True
            if not may_write():
                self._log.info("No key written: the Lease was not held any more when it was made")
                return False
            body = key_secret.body(
                new,
                namespace=self.namespace,
                prefix=flags.key_prefix,
                labels=dict(flags.privatekey_labels),
                annotations=dict(flags.privatekey_annotations),
            )
            try:
                created = self._api.call("POST", path(SECRETS, self.namespace), body)
            except ObjectNotFound as error:
                raise missing_namespace(error, self.namespace) from None
            self._log.info("New key written", namespace=self.namespace, name=_text(created, "name"))
            self._log.info("Certificate generated", certificate=new.certificate.decode())
            self.take(created, made_at=now)
            return True

    def make_when_due(self, may_write: Callable[[], bool] = lambda: True) -> None:
        """Make a key at the start: when there is none, or the latest is older than the cutoff time."""
        ordered_by, cutoff = self.ordered_by(), self._flags.key_cutoff_time
        if ordered_by is None or (cutoff is not None and ordered_by < cutoff):
            self.make(may_write)

    def renew_in(self, now: datetime) -> float | None:
        """Seconds until the next key is due; None when keys are not renewed."""
        ordered_by = self.ordered_by()
        if self._flags.key_renew_period <= 0 or ordered_by is None:
            return None
        return max(0.0, self._flags.key_renew_period - (now - ordered_by).total_seconds())

    def _fingerprints(self) -> set[str]:
        return {entry.key.fingerprint for entry in self._entries}

    def _read(self, secret: dict[str, object], name: str, made_at: datetime | None) -> _Entry:
        import orjson  # noqa: PLC0415  an extra

        source = f"Secret {self.namespace}/{name}"
        text = orjson.dumps({"kind": "Secret", "metadata": {"name": name}, "data": secret.get("data") or {}})
        key = load_sealing_keys(text, source)[0]
        if key.certificate is None:
            raise ClusterError("there is no certificate under `tls.crt`")
        ordered_by = made_at or key.certificate.not_before
        if made_at is None and self._by_creation:
            ordered_by = _time(_text(secret, "creationTimestamp")) or ordered_by
        return _Entry(ordered_by, key, key.certificate)


def _text(tree: dict[str, object], name: str) -> str:
    metadata = tree.get("metadata")
    value = metadata.get(name) if isinstance(metadata, dict) else None
    return value if isinstance(value, str) else ""


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
