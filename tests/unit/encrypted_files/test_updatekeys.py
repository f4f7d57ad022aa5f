"""When the keys of a file are those of its rule: sets per group, whatever their order and spelling."""

from __future__ import annotations

import json

import pytest

from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files import recipients, updatekeys
from secrets_gitops.errors import NotBuiltYet, SettingsError
from secrets_gitops.keys import age

ALICE, BOB = (age.generate()[1] for _ in range(2))
ARN = "arn:aws:kms:eu-west-1:123456789012:key/a"
ROLE = "arn:aws:iam::123456789012:role/r"
AT = "2026-01-02T03:04:05Z"
GROUP = {
    "age": [{"recipient": ALICE, "enc": "x"}],
    "azure_kv": [{"vault_url": "https://v.vault.azure.net", "name": "k", "version": "1", "created_at": AT, "enc": "x"}],
    "hc_vault": [
        {"vault_address": "https://v:8200", "engine_path": "a/b", "key_name": "k", "created_at": AT, "enc": "x"}
    ],
    "kms": [
        {"arn": ARN, "role": ROLE, "context": {"b": "2", "a": "1"}, "aws_profile": "p", "created_at": AT, "enc": "x"}
    ],
    "hckms": [{"key_id": "region:1", "created_at": AT, "enc": "x"}],
    "gcp_kms": [
        {"resource_id": "projects/p/locations/l/keyRings/r/cryptoKeys/k", "created_at": AT, "enc": "x"},
    ],
}
RULE = {
    "hc_vault": ["https://v:8200/v1/a/b/keys/k/"],
    "gcp_kms": [{"resource_id": "projects/p/locations/l/keyRings/r/cryptoKeys/k"}],
    "hckms": [{"key_id": "region:1"}],
    "kms": [{"arn": ARN, "role": ROLE, "context": {"a": "1", "b": "2"}, "aws_profile": "p"}],
    "azure_keyvault": [{"vaultUrl": "https://v.vault.azure.net", "key": "k"}],
    "age": [ALICE],
}


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """A maker: what `updatekeys` would do to a file with these key groups under a rule with those."""
    monkeypatch.chdir(tmp_path)

    def make(groups: list[object], rule: list[object], *, threshold: int = 0, wanted: int = 0) -> updatekeys.Plan:
        made = {"creation_rules": [{"key_groups": rule, **({"shamir_threshold": wanted} if wanted else {})}]}
        (tmp_path / ".sops.yaml").write_text(json.dumps(made))
        block = {"lastmodified": AT, "mac": "ENC[x]", "version": "3.13.3"}
        if threshold:
            block["shamir_threshold"] = threshold
        block |= groups[0] if len(groups) == 1 else {"key_groups": groups}
        return updatekeys.plan(read(json.dumps({"a": None, "sops": block}), path="f.json"))

    return make


def people(*who: str) -> dict[str, object]:
    return {"age": [{"recipient": one, "enc": "x"} for one in who]}


def test_every_kind_is_known_again_whatever_the_order(plan):
    assert plan([GROUP], [RULE]).lines == ()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"kms": [{"arn": ARN, "role": ROLE, "context": {"a": "1"}, "aws_profile": "p"}]}, f"+ kms {ARN}+{ROLE}|a:1|p"),
        ({"kms": [{"arn": ARN, "role": ROLE, "context": {"a": "1", "b": "2"}}]}, f"+ kms {ARN}+{ROLE}|a:1,b:2"),
        ({"hc_vault": []}, "- hc_vault https://v:8200/v1/a/b/keys/k"),
        ({"azure_keyvault": [{"vaultUrl": "https://v.vault.azure.net", "key": "k", "version": "2"}]},
         "- azure_kv https://v.vault.azure.net/keys/k/1"),
    ],
)  # fmt: skip
def test_what_differs_is_told(plan, change, line):
    assert line in plan([GROUP], [RULE | change]).lines


