"""Manifests in, plaintext manifests out, all or nothing; for `render` and whatever host asks for the same."""
