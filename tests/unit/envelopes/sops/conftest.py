"""Makers of sealed documents with a key of their own."""

from __future__ import annotations

import pytest

from secrets_gitops.documents.read import read
from secrets_gitops.envelopes.sops import creating, opened
from secrets_gitops.envelopes.sops.groups import KeyGroups
from secrets_gitops.envelopes.sops.selection import DEFAULT, Selector
from secrets_gitops.keys import age
from secrets_gitops.keys.keyring import Keyring

THEN = "2026-01-02T03:04:05Z"


@pytest.fixture(scope="session")
def key():
    """A keyring with one identity, and its recipient."""
    identity, recipient = age.generate()
    return Keyring(age.parse_identities(identity.reveal(), "test")), age.parse_recipient(recipient)


@pytest.fixture
def seal(key):
    """A maker: text, encrypted."""

    def make(text: str, selector: Selector = DEFAULT, *, path: str = "f.yaml", **more: bool):
        return creating.create(read(text, path=path), KeyGroups(((key[1],),)), selector, THEN, **more)[0]

    return make


@pytest.fixture
def unseal(key):
    """A maker: an encrypted document or its text, opened."""

    def make(document, *, path: str = "f.yaml", **more: bool):
        return opened.open(read(document, path=path) if isinstance(document, str) else document, key[0], **more)

    return make