def test_groups_are_compared_one_by_one(plan):
    found = plan([people(ALICE), people(BOB)], [{"age": [BOB]}, {"age": [ALICE]}])
    assert found.lines == (
        f"+ group 1: age {BOB}",
        f"- group 1: age {ALICE}",
        f"+ group 2: age {ALICE}",
        f"- group 2: age {BOB}",
    )
    assert plan([people(ALICE, BOB), people(BOB)], [{"age": [BOB, ALICE]}, {"age": [BOB]}]).lines == ()


@pytest.mark.parametrize(
    ("before", "threshold", "after", "wanted"),
    [
        (3, 2, 2, 2),
        (3, 3, 2, 2),
        (2, 0, 3, 3),
        (1, 0, 2, 2),
        (2, 2, 1, 2),
    ],
)
def test_the_threshold_is_that_of_the_file_within_the_number_of_groups(plan, before, threshold, after, wanted):
    found = plan([people(ALICE)] * before, [{"age": [ALICE, BOB]}] * after, threshold=threshold)
    assert found.wanted.threshold == wanted


def test_a_threshold_of_the_rule_that_does_not_count_is_told(plan):
    found = plan([people(ALICE)] * 3, [{"age": [ALICE]}] * 3, threshold=3, wanted=2)
    assert found.lines == ()
    assert "does not reach files that exist" in found.warnings[0][1]


def test_a_kind_that_is_not_handled_can_stay_and_go_but_not_come(plan):
    assert plan([GROUP], [RULE | {"hckms": []}]).lines == ("- hckms region:1",)
    with pytest.raises(NotBuiltYet, match="Huawei"):
        plan([people(ALICE)], [{"age": [ALICE], "hckms": [{"key_id": "region:1"}]}])


def test_a_rule_with_a_mistake_or_an_empty_group(plan):
    with pytest.raises(SettingsError, match="age"):
        plan([people(ALICE)], [{"age": ["age1bad"]}])
    with pytest.raises(SettingsError, match="empty"):
        plan([people(ALICE)], [{"age": [ALICE]}, {}])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param(ALICE, "age", id="age"),
        ("ssh-ed25519 AAAA me", "age"),
        (ARN, "kms"),
        ("projects/p/locations/l/keyRings/r/cryptoKeys/k", "gcp_kms"),
        ("https://v:8200/v1/sops/keys/k", "hc_vault"),
        ("https://x.vault.azure.net/keys/k/1", "azure_kv"),
        ("85D77543B3D624B63CEA9E6DBC17301B491B3F21", "pgp"),
        ("85D7 7543 B3D6 24B6 3CEA  9E6D BC17 301B 491B 3F21", "pgp"),
        ("hckms:region:1", "hckms"),
        ("somebody", ""),
    ],
)
def test_the_kind_of_a_recipient_is_told_by_its_form(text, kind):
    assert recipients.named(text)[0] == kind


@pytest.mark.parametrize(
    ("text", "entry", "meant"),
    [
        ("ssh-ed25519 AAAA", ("age", "ssh-ed25519 AAAA me@home"), True),
        (ARN, ("kms", f"{ARN}+{ROLE}|a:1|p"), True),
        (f"{ARN}+{ROLE}|a:1|p", ("kms", f"{ARN}+{ROLE}|a:1|p"), True),
        ("https://x.vault.azure.net/keys/k", ("azure_kv", "https://x.vault.azure.net/keys/k/1"), True),
        ("https://x.vault.azure.net/keys/k", ("azure_kv", "https://x.vault.azure.net/keys/kk/1"), False),
        ("85d77543b3d624b63cea9e6dbc17301b491b3f21", ("pgp", "85D77543B3D624B63CEA9E6DBC17301B491B3F21"), True),
        ("BC17301B491B3F21", ("pgp", "85D77543B3D624B63CEA9E6DBC17301B491B3F21"), True),
        pytest.param(ALICE, ("age", BOB), False, id="another age recipient"),
    ],
)
def test_who_is_meant(text, entry, meant):
    assert recipients.is_meant(*recipients.named(text), entry) is meant
