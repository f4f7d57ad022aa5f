"""The rules that hold encrypted files against something else: their rule, their neighbours, the cluster."""

# ruff: noqa: E501  a manifest on one line is read faster than one in pieces

from __future__ import annotations

import pytest
from sops_texts import ALICE, BOB, PATH, block, rules

from secrets_gitops.lint.rules.sops_mac_mismatch import SopsMacMismatch

ONLY_DATA = "encrypted_regex: ^(data|stringData)$"


def secret(values, *, name: str = "db", selector: str = ONLY_DATA) -> str:
    """An intact encrypted Secret."""
    return (
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\nstringData:\n  password: {values.envelope()}\n"
        + block(values, selector=selector)
    )


class TestMacMissing:
    """Without MAC or time, nothing can be verified."""

    def found(self, scan, text: str, path: str = PATH):
        return [(f.line, f.rule) for f in scan({path: text}).findings if f.severity == "high"]

    @pytest.mark.parametrize("field", ["mac", "lastmodified"])
    def test_a_field_that_is_gone_or_empty(self, field, scan, values):
        lines = secret(values).splitlines(keepends=True)
        gone = "".join(line for line in lines if not line.startswith(f"  {field}:"))
        null = "".join(line if not line.startswith(f"  {field}:") else f"  {field}: null\n" for line in lines)
        assert (6, "sops-mac-missing") in self.found(scan, gone)
        assert (6, "sops-mac-missing") in self.found(scan, null)

    def test_only_one_rule_speaks_of_a_time_that_is_gone(self, scan, values):
        text = "".join(line for line in secret(values).splitlines(keepends=True) if "lastmodified" not in line)
        assert self.found(scan, text) == [(6, "sops-mac-missing")]

    def test_dotenv_ini_and_json(self, scan, values):
        one = values.envelope()
        time = "2024-02-29T12:00:00Z"
        entry = f"sops_age__list_0__map_recipient={ALICE}\nsops_age__list_0__map_enc=x\n"
        assert self.found(scan, f"A={one}\n{entry}sops_lastmodified={time}\nsops_version=3.9.0\n", "a.env") == [
            (2, "sops-mac-missing")
        ]
        ini = f"[a]\nb = {one}\n[sops]\nage__list_0__map_recipient = {ALICE}\nage__list_0__map_enc = x\nlastmodified = {time}\nversion = 3.9.0\n"
        assert self.found(scan, ini, "a.ini") == [(3, "sops-mac-missing")]
        json = f'{{"a": "{one}",\n "sops": {{"age": [{{"recipient": "{ALICE}", "enc": "x"}}], "lastmodified": "{time}", "version": "3.9.0"}}}}'
        assert self.found(scan, json, "a.json") == [(2, "sops-mac-missing")]

    def test_an_intact_file_and_settings_called_sops_pass(self, scan, values):
        assert self.found(scan, secret(values)) == []
        assert self.found(scan, "sops:\n  enabled: true\n  version: 3.8.1\n", "values.yaml") == []


class TestMacMismatch:
    """The check is given to the rule; without one it does nothing."""

    def found(self, scan, files, verify):
        report = scan(files, chosen=(SopsMacMismatch(verify),))
        return [(f.path, f.line, f.severity) for f in report.findings], [str(place) for place, _ in report.notes]

    def test_what_the_check_says_is_told_at_the_mac(self, scan, values):
        files = {PATH: secret(values), "good.yaml": secret(values), "plain.yaml": "sops: no\n"}
        asked = []

        def verify(path, data):
            asked.append((path, data == files[path].encode()))
            return "it does not fit" if path == PATH else ""

        assert self.found(scan, files, verify) == ([(PATH, 14, "high")], [])
        assert sorted(asked) == [("good.yaml", True), (PATH, True)]

    def test_what_cannot_be_decided_is_a_note_and_no_finding(self, scan, values):
        assert self.found(scan, {PATH: secret(values)}, lambda path, data: None) == ([], [PATH])

    def test_by_default_nobody_is_asked(self, scan, values):
        assert [f.rule for f in scan({PATH: secret(values)}, "sops-mac-mismatch").findings] == []


