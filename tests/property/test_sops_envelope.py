"""open(seal(x)) is x, as trees; text outside values stays; changing one value changes one line."""

from __future__ import annotations

import contextlib
import random
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yaml_texts import Writer

from secrets_gitops.documents import emit
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files import explain
from secrets_gitops.envelopes.sops import creating, opened
from secrets_gitops.envelopes.sops.groups import KeyGroups
from secrets_gitops.envelopes.sops.sealing import plaintext_leaves
from secrets_gitops.envelopes.sops.selection import DEFAULT, Selection, Selector
from secrets_gitops.errors import Error
from secrets_gitops.keys import age
from secrets_gitops.keys.keyring import Keyring

IDENTITY, RECIPIENT = age.generate()
KEYRING = Keyring(age.parse_identities(IDENTITY.reveal(), "test"))
KEYS_OF = KeyGroups(((age.parse_recipient(RECIPIENT),),))
THEN, NOW = "2026-01-02T03:04:05Z", "2027-01-02T03:04:05Z"
SELECTORS = st.sampled_from(
    [
        DEFAULT,
        Selector("encrypted_regex", "^(data|name|a)$"),
        Selector("unencrypted_regex", "[bn]"),
        Selector("encrypted_suffix", "a"),
        Selector("encrypted_comment_regex", "note"),
        Selector("unencrypted_comment_regex", "tight"),
    ]
)
STAMPS = re.compile(r'(?m)^(\s*"?(?:mac|lastmodified)"?: ).*$')
BLANKS = re.compile(r"(?m)[ \t]+(?=\r?$)")
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def seal(text: str, selector: Selector, path: str = "f.yaml", *, mac_only_encrypted: bool = False):
    """Text, encrypted; None for what sops cannot hold or where nothing is chosen."""
    try:
        return creating.create(read(text, path=path), KEYS_OF, selector, THEN, mac_only_encrypted=mac_only_encrypted)[0]
    except Error:
        return None


def values(document, selector: Selector) -> list[tuple[object, ...]]:
    reads = plaintext_leaves(document, Selection(selector))
    return [(one.leaf.root, one.leaf.path, one.data, one.type) for one in reads if one.type != "comment"]


def comments(document) -> list[str]:
    return sorted(comment.text.strip() for comment in document.comments())


@SLOW
@given(st.integers(0, 10**9), SELECTORS, st.booleans())
def test_yaml_as_people_write_it(seed: int, selector: Selector, only: bool) -> None:
    text = Writer(random.Random(seed)).document()
    try:
        plain = read(text, path="f.yaml")
    except Error:
        return
    sealed = seal(text, selector, mac_only_encrypted=only)
    if sealed is None:
        return
    result = opened.open(sealed, KEYRING)
    assert values(result.plain, selector) == values(plain, selector)
    if "*" not in text:  # an alias that is written out repeats comments
        assert comments(result.plain) == comments(plain)
    assert ("\r\n" in text) == ("\r\n" in result.text) or "\n" not in text.strip()


@SLOW
@given(st.integers(0, 10**9), SELECTORS)
def test_sealing_what_was_opened_changes_only_the_mac_and_its_time(seed: int, selector: Selector) -> None:
    sealed = seal(Writer(random.Random(seed)).document(), selector)
    if sealed is None:
        return
    again = opened.open(sealed, KEYRING).seal(NOW)
    assert STAMPS.sub(r"\1", again.text) == STAMPS.sub(r"\1", sealed.text)
    assert again.text != sealed.text


