"""The catalogue: ids and numbers that never change their meaning, and a rule where its id says that it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from secrets_gitops.errors import SettingsError
from secrets_gitops.lint import catalog, rules

PUBLISHED = {
    "k8s-secret-plaintext": 101, "k8s-last-applied-leak": 102, "k8s-env-literal": 103, "k8s-configmap-secret": 104,
    "dockerconfig-auth": 105, "kubeconfig-credentials": 106, "crd-inline-secret": 107, "password-hash": 108,
    "kustomize-secret-literal": 201, "kustomize-secret-file": 202, "kustomize-configmap-literal": 203,
    "kustomize-patch-secret": 204, "helm-value-secret": 301, "helm-template-literal": 302,
    "gitops-decryption-missing": 303, "sops-not-encrypted": 401, "sops-partial": 402, "sops-recipient-drift": 403,
    "sops-mac-missing": 404, "sops-malformed": 405, "sops-selector-drift": 406, "sops-unencrypted-sibling": 407,
    "sops-encrypts-metadata": 408, "sops-mac-mismatch": 409, "sops-unverifiable-in-cluster": 410,
    "sops-config-ambiguous": 411, "sops-unmerged": 412, "sealed-template-plaintext": 501, "sealed-not-ciphertext": 503,
    "dotenv-secret": 601, "terraform-secret": 602, "tfstate-committed": 603, "ansible-secret": 604,
    "credential-file": 605, "compose-ci-env-secret": 606, "generic-assignment": 607, "url-credential": 608,
    "high-entropy": 609, "private-key": 701, "provider-token": 710, "parse-error": 901, "scan-skipped": 902,
    "unused-allow": 903, "allow-without-reason": 904, "expired-allow": 905, "gitleaks-rule": 906,
}  # fmt: skip
"""What people have written into settings, baselines and comments."""


def test_every_rule_has_the_number_that_was_published():
    assert {slug: f"SG{PUBLISHED[slug]}" for slug in catalog.RULES} == {
        slug: alias for slug, (alias, *_) in catalog.RULES.items()
    }


def test_no_number_is_used_twice():
    aliases = [rule.alias for rule in catalog.load_all()]
    aliases += [rule.alias for family in catalog.FAMILIES for rule in catalog.members(family)]
    assert len(aliases) == len(set(aliases))


@pytest.mark.parametrize("slug", catalog.RULES)
def test_a_rule_is_in_the_file_of_its_name_and_knows_its_id(slug):
    alias, place, words = catalog.RULES[slug]
    assert place.partition(":")[0] == slug.replace("-", "_")
    rule = catalog.load(slug)
    assert (rule.id, rule.alias) == (slug, alias)
    assert all(word == word.lower() and word for word in words)
    assert rule.summary and rule.why and rule.fix
    assert not re.search(r"[.\s]$", rule.summary)


def test_every_file_of_the_rules_is_in_the_catalogue():
    files = {path.stem for path in Path(rules.__path__[0]).glob("*.py")} - {"__init__"}
    assert files == {place.partition(":")[0] for _, place, _ in catalog.RULES.values()}


@pytest.mark.parametrize("typed", ["private-key", "SG701", "sg701"])
def test_an_id_and_its_number_name_the_same_rule(typed):
    assert catalog.slug_of(typed) == "private-key"


@pytest.mark.parametrize("typed", ["", "SG999", "provider-token-", "private_key"])
def test_what_names_no_rule_is_refused(typed):
    with pytest.raises(SettingsError, match="no lint rule"):
        catalog.slug_of(typed)


def test_members_of_a_family_share_its_page():
    assert catalog.page("private-key") == "rules/private-key.md"
    assert catalog.page("provider-token-github") == "rules/provider-token.md"
