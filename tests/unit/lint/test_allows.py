"""Allow comments: where they count, what they silence, and what they cannot."""

from __future__ import annotations

import pytest

from secrets_gitops.keys import age
from secrets_gitops.lint.comment_place import comment_start
from secrets_gitops.lint.options import Options

HEAD = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n"
ALLOW = "secrets-gitops:allow k8s-secret-plaintext -- a test database"
FOREIGN = [
    "gitleaks:allow", "betterleaks:allow", "pragma: allowlist secret", "ggignore", "trufflehog:ignore",
    "kingfisher:ignore", "checkov:skip=CKV_SECRET_6",
]  # fmt: skip


@pytest.fixture
def keys(scan):
    """A maker: the keys that fail, and those that are suppressed, in a Secret with these lines of `stringData`."""

    def run(*lines: str, **options) -> tuple[list[str], list[str]]:
        report = scan({"db.yaml": HEAD + "".join(f"  {line}\n" for line in lines)}, **options)
        return [f.key for f in report.findings if f.severity == "high"], [one.finding.key for one in report.suppressed]

    return run


class TestWhere:
    def test_on_the_same_line(self, keys, values):
        secret = values.password()
        assert keys(f"a: {secret} # {ALLOW}", f"b: {secret}x") == (["b"], ["a"])

    def test_alone_on_the_line_above(self, keys, values):
        secret = values.password()
        assert keys(f"# {ALLOW}", f"a: {secret}", f"b: {secret}x") == (["b"], ["a"])

    def test_not_two_lines_above(self, keys, values):
        assert keys(f"# {ALLOW}", "# more", f"a: {values.password()}") == (["a"], [])

    def test_behind_the_sign_of_a_block(self, keys, values):
        assert keys(f"a: | # {ALLOW}", f"  {values.password(40)}") == ([], ["a"])

    @pytest.mark.parametrize("marker", [ALLOW, "gitleaks:allow"])
    def test_not_in_the_value(self, keys, values, marker):
        secret = values.password()
        assert keys(f'a: "{secret} # {marker}"') == (["a"], [])
        assert keys(f"a: '{secret} # {marker}'") == (["a"], [])
        assert keys(f"a: {secret}#{marker}") == (["a"], [])

    @pytest.mark.parametrize("marker", [ALLOW, "gitleaks:allow"])
    def test_the_last_line_of_a_block_is_no_comment_above_the_next_key(self, keys, values, marker):
        assert keys("a: |", f"  {values.password()}", f"  # {marker}", f"b: {values.password()}") == (["a", "b"], [])

    def test_on_the_line_of_the_value_where_the_name_stands_above(self, scan, values):
        text = (
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    env:\n    - name: DB_PASSWORD\n"
            f"      value: {values.password()} # gitleaks:allow\n"
        )
        report = scan({"a.yaml": text})
        assert ([f.rule for f in report.findings], len(report.suppressed)) == ([], 1)

    def test_lines_that_no_person_reads_take_no_time(self, scan, values):
        report = scan({"a.txt": "# gitleaks:allow" * 100_000, "b.txt": "gitleaks:allow\n" * 100_000})
        assert report.findings == ()

    def test_a_text_in_a_string_has_comments_of_its_own(self, scan, values):
        inner = "".join(f"    {line}\n" for line in (HEAD + f"  password: {values.password()} # {ALLOW}").splitlines())
        report = scan({"a.yaml": f"kind: ConfigMap\napiVersion: v1\ndata:\n  secret.yaml: |\n{inner}"})
        assert [f.rule for f in report.findings if f.severity == "high"] == []
        assert [one.finding.line for one in report.suppressed] == [10]

    def test_in_the_comments_of_a_template(self, scan, values):
        text = HEAD + f"  {{{{- /* secrets-gitops:allow SG302 -- a test */}}}}\n  a: {values.password()}\n"
        report = scan({"chart/templates/a.yaml": text})
        assert [one.justification for one in report.suppressed] == ["a test"]


class TestWhat:
    def test_only_the_rules_that_it_names(self, keys, values):
        assert keys(f"a: {values.password()} # secrets-gitops:allow private-key -- why") == (["a"], [])

    @pytest.mark.parametrize("names", ["SG101", "sg101", "private-key, k8s-secret-plaintext", "private-key,SG101"])
    def test_names_and_aliases_with_commas(self, keys, values, names):
        assert keys(f"a: {values.password()} # secrets-gitops:allow {names} -- why") == ([], ["a"])

    @pytest.mark.parametrize("marker", FOREIGN)
    def test_markers_of_other_tools(self, keys, values, marker):
        line = f"a: {values.password()} # {marker}"
        assert keys(line) == ([], ["a"])
        assert keys(line, options=Options(foreign_allow=False)) == (["a"], [])

    def test_the_marker_for_the_next_line(self, keys, values):
        lines = f"a: {values.password()} # pragma: allowlist nextline secret", f"b: {values.password()}"
        assert keys(*lines) == (["a"], ["b"])

    @pytest.mark.parametrize(
        ("comment", "silenced"),
        [
            ("secrets-gitops:allow private-key -- a test key", False),
            ("secrets-gitops:allow! private-key -- a test key", True),
            ("secrets-gitops:allow! private-key --", False),
            ("gitleaks:allow", False),
        ],
    )
    def test_a_critical_finding_wants_an_exclamation_mark_and_a_reason(self, scan, comment, silenced):
        report = scan(
            {"key.txt": f"{age.generate()[0].reveal().decode()} # {comment.replace('private-key', 'provider-token')}\n"}
        )
        critical = [f for f in report.findings if f.severity == "critical"]
        assert (critical == [], len(report.suppressed)) == (silenced, int(silenced))


