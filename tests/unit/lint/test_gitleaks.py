"""A repository's gitleaks configuration: its rules run beside ours, and its allowlists count for both."""

from __future__ import annotations

import time

import pytest

from secrets_gitops.errors import SettingsError
from secrets_gitops.keys import age
from secrets_gitops.lint.options import Options, of_environment
from secrets_gitops.lint.timed import TooSlow, within

NAME = ".gitleaks.toml"
RULE = """
[[rules]]
id = "badge"
description = "A badge."
regex = '''badge-([0-9]{6})'''
keywords = ["Badge"]
"""
SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: "


@pytest.fixture
def found(scan):
    """A maker: (path, line, column, rule) of what fails under this configuration."""

    def run(config: str, files, **options):
        report = scan({NAME: config, **files}, **options)
        assert report.incomplete == ()
        return [(f.path, f.line, f.column, f.rule) for f in report.findings if f.severity != "info"]

    return run


class TestRules:
    def test_a_finding_stands_where_the_secret_stands(self, found):
        assert found(RULE, {"a.txt": "äöü\n né: badge-123456\n"}) == [("a.txt", 2, 12, "gitleaks-rule-badge")]

    def test_it_says_which_rule_and_not_what(self, scan):
        (finding,) = scan({NAME: RULE, "a.txt": "badge-123456"}).findings
        assert finding.message == "the rule `badge` of the gitleaks configuration fits here: A badge"
        assert "123456" not in str(finding)
        assert finding.severity == "medium"

    def test_keywords_are_needed_in_any_case(self, found):
        config = RULE.replace('["Badge"]', '["NUMBER"]')
        assert found(config, {"a.txt": "badge-123456"}) == []
        assert len(found(config, {"a.txt": "Number badge-123456"})) == 1

    def test_only_near_a_keyword(self, found):
        config = RULE.replace('["Badge"]', '["number"]')
        far = "number" + "\n" * 9000 + "badge-123456\n"
        assert found(config, {"a.txt": far}) == []
        assert len(found(config, {"a.txt": far + "number"})) == 1

    @pytest.mark.parametrize("filler", ["x" * 3000, "ä" * 3000, "ä\n" * 3000])
    def test_places_between_windows(self, found, filler):
        text = f"badge-111111 {filler} badge-222222 {filler}\nbadge-333333"
        lines = [place[1] for place in found(RULE, {"a.txt": text})]
        assert lines == [text[: text.index(f"badge-{n}")].count("\n") + 1 for n in ("111111", "222222", "333333")]

    def test_the_group_and_the_entropy(self, found):
        config = "[[rules]]\nid='a'\nregex='''(id)=([0-9a-f]+)'''\nsecretGroup=2\nentropy=2.0\n"
        assert [place[2] for place in found(config, {"a.txt": "id=0123456789abcdef"})] == [4]
        assert found(config, {"a.txt": "id=0000000000000001"}) == []

    def test_a_path_alone(self, found):
        config = "[[rules]]\nid='keys'\npath='''\\.p12$'''\n"
        assert found(config, {"a/b.p12": "x", "b.p12.md": "x"}) == [("a/b.p12", 1, 1, "gitleaks-rule-keys")]

    def test_a_path_and_an_expression(self, found):
        config = RULE + "path = '''^only/'''\n"
        files = {"only/a": "badge-123456", "other": "badge-123456"}
        assert [place[0] for place in found(config, files)] == ["only/a"]

    @pytest.mark.parametrize(("lines", "count"), [(0, 0), (1, 0), (2, 1), (99, 1)])
    def test_rules_that_need_another(self, found, lines, count):
        config = (
            f"{RULE}[[rules.required]]\nid = 'name'\nwithinLines = {lines}\n"
            "[[rules]]\nid = 'name'\nregex = '''name: \\w+'''\n[[rules.allowlists]]\nregexes = ['never']\n"
        )
        places = found(config, {"a.txt": "badge-123456\n\nname: someone\n"})
        assert [place[3] for place in places].count("gitleaks-rule-badge") == count

    def test_what_ours_find_too_is_one_finding(self, scan, values):
        config = "[[rules]]\nid = 'pass'\nregex = '''password: (\\S+)'''\n"
        (finding,) = scan({NAME: config, "a.yaml": SECRET + values.password()}).findings
        assert (finding.rule, finding.also) == ("k8s-secret-plaintext", ("gitleaks-rule-pass",))

    def test_the_dialect_of_go(self, found):
        config = "[[rules]]\nid = 'a'\nregex = '''(?i)BADGE-[[:digit:]]{6}\\z'''\n"
        assert len(found(config, {"a.txt": "badge-123456"})) == 1
        assert found(config, {"a.txt": "badge-123456\n"}) == []

    def test_they_can_be_named_and_switched_off(self, found, scan):
        files = {"a.txt": "badge-123456"}
        assert found(RULE, files, options=Options(disable=("gitleaks-rule",))) == []
        assert len(found(RULE, files, options=Options(only=("gitleaks-rule",)))) == 1
        allowed = {"a.txt": "badge-123456 # secrets-gitops:allow gitleaks-rule-badge -- of nobody"}
        assert found(RULE, allowed) == []


