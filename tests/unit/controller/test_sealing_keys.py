"""The cluster's sealing keys: which are taken, which one is served, and that two replicas make one."""

from __future__ import annotations

import base64
import io
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fake_api import FakeApi

from secrets_gitops.controller import key_secret, sealing_keys
from secrets_gitops.controller.flags import Flags
from secrets_gitops.controller.logs import Log
from secrets_gitops.controller.sealing_keys import SealingKeys
from secrets_gitops.errors import SettingsError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def key(bits=1024, now=NOW):
    return key_secret.generate(bits=bits, common_name="", seconds=3600, now=now)


def secret(name, made, created="2026-01-01T00:00:00Z", **data):
    content = {"tls.key": made.private_key, "tls.crt": made.certificate, **data}
    return {
        "metadata": {"name": name, "namespace": "ks", "creationTimestamp": created, "resourceVersion": "1"},
        "data": {k: base64.b64encode(v).decode() for k, v in content.items() if v is not None},
    }


def keys_on(api, log=None, **flags):
    log = log or Log(info_stream=io.StringIO(), error_stream=io.StringIO())
    return SealingKeys(api, "ks", Flags(key_size=1024, **flags), log)


def test_the_certificate_has_the_shape_of_the_originals():
    made = key()
    certificate = x509.load_pem_x509_certificate(made.certificate)
    with pytest.raises(ValueError, match="encipher_only"):  # as with a genuine one, the library cannot read it
        _ = certificate.extensions
    assert bytes.fromhex("0603551d0f0101ff0404" + "03020001") in certificate.tbs_certificate_bytes
    assert certificate.subject == certificate.issuer == x509.Name([])
    assert certificate.serial_number.bit_length() <= 128
    assert made.private_key.startswith(b"-----BEGIN RSA PRIVATE KEY-----")


def test_a_made_key_is_written_as_the_original_writes_it():
    api = FakeApi()
    keys = keys_on(api, privatekey_labels=(("team", "x"), (key_secret.KEY_LABEL, "no")))
    keys.make_when_due()
    ((_, _, name), written) = next(iter(api.objects.items()))
    assert name.startswith("sealed-secrets-key") and len(name) == len("sealed-secrets-key") + 5
    assert written["metadata"]["labels"] == {"team": "x", key_secret.KEY_LABEL: "active"}
    assert (written["type"], set(written["data"])) == ("kubernetes.io/tls", {"tls.key", "tls.crt"})
    assert keys.served().pem.encode() == base64.b64decode(written["data"]["tls.crt"])


def test_two_replicas_that_find_no_key_end_up_with_one_and_serve_it_both():
    api = FakeApi()
    first, second = keys_on(api), keys_on(api)
    first.load()
    second.load()
    first.make_when_due()
    second.make_when_due()
    assert len(api.objects) == 1
    assert first.served().pem == second.served().pem


def test_a_replica_that_lost_the_right_to_write_meanwhile_makes_no_key():
    api = FakeApi()
    keys = keys_on(api)
    keys.make_when_due(lambda: False)
    assert not api.objects and keys.served() is None


def test_the_newest_certificate_is_served_and_of_equals_the_first():
    old, new = key(now=NOW), key(now=NOW + timedelta(days=1))
    keys = keys_on(FakeApi())
    assert keys.take(secret("new", new)) and keys.take(secret("old", old))
    assert [one.name for one in keys.newest_first()] == ["new", "old"]
    tie = keys_on(FakeApi())
    tie.take(secret("one", key()))
    tie.take(secret("two", key()))
    assert tie.newest_first()[0].name == "one"


def test_its_maker_serves_the_newer_of_two_keys_of_one_second_though_the_watch_brought_it_first(monkeypatch):
    class Watched(FakeApi):
        def call(self, method, path, body=None, **other):
            answer = super().call(method, path, body, **other)
            if method == "POST":
                assert keys.take(answer)  # as the watch does, before the answer has come
            return answer

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return NOW + timedelta(seconds=0.9)

    monkeypatch.setattr(sealing_keys, "datetime", Clock)
    keys = keys_on(Watched())
    keys.take(secret("first", key()), made_at=NOW + timedelta(seconds=0.1))
    keys.make()
    newest, first = keys.newest_first()
    assert first.name == "first" and keys.served().pem == newest.certificate.pem


def test_the_time_of_creation_can_decide_instead():
    keys = keys_on(FakeApi(), key_order_priority="SecretCreationTimestamp")
    keys.take(secret("a", key(now=NOW + timedelta(days=9)), created="2026-01-01T00:00:00Z"))
    keys.take(secret("b", key(), created="2026-02-01T00:00:00Z"))
    assert keys.newest_first()[0].name == "b"


def test_a_bad_key_secret_is_skipped_and_said_once():
    elliptic = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    good, errors = key(), io.StringIO()
    keys = keys_on(FakeApi(), Log(info_stream=io.StringIO(), error_stream=errors))
    bad = secret("bad", good, **{"tls.key": elliptic})
    for wrong in (bad, bad, secret("half", good, **{"tls.crt": None}), {"metadata": {"name": "empty"}}):
        assert not keys.take(wrong)
    assert keys.take(secret("good", good))
    lines = errors.getvalue().splitlines()
    assert len(lines) == 3 and "secretname=bad" in lines[0]


def test_a_certificate_of_another_key_is_refused():
    mine, other = key(), key(now=NOW + timedelta(days=1))
    keys = keys_on(FakeApi())
    assert not keys.take(secret("wrong", mine, **{"tls.crt": other.certificate}))
    assert keys.served() is None


def test_a_cutoff_time_after_the_latest_key_makes_one():
    api = FakeApi()
    keys = keys_on(api, key_cutoff_time=NOW + timedelta(days=1))
    keys.take(secret("old", key()))
    keys.make_when_due()
    assert len(keys.newest_first()) == 2
    keys.make_when_due()
    assert len(keys.newest_first()) == 2


def test_the_next_key_is_due_a_period_after_the_latest():
    keys = keys_on(FakeApi(), key_renew_period=3600.0)
    keys.take(secret("old", key()))
    assert keys.renew_in(NOW + timedelta(minutes=45)) == 900
    assert keys.renew_in(NOW + timedelta(days=2)) == 0
    assert keys_on(FakeApi(), key_renew_period=0.0).renew_in(NOW) is None


def test_sizes_and_prefixes_that_cannot_be_are_refused():
    with pytest.raises(SettingsError, match="512"):
        key(bits=512)
    with pytest.raises(SettingsError, match="illegal character B"):
        key_secret.check_prefix("aBc")
