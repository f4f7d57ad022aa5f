"""dotenv, INI and binary files: open(seal(x)) is x, and what is no value and no comment stays as it was."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from line_texts import VALUES, dotenv, ini

from secrets_gitops.documents import convert
from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files.decrypt import read_sealed
from secrets_gitops.envelopes.sops import creating, line_comments, opened
from secrets_gitops.envelopes.sops.groups import KeyGroups
from secrets_gitops.envelopes.sops.sealing import plaintext_leaves
from secrets_gitops.envelopes.sops.selection import DEFAULT, Selection, Selector
from secrets_gitops.errors import EnvelopeError, Error
from secrets_gitops.keys import age
from secrets_gitops.keys.keyring import Keyring

IDENTITY, RECIPIENT = age.generate()
KEYRING = Keyring(age.parse_identities(IDENTITY.reveal(), "test"))
KEYS_OF = KeyGroups(((age.parse_recipient(RECIPIENT),),))
THEN, NOW = "2026-01-02T03:04:05Z", "2027-01-02T03:04:05Z"
SELECTORS = st.sampled_from(
    [DEFAULT, Selector("encrypted_regex", "^[aAB]"), Selector("unencrypted_comment_regex", "a")]
)
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def seal(text: str | bytes, path: str, selector: Selector):
    """The plaintext document and the encrypted one; passes over what cannot be encrypted or has nothing to encrypt."""
    try:
        plain = read(text, path=path)
        return plain, creating.create(plain, KEYS_OF, selector, THEN)[0]
    except Error:
        assume(False)
        raise


def values(document) -> list[tuple[object, ...]]:
    reads = plaintext_leaves(document, Selection(DEFAULT))
    return [(one.leaf.path, one.data, one.type, one.leaf.hidden) for one in reads if one.type != "comment"]


def comments(document) -> list[str]:
    lines = [line.strip(" \t\r;#") for comment in document.comments() for line in comment.text.split("\n")]
    return sorted(line for line in lines if line)


def frame(document) -> str:
    """The text without its values and comments."""
    nodes = [leaf.leaf.node for leaf in plaintext_leaves(document, Selection(DEFAULT))]
    spans = {(node.start, node.end) for node in nodes if node is not None}
    spans |= {(comment.start, comment.end) for comment in document.comments()}
    return document.splice([Edit(start, end, "~") for start, end in spans])


def opened_again(sealed, path: str):
    return opened.open(read_sealed(sealed.to_bytes(), path), KEYRING)


@SLOW
@given(dotenv(), SELECTORS)
def test_a_dotenv_file_comes_back_to_the_byte(text: str, selector: Selector) -> None:
    _, sealed = seal(text, "x.env", selector)
    assert opened_again(sealed, "x.env").content() == text.encode()


@SLOW
@given(ini(), SELECTORS)
def test_an_ini_file_comes_back_with_its_frame(text: str, selector: Selector) -> None:
    plain, sealed = seal(text, "x.ini", selector)
    result = opened_again(sealed, "x.ini")
    assert values(result.plain) == values(plain)
    assert comments(result.plain) == comments(plain)
    assert frame(result.plain) == frame(line_comments.gathered(plain, Selection(selector)))
    try:
        again = result.seal(NOW)
    except EnvelopeError:  # quotes that a value needs can hide the comment behind it, and so what that one governs
        assert selector.field == "unencrypted_comment_regex"
        return
    changed = [new for old, new in zip(sealed.text.split("\n"), again.text.split("\n"), strict=True) if old != new]
    assert all(line.startswith(("mac ", "lastmodified ")) for line in changed)


@SLOW
@given(st.binary(max_size=200))
def test_a_binary_file_comes_back_to_the_byte(content: bytes) -> None:
    _, sealed = seal(content, "x.bin", DEFAULT)
    result = opened_again(sealed, "x.bin")
    assert result.content() == content
    assert opened_again(result.seal(NOW), "x.bin").content() == content


@SLOW
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_bytes_that_are_no_text_come_back_in_lines_too(value: bytes, comment: bytes) -> None:
    value, comment = (part.replace(b"\n", b"").replace(b"\r", b"") for part in (value, comment))
    text = b"A=" + value + b"\n#" + comment + b"\nB=1\n"
    _, sealed = seal(text, "x.env", DEFAULT)
    assert opened_again(sealed, "x.env").content() == text


@pytest.mark.parametrize("path", ["x.env", "x.ini"])
@SLOW
@given(st.data())
def test_setting_one_value_changes_its_line_alone(path: str, data: st.DataObject) -> None:
    text = data.draw(dotenv() if path == "x.env" else ini())
    value = data.draw(VALUES)
    _, sealed = seal(text, path, DEFAULT)
    result = opened_again(sealed, path)
    maps = (
        [((), result.plain.roots[0])] if path == "x.env" else [((k.text,), v) for k, v in result.plain.roots[0].pairs]
    )
    paths = [(*above, key.text) for above, node in maps for key, _ in node.pairs]
    assume(paths and len(set(paths)) == len(paths))
    assume(len({above for above, _ in maps}) == len(maps))
    target = data.draw(st.sampled_from(paths))
    try:
        result.set(target, value)
    except Error:
        return
    again = opened_again(result.seal(NOW), path)
    node = again.plain.roots[0]
    for step in target:
        node = node.get(step)
        assert node is not None
    assert node.text == (value.replace("\\n", "\n") if path == "x.env" else value)
    old, new = sealed.text.split("\n"), result.seal(NOW).text.split("\n")
    assert sum(one not in old for one in new) <= 3


@SLOW
@given(dotenv(), ini())
def test_other_formats_hold_the_same_values(env: str, text: str) -> None:
    for source, path in ((env, "x.env"), (text, "x.ini")):
        try:
            plain = read(source, path=path)
        except Error:
            continue
        for form in ("yaml", "json"):
            try:
                written = convert.to_document(plain, form)
            except Error:  # a comment of characters that YAML does not allow
                assert form == "yaml" and comments(plain)
                continue
            assert [one[1] for one in values(written)] == [one[1] for one in values(plain) if not one[3]]
