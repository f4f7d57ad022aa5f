"""References are found wherever they stand, and each place says in which form it takes a value."""

from __future__ import annotations

import pytest

from secrets_gitops.documents.read import read
from secrets_gitops.errors import BadReference, NotBuiltYet
from secrets_gitops.references.dialects import vals
from secrets_gitops.references.scan import Scan


def forms(text, **options):
    """Path → form of every site of the first document."""
    document = read(text, path="m.yaml")
    scan = Scan(document, lambda string: list(vals.find(string)), **options)
    return {".".join(map(str, site.path)): site.form for root in document.roots[:1] for site in scan.sites(root)}


def test_outside_of_objects_every_string_takes_the_type_of_the_value():
    assert forms("a: ref+echo://a/b\nl: [x ref+echo://a/b y, {z: ref+echo://c/d}]\n") == {
        "a": "native", "l.0": "native", "l.1.z": "native",
    }  # fmt: skip


def test_a_secret_takes_base64_in_data_and_text_in_string_data_and_metadata():
    assert forms("""
apiVersion: v1
kind: Secret
metadata: {name: s, annotations: {a: ref+echo://a/b}}
data: {d: ref+echo://a/b}
stringData: {s: ref+echo://a/b}
type: ref+echo://a/b
""") == {"metadata.annotations.a": "text", "data.d": "base64", "stringData.s": "text", "type": "native"}


def test_a_config_map_takes_text_in_data_and_base64_in_binary_data():
    assert forms("""
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {d: ref+echo://a/b}
binaryData: {b: ref+echo://a/b}
""") == {"data.d": "text", "binaryData.b": "base64"}


def test_the_environment_of_a_container_takes_text_and_numbers_elsewhere_stay_numbers():
    assert forms("""
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  replicas: ref+echo://a/b
  template: {spec: {containers: [{env: [{name: A, value: ref+echo://a/b}]}]}}
""") == {"spec.replicas": "native", "spec.template.spec.containers.0.env.0.value": "text"}


def test_the_items_of_a_list_and_objects_inside_objects_are_objects():
    assert forms("""
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Secret, metadata: {name: s}, data: {d: ref+echo://a/b}}
- apiVersion: example.org/v1
  kind: Wrap
  metadata: {name: w}
  spec: {inner: {apiVersion: v1, kind: Secret, metadata: {name: s}, data: {d: ref+echo://a/b}}}
""") == {"items.0.data.d": "base64", "items.1.spec.inner.data.d": "base64"}


def test_a_mapping_without_a_name_is_no_object():
    assert forms("apiVersion: v1\nkind: Secret\ndata: {d: ref+echo://a/b}\n") == {"data.d": "native"}


def test_references_inside_base64_are_found_when_asked():
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {p: cmVmK2VjaG86Ly9hL2I=}\n"
    assert forms(text) == {}
    assert forms(text, inside_base64=True) == {"data.p": "base64"}


def test_an_anchor_is_one_place_and_a_merge_key_passes_the_form_on():
    assert forms("a: &x ref+echo://a/b\nb: *x\n") == {"a": "native"}
    assert forms("""
apiVersion: v1
kind: Secret
metadata: {name: s}
x-shared: &shared {}
data:
  <<: &more {d: ref+echo://a/b}
""") == {"data.<<.d": "base64"}


def test_an_anchor_that_would_need_two_forms_is_refused_with_its_place():
    with pytest.raises(NotBuiltYet, match="two forms") as refusal:
        forms("""
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {s: &x ref+echo://a/b}
data: {d: *x}
""")
    assert str(refusal.value.place) == "m.yaml:5:17"


def test_a_reference_as_a_key_is_refused_by_name():
    with pytest.raises(BadReference, match="as a key"):
        forms("ref+file://data.json: {}\nz: 1\n")


def test_a_bomb_of_aliases_is_scanned_once_for_each_anchor():
    lines = ["a0: &a0 [ref+echo://a/b]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 5)]
    assert forms("\n".join(lines)) == {"a0.0": "native"}
