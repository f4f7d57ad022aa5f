"""Settings of a repository and flags of a run: what they excuse, how strict they are, and what they cannot do."""

from __future__ import annotations

import pytest

from secrets_gitops.errors import SettingsError
from secrets_gitops.keys import age
from secrets_gitops.lint.options import Options
from secrets_gitops.lint.policy import SETTINGS
from secrets_gitops.repository import settings

PATH = "apps/db/secret.yaml"


def secret(values, key: str = "password") -> str:
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  {key}: {values.password()}\n"


@pytest.fixture
def report(scan, values):
    """A maker: the report on one plaintext Secret under these lines of the section `lint`."""

    def run(lint: str = "", files=(), **options):
        text = "lint:\n" + "".join(f"  {line}\n" for line in lint.splitlines())
        chosen = {PATH: secret(values), **dict(files)}
        excuses = options.pop("excuses", None)
        return scan({SETTINGS: text, **chosen} if lint else chosen, options=Options(**options), excuses=excuses)

    return run


def grades(report) -> list[tuple[str, str]]:
    return [(f.rule, f.severity) for f in report.findings]


def test_the_name_of_the_settings():
    assert SETTINGS == settings.NAME


class TestAllow:
    @pytest.mark.parametrize(
        "entry",
        [
            "rules: [k8s-secret-plaintext]",
            "rules: SG101",
            "paths: [apps/]",
            "paths: ['*.yaml']",
            "paths: [other, apps/**/secret.yaml]",
            "keys: [passw*]",
            "kinds: [Secret]",
            "rules: [SG101], paths: [apps], keys: [password], kinds: [Secret]",
        ],
    )
    def test_what_fits_everything_that_is_said(self, report, entry):
        found = report(f"allow: [{{{entry}, reason: a test}}]")
        assert (found.exit_code(), [(one.by, one.kind, one.justification) for one in found.suppressed]) == (
            0,
            [("settings", "external", "a test")],
        )

    @pytest.mark.parametrize(
        "entry",
        [
            "rules: [private-key]",
            "paths: [/secret.yaml]",
            "keys: [word]",
            "keys: [PASSWORD]",
            "kinds: [ConfigMap]",
            "rules: [SG101], paths: [other]",
        ],
    )
    def test_what_does_not(self, report, entry):
        assert report(f"allow: [{{{entry}, reason: a test}}]").exit_code() == 1

    def test_until_its_last_day(self, report):
        lint = "allow:\n- {paths: [apps], reason: a test, expires: 2026-05-31, owner: the team}"
        assert report(lint, today="2026-05-31").exit_code() == 0
        after = report(lint, today="2026-06-01")
        assert grades(after) == [("expired-allow", "low"), ("k8s-secret-plaintext", "high")]
        expired = after.findings[0]
        assert (expired.path, expired.line) == (SETTINGS, 3)
        assert "until 2026-05-31" in expired.message
        assert "the team" in expired.message

    def test_the_clock_is_asked(self, report):
        assert report("allow:\n- {paths: [apps], reason: a test, expires: 2001-01-01}").exit_code() == 1
        assert report("allow:\n- {paths: [apps], reason: a test, expires: 9999-01-01}").exit_code() == 0

    def test_a_critical_finding_needs_its_rule_and_its_place(self, report):
        key = {PATH: age.generate()[0].reveal().decode()}
        for entry in ("paths: [apps]", "rules: [provider-token]"):
            assert report(f"allow: [{{{entry}, reason: a test}}]", key).exit_code() == 1
        assert report("allow: [{rules: [provider-token], paths: [apps], reason: a test}]", key).exit_code() == 0