class TestSelectorDrift:
    """A file keeps the selector that it was made with."""

    RULE = "sops-selector-drift"

    def found(self, scan, rule: str, text: str, path: str = PATH):
        return [(f.line, f.severity) for f in scan({".sops.yaml": rule, path: text}, self.RULE).findings]

    def test_a_value_that_the_rule_wants_encrypted_stays_open(self, scan, values):
        text = f"user: {values.password()}\npassword: {values.envelope()}\n" + block(
            values, selector="encrypted_regex: ^password$"
        )
        rule = rules(extra="  encrypted_regex: ^(user|password)$\n")
        (found,) = scan({".sops.yaml": rule, PATH: text}, self.RULE).findings
        assert (found.line, found.severity) == (12, "medium")
        assert "`user`" in found.message
        assert found.fix == f"secrets-gitops decrypt -i {PATH} && secrets-gitops encrypt -i {PATH}"

    def test_the_default_is_a_selector_too(self, scan, values):
        text = f"a: {values.envelope()}\nb_unencrypted: x\n{block(values)}"
        assert self.found(scan, rules(), text) == []
        assert self.found(scan, rules(extra="  encrypted_suffix: _secret\n"), text) == [(12, "medium")]

    def test_another_spelling_that_chooses_the_same_is_mild(self, scan, values):
        text = secret(values)
        assert self.found(scan, rules(extra=f"  {ONLY_DATA}\n"), text) == []
        assert self.found(scan, rules(extra="  encrypted_regex: ^(stringData|data)$\n"), text) == [(15, "low")]

    def test_dotenv(self, scan, values):
        one = values.envelope()
        text = (
            f"A={one}\nB=open\nsops_age__list_0__map_recipient={ALICE}\nsops_age__list_0__map_enc=x\nsops_encrypted_regex=^A$\n"
            f"sops_lastmodified=2024-02-29T12:00:00Z\nsops_mac={one}\nsops_version=3.9.0\n"
        )
        rule = rules(extra="  encrypted_regex: ^(A|B)$\n")
        assert self.found(scan, rule, text, "secrets/a.env") == [(5, "medium")]
        assert self.found(scan, rules(extra="  encrypted_regex: ^A$\n"), text, "secrets/a.env") == []

    def test_a_file_that_is_encrypted_as_a_whole_has_nothing_to_choose(self, scan, values):
        one = values.envelope()
        text = f'{{"data": "{one}", "sops": {{"age": [{{"recipient": "{ALICE}", "enc": "x"}}], "mac": "{one}", "lastmodified": "2024-02-29T12:00:00Z", "version": "3.9.0"}}}}'
        assert self.found(scan, rules(extra=f"  {ONLY_DATA}\n"), text, "secrets/a.bin") == []

    def test_without_a_rule_there_is_nothing_to_compare(self, scan, values):
        assert (
            self.found(scan, rules(regex="other", extra=f"  {ONLY_DATA}\n"), f"a: {values.envelope()}\n{block(values)}")
            == []
        )


