"""What holds for every document: what is written reads back the same, and an edit changes one path and nothing else."""

from __future__ import annotations

import copy
import json
from itertools import pairwise
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yaml_texts import Writer

from secrets_gitops.documents import edit
from secrets_gitops.documents.document import Edit, walk
from secrets_gitops.documents.emit import json_text, yaml_block, yaml_flow, yaml_scalar
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.golang.times import Time

unhurried = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
odd_texts = st.sampled_from([
    "yes", "null", "~", "1", "0x1F", "1e3", "2001-01-02", "- a", "# a", "a: b", "a #b", "{a", "'", '"', "|", "&a", "*a",
    "!a", "a\nb", "a\nb\n", "a\n\nb\n", "\na", " a\nb", "\ta\nb", "a \nb", "a\nb\n\n", "a\rb", "a\u2028b", "\ufeffa",
    "a\x85b", "---", "...", "%a", "a" * 1100, "\x7f", "é\U0001f389\nb", "<<", "=", ".inf", "12:30", "a\n---\nb",
    "a\n# b",
])  # fmt: skip
times = st.sampled_from([Time("2001-01-02T00:00:00Z"), Time("2001-01-02T03:04:05.5-05:00")])
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
leaves = st.none() | st.booleans() | numbers | texts | odd_texts | st.binary(max_size=8) | times
keys = texts | odd_texts
trees = st.recursive(
    leaves, lambda below: st.lists(below, max_size=4) | st.dictionaries(keys, below, max_size=4), max_leaves=12
)
collections = st.dictionaries(keys, trees, max_size=4) | st.lists(trees, max_size=4)
json_leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts | odd_texts
json_trees = st.recursive(
    json_leaves, lambda below: st.lists(below, max_size=4) | st.dictionaries(keys, below, max_size=4), max_leaves=12
)
dialects = st.sampled_from(["go_v3", "k8s"])


def exactly(tree: object) -> str:
    """Tells 1 from 1.0 and from True."""
    return repr(tree)


def test_lone_surrogates_aside_any_tree_survives_yaml_block_text():
    @unhurried
    @given(
        st.dictionaries(keys, trees, max_size=4) | st.lists(trees, max_size=4),
        st.sampled_from([2, 4]),
        st.integers(0, 3),
    )
    def holds(tree, step, dash):
        text = yaml_block(tree, step=step, dash=dash)
        assert exactly(to_plain(read(text, path="x.yaml").roots[0], "go_v3")) == exactly(tree)

    holds()


@unhurried
@given(trees)
def test_any_tree_survives_yaml_flow_text_on_one_line(tree):
    text = yaml_flow(tree)
    assert "\n" not in text
    assert exactly(to_plain(read(f"k: {text} # c\n", path="x.yaml").roots[0], "go_v3")) == exactly({"k": tree})


@unhurried
@given(st.dictionaries(keys, json_trees, max_size=4), st.sampled_from([None, "  ", "\t"]))
def test_any_tree_survives_json_text_and_other_parsers_agree(tree, indent):
    text = json_text(tree, indent=indent)
    assert json.loads(text) == tree
    assert exactly(to_plain(read(text, path="x.json").roots[0], "go_v3")) == exactly(tree)


@unhurried
@given(texts | odd_texts, dialects)
def test_a_string_stays_a_string_in_both_dialects(text, dialect):
    assert to_plain(read(f"k: {yaml_scalar(text)}\n", path="x.yaml").roots[0], dialect) == {"k": text}
    block = yaml_scalar(text, indent=2, inline_only=False)
    assert to_plain(read(f"k: {block}\nl: 1\n", path="x.yaml").roots[0], dialect) == {"k": text, "l": 1}


@unhurried
@given(json_trees | st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([None, 2, "\t"]), st.booleans())
def test_json_reads_as_pythons_own_reader_reads_it(tree, indent, raw):
    text = json.dumps(tree, indent=indent, ensure_ascii=not raw)
    document = read(text, path="x.json")
    assert exactly(to_plain(document.roots[0], "go_v3")) == exactly(json.loads(text))
    assert all(json.loads(text[node.start : node.end]) == to_plain(node, "go_v3") for node in walk(document.roots[0]))


NEW_VALUES = [
    "x", "yes", "m\nn", "m\nn\n", " lead\nx", "a\n\nb\n", "x\n\n", "", None, 1, 1.0, True, {}, [], {"q": 1},
    {"q": {"r": "m\nn\n"}, "s": [1, {"t": 2}]}, ["i"], ["m\nn\n"], [[1], {"a": "b\nc"}], {"k": {}}, "# c", "- a",
    "a: b", "\ttab\nx", "x \ny", Time("2001-01-02T00:00:00Z"), b"\xff",
]  # fmt: skip


def every_path(tree, at=()):
    yield at
    members = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, below in members:
        yield from every_path(below, (*at, step))


def reach(tree, path):
    for step in path:
        tree = tree[step]
    return tree


