"""Keys of services with the real sops, both ways: Vault transit (OpenBao), AWS (moto), and small servers elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from typing import TYPE_CHECKING

import pytest
import yaml
from fakes.azure_vault import AzureVault
from fakes.google_cloud import GoogleCloud

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.live

PLAIN = "db:\n    password: hunter2\n    port: 5432\n"
ROLE = "arn:aws:iam::123456789012:role/sops"


@pytest.fixture
def sops(program, tmp_path: Path):
    """A maker: run the real sops in `tmp_path`."""

    def run(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [program("sops"), *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={**os.environ, "SOPS_DISABLE_VERSION_CHECK": "true"},
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    return run


@pytest.fixture
def both_ways(sops, cli, tmp_path: Path) -> Callable[[object], None]:
    """A maker: a file for these creation rules opens in ours and in sops, whoever encrypted it, with equal entries."""

    def check(rule: object) -> None:
        (tmp_path / ".sops.yaml").write_text(yaml.safe_dump({"creation_rules": [rule]}))
        (tmp_path / "p.yaml").write_text(PLAIN)
        theirs = sops("encrypt", "p.yaml")
        ours = cli("encrypt", "p.yaml")
        assert ours.returncode == 0, ours.stderr
        (tmp_path / "theirs.yaml").write_text(theirs)
        (tmp_path / "ours.yaml").write_bytes(ours.stdout)
        for name in ("theirs.yaml", "ours.yaml"):
            assert yaml.safe_load(sops("decrypt", name)) == yaml.safe_load(PLAIN)
            opened = cli("decrypt", name)
            assert opened.returncode == 0, opened.stderr
            assert yaml.safe_load(opened.stdout) == yaml.safe_load(PLAIN)
        assert _entries(theirs) == _entries(ours.stdout.decode())
        sops("set", "ours.yaml", '["db"]["port"]', "1")
        assert cli("set", "--json", "theirs.yaml", "db.port", stdin="1").returncode == 0
        assert yaml.safe_load(cli("decrypt", "ours.yaml").stdout)["db"]["port"] == 1
        assert yaml.safe_load(sops("decrypt", "theirs.yaml"))["db"]["port"] == 1

    return check


def _entries(text: str) -> object:
    """The metadata without what differs each time."""

    def stable(tree: object) -> object:
        if isinstance(tree, dict):
            changing = {"enc", "created_at", "mac", "lastmodified"}
            return {name: stable(value) for name, value in tree.items() if name not in changing}
        return [stable(item) for item in tree] if isinstance(tree, list) else tree

    return stable(yaml.safe_load(text)["sops"])


@pytest.fixture
def transit(openbao, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URI of a transit key, without its name."""
    path = f"team/transit-{uuid.uuid4().hex[:8]}"
    openbao.ask("POST", f"sys/mounts/{path}", {"type": "transit"})
    for name in ("k", "l"):
        openbao.ask("POST", f"{path}/keys/{name}", {})
    monkeypatch.setenv("VAULT_TOKEN", openbao.token)
    return f"{openbao.address}/v1/{path}/keys"


def test_a_transit_key(both_ways, transit: str):
    both_ways({"hc_vault_transit_uri": f"{transit}/k"})


def test_two_groups_of_transit_keys_with_a_threshold(both_ways, transit: str):
    both_ways({"key_groups": [{"hc_vault": [f"{transit}/k"]}, {"hc_vault": [f"{transit}/l"]}], "shamir_threshold": 2})


def test_the_allow_list_is_the_same_in_both(sops, cli, transit: str, openbao, tmp_path: Path, monkeypatch):
    (tmp_path / ".sops.yaml").write_text(yaml.safe_dump({"creation_rules": [{"hc_vault_transit_uri": f"{transit}/k"}]}))
    (tmp_path / "p.yaml").write_text(PLAIN)
    (tmp_path / "e.yaml").write_text(sops("encrypt", "p.yaml"))
    address = openbao.address
    lists = ["all", "none", address, f"{address}/", address[:-1], f"{address}/v1", f"http://x, {address} ", "all,x", ""]
    for listed in lists:
        monkeypatch.setenv("SOPS_HC_VAULT_ALLOWLIST", listed)
        ours = cli("decrypt", "e.yaml").returncode
        sops("decrypt", "e.yaml", code=0 if ours == 0 else 128)
        assert (cli("encrypt", "p.yaml").returncode == 0) == (ours == 0), listed


def test_an_aws_key(both_ways, aws):
    both_ways({"kms": aws.key()})


def test_an_aws_key_with_a_role_in_its_text(both_ways, aws):
    both_ways({"kms": f"{aws.key()}+{ROLE}"})


def test_aws_keys_with_role_context_and_profile(both_ways, aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    (tmp_path / "credentials").write_text("[prod]\naws_access_key_id = a\naws_secret_access_key = b\n")
    entry = {"arn": aws.key(), "role": ROLE, "context": {"App": "exam", "Env": "a b"}}
    other = {"arn": aws.key(region="us-west-2"), "aws_profile": "prod"}
    both_ways({"key_groups": [{"kms": [entry, other]}]})


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch):
    """A Google Cloud for both programs."""
    cloud = GoogleCloud()
    monkeypatch.setenv("SOPS_GCP_KMS_ENDPOINT", cloud.address)
    monkeypatch.setenv("SOPS_GCP_KMS_CLIENT_TYPE", "rest")
    monkeypatch.setenv("GOOGLE_CREDENTIALS", json.dumps(cloud.service_account()))
    yield cloud
    cloud.stop()


def test_a_google_key(both_ways, google: GoogleCloud):
    both_ways({"gcp_kms": google.key("k")})


@pytest.fixture
def azure(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """An Azure for both programs."""
    vault = AzureVault(tmp_path_factory.mktemp("azure"))
    for name, value in vault.environ.items():
        monkeypatch.setenv(name, value)
    yield vault
    vault.stop()


def test_an_azure_key_whose_version_is_looked_up(both_ways, azure: AzureVault):
    both_ways({"azure_keyvault": azure.key("k")})


def test_an_azure_key_with_its_version(both_ways, azure: AzureVault):
    both_ways({"azure_keyvault": f"{azure.key('k')}/{'1' * 32}"})


def test_everything_in_one_file(both_ways, transit: str, aws, google: GoogleCloud, azure: AzureVault):
    group = {
        "kms": [{"arn": aws.key()}],
        "gcp_kms": [{"resource_id": google.key("k")}],
        "azure_keyvault": [{"vaultUrl": azure.address, "key": azure.key("k").rpartition("/")[2], "version": ""}],
        "hc_vault": [f"{transit}/k"],
    }
    both_ways({"key_groups": [group]})
    both_ways({"key_groups": [{name: keys} for name, keys in group.items()], "shamir_threshold": 3})