class TestUnencryptedSibling:
    """Copies that tools leave behind."""

    RULE = "sops-unencrypted-sibling"

    def found(self, scan, files, **options):
        return [(f.path, f.severity) for f in scan(files, self.RULE, **options).findings]

    @pytest.mark.parametrize(
        ("original", "copy"),
        [
            ("a/db.yaml", "a/db.yaml.dec"),
            ("a/db.yaml", "a/db.dec.yaml"),
            ("a/db.yaml", "a/db.yaml.decrypted"),
            ("a/db.yaml", "a/db.decrypted.yaml"),
            ("a/db.yaml", "a/db.plain.yaml"),
            ("a/db.yaml", "a/.decrypted~db.yaml"),
            ("a/db.enc.yaml", "a/db.dec.yaml"),
            ("a/db.sops.yaml", "a/db.decrypted.yaml"),
            ("a/db.enc.yaml", "a/db.enc.yaml.dec"),
            ("db.yaml.enc", "db.yaml.dec"),
            ("a/db.yaml", "a/db.yaml.decrypted-old"),
        ],
    )
    def test_a_copy_beside_an_encrypted_file(self, original, copy, scan, values):
        sealed = secret(values)
        if original.endswith(".enc"):
            one = values.envelope()
            sealed = f'{{"data": "{one}", "sops": {{"mac": "{one}", "age": [{{"recipient": "{ALICE}", "enc": "x"}}]}}}}'
        files = {original: sealed, copy: "user: admin\n"}
        assert self.found(scan, files) == [(copy, "high")]
        assert self.found(scan, files, paths=[copy]) == [(copy, "high")]

    def test_a_copy_that_was_committed_before_the_file_was_encrypted(self, scan, values):
        files = {"a/db.enc.yaml": secret(values), "a/db.dec.yaml": "user: admin\n"}
        assert self.found(scan, files, paths=["a/db.enc.yaml"]) == [("a/db.dec.yaml", "high")]

    def test_the_command(self, scan, values):
        files = {"a b/db.yaml": secret(values), "a b/db.yaml.dec": "user: admin\n"}
        (found,) = scan(files, self.RULE).findings
        assert found.fix.startswith(
            "`echo '/a\\ b/db.yaml.dec' >> .gitignore && git rm --cached --ignore-unmatch 'a b/db"
        )

    def test_names_alone_say_nothing(self, scan, values):
        assert self.found(scan, {"db.dec.yaml": "user: admin\n"}) == []
        assert self.found(scan, {"db.yaml": "user: admin\n", "db.dec.yaml": "user: admin\n"}) == []
        assert self.found(scan, {"values.enc.yaml": secret(values), "values.yaml": "replicas: 2\n"}) == []
        assert self.found(scan, {"db.yaml": secret(values), "plain.yaml": "a: b\n", "decoder.yaml": "a: b\n"}) == []

    def test_a_copy_that_is_encrypted_or_empty_passes(self, scan, values):
        assert self.found(scan, {"db.yaml": secret(values), "db.dec.yaml": secret(values)}) == []
        assert self.found(scan, {"db.yaml": secret(values), "db.dec.yaml": "\n"}) == []


class TestEncryptsMetadata:
    """What an object is must be readable."""

    RULE = "sops-encrypts-metadata"

    def found(self, scan, text: str):
        return [(f.line, f.severity, f.key) for f in scan({PATH: text}, self.RULE).findings]

    @pytest.mark.parametrize("field", ["apiVersion", "kind", "name"])
    def test_each_field(self, field, scan, values):
        plain = {"apiVersion": "v1", "kind": "Secret", "name": "db"}
        said = {**plain, field: values.envelope()}
        text = f"apiVersion: {said['apiVersion']}\nkind: {said['kind']}\nmetadata:\n  name: {said['name']}\ndata:\n  a: {values.envelope()}\n"
        line = {"apiVersion": 1, "kind": 2, "name": 4}[field]
        assert self.found(scan, text + block(values)) == [(line, "low", field)]

    def test_only_objects_count_and_only_these_fields(self, scan, values):
        assert self.found(scan, secret(values)) == []
        one = values.envelope()
        assert self.found(scan, f"kind: {one}\nname: {one}\n{block(values)}") == []
        text = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  labels: {{a: {one}}}\n"
        assert self.found(scan, text + block(values)) == []


