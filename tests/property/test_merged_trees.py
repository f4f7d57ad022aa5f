"""Changes of disjoint keys merge to what both of them make of the base; whatever is merged, every side of it opens."""

from __future__ import annotations

import copy
import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yaml_texts import Writer

from secrets_gitops.documents import conflicts
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files.merge import merge
from secrets_gitops.encrypted_files.merge_text import transplant, trees
from secrets_gitops.encrypted_files.merge_trees import ABSENT, UNKNOWN, Digests
from secrets_gitops.encrypted_files.merge_trees import merge as merge_trees
from secrets_gitops.envelopes.sops import creating, opened
from secrets_gitops.envelopes.sops.groups import KeyGroups
from secrets_gitops.envelopes.sops.selection import DEFAULT, Selector
from secrets_gitops.errors import DocumentError, Error
from secrets_gitops.keys import age
from secrets_gitops.keys.keyring import Keyring

IDENTITY, RECIPIENT = age.generate()
KEYRING = Keyring(age.parse_identities(IDENTITY.reveal(), "test"))
KEYS_OF = KeyGroups(((age.parse_recipient(RECIPIENT),),))
THEN, LATER, NOW = "2026-01-02T03:04:05Z", "2026-02-02T03:04:05Z", "2027-01-02T03:04:05Z"
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
KEYS = st.sampled_from(["a", "b", "c", "name", "d e"])
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=True) | st.text("xyz", max_size=3)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
MAPS = st.dictionaries(KEYS, TREES, max_size=5)


def seal(text: str, path: str = "f.yaml", selector: Selector = DEFAULT):
    """Text, encrypted; None for what sops cannot hold."""
    try:
        return creating.create(read(text, path=path), KEYS_OF, selector, THEN)[0]
    except Error:
        return None


@given(MAPS, MAPS, MAPS, st.sets(KEYS))
def test_maps_that_changed_under_different_keys(base, ours, theirs, mine) -> None:
    one = {key: value for key, value in base.items() if key not in mine}
    one |= {key: value for key, value in ours.items() if key in mine}
    two = {key: value for key, value in base.items() if key in mine}
    two |= {key: value for key, value in theirs.items() if key not in mine}
    wanted = {key: value for key, value in ours.items() if key in mine}
    wanted |= {key: value for key, value in theirs.items() if key not in mine}
    digests = Digests()
    found = merge_trees(base, one, two, digests)
    assert found.conflicts == ()
    assert digests.same(found.ours, wanted)
    assert digests.same(found.theirs, wanted)


@given(TREES, TREES, TREES)
def test_a_merge_is_fair(base, ours, theirs) -> None:
    """Without a conflict both sides see the same; swapped sides give the same conflicts; who changed nothing loses."""
    digests = Digests()
    found, swapped = merge_trees(base, ours, theirs, digests), merge_trees(base, theirs, ours, digests)
    assert bool(found.conflicts) == bool(swapped.conflicts)
    if not found.conflicts:
        assert digests.same(found.ours, found.theirs)
    assert digests.same(merge_trees(base, ours, base, digests).ours, ours)
    assert digests.same(merge_trees(base, base, theirs, digests).ours, theirs)
    assert digests.same(merge_trees(base, ours, copy.deepcopy(ours), digests).ours, ours)
    assert merge_trees(ABSENT, ours, ours, digests).conflicts == ()
    assert bool(merge_trees(UNKNOWN, ours, theirs, digests).conflicts) != digests.same(ours, theirs)


@SLOW
@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_transplant_gives_the_wanted_values_or_refuses(one: int, other: int) -> None:
    try:
        document, donor = (read(Writer(random.Random(seed)).document(), path="f.yaml") for seed in (one, other))
        wanted = trees(donor)
        found = transplant(document, wanted, donor, Digests())
    except DocumentError:
        return
    assert Digests().same(trees(found), wanted)


@SLOW
@given(st.integers(0, 10**9), st.randoms(), st.text("ab:#\n", max_size=5), st.text("ab:#\n", max_size=5))
def test_two_leaves_of_a_file_as_people_write_it(seed: int, choice: random.Random, one: str, other: str) -> None:
    base = seal(Writer(random.Random(seed)).document())
    if base is None:
        return
    result = opened.open(base, KEYRING)
    leaves = [
        read.leaf for read in result.reads if read.state == "sealed" and read.type != "comment" and not read.leaf.alias
    ]
    places = [(leaf.root, leaf.path) for leaf in leaves if leaf.node is not None and "<<" not in leaf.keys]
    places = [place for place in places if places.count(place) == 1]
    if len(places) < 2 or "*" in result.text or len({place[0] for place in places}) > 1:
        return
    first, second = choice.sample(places, 2)
    versions = []
    for root, path, value in ((*first, f"one{one}"), (*second, f"two{other}")):
        side = opened.open(base, KEYRING)
        try:
            side.set(path, value, root=root)
            versions.append(side.seal(LATER))
        except Error:
            return
    try:
        found = merge((base.to_bytes(), versions[0].to_bytes(), versions[1].to_bytes()), "f.yaml", KEYRING, NOW)
    except DocumentError as error:
        assert "twice" in error.message
        return
    if found.conflicts:  # only a new name, which makes another item of a list
        names = {"name", "id", "key"}
        assert any(len(path) > 1 and isinstance(path[-2], int) and path[-1] in names for _, path in (first, second))
        return
    merged = opened.open(read(found.data, path="f.yaml"), KEYRING).plain
    for root, path, value in ((*first, f"one{one}"), (*second, f"two{other}")):
        tree = to_plain(merged.roots[root], "go_v3")
        for step in path:
            tree = tree[step]
        assert tree == value
    texts = sorted(comment.text.strip() for comment in merged.comments())
    assert texts == sorted(comment.text.strip() for comment in result.plain.comments())


@SLOW
@given(st.lists(st.integers(0, 10**9), min_size=3, max_size=3), st.booleans(), st.booleans())
def test_whatever_is_merged_opens_or_is_refused(seeds: list[int], related: bool, has_key: bool) -> None:
    """Three files that may have nothing in common: no crash, no plaintext, and each side of the markers is a file."""
    versions = [seal(Writer(random.Random(seed)).document()) for seed in seeds]
    if None in versions:
        return
    if related:
        changed = []
        for plain in versions[1:]:
            side = opened.open(versions[0], KEYRING)
            side.replace_plain(opened.open(plain, KEYRING).plain)
            try:
                changed.append(side.seal(LATER))
            except Error:
                return
        versions[1:] = changed
    data = tuple(version.to_bytes() for version in versions)
    try:
        found = merge(data, "f.yaml", KEYRING if has_key else Keyring([]), NOW)
    except Error:
        return
    sides = conflicts.split(found.data.decode())
    assert (sides is not None) == bool(found.conflicts)
    texts = [found.data.decode()] if sides is None else [sides.ours, sides.theirs]
    for text in texts if has_key else ():
        opened.open(read(text, path="f.yaml", duplicates="keep"), KEYRING)
