"""`sops-not-encrypted`, `sops-partial`, `sops-malformed`, `sops-unmerged`, `sops-recipient-drift`."""

# ruff: noqa: E501  a manifest on one line is read faster than one in pieces

from __future__ import annotations

import pytest
from sops_texts import ALICE, BOB, CAROL, PATH, block, rules


class TestNotEncrypted:
    """What the creation rule covers must be encrypted."""

    RULE = "sops-not-encrypted"

    def found(self, scan, files):
        return [(f.path, f.line, f.key) for f in scan(files, self.RULE).findings]

    def test_a_covered_file_with_any_value(self, scan):
        files = {".sops.yaml": rules(), PATH: "# c\nregion: eu\nreplicas: 2\n"}
        assert self.found(scan, files) == [(PATH, 2, "region")]

    def test_json_dotenv_ini_and_other_files(self, scan):
        for path, text, key in (
            ("secrets/a.json", '{"a": 1}', "a"),
            ("secrets/a.env", "# c\nLOG=debug\n", "LOG"),
            ("secrets/a.ini", "[a]\nb = c\n", "b"),
            ("secrets/a.txt", "anything\n", ""),
            ("secrets/a.yaml", "- a\n- b\n", ""),
        ):
            assert [found[2] for found in self.found(scan, {".sops.yaml": rules(), path: text})] == [key]

    def test_what_is_encrypted_passes(self, scan, values):
        envelope = values.envelope()
        files = {
            ".sops.yaml": rules(),
            "secrets/a.yaml": f"a: {envelope}\n{block(values)}",
            "secrets/a.env": f"A={envelope}\nsops_mac={envelope}\n",
            "secrets/a.ini": f"[a]\nb = {envelope}\n[sops]\nmac = {envelope}\n",
            "secrets/a.bin": f'{{"data": "{envelope}", "sops": {{"mac": "{envelope}"}}}}',
            "secrets/a.age": b"age-encryption.org/v1\n\xff",
        }
        assert self.found(scan, files) == []

    def test_what_is_not_covered_passes(self, scan):
        assert self.found(scan, {".sops.yaml": rules(), "apps/db.yaml": "password: hunter2\n"}) == []
        assert self.found(scan, {PATH: "password: hunter2\n"}) == []

    @pytest.mark.parametrize("name", ["kustomization.yaml", ".gitkeep", "README.md", "ca.pub", ".sops.yaml"])
    def test_some_files_are_never_encrypted(self, name, scan):
        assert self.found(scan, {".sops.yaml": rules(), f"secrets/{name}": "resources: [a.yaml]\n"}) == []

    def test_an_empty_file_passes(self, scan):
        assert self.found(scan, {".sops.yaml": rules(), PATH: "\n"}) == []
        assert self.found(scan, {".sops.yaml": rules(), PATH: "a: ''\nb:\n"}) == []

    def test_the_selector_of_the_rule_counts(self, scan):
        chosen = rules(extra="  encrypted_regex: ^(data|stringData)$\n")
        assert self.found(scan, {".sops.yaml": chosen, PATH: "kind: ConfigMap\nmetadata: {name: a}\n"}) == []
        assert self.found(scan, {".sops.yaml": chosen, PATH: "kind: ConfigMap\ndata: {a: b}\n"}) == [(PATH, 2, "a")]
        suffix = rules(extra="  encrypted_suffix: _secret\n")
        assert self.found(scan, {".sops.yaml": suffix, "secrets/a.env": "A=b\nC_secret=d\n"}) == [
            ("secrets/a.env", 2, "C_secret")
        ]

    def test_the_first_matching_rule_counts(self, scan):
        two = "creation_rules:\n- path_regex: public\n  age: x\n  encrypted_regex: ^none$\n- path_regex: secrets/\n  age: x\n"
        files = {".sops.yaml": two, "secrets/public.yaml": "a: b\n", "secrets/b.yaml": "a: b\n"}
        assert self.found(scan, files) == [("secrets/b.yaml", 1, "a")]

    def test_the_nearest_rule_file_above_the_file_counts(self, scan):
        files = {
            ".sops.yaml": rules(regex="nothing"),
            "team/.sops.yaml": rules(),
            "team/secrets/a.yaml": "a: b\n",
            PATH: "a: b\n",
        }
        assert self.found(scan, files) == [("team/secrets/a.yaml", 1, "a")]

    @pytest.mark.parametrize("regex", [None, ".*", r"\.ya?ml$", "''", r".*\.(ya?ml|json)$"])
    def test_a_rule_for_everything_asks_only_for_secrets(self, regex, scan, values):
        files = {
            ".sops.yaml": rules(regex=regex),
            "deployment.yaml": "kind: Deployment\nspec: {replicas: 2}\n",
            "values.yaml": "image: nginx\nexistingSecret: db\nauth:\n  secretKeyRef: {name: db, key: password}\n",
            "es.yaml": "kind: ExternalSecret\nspec:\n  data:\n  - secretKey: DB_HOST\n    remoteRef: {key: db}\n",
            "secret.yaml": f"kind: Secret\nstringData:\n  user: {values.password()}\n",
            "prod.yaml": f"db:\n  host: db\n  password: {values.password()}\n",
        }
        assert sorted(self.found(scan, files)) == [("prod.yaml", 3, "password"), ("secret.yaml", 3, "user")]

    def test_a_selector_that_is_no_expression_is_an_error_of_the_rules(self, scan):
        report = scan({".sops.yaml": rules(extra="  encrypted_regex: '('\n"), PATH: "a: b\n"}, self.RULE)
        assert (report.exit_code(), [str(error.place) for error in report.incomplete]) == (2, [".sops.yaml:2:3"])

    def test_message_and_command(self, scan):
        (found,) = scan({".sops.yaml": rules(), PATH: "a: b\n"}).findings
        assert found.message.endswith("the creation rule at .sops.yaml:2 covers it")
        assert found.fix == f"secrets-gitops encrypt -i {PATH}"


