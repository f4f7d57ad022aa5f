"""Kubernetes objects at any depth."""

from __future__ import annotations

from secrets_gitops.documents.read import read
from secrets_gitops.lint.objects import entries, find_objects, secret_pairs


def objects(text: str):
    return find_objects(read(text, path="x.yaml", duplicates="keep"))


def keys(text: str) -> list[str]:
    return [key.resolved().text for found in objects(text) for _, key, _ in secret_pairs(found)]


def test_documents_lists_and_wrappers():
    text = (
        "kind: List\nitems:\n- {kind: Secret, metadata: {name: a, namespace: n}, data: {x: eQ==}}\n"
        "---\nkind: ManifestWork\nspec: {workload: {manifests: [{kind: Secret, data: {y: eQ==}}]}}\n"
    )
    found = [one for one in objects(text) if one.is_secret]
    assert [one.label for one in found] == ["Secret/n/a", "Secret"]
    assert [one.pointer("data") for one in found] == ["/items/0/data", "1#/spec/workload/manifests/0/data"]


def test_a_secret_list_implies_the_kind_of_its_items():
    assert keys("kind: SecretList\nitems:\n- data: {a: eQ==}\n- {kind: ConfigMap, data: {b: c}}\n") == ["a"]


def test_only_the_secret_of_kubernetes_itself_is_one():
    assert keys("{apiVersion: example.org/v1, kind: Secret, data: {a: b}}") == []
    assert keys("{apiVersion: v1, kind: Secret, data: {a: b}}") == ["a"]
    assert keys("{kind: SecretStore, data: {a: b}}") == []


def test_a_patch_that_deletes_may_hold_values_all_the_same():
    assert keys("{$patch: delete, kind: Secret}") == []
    assert keys("{$patch: delete, kind: Secret, data: {a: b}}") == ["a"]


def test_every_version_that_an_object_gives_itself_counts():
    assert keys("{apiVersion: example.org/v1, apiVersion: v1, kind: Secret, data: {a: b}}") == ["a"]


def test_what_an_alias_names_is_read_where_only_a_secret_makes_it_one():
    assert keys("a: &a {stringData: {b: c}}\nkind: SecretList\nitems: [*a, *a]\n") == ["b"]
    assert keys("a: &a [{stringData: {b: c}}]\nkind: SecretList\nitems: *a\n") == ["b"]
    assert keys("a: &a b\nx: {kind: Secret, stringData: {c: {d: *a}}}\n") == ["d"]
    assert keys("a: &k kind\nx:\n  *k : Secret\n  stringData: {b: c}\n") == ["b"]


def test_data_that_is_one_text_is_a_value():
    assert keys("kind: Secret\nstringData: |\n  a: b\n") == ["stringData"]


def test_both_of_a_repeated_key_merged_maps_and_aliases_count():
    assert keys("{kind: Secret, data: {a: b}, stringData: {c: d}, data: {e: f}}") == ["a", "e", "c"]
    assert keys("kind: ConfigMap\nkind: Secret\ndata: {a: b}\n") == ["a"]
    assert keys("x: &x {a: b}\nkind: Secret\nstringData:\n  <<: *x\n  c: d\n") == ["c", "a"]
    assert keys("x: &x {a: b}\nkind: Secret\nstringData: *x\n") == ["a"]
    assert keys("x: &x {kind: Secret}\ny:\n  <<: *x\n  data: {a: b}\n") == ["a"]


def test_entries_of_what_is_no_mapping_are_none():
    root = read("[a, b]", path="x.yaml").roots[0]
    assert list(entries(root, "a")) == []
