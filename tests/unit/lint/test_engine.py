"""The engine: what is scanned, what is merged, and that nothing is clean by error."""

from __future__ import annotations

import base64
import codecs
import json

import pytest

from secrets_gitops.documents.limits import Limits
from secrets_gitops.errors import SettingsError
from secrets_gitops.lint import catalog


def secret(value: str, key: str = "password", name: str = "db") -> str:
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\nstringData:\n  {key}: {value}\n"


PATH = "apps/db.yaml"


class TestCounting:
    """How much was seen is part of the answer."""

    def test_a_report_counts_files_bytes_documents_and_what_holds_nothing(self, scan, values):
        text = secret(values.password()) + "---\n" + secret("changeme")
        report = scan({PATH: text, "a.txt": "hello\n", "logo.png": b"\x89PNG", "program": b"\x7fELF\0"})
        assert (report.files, report.size, report.documents, report.skipped) == (2, len(text) + 6, 2, 2)
        assert report.exit_code() == 1

    def test_a_clean_scan_is_zero(self, scan):
        report = scan({"a.yaml": "a: b\n"})
        assert (report.findings, report.incomplete, report.exit_code()) == ((), (), 0)

    def test_severity_decides(self, scan):
        report = scan({PATH: secret("changeme")})
        assert [(f.severity, f.rule) for f in report.findings] == [("info", "k8s-secret-plaintext")]
        assert (report.exit_code(), report.exit_code("info")) == (0, 1)

    def test_a_file_that_concerns_no_rule_is_not_parsed(self, scan):
        assert scan({"a.yaml": "kind: Deployment\n" * 50}).documents == 0


class TestPlaces:
    """A finding stands where the value stands, in the file as it is on disk."""

    def test_key_to_end_of_value_in_code_points(self, scan, values):
        value = values.password()
        report = scan({PATH: f"kind: Secret\nstringData: {{é: x, 'ü': {value}}}\n"})
        found = next(f for f in report.findings if f.key == "ü")
        assert found.region() == (2, 20, 2, 25 + len(value))

    def test_in_crlf_with_a_byte_order_mark_and_in_utf_16(self, scan, values):
        text = secret(values.password()).replace("\n", "\r\n")
        for data in (
            b"\xef\xbb\xbf" + text.encode(),
            text.encode("utf-16"),
            codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        ):
            (found,) = scan({PATH: data}).findings
            assert (found.rule, found.line, found.column) == ("k8s-secret-plaintext", 6, 3)

    def test_in_a_manifest_inside_a_literal_block(self, failing, values):
        outer = "kind: ConfigMap\ndata:\n  s.yaml: |\n" + "".join(
            f"    {line}\n" for line in secret(values.password()).splitlines()
        )
        assert failing({PATH: outer}) == [(PATH, 9, "k8s-secret-plaintext", "password")]

    def test_in_a_manifest_inside_a_quoted_string(self, scan, values):
        text = secret(values.password()).replace("\n", "\\n")
        (found,) = scan({PATH: f'kind: ConfigMap\ndata:\n  s.yaml: "{text}"\n'}).findings
        assert (found.line, found.end_line, found.pointer) == (3, 3, "/data/s.yaml/stringData/password")

    def test_four_texts_in_one_another(self, failing, values):
        text = secret(values.password())
        for _ in range(4):
            text = "kind: ConfigMap\ndata:\n  s: |\n" + "".join(f"    {line}\n" for line in text.splitlines())
        assert failing({PATH: text}) == [(PATH, 18, "k8s-secret-plaintext", "password")]

    def test_a_manifest_behind_base64(self, failing, values):
        encoded = base64.b64encode(secret(values.password()).encode()).decode()
        assert failing({"cloud-init.txt": f"x\ncontent: {encoded}\n"}) == [
            ("cloud-init.txt", 2, "k8s-secret-plaintext", "password")
        ]


