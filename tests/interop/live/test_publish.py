"""`sops publish` of the drop-in, to a real OpenBao, to S3 (moto) and to a small stand-in for Google's storage."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.parse
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.keys import age

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live

PLAIN = "a: 1\nb: x\nl:\n  - p\n  - q\nwhen: 2020-02-03\n"
DATA = {"a": 1, "b": "x", "l": ["p", "q"], "when": "2020-02-03T00:00:00Z"}


@pytest.fixture
def run(cli, tmp_path: Path):
    """A maker: a command line of the drop-in where `f.yaml` is encrypted and rules say where it goes."""
    identity, recipient = age.generate()
    (tmp_path / "key").write_bytes(identity.reveal())
    environ = {"SOPS_AGE_KEY_FILE": str(tmp_path / "key")}

    def call(*words: str, code: int = 0, stdin: str = "", **more: str):
        done = cli("sops", *words, env={**environ, **more}, stdin=stdin)
        assert done.returncode == code, done.stderr.decode()
        return done

    def rules(*destinations: dict[str, object]) -> None:
        (tmp_path / ".sops.yaml").write_text(
            json.dumps({"creation_rules": [{"age": recipient}], "destination_rules": destinations})
        )

    rules()
    for name in ("f", "tree/one", "tree/sub/two"):
        (tmp_path / f"{name}.yaml").parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{name}.yaml").write_text(PLAIN)
        call("encrypt", "-i", f"{name}.yaml")
    call.rules, call.recipient = rules, recipient
    return call


class TestVault:
    def test_the_plaintext_goes_into_a_secret_once(self, run, openbao) -> None:
        mount = openbao.mount(2)
        run.rules({"vault_path": "deep/", "vault_address": openbao.address, "vault_kv_mount_name": f"{mount}/"})
        for _ in range(2):
            run("publish", "-y", "f.yaml", VAULT_TOKEN=openbao.token)
        found = openbao.ask("GET", f"{mount}/data/deep/f.yaml")["data"]
        assert found["data"] == DATA
        assert found["metadata"]["version"] == 1

    def test_version_1_at_the_address_of_the_environment(self, run, openbao) -> None:
        mount = openbao.mount(1)
        run.rules({"vault_path": "x/", "vault_kv_mount_name": mount, "vault_kv_version": 1, "omit_extensions": True})
        run("publish", "-y", "f.yaml", VAULT_TOKEN=openbao.token, VAULT_ADDR=openbao.address)
        assert openbao.ask("GET", f"{mount}/x/f")["data"] == DATA

    def test_a_server_that_is_not_listed_gets_no_token(self, run, openbao) -> None:
        run.rules({"vault_path": "x/", "vault_address": openbao.address})
        environ = {"VAULT_TOKEN": openbao.token, "SOPS_HC_VAULT_ALLOWLIST": "none"}
        assert b"ALLOWLIST" in run("publish", "-y", "f.yaml", code=1, **environ).stderr

    def test_a_wrong_token_is_told(self, run, openbao) -> None:
        run.rules({"vault_path": "x/", "vault_address": openbao.address})
        run("publish", "-y", "f.yaml", code=1, VAULT_TOKEN="wrong")


class TestS3:
    @pytest.fixture
    def bucket(self, aws):
        import boto3

        client = boto3.client("s3", endpoint_url=aws.address, region_name="us-east-1")
        client.create_bucket(Bucket="published")
        return lambda key: client.get_object(Bucket="published", Key=key)["Body"].read()

    def test_the_file_goes_as_it_is(self, run, bucket, tmp_path: Path) -> None:
        run.rules({"path_regex": "^f", "s3_bucket": "published", "s3_prefix": "pre/"})
        run("publish", "-y", "f.yaml")
        assert bucket("pre/f.yaml") == (tmp_path / "f.yaml").read_bytes()

    def test_a_folder_keeps_its_paths(self, run, bucket, tmp_path: Path) -> None:
        run.rules({"s3_bucket": "published"})
        run("publish", "-y", "--recursive", "--omit-extensions", "tree")
        assert bucket("one") == (tmp_path / "tree/one.yaml").read_bytes()
        assert bucket("sub/two") == (tmp_path / "tree/sub/two.yaml").read_bytes()

    def test_encrypted_anew_for_the_keys_of_the_rule(self, run, bucket, tmp_path: Path) -> None:
        identity, other = age.generate()
        run.rules({"s3_bucket": "published", "s3_prefix": "new/", "recreation_rule": {"age": other}})
        run("publish", "-y", "f.yaml")
        (tmp_path / "got.yaml").write_bytes(bucket("new/f.yaml"))
        (tmp_path / "key").write_bytes(identity.reveal())
        assert run("decrypt", "got.yaml").stdout.decode() == PLAIN.replace("03", "03T00:00:00Z")

    def test_a_no_leaves_it_here(self, run, bucket) -> None:
        run.rules({"s3_bucket": "published", "s3_prefix": "no/"})
        run("publish", "f.yaml", stdin="n\n")
        with pytest.raises(Exception, match="NoSuchKey"):
            bucket("no/f.yaml")

    def test_a_plaintext_file_is_refused(self, run, bucket, tmp_path: Path) -> None:
        (tmp_path / "f.yaml").write_text(PLAIN)
        run.rules({"s3_bucket": "published", "s3_prefix": "clear/"})
        run("publish", "-y", "f.yaml", code=1)

    def test_everything_has_a_rule_before_the_first_file_goes(self, run, bucket) -> None:
        run.rules({"path_regex": "one", "s3_bucket": "published", "s3_prefix": "part/"})
        run("publish", "-y", "--recursive", "tree", code=1)
        with pytest.raises(Exception, match="NoSuchKey"):
            bucket("part/one.yaml")


def test_google_storage(run, tmp_path: Path) -> None:
    got: dict[str, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            url = urllib.parse.urlsplit(self.path)
            name = dict(urllib.parse.parse_qsl(url.query))["name"]
            data = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Authorization"] == "Bearer t":
                got[f"{url.path}:{name}"] = data
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    run.rules({"gcs_bucket": "bucket", "gcs_prefix": "pre/"})
    environ = {"STORAGE_EMULATOR_HOST": f"127.0.0.1:{server.server_port}", "GOOGLE_OAUTH_ACCESS_TOKEN": "t"}
    run("publish", "-y", "f.yaml", **environ)
    server.shutdown()
    server.server_close()
    assert got == {"/upload/storage/v1/b/bucket/o:pre/f.yaml": (tmp_path / "f.yaml").read_bytes()}


def test_what_no_rule_fits_stays(run) -> None:
    run.rules({"path_regex": "nope", "s3_bucket": "b"})
    run("publish", "-y", "f.yaml", code=1)
    run.rules({"path_regex": "f", "s3_bucket": "b", "gcs_bucket": "c"})
    run("publish", "-y", "f.yaml", code=1)
    run("decrypt", "f.yaml")
