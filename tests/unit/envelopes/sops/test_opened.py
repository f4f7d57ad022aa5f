"""Open, change, seal again: the smallest difference, and nothing in the text that was not asked for."""

from __future__ import annotations

import re

import pytest

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.envelopes.sops.selection import Selector
from secrets_gitops.errors import EnvelopeError, NotSealed, Tampered

NOW = "2027-01-01T00:00:00Z"


def moved(before: str, after: str) -> set[str]:
    """The keys on the lines that differ, without the MAC and its time."""
    old, new = before.splitlines(), after.splitlines()
    assert len(old) == len(new)
    keys = {line.split(":")[0].strip(' "-') for one, line in zip(old, new, strict=True) if one != line}
    return keys - {"mac", "lastmodified"}


@pytest.mark.parametrize(
    "text",
    [
        'a: plain\nb: two words\nc: https://x/?y=1&z\nd: \'single\'\ne: "double"\nf: "5"\ng: 5\n',
        "a: yes\nb: \"yes\"\nc: 12:30\nd: null\ne: ''\nf: ~\ng:\n",
        'list:\n- a\n- b   # beside\n\n# between\n- {x: y, z: [1, "two", three, 4 5]}\n',
        "deep:\n    four:\n        blanks: 1\n",
        "pem: |\n  line\n  line\n",
        "top:\n  pem: |-\n    line\n\n    line\n  next: 1\n",
        "---\na: 1\n...\n---\n# c\nb: 2\n\n\n# end\n",
        "a: 1\r\nb: # c\r\n- x\r\n",
        "  a: 1\n  b: 2\n",
        "a: &x 1\nb: &y [2]\n",
        "a: !vault x\n",
        '{"a": 1, b: [x, "y"]}\n',
        "? a\n: 1\n",
    ],
)
def test_text_comes_back_as_it_was(seal, unseal, text: str):
    assert unseal(seal(text)).text == text


@pytest.mark.parametrize(
    "text",
    [
        '{\n  "a": "x",\n  "b": [1, 2.5, null, true, ""]\n}\n',
        '{"a":"x"}',
        '{"a": "x", "b": {"c": []}}',
        '{\n\t"a": 1\n}',
        "{}",
    ],
)
def test_json_too(seal, unseal, text: str):
    assert unseal(seal(text, path="f.json"), path="f.json").text == text


def test_a_byte_order_mark_stays(seal, unseal):
    sealed = seal("\ufeffa: x\n")
    assert sealed.to_bytes().startswith(b"\xef\xbb\xbfa: ENC[")


def test_what_does_not_change_keeps_its_envelope(seal, unseal):
    sealed = seal("a: x\nb:\n- one\n- two\n# c\nc: y\n")
    opened = unseal(sealed)
    opened.set(("b", 1), "three")
    again = opened.seal(NOW)
    before, after = sealed.text.splitlines(), again.text.splitlines()
    assert [at for at, (old, new) in enumerate(zip(before, after, strict=True)) if old != new][:1] == [3]
    assert moved(sealed.text, again.text) == {after[3].strip(" -").split(":")[0]}
    assert unseal(again).text == "a: x\nb:\n- one\n- three\n# c\nc: y\n"


def test_equal_items_of_a_list_keep_apart(seal, unseal):
    sealed = seal("l:\n- same\n- same\n- same\n")
    envelopes = re.findall(r"- (ENC\S+)", sealed.text)
    assert len(set(envelopes)) == 3
    opened = unseal(sealed)
    opened.unset(("l", 0))
    left = re.findall(r"- (ENC\S+)", opened.seal(NOW).text)
    assert len(set(left)) == 2
    assert set(left) < set(envelopes)


def test_an_item_that_moves_takes_its_envelope_along(seal, unseal):
    sealed = seal("l:\n- a\n- b\n")
    first, second = re.findall(r"- (ENC\S+)", sealed.text)
    opened = unseal(sealed)
    opened.replace_plain(read("l:\n- b\n- a\n", path="f.yaml"))
    assert re.findall(r"- (ENC\S+)", opened.seal(NOW).text) == [second, first]


def test_a_value_never_moves_to_another_key(seal, unseal):
    sealed = seal("a: same\n")
    opened = unseal(sealed)
    opened.replace_plain(read("b: same\n", path="f.yaml"))
    again = opened.seal(NOW)
    assert unseal(again).text == "b: same\n"


def test_a_new_type_is_a_new_value(seal, unseal):
    opened = unseal(seal('a: "1"\nb: 1\n'))
    opened.set(("a",), 1)
    assert "a: 1\n" in unseal(opened.seal(NOW)).text


@pytest.mark.parametrize(
    "text",
    [
        "a: 'x' \n",
        "a: 'x'  ",
        "a:\n- x\t\nb: y\n",
        "a:\n- 'x'\n   \n- y\n",
        "a: x\r\n     \r\n# c\r\nb: y\r\n",
        "a: x\n\n          ",
        "a: x\n    # deep\nb: y\n",
    ],
)
@pytest.mark.parametrize("value", ["one\ntwo", "one\ntwo\n"])
def test_what_stands_behind_a_value_is_no_part_of_its_lines(text, value, seal, unseal):
    path = ("a", 0) if "- " in text else ("a",)
    opened = unseal(seal(text))
    opened.set(path, value)
    found = to_plain(unseal(opened.seal(NOW)).plain.roots[0], "go_v3")
    for step in path:
        found = found[step]
    assert found == value


