"""The baseline: what it excuses through moves and renames, and what it does not."""

from __future__ import annotations

import json

import pytest

from secrets_gitops.errors import SettingsError
from secrets_gitops.keys import age
from secrets_gitops.lint import baseline
from secrets_gitops.lint.baseline import NAME, Baseline
from secrets_gitops.lint.options import Options

EMPTY = Baseline(b"s" * 32, {})
HEAD = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n"
PATH = "apps/db.yaml"


@pytest.fixture
def found(scan):
    """A maker: what is found in these files, with the salt of a baseline."""

    def run(files, salt: bytes = EMPTY.salt):
        return scan(files, options=Options(salt=salt, baseline="none")).findings

    return run


@pytest.fixture
def baselined(scan, found):
    """A maker: with all of `before` in the baseline, what counts in `after` by key, and how much is baselined."""

    def run(before, after):
        known = baseline.grown(EMPTY, found(before), added="2026-01-01", reason="was there", state="to_rotate")
        report = scan({NAME: baseline.text(known), **after})
        return [f.key for f in report.findings if f.severity != "info"], [one.by for one in report.suppressed]

    return run


class TestMatching:
    def test_the_same(self, baselined, values):
        files = {PATH: HEAD + f"  a: {values.password()}\n"}
        assert baselined(files, files) == ([], ["baseline"])

    def test_lines_move(self, baselined, values):
        line = f"  a: {values.password()}\n"
        assert baselined({PATH: HEAD + line}, {PATH: "# new\n\n" + HEAD + "  c: changeme\n" + line})[0] == []

    def test_another_secret_in_its_place(self, baselined, values):
        one, other = (HEAD + f"  a: {values.password()}\n" for _ in range(2))
        assert baselined({PATH: one}, {PATH: other}) == (["a"], [])

    def test_the_same_secret_elsewhere(self, baselined, values):
        secret = values.password()
        one, two = HEAD + f"  a: {secret}\n", HEAD + f"  b: {secret}\n"
        assert baselined({PATH: one}, {PATH: two}) == (["b"], [])
        assert baselined({PATH: one}, {PATH: one, "other.yaml": one}) == (["a"], ["baseline"])

    def test_one_more_key(self, baselined, values):
        one = HEAD + f"  a: {values.password()}\n"
        assert baselined({PATH: one}, {PATH: one + f"  b: {values.password()}\n"}) == (["b"], ["baseline"])

    def test_a_password_that_comes_beside_a_token(self, baselined, values):
        """The token speaks for the whole value, and the entry for no more than the value was."""
        token = "sk_" + "live_" + values.hex(12) * 2
        block = HEAD + f"  app.conf: |\n    token = {token}\n"
        assert baselined({PATH: block}, {PATH: block}) == ([], ["baseline"])
        assert baselined({PATH: block}, {PATH: block + f"    password = {values.password()}\n"})[0] != []
        line = HEAD + f"  url: https://u:{token}@example.org/?a=b\n"
        assert baselined({PATH: line}, {PATH: line}) == ([], ["baseline"])
        assert baselined({PATH: line}, {PATH: line[:-1] + f"&password={values.password()}\n"}) == (["url"], [])

    def test_a_renamed_file(self, baselined, values):
        text = HEAD + f"  a: {values.password()}\n"
        assert baselined({PATH: text}, {"else/where.yaml": text}) == ([], ["baseline"])

    def test_a_weak_value_cannot_be_told_from_another(self, baselined):
        one, other = HEAD + "  password: hunter2\n", HEAD + "  password: tiger-3\n"
        assert baselined({PATH: one}, {PATH: other}) == ([], ["baseline"])

    def test_a_strong_value_in_place_of_a_weak_one(self, baselined, values):
        other = HEAD + f"  password: {values.password(40)}\n"
        assert baselined({PATH: HEAD + "  password: hunter2\n"}, {PATH: other}) == (["password"], [])

    def test_a_weak_value_in_a_renamed_file_has_to_be_near(self, baselined):
        text = HEAD + "  password: hunter2\n"
        assert baselined({PATH: text}, {"apps/other.yaml": text})[0] == []
        assert baselined({PATH: text}, {"moved/db.yaml": text})[0] == []
        assert baselined({PATH: text}, {"else/where.yaml": text})[0] == ["password"]

    def test_a_file_with_a_weak_value_became_one_other_and_not_several(self, baselined):
        text = HEAD + "  password: hunter2\n"
        other = {"apps/other.yaml": text, "apps/third.yaml": text.replace("hunter2", "tiger-3")}
        assert baselined({PATH: text}, other) == (["password"], ["baseline"])

    def test_weak_values_that_look_the_same_are_counted(self, scan, found):
        findings = found({PATH: HEAD + "  password: hunter2\n"})
        twice = baseline.grown(EMPTY, [*findings, *findings], added="2026-01-01", reason="r", state="accepted")
        once = baseline.grown(EMPTY, findings, added="2026-01-01", reason="r", state="accepted")
        assert [known.times for known in (*twice.entries.values(), *once.entries.values())] == [2, 1]
        for known, left in ((once, 1), (twice, 0)):
            entries = baseline.Matching(known, lambda path: True).entries([*findings, *findings])
            assert entries.count(None) == left

    def test_they_are_counted_whatever_the_entry_says_of_itself(self, scan, found):
        files = {".env": "A_PASSWORD=hunter2\n"}
        (entry,) = baseline.grown(
            EMPTY, found(files), added="2026-01-01", reason="r", state="accepted"
        ).entries.values()
        known = Baseline(EMPTY.salt, {entry.fp: entry._replace(weak=False)})
        report = scan({NAME: baseline.text(known), ".env": files[".env"] + "A_PASSWORD=tiger-3\n"})
        assert [f.line for f in report.findings] == [2]

    def test_a_critical_finding_is_not_excused(self, scan, found):
        files = {"key.txt": age.generate()[0].reveal().decode()}
        (finding,) = found(files)
        entry = baseline.Entry(finding.fingerprint(), finding.rule, "key.txt", "", "2026-01-01", "r", "accepted")
        report = scan({NAME: baseline.text(Baseline(EMPTY.salt, {entry.fp: entry})), **files})
        assert [f.severity for f in report.findings] == ["critical"]

    def test_none(self, scan, found, values):
        files = {PATH: HEAD + f"  a: {values.password()}\n"}
        known = baseline.grown(EMPTY, found(files), added="2026-01-01", reason="r", state="accepted")
        report = scan({NAME: baseline.text(known), **files}, options=Options(baseline="none"))
        assert [f.fingerprint() for f in report.findings] == list(known.entries)

    def test_a_file_on_disk(self, scan, found, values, tmp_path):
        files = {PATH: HEAD + f"  a: {values.password()}\n"}
        known = baseline.grown(EMPTY, found(files), added="2026-01-01", reason="r", state="accepted")
        (tmp_path / "b.json").write_text(baseline.text(known))
        assert scan(files, options=Options(baseline=str(tmp_path / "b.json"))).exit_code() == 0
        with pytest.raises(SettingsError, match="cannot read the baseline"):
            scan(files, options=Options(baseline=str(tmp_path / "none")))


