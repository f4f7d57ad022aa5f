"""AWS KMS keys against moto: contexts, roles, profiles, regions, and what each failure is called."""

from __future__ import annotations

import base64
import http.server
import threading
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.clients import aws as client
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import AccessDenied, KeyServiceUnavailable, KeySourceError, NoMatchingKey, SettingsError
from secrets_gitops.keys import aws_kms, catalog
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.keys.recipient import WrappedKey
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from pathlib import Path

    from aws_server import Aws

DATA_KEY = Plaintext(bytes(range(32)))
ARN = "arn:aws:kms:eu-central-1:111122223333:key/1234"
ROLE = "arn:aws:iam::123456789012:role/team+blue/sops"


def entry(text: str, enc: str | None = None) -> WrappedKey:
    recipient = catalog.recipient("kms", text)
    return WrappedKey("kms", recipient.text, recipient.wrap(DATA_KEY) if enc is None else enc, recipient.fields)


def unwrap(*entries: WrappedKey) -> Plaintext:
    return Keyring.local().unwrap(entries, "s.yaml")


@pytest.mark.parametrize(
    ("text", "fields", "same"),
    [
        (ARN, {"arn": ARN, "aws_profile": ""}, ARN),
        (f" {ARN} ", {"arn": ARN, "aws_profile": ""}, ARN),
        (f"{ARN}+{ROLE}", {"arn": ARN, "role": ROLE, "aws_profile": ""}, f"{ARN}+{ROLE}"),
        (
            f"{ARN}|Role:web,App:a b|prod",
            {"arn": ARN, "context": {"App": "a b", "Role": "web"}, "aws_profile": "prod"},
            f"{ARN}|App:a b,Role:web|prod",
        ),
        (f"{ARN}||prod", {"arn": ARN, "aws_profile": "prod"}, f"{ARN}||prod"),
        (f"{ARN}|A:arn:x:y,z", {"arn": ARN, "context": {"A": "arn:x:y,z"}, "aws_profile": ""}, f"{ARN}|A:arn:x:y,z"),
        (
            "arn:aws-cn:kms:cn-north-1:1:alias/a/b",
            {"arn": "arn:aws-cn:kms:cn-north-1:1:alias/a/b", "aws_profile": ""},
            None,
        ),
    ],
)
def test_a_text_names_key_role_context_and_profile(text: str, fields: dict[str, object], same: str | None):
    found = aws_kms.parse_recipient(text)
    assert found.fields == fields
    assert found.text == (text if same is None else same)


@pytest.mark.parametrize("text", ["", "alias/x", "arn:aws:s3:::bucket", f"{ARN}|nocolon", f"{ARN}|a:b|p|q"])
def test_what_names_no_key_is_refused(text: str):
    with pytest.raises(KeySourceError):
        aws_kms.parse_recipient(text)


@pytest.mark.parametrize("rest", ["", "|App:exam,Env:x:y", f"+{ROLE}", f"+{ROLE}|A:b"])
def test_what_was_wrapped_opens(aws: Aws, rest: str):
    assert unwrap(entry(aws.key() + rest)) == DATA_KEY


def test_the_region_is_the_one_in_the_arn(aws: Aws):
    assert unwrap(entry(aws.key(region="ap-south-1"))) == DATA_KEY


def test_an_alias_is_a_key_too(aws: Aws):
    arn = aws.key()
    alias = arn.rpartition(":")[0] + ":alias/sops"
    aws.ask("kms", "CreateAlias", {"AliasName": "alias/sops", "TargetKeyId": arn})
    assert unwrap(entry(alias)) == DATA_KEY


def test_another_context_opens_nothing_and_says_why(aws: Aws):
    arn = aws.key()
    good = entry(f"{arn}|App:exam")
    fields = {**good.fields, "context": {"App": "other"}}
    with pytest.raises(NoMatchingKey) as caught:
        unwrap(good._replace(fields=fields))
    assert caught.value.exit_code == 3
    assert "another key or encryption context" in caught.value.attempts[0].reason


