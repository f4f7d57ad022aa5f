"""`.sops.yaml`: what sops reads, what it ignores in silence and we tell, and which rule fits which file.

The outcomes of `TestAsSops` were recorded from sops 3.9 to 3.13.3, which chose these recipients for the same trees.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from secrets_gitops.envelopes.sops.selection import Selector
from secrets_gitops.errors import Error, SettingsError
from secrets_gitops.repository import creation_rules
from secrets_gitops.repository.index import Index
from secrets_gitops.repository.work_tree import WorkTree


def parse(text: str, path: str = ".sops.yaml", *, strict: bool = True) -> creation_rules.CreationRules:
    return creation_rules.parse(text.encode(), path, strict=strict)


def keys(rules: creation_rules.CreationRules, path: str) -> list[list[str]] | None:
    rule = rules.rule_for(path)
    return None if rule is None else [[key.text for key in group] for group in rule.groups]


FIRST_MATCH = r"""
creation_rules:
  - path_regex: ^a/b/x\.yaml$
    age: age1one
  - path_regex: a/y\.yaml
    age: age1two
  - path_regex: \.yaml$
    age: "age1three , age1two,"
"""
GROUPS = """
creation_rules:
  - path_regex: two
    shamir_threshold: 2
    key_groups:
      - age: [age1one]
      - age: [age1two, age1three]
  - path_regex: dup
    key_groups:
      - age: [age1one, age1one]
        merge:
          - age: [age1two]
          - age: [age1one]
  - path_regex: empty
    key_groups: [{age: [age1one]}, {}]
  - path_regex: nokeys