class TestPartial:
    """What the file's own selector chooses must be an envelope."""

    RULE = "sops-partial"

    def found(self, scan, text: str, path: str = PATH):
        return [(f.line, f.severity, f.key) for f in scan({path: text}, self.RULE).findings]

    def test_an_added_and_a_replaced_value(self, scan, values):
        text = f"a: {values.envelope()}\nb: {values.password()}\nc:\n- {values.password()}\n{block(values)}"
        assert self.found(scan, text) == [(2, "high", "b"), (4, "high", "c")]

    def test_json(self, scan, values):
        text = f'{{"a": "{values.envelope()}", "leak": 3, "sops": {{"age": [{{"recipient": "{ALICE}", "enc": "x"}}], "mac": "{values.envelope()}", "lastmodified": "2024-02-29T12:00:00Z", "version": "3.11.0"}}}}'
        assert self.found(scan, text, "a.json") == [(1, "high", "leak")]

    def test_dotenv_and_ini(self, scan, values):
        envelope = values.envelope()
        dotenv = f"NEW={values.password()}\nOLD={envelope}\nX_unencrypted=a\nE=\nsops_mac={envelope}\nsops_unencrypted_suffix=_unencrypted\n"
        assert self.found(scan, dotenv, "a.env") == [(1, "high", "NEW")]
        ini = f"[a]\nold = {envelope}\nnew = x\n[sops]\nmac = {envelope}\nencrypted_regex = ^new$\n"
        assert self.found(scan, ini, "a.ini") == [(3, "high", "new")]

    def test_what_the_selector_leaves_open_may_be_open(self, scan, values):
        text = f"kind: ConfigMap\nx: 1\ndata:\n  a: {values.envelope()}\n" + block(
            values, selector="encrypted_regex: ^data$"
        )
        assert self.found(scan, text) == []

    def test_empty_values_are_never_encrypted(self, scan, values):
        assert self.found(scan, f"a: ''\nb:\nc: null\nd: {values.envelope()}\n{block(values)}") == []

    def test_the_data_of_a_secret_must_not_be_left_open(self, scan, values):
        text = (
            f"kind: Secret\nmetadata: {{name: a}}\nstringData:\n  password: {values.password()}\n  t: {values.envelope()}\n"
            + block(values, selector="encrypted_regex: ^t$")
        )
        assert self.found(scan, text) == [(4, "high", "password")]

    def test_every_document_is_looked_at(self, scan, values):
        one = f"a: {values.envelope()}\n{block(values)}"
        assert [
            found[2] for found in self.found(scan, f"{one}---\na: {values.envelope()}\nb: open\n{block(values)}")
        ] == ["b"]

    def test_an_intact_file_passes_all_rules(self, failing, values):
        text = f"kind: Secret\nmetadata: {{name: a}}\nstringData:\n  password: {values.envelope()}\n"
        text += block(values, selector="encrypted_regex: ^(data|stringData)$")
        assert failing({".sops.yaml": rules(extra="  encrypted_regex: ^(data|stringData)$\n"), PATH: text}) == []