def test_a_profile_brings_its_own_credentials(aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    arn = aws.key()
    with pytest.raises(AccessDenied, match="no AWS credentials"):
        catalog.recipient("kms", arn).wrap(DATA_KEY)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text("[prod]\naws_access_key_id = a\naws_secret_access_key = b\n")
    assert unwrap(entry(f"{arn}||prod")) == DATA_KEY
    with pytest.raises(SettingsError, match="no AWS profile `nobody`"):
        catalog.recipient("kms", f"{arn}||nobody").wrap(DATA_KEY)


def test_a_role_is_taken_on_once_for_a_run(aws: Aws, monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    once = client.Aws._once

    def noted(self, account, service, operation, *more):
        asked.append(f"{service} {operation}")
        return once(self, account, service, operation, *more)

    monkeypatch.setattr(client.Aws, "_once", noted)
    monkeypatch.setenv("AWS_EXECUTION_ENV", "an environment of its own")
    groups = [[entry(f"{aws.key()}+{ROLE}")] for _ in range(6)]
    keyring = Keyring.local()
    keyring.prepare(groups)
    assert [keyring.unwrap(group, "s.yaml") for group in groups] == [DATA_KEY] * 6
    assert asked.count("sts assume_role") == 1
    assert asked.count("kms decrypt") == 6


def test_a_session_is_called_as_sops_calls_it():
    assert client.session_name("build-7.example.com") == "sops@build-7.example.com"
    assert client.session_name("my host!") == "sops@myhost"
    assert len(client.session_name("h" * 100)) == 64


def test_a_key_that_is_not_there_is_told(aws: Aws):
    arn = aws.key().rpartition("/")[0] + "/00000000-0000-0000-0000-000000000000"
    with pytest.raises(KeySourceError, match="there is no KMS key") as caught:
        catalog.recipient("kms", arn).wrap(DATA_KEY)
    assert caught.value.exit_code == 3


def test_an_entry_that_is_no_base64_is_told(aws: Aws):
    with pytest.raises(NoMatchingKey) as caught:
        unwrap(entry(ARN, "§"))
    assert "not base64" in caught.value.attempts[0].reason


def test_aws_that_is_away_is_worth_another_try(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with pytest.raises(KeyServiceUnavailable) as caught:
        Keyring.local(deadline=Deadline(1.0)).unwrap([entry(ARN, "AAAA")], "s.yaml")
    assert caught.value.exit_code == 4
    assert "cannot reach AWS" in caught.value.attempts[0].reason


class _Scripted(http.server.BaseHTTPRequestHandler):
    """Answers with the next of the server's (status, code); the last one for ever."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        script = self.server.script  # type: ignore[attr-defined]
        status, code = script.pop(0) if len(script) > 1 else script[0]
        body = f'{{"__type": "{code}", "message": "secret words"}}' if status != 200 else code
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch):
    """A maker: AWS answers as the script says."""
    servers = []

    def start(*script: tuple[int, str]) -> None:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Scripted)
        server.script = list(script)  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        monkeypatch.setattr("secrets_gitops.clients.retrying._FIRST_WAIT", 0.01)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (400, "AccessDeniedException", NoMatchingKey, "denies us the KMS key"),
        (400, "ExpiredTokenException", NoMatchingKey, "ExpiredToken"),
        (400, "NotFoundException", NoMatchingKey, "there is no KMS key"),
        (400, "DisabledException", NoMatchingKey, "the key is disabled"),
        (400, "ThrottlingException", KeyServiceUnavailable, "fewer requests"),
        (500, "KMSInternalException", KeyServiceUnavailable, "trouble of its own"),
        (400, "SomethingNewException", NoMatchingKey, "SomethingNewException"),
    ],
)
def test_each_failure_has_its_kind_and_never_quotes_the_service(scripted, status, code, kind, words):
    scripted((status, code))
    with pytest.raises(NoMatchingKey) as caught:
        unwrap(entry(ARN, "AAAA"))
    assert type(caught.value) is kind
    assert words in caught.value.attempts[0].reason
    assert "secret words" not in str(caught.value.attempts)


def test_a_throttled_request_is_made_again(scripted):
    answer = f'{{"Plaintext": "{base64.b64encode(DATA_KEY.reveal()).decode()}", "KeyId": "{ARN}"}}'
    scripted((400, "ThrottlingException"), (503, "x"), (200, answer))
    assert unwrap(entry(ARN, "AAAA")) == DATA_KEY


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    import sys

    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(SettingsError, match="boto3") as caught:
        catalog.recipient("kms", ARN).wrap(DATA_KEY)
    assert caught.value.hints == ("pip install 'secrets-gitops[aws]'",)
    with pytest.raises(NoMatchingKey) as refused:
        unwrap(entry(ARN, "AAAA"))
    assert refused.value.hints[0] == "pip install 'secrets-gitops[aws]'"


def test_credentials_of_a_role_are_renewed_before_they_end(monkeypatch: pytest.MonkeyPatch):

    live = client._Live(object(), 1000.0)
    aws = client.Aws()
    account = client.Account("eu-central-1", role=ROLE)
    aws._live["kms", account] = live
    monkeypatch.setattr(client.time, "time", lambda: 999.0)
    assert aws._client("kms", account, Deadline(None)) is live.client
    fresh = client._Live(object(), None)
    monkeypatch.setattr(client.Aws, "_made", lambda *_: fresh)
    monkeypatch.setattr(client.time, "time", lambda: 1001.0)
    assert aws._client("kms", account, Deadline(None)) is fresh.client