"""


class TestAsSops:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("a/b/x.yaml", [["age1one"]]),
            ("a/y.yaml", [["age1two"]]),
            ("a/b/z.yaml", [["age1three", "age1two"]]),
            ("x.yaml", [["age1three", "age1two"]]),
            ("q.env", None),
        ],
    )
    def test_the_first_rule_that_fits(self, path, expected):
        assert keys(parse(FIRST_MATCH), path) == expected

    def test_the_path_is_taken_from_the_folder_of_the_rules(self):
        rules = parse(FIRST_MATCH, "clusters/prod/.sops.yaml")
        assert keys(rules, "clusters/prod/a/b/x.yaml") == [["age1one"]]
        assert keys(rules, "clusters/production.yaml") == [["age1three", "age1two"]]

    def test_a_file_outside_is_taken_by_its_absolute_path(self):
        rules = parse("creation_rules: [{path_regex: ^/srv/, age: age1one}]", "/etc/rules/.sops.yaml")
        assert keys(rules, "/srv/x.yaml") == [["age1one"]]
        assert keys(rules, "/etc/rules/srv/x.yaml") is None
        assert keys(parse("creation_rules: [{path_regex: ^srv/, age: age1one}]", "/.sops.yaml"), "/srv/x") == [
            ["age1one"]
        ]

    def test_no_expression_fits_every_file(self):
        for text in ("creation_rules: [{age: age1one}]", "creation_rules: [{path_regex: '', age: age1one}]"):
            assert keys(parse(text), "any/thing") == [["age1one"]]

    @pytest.mark.parametrize(
        "text", ["", "# nothing\n", "creation_rules: []", "creation_rules:", "stores: {yaml: {indent: 2}}"]
    )
    def test_without_rules_nothing_fits(self, text):
        assert keys(parse(text), "x.yaml") is None

    def test_a_list_of_recipients(self):
        text = "creation_rules: [{age: [age1two, 'age1one'], encrypted_regex: ^k$, mac_only_encrypted: true}]"
        rule = parse(text).rule_for("x.yaml")
        assert rule is not None
        assert [[key.text for key in group] for group in rule.groups] == [["age1two", "age1one"]]
        assert rule.selector == Selector("encrypted_regex", "^k$")
        assert rule.mac_only_encrypted

    def test_folded_text(self):
        text = "creation_rules:\n  - pgp: >-\n      FBC7B9E2A4F9289A,\n      D7229043384BCC60\n"
        assert keys(parse(text), "x") == [["FBC7B9E2A4F9289A", "D7229043384BCC60"]]

    def test_key_groups(self):
        rules = parse(GROUPS)
        assert keys(rules, "two.yaml") == [["age1one"], ["age1two", "age1three"]]
        assert [rule.shamir_threshold for rule in rules.rules] == [2, 0, 0, 0]
        assert keys(rules, "dup.yaml") == [["age1two", "age1one"]]

    @pytest.mark.parametrize(("path", "what"), [("empty.yaml", "an empty key group"), ("nokeys.yaml", "no keys")])
    def test_a_rule_without_keys_encrypts_nothing(self, path, what):
        with pytest.raises(SettingsError, match=f"the creation rule for `{path}` has {what}") as caught:
            parse(GROUPS).rule_for(path)
        assert caught.value.place is not None
        assert caught.value.place.line > 1
        assert parse(GROUPS, strict=False).rule_for(path) is not None

    def test_two_selectors_in_one_rule(self):
        text = "creation_rules:\n  - age: age1one\n    encrypted_regex: a\n    unencrypted_suffix: b\n"
        for strict in (True, False):
            with pytest.raises(SettingsError, match=r"`unencrypted_suffix` and `encrypted_regex`.*only one"):
                parse(text, strict=strict)

    def test_an_empty_selector_is_none(self):
        rule = parse("creation_rules: [{age: age1one, encrypted_suffix: '', unencrypted_regex: ^x}]").rule_for("x")
        assert rule is not None
        assert rule.selector == Selector("unencrypted_regex", "^x")

    def test_anchors_kept_in_a_list_at_the_top(self):
        text = (
            "keys:\n  - &alice age1alice\n  - &bob age1bob\n"
            "common: &common\n  mac_only_encrypted: true\n  age: age1common\n"
            "creation_rules:\n"
            "  - path_regex: a\n    key_groups:\n      - age:\n          - *alice\n          - *bob\n"
            "  - path_regex: b\n    age: *bob\n"
            "  - path_regex: c\n    <<: *common\n"
            "  - <<: [*common]\n    age: age1own\n"
        )
        rules = parse(text)
        assert rules.warnings == ()
        assert keys(rules, "a") == [["age1alice", "age1bob"]]
        assert keys(rules, "b") == [["age1bob"]]
        assert keys(rules, "c") == [["age1common"]]
        assert keys(rules, "d") == [["age1own"]]
        assert [rule.mac_only_encrypted for rule in rules.rules] == [False, False, True, True]

    def test_every_kind_of_key_in_the_order_of_sops(self):
        text = """