class TestAllowlists:
    @pytest.mark.parametrize(
        ("allowlist", "counts"),
        [
            ("paths = ['''^test/''']", False),
            ("paths = ['''^tests/''']", True),
            ("regexes = ['''^123''']", False),
            ("regexes = ['''^badge''']", True),
            ("regexes = ['''^badge''']\nregexTarget = 'match'", False),
            ("regexes = ['''her''']\nregexTarget = 'line'", False),
            ("stopwords = ['345']", False),
            ("stopwords = ['345']\nregexes = ['''never''']", False),
            ("condition = 'AND'\nstopwords = ['345']\nregexes = ['''never''']", True),
            ("condition = 'AND'\nstopwords = ['345']\npaths = ['''test''']", False),
            ("commits = ['abc']", True),
            ("condition = 'AND'\ncommits = ['abc']\npaths = ['''test''']", True),
        ],
    )
    @pytest.mark.parametrize("table", ["[[rules.allowlists]]", "[rules.allowlist]", "[[allowlists]]", "[allowlist]"])
    def test_for_their_rules(self, found, table, allowlist, counts):
        config = f"{RULE}{table}\n{allowlist}\n"
        assert bool(found(config, {"test/a.txt": "her badge-123456"})) is counts

    def test_only_for_the_rules_that_it_names(self, found):
        config = RULE + "[[allowlists]]\ntargetRules = ['NAME']\npaths = ['.*']\n"
        assert found(config.replace("NAME", "badge"), {"a.txt": "badge-123456"}) == []
        assert len(found(config.replace("NAME", "other"), {"a.txt": "badge-123456"})) == 1

    @pytest.mark.parametrize(
        ("allowlist", "counts"),
        [
            ("paths = ['''^test/''']", False),
            ("paths = ['''^other/''']", True),
            ("stopwords = ['stop']", False),
            ("regexes = ['''^Stop''']", False),
            ("regexes = ['''^word''']", True),
            ("regexes = ['''password: ''']\nregexTarget = 'line'", False),
            ("targetRules = ['kubernetes-secret-yaml']\npaths = ['.*']", False),
            ("targetRules = ['other']\npaths = ['.*']", True),
        ],
    )
    def test_global_ones_for_our_rules(self, scan, allowlist, counts, values):
        files = {"test/a.yaml": SECRET + "Stop" + values.password(40)}
        report = scan({NAME: f"[[allowlists]]\n{allowlist}\n", **files})
        assert bool(report.findings) is counts
        assert [one.by for one in report.suppressed] == ([] if counts else ["gitleaks"])

    def test_a_match_is_the_key_with_its_value_and_not_the_line(self, scan, values):
        config = "[[allowlists]]\nregexes = ['WORD']\nregexTarget = 'match'\n"
        files = {"a.conf": f'db_password = "{values.password()}"  # a fixture\n'}
        assert scan({NAME: config.replace("WORD", "db_password ="), **files}).exit_code() == 0
        assert scan({NAME: config.replace("WORD", "fixture"), **files}).exit_code() == 1
        assert scan({NAME: config.replace("WORD", "fixture").replace("match", "line"), **files}).exit_code() == 0

    def test_not_where_only_one_of_several_values_fits(self, scan, values):
        """The annotation repeats two; a word in one of them says nothing about the other."""
        config = "[allowlist]\nstopwords = ['stop']\n"
        text = SECRET + "Stop" + values.password() + "\n  other: " + values.password()
        assert [f.key for f in scan({NAME: config, "a.yaml": text}).findings] == ["other"]

    def test_never_for_a_critical_finding(self, scan):
        config = "[allowlist]\npaths = ['.*']\n"
        assert scan({NAME: config, "a.txt": age.generate()[0].reveal().decode()}).exit_code() == 1

    def test_a_default_rule_that_is_disabled(self, scan, values):
        config = "[extend]\nuseDefault = true\ndisabledRules = ['kubernetes-secret-yaml']\n"
        assert scan({NAME: config, "a.yaml": SECRET + values.password()}).exit_code() == 0

    @pytest.mark.parametrize(
        "head",
        [
            "[extend]\nuseDefault = true\ndisabledRules = ['generic-api-key']\n",
            "[[allowlists]]\ntargetRules = ['generic-api-key']\npaths = ['.*']\n",
        ],
    )
    def test_a_default_rule_does_not_speak_for_one_of_theirs(self, scan, head, values):
        own = "[[rules]]\nid = 'own'\nregex = '''db_password = \"(\\w+)\"'''\n"
        files = {"a.conf": f'db_password = "{values.password()}"\n'}
        assert scan({NAME: head, **files}).exit_code() == 0
        report = scan({NAME: head + own, **files})
        assert [(f.rule, f.also) for f in report.findings] == [("generic-assignment", ("gitleaks-rule-own",))]