class TestNothingIsCleanByError:
    """What cannot be read is said, and fails."""

    def test_a_secret_nested_too_deep_makes_the_scan_incomplete(self, scan, values):
        deep = "{a: " * 501 + f"{{kind: Secret, stringData: {{p: {values.password()}}}}}" + "}" * 501
        report = scan({PATH: deep})
        assert report.exit_code() == 3
        assert [error.place.path for error in report.incomplete] == [PATH]
        assert "deeper than 500" in report.incomplete[0].message

    def test_an_alias_bomb_makes_the_scan_incomplete(self, scan):
        lines = ["kind: Secret", "data: x", "a0: &a0 [x, x]"] + [
            f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)
        ]
        report = scan({PATH: "\n".join(lines) + "\n"})
        assert report.exit_code() == 3
        assert "alias" in report.incomplete[0].message

    def test_a_text_file_over_the_limit_is_incomplete_and_a_binary_one_is_not(self, scan):
        report = scan({"a.yaml": "a" * 2000, "blob": b"\0" * 2000}, max_bytes=1000)
        assert (report.exit_code(), report.files, report.skipped) == (3, 0, 1)
        assert [error.place.path for error in report.incomplete] == ["a.yaml"]
        assert any("--max-bytes" in hint for hint in report.incomplete[0].hints)

    def test_a_path_that_cannot_be_read_is_incomplete(self, scan):
        assert scan({"a.yaml": "a: b"}, paths=["a.yaml", "gone.yaml"]).exit_code() == 3

    def test_incomplete_wins_over_findings_and_both_are_told(self, scan, values):
        report = scan({PATH: secret(values.password()), "b.yaml": "a" * 2000}, max_bytes=1000)
        assert (report.exit_code(), len(report.findings)) == (3, 1)

    def test_broken_yaml_is_read_by_lines(self, scan, values):
        report = scan({PATH: f"broken: [\n---\n{secret(values.password())}"})
        assert [(f.rule, f.severity, f.line) for f in report.findings] == [
            ("parse-error", "info", 2),
            ("k8s-secret-plaintext", "high", 8),
        ]
        assert report.exit_code() == 1

    def test_broken_yaml_without_a_secret_passes_with_a_note(self, scan):
        report = scan({PATH: "kind: Secret\nstringData: [\n"})
        assert [f.rule for f in report.findings] == ["parse-error"]
        assert report.exit_code() == 0

    @pytest.mark.parametrize("junk", [b"x: \0\n", b"x: \xff\xfe\n", b"x: \x01\n", b"\tx: y\n"])
    def test_bytes_that_yaml_does_not_allow_hide_nothing(self, scan, values, junk):
        report = scan({PATH: secret(values.password()).encode() + junk})
        assert "k8s-secret-plaintext" in [f.rule for f in report.findings]

    def test_yaml_in_utf_16_without_a_mark_is_still_seen(self, scan, values):
        report = scan({PATH: secret(values.password()).encode("utf-16-le")})
        assert report.exit_code() != 0

    def test_one_line_of_five_megabytes(self, scan, values):
        line = "x: " + "k: " * 1_600_000
        report = scan({"a.yaml": f"{secret(values.password())}---\n{line}\n"})
        assert "k8s-secret-plaintext" in [f.rule for f in report.findings]

    def test_prose_that_mentions_a_secret_and_is_no_yaml_is_read_by_lines(self, scan, values):
        text = "[" * 600 + f"\n\n{secret(values.password())}"
        assert scan({"notes.md": text}).exit_code() == 1
        assert scan({"notes.yaml.tpl": text}).exit_code() == 3

    def test_the_hint_about_the_limit_is_for_files_over_it(self, scan):
        assert scan({}, paths=["gone.yaml"]).incomplete[0].hints == ()

    def test_limits_can_be_given(self, scan, values):
        assert scan({PATH: secret(values.password())}, limits=Limits(nodes=3)).exit_code() == 3


class TestTemplates:
    """Helm charts are no YAML yet."""

    CHART = (
        "{{{{- if .Values.on }}}}\nkind: Secret\nmetadata:\n  name: {{{{ .Release.Name }}}}\n"
        '  labels: {{{{- include "l" . | nindent 4 }}}}\n    a: b\n'
        "stringData:\n  user: {{{{ .Values.user }}}}\n  password: {0}\n{{{{- end }}}}\n"
    )

    def test_a_literal_is_found(self, failing, values):
        assert failing({PATH: self.CHART.format(values.password())}) == [(PATH, 9, "k8s-secret-plaintext", "password")]

    @pytest.mark.parametrize(
        "value", ["{{ .Values.password }}", "{{ .p | b64enc | quote }}", "'{{ .p }}'", "x-{{ .p }}"]
    )
    def test_what_a_template_fills_in_is_not(self, failing, value):
        assert failing({PATH: self.CHART.format(value)}) == []

    def test_a_literal_beside_a_template_in_a_url_is_found(self, failing, values):
        url = f"postgres://u:{values.password()}@{{{{ .host }}}}/x"
        assert [found[2] for found in failing({PATH: self.CHART.format(url)})] == ["k8s-secret-plaintext"]

    def test_templates_that_never_parse_are_read_by_lines(self, failing, values):
        head = "kind: Secret\nmetadata: {{ a }}: {{ b }}\n  c: d\nstringData:\n"
        text = f"{head}  password: {values.password()}\n  x: {{{{ .x }}}}\n"
        assert failing({PATH: text}) == [(PATH, 5, "k8s-secret-plaintext", "password")]

    @pytest.mark.parametrize(
        "name", ["secret.yaml.tpl", "secret.yml.j2", "secret.yaml.gotmpl", "Secret", "notes.md", "seed.sh"]
    )
    def test_other_names_do_not_hide_a_manifest(self, failing, values, name):
        assert failing({name: secret(values.password())}) == [(name, 6, "k8s-secret-plaintext", "password")]


