"""The redacted form names every secret value and shows none."""

from __future__ import annotations

from secrets_gitops.render.redact import redacted

TEXT = """\
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: shop}
data: {password: ref+env://PASSWORD, known: aGk=}
stringData: {again: ref+env://PASSWORD}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec: {template: {spec: {containers: [{env: [{name: A, value: "x ref+env://PASSWORD"}, {name: B, value: b}]}]}}}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Secret, metadata: {name: inner}, data: {k: aGk=}}
"""


def test_objects_paths_sizes_and_fingerprints_are_listed(render):
    objects = redacted(render(TEXT, environ={"PASSWORD": "c4nary!"}), b"k" * 32)
    assert [(each.title, [(entry.path, entry.size) for entry in each.entries]) for each in objects] == [
        ("Secret shop/s", [("data.password", 7), ("data.known", 2), ("stringData.again", 7)]),
        ("Deployment d", [("spec.template.spec.containers[0].env[0].value", 9)]),
        ("List", [("items[0].data.k", 2)]),
    ]
    assert "c4nary" not in repr(objects)


def test_equal_values_have_equal_fingerprints_under_one_key_only(render):
    rendered = render(TEXT, environ={"PASSWORD": "c4nary!"})
    password, known, again = redacted(rendered, b"k" * 32)[0].entries
    assert password.fingerprint == again.fingerprint != known.fingerprint
    assert redacted(rendered, b"l" * 32)[0].entries[0].fingerprint != password.fingerprint
