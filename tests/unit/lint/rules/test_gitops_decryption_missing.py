"""`gitops-decryption-missing`: what each tool would apply as ciphertext."""

# ruff: noqa: E501  a manifest on one line is read faster than one in pieces

from __future__ import annotations

import pytest
from sops_texts import ALICE, block

RULE = "gitops-decryption-missing"
FLUX = (
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\nspec:\n  path: ./apps\n"
)
DECRYPTS = FLUX + "  decryption: {provider: sops}\n"
ARGO = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: apps}\nspec:\n  source:\n    path: apps\n"


@pytest.fixture
def sealed(values) -> str:
    """An encrypted Secret."""
    text = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\ndata:\n  password: {values.envelope()}\n"
    return text + block(values, selector="encrypted_regex: ^(data|stringData)$")


@pytest.fixture
def found(scan):
    def run(files, **options):
        return [(f.path, f.line, f.severity) for f in scan(files, RULE, **options).findings]

    return run


class TestFlux:
    def test_a_path_with_an_encrypted_file_and_no_decryption(self, scan, sealed):
        (one,) = scan({"ks.yaml": FLUX, "apps/a/db.yaml": sealed}, RULE).findings
        assert (one.path, one.line, one.severity, one.object) == ("ks.yaml", 5, "low", "Kustomization/apps")
        assert "apps/a/db.yaml" in one.message
        assert "decryption: {provider: sops" in one.fix

    def test_what_the_kustomizations_name_counts(self, found, sealed):
        files = {
            "ks.yaml": FLUX,
            "apps/kustomization.yaml": "resources: [../base, a.yaml]\n",
            "apps/a.yaml": "kind: A\n",
        }
        assert found({**files, "apps/other.yaml": sealed, "base/kustomization.yaml": "resources: []\n"}) == []
        assert found({**files, "base/kustomization.yaml": "resources: [db.yaml]\n", "base/db.yaml": sealed}) == [
            ("ks.yaml", 5, "low")
        ]
        generator = "secretGenerator:\n- name: a\n  files: [config=db.yaml]\n"
        assert found({**files, "base/kustomization.yaml": generator, "base/db.yaml": sealed}) == [("ks.yaml", 5, "low")]
        patch = "patches:\n- path: db.yaml\n"
        assert found({**files, "base/kustomization.yaml": patch, "base/db.yaml": sealed}) == [("ks.yaml", 5, "low")]

    def test_kustomizations_that_name_each_other_end(self, found):
        files = {
            "ks.yaml": FLUX,
            "apps/kustomization.yaml": "resources: [../base]\n",
            "base/kustomization.yaml": "resources: [../apps, ../..]\n",
        }
        assert found(files) == []

    def test_it_passes_with_decryption_or_when_a_patch_brings_it(self, found, sealed):
        assert found({"ks.yaml": DECRYPTS, "apps/db.yaml": sealed}) == []
        patch = "kind: Kustomization\nspec:\n  patches:\n  - patch: |\n      kind: Kustomization\n      spec:\n        decryption: {provider: sops}\n"
        assert found({"ks.yaml": FLUX, "apps/db.yaml": sealed, "flux.yaml": patch}) == []

    def test_what_is_not_encrypted_not_here_or_not_for_flux_passes(self, found, sealed):
        assert found({"ks.yaml": FLUX, "apps/db.yaml": "kind: ConfigMap\n"}) == []
        assert found({"ks.yaml": FLUX, "other/db.yaml": sealed}) == []
        assert found({"ks.yaml": FLUX.replace("./apps", "./${cluster}"), "apps/db.yaml": sealed}) == []
        assert found({"ks.yaml": FLUX, "apps/db.yaml": sealed.replace("kind: Secret", "kind: SopsSecret")}) == []
        marked = sealed.replace(
            "{name: db}", "{name: db, annotations: {kustomize.toolkit.fluxcd.io/decrypt: disabled}}"
        )
        assert found({"ks.yaml": FLUX, "apps/db.yaml": marked}) == []

    def test_a_sops_secret_that_flux_would_open(self, found, sealed):
        files = {"ks.yaml": DECRYPTS, "apps/db.yaml": sealed.replace("kind: Secret", "kind: SopsSecret")}
        assert found(files) == [("ks.yaml", 6, "low")]

    def test_a_list_is_applied_item_by_item(self, scan, values):
        text = (
            f"apiVersion: v1\nkind: List\nitems:\n- kind: Secret\n  data:\n    a: {values.envelope()}\n{block(values)}"
        )
        (one,) = scan({"ks.yaml": DECRYPTS, "apps/db.yaml": text}, RULE).findings
        assert "apps/db.yaml is an encrypted List" in one.message

    def test_json_without_blanks_in_a_generator(self, found, values):
        one = values.envelope()
        text = f'{{"a":"{one}","sops":{{"age":[{{"recipient":"{ALICE}","enc":"x"}}],"lastmodified":"2024-02-29T12:00:00Z","mac":"{one}","version":"3.9.0"}}}}'
        files = {
            "ks.yaml": DECRYPTS,
            "apps/kustomization.yaml": "secretGenerator:\n- name: a\n  files: [a.json]\n",
            "apps/a.json": text,
        }
        assert found(files) == [("ks.yaml", 6, "low")]
        assert found({**files, "apps/a.json": text.replace(":", ": ")}) == []

    def test_values_files_of_a_chart(self, found, sealed):
        release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  chart:\n    spec:\n      chart: ./c\n      valuesFiles: [c/values.yaml, c/s.yaml]\n"
        assert found({"r.yaml": release, "c/values.yaml": "a: b\n", "c/s.yaml": sealed}) == [("r.yaml", 7, "low")]


