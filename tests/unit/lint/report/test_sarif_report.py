"""The SARIF report: what the standard (2.1.0, section 3) and GitHub's code scanning ask of it."""

from __future__ import annotations

import json
import os
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from reports import ODD, finding, report, rich

from secrets_gitops.lint import catalog
from secrets_gitops.lint.report import sarif

LEVELS = {"error", "warning", "note", "none"}


@pytest.fixture(scope="module")
def rules():
    return tuple(catalog.load(slug) for slug in ("private-key", "provider-token"))


@pytest.fixture(scope="module")
def log(rules):
    made = rich()
    kept = tuple(item for item in made.findings if item.rule in {"private-key", "provider-token-github"})
    odd = finding(path=ODD, key="caf\udce9", object="Secret/a")
    return json.loads(sarif.write(made._replace(findings=(*kept, odd)), 3, rules))


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
        assert len(result["partialFingerprints"]) == 1


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


def test_an_incomplete_scan_did_not_succeed(run, rules):
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 3
    error, warning = invocation["toolExecutionNotifications"]
    assert error["level"] == "error"
    assert error["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "big.txt", "uriBaseId": "SRCROOT"}}
    assert warning["locations"][0]["physicalLocation"]["region"] == {"startLine": 4, "startColumn": 3}
    clean = json.loads(sarif.write(report(), 0, rules))["runs"][0]["invocations"][0]
    assert clean["executionSuccessful"] is True
    assert clean["toolExecutionNotifications"] == []


@pytest.mark.parametrize(
    ("severity", "level"),
    [("critical", "error"), ("high", "error"), ("medium", "warning"), ("low", "note"), ("info", "note")],
)
def test_severities_become_levels(rules, severity, level):
    (result,) = json.loads(sarif.write(report(finding(severity=severity)), 0, rules))["runs"][0]["results"]
    assert result["level"] == level


def test_too_many_results_are_cut_at_the_mild_end_and_said_so(rules, monkeypatch):
    monkeypatch.setattr(sarif, "MOST_RESULTS", 2)
    many = report(finding(severity="low", line=1), finding(severity="critical", line=2), finding(line=3))
    (run,) = json.loads(sarif.write(many, 1, rules))["runs"]
    assert [result["properties"]["severity"] for result in run["results"]] == ["critical", "high"]
    assert "1 results" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_the_same_scan_gives_the_same_bytes(rules):
    assert sarif.write(report(finding()), 1, rules) == sarif.write(report(finding()), 1, rules)