class TestSpecialFiles:
    """Links, lock files."""

    def test_a_link_is_not_followed(self, scan, values, memory):
        snapshot = memory({"link.yaml": "-> real.yaml", "real.yaml": secret(values.password())})
        report = scan(snapshot, paths=["link.yaml"])
        assert report.findings == ()
        assert "real.yaml" not in snapshot.seen

    def test_in_lock_files_only_tokens_are_looked_for(self, scan, values):
        assert scan({"pnpm-lock.yaml": secret(values.password())}).findings == ()


class TestWidening:
    """A changed `.sops.yaml` changes what other files must be; a changed file what a kustomization does."""

    RULES = f"creation_rules:\n- path_regex: secrets/\n  age: age1{'q' * 58}\n"
    FILES = {".sops.yaml": RULES, "secrets/a.yaml": "a: b\n", "other/b.yaml": "a: b\n"}  # noqa: RUF012

    def test_changed(self, scan):
        assert [f.path for f in scan(self.FILES, paths=[".sops.yaml"]).findings] == ["secrets/a.yaml"]

    def test_untouched(self, scan):
        assert scan(self.FILES, paths=["other/b.yaml"]).findings == ()

    def test_deleted_so_that_the_one_above_counts(self, scan):
        above = {**self.FILES, "secrets/b/c.yaml": "a: b\n"}
        found = scan(above, paths=[], gone=["secrets/b/.sops.yaml"]).findings
        assert [f.path for f in found] == ["secrets/b/c.yaml"]

    def test_only_rules_about_rules_see_the_other_files(self, scan, values):
        files = {**self.FILES, "other/s.yaml": secret(values.password())}
        assert [f.path for f in scan(files, paths=[".sops.yaml"]).findings] == ["secrets/a.yaml"]

    def test_a_file_that_a_kustomization_names(self, scan, values):
        files = {
            "k/kustomization.yaml": "secretGenerator:\n- name: a\n  envs: [a.env, old.env]\n",
            "k/a.env": f"PASSWORD={values.password()}\n",
            "k/old.env": f"PASSWORD={values.password()}\n",
        }
        found = scan(files, "kustomize-secret-file", paths=["k/a.env"]).findings
        assert [(f.rule, f.path, f.key) for f in found] == [("kustomize-secret-file", "k/kustomization.yaml", "a.env")]


class TestBrokenRules:
    """Creation rules that cannot be used are settings errors, told once, and hide no finding."""

    def test_an_invalid_expression(self, scan, values):
        files = {
            ".sops.yaml": "creation_rules:\n- path_regex: '('\n  age: x\n",
            PATH: secret(values.password()),
            "b.yaml": "a: b\n",
        }
        report = scan(files)
        assert report.exit_code() == 2
        assert len(report.incomplete) == 1
        assert isinstance(report.incomplete[0], SettingsError)
        assert [f.rule for f in report.findings] == ["k8s-secret-plaintext"]

    def test_an_unknown_field_is_a_note(self, scan):
        rules = "keys: &k [a]\ncreation_rules:\n- path_regx: a\n  path_regex: secrets/\n  age: x\n"
        report = scan({".sops.yaml": rules, "a.yaml": "a: b\n"})
        assert report.exit_code() == 0
        assert [str(place) for place, _ in report.notes] == [".sops.yaml:3:3"]