class TestArgoCd:
    def test_a_folder_with_an_encrypted_file_and_no_plugin(self, found, sealed):
        assert found({"app.yaml": ARGO, "apps/db.yaml": sealed}) == [("app.yaml", 6, "low")]
        assert found({"app.yaml": ARGO + "    plugin: {name: x}\n", "apps/db.yaml": sealed}) == []

    def test_folders_below_count_only_when_asked_for(self, found, sealed):
        assert found({"app.yaml": ARGO, "apps/a.yaml": "kind: A\n", "apps/b/db.yaml": sealed}) == []
        files = {"app.yaml": ARGO + "    directory: {recurse: true}\n", "apps/b/db.yaml": sealed}
        assert found(files) == [("app.yaml", 6, "low")]

    def test_ksops_decrypts_what_its_generator_names(self, found, sealed):
        generator = "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: g}\nfiles: [db.yaml]\n"
        files = {
            "app.yaml": ARGO,
            "apps/kustomization.yaml": "generators: [g.yaml]\n",
            "apps/g.yaml": generator,
            "apps/db.yaml": sealed,
        }
        assert found(files) == []

    def test_values_files(self, found, sealed):
        helm = ARGO + "    helm:\n      valueFiles:\n      - values.yaml\n      - FILE\n"
        files = {"apps/Chart.yaml": "name: a\n", "apps/values.yaml": "a: b\n", "apps/s.yaml": sealed}
        assert found({"app.yaml": helm.replace("FILE", "s.yaml"), **files}) == [("app.yaml", 10, "low")]
        assert found({"app.yaml": helm.replace("FILE", "secrets://s.yaml"), **files}) == []
        several = (
            ARGO.replace("source:\n    path", "sources:\n  - path").replace("    path", "    path")
            + "    helm: {valueFiles: [$values/env/s.yaml]}\n"
        )
        assert found({"app.yaml": several, "apps/Chart.yaml": "name: a\n", "env/s.yaml": sealed}) == [
            ("app.yaml", 7, "low")
        ]

    def test_an_application_set(self, found, sealed):
        text = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec:\n  template:\n    spec:\n      source: {path: apps}\n"
        assert found({"app.yaml": text, "apps/db.yaml": sealed}) == [("app.yaml", 6, "low")]
        assert found({"app.yaml": text.replace("apps}", "'{{path}}'}"), "apps/db.yaml": sealed}) == []


class TestKsops:
    TEXT = "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: g}\nfiles:\n- a.yaml\nsecretFrom:\n- metadata: {name: b}\n  files: [key=b.txt]\n"

    def test_files_that_are_missing_or_plain(self, scan, sealed):
        messages = [f.message for f in scan({"k/g.yaml": self.TEXT, "k/b.txt": "hello\n"}, RULE).findings]
        assert len(messages) == 2
        assert "does not exist" in messages[0]
        assert "is not encrypted" in messages[1]

    def test_encrypted_files_pass(self, found, sealed, values):
        one = values.envelope()
        whole = f'{{"data": "{one}", "sops": {{"mac": "{one}", "age": [{{"recipient": "{ALICE}", "enc": "x"}}]}}}}'
        assert found({"k/g.yaml": self.TEXT, "k/a.yaml": sealed, "k/b.txt": whole}) == []


class TestOtherTools:
    def test_values_in_a_helmfile_are_not_decrypted(self, found, sealed):
        text = "releases:\n- name: a\n  values: [values.yaml, s.yaml]\n  secrets: [s.yaml]\n"
        assert found({"helmfile.yaml": text, "s.yaml": sealed, "values.yaml": "a: b\n"}) == [
            ("helmfile.yaml", 3, "low")
        ]
        assert found({"other.yaml": text, "s.yaml": sealed}) == []

    def test_a_config_map_of_an_encrypted_file(self, found, sealed):
        text = "configMapGenerator:\n- name: a\n  files: [conf=db.yaml, a.txt]\n"
        assert found({"a/kustomization.yaml": text, "a/db.yaml": sealed, "a/a.txt": "x\n"}) == [
            ("a/kustomization.yaml", 3, "low")
        ]

    def test_paths_do_not_lead_out(self, memory, scan):
        text = "configMapGenerator:\n- name: a\n  files: [../../etc/passwd, /etc/passwd]\n"
        snapshot = memory({"a/kustomization.yaml": text})
        assert scan(snapshot, RULE).findings == ()
        assert set(snapshot.seen) == {"a/kustomization.yaml"}
