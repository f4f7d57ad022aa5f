"""Plaintext of all five formats, as people and programs leave it, and what it becomes encrypted."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from line_texts import dotenv, ini
from yaml_texts import Writer

from secrets_gitops.documents import emit
from secrets_gitops.documents.read import read
from secrets_gitops.envelopes.sops import creating
from secrets_gitops.envelopes.sops.groups import KeyGroups
from secrets_gitops.envelopes.sops.selection import DEFAULT, Selector
from secrets_gitops.errors import Error
from secrets_gitops.keys import age
from secrets_gitops.keys.keyring import Keyring

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document

IDENTITY, RECIPIENT = age.generate()
SECOND_IDENTITY, SECOND = age.generate()
KEYRING = Keyring(age.parse_identities(IDENTITY.reveal(), "test"))
SECOND_KEYRING = Keyring(age.parse_identities(SECOND_IDENTITY.reveal(), "test"))
FIRST_GROUP = KeyGroups(((age.parse_recipient(RECIPIENT),),))
THEN, NOW = "2026-01-02T03:04:05Z", "2027-01-02T03:04:05Z"
FORMATS = {"yaml": "f.yaml", "json": "f.json", "dotenv": "f.env", "ini": "f.ini", "binary": "f.bin"}
_ENVELOPE = re.compile(r"ENC\[[^\]]*\]")
_KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8).filter(
    lambda key: key not in {"sops", "<<"}
)
_SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=20)
_TREES = st.dictionaries(
    _KEYS,
    st.recursive(
        _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=12
    ),
    min_size=1,
    max_size=5,
)
SELECTORS = st.sampled_from([DEFAULT, Selector("encrypted_regex", "^[aAB]"), Selector("unencrypted_regex", "b|data")])


def texts(form: str) -> st.SearchStrategy[bytes]:
    """Contents of a format; not all of them can be encrypted."""
    if form == "json":
        return st.builds(
            lambda tree, indent: emit.json_text(tree, indent=indent).encode(),
            _TREES,
            st.sampled_from([None, "  ", "\t", "    "]),
        )
    if form == "yaml":
        return st.integers(0, 10**9).map(lambda seed: Writer(random.Random(seed)).document().encode())
    if form == "binary":
        return st.binary(max_size=200)
    return (dotenv() if form == "dotenv" else ini()).map(lambda text: text.encode())


def seal(content: bytes, form: str, selector: Selector = DEFAULT) -> tuple[Document, Document] | None:
    """The plaintext document and the encrypted one; None for what cannot be encrypted or has nothing to encrypt."""
    try:
        plain = read(content, path=FORMATS[form])
        return plain, creating.create(plain, FIRST_GROUP, selector, THEN)[0]
    except Error:
        return None


def frame(text: str) -> str:
    """The text without its envelopes."""
    return _ENVELOPE.sub("ENC[]", text)