@SLOW
@given(
    st.integers(0, 10**9),
    st.text(max_size=12) | st.integers(-9, 9) | st.sampled_from([True, "yes", "12:30", "a b", "x: y", "'", "#", "a\n"]),
    SELECTORS, st.randoms(), st.sampled_from(["yaml", "json"]),
)  # fmt: skip
def test_the_short_way_to_set_a_value_gives_what_the_long_way_gives(
    seed: int, new: str | int, selector: Selector, choice: random.Random, form: str
) -> None:
    text = Writer(random.Random(seed)).document()
    if form == "json":
        try:
            text = emit.json_text(to_plain(read(text, path="f.yaml").roots[0], "go_v3"))
        except (Error, IndexError, TypeError, ValueError):
            return
    sealed = seal(text, selector, f"f.{form}")
    if sealed is None:
        return
    short, long = opened.open(sealed, KEYRING), opened.open(sealed, KEYRING)
    places = [(one.leaf.path, one.leaf.root) for one in short.reads]
    quick = [(path, root) for path, root in places if short.can_set_at_once(path, new, root=root)]
    if not quick:
        return
    path, root = choice.choice(quick)
    long.replace_plain(long.plain)
    for result in (short, long):
        result.set(path, new, root=root)
    one, two = (result.seal(NOW, random=bytes) for result in (short, long))
    assert BLANKS.sub("", one.text) == BLANKS.sub("", two.text)  # the short way keeps blanks at the end of the line
    assert values(opened.open(one, KEYRING).plain, selector) == values(long.plain, selector)
    assert short.plain.text == long.plain.text


@SLOW
@given(st.integers(0, 10**9), st.text(max_size=30), st.randoms())
def test_setting_one_value_changes_one_line(seed: int, text: str, choice: random.Random) -> None:
    sealed = seal(Writer(random.Random(seed)).document(), DEFAULT)
    if sealed is None:
        return
    result = opened.open(sealed, KEYRING)
    places = [
        read.leaf for read in result.reads if read.state == "sealed" and read.type != "comment" and not read.leaf.alias
    ]
    keys = [(leaf.root, leaf.path) for leaf in places]
    places = [leaf for leaf in places if keys.count((leaf.root, leaf.path)) == 1 and "<<" not in leaf.keys]
    if not places:
        return
    leaf = choice.choice(places)
    try:
        result.set(leaf.path, text, root=leaf.root)
        changed = result.seal(NOW)
    except Error:
        return
    before, after = STAMPS.sub(r"\1", sealed.text).split("\n"), STAMPS.sub(r"\1", changed.text).split("\n")
    assert len(before) == len(after)
    assert sum(old != new for old, new in zip(before, after, strict=True)) <= 1
    found = to_plain(opened.open(changed, KEYRING).plain.roots[leaf.root], "go_v3")
    for step in leaf.path:
        found = found[step]
    assert found == text


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
KEYS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).filter(lambda key: key not in {"sops", "<<"})
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
    ),
    min_size=1,
    max_size=5,
)


