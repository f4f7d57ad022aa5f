"""Paths of External Secrets' Vault provider, against what the genuine operator builds."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from secrets_gitops.backends.vault_paths import data_path, metadata_path
from secrets_gitops.errors import BadReference

VECTORS = Path(__file__).parents[2] / "interop" / "vectors" / "external-secrets" / "vault.yaml"
CASES = [case for case in yaml.safe_load(VECTORS.read_text())["cases"] if case["kind"] == "path"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_recorded_paths(case):
    mount, version, expected = case.get("mount_path"), int(case["kv_version"][1]), case["expect"]
    assert data_path(mount, version, case["remote_key"]) == expected["data_path"]
    if "metadata_error" in expected:
        with pytest.raises(BadReference):
            metadata_path(mount, version, case["remote_key"])
    else:
        assert metadata_path(mount, version, case["remote_key"]) == expected["metadata_path"]


def test_a_key_that_is_no_more_than_a_mount():
    with pytest.raises(BadReference, match="must begin with the mount"):
        data_path(None, 2, "secret")
