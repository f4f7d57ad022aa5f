"""Secrets in GitOps repositories: encrypt before commit, refuse plaintext, resolve at apply time."""

__version__ = "0.1.0"