class TestExcuses:
    def test_a_push_does_not_excuse_itself(self, scan, found, memory, values):
        files = {PATH: HEAD + f"  a: {values.password()}\n"}
        known = baseline.grown(EMPTY, found(files), added="2026-01-01", reason="r", state="accepted")
        pushed = {NAME: baseline.text(known), **files}
        assert scan(pushed, excuses=memory({})).exit_code() == 1
        assert scan(files, excuses=memory(pushed)).exit_code() == 0


class TestDeleted:
    def test_what_it_excused_counts_although_it_is_not_staged(self, scan, values):
        files = {PATH: HEAD + f"  a: {values.password()}\n", "b.yaml": "a: b\n"}
        assert scan(files, paths=["b.yaml"]).exit_code() == 0
        assert scan(files, paths=["b.yaml"], gone=[NAME]).exit_code() == 1


class TestOtherRules:
    def test_a_rule_that_would_say_the_same_of_an_old_value_is_silent(self, scan, found, values):
        """`.sops.yaml` changes, and the file that it is about now is in the baseline under another rule."""
        files = {PATH: HEAD + f"  a: {values.password()}\n"}
        rules = {".sops.yaml": "creation_rules:\n- path_regex: db\n  encrypted_regex: ^stringData$\n  age: age1x\n"}
        known = baseline.grown(EMPTY, found({**files, **rules}), added="2026-01-01", reason="r", state="to_rotate")
        assert [entry.rule for entry in known.entries.values()] == ["k8s-secret-plaintext"]
        everything = {**files, **rules, NAME: baseline.text(known)}
        assert scan(everything, paths=[".sops.yaml"]).exit_code() == 0
        del everything[NAME]
        report = scan(everything, paths=[".sops.yaml"])
        assert [f.rule for f in report.findings] == ["sops-not-encrypted"]