def one_change(random: Random, tree):
    """A random change: the path, the value (or None when it is a removal) and the tree that it should give."""
    wanted = copy.deepcopy(tree)
    path = random.choice(list(every_path(tree)))
    value = copy.deepcopy(random.choice(NEW_VALUES))
    kind = random.choice(["set", "set", "add", "remove"])
    if kind == "add":
        found = reach(wanted, path)
        if isinstance(found, dict):
            path += (random.choice(["new", "zz top", "yes"]),)
            found[path[-1]] = value
        elif isinstance(found, list):
            path += (len(found),)
            found.append(value)
        elif path and found is None:
            reach(wanted, path[:-1])[path[-1]] = {"new": [value]}
            path += ("new", 0)
        else:
            return None
    elif not path:
        return None
    elif kind == "set":
        reach(wanted, path[:-1])[path[-1]] = value
    else:
        del reach(wanted, path[:-1])[path[-1]]
    return kind, path, value, wanted


def check_one_change(document, random: Random) -> None:
    tree = to_plain(document.roots[0], "go_v3")
    change = one_change(random, tree)
    if change is None:
        return
    kind, path, value, wanted = change
    edits = edit.remove_path(document, 0, path) if kind == "remove" else edit.set_path(document, 0, path, value)
    changed = document.apply(edits)
    assert exactly(to_plain(changed.roots[0], "go_v3")) == exactly(wanted)
    others = [[exactly(to_plain(root, "go_v3")) for root in one.roots[1:]] for one in (document, changed)]
    assert others[0] == others[1]
    if document.text.count("\r\n") == document.text.count("\n"):
        assert changed.text.count("\r\n") == changed.text.count("\n") or "\n" not in document.text


@settings(unhurried, max_examples=400)
@given(st.integers(0, 2**32))
def test_an_edit_of_yaml_changes_one_path_and_nothing_else(seed):
    random = Random(seed)
    check_one_change(read(Writer(random).document(), path="x.yaml"), random)


def json_as_people_write_it(random: Random, tree, style: str, depth: int = 0) -> str:
    if not isinstance(tree, dict | list):
        return json.dumps(tree, ensure_ascii=random.random() < 0.5)
    opening, closing = "{}" if isinstance(tree, dict) else "[]"
    colon = {"compact": ":", "wide": ": ", "mixed": random.choice([":", ": ", " : "])}[style]
    members = [
        (json.dumps(one) + colon if isinstance(tree, dict) else "")
        + json_as_people_write_it(random, tree[one] if isinstance(tree, dict) else one, style, depth + 1)
        for one in tree
    ]
    if style == "wide" or (style == "mixed" and random.random() < 0.6):
        lead = "\n" + "\t" * depth
        return opening + ",".join(f"{lead}\t{member}" for member in members) + (lead if members else "") + closing
    return opening + ("," if style == "compact" else ", ").join(members) + closing


@settings(unhurried, max_examples=200)
@given(
    st.dictionaries(keys, json_trees, max_size=4), st.integers(0, 2**32), st.sampled_from(["compact", "wide", "mixed"])
)
def test_an_edit_of_json_changes_one_path_and_nothing_else(tree, seed, style):
    random = Random(seed)
    text = json_as_people_write_it(random, tree, style)
    document = read(text, path="x.json")
    change = one_change(random, tree)
    if change is None or isinstance(change[2], Time | bytes):
        return
    kind, path, value, wanted = change
    edits = edit.remove_path(document, 0, path) if kind == "remove" else edit.set_path(document, 0, path, value)
    assert json.loads(document.splice(edits)) == wanted
    document.apply(edits)


@settings(unhurried, max_examples=200)
@given(st.integers(0, 2**32))
def test_replacing_every_scalar_by_an_equal_one_leaves_the_rest_of_the_text(seed):
    """What sealing does: each value's span is replaced, and everything between the spans is as before."""
    document = read(Writer(Random(seed)).document(), path="x.yaml")
    scalars = [
        node for root in document.roots for node in walk(root) if node.kind == "scalar" and node.start < node.end
    ]
    kept = [document.text[one.end : other.start] for one, other in pairwise(scalars)]
    changed = document.splice(Edit(node.start, node.end, "\1") for node in scalars)
    assert changed.split("\1")[1:-1] == kept


@unhurried
@given(st.integers(0, 2**32))
def test_spans_of_a_tree_nest_and_stand_in_order(seed):
    document = read(Writer(Random(seed)).document(), path="x.yaml")
    for root in document.roots:
        for node in walk(root):
            parts = [*node.items, *(one for pair in node.pairs for one in pair)]
            ends = [node.start]
            for part in parts:
                assert ends[-1] <= part.start <= part.end <= node.end
                ends.append(part.end)
    for comment in document.comments():
        assert document.text[comment.start : comment.end] == f"#{comment.text}"


@unhurried
@given(st.integers(0, 2**32))
def test_the_words_of_comments_mean_nothing(seed):
    document = read(Writer(Random(seed)).document(), path="x.yaml")
    changed = document.apply(Edit(comment.start, comment.end, "# changed: [") for comment in document.comments())
    assert {comment.text for comment in changed.comments()} <= {" changed: ["}
    trees = [[exactly(to_plain(root, "go_v3")) for root in one.roots] for one in (document, changed)]
    assert trees[0] == trees[1]