def test_no_output_holds_a_value_or_a_part_of_one(scan, values):
    """Canaries: every field of every finding."""
    plain = [values.password(24) for _ in range(8)]
    encoded = base64.b64encode(plain[1].encode()).decode()
    copy = f'{{"kind":"Secret","stringData":{{"p":"{plain[2]}"}}}}'
    files = {
        "a.yaml": secret(plain[0]),
        "b.yaml": f"kind: Secret\ndata: {{p: {encoded}}}\n",
        "c.yaml": f"metadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{copy}'\n",
        "kustomization.yaml": f"secretGenerator:\n- name: a\n  literals: [p={plain[3]}]\n",
        "d.yaml": f"kind: SealedSecret\nspec: {{encryptedData: {{p: {plain[4]}}}}}\n",
        "g.yaml": f"kind: SealedSecret\nspec: {{template: {{data: {{password: {plain[5]}}}}}}}\n",
        "e.yaml": f"kind: Secret\nstringData: {{p: 'ENC[{plain[6]}]'}}\n",
        "f.yaml": f"broken: [\n---\n{secret(plain[7])}",
    }
    report = scan(files)
    assert {f.path for f in report.findings} == set(files)
    text = repr(report)
    for value in (*plain, encoded):
        assert not any(value[at : at + 6] in text for at in range(len(value) - 5))


def test_every_rule_has_words_an_alias_and_a_page_of_its_own():
    aliases = [alias for alias, *_ in catalog.RULES.values()]
    assert len(set(aliases)) == len(aliases)
    for slug, (alias, *_) in catalog.RULES.items():
        rule = catalog.load(slug)
        assert (rule.id, rule.alias) == (slug, alias)
        assert rule.summary and rule.why and rule.fix
        assert not rule.summary.endswith(".")
        assert catalog.slug_of(alias.lower()) == slug
    with pytest.raises(SettingsError):
        catalog.slug_of("no-such-rule")


class TestTextsInTexts:
    def test_deeper_than_they_are_followed_is_incomplete(self, scan, values):
        text = f"kind: Secret\nstringData:\n  password: {values.password()}\n"
        codes = []
        for _ in range(8):
            codes.append(scan({"a.yaml": text}).exit_code())
            text = json.dumps({"x": text})
        assert codes[:5] == [1] * 5
        assert codes[5:] == [3] * 3

    def test_base64_of_base64_is_read(self, failing, values):
        text = f"kind: Secret\nstringData:\n  password: {values.password()}\n"
        for _ in range(2):
            text = base64.b64encode(text.encode()).decode()
            assert [rule for _, _, rule, _ in failing({"a.yaml": f"x: {text}\n"})] == ["k8s-secret-plaintext"]


def test_prose_that_speaks_of_secrets_is_no_text_in_a_text(scan):
    """Its only scalar is the file once more, however often it is read."""
    prose = "The users of a Config file, and of any kind, give a token or a password"
    for files in ({"notes.txt": f"{prose}\n"}, {"a.yaml": f"about: {prose}\nalso:\n- {prose}\n"}):
        assert scan(files).incomplete == ()


class TestEscapes:
    """What a string writes with escapes is read as it is meant: PHP escapes slashes, .NET pluses."""

    def test_a_url_and_a_token(self, failing, values):
        secret = values.password()
        token = "glpat" + "\\u002d" + values.password(20).replace("_", "x").replace("-", "y")
        files = {
            "a.json": f'{{\n"u": "https:\\/\\/app:{secret}@db.internal\\/x"}}\n',
            "b.json": f'{{\n"x": "{token}"}}\n',
            "c.yaml": f'a: b\nx: "{token}"\n',
        }
        rules = {path: (line, rule) for path, line, rule, _ in failing(files)}
        assert rules == {
            "a.json": (2, "url-credential"),
            "b.json": (2, "provider-token-gitlab"),
            "c.yaml": (2, "provider-token-gitlab"),
        }

    def test_each_is_told_once(self, failing, values):
        text = f'{{"u": "https://app:{values.password()}@db.internal/x", "y": "a\\/b"}}\n'
        assert len(failing({"a.json": text})) == 1


def test_the_target_of_a_link_may_be_a_url_with_a_login(failing, values):
    assert [one[2] for one in failing({"link": f"-> https://bot:{values.password()}@git.internal/x"})] == [
        "url-credential"
    ]
    assert failing({"link": "-> ../password=hunter2-hunter3"}) == []
    assert failing({"link": "-> https://git.internal/x"}) == []


def test_a_token_in_a_path(failing, values):
    token = "glpat-" + values.password(20).replace("-", "x")
    (found,) = failing({f"keys/{token}.txt": "x\n"})
    assert found[1:3] == (1, "provider-token-gitlab")
    assert failing({"keys/glpat-some-long-name-of-a-thing.txt": "x\n"}) == []