class TestPruning:
    def test_what_is_gone_goes_and_what_moved_moves(self, found, values):
        lines = [f"  {key}: {values.password()}\n" for key in "ab"]
        before = {PATH: HEAD + lines[0], "b.yaml": HEAD + lines[1]}
        known = baseline.grown(EMPTY, found(before), added="2026-01-01", reason="r", state="accepted")
        after = {"moved/db.yaml": HEAD + lines[0]}
        done = baseline.pruned(known, found(after), lambda path: path in after)
        assert [entry.path for entry in done.baseline.entries.values()] == ["moved/db.yaml"]
        assert [entry.path for entry in done.removed] == ["b.yaml"]
        assert [(old.path, new.path) for old, new in done.moved] == [(PATH, "moved/db.yaml")]
        assert baseline.pruned(done.baseline, found(after), lambda path: path in after).baseline == done.baseline


class TestText:
    def test_one_entry_a_line_sorted_and_nothing_of_the_value(self, found, values):
        secrets = [values.password() for _ in range(5)]
        text = HEAD + "".join(f"  k{at}: {secret}\n" for at, secret in enumerate(secrets)) + "  password: hunter2\n"
        known = baseline.grown(EMPTY, found({PATH: text}), added="2026-01-01", reason="r", state="accepted")
        written = baseline.text(known)
        lines = written.splitlines()
        assert len(lines) == 4 + 6 + 2
        assert lines[4:-2] == sorted(lines[4:-2])
        assert sum('"weak": true' in line for line in lines) == 1
        assert not any(secret in written for secret in (*secrets, "hunter2"))
        assert baseline.parse(written.encode()) == known
        assert json.loads(written)["version"] == 1

    def test_it_is_no_finding_itself(self, scan, found, values):
        known = baseline.grown(
            EMPTY, found({PATH: HEAD + f"  a: {values.password()}\n"}), added="2026-01-01", reason="r", state="accepted"
        )
        assert scan({NAME: baseline.text(known)}).findings == ()

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            (lambda tree: "", "is no JSON"),
            (lambda tree: "{\n<<<<<<< HEAD\n=======\n>>>>>>> other\n}", "conflict markers of a merge"),
            (lambda tree: "[" * 100_000, "is no JSON"),
            (lambda tree: b"\xff\xfe\xff", "is no JSON"),
            (lambda tree: '{"version": ' + "9" * 5000 + "}", "is no JSON"),
            (lambda tree: [], "must be an object"),
            (lambda tree: {**tree, "more": 1}, "must be an object with `version`, `salt` and `entries`"),
            (lambda tree: {**tree, "version": 2}, "version 1"),
            (lambda tree: {**tree, "salt": "ab"}, "64 hexadecimal digits"),
            (lambda tree: {**tree, "entries": {}}, "must have a list"),
            (lambda tree: {**tree, "entries": [1]}, "number 1, that is no object"),
            (lambda tree: {**tree, "entries": [{**tree["entries"][0], "x": 1}]}, "unknown field `x`"),
            (lambda tree: {**tree, "entries": [{**tree["entries"][0], "fp": "x"}]}, "no fingerprint"),
            (lambda tree: {**tree, "entries": [{**tree["entries"][0], "path": "\ud800"}]}, "`path` that is none"),
            (lambda tree: {**tree, "entries": [{**tree["entries"][0], "path": "a\0b"}]}, "`path` that is none"),
            (lambda tree: {**tree, "entries": [{**tree["entries"][0], "reason": 1}]}, "has no text `reason`"),
            (lambda tree: {**tree, "entries": [{**tree["entries"][0], "state": "fine"}]}, "`state`"),
            (lambda tree: {**tree, "entries": [{**tree["entries"][0], "weak": 1}]}, "`weak`"),
            (lambda tree: {**tree, "entries": [{**tree["entries"][0], "times": 0}]}, "`times`"),
            (lambda tree: {**tree, "entries": [{**tree["entries"][0], "added": "May"}]}, "`added`"),
        ],
    )
    def test_a_broken_one_stops_the_scan(self, scan, found, values, change, problem):
        known = baseline.grown(
            EMPTY, found({PATH: HEAD + f"  a: {values.password()}\n"}), added="2026-01-01", reason="r", state="accepted"
        )
        changed = change(json.loads(baseline.text(known)))
        data = changed if isinstance(changed, (str, bytes)) else json.dumps(changed)
        with pytest.raises(SettingsError) as caught:
            scan({NAME: data})
        assert problem in caught.value.message
        assert caught.value.place.path == NAME

    def test_a_link(self, scan):
        with pytest.raises(SettingsError, match="symbolic link"):
            scan({NAME: "-> /etc/passwd"})