class TestUnverifiableInCluster:
    """The API server sorts keys and adds fields."""

    RULE = "sops-unverifiable-in-cluster"
    MAC = "encrypted_suffix: Templates\n  mac_only_encrypted: true"

    def found(self, scan, text: str):
        return [(f.line, f.severity, f.key) for f in scan({PATH: text}, self.RULE).findings]

    def custom(self, values, body: str, selector: str = MAC) -> str:
        head = "apiVersion: isindir.github.com/v1alpha3\nkind: SopsSecret\nmetadata: {name: a}\nspec:\n  secretTemplates:\n"
        return head + body + block(values, selector=selector)

    def test_a_mac_over_everything(self, scan, values):
        body = f"  - name: {values.envelope()}\n"
        assert self.found(scan, self.custom(values, body, "encrypted_suffix: Templates")) == [(7, "low", "sops")]

    def test_keys_out_of_order(self, scan, values):
        one = values.envelope()
        body = f"  - name: {one}\n    stringData:\n      b: {one}\n      a: {one}\n"
        assert self.found(scan, self.custom(values, body)) == [(9, "low", "a")]

    def test_capitals_come_first_as_the_server_has_it(self, scan, values):
        one = values.envelope()
        assert (
            self.found(scan, self.custom(values, f"  - name: {one}\n    stringData:\n      B: {one}\n      a: {one}\n"))
            == []
        )
        assert (
            self.found(scan, self.custom(values, f"  - name: {one}\n    stringData:\n      a: {one}\n      B: {one}\n"))
            != []
        )

    def test_order_counts_for_what_is_encrypted_and_lists_keep_theirs(self, scan, values):
        one = values.envelope()
        body = "".join(f"  - name: {one}\n    stringData:\n      a: {one}\n" for _ in range(11))
        text = self.custom(values, body).replace("metadata: {name: a}", "metadata: {name: a, annotations: {a: b}}")
        assert self.found(scan, text) == []

    def test_other_kinds_are_decrypted_before_they_are_applied(self, scan, values):
        assert self.found(scan, secret(values)) == []
        assert self.found(scan, "kind: SopsSecret\nspec: {secretTemplates: []}\n") == []


class TestConfigAmbiguous:
    """Two rule files, two answers."""

    RULE = "sops-config-ambiguous"

    def found(self, scan, files):
        return [(f.path, f.severity, f.key) for f in scan(files, self.RULE).findings]

    def test_other_recipients_in_the_root(self, scan, values):
        files = {
            ".sops.yaml": rules(regex=r"\.yaml$", age=BOB),
            "team/.sops.yaml": rules(),
            "team/secrets/a.yaml": secret(values),
        }
        assert self.found(scan, files) == [("team/.sops.yaml", "low", "team/secrets/a.yaml")]

    def test_the_same_meaning_or_no_rule_in_the_root_passes(self, scan, values):
        for top in (rules(), rules(regex="nothing", age=BOB)):
            files = {".sops.yaml": top, "team/.sops.yaml": rules(), "team/secrets/a.yaml": secret(values)}
            assert self.found(scan, files) == []

    def test_without_a_second_file_or_without_encrypted_files_nothing_is_ambiguous(self, scan, values):
        assert self.found(scan, {"team/.sops.yaml": rules(), "team/secrets/a.yaml": secret(values)}) == []
        files = {".sops.yaml": rules(regex=".*", age=BOB), "team/.sops.yaml": rules(), "team/secrets/a.md": "hello\n"}
        assert self.found(scan, files) == []


