"""The flags that several commands of sops share."""

from __future__ import annotations

from secrets_gitops.cli.drop_in.arguments import Flag
from secrets_gitops.cli.drop_in.recipients import KINDS
from secrets_gitops.envelopes.sops.selection import FIELDS

IN_PLACE = Flag("in-place", "write the result to the file itself", "switch", "i")
OUTPUT = Flag("output", "write the result to this file")
EXTRACT = Flag("extract", """print one value only: '["key"][0]'""")
INPUT_TYPE = Flag("input-type", "yaml, json, dotenv, ini or binary; else the name of the file says it")
OUTPUT_TYPE = Flag("output-type", "yaml, json, dotenv, ini or binary; else that of the input")
IGNORE_MAC = Flag("ignore-mac", "do not check the MAC", "switch")
OVERRIDE = Flag("filename-override", "take this name for rules and types")
ORDER = Flag("decryption-order", "kinds of keys, with commas, in the order to try", variable="SOPS_DECRYPTION_ORDER")
SHOW_KEYS = Flag("show-master-keys", "show the metadata in the editor", "switch", "s")
IDEMPOTENT = Flag("idempotent", "change nothing where nothing would change", "switch")
YES = Flag("yes", "do not ask", "switch", "y")
CONTEXT = Flag("encryption-context", "AWS encryption context: key:value pairs with commas")
AWS_PROFILE = Flag("aws-profile", "AWS profile for the keys of --kms")
THRESHOLD = Flag("shamir-secret-sharing-threshold", "how many key groups it takes", "number")
KEY_SERVICE = (
    Flag("enable-local-keyservice", "use the keys of this machine", "switch", variable="SOPS_ENABLE_LOCAL_KEYSERVICE"),
    Flag("keyservice", "a key service; refused", "texts", variable="SOPS_KEYSERVICE"),
)
RECIPIENTS = (
    *(Flag(one.flag, one.help, short=one.short, variable=one.variable) for one in KINDS.values()),
    AWS_PROFILE, CONTEXT,
)  # fmt: skip
CHANGED_RECIPIENTS = (
    *(Flag(f"add-{one.flag}", f"add to the keys: {one.help}") for one in KINDS.values()),
    *(Flag(f"rm-{one.flag}", f"remove from the keys: {one.help}") for one in KINDS.values()),
    CONTEXT,
)  # fmt: skip
SELECTORS = tuple(Flag(field.replace("_", "-"), f"what `{field}` is in a rule") for field in FIELDS)
"""All six. sops has those on comments only in the old style."""
GLOBAL_MAC_ONLY = Flag("mac-only-encrypted", "the MAC covers encrypted values alone", "switch")
GLOBAL = (
    Flag("config", "the file with the rules", variable="SOPS_CONFIG"),
    Flag("indent", "by how much text is indented that is written anew", "number"),
    GLOBAL_MAC_ONLY,
    Flag("verbose", "says nothing more here", "switch"),
    Flag("disable-version-check", "nothing is ever checked", "switch", variable="SOPS_DISABLE_VERSION_CHECK"),
    Flag("check-for-updates", "has no effect", "switch"),
)
"""What counts before a subcommand too."""