class TestMalformed:
    """`ENC[` proves nothing."""

    RULE = "sops-malformed"

    def found(self, scan, text: str, path: str = PATH):
        return [(f.line, f.key) for f in scan({path: text}, self.RULE).findings]

    def test_a_value_of_wrong_shape(self, scan, values):
        for bad in (
            f"ENC[{values.password()}]",
            values.envelope(iv=12),
            values.envelope(tag=1),
            values.envelope(kind="x"),
            "ENC[",
        ):
            assert self.found(scan, f"a: {values.envelope()}\nb: '{bad}'\n{block(values)}") == [(2, "b")]

    def test_an_envelope_without_a_block(self, scan, values):
        assert self.found(scan, f"a: {values.envelope()}\n") == [(1, "a")]
        assert self.found(scan, f"A={values.envelope()}\n", "a.env") == [(1, "A")]
        assert self.found(scan, f'{{"a": ["{values.envelope()}"]}}', "a.json") == [(1, "")]

    def test_a_block_that_names_no_key(self, scan, values):
        text = f"a: {values.envelope()}\nsops:\n  mac: {values.envelope()}\n  lastmodified: '2024-01-01T00:00:00Z'\n  version: 3.9.0\n"
        assert self.found(scan, text) == [(2, "sops")]

    def test_a_block_with_a_selector_that_is_no_expression(self, scan, values):
        text = f"a: {values.envelope()}\n{block(values, selector='encrypted_regex: (')}"
        assert self.found(scan, text) == [(2, "sops")]
        assert scan({PATH: text}).incomplete == ()

    def test_whole_files_and_settings_called_sops_pass(self, scan, values):
        assert self.found(scan, f"a: {values.envelope()}\n{block(values)}") == []
        assert self.found(scan, "sops:\n  enabled: true\n  version: 3.8.1\n  mac_address: x\n") == []
        assert self.found(scan, "text: see ENC[...] in the manual\n") == []


class TestRecipientDrift:
    """Who can open the file is who should."""

    RULE = "sops-recipient-drift"

    def found(self, scan, rule: str, sealed: str):
        return [(f.severity, f.message) for f in scan({".sops.yaml": rule, PATH: sealed}, self.RULE).findings]

    def test_equal_sets_pass_in_any_order_and_spelling(self, scan, values):
        sealed = f"a: {values.envelope()}\n{block(values, BOB, ALICE)}"
        assert self.found(scan, rules(age=f"' {ALICE.upper()} , {BOB}'"), sealed) == []

    def test_a_recipient_too_many_is_grave_and_one_too_few_is_not(self, scan, values):
        sealed = f"a: {values.envelope()}\n{block(values, ALICE, CAROL)}"
        found = self.found(scan, rules(age=f"{ALICE},{BOB}"), sealed)
        assert sorted(severity for severity, _ in found) == ["high", "medium"]
        assert any(CAROL in message and "can open" in message for _, message in found)
        assert any(BOB in message and "cannot open" in message for _, message in found)

    def test_place_and_command(self, scan, values):
        sealed = f"a: {values.envelope()}\n{block(values, ALICE, CAROL)}"
        (found,) = scan({".sops.yaml": rules(), PATH: sealed}).findings
        again = f"secrets-gitops updatekeys {PATH} && secrets-gitops rotate {PATH}"
        assert (found.line, found.fix) == (9, f"`{again}`, then change the values, which that recipient could read")

    def test_without_a_rule_or_a_block_there_is_nothing_to_compare(self, scan, values):
        assert self.found(scan, rules(regex="other"), f"a: {values.envelope()}\n{block(values, BOB)}") == []
        assert self.found(scan, rules(), "a: b\n") == []

    def test_key_groups(self, scan, values):
        rule = f"creation_rules:\n- path_regex: secrets/\n  key_groups:\n  - age: [{ALICE}]\n  - age: [{BOB}]\n"
        (found,) = self.found(scan, rule, f"a: {values.envelope()}\n{block(values, ALICE, BOB)}")
        assert "key groups" in found[1]

    def test_a_pgp_key_may_be_named_by_its_end(self, scan, values):
        fingerprint = "85D77543B3D624B63CEA9E6DBC17301B491B3F21"
        sealed = (
            f"a: {values.envelope()}\nsops:\n  pgp:\n  - fp: {fingerprint}\n    enc: x\n  lastmodified: '2024-02-29T12:00:00Z'\n"
            f"  mac: {values.envelope()}\n  version: 3.9.0\n"
        )
        rule = "creation_rules:\n- path_regex: secrets/\n  pgp: {}\n"
        assert self.found(scan, rule.format(fingerprint.lower()), sealed) == []
        assert self.found(scan, rule.format(fingerprint[-16:]), sealed) == []
        assert len(self.found(scan, rule.format("0" * 40), sealed)) == 2


