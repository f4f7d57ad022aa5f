"""Whatever a store gives and whatever a manifest holds: a value is a value, and a failure is one of ours."""

from __future__ import annotations

import itertools
import json

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from secrets_gitops.backends.backend import Fetched, Surroundings
from secrets_gitops.deadline import Deadline
from secrets_gitops.documents.read import read
from secrets_gitops.errors import Error
from secrets_gitops.materialize.materialized import Given
from secrets_gitops.plaintext import Plaintext
from secrets_gitops.references.dialects import vals
from secrets_gitops.references.fetcher import Fetcher
from secrets_gitops.references.resolve import Resolver
from secrets_gitops.render.stream import Stream

TEMPLATES = (
    "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  p: ref+file://any\n  q: r # c\n",
    'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {p: "ref+file://any", q: r}\n',
    "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n    p: >-\n      ref+file://any\n    q: r\n",
    'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n- &x ref+file://any\n',
    '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"p": "ref+file://any","q":"r"}}',
)  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def rendered(template, value):
    class Store:
        identity = "one value"

        def fetch(self, locators, deadline):
            return [Fetched(Plaintext(value)) for _ in locators]

    resolver = Resolver(Fetcher(lambda _: Store(), Deadline(30)), {})
    path = "m.json" if template.startswith("{") else "m.yaml"
    return Stream(resolver, Given).render([read(template, path=path)]).text.decode()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TEMPLATES), TEXT)
def test_any_text_comes_out_as_the_one_scalar_it_replaces(template, value):
    load = json.loads if template.startswith("{") else yaml.safe_load
    result = load(rendered(template, value))["stringData"]
    assert result in ({"p": value, "q": "r"}, [value])


ENVIRON = {"AA": "value", "AAAA": "a: {b: 1}", "a": "#/a?"}
PIECES = st.sampled_from(
    ["ref+echo://", "ref+env://", "secretref+envsubst://", "ref+", "://", "AA", "a", "/", "#", "?", "%", "2", "+", " ",
     "\n", '"', ",", "=", "&", ";", "@", ":", "x", "\t", "$AA", "{", "}", "\x00", "é", "arn:aws:", "encode=base64"]
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_string_is_resolved_or_refused_by_an_error_of_ours(text):
    spans = [(match.start, match.end) for match in vals.find(text)]
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    try:
        result = Resolver(Fetcher.local(Surroundings(ENVIRON, ".", "."), Deadline(30)), ENVIRON).one(text)
    except Error:
        return
    if not spans:
        assert result == text