class TestRuleFileChanged:
    """A `.sops.yaml` that changes, or goes, asks all files below."""

    def found(self, scan, files, **options):
        return sorted((f.path, f.rule, f.severity) for f in scan(files, **options).findings)

    def test_a_changed_file_is_held_against_encrypted_files_that_were_not_touched(self, scan, values):
        files = {".sops.yaml": rules(age=BOB, extra=f"  {ONLY_DATA}\n"), PATH: secret(values), "b.yaml": secret(values)}
        assert self.found(scan, files, paths=[".sops.yaml"]) == [
            (PATH, "sops-recipient-drift", "high"),
            (PATH, "sops-recipient-drift", "medium"),
        ]

    def test_selectors_too(self, scan, values):
        files = {".sops.yaml": rules(extra="  encrypted_suffix: _secret\n"), PATH: secret(values)}
        assert self.found(scan, files, paths=[".sops.yaml"]) == [(PATH, "sops-selector-drift", "medium")]

    def test_when_it_goes_the_rules_above_count(self, scan, values):
        files = {
            ".sops.yaml": rules(age=BOB, extra=f"  {ONLY_DATA}\n"),
            PATH: secret(values),
            "secrets/plain.yaml": "data: {a: b}\n",
        }
        found = self.found(scan, files, paths=[], gone=["secrets/.sops.yaml"])
        assert {(path, rule) for path, rule, _ in found} == {
            (PATH, "sops-recipient-drift"),
            ("secrets/plain.yaml", "sops-not-encrypted"),
        }

    def test_when_the_last_one_goes_that_is_said_of_every_encrypted_file_below(self, scan, values):
        files = {PATH: secret(values), "secrets/plain.yaml": "a: b\n", "other/a.yaml": secret(values)}
        found = self.found(scan, files, paths=[], gone=["secrets/.sops.yaml"])
        assert found == [(PATH, "sops-recipient-drift", "low")]

    def test_places_are_those_of_the_file_in_every_format(self, scan, values):
        """Only the block is read; the finding stands where it stands in the file."""
        one, time = values.envelope(), "2024-02-29T12:00:00Z"
        meta = f'"age": [{{"recipient": "{ALICE}", "enc": "x"}}],\n  "mac": "{one}", "lastmodified": "{time}", "version": "3.9.0"'
        files = {
            "secrets/a.yaml": f"# é\na: {one}\n{block(values)}b_unencrypted: 1\n",
            "secrets/b.json": f'{{"a": "{one}",\n "é": 1, "sops": {{{meta}}}}}\n',
            "secrets/c.env": f"A={one}\nsops_age__list_0__map_recipient={ALICE}\nsops_age__list_0__map_enc=x\nsops_lastmodified={time}\nsops_mac={one}\nsops_version=3.9.0\n",
            "secrets/d.bin": f'{{"data": "{one}", "sops": {{{meta}}}}}',
        }
        whole = scan({".sops.yaml": rules(age=BOB), **files}, "sops-recipient-drift")
        brief = scan({".sops.yaml": rules(age=BOB), **files}, "sops-recipient-drift", paths=[".sops.yaml"])
        assert len({f.path for f in whole.findings}) == 4
        assert [(f.path, *f.region()) for f in brief.findings] == [(f.path, *f.region()) for f in whole.findings]

    def test_a_file_that_only_begins_like_an_encrypted_one_is_not_taken_for_one(self, scan, values):
        """The block must be that of the first document."""
        text = f"password: {values.password()}\n---\na: {values.envelope()}\n{block(values)}"
        found = self.found(scan, {".sops.yaml": rules(), PATH: text}, paths=[".sops.yaml"])
        assert found == [(PATH, "sops-not-encrypted", "high")]

    def test_files_whose_blocks_look_alike_are_told_apart(self, scan, values):
        """Most blocks of a repository differ in wrapped keys, MAC and time only, and are read once."""
        files = {f"secrets/{name}.yaml": "# c\n" * at + secret(values) for at, name in enumerate("abc")}
        files["secrets/b.yaml"] = files["secrets/b.yaml"].replace(ALICE, BOB)
        found = scan({".sops.yaml": rules(extra=f"  {ONLY_DATA}\n"), **files}, paths=[".sops.yaml"]).findings
        assert [(f.path, f.line, f.severity) for f in found] == [
            ("secrets/b.yaml", 7, "medium"),
            ("secrets/b.yaml", 9, "high"),
        ]
        found = scan({".sops.yaml": rules(age=BOB, extra=f"  {ONLY_DATA}\n"), **files}, paths=[".sops.yaml"]).findings
        assert [(f.path, f.line) for f in found if f.severity == "high"] == [
            ("secrets/a.yaml", 8),
            ("secrets/c.yaml", 10),
        ]

    def test_a_time_that_is_none_is_not_taken_for_one(self, scan, values):
        """What is left out of the comparison of blocks is what has the right form."""
        good, bad = secret(values), secret(values).replace("2024-02-29T12:00:00Z", "yesterday")
        files = {".sops.yaml": rules(age=BOB, extra=f"  {ONLY_DATA}\n"), "secrets/a.yaml": good, "secrets/b.yaml": bad}
        found = scan(files, "sops-recipient-drift", paths=[".sops.yaml"]).findings
        assert {f.path for f in found} == {"secrets/a.yaml"}
