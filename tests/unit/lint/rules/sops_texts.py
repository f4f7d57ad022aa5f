"""Creation rules and `sops` blocks for the tests of the rules about sops: right in form, and opened by nobody."""

from __future__ import annotations

import base64

ALICE, BOB, CAROL = (f"age1{letter * 58}" for letter in "qpz")
PATH = "secrets/db.yaml"
"""A file that the rule of `rules()` covers."""


def rules(*, regex: str | None = "secrets/", extra: str = "", age: str = ALICE) -> str:
    """A `.sops.yaml` with one rule; `extra` are further lines of it."""
    first = f"path_regex: {regex}" if regex is not None else "mac_only_encrypted: false"
    return f"creation_rules:\n- {first}\n  age: {age}\n{extra}"


def block(values, *recipients: str, selector: str = "unencrypted_suffix: _unencrypted") -> str:
    """The `sops` block of a YAML file, as sops writes it."""
    armour = base64.b64encode(b"age-encryption.org/v1\n" + values.bytes(60)).decode()
    entries = "".join(
        f"  - recipient: {recipient}\n    enc: |\n      -----BEGIN AGE ENCRYPTED FILE-----\n      {armour}\n"
        "      -----END AGE ENCRYPTED FILE-----\n"
        for recipient in recipients or (ALICE,)
    )
    return (
        f"sops:\n  age:\n{entries}  lastmodified: '2024-02-29T12:00:00Z'\n  mac: {values.envelope()}\n"
        f"  {selector}\n  version: 3.11.0\n"
    )
