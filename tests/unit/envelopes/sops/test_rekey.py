"""Other keys for an encrypted file: which lines change, and who opens it then."""

from __future__ import annotations

import difflib
import json

import pytest

from secrets_gitops.documents.read import read
from secrets_gitops.envelopes.sops import creating, groups, metadata, opened, rekey
from secrets_gitops.envelopes.sops.groups import KeyGroups
from secrets_gitops.envelopes.sops.rekey import Wanted
from secrets_gitops.envelopes.sops.selection import DEFAULT
from secrets_gitops.errors import NoMatchingKey, NotBuiltYet, SettingsError
from secrets_gitops.keys import age
from secrets_gitops.keys.keyring import Keyring

THEN, NOW = "2026-01-02T03:04:05Z", "2026-02-03T04:05:06Z"
TEXTS = {
    "f.yaml": "# top\na: one\nb:\n  # inner\n  - two\n  - 3\nc: ''\nd_unencrypted: x\n",
    "f.json": '{\n  "a": "one",\n  "b": ["two", 3],\n  "c": "",\n  "d_unencrypted": "x"\n}\n',
    "f.env": "# top\na=one\nb=two\nd_unencrypted=x\n",
    "f.ini": "; top\n[s]\na = one\nb = two\nd_unencrypted = x\n",
}
every_format = pytest.mark.parametrize("path", TEXTS)


def person():
    identity, recipient = age.generate()
    return Keyring(age.parse_identities(identity.reveal(), "test")), age.parse_recipient(recipient)


ALICE, BOB, CAROL = person(), person(), person()


def sealed(path: str, *members, threshold: int = 0, text: str = ""):
    keys = KeyGroups(tuple(tuple(one[1] for one in group) for group in members), threshold)
    return creating.create(read(text or TEXTS[path], path=path), keys, DEFAULT, THEN)[0]


def again(document):
    return read(document.to_bytes(), path=document.path, duplicates="keep")


def changed_lines(before, after) -> list[str]:
    lines = difflib.ndiff(before.text.splitlines(), after.text.splitlines())
    return [line for line in lines if line[0] in "-+"]


def replaced(document, who, wanted: Wanted):
    found = opened.required_metadata(document)
    return again(rekey.replaced(document, groups.data_key_of(document, found, who[0]), wanted, NOW))


def texts(document, who) -> str:
    return opened.open(document, who[0]).text


@every_format
def test_a_recipient_more_adds_its_entry_and_changes_no_other_line(path):
    before = sealed(path, [ALICE])
    [group] = opened.required_metadata(before).groups
    after = replaced(before, ALICE, Wanted(((*group, BOB[1]),)))
    assert texts(after, BOB) == texts(before, ALICE) == texts(after, ALICE)
    assert all(line[0] == "+" or path == "f.json" for line in changed_lines(before, after))
    assert opened.required_metadata(after)[3:] == opened.required_metadata(before)[3:]


@every_format
def test_taking_the_recipient_away_again_gives_the_bytes_of_before(path):
    before = sealed(path, [ALICE])
    found = opened.required_metadata(before)
    after = replaced(before, ALICE, Wanted(((*found.groups[0], BOB[1]),)))
    entries = opened.required_metadata(after).groups[0]
    gone = replaced(after, ALICE, Wanted((tuple(one for one in entries if one.recipient != BOB[1].text),)))
    assert gone.text == before.text


@every_format
def test_several_groups_need_as_many_as_the_threshold_says(path):
    before = sealed(path, [ALICE])
    found = opened.required_metadata(before)
    after = replaced(before, ALICE, Wanted((found.groups[0], (BOB[1],), (CAROL[1],)), 2))
    assert opened.required_metadata(after).threshold == 2
    both = Keyring((*ALICE[0].identities, *CAROL[0].identities))
    assert opened.open(after, both).text == texts(before, ALICE)
    with pytest.raises(NoMatchingKey, match="1 of its 3 key groups"):
        opened.open(after, ALICE[0])


@every_format
def test_one_group_again_after_several(path):
    before = sealed(path, [ALICE], [BOB])
    both = Keyring((*ALICE[0].identities, *BOB[0].identities)), None
    found = opened.required_metadata(before)
    after = replaced(before, both, Wanted((found.groups[1],)))
    assert texts(after, BOB) == opened.open(before, both[0]).text
    assert "shamir_threshold" not in after.text
    assert "key_groups" not in after.text


