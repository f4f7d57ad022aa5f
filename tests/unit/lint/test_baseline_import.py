"""Taking over what other scanners let pass: by line today, or by the digest of the value; never by guessing."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess

import pytest

from secrets_gitops.errors import SettingsError
from secrets_gitops.keys import age
from secrets_gitops.lint import engine
from secrets_gitops.lint.baseline import NAME, text
from secrets_gitops.lint.baseline_import import import_file, read_marks
from secrets_gitops.repository.work_tree import WorkTree

HEAD = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n"


@pytest.fixture
def taken(tmp_path):
    """A maker: what counts afterwards by path and key, the states of the entries, and the outcome of the import."""

    def run(name: str, content: str, files: dict[str, str]):
        subprocess.run(["git", "init", "-q", tmp_path], check=True)
        for path, data in {**files, name: content}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(data)
        done = import_file(str(tmp_path), str(tmp_path / name), {}, known=None, day="2026-01-01")
        (tmp_path / NAME).write_text(text(done.baseline))
        (tmp_path / name).unlink()
        report = engine.scan(WorkTree(str(tmp_path)))
        states = {entry.key: (entry.state, entry.reason) for entry in done.baseline.entries.values()}
        return [(f.path, f.key) for f in report.findings if f.severity != "info"], states, done

    return run


def test_the_ignore_file_of_gitleaks(taken, values):
    files = {"a.yaml": HEAD + f"  one: {values.password()}\n  two: {values.password()}\n"}
    content = f"# a comment\n\n{'a' * 40}:a.yaml:kubernetes-secret-yaml:6\ngone.yaml:generic-api-key:3\n"
    left, states, done = taken(".gitleaksignore", content, files)
    assert left == [("a.yaml", "two")]
    assert states == {"one": ("accepted", "imported from .gitleaksignore")}
    assert [(mark.path, mark.line) for mark in done.unmatched] == [("gone.yaml", 3)]


@pytest.mark.parametrize("kind", ["ignore", "report"])
def test_of_several_values_on_a_line_the_one_that_the_rule_is_about(taken, values, kind):
    token = "sk_" + "live_" + values.hex(12) * 2
    files = {"a.conf": f'charge = "{token}"; db_password = "{values.password()}"\n'}
    name, content = ".gitleaksignore", "a.conf:stripe-access-token:1\n"
    if kind == "report":
        content = json.dumps([{"RuleID": "stripe-access-token", "File": "a.conf", "StartLine": 1}])
        name = "report.json"
    assert taken(name, content, files)[0] == [("a.conf", "db_password")]
    assert taken(name, content.replace("stripe-access-token", "of-their-own"), files)[0] == []


def test_an_ignore_file_with_a_byte_order_mark(taken, values):
    files = {"a.yaml": HEAD + f"  one: {values.password()}\n"}
    assert taken(".gitleaksignore", "\ufeffa.yaml:generic-api-key:6\n", files)[0] == []


def test_paths_of_gitleaks_that_begin_with_a_dot(taken, values):
    files = {"a.yaml": HEAD + f"  one: {values.password()}\n"}
    assert taken(".gitleaksignore", "./a.yaml:generic-api-key:6\n", files)[0] == []


def test_a_report_of_gitleaks(taken, values):
    files = {"a.yaml": HEAD + f"  one: {values.password()}\n  two: {values.password()}\n"}
    content = json.dumps([{"RuleID": "x", "File": "./a.yaml", "StartLine": 7, "EndLine": 7, "Secret": "REDACTED"}])
    left, states, _ = taken("report.json", content, files)
    assert left == [("a.yaml", "one")]
    assert states["two"][0] == "to_rotate"


def test_the_baseline_of_detect_secrets(taken, values):
    one, two, three = values.password(), values.password(), values.password()
    encoded = base64.b64encode(three.encode()).decode()
    files = {
        "a.yaml": HEAD + f"  one: {one}\n  two: {two}\n",
        "b.yaml": HEAD.replace("stringData", "data") + f"  three: {encoded}\n",
    }

    def item(value, **more):
        return {"type": "x", "hashed_secret": hashlib.sha1(value.encode()).hexdigest(), "line_number": 999, **more}

    content = json.dumps(
        {
            "version": "1.5.0",
            "results": {
                "a.yaml": [item(one, is_secret=False), item("another")],
                "b.yaml": [item(encoded, is_secret=True)],
            },
        }
    )
    left, states, done = taken(".secrets.baseline", content, files)
    assert left == [("a.yaml", "two")]
    assert {key: state for key, (state, _) in states.items()} == {"one": "accepted", "three": "to_rotate"}
    assert len(done.unmatched) == 1


def test_the_allowlists_of_gitleaks(taken, values):
    files = {"demo/a.yaml": HEAD + f"  one: {values.password()}\n", "b.yaml": HEAD + f"  two: {values.password()}\n"}
    left, states, _ = taken("old.toml", "[allowlist]\npaths = ['''^demo/''']\n", files)
    assert left == [("b.yaml", "two")]
    assert states == {"one": ("accepted", "imported from old.toml")}


def test_what_is_critical_is_not_taken_over(taken):
    key = age.generate()[0].reveal().decode()
    left, states, done = taken(".gitleaksignore", "key.txt:age-secret-key:1\n", {"key.txt": key + "\n"})
    assert len(left) == 1
    assert states == {}
    assert [finding.path for finding in done.critical] == ["key.txt"]


@pytest.mark.parametrize(
    "content",
    ["a line of prose\n", "path:rule:line\n", "{}", "[1]", '[{"File": "x"}]', '[{"RuleID": "x"}]', "{", "[" * 100_000,
     '{"results": {"a": [{"hashed_secret": "x"}]}}', '{"results": {"a": 1}}'],
)  # fmt: skip
def test_a_file_of_another_kind(content):
    with pytest.raises(SettingsError):
        read_marks(content.encode(), "x")
