"""A folder gives its manifests in order; what is left out is named."""

from __future__ import annotations

import pytest

from secrets_gitops.errors import AccessDenied, DocumentError, FileError, SettingsError
from secrets_gitops.render.inputs import gather

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"


def nothing():
    raise AssertionError("standard input is not read")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for path, text in {
        "b.yaml": MANIFEST,
        "a/z.json": '{"apiVersion": "v1", "kind": "ConfigMap"}',
        "a/two.yml": "x: 1\n---\n" + MANIFEST,
        "a/notes.md": "# ref+echo://x/y",
        "values.yaml": "image: x\n",
        "kustomization.yaml": "resources: [b.yaml]\n",
        ".sops.yaml": "creation_rules: []\n",
        ".git/x.yaml": MANIFEST,
        "chart/Chart.yaml": "name: c\n",
        "chart/templates/t.yaml": "{{ broken",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_manifests_are_taken_in_the_order_of_their_paths_and_the_rest_is_named(folder):
    found = gather(["."], nothing, root=str(folder))
    assert [document.path for document in found.documents] == ["a/two.yml", "a/z.json", "b.yaml"]
    assert found.errors == ()
    skipped = "\n".join(found.skipped)
    assert "`./chart`: a Helm chart" in skipped
    assert "`kustomization.yaml`" in skipped
    assert "`values.yaml`: not a Kubernetes manifest" in skipped
    assert ".sops" not in skipped


def test_a_file_that_is_named_is_taken_as_it_is(folder):
    found = gather(["values.yaml", "b.yaml"], nothing, root=str(folder))
    assert [document.path for document in found.documents] == ["values.yaml", "b.yaml"]


def test_a_folder_without_manifests_is_an_error(folder):
    (folder / "empty").mkdir()
    with pytest.raises(SettingsError, match="no manifest below"):
        gather(["empty"], nothing, root=str(folder))


def test_one_bad_file_does_not_hide_the_next(folder):
    (folder / "a" / "bad.yaml").write_text("a: [")
    found = gather([".", "nope.yaml"], nothing, root=str(folder))
    assert [type(error) for error in found.errors] == [DocumentError, FileError]
    assert [error.place.path for error in found.errors] == ["a/bad.yaml", "nope.yaml"]


def test_a_link_out_of_the_repository_is_not_followed(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "x.yaml"
    outside.write_text(MANIFEST)
    (folder / "a" / "link.yaml").symlink_to(outside)
    found = gather(["a"], nothing, root=str(folder))
    assert [type(error) for error in found.errors] == [AccessDenied]
    assert gather(["a"], nothing, root=str(folder), allow_outside=True).errors == ()


@pytest.mark.parametrize("text", ['{"a":\t1}\n{"b": 2}', "{a: 1}\n---\nb: 2\n", "a: 1\n---\nb: 2\n"])
def test_standard_input_is_json_when_it_is_and_yaml_otherwise(text):
    (document,) = gather(["-"], text.encode, root=".").documents
    assert len(document.roots) == 2