class TestWhere:
    FILES = {"a.txt": "badge-123456"}  # noqa: RUF012

    def test_off(self, found):
        assert found(RULE, {".secrets-gitops.yaml": "lint: {gitleaks_config: off}\n", **self.FILES}) == []

    def test_another_path(self, found):
        files = {".secrets-gitops.yaml": "lint: {gitleaks_config: ci/leaks.toml}\n", "ci/leaks.toml": RULE}
        assert len(found("", {**files, **self.FILES})) == 1
        del files["ci/leaks.toml"]
        with pytest.raises(SettingsError, match="no such gitleaks configuration"):
            found("", files)

    def test_extended(self, found):
        config = "[extend]\npath = 'base.toml'\n"
        assert len(found(config, {"base.toml": RULE, **self.FILES})) == 1
        assert found(config + "disabledRules = ['badge']\n", {"base.toml": RULE, **self.FILES}) == []
        with pytest.raises(SettingsError, match="extends more than 2 files"):
            found(config, {"base.toml": config})
        with pytest.raises(SettingsError, match="no such gitleaks configuration"):
            found(config, {})

    def test_the_variables_of_gitleaks(self, scan, tmp_path):
        (tmp_path / "c.toml").write_text(RULE)
        for variables in ({"GITLEAKS_CONFIG": str(tmp_path / "c.toml")}, {"GITLEAKS_CONFIG_TOML": RULE}):
            assert scan(self.FILES, options=of_environment(variables)).exit_code() == 1
        with pytest.raises(SettingsError):
            scan(self.FILES, options=of_environment({"GITLEAKS_CONFIG": str(tmp_path / "none")}))

    def test_a_push_does_not_bring_its_own(self, scan, memory, values):
        files = {NAME: "[allowlist]\npaths = ['.*']\n", "a.yaml": SECRET + values.password()}
        assert scan(files, excuses=memory({})).exit_code() == 1


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ("[[rules]\n", "is no TOML"),
        ("[[rules]]\nregex='a'\n", "a rule without an `id`"),
        ("[[rules]]\nid='a'\n", "neither `regex` nor `path`"),
        ("[[rules]]\nid='a'\nregex='(?=x)'\n", "an expression in the rule `a` that cannot be"),
        ("[[rules]]\nid='a'\nregex='x'\nsecretGroup=1\n", "`secretGroup`"),
        ("[[rules]]\nid='a'\nregex='x'\nentropy='much'\n", "`entropy`"),
        ("[[rules]]\nid='a'\nregex='x'\nkeywords='x'\n", "`keywords` that is no list of texts"),
        ("[allowlist]\nregexes=['(']\n", "an expression in an allowlist"),
        ("[[allowlists]]\ncondition='XOR'\n", "unknown `condition`"),
        ("rules = 1\n", "`rules` that is no list of tables"),
    ],
)
def test_a_broken_configuration_stops_the_scan(scan, config, problem):
    with pytest.raises(SettingsError) as caught:
        scan({NAME: config})
    assert problem in caught.value.message
    assert caught.value.place.path == NAME


def test_expressions_of_betterleaks_are_warned_of_and_left_out(scan):
    report = scan({NAME: RULE + "validate = 'true'\n", "a.txt": "badge-123456"})
    assert ["`validate`" in message for _, message in report.notes] == [True]
    assert report.exit_code() == 1


class TestTime:
    SLOW = "[[rules]]\nid = 'slow'\nregex = '''(x+x+)+y'''\n"
    FILES = {"a.txt": "x" * 40}  # noqa: RUF012

    def test_a_rule_that_takes_too_long_is_stopped_and_said(self, scan):
        began = time.monotonic()
        report = scan({NAME: self.SLOW + RULE, "b.txt": "badge-123456", **self.FILES})
        assert time.monotonic() - began < 20
        assert [(place.path, "`slow`" in message) for place, message in report.notes] == [("a.txt", True)]
        assert [f.path for f in report.findings] == ["b.txt"]
        assert report.exit_code() == 1

    def test_where_it_is_strict_the_scan_is_incomplete(self, scan):
        report = scan({NAME: self.SLOW, **self.FILES}, options=Options(strict=True))
        assert report.exit_code() == 3

    def test_the_alarm_of_somebody_else_goes_on(self):
        import signal

        rung = []
        before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(TooSlow):
                within(0.1, lambda: time.sleep(5))
            time.sleep(0.1)
            assert rung == [1]
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def test_in_a_thread_it_is_noticed_afterwards(self):
        import threading

        caught = []

        def work():
            try:
                within(0.001, lambda: time.sleep(0.05))
            except TooSlow:
                caught.append(1)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert caught == [1]