@every_format
def test_a_group_more_and_a_recipient_less_in_another_one(path):
    before = sealed(path, [ALICE, CAROL], [BOB])
    both = Keyring((*ALICE[0].identities, *BOB[0].identities)), None
    found = opened.required_metadata(before)
    alice = tuple(one for one in found.groups[0] if one.recipient == ALICE[1].text)
    after = replaced(before, both, Wanted((alice, found.groups[1]), 2))
    assert opened.open(after, both[0]).text == opened.open(before, both[0]).text
    assert CAROL[1].text not in after.text
    more = replaced(after, both, Wanted((*opened.required_metadata(after).groups, (CAROL[1],)), 2))
    assert opened.open(more, Keyring((*BOB[0].identities, *CAROL[0].identities))).text == texts(before, both)


@every_format
def test_rotating_changes_envelopes_entries_mac_and_time_and_nothing_else(path):
    before = sealed(path, [ALICE, BOB])
    result = opened.open(before, ALICE[0])
    after = again(rekey.rotated(result, rekey.kept(result.metadata), NOW))
    assert texts(after, BOB) == texts(before, ALICE)
    old = groups.data_key_of(before, result.metadata, ALICE[0])
    assert groups.data_key_of(after, opened.required_metadata(after), ALICE[0]).reveal() != old.reveal()
    assert opened.required_metadata(after).lastmodified == NOW
    pairs = list(zip(before.text.splitlines(), after.text.splitlines(), strict=True))
    same = [one for one, two in pairs if one == two]
    assert not any("ENC[" in line for line in same)
    changed = [one for one, two in pairs if one != two]
    assert all(any(word in one for word in ("ENC[", "AGE", "lastmodified")) or _is_base64(one) for one in changed)


def _is_base64(line: str) -> bool:
    return set(line.strip()) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")


@every_format
def test_rotating_may_let_somebody_in_and_another_one_out(path):
    before = sealed(path, [ALICE, BOB])
    result = opened.open(before, ALICE[0])
    entries = tuple(one for one in result.metadata.entries if one.recipient == ALICE[1].text)
    after = again(rekey.rotated(result, Wanted(((*entries, CAROL[1]),)), NOW))
    assert texts(after, CAROL) == texts(before, ALICE)
    assert [one.recipient for one in opened.required_metadata(after).entries] == [ALICE[1].text, CAROL[1].text]


def test_all_copies_of_the_block_change_alike():
    before = sealed("f.yaml", [ALICE], text="a: 1\n---\nb: 2\n---\nc: 3\n")
    result = opened.open(before, ALICE[0])
    after = again(rekey.rotated(result, Wanted(((*result.metadata.entries, BOB[1]),)), NOW))
    blocks = {after.text[key.start : block.end] for key, block in (metadata.find(after, root) for root in range(3))}
    assert len(blocks) == 1
    assert texts(after, BOB) == texts(before, ALICE)


def test_fields_and_keys_that_are_not_known_stay():
    before = sealed("f.json", [ALICE])
    tree = json.loads(before.text)
    tree["sops"]["hckms"] = [{"key_id": "r:1", "created_at": THEN, "enc": "x", "later": 1}]
    tree["sops"]["age"][0]["later"] = "kept"
    tree["sops"]["later"] = {"a": 1}
    before = read(json.dumps(tree, indent=2), path="f.json")
    after = replaced(before, ALICE, Wanted(((*opened.required_metadata(before).entries, BOB[1]),)))
    new = json.loads(after.text)
    bob = new["sops"]["age"].pop()
    assert new == tree
    assert bob["recipient"] == BOB[1].text
    with pytest.raises(NotBuiltYet, match="Huawei"):
        rekey.rotated(opened.open(before, ALICE[0]), rekey.kept(opened.required_metadata(before)), NOW)


def test_groups_that_make_no_sense_are_refused():
    before = sealed("f.yaml", [ALICE])
    found = opened.required_metadata(before)
    for wanted in (Wanted(()), Wanted((found.groups[0], ())), Wanted((found.groups[0], (BOB[1],)), 3)):
        with pytest.raises(SettingsError):
            replaced(before, ALICE, wanted)


def test_crlf_flow_style_and_quotes_stay_as_they_are():
    before = sealed("f.yaml", [ALICE], text="a: 'x y'\r\nb: \"z\"\r\n")
    result = opened.open(before, ALICE[0])
    after = again(rekey.rotated(result, Wanted(((*result.metadata.entries, BOB[1]),)), NOW))
    assert after.text.count("\n") == after.text.count("\r\n")
    assert texts(after, BOB) == texts(before, ALICE)
    flow = sealed("f.yaml", [ALICE], text='{a: "x", b: [y]}\n')
    result = opened.open(flow, ALICE[0])
    after = again(rekey.rotated(result, Wanted(((*result.metadata.entries, BOB[1]),)), NOW))
    assert texts(after, BOB) == texts(flow, ALICE)