class TestUnmerged:
    """Conflict markers in an encrypted file."""

    def conflict(self, values) -> str:
        one, other = values.envelope(), values.envelope()
        return f"user: {values.envelope()}\n<<<<<<< ours\npassword: {one}\n=======\npassword: {other}\n>>>>>>> theirs\n"

    @pytest.mark.parametrize("name", ["a.yaml", "a.json", "a.env", "a.ini", "a.bin"])
    def test_markers_are_found_in_every_format(self, name, scan, values):
        found = scan({f"secrets/{name}": self.conflict(values) + block(values)}, "sops-unmerged").findings
        assert [(one.line, one.severity) for one in found] == [(2, "high")]

    def test_it_is_the_only_thing_said_of_such_a_file(self, scan, values):
        files = {".sops.yaml": rules(), PATH: self.conflict(values) + block(values)}
        found = [one for one in scan(files).findings if one.severity != "info"]
        assert [one.rule for one in found] == ["sops-unmerged"]

    def test_markers_that_do_not_make_a_conflict_are_text(self, scan, values):
        text = self.conflict(values).replace("=======\n", "") + block(values)
        assert scan({PATH: text}, "sops-unmerged").findings == ()

    def test_files_that_are_not_encrypted_are_not_its_business(self, scan):
        assert scan({PATH: "<<<<<<< ours\na: 1\n=======\na: 2\n>>>>>>> theirs\n"}, "sops-unmerged").findings == ()


class TestLeftOpen:
    """What sops leaves open because a selector says so is as readable as in any other file."""

    SELECTOR = "encrypted_regex: ^(data|stringData)$"

    def test_values_beside_encrypted_ones(self, failing, values):
        secret = values.password()
        text = f"data: {values.envelope()}\napp:\n  password: {secret}\n# token: {secret}\n"
        found = failing({"apps/a.yaml": text + block(values, selector=self.SELECTOR)})
        assert [(line, key) for _, line, _, key in found] == [(3, "password"), (4, "token")]

    def test_a_document_after_the_encrypted_one(self, failing, values):
        text = f"data: {values.envelope()}\n{block(values, selector=self.SELECTOR)}---\npassword: {values.password()}\n"
        assert [key for *_, key in failing({"apps/a.yaml": text})] == ["password"]

    def test_lines_of_dotenv_and_ini(self, failing, values):
        sealed, open_ = values.envelope(), values.password()
        mac = values.envelope(88)
        env = (
            f"TOKEN={sealed}\nDB_PASSWORD={open_}\nsops_version=3.11.0\nsops_mac={mac}\nsops_encrypted_regex=^TOKEN$\n"
        )
        ini = f"[a]\ntoken = {sealed}\npassword = {open_}\n[sops]\nversion = 3.11.0\nmac = {mac}\nencrypted_regex = ^token$\n"
        assert ("a.env", 2) in [(path, line) for path, line, *_ in failing({"a.env": env})]
        assert ("a.ini", 3) in [(path, line) for path, line, *_ in failing({"a.ini": ini})]

    def test_what_is_encrypted_and_the_block_itself_are_nothing(self, failing, values):
        text = f"data: {values.envelope()}\npassword: {values.envelope()}\n# token: {values.envelope()}\n"
        assert failing({"apps/a.yaml": text + block(values)}) == []


def test_the_header_of_a_vault_before_plaintext_hides_nothing(failing, values):
    header = "$ANSIBLE_VAULT;1.1;AES256\n"
    for path in ("group_vars/all.yml", "secrets.yml", ".env"):
        assert failing({path: f"{header}{values.hex(80)}\n{values.hex(80)}\n"}) == []
        for body in ("", f"{values.hex(80)}\n"):
            text = f"{header}{body}DB_PASSWORD: {values.password()}\n"
            assert [key for *_, key in failing({path: text})] == ["DB_PASSWORD"], path
