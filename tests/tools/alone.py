"""The share of a replica that has no other beside it."""

from __future__ import annotations


class Everything:
    """Owns all, and may always write."""

    def owns(self, namespace):
        return True

    def may_write(self, namespace):
        return True
