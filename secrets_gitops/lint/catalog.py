"""Every rule by its slug: alias and the place of its object, imported when it is first needed.

`provider-token` is a family: its findings carry `provider-token-NAME`, and its object describes each name.
"""

from __future__ import annotations

from importlib import import_module

from secrets_gitops.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from secrets_gitops.lint.rule import Rule

    class Family(Rule, Protocol):
        """A rule whose findings carry ids of its own making."""

        def members(self) -> tuple[Rule, ...]:
            """One rule for each id that findings carry."""

        def named(self, slug: str) -> Rule | None:
            """The words for `slug` (or its `SGnnn`), which begins with the family's id; None when there is no such."""


RULES: dict[str, tuple[str, str]] = {
    "k8s-secret-plaintext": ("SG101", "k8s_secret_plaintext:RULE"),
    "k8s-last-applied-leak": ("SG102", "k8s_last_applied_leak:RULE"),
    "kustomize-secret-literal": ("SG201", "kustomize_secret_literal:RULE"),
    "kustomize-secret-file": ("SG202", "kustomize_secret_file:RULE"),
    "sops-not-encrypted": ("SG401", "sops_not_encrypted:RULE"),
    "sops-partial": ("SG402", "sops_partial:RULE"),
    "sops-recipient-drift": ("SG403", "sops_recipient_drift:RULE"),
    "sops-malformed": ("SG405", "sops_malformed:RULE"),
    "sops-unmerged": ("SG410", "sops_unmerged:RULE"),
    "sealed-template-plaintext": ("SG501", "sealed_template_plaintext:RULE"),
    "sealed-not-ciphertext": ("SG503", "sealed_not_ciphertext:RULE"),
    "private-key": ("SG701", "private_key:RULE"),
    "provider-token": ("SG710", "provider_token:RULE"),
    "parse-error": ("SG901", "parse_error:RULE"),
    "scan-skipped": ("SG902", "scan_skipped:RULE"),
}
"""Slug → (alias, module under `lint.rules` and attribute). In order from the most to the least used."""

FAMILIES = ("provider-token",)


def load(slug: str) -> Rule:
    """The rule called `slug`. Raises SettingsError when there is none."""
    if slug in RULES:
        module, _, attribute = RULES[slug][1].partition(":")
        rule: Rule = getattr(import_module(f"secrets_gitops.lint.rules.{module}"), attribute)
        return rule
    for name in FAMILIES:
        if slug.startswith((f"{name}-", "SG")):
            family: Family = load(name)  # type: ignore[assignment]  # FAMILIES says so
            found = family.named(slug)
            if found is not None:
                return found
    raise SettingsError(
        f"there is no lint rule `{slug}`", hints=("`secrets-gitops lint --list-rules` names all rules",)
    )


def slug_of(name: str) -> str:
    """The slug for an id as typed: a slug or an `SGnnn` alias in any case. Raises SettingsError when there is none."""
    for slug, (alias, _) in RULES.items():
        if name in {slug, alias} or name.upper() == alias:
            return slug
    return load(name.upper() if name.upper().startswith("SG") else name).id


def members(slug: str) -> tuple[Rule, ...]:
    """The rules of the family called `slug`."""
    family: Family = load(slug)  # type: ignore[assignment]  # FAMILIES says so
    return family.members()


def load_all(slugs: Iterable[str] = RULES) -> tuple[Rule, ...]:
    """The rules called `slugs`, in the catalogue's order where all are meant."""
    return tuple(load(slug) for slug in slugs)
