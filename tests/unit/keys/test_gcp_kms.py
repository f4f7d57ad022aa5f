"""Cloud KMS keys against a small server: the real google-auth logs in there, and what each failure is called."""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING

import pytest
from fakes.google_cloud import GoogleCloud

from secrets_gitops.crypto.crc32c import crc32c
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import (
    AccessDenied,
    KeyServiceUnavailable,
    KeySourceError,
    NoMatchingKey,
    SettingsError,
    Unavailable,
)
from secrets_gitops.keys import catalog, gcp_kms
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.keys.recipient import WrappedKey
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from pathlib import Path

DATA_KEY = Plaintext(bytes(range(32)))
NAME = "projects/p/locations/global/keyRings/r/cryptoKeys/k"


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch):
    """A Google Cloud, and a service account of it in the environment."""
    cloud = GoogleCloud()
    monkeypatch.setenv("SOPS_GCP_KMS_ENDPOINT", cloud.address)
    monkeypatch.setenv("GOOGLE_CREDENTIALS", json.dumps(cloud.service_account()))
    monkeypatch.setattr("secrets_gitops.clients.retrying._FIRST_WAIT", 0.01)
    yield cloud
    cloud.stop()


def entry(name: str, enc: str | None = None) -> WrappedKey:
    enc = catalog.recipient("gcp_kms", name).wrap(DATA_KEY) if enc is None else enc
    return WrappedKey("gcp_kms", name, enc, {"resource_id": name})


def unwrap(*entries: WrappedKey) -> Plaintext:
    return Keyring.local().unwrap(entries, "s.yaml")


def test_the_checksum_is_the_one_of_the_standard():
    assert crc32c(b"123456789") == 0xE3069283  # the check value in RFC 3720 and all catalogues
    assert crc32c(b"") == 0
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "k",
        f"/{NAME}",
        f"{NAME}/",
        f"{NAME}/cryptoKeyVersions/1",
        f"{NAME}?x",
        "projects/../locations/l/keyRings/r/cryptoKeys/k",
    ],
)
def test_what_is_no_resource_id_is_refused(text: str):
    with pytest.raises(KeySourceError, match="resource id"):
        gcp_kms.parse_recipient(text)


def test_what_was_wrapped_opens_with_one_login(google: GoogleCloud):
    groups = [[entry(google.key(name))] for name in "abcdef"]
    keyring = Keyring.local()
    keyring.prepare(groups)
    assert [keyring.unwrap(group, "s.yaml") for group in groups] == [DATA_KEY] * 6
    assert google.paths().count("/token") == 1
    claims = google.requests[0][1]
    assert claims["iss"] == "sops@p.iam.gserviceaccount.com"
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"


def test_blanks_in_a_resource_id_do_not_count(google: GoogleCloud):
    name = google.key("k")
    assert gcp_kms.parse_recipient(f" {name} ").fields == {"resource_id": name}


def test_credentials_in_a_file(google: GoogleCloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "account.json").write_text(json.dumps(google.service_account()))
    monkeypatch.setenv("GOOGLE_CREDENTIALS", str(tmp_path / "account.json"))
    assert unwrap(entry(google.key("k"))) == DATA_KEY


def test_the_default_chain_finds_application_credentials(google: GoogleCloud, monkeypatch, tmp_path: Path):
    (tmp_path / "account.json").write_text(json.dumps(google.service_account()))
    monkeypatch.delenv("GOOGLE_CREDENTIALS")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
    assert unwrap(entry(google.key("k"))) == DATA_KEY


def test_a_token_in_the_environment_is_used_as_it_is(google: GoogleCloud, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GOOGLE_CREDENTIALS")
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "mine")
    google.tokens.add("mine")
    assert unwrap(entry(google.key("k"))) == DATA_KEY
    assert "/token" not in google.paths()


def test_a_token_that_has_ended_is_denied(google: GoogleCloud, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GOOGLE_CREDENTIALS")
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "old")
    with pytest.raises(AccessDenied, match="denies us the Cloud KMS key"):
        catalog.recipient("gcp_kms", google.key("k")).wrap(DATA_KEY)


@pytest.mark.parametrize("text", ["no json", "[]", "/nowhere/account.json"])
def test_credentials_that_are_none_are_a_mistake_in_the_settings(google: GoogleCloud, monkeypatch, text: str):
    monkeypatch.setenv("GOOGLE_CREDENTIALS", text)
    with pytest.raises(SettingsError, match="GOOGLE_CREDENTIALS"):
        catalog.recipient("gcp_kms", NAME).wrap(DATA_KEY)


