"""New keys and values that go: the rest of a file, of any format, is as it was."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sealed_texts import FORMATS, KEYRING, NOW, SECOND, SECOND_KEYRING, SELECTORS, frame, seal, texts

from secrets_gitops.documents.document import Edit
from secrets_gitops.encrypted_files.decrypt import read_sealed
from secrets_gitops.encrypted_files.rotate import rotate
from secrets_gitops.envelopes.sops import metadata, opened, rekey
from secrets_gitops.envelopes.sops.rekey import Wanted
from secrets_gitops.errors import Error
from secrets_gitops.keys import age

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document

SLOW = settings(
    max_examples=25 * int(os.environ.get("SECRETS_GITOPS_FUZZ", "1")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
COMMENT = re.compile(r"ENC\[[^\]]*type:comment\]")
STAMPS = re.compile(r'(?m)^(\s*"?(?:sops_)?(?:mac|lastmodified)"?\s*[=:] ?).*$')


def sealed(data: st.DataObject, form: str) -> Document:
    made = seal(data.draw(texts(form)), form, data.draw(SELECTORS))
    assume(made is not None)
    assert made is not None
    return read_sealed(made[1].to_bytes(), FORMATS[form])


def body(document: Document) -> str:
    """The text without the metadata."""
    if document.format == "dotenv":
        return "\n".join(line for line in document.text.split("\n") if not line.startswith("sops_"))
    return document.splice([Edit(start, end, "") for start, end in metadata.spans(document)])


@pytest.mark.parametrize("form", FORMATS)
@SLOW
@given(data=st.data())
def test_a_new_data_key_changes_envelopes_and_nothing_else(form: str, data: st.DataObject) -> None:
    before = sealed(data, form)
    old = opened.open(before, KEYRING)
    after = read_sealed(rotate(before, KEYRING, NOW).document.to_bytes(), FORMATS[form])
    new = opened.open(after, KEYRING)
    assert new.content() == old.content()
    assert new.data_key.reveal() != old.data_key.reveal()
    assert frame(body(after)) == frame(body(before))
    kept = {one for one in re.findall(r"ENC\[[^\]]*\]", before.text) if "data:," not in one}
    assert not kept & set(re.findall(r"ENC\[[^\]]*\]", after.text))


@pytest.mark.parametrize("form", FORMATS)
@SLOW
@given(data=st.data())
def test_another_recipient_changes_the_metadata_and_nothing_else(form: str, data: st.DataObject) -> None:
    before = sealed(data, form)
    old = opened.open(before, KEYRING)
    groups = ((*old.metadata.groups[0], age.parse_recipient(SECOND)),)
    after = read_sealed(rekey.replaced(before, old.data_key, Wanted(groups), NOW).to_bytes(), FORMATS[form])
    assert body(after) == body(before)
    for keyring in (KEYRING, SECOND_KEYRING):
        assert opened.open(after, keyring).content() == old.content()
    back = rekey.replaced(after, old.data_key, Wanted(((groups[0][0],),)), NOW)
    assert back.text == before.text
    with pytest.raises(Error):
        opened.open(back, SECOND_KEYRING)


@pytest.mark.parametrize("form", ["yaml", "json", "dotenv", "ini"])
@SLOW
@given(data=st.data())
def test_a_value_that_goes_takes_its_line_alone(form: str, data: st.DataObject) -> None:
    before = sealed(data, form)
    result = opened.open(before, KEYRING)
    places = [(one.leaf.root, one.leaf.path) for one in result.reads if one.type != "comment"]
    leaves = [
        one.leaf for one in result.reads if one.state == "sealed" and one.type != "comment" and not one.leaf.alias
    ]
    paths = [(leaf.root, leaf.path) for leaf in leaves]
    # What is alone in its map or list leaves `{}` behind, and what stands twice is no single value.
    fit = [
        (root, path)
        for root, path in paths
        if places.count((root, path)) == 1
        and isinstance(path[-1], str)
        and "<<" not in path
        and sum(one[0] == root and one[1][:-1] == path[:-1] for one in paths) > 1
    ]
    assume(fit)
    root, path = data.draw(st.sampled_from(fit))
    try:
        result.unset(path, root=root)
        after = result.seal(NOW)
    except Error:
        return
    again = opened.open(read_sealed(after.to_bytes(), FORMATS[form]), KEYRING)
    left = [(one.leaf.root, one.leaf.path) for one in again.reads if one.state == "sealed" and one.type != "comment"]
    assert (root, path) not in left
    # Of two comments that say the same it may be the other one's envelope that stays.
    old, new = (COMMENT.sub("#", STAMPS.sub(r"\1", text)).split("\n") for text in (before.text, after.text))
    flow = "{" in before.text.split("sops")[0] and form == "yaml"
    if not flow and (form != "json" or len(old) > 3):
        known = {"", *map(_essence, old)}
        assert all(_essence(line) in known for line in new)


def _essence(line: str) -> str:
    """A line without what moves when its neighbour goes: the dash of an item, the comma."""
    return line.rstrip(",\r").lstrip(" -")