@pytest.mark.parametrize("text", ["a=`b`c;\\\np=q\n", "a=`b`c ; C:\\d\\ \np=q\n", "a=`b` ;\\\np=q\n"])
@pytest.mark.parametrize("value", [None, "safe", "two words", "with `ticks`"])
def test_a_comment_that_ends_in_a_backslash_takes_no_line_of_an_ini_file(text, value, seal, unseal):
    opened = unseal(seal(text, path="f.ini"))
    if value is not None:
        opened.set(("DEFAULT", "a"), value)
    again = unseal(opened.seal(NOW))
    assert to_plain(again.plain.roots[0], "ini") == {"DEFAULT": {"a": value or "b", "p": "q"}}
    assert again.text.count("\n") == 2


def test_the_block_stays_where_and_as_it_is(seal, unseal):
    text = seal("a: x\nb: y\n").text
    block = text[text.index("sops:") :].replace("    version", "    unknown: field   # kept\n    version")
    moved_block = block + "# between\n\n" + text[: text.index("sops:")]
    opened = unseal(moved_block)
    assert opened.text == "# between\n\na: x\nb: y\n"
    opened.set(("a",), "z")
    again = opened.seal(NOW)
    assert moved(moved_block, again.text) == {"a"}


def test_several_documents_each_get_the_block(seal, unseal):
    text = seal("a: 1\n---\nb: 2\n").text
    assert text.count("\nsops:\n") == 2
    opened = unseal(text)
    opened.set(("b",), 3, root=1)
    again = opened.seal(NOW)
    assert again.text.count(f'lastmodified: "{NOW}"') == 2
    assert len(set(re.findall(r"mac: \S+", again.text))) == 1


def test_only_the_copy_in_the_first_document_counts(seal, unseal):
    text = seal("a: 1\n---\nb: 2\n").text
    start = text.rindex("sops:")
    opened = unseal(text[:start])
    assert opened.text == "a: 1\n---\nb: 2\n"
    assert opened.seal(NOW).text.count("\nsops:\n") == 1


def test_a_list_comment_of_sops_stays_an_item(seal, unseal):
    text = seal("l:\n# one\n- a\n").text
    theirs = text.replace("#ENC[", "- ENC[")
    opened = unseal(theirs)
    assert opened.text == "l:\n# one\n- a\n"
    opened.set(("l", 0), "b")
    assert opened.seal(NOW).text.splitlines()[1] == theirs.splitlines()[1]


def test_comments_in_clear_of_old_files_stay_clear(seal, unseal):
    text = seal("a: x\n").text
    opened = unseal("# clear\n" + text)
    opened.set(("a",), "y")
    assert opened.seal(NOW).text.startswith("# clear\n")


def test_an_envelope_in_a_place_that_is_clear_is_text(seal, unseal):
    text = "a_unencrypted: ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]\nb: 1\n"
    assert unseal(seal(text)).text == text


def test_python_era_envelopes_in_blocks(seal, unseal):
    text = seal("a: x\n").text
    folded = re.sub(r"a: (ENC\S+)", r"a: |-\n    \1", text)
    opened = unseal(folded)
    assert opened.text == "a: x\n"
    assert moved(folded, opened.seal(NOW).text) == set()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("type:str", "type:int", "`a`: the decrypted text is no int"),
        ("type:str", "type:foo", "a type that is not known"),
        ("a: ENC", "b: ENC", "`b` does not open"),
        ("a: ENC[", "a: [ENC, ", "is not an envelope"),
        ("a: ENC", "a: 5 #", "`a` ought to be encrypted"),
        ("mac: ENC", "mac: junk #", "the MAC does not open"),
        ("mac: ENC", "mac: '' #", "the file has no MAC"),
        ("c_unencrypted: 1", "c_unencrypted: 2", "the MAC does not fit"),
        ("c_unencrypted: 1\n", "", "the MAC does not fit"),
        ('lastmodified: "2026', 'lastmodified: "2025', "the MAC does not open"),
    ],
)
def test_changes_without_the_key_are_noticed(seal, unseal, old: str, new: str, message: str):
    text = seal("a: x\nc_unencrypted: 1\n").text
    assert old in text
    with pytest.raises(Tampered, match=re.escape(message)) as caught:
        unseal(text.replace(old, new, 1))
    assert caught.value.place is not None


def test_plaintext_is_not_sealed(unseal):
    with pytest.raises(NotSealed):
        unseal("a: 1\n")


def test_a_selector_that_would_match_an_encrypted_comment_is_refused(seal):
    with pytest.raises(EnvelopeError, match="does not read back"):
        seal("# c\na: 1\n", Selector("unencrypted_comment_regex", "ENC"))


def test_mac_only_encrypted_leaves_clear_values_out(seal, unseal):
    text = seal("a: x\nc_unencrypted: 1\n", mac_only_encrypted=True).text
    assert unseal(text.replace("c_unencrypted: 1", "c_unencrypted: 2")).text == "a: x\nc_unencrypted: 2\n"
    with pytest.raises(Tampered):
        unseal(text.replace("mac_only_encrypted: true", "mac_only_encrypted: false"))
