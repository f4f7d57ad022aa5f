"""Recipients as sops' flags and variables name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.cli.drop_in.exit_codes import BAD_CONTEXT, GENERIC, Stop, stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.keys.recipient import Recipient


class Kind(NamedTuple):
    """How sops' flags call a kind of key."""

    flag: str
    help: str
    variable: str
    short: str = ""


KINDS = {
    "kms": Kind("kms", "ARNs of AWS keys", "SOPS_KMS_ARN", "k"),
    "gcp_kms": Kind("gcp-kms", "resource ids of Google Cloud keys", "SOPS_GCP_KMS_IDS"),
    "hckms": Kind("hckms", "ids of Huawei Cloud keys", "SOPS_HUAWEICLOUD_KMS_IDS"),
    "azure_kv": Kind("azure-kv", "URLs of Azure keys", "SOPS_AZURE_KEYVAULT_URLS"),
    "hc_vault": Kind("hc-vault-transit", "URIs of Vault transit keys", "SOPS_VAULT_URIS"),
    "pgp": Kind("pgp", "OpenPGP fingerprints", "SOPS_PGP_FP", "p"),
    "age": Kind("age", "age recipients", "SOPS_AGE_RECIPIENTS", "a"),
}
"""Kind of key as the metadata calls it → its flag, in sops' order."""


def named(given: Arguments, prefix: str = "") -> list[Recipient]:
    """The recipients of the flags that begin with `prefix`, kind by kind. Raises Stop."""
    from secrets_gitops.keys import catalog

    found: dict[tuple[str, str], Recipient] = {}
    for kind, text in texts(given, prefix):
        with stage(GENERIC):
            recipient = catalog.recipient(kind, text)
        found.setdefault((kind, recipient.text), recipient)
    return list(found.values())


def texts(given: Arguments, prefix: str = "") -> list[tuple[str, str]]:
    """Kind and text of each recipient that the flags name. Raises Stop for an encryption context that is none."""
    context = _context(given.text("encryption-context"))
    profile = given.text("aws-profile")
    found = []
    for kind, one in KINDS.items():
        for value in given.texts(prefix + one.flag):
            found += [
                (kind, _with_context(text, context, profile) if kind == "kms" else text) for text in _parted(value)
            ]
    return found


def _parted(value: str) -> Sequence[str]:
    return [text.strip() for text in value.split(",") if text.strip()]


def _context(text: str) -> dict[str, str]:
    pairs = {}
    for pair in _parted(text):
        name, colon, value = pair.partition(":")
        if not colon or ":" in value:
            raise Stop(BAD_CONTEXT, "`--encryption-context` takes pairs such as `App:web`, with commas between them")
        pairs[name.strip()] = value.strip()
    return pairs


def _with_context(arn: str, context: dict[str, str], profile: str) -> str:
    """The text of an AWS key as creation rules have it: `arn[+role][|context][|profile]`."""
    arn = arn.replace(" ", "")
    if context or profile:
        arn += "|" + ",".join(f"{name}:{value}" for name, value in sorted(context.items()))
    return f"{arn}|{profile}" if profile else arn