def test_credentials_of_an_unknown_type_are_denied_and_not_quoted(google: GoogleCloud, monkeypatch):
    monkeypatch.setenv("GOOGLE_CREDENTIALS", '{"type": "service_account", "private_key": "-----BEGIN hush"}')
    with pytest.raises(AccessDenied) as caught:
        catalog.recipient("gcp_kms", NAME).wrap(DATA_KEY)
    assert "hush" not in str(caught.value)


def test_without_any_credentials_the_hint_says_how_to_log_in(google: GoogleCloud, monkeypatch):
    monkeypatch.delenv("GOOGLE_CREDENTIALS")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(AccessDenied, match="no Google credentials") as caught:
        catalog.recipient("gcp_kms", NAME).wrap(DATA_KEY)
    assert "gcloud auth application-default login" in caught.value.hints[0]


@pytest.mark.parametrize(
    ("status", "reason", "kind", "words"),
    [
        (403, "PERMISSION_DENIED", NoMatchingKey, "denies us the Cloud KMS key"),
        (404, "NOT_FOUND", NoMatchingKey, "there is no Cloud KMS key"),
        (429, "RESOURCE_EXHAUSTED", KeyServiceUnavailable, "fewer requests"),
        (503, "UNAVAILABLE", KeyServiceUnavailable, "trouble of its own"),
        (400, "INVALID_ARGUMENT", NoMatchingKey, "wrapped with another key, or changed"),
        (400, "FAILED_PRECONDITION", NoMatchingKey, "disabled or destroyed"),
        (302, "", NoMatchingKey, "does not answer like Google Cloud"),
    ],
)
def test_each_failure_has_its_kind_and_never_quotes_the_service(google: GoogleCloud, status, reason, kind, words):
    google.script = [(status, reason, {"Retry-After": "0"} if status == 429 else {})] * 3
    with pytest.raises(NoMatchingKey) as caught:
        unwrap(entry(NAME, "AAAA"))
    assert type(caught.value) is kind
    assert words in caught.value.attempts[0].reason
    assert "secret words" not in str(caught.value.attempts)


def test_a_throttled_request_is_made_again(google: GoogleCloud):
    group = entry(google.key("k"))
    google.script = [(429, "RESOURCE_EXHAUSTED", {}), (503, "UNAVAILABLE", {})]
    assert unwrap(group) == DATA_KEY


def test_an_answer_that_changed_on_its_way_is_not_taken(google: GoogleCloud):
    group = entry(google.key("k"))
    google.spoil_checksums = True
    with pytest.raises(KeyServiceUnavailable) as caught:
        unwrap(group)
    assert "changed on its way" in caught.value.attempts[0].reason
    with pytest.raises(Unavailable):
        catalog.recipient("gcp_kms", google.key("k")).wrap(DATA_KEY)


def test_an_entry_that_is_no_base64_is_told(google: GoogleCloud):
    with pytest.raises(NoMatchingKey) as caught:
        unwrap(entry(google.key("k"), "§"))
    assert "not base64" in caught.value.attempts[0].reason


def test_a_file_cannot_lead_the_login_to_another_path(google: GoogleCloud):
    bad = entry(NAME, base64.b64encode(b"x").decode())._replace(fields={"resource_id": "../v1/projects/p:setIamPolicy"})
    with pytest.raises(NoMatchingKey):
        unwrap(bad)
    assert google.requests == []


def test_google_that_is_away_is_worth_another_try(google: GoogleCloud, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOPS_GCP_KMS_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(KeyServiceUnavailable) as caught:
        Keyring.local(deadline=Deadline(5.0)).unwrap([entry(NAME, "AAAA")], "s.yaml")
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "https://cloudkms.googleapis.com"),
        ({"SOPS_GCP_KMS_UNIVERSE_DOMAIN": "example.goog"}, "https://cloudkms.example.goog"),
        ({"SOPS_GCP_KMS_ENDPOINT": "kms.private:443", "SOPS_GCP_KMS_UNIVERSE_DOMAIN": "x"}, "https://kms.private:443"),
        ({"SOPS_GCP_KMS_ENDPOINT": "https://kms.private/"}, "https://kms.private"),
    ],
)
def test_the_endpoint_is_the_one_that_sops_would_ask(environ: dict[str, str], url: str):
    assert gcp_kms.endpoint(environ) == url


def test_a_token_does_not_leave_the_machine_without_tls():
    with pytest.raises(SettingsError, match="no https"):
        gcp_kms.endpoint({"SOPS_GCP_KMS_ENDPOINT": "http://kms.example.com"})


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "google.auth.transport.urllib3", None)
    with pytest.raises(SettingsError, match="google-auth") as caught:
        catalog.recipient("gcp_kms", NAME).wrap(DATA_KEY)
    assert caught.value.hints == ("pip install 'secrets-gitops[gcp]'",)