creation_rules:
  - path_regex: flat
    hc_vault_transit_uri: https://vault.example.org/v1/sops/keys/a
    azure_keyvault: https://x.vault.azure.net/keys/k/v
    hckms: [region:1]
    gcp_kms: projects/p/locations/l/keyRings/r/cryptoKeys/k
    kms: arn:aws:kms:eu-west-1:1:key/a+arn:aws:iam::1:role/r
    aws_profile: work
    pgp: F0
    age: age1one
  - path_regex: groups
    key_groups:
      - hc_vault: [https://vault.example.org/v1/sops/keys/a]
        azure_keyvault: [{vaultUrl: https://x.vault.azure.net, key: k, version: v}]
        hckms: [{key_id: region:1}]
        gcp_kms: [{resource_id: projects/p/locations/l/keyRings/r/cryptoKeys/k}]
        kms:
          - arn: arn:aws:kms:eu-west-1:1:key/a
            role: arn:aws:iam::1:role/r
            context: {app: web, env: x}
            aws_profile: work
        pgp: [F0]
        age: [age1one]
"""
        rules = parse(text)
        kinds = ["age", "pgp", "kms", "gcp_kms", "hckms", "azure_kv", "hc_vault"]
        for rule in rules.rules:
            assert [key.kind for key in rule.groups[0]] == kinds
        flat, grouped = ([key.text for key in rule.groups[0]] for rule in rules.rules)
        assert flat[2] == "arn:aws:kms:eu-west-1:1:key/a+arn:aws:iam::1:role/r||work"
        assert grouped[2] == "arn:aws:kms:eu-west-1:1:key/a+arn:aws:iam::1:role/r|app:web,env:x|work"
        assert grouped[:2] + grouped[3:] == flat[:2] + flat[3:]

    def test_booleans_as_go_reads_them(self):
        for text, value in (("yes", True), ("on", True), ("False", False), ("n", False)):
            rule = parse(f"creation_rules: [{{age: a, mac_only_encrypted: {text}}}]").rules[0]
            assert rule.mac_only_encrypted is value

    def test_keys_have_places(self):
        rules = parse("creation_rules:\n  - path_regex: x\n    age:\n      - age1one\n      - age1two\n")
        assert [str(key.place) for key in rules.rules[0].groups[0]] == [".sops.yaml:4:9", ".sops.yaml:5:9"]
        assert str(rules.rules[0].place) == ".sops.yaml:2:5"


class TestDestinations:
    TEXT = """
destination_rules:
  - path_regex: ^s3/
    s3_bucket: b
    s3_prefix: in/
    omit_extensions: true
    recreation_rule: {pgp: F0}
  - path_regex: ^gcs/
    gcs_bucket: g
  - vault_path: app/
    vault_address: https://v.example.org
    vault_kv_version: 1
"""

    def test_each_kind_with_its_fields_and_the_first_that_fits_counts(self):
        rules = parse(self.TEXT)
        s3, gcs, vault = (rules.destination_for(path) for path in ("s3/a.yaml", "gcs/a.yaml", "x/s3/a.yaml"))
        assert (s3.kind, s3.target, s3.prefix, s3.omit_extensions) == ("s3", "b", "in/", True)
        assert [key.text for key in s3.recreation.groups[0]] == ["F0"]
        assert (gcs.kind, gcs.target, gcs.prefix, gcs.recreation) == ("gcs", "g", "", None)
        assert (vault.kind, vault.target, vault.prefix, vault.address) == (
            "vault",
            "secret",
            "app/",
            "https://v.example.org",
        )
        assert vault.kv_version == 1

    def test_no_rule_fits(self):
        assert parse("destination_rules: [{path_regex: a, s3_bucket: b}]").destination_for("x") is None

    @pytest.mark.parametrize(
        ("rule", "message"),
        [
            ("{s3_bucket: a, vault_path: b}", "more than one destination"),
            ("{vault_path: a, vault_kv_version: 3}", "must be 1 or 2"),
            ("{s3_bucket: a, reencryption_rule: {age: x}}", "unknown field `reencryption_rule`"),
            ("{s3_bucket: a, path_regex: '('}", "not a valid regular expression"),
        ],
    )
    def test_mistakes_are_told(self, rule, message):
        with pytest.raises(SettingsError, match=message):
            parse(f"destination_rules: [{rule}]")


class TestUnknownFields:
    TYPO = "creation_rules:\n  - path_regx: nothing\n    age: age1one\n"

    def test_one_inside_a_rule_is_an_error_before_encrypting(self):
        with pytest.raises(SettingsError, match="unknown field `path_regx` in a creation rule") as caught:
            parse(self.TYPO)
        assert str(caught.value.place) == ".sops.yaml:2:5"
        assert caught.value.hints == ("did you mean `path_regex`?",)
        assert caught.value.exit_code == 2

    def test_and_a_warning_elsewhere(self):
        rules = parse(self.TYPO, strict=False)
        assert [(str(place), text) for place, text in rules.warnings] == [
            (".sops.yaml:2:5", "unknown field `path_regx` in a creation rule; did you mean `path_regex`?")
        ]
        assert keys(rules, "x") == [["age1one"]]

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("creation_rules: [{key_groups: [{ages: [a]}]}]", "ages"),
            ("creation_rules: [{key_groups: [{kms: [{arn: a, rule: b}]}]}]", "rule"),
            ("creation_rules: [{key_groups: [{merge: [{agee: [a]}]}]}]", "agee"),
        ],
    )
    def test_deeper_in_a_rule(self, text, name):
        with pytest.raises(SettingsError, match=f"unknown field `{name}`"):
            parse(text)

    def test_at_the_top_they_are_nobodys_business(self):
        rules = parse("people: [&a age1a]\nx-notes: {deep: [1]}\ncreation_rules: [{age: *a}]")
        assert rules.warnings == ()

    def test_but_a_misspelt_list_of_rules_is_told(self):
        rules = parse("creation_rule:\n  - age: age1one\n")
        assert [text for _, text in rules.warnings] == [
            "`creation_rule` is not known; the rules stand under `creation_rules`"
        ]

    def test_flat_keys_beside_groups_are_ignored_as_in_sops_and_told(self):
        rules = parse("creation_rules: [{age: age1flat, key_groups: [{age: [age1group]}]}]")
        assert keys(rules, "x") == [["age1group"]]
        assert [text for _, text in rules.warnings] == ["`age` is ignored beside `key_groups`"]

    def test_known_fields_of_publishing_and_stores_say_nothing(self):
        text = (
            "creation_rules: [{age: age1one}]\nstores: {yaml: {indent: 2}, dotenv: {}}\n"
            "destination_rules: [{path_regex: x, s3_bucket: b, recreation_rule: {pgp: F0}}]\n"
        )
        assert parse(text).warnings == ()


class TestInvalidExpressions:
    PATH = "creation_rules:\n  - path_regex: ok\n    age: age1one\n  - path_regex: '['\n    age: age1two\n"

    def test_in_a_path(self):
        with pytest.raises(SettingsError, match="`path_regex` is not a valid regular expression") as caught:
            parse(self.PATH)
        assert str(caught.value.place) == ".sops.yaml:4:5"

    def test_without_encrypting_only_when_the_search_reaches_it(self):
        rules = parse(self.PATH, strict=False)
        assert len(rules.warnings) == 1
        assert keys(rules, "ok") == [["age1one"]]
        with pytest.raises(SettingsError, match="`path_regex` is not a valid regular expression"):
            rules.rule_for("other")

    def test_what_re2_refuses_is_refused(self):
        with pytest.raises(SettingsError, match="`path_regex` is not a valid regular expression"):
            parse("creation_rules: [{path_regex: '(?!x)', age: age1one}]")

    def test_in_a_selector_where_sops_would_encrypt_nothing(self):
        text = "creation_rules:\n  - age: age1one\n    encrypted_regex: '['\n"
        with pytest.raises(SettingsError, match="`encrypted_regex` is not a valid regular expression") as caught:
            parse(text)
        assert str(caught.value.place) == ".sops.yaml:3:5"
        assert len(parse(text, strict=False).warnings) == 1


class TestBrokenFiles:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("creation_rules: [", "cannot read creation rules"),
            ("a: 1\na: 2\n", "cannot read creation rules"),
            ("- a\n", "creation rules must be a mapping"),
            ("creation_rules: {age: a}", "`creation_rules` must be a list"),
            ("creation_rules: [text]", "a creation rule must be a mapping"),
            ("creation_rules: [{age: {a: b}}]", "`age` must be a list"),
            ("creation_rules: [{age: [[a]]}]", "`age` must be a list of texts"),
            ("creation_rules: [{path_regex: [a]}]", "`path_regex` must be text"),
            ("creation_rules: [{key_groups: [{age: a}]}]", "`age` must be a list"),
            ("creation_rules: [{shamir_threshold: two}]", "`shamir_threshold` must be a whole number"),
            ("creation_rules: [{mac_only_encrypted: maybe}]", "`mac_only_encrypted` must be true or false"),
            ("creation_rules: [{<<: 1}]", "a creation rule must be a mapping"),
            ("creation_rules: [{[a]: 1}]", "a key of a creation rule is not text"),
        ],
    )
    @pytest.mark.parametrize("strict", [True, False])
    def test_what_is_wrong_and_where(self, text, message, strict):
        with pytest.raises(SettingsError, match=message) as caught:
            parse(text, strict=strict)
        assert caught.value.place is not None
        assert caught.value.place.line > 0

    def test_a_second_document_is_told(self):
        rules = parse("creation_rules: [{age: age1one}]\n---\ncreation_rules: [{age: age1two}]\n")
        assert keys(rules, "x") == [["age1one"]]
        assert [text for _, text in rules.warnings] == ["only the first YAML document counts"]

    def test_values_are_not_shown(self):
        secret = "AGE-SECRET-KEY-1QQQ"
        for text in (
            f"creation_rules: [{{age: {{{secret}: x}}}}]",
            f"creation_rules: [{{shamir_threshold: {secret}}}]",
        ):
            with pytest.raises(Error) as caught:
                parse(text)
            assert secret not in str(caught.value.message) + str(caught.value.hints)


class TestFind:
    def test_the_nearest_above_the_file(self, repo):
        repo.write(".sops.yaml", "creation_rules: [{age: age1root}]")
        repo.write("sub/.sops.yaml", "creation_rules: [{path_regex: ^deep/, age: age1sub}]")
        repo.write("sub/deep/y.yaml", "")
        repo.git("add", "--all")
        for snapshot in (Index(str(repo.root)), WorkTree(str(repo.root))):
            assert creation_rules.find(snapshot, "x.yaml") == ".sops.yaml"
            assert creation_rules.find(snapshot, "sub/deep/y.yaml") == "sub/.sops.yaml"
            assert creation_rules.find(snapshot, "subdir/y.yaml") == ".sops.yaml"
            rules = creation_rules.load(snapshot, "sub/deep/y.yaml", strict=True)
            assert rules is not None
            assert keys(rules, "sub/deep/y.yaml") == [["age1sub"]]

    def test_not_above_the_root(self, repo):
        (repo.root.parent / ".sops.yaml").write_text("creation_rules: [{age: age1outside}]")
        repo.write("x.yaml", "")
        snapshot = WorkTree(str(repo.root))
        assert creation_rules.find(snapshot, "x.yaml") is None
        assert creation_rules.load(snapshot, "x.yaml", strict=True) is None

    def test_the_index_has_rules_of_its_own(self, repo):
        repo.write(".sops.yaml", "creation_rules: [{age: age1staged}]")
        repo.git("add", "--all")
        repo.write(".sops.yaml", "creation_rules: [{age: age1disk}]")
        staged = creation_rules.load(Index(str(repo.root)), "x.yaml", strict=True)
        assert staged is not None
        assert keys(staged, "x.yaml") == [["age1staged"]]

    def test_rules_that_are_a_link(self, repo):
        repo.write(".sops.yaml", "creation_rules: [{path_regex: ^x, age: age1root}]")
        (repo.root / "a").mkdir()
        os.symlink("../.sops.yaml", repo.root / "a" / ".sops.yaml")
        rules = creation_rules.load(WorkTree(str(repo.root)), "a/x.yaml", strict=True)
        assert rules is not None
        assert keys(rules, "a/x.yaml") == [["age1root"]]
        os.symlink("/etc/passwd", repo.root / "b.yaml")
        (repo.root / "b").mkdir()
        os.symlink("../../outside", repo.root / "b" / ".sops.yaml")
        with pytest.raises(SettingsError, match="a symbolic link that leads to no file of the repository"):
            creation_rules.load(WorkTree(str(repo.root)), "b/x.yaml", strict=True)

    def test_the_other_ending_is_ignored(self, repo):
        repo.write("s/.sops.yml", "creation_rules: [{age: age1ignored}]")
        assert creation_rules.find(WorkTree(str(repo.root)), "s/x.yaml") is None


def test_the_reader_is_imported_only_for_a_file_of_rules():
    code = "import sys; import secrets_gitops.repository.creation_rules; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert not {"yaml", "secrets_gitops.documents.read", "subprocess", "difflib"} & set(done.stdout.split())
