"""The SARIF report: what the standard (2.1.0, section 3) and GitHub's code scanning ask of it."""

from __future__ import annotations

import json
import os
import zlib
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from reports import ODD, finding, report, rich

from secrets_gitops.lint.report import sarif
from secrets_gitops.lint.report.facts import Facts
from secrets_gitops.lint.suppressed import Suppressed
from secrets_gitops.repository.revision import Revision

LEVELS = {"error", "warning", "note", "none"}


@pytest.fixture(scope="module")
def log():
    made = rich()
    kept = tuple(item for item in made.findings if item.rule in {"private-key", "provider-token-github"})
    odd = finding(path=ODD, key="caf\udce9", object="Secret/a")
    return json.loads(sarif.write(made._replace(findings=(*kept, odd)), Facts()))


@pytest.fixture(scope="module")
def run(log):
    (run,) = log["runs"]
    return run


def test_the_log_names_schema_and_version(log):
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    assert log.keys() == {"$schema", "version", "runs"}


def test_every_rule_has_what_viewers_show(run):
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["id"]
        assert rule["name"].isidentifier()
        for name in ("shortDescription", "fullDescription", "help"):
            assert rule[name]["text"].strip()
        assert rule["helpUri"].startswith("https://")
        assert rule["defaultConfiguration"]["level"] in LEVELS
        assert 0 <= float(rule["properties"]["security-severity"]) <= 10
        assert "security" in rule["properties"]["tags"]


def test_a_family_gives_way_to_its_members(run):
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert "provider-token" not in ids
    assert "provider-token-github" in ids
    assert len(ids) == len(set(ids))


def test_every_result_points_at_its_rule(run):
    rules = run["tool"]["driver"]["rules"]
    assert run["results"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in LEVELS
        assert result["message"]["text"].endswith((".", "yaml"))
        assert result["partialFingerprints"].keys() == {"secretsGitops/v1", "primaryLocationLineHash"}


def test_a_place_is_a_relative_uri_and_a_region_without_a_snippet(run):
    paths = set()
    for result in run["results"]:
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        uri = physical["artifactLocation"]["uri"]
        assert not urlsplit(uri).scheme
        assert uri.isascii()
        assert not set(uri) & set(" \\\n\x1b")
        paths.add(unquote_to_bytes(uri))
        assert physical["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]
        assert physical["region"].keys() == {"startLine", "startColumn", "endLine", "endColumn"}
        assert all(number >= 1 for number in physical["region"].values())
    assert paths == {b"apps/db.yaml", os.fsencode(ODD)}


def test_an_object_is_a_logical_location(run):
    (named,) = [r for r in run["results"] if r["properties"]["key"] == "tls.key"]
    (logical,) = named["locations"][0]["logicalLocations"]
    assert logical == {"fullyQualifiedName": "Secret/a/b#/data/tls.key", "kind": "member"}


def test_an_incomplete_scan_did_not_succeed(run):
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 3
    error, warning = invocation["toolExecutionNotifications"]
    assert error["level"] == "error"
    assert error["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "big.txt", "uriBaseId": "SRCROOT"}}
    assert warning["locations"][0]["physicalLocation"]["region"] == {"startLine": 4, "startColumn": 3}
    clean = json.loads(sarif.write(report(), Facts()))["runs"][0]["invocations"][0]
    assert clean["executionSuccessful"] is True
    assert clean["toolExecutionNotifications"] == []


@pytest.mark.parametrize(
    ("severity", "level"),
    [("critical", "error"), ("high", "error"), ("medium", "warning"), ("low", "note"), ("info", "note")],
)
def test_severities_become_levels(severity, level):
    (result,) = json.loads(sarif.write(report(finding(severity=severity)), Facts()))["runs"][0]["results"]
    assert result["level"] == level


def test_too_many_results_are_cut_at_the_mild_end_and_said_so(monkeypatch):
    monkeypatch.setattr(sarif, "MOST_RESULTS", 2)
    many = report(finding(severity="low", line=1), finding(severity="critical", line=2), finding(line=3))
    (run,) = json.loads(sarif.write(many, Facts()))["runs"]
    assert [result["properties"]["severity"] for result in run["results"]] == ["critical", "high"]
    assert "1 results" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_the_same_scan_gives_the_same_bytes():
    assert sarif.write(report(finding()), Facts()) == sarif.write(report(finding()), Facts())


def test_too_many_bytes_are_cut_too(monkeypatch):
    """Counted as GitHub does: compressed."""
    monkeypatch.setattr(sarif, "MOST_BYTES", 3_000)
    many = report(*(finding(line=line, severity="low" if line % 2 else "high") for line in range(1, 400)))
    text = sarif.write(many, Facts())
    (run,) = json.loads(text)["runs"]
    assert len(zlib.compress(text.encode(), 1)) <= 3_000
    assert {result["properties"]["severity"] for result in run["results"]} == {"high"}
    left_out = 399 - len(run["results"])
    assert f"{left_out} results" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_two_findings_of_one_fingerprint_stay_two():
    (run,) = json.loads(sarif.write(report(finding(key="a"), finding(key="a", line=9)), Facts()))["runs"]
    hashes = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(hashes)) == 2


def test_what_was_excused_says_by_whom_and_why():
    excused = (
        Suppressed(finding(line=1, key="a"), "comment", "a test key"),
        Suppressed(finding(line=2, key="b"), "baseline", "to be rotated"),
    )
    made = report(finding(line=3, key="c"))._replace(suppressed=excused)
    first, second, third = json.loads(sarif.write(made, Facts()))["runs"][0]["results"]
    assert first["suppressions"] == [{"kind": "inSource", "justification": "a test key"}]
    assert second["suppressions"] == [{"kind": "external", "justification": "to be rotated"}]
    assert (second["baselineState"], third["baselineState"]) == ("unchanged", "new")
    assert "suppressions" not in third


def test_without_a_baseline_no_state_is_claimed():
    new, old = report(finding(line=1), finding(line=2, introduced=False)).findings
    first, second = json.loads(sarif.write(report(new, old), Facts()))["runs"][0]["results"]
    assert "baselineState" not in first
    assert second["baselineState"] == "unchanged"


def test_the_commit_is_named_where_it_is_known():
    revision = Revision("a" * 40, "main", "https://git.example.org/shop/gitops.git")
    (run,) = json.loads(sarif.write(report(), Facts(revision=revision)))["runs"]
    assert run["versionControlProvenance"] == [
        {
            "repositoryUri": "https://git.example.org/shop/gitops.git", "revisionId": "a" * 40, "branch": "main",
            "mappedTo": {"uriBaseId": "SRCROOT"},
        }
    ]  # fmt: skip
    (run,) = json.loads(sarif.write(report(), Facts(revision=revision._replace(repository=""))))["runs"]
    assert "versionControlProvenance" not in run