class TestStrictness:
    def test_disabled_rules(self, report):
        found = report("disable: [SG101]")
        assert (found.exit_code(), len(found.suppressed)) == (0, 1)
        assert report("disable: [SG101]", only=("k8s-secret-plaintext",)).exit_code() == 1

    def test_a_disabled_rule_does_not_silence_another_that_found_the_same(self, report, values):
        token = "sk_" + "live_" + values.hex(12) * 2
        text = f"apiVersion: v1\nkind: Secret\nstringData:\n  token: {token}\n"
        assert grades(report("", {PATH: text})) == [("provider-token-stripe", "high")]
        for lint in ("disable: [provider-token]", "disable: [provider-token-stripe]"):
            assert grades(report(lint, {PATH: text})) == [("k8s-secret-plaintext", "high")]
        assert report("disable: [provider-token, SG101]", {PATH: text}).exit_code() == 0
        assert grades(report("severity: {provider-token: low}", {PATH: text})) == [("provider-token-stripe", "high")]
        assert report("severity: {provider-token: low, SG101: low}", {PATH: text}).exit_code() == 0

    def test_severities(self, report):
        assert grades(report("severity: {SG101: low}")) == [("k8s-secret-plaintext", "low")]

    def test_a_note_stays_a_note(self, report):
        text = "apiVersion: v1\nkind: Secret\nstringData:\n  password: changeme\n"
        assert grades(report("severity: {SG101: critical}", {PATH: text})) == [("k8s-secret-plaintext", "info")]

    def test_fail_on(self, report):
        assert report("fail_on: critical").exit_code() == 0
        assert report("fail_on: critical", fail_on="high").exit_code() == 1

    def test_max_bytes(self, report):
        assert report("max_bytes: 50").exit_code() == 3
        assert report("max_bytes: 50", max_bytes=1000).exit_code() == 1

    def test_require_sops(self, report, values):
        files = {".sops.yaml": "creation_rules:\n- age: age1x\n", PATH: "a: b\n"}
        assert report("", files).exit_code() == 0
        assert report("require_sops: strict", files).exit_code() == 1
        assert report("require_sops: strict", files, require_sops="off").exit_code() == 0

    def test_excluded_paths(self, report):
        found = report("exclude: [apps/]")
        assert (found.exit_code(), len(found.suppressed)) == (0, 1)

    @pytest.mark.parametrize(
        "lint",
        ["exclude: ['**']", "disable: [provider-token]", "severity: {provider-token: info}", "fail_on: critical"],
    )
    def test_nothing_of_these_silences_a_critical_finding(self, report, lint):
        found = report(lint, {PATH: age.generate()[0].reveal().decode()})
        assert [f.severity for f in found.findings] == ["critical"]
        assert found.exit_code() == 1

    def test_a_flag_does(self, report):
        key = {PATH: age.generate()[0].reveal().decode()}
        assert report("", key, disable=("provider-token-age",)).exit_code() == 0

    def test_no_rule_left(self, report):
        with pytest.raises(SettingsError, match="no rule is left"):
            report("", only=("SG101",), disable=("SG101",))

    def test_foreign_markers(self, report, values):
        files = {PATH: secret(values).rstrip() + " # gitleaks:allow\n"}
        assert report("", files).exit_code() == 0
        assert report("foreign_allow: false", files).exit_code() == 1
        assert report("foreign_allow: false", files, foreign_allow=True).exit_code() == 0

    def test_reasons_may_be_optional(self, report, values):
        files = {PATH: secret(values).rstrip() + " # secrets-gitops:allow SG101\n"}
        assert report("", files).exit_code() == 1
        assert report("require_reason: false", files).exit_code() == 0


class TestWrong:
    @pytest.mark.parametrize(
        ("lint", "message", "place"),
        [
            ("disables: [SG101]", "unknown field `disables` in `lint`", "2:3"),
            ("disable: [k8s-secret-plaintxt]", "there is no lint rule `k8s-secret-plaintxt`", "2:3"),
            ("severity: {SG101: grave}", "`SG101` must be one of `info`, `low`", "2:14"),
            ("severity: {SG1: low}", "there is no lint rule `SG1`", "2:3"),
            ("fail_on: never", "`fail_on` must be one of", "2:3"),
            ("max_bytes: much", "`max_bytes` must be a number of bytes", "2:3"),
            ("max_bytes: 3GiB", "at most 2GiB", "2:3"),
            ("require_sops: maybe", "`require_sops` must be one of", "2:3"),
            ("exclude: ['!a']", "`exclude` has an item that begins with `!`", "2:3"),
            ("exclude: []", "`exclude` must be a list of texts, and not an empty one", "2:3"),
            ("allow: [{paths: [a]}]", "`reason` must say why", "2:11"),
            ("allow: [{paths: [a], reason: '-'}]", "`reason` must say why", "2:24"),
            ("allow: [{reason: why}]", "this would allow everything", "2:11"),
            ("allow: [{paths: [a], reason: why, until: x}]", "unknown field `until` in an item of `allow`", "2:37"),
            ("allow: [{paths: [a], reason: why, expires: 2026-02-30}]", "`expires` must be a day", "2:37"),
            ("allow: [{rules: [nonsense], reason: why}]", "there is no lint rule `nonsense`", "2:11"),
            ("allow: {}", "`allow` must be a list", "2:3"),
            ("gitleaks_config: ../x", "`gitleaks_config` must be a path from the root", "2:3"),
        ],
    )
    def test_settings_that_are_wrong_stop_the_scan(self, report, lint, message, place):
        with pytest.raises(SettingsError) as caught:
            report(lint)
        assert message in caught.value.message
        assert str(caught.value.place) == f"{SETTINGS}:{place}"

    def test_the_nearest_name(self, report):
        with pytest.raises(SettingsError) as caught:
            report("disables: [SG101]")
        assert caught.value.hints == ("did you mean `disable`?",)


class TestExcuses:
    """On a server the settings count that it has already."""

    def test_settings_that_come_with_the_push_are_not_heard(self, report, memory):
        assert report("exclude: [apps]", excuses=memory({})).exit_code() == 1

    def test_those_that_are_there_are(self, report, memory):
        assert report("", excuses=memory({SETTINGS: "lint: {exclude: [apps]}\n"})).exit_code() == 0


class TestOtherSources:
    def test_a_file_in_place_of_the_settings(self, report, tmp_path):
        file = tmp_path / "strict.yaml"
        file.write_text("lint: {fail_on: critical}\n")
        assert report("exclude: [apps]", config=str(file)).exit_code() == 0
        file.write_text("{}\n")
        assert report("exclude: [apps]", config=str(file)).exit_code() == 1

    def test_one_that_is_not_there(self, report, tmp_path):
        with pytest.raises(SettingsError, match="cannot read the settings"):
            report("", config=str(tmp_path / "none"))
