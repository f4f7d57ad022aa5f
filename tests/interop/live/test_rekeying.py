"""Other keys and other data keys with the real sops: it opens what we changed, and we change what it wrote."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
import uuid
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.keys import age

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live

TEXTS = {
    "f.yaml": "# head\na: s3cret   # side\nl:\n    - one\n    # in the list\n    - 2\nm: |\n    one\n    two\n",
    "f.json": '{\n\t"a": "s3cret",\n\t"l": ["one", 2, {"x": 1.5}]\n}\n',
    "f.env": "# head\na=s3cret\nb=two\\nlines\n",
    "f.ini": "[s]\n; head\na = s3cret\nb = two\n",
    "f.txt": "s3cret\x00\n",
}
every_format = pytest.mark.parametrize("path", TEXTS)


@pytest.fixture
def people(tmp_path: Path) -> list[str]:
    """Recipients of three identity files, `key0` to `key2`."""
    made = [age.generate() for _ in range(3)]
    for number, (identity, _) in enumerate(made):
        (tmp_path / f"key{number}").write_bytes(identity.reveal())
    return [recipient for _, recipient in made]


@pytest.fixture
def run(program, cli, tmp_path: Path):
    """A maker: run ours, or with `sops` as the first word the real one, with some of the keys; gives its output."""

    def start(*arguments: str, keys: tuple[int, ...] = (0,), code: int = 0) -> bytes:
        identities = b"\n".join((tmp_path / f"key{key}").read_bytes() for key in keys).decode()
        env = {"SOPS_AGE_KEY": identities, "SOPS_DISABLE_VERSION_CHECK": "true"}
        if arguments[0] == "sops":
            command = [program("sops"), *arguments[1:]]
            done = subprocess.run(
                command, cwd=tmp_path, capture_output=True, env={**os.environ, **env}, timeout=60, check=False
            )
        else:
            done = cli(*arguments, env=env)
        assert done.returncode == code, done.stderr.decode()
        return done.stdout

    return start


def rules(tmp_path: Path, *groups: list[str], threshold: int = 0) -> None:
    rule: dict[str, object] = {"key_groups": [{"age": group} for group in groups]}
    if threshold:
        rule["shamir_threshold"] = threshold
    (tmp_path / ".sops.yaml").write_text(json.dumps({"creation_rules": [rule]}))


@every_format
@pytest.mark.parametrize("writer", ["ours", "sops"])
def test_keys_in_and_out_groups_and_back(run, tmp_path: Path, people: list[str], path: str, writer: str):
    rules(tmp_path, [people[0]])
    file = tmp_path / path
    file.write_bytes(TEXTS[path].encode())
    run(*(["sops"] if writer == "sops" else []), "encrypt", "-i", path)
    wanted = run("sops", "decrypt", path)
    for groups, threshold, keys in (
        ([[people[0], people[1]]], 0, (1,)),
        ([[people[0]], [people[1]], [people[2]]], 0, (0, 1, 2)),
        ([[people[0], people[2]], [people[1]]], 0, (1, 2)),
        ([[people[2]]], 0, (2,)),
    ):
        rules(tmp_path, *groups, threshold=threshold)
        run("updatekeys", "--yes", path, keys=(0, 1, 2))
        assert run("sops", "decrypt", path, keys=keys) == wanted
        assert run("decrypt", path, keys=keys)
        before = file.read_bytes()
        run("sops", "updatekeys", "--yes", path, keys=(0, 1, 2))
        assert file.read_bytes() == before, "sops still found something to change"


@every_format
@pytest.mark.parametrize("writer", ["ours", "sops"])
def test_a_rotated_file_opens_in_sops_with_its_mac(run, tmp_path: Path, people: list[str], path: str, writer: str):
    rules(tmp_path, [people[0]], [people[1]])
    (tmp_path / path).write_bytes(TEXTS[path].encode())
    run(*(["sops"] if writer == "sops" else []), "encrypt", "-i", path)
    wanted = run("sops", "decrypt", path, keys=(0, 1))
    run("rotate", "--add", people[2], path, keys=(0, 1))
    assert run("sops", "decrypt", path, keys=(1, 2)) == wanted
    run("revoke", people[2], path, keys=(0, 1))
    assert run("sops", "decrypt", path, keys=(0, 1)) == wanted
    run("sops", "decrypt", path, keys=(1, 2), code=128)


@every_format
def test_rotating_leaves_all_lines_but_those_of_keys_and_envelopes(run, tmp_path: Path, people: list[str], path: str):
    rules(tmp_path, [people[0]])
    (tmp_path / path).write_bytes(TEXTS[path].encode())
    run("sops", "encrypt", "-i", path)
    before = (tmp_path / path).read_text().splitlines()
    run("rotate", path)
    after = (tmp_path / path).read_text().splitlines()
    assert len(before) == len(after)
    for one, two in zip(before, after, strict=True):
        if one != two:
            assert "ENC[" in one or "lastmodified" in one or "AGE" in one or len(one.strip()) in range(20, 65)


@every_format
def test_keys_of_services_with_roles_and_contexts(run, aws, openbao, tmp_path: Path, people, path: str, monkeypatch):
    mount = f"transit-{uuid.uuid4().hex[:8]}"
    openbao.ask("POST", f"sys/mounts/{mount}", {"type": "transit"})
    openbao.ask("POST", f"{mount}/keys/k", {})
    monkeypatch.setenv("VAULT_TOKEN", openbao.token)
    kms = {"arn": aws.key(), "context": {"app": "web", "env": "x"}}
    vault = f"{openbao.address}/v1/{mount}/keys/k"
    file = tmp_path / path
    file.write_bytes(TEXTS[path].encode())
    rules(tmp_path, [people[0]])
    run("encrypt", "-i", path)
    wanted = run("sops", "decrypt", path)
    groups = [{"kms": [kms], "age": [people[0]]}, {"hc_vault": [vault]}]
    (tmp_path / ".sops.yaml").write_text(json.dumps({"creation_rules": [{"key_groups": groups}]}))
    run("updatekeys", "--yes", path)
    assert run("sops", "decrypt", path, keys=(1,)) == wanted
    run("rotate", "--add", people[1], "--remove", people[0], path, keys=(1,))
    assert run("sops", "decrypt", path, keys=(0,)) == wanted
    run("revoke", kms["arn"], path, keys=(1,))
    assert run("sops", "decrypt", path, keys=(1,)) == wanted
    run("sops", "decrypt", path, keys=(0,), code=128)
    run("revoke", vault, path, keys=(1,), code=2)


def test_push_to_a_bucket_as_it_is_and_for_other_keys(run, aws, tmp_path: Path, people: list[str]):
    request = urllib.request.Request(f"{aws.address}/bucket", method="PUT", headers={"Host": "s3.amazonaws.com"})
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20).close()
    (tmp_path / ".sops.yaml").write_text(
        json.dumps(
            {
                "creation_rules": [{"age": people[0]}],
                "destination_rules": [
                    {"path_regex": "^as/", "s3_bucket": "bucket", "s3_prefix": "in/"},
                    {"s3_bucket": "bucket", "recreation_rule": {"age": people[1]}, "omit_extensions": True},
                ],
            }
        )
    )
    for folder in ("as", "anew"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "f.yaml").write_text("a: s3cret\n")
    run("encrypt", "-i", "as", "anew")
    run("push", "--yes", "as", "anew/f.yaml")

    def held(name: str) -> bytes:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        signed = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"
        request = urllib.request.Request(f"{aws.address}/bucket/{name}", headers={"Authorization": signed})
        return opener.open(request, timeout=20).read()

    assert held("in/f.yaml") == (tmp_path / "as/f.yaml").read_bytes()
    (tmp_path / "got.yaml").write_bytes(held("f"))
    assert run("sops", "decrypt", "got.yaml", keys=(1,)) == b"a: s3cret\n"
    run("sops", "decrypt", "got.yaml", keys=(0,), code=128)


def test_push_to_vault_writes_the_values_once(run, openbao, tmp_path: Path, people: list[str], monkeypatch):
    mount = openbao.mount(2)
    monkeypatch.setenv("VAULT_ADDR", openbao.address)
    monkeypatch.setenv("VAULT_TOKEN", openbao.token)
    (tmp_path / ".sops.yaml").write_text(
        json.dumps(
            {
                "creation_rules": [{"age": people[0]}],
                "destination_rules": [
                    {"vault_path": "apps/", "vault_kv_mount_name": mount, "vault_address": openbao.address,
                     "omit_extensions": True}
                ],
            }
        )
    )  # fmt: skip
    (tmp_path / "f.yaml").write_text("a: s3cret\nn: 5\nl: [x]\n")
    run("encrypt", "-i", "f.yaml")
    run("push", "--yes", "f.yaml")
    run("push", "--yes", "f.yaml")
    held = openbao.ask("GET", f"{mount}/data/apps/f")["data"]
    assert held["data"] == {"a": "s3cret", "n": 5, "l": ["x"]}
    assert held["metadata"]["version"] == 1
