"""AWS in one process (moto) for the tests: a fixture that starts it on a free loopback port, and its administrator.

Taken in by `conftest.py`, so that every test may ask for `aws`.
"""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from openbao import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

REGION = "eu-central-1"


class Aws:
    """A server that we started, and requests to it as its administrator."""

    def __init__(self, address: str) -> None:
        self.address = address

    @property
    def environ(self) -> dict[str, str]:
        """What a client needs, our command line and the real sops alike."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def ask(self, service: str, action: str, body: object, *, region: str = REGION) -> Any:
        """The JSON of the answer to an action of a service that speaks JSON. Raises HTTPError."""
        prefix = {"kms": "TrentService", "secretsmanager": "secretsmanager", "ssm": "AmazonSSM"}[service]
        request = urllib.request.Request(
            self.address,
            data=json.dumps(body).encode(),
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"{prefix}.{action}",
                "X-Amz-Date": "20260101T000000Z",
                "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{region}/{service}/aws4_request, "
                "SignedHeaders=host, Signature=x",
            },
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=20) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def key(self, *, region: str = REGION) -> str:
        """The ARN of a new KMS key."""
        return str(self.ask("kms", "CreateKey", {}, region=region)["KeyMetadata"]["Arn"])


@pytest.fixture(scope="session")
def aws_server(program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory):
    """One AWS for the session."""
    folder = tmp_path_factory.mktemp("moto")
    port = free_port()
    with (folder / "moto.log").open("wb") as log:
        process = subprocess.Popen(
            [program("moto_server"), "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log, cwd=folder
        )
    server = Aws(f"http://127.0.0.1:{port}")
    until = time.monotonic() + 60
    while True:
        try:
            server.key()
            break
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                process.kill()
                raise AssertionError((folder / "moto.log").read_text()[-2000:]) from None
            time.sleep(0.1)
    yield server
    process.terminate()
    process.wait(20)


@pytest.fixture
def aws(aws_server: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The AWS of the session, which the environment of the test leads to."""
    for name, value in aws_server.environ.items():
        monkeypatch.setenv(name, value)
    return aws_server
