"""The published schemas of the formats, and where none is published, what the documentation and the readers ask for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import xmlschema

FOLDER = Path(__file__).resolve().parents[3] / "interop" / "vectors" / "schemas"


def schema(name: str) -> dict:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def sarif(text: str) -> None:
    jsonschema.validate(json.loads(text), schema("sarif-2.1.0.json"), cls=jsonschema.Draft7Validator)


def gitlab_secret_detection(text: str) -> None:
    jsonschema.validate(json.loads(text), schema("gitlab-secret-detection-15.0.7.json"))


def rdjson(text: str) -> None:
    jsonschema.validate(json.loads(text), schema("rdf-diagnostic-result.json"))
    for diagnostic in json.loads(text)["diagnostics"]:
        _diagnostic(diagnostic)


def rdjsonl(text: str) -> None:
    lines = {**schema("rdf-diagnostic-result.json"), "$ref": "#/definitions/reviewdog.rdf.Diagnostic"}
    for line in text.splitlines():
        jsonschema.validate(json.loads(line), lines)
        _diagnostic(json.loads(line))


def _diagnostic(diagnostic: dict) -> None:
    """The schema requires nothing; reviewdog places a diagnostic by these."""
    assert diagnostic["message"]
    assert diagnostic["location"]["path"]
    assert diagnostic["location"]["range"]["start"]["line"] >= 1
    assert diagnostic["severity"] in {"ERROR", "WARNING", "INFO"}


def junit(text: str) -> None:
    xmlschema.XMLSchema(FOLDER / "junit-10.xsd").validate(text)
    suite = ET.fromstring(text)
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase")) > 0
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    assert int(suite.attrib["errors"]) == len(suite.findall("testcase/error"))


def checkstyle(text: str) -> None:
    """As Checkstyle's own XMLLogger writes it."""
    root = ET.fromstring(text)
    assert (root.tag, set(root.attrib)) == ("checkstyle", {"version"})
    for file in root:
        assert (file.tag, set(file.attrib)) == ("file", {"name"})
        assert len(file) > 0
        for error in file:
            assert (error.tag, set(error.attrib)) == ("error", {"line", "column", "severity", "message", "source"})
            assert error.attrib["severity"] in {"error", "warning", "info", "ignore"}
            assert int(error.attrib["line"]) >= 1


def code_quality(text: str) -> None:
    """GitLab's documentation of the code quality report."""
    assert not text.startswith("\ufeff")
    issues = json.loads(text)
    assert isinstance(issues, list)
    for issue in issues:
        assert {"description", "check_name", "fingerprint", "severity", "location"} <= issue.keys()
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["type"] == "issue"
        assert issue["location"]["path"]
        assert not issue["location"]["path"].startswith("./")
        assert issue["location"]["lines"]["begin"] >= 1
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def sonarqube(text: str) -> None:
    """What SonarQube's scanner refuses a report for (`ExternalIssueReportValidator`)."""
    tree = json.loads(text)
    assert tree.keys() == {"rules", "issues"}
    ids = [rule["id"] for rule in tree["rules"]]
    assert len(set(ids)) == len(ids)
    for rule in tree["rules"]:
        assert all(rule[name] for name in ("id", "name", "engineId", "description"))
        assert rule["type"] == "VULNERABILITY"
        assert rule["severity"] in {"INFO", "MINOR", "MAJOR", "CRITICAL", "BLOCKER"}
        for impact in rule["impacts"]:
            assert impact["softwareQuality"] == "SECURITY"
            assert impact["severity"] in {"LOW", "MEDIUM", "HIGH"}
        assert rule["impacts"]
    for issue in tree["issues"]:
        assert issue["ruleId"] in ids
        assert not {"severity", "type"} & issue.keys()
        assert issue["primaryLocation"]["message"]
        assert issue["primaryLocation"]["filePath"]
        assert issue["primaryLocation"]["textRange"]["startLine"] >= 1


def gitleaks_json(text: str) -> None:
    """The fields of gitleaks' own report; a live test compares them with the program."""
    for item in json.loads(text):
        assert item.keys() == GITLEAKS_FIELDS
        assert item["Match"] == item["Secret"] == "REDACTED"


GITLEAKS_FIELDS = {
    "RuleID", "Description", "StartLine", "EndLine", "StartColumn", "EndColumn", "Match", "Secret", "File",
    "SymlinkFile", "Commit", "Entropy", "Author", "Email", "Date", "Message", "Tags", "Fingerprint",
}  # fmt: skip


def json_report(text: str) -> None:
    assert json.loads(text)["schema"] == 1


def json_lines(text: str) -> None:
    rows = [json.loads(line) for line in text.splitlines()]
    assert all("type" in row for row in rows)
    assert rows[-1]["type"] == "summary"


def github(text: str) -> None:
    """Workflow commands alone, ten at most."""
    lines = text.splitlines()
    assert len(lines) <= 10
    for line in lines:
        level, _, rest = line.removeprefix("::").partition(" ")
        assert line.startswith("::")
        assert level in {"error", "warning", "notice"}
        properties, separator, message = rest.partition("::")
        assert separator
        assert message
        names = [field.partition("=")[0] for field in properties.split(",")]
        assert names[-1] == "title"
        assert set(names) <= {"file", "line", "endLine", "col", "endColumn", "title"}


def text(text: str) -> None:
    """`path:line:column: rule: message [severity]`, which editors parse, and a line of more below it."""
    for line in text.splitlines():
        assert not line or re.fullmatch(r"(.+:\d+:\d+: [a-z0-9-]+: .+ \[[a-z]+\]|  [a-z ]+: .+)", line), line


def markdown(text: str) -> None:
    assert text.startswith("## secrets-gitops: ")
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.count("|") in {3, 5} for line in tables)


CHECKS = {
    "text": text, "json": json_report, "jsonl": json_lines, "sarif": sarif,
    "gitlab-secret-detection": gitlab_secret_detection, "gitlab-codequality": code_quality, "codeclimate": code_quality,
    "junit": junit, "github": github, "markdown": markdown, "rdjson": rdjson, "rdjsonl": rdjsonl,
    "gitleaks-json": gitleaks_json, "sonarqube-generic": sonarqube, "checkstyle": checkstyle,
}  # fmt: skip
"""Format → what raises when a text is not of it."""