def exact(tree: object) -> object:
    """A tree in which numbers are told apart as JSON tells them apart."""
    if isinstance(tree, dict):
        return {key: exact(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [exact(item) for item in tree]
    if isinstance(tree, float) and tree.is_integer() and abs(tree) < 2**53:
        return int(tree)
    return repr(tree) if isinstance(tree, bool | float) else tree


@SLOW
@given(TREES, st.booleans())
@pytest.mark.parametrize("form", ["json", "yaml"])
def test_any_tree(form: str, tree: dict[str, object], compact: bool) -> None:
    text = emit.json_text(tree, indent=None if compact else "  ") if form == "json" else emit.yaml_block(tree)
    path = f"f.{form}"
    wanted = exact(to_plain(read(text, path=path).roots[0], "go_v3"))
    sealed = seal(text, DEFAULT, path)
    if sealed is None:
        return
    result = opened.open(sealed, KEYRING)
    assert exact(to_plain(result.plain.roots[0], "go_v3")) == wanted
    if form == "json":
        assert STAMPS.sub("", result.seal(NOW).text) == STAMPS.sub("", sealed.text) or compact


@SLOW
@given(st.integers(0, 10**9), st.randoms())
def test_a_changed_character_of_an_envelope_is_noticed(seed: int, choice: random.Random) -> None:
    sealed = seal(Writer(random.Random(seed)).document(), DEFAULT)
    if sealed is None:
        return
    found = list(re.finditer(r"ENC\[AES256_GCM,data:([^,]+),iv:([^,]+),tag:([^,]+),type:(?!comment)", sealed.text))
    envelope = choice.choice(found)
    at = choice.randrange(*envelope.span(choice.choice([1, 2, 3])))
    old = sealed.text[at]
    if old == "=":
        return
    new = "A" if old != "A" else "Z"
    text = sealed.text[:at] + new + sealed.text[at + 1 :]
    try:
        result = opened.open(read(text, path="f.yaml"), KEYRING)
    except Error as error:
        assert error.exit_code == 3
    else:  # the last digit of base64 has bits that mean nothing
        assert result.text == opened.open(sealed, KEYRING).text


VECTORS = Path(__file__).parents[1] / "interop" / "vectors" / "sops"
FILES = sorted(path for path in VECTORS.glob("*/**/enc.*") if path.stat().st_size < 20_000)
PIECES = [
    "#", "# c\n", "- ", "\n", "  ", "&a ", "*a", "!!binary ", "{", "}", "[", "]", ",", ": ", '"', "|\n", "---\n",
    "...\n", "<<: ", "null", "sops: ", "mac: ", "ENC[AES256_GCM,data:x,iv:x,tag:x,type:comment]", "\r\n", "\t", "é",
    "\\", "age: []",
]  # fmt: skip


@pytest.fixture(scope="module")
def theirs() -> Keyring:
    return Keyring.local([str(path) for path in VECTORS.glob("keys/age[1-5].txt")], {})


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(FILES), st.randoms())
def test_a_damaged_file_gives_our_errors_and_nothing_else(theirs: Keyring, path: Path, choice: random.Random) -> None:
    text = path.read_text()
    for _ in range(choice.choice([1, 1, 2, 3])):
        at = choice.randrange(len(text))
        if choice.random() < 0.5:
            text = text[:at] + choice.choice(PIECES) + text[at:]
        else:
            lines = text.split("\n")
            line = lines.pop(choice.randrange(len(lines)))
            lines[choice.randrange(len(lines)) : 0] = [line] * choice.choice([0, 1, 2])
            text = "\n".join(lines) or " "
    try:
        document = read(text, path=path.name, duplicates="keep")
        result = opened.open(document, theirs, verify_mac=False, keep_open=True)
        assert result.seal(NOW)
    except Error as error:
        assert error.message
    with contextlib.suppress(Error):
        assert explain.explain(read(text, path=path.name, duplicates="keep"), theirs)


@SLOW
@given(
    st.sampled_from(
        ["a: {}{}\n{}b: y\n", "a:\n- {}{}\n{}- y\n", "q:\n- a: {}{}\n{}  b: y\n- c\n", "z: 1\na: {}{}\n{}"]
    ),
    st.sampled_from(["x", "'x'", '"x"', "!!str x", "&an x", "|\n     x", "\n    x"]),
    st.sampled_from(["", " ", "\t", " # c"]),
    st.sampled_from(["", "\n", "   \n", "\t\n", "      # deep\n", "# top\n", "   \n\n  # note\n"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(
        ["two\n", "a\nb", "a\nb\n\n", "\na\n", " a\nb\n", "a \nb", "# x\ny", "a\tb\nc\n", "- a\n- b\n", "---\na\n"]
    ),
)
def test_a_value_is_what_it_was_set_to_whatever_stands_around_it(
    frame: str, old: str, behind: str, below: str, line_break: str, value: str
) -> None:
    base = seal(frame.format(old, "" if old[0] == "|" else behind, below).replace("\n", line_break), DEFAULT)
    if base is None:
        return
    path: tuple[str | int, ...] = ("q", 0, "a") if frame[0] == "q" else ("a", 0) if "a:\n-" in frame else ("a",)
    side = opened.open(base, KEYRING)
    try:
        side.set(path, value)
    except Error:
        return
    found = to_plain(opened.open(side.seal(NOW), KEYRING).plain.roots[0], "go_v3")
    for step in path:
        found = found[step]  # type: ignore[call-overload, index]  # a tree
    assert found == value
