"""The sops envelope: values become `ENC[…]` text in place, and a `sops` block carries keys, MAC and settings."""
