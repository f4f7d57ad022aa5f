"""What a repository begins with: creation rules and settings, commented for whoever opens them first."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_RULES = r"""
# Which files are encrypted, for whom, and which of their values. sops and secrets-gitops read the same file.
# A file gets the first rule whose path_regex is found in its path; files that fit no rule are left alone.

# Who can read: recipients of age, with commas between them. Files that are encrypted already learn of a change by
# `secrets-gitops updatekeys FILE…`.
recipients: &recipients RECIPIENTS

creation_rules:
  # Kubernetes Secrets (secret.yaml, secrets.yaml, NAME.secret.yaml, NAME-secret.enc.yaml): only the values, so that
  # kind, name and labels stay readable for people, kustomize and Flux.
  - path_regex: (^|/)([^/]+\.)?secrets?\.(ya?ml|json)$|secrets?\.enc\.(ya?ml|json)$
    encrypted_regex: ^(data|stringData)$
    age: *recipients

  # Any other file named .enc, such as Helm values (values.enc.yaml): every value.
  - path_regex: \.enc\.(ya?ml|json)$
    age: *recipients
"""
SETTINGS = """\
# Settings of secrets-gitops for this repository. `secrets-gitops cert pin FILE` adds the certificate of a cluster.
"""


def creation_rules(recipients: Sequence[str]) -> str:
    """The text of a first `.sops.yaml` for these age recipients."""
    return _RULES.lstrip().replace("RECIPIENTS", ",".join(recipients))
