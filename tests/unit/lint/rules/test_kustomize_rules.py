"""`kustomize-secret-literal` and `kustomize-secret-file`."""

from __future__ import annotations

import base64

import pytest

PATH = "base/kustomization.yaml"


class TestLiteral:
    """`key=value` in the kustomization itself."""

    RULE = "kustomize-secret-literal"

    def generator(self, *literals: str) -> str:
        items = "".join(f"  - {literal}\n" for literal in literals)
        return f"kind: Kustomization\nsecretGenerator:\n- name: app\n  literals:\n{items}"

    def test_plaintext_is_found_on_its_line(self, failing, values):
        text = self.generator(
            "user=svc", f"password={values.password()}", f'"token={values.password()}"', f"q='{values.password()}'"
        )
        assert failing({PATH: text}) == [
            (PATH, 5, self.RULE, "user"),
            (PATH, 6, self.RULE, "password"),
            (PATH, 7, self.RULE, "token"),
            (PATH, 8, self.RULE, "q"),
        ]

    def test_in_flow_style_and_in_components(self, failing, values):
        text = f"kind: Component\nsecretGenerator: [{{name: a, literals: ['p={values.password()}']}}]\n"
        assert failing({"c/kustomization.yml": text}) == [("c/kustomization.yml", 2, self.RULE, "p")]

    def test_in_a_generator_of_its_own_file(self, failing, values):
        text = f"kind: SecretGenerator\nmetadata: {{name: a}}\nliterals:\n- p={values.password()}\n"
        assert failing({"generator.yaml": text}) == [("generator.yaml", 4, self.RULE, "p")]

    def test_in_a_file_that_does_not_parse(self, failing, values):
        text = self.generator(f"p={values.password()}", "q=${Q}") + f"x: [\nother:\n- r={values.password()}\n"
        assert failing({PATH: text}, self.RULE) == [(PATH, 5, self.RULE, "p")]

    @pytest.mark.parametrize(
        "literal", ["p=${P}", "p=", "p=changeme", "p", "enabled=true", "p=ref+vault://x#/y", "secretName=db"]
    )
    def test_what_is_no_secret_passes(self, literal, failing):
        assert failing({PATH: self.generator(literal)}) == []

    def test_config_maps_are_not_secrets(self, failing, values):
        assert failing({PATH: f"configMapGenerator:\n- name: a\n  literals: [x={values.password()}]\n"}) == []


class TestFile:
    """Files that a generator names, seen through the same snapshot."""

    RULE = "kustomize-secret-file"

    def repository(self, item: str, files: dict[str, str | bytes], field: str = "files") -> dict[str, str | bytes]:
        return {PATH: f"secretGenerator:\n- name: app\n  {field}:\n  - {item}\n", **files}

    def found(self, scan, files, **options) -> list[tuple[str, int, str, str]]:
        return [(f.path, f.line, f.severity, f.key) for f in scan(files, self.RULE, **options).findings]

    def test_a_plaintext_file(self, scan, values):
        secret = values.password()
        for item, path in (
            ("p.txt", "base/p.txt"),
            ("key=sub/p.txt", "base/sub/p.txt"),
            ("../p.txt", "p.txt"),
            ("./p.txt", "base/p.txt"),
        ):
            named = item.partition("=")[2] or item
            assert self.found(scan, self.repository(item, {path: secret})) == [(PATH, 4, "high", named)]

    def test_a_file_of_assignments(self, scan, values):
        text = f"PORT=80\n# c\nTOKEN={values.password()}\n"
        assert self.found(scan, self.repository("a.env", {"base/a.env": text}, "envs")) == [(PATH, 4, "high", "a.env")]
        single = {PATH: "secretGenerator:\n- name: a\n  env: a.env\n", "base/a.env": text}
        assert self.found(scan, single) == [(PATH, 3, "high", "a.env")]

    def test_a_binary_file(self, scan, values):
        files = self.repository("store.jks", {"base/store.jks": b"\xfe\xed\0\0" + values.bytes(100)})
        assert [found[2] for found in self.found(scan, files)] == ["high"]

    def test_encrypted_public_and_empty_files_pass(self, scan, values):
        envelope = values.envelope()
        pem = f"-----BEGIN CERTIFICATE-----\n{values.base64(60)}\n-----END CERTIFICATE-----\n"
        for path, content, field in (
            ("a.env", f"A={envelope}\nsops_mac={envelope}\nsops_version=3.9.0\n", "envs"),
            ("a.yaml", f"a: {envelope}\nsops:\n  mac: {envelope}\n  lastmodified: '2024-01-01T00:00:00Z'\n", "files"),
            ("a.txt", f'{{"data": "{envelope}", "sops": {{"mac": "{envelope}"}}}}', "files"),
            ("a.age", b"age-encryption.org/v1\n-> X25519 \xff\0", "files"),
            ("ca.crt", pem, "files"),
            ("empty", "", "files"),
            ("a.env", "PORT=80\nURL=${URL}\n", "envs"),
        ):
            assert self.found(scan, self.repository(path, {f"base/{path}": content}, field)) == []

    def test_placeholders_and_missing_files_are_information(self, scan):
        assert self.found(scan, self.repository("gone.env", {})) == [(PATH, 4, "info", "gone.env")]
        files = self.repository("a.env", {"base/a.env": "PASSWORD=changeme\n"}, "envs")
        assert self.found(scan, files) == [(PATH, 4, "info", "a.env")]

    @pytest.mark.parametrize("item", ["../../etc/passwd", "/etc/passwd", "k=../../../x"])
    def test_no_path_leads_out_of_the_root(self, item, scan, memory):
        snapshot = memory(self.repository(item, {}))
        (found,) = scan(snapshot, self.RULE).findings
        assert found.severity == "info"
        assert "leads out" in found.message
        assert snapshot.seen == [PATH]

    def test_a_link_is_followed_within_the_root_only(self, scan, values):
        inside = self.repository("l.txt", {"base/l.txt": "-> ../p.txt", "p.txt": values.password()})
        assert [found[2] for found in self.found(scan, inside)] == ["high"]
        outside = self.repository("l.txt", {"base/l.txt": "-> ../../p.txt"})
        assert [found[2] for found in self.found(scan, outside)] == ["info"]

    def test_a_file_that_is_too_large_makes_the_scan_incomplete(self, scan):
        report = scan(self.repository("a.txt", {"base/a.txt": "a" * 2000}), self.RULE, paths=[PATH], max_bytes=1000)
        assert report.exit_code() == 3

    def test_the_command_is_for_the_file_that_is_named(self, scan, values):
        files = self.repository("p.yaml", {"base/p.yaml": f"password: {values.password()}\n"})
        (found,) = scan(files, self.RULE).findings
        assert found.fix.startswith("give .sops.yaml (`secrets-gitops init`) a rule for it, then ")
        files[".sops.yaml"] = "creation_rules:\n- path_regex: base/\n  age: age1x\n"
        (found,) = scan(files, self.RULE).findings
        assert found.fix == "secrets-gitops encrypt -i base/p.yaml"
        encoded = base64.b64encode(values.bytes(30)).decode()
        (found,) = scan(self.repository("p.key", {"base/p.key": encoded}), self.RULE).findings
        assert found.fix.endswith("then `secrets-gitops encrypt -i base/p.key`")