class TestWorthless:
    def test_an_allow_that_is_too_mild_for_a_critical_finding_says_so(self, scan):
        key = age.generate()[0].reveal().decode()
        comment = "# secrets-gitops:allow provider-token-age -- made at every start"
        for text in (f"{comment}\n{key}\n", f"key: {key} {comment}\n"):
            found = {f.rule: f.message for f in scan({"a.yaml": text}).findings}
            assert set(found) == {"provider-token-age", "allow-without-reason"}
            assert "takes `secrets-gitops:allow!`" in found["allow-without-reason"]

    """What silences nothing is said."""

    def rules(self, report) -> list[tuple[str, str, int]]:
        return [(f.rule, f.severity, f.line) for f in report.findings if f.rule.endswith(("-allow", "-reason"))]

    @pytest.mark.parametrize(
        ("rest", "says"),
        [
            ("", "names no rule"),
            (" k8s-secret-plaintext", "gives no reason"),
            (" k8s-secret-plaintext --", "gives no reason"),
            (" k8s-secret-plaintext -- ...", "gives no reason"),
            (" -- it is a test", "names no rule"),
            (" k8s-secret-plaintxt -- a test", "there is no lint rule `k8s-secret-plaintxt`"),
        ],
    )
    def test_without_rule_or_reason(self, scan, values, rest, says):
        report = scan({"a.yaml": HEAD + f"  a: {values.password()} # secrets-gitops:allow{rest}\n"})
        assert self.rules(report) == [("allow-without-reason", "low", 6)]
        assert report.suppressed == ()
        assert [says in f.message for f in report.findings if f.rule == "allow-without-reason"] == [True]
        assert report.exit_code() == 1

    def test_unused(self, scan):
        report = scan({"a.yaml": f"a: b # {ALLOW}\n"})
        assert self.rules(report) == [("unused-allow", "info", 1)]

    def test_not_unused_when_its_rule_did_not_run(self, scan):
        assert scan({"a.yaml": f"a: b # {ALLOW}\n"}, "private-key", "unused-allow").findings == ()

    def test_what_speaks_about_it_is_no_allow(self, scan, values):
        quoted = {"a.yaml": HEAD + f"  a: {values.password()} # as `gitleaks:allow` or `secrets-gitops:allow` would\n"}
        report = scan(quoted)
        assert (self.rules(report), report.suppressed, report.exit_code()) == ([], (), 1)

    def test_in_a_string_it_is_no_comment(self, scan):
        assert scan({"a.py": 'MARK = "secrets-gitops:allow"\n'}).findings == ()


class TestExcuses:
    """On a server the version that it has already excuses, not the one that comes in."""

    def test_a_comment_that_comes_with_the_secret_is_worth_nothing(self, scan, memory, values):
        files = {"a.yaml": HEAD + f"  a: {values.password()} # {ALLOW}\n"}
        assert scan(files, excuses=memory({})).exit_code() == 1
        assert scan(files, excuses=memory({"a.yaml": HEAD + "  b: changeme\n"})).exit_code() == 1
        assert scan(files, excuses=memory(files)).exit_code() == 0

    def test_a_comment_does_not_wait_for_another_secret(self, scan, memory, values):
        known = {"a.yaml": HEAD + f"  # {ALLOW}\n  a: {values.password()}\n"}
        other = {"a.yaml": HEAD + f"  # {ALLOW}\n  a: {values.password()}\n"}
        moved = {"a.yaml": "# moved\n" + known["a.yaml"]}
        assert scan(other, excuses=memory(known)).exit_code() == 1
        assert scan(moved, excuses=memory(known)).exit_code() == 0


@pytest.mark.parametrize(
    ("line", "start"),
    [
        ("a: b # MARK", 5),
        ("# MARK", 0),
        ("x := 1 // MARK", 7),
        ("x = 1 -- MARK", 6),
        ("key=1 ; MARK", 6),
        ("<!-- MARK -->", 0),
        ("a /* MARK */ b", 2),
        ("/* done */ a // MARK", 13),
        ("{# MARK #}", 0),
        (" * MARK", 1),
        ("% MARK", 0),
        ("REM MARK", 0),
        ('x = "a # b" # MARK', 12),
        ("it's fine # MARK", 10),
        ('x = "a" # MARK', 8),
        ('x = "a \\" # MARK"', None),
        ('x = "# MARK"', None),
        ("x = '// MARK'", None),
        ("https://MARK", None),
        ("a#MARK", None),
        ("--MARK", None),
        ("a MARK # b", None),
        ("/* done */ MARK", None),
    ],
)
def test_where_a_comment_begins(line, start):
    assert comment_start(line, line.index("MARK")) == start
