"""Every format, on every sort of report, against its published schema; and what each says that a reader must know."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest
from reports import ODD, finding, report, rich
from schemas import CHECKS

from secrets_gitops.errors import Place, ScanIncomplete
from secrets_gitops.lint import catalog
from secrets_gitops.lint.report import formats
from secrets_gitops.lint.report.facts import Facts
from secrets_gitops.lint.suppressed import Suppressed
from secrets_gitops.repository.revision import Revision

REVISION = Revision("b" * 40, "main", "https://git.example.org/a.git")
PLACELESS = ScanIncomplete("stopped after 4 seconds", hints=("raise it",))
MANY = report(*(finding(path=f"{at % 7}.yaml", line=at) for at in range(1, 60)))
REPORTS = {
    "clean": report()._replace(paths=("a.yaml", "b.yaml")),
    "nothing scanned": report(files=0),
    "rich": rich()._replace(paths=("apps/db.yaml", "b.yaml", "clean.yaml", ODD)),
    "incomplete without a place": report(finding(), incomplete=(PLACELESS,)),
    "many": MANY,
    "excused": report()._replace(suppressed=(Suppressed(finding(), "baseline", "known \x1b[2J"),)),
    "twins": report(finding(), finding(line=9)),
}


def written(name: str, made) -> str:
    return formats.write(name, made, Facts(revision=REVISION))


def test_every_format_is_held_to_something():
    assert CHECKS.keys() == formats.FORMATS.keys()


@pytest.mark.parametrize("case", REPORTS)
@pytest.mark.parametrize("name", formats.FORMATS)
def test_a_report_is_what_its_format_says(name, case):
    made = REPORTS[case]
    text = written(name, made)
    CHECKS[name](text)
    assert text == "" or text.endswith("\n")
    text.encode()  # no lone surrogates
    assert not set(text) & set("\x1b\x00\r\x07")
    assert text == written(name, made)


@pytest.mark.parametrize("name", sorted(formats.FORMATS.keys() - {"text", "gitleaks-json"}))
def test_a_scan_that_saw_too_little_does_not_look_clean(name):
    """Text has it on standard error, gitleaks' format nowhere: the exit code is for those."""
    error = ScanIncomplete("not scanned: too large", place=Place("big.txt"))
    text = written(name, report(incomplete=(error,)))
    assert "big.txt" in text.replace("&#46;", ".")
    assert "not scanned: too large" in text.replace("&#58;", ":").lower()


class TestGitHub:
    """Annotations."""

    def test_ten_at_most_the_gravest_first_and_one_for_the_rest(self):
        many = report(*(finding(line=at, severity="low" if at < 30 else "critical") for at in range(1, 35)))
        lines = written("github", many).splitlines()
        assert [line.partition(" ")[0] for line in lines] == ["::error"] * 5 + ["::notice"] * 5
        assert "25 more findings in 1 file" in lines[-1]

    def test_ten_are_shown_as_they_are(self):
        ten = report(*(finding(line=at) for at in range(1, 11)))
        assert "more findings" not in written("github", ten)

    def test_info_is_not_for_people(self):
        assert written("github", report(finding(severity="info"))) == ""

    def test_a_name_can_neither_end_a_property_nor_begin_a_command(self):
        path = "a,line=1::error file=x::y\n::set-output name=z::%0A\x1b.yaml"
        (line,) = written("github", report(finding(path=path))).splitlines()
        properties = line.partition(" ")[2].partition("::")[0]
        assert re.findall(r"(?:^|,)(\w+)=", properties) == ["file", "line", "endLine", "col", "endColumn", "title"]
        assert "%250A" in properties
        assert line.count("::") == 2


class TestJUnit:
    """JUnit XML."""

    def test_a_clean_run_has_a_case_for_each_file(self):
        suite = ET.fromstring(written("junit", REPORTS["clean"]))
        assert [(case.attrib["classname"], case.attrib["name"]) for case in suite] == [
            ("a.yaml", "no plaintext"),
            ("b.yaml", "no plaintext"),
        ]

    def test_what_does_not_fail_the_job_is_no_failure(self):
        made = report(finding(severity="low"))._replace(paths=("apps/db.yaml",))
        assert ET.fromstring(written("junit", made)).attrib["failures"] == "0"
        assert ET.fromstring(written("junit", made._replace(fail_on="low"))).attrib["failures"] == "1"

    def test_what_was_not_scanned_is_an_error(self):
        (case,) = ET.fromstring(written("junit", rich())).findall("testcase[error]")
        assert case.attrib["classname"] == "big.txt"


class TestGitLab:
    """Both reports."""

    def test_an_incomplete_scan_failed(self):
        scan = json.loads(written("gitlab-secret-detection", rich()))["scan"]
        assert scan["status"] == "failure"
        assert [message["level"] for message in scan["messages"]] == ["warn", "fatal"]
        assert json.loads(written("gitlab-secret-detection", report()))["scan"]["status"] == "success"

    def test_ids_are_stable_and_told_apart(self):
        ids = [v["id"] for v in json.loads(written("gitlab-secret-detection", REPORTS["twins"]))["vulnerabilities"]]
        assert len(set(ids)) == 2
        assert ids == [
            v["id"] for v in json.loads(written("gitlab-secret-detection", REPORTS["twins"]))["vulnerabilities"]
        ]

    def test_the_commit_is_that_of_the_finding_or_none(self):
        made = report(finding(line=1, commit="c" * 40), finding(line=2))
        first, second = json.loads(written("gitlab-secret-detection", made))["vulnerabilities"]
        assert first["location"]["commit"]["sha"] == "c" * 40
        assert second["location"]["commit"]["sha"] == "0" * 40

    def test_gitleaks_names_stand_beside_ours(self):
        made = report(finding("provider-token-github"))
        (found,) = json.loads(written("gitlab-secret-detection", made))["vulnerabilities"]
        assert [(one["type"], one["value"]) for one in found["identifiers"]] == [
            ("secrets_gitops_rule_id", "provider-token-github"),
            ("gitleaks_rule_id", "github-pat"),
        ]

    def test_no_extract_of_the_source(self):
        assert "raw_source" not in written("gitlab-secret-detection", rich())

    def test_an_issue_has_severity_place_and_fix(self):
        made = report(finding(fix="secrets-gitops encrypt -i apps/db.yaml", severity="critical"))
        (issue,) = json.loads(written("gitlab-codequality", made))
        assert issue["severity"] == "blocker"
        assert issue["location"] == {"path": "apps/db.yaml", "lines": {"begin": 3, "end": 3}}
        assert "secrets-gitops encrypt -i apps/db.yaml" in issue["description"]

    def test_clean_is_an_empty_list(self):
        assert written("gitlab-codequality", report()) == "[]\n"


class TestMarkdown:
    """The summary of a job."""

    def test_verdicts(self):
        assert written("markdown", report()).startswith("## secrets-gitops: passed\n")
        assert written("markdown", report(finding())).startswith("## secrets-gitops: refused\n")
        assert written("markdown", rich()).startswith("## secrets-gitops: the scan is incomplete\n")

    def test_a_name_is_no_markup(self):
        path = "![x](http://evil.example/y)|<img src=x>@all`.yaml"
        text = written("markdown", report(finding(path=path)))
        row = next(line for line in text.splitlines() if line.startswith("| &#33;"))
        assert not set("`<@") & set(row)
        assert "](http" not in row.partition("[private-key]")[0]

    def test_it_stays_below_the_limit(self):
        text = written("markdown", report(*(finding(path="x" * 200, line=at) for at in range(1, 3000))))
        assert len(text.encode()) < 1 << 20
        assert "2799 more are left out here" in text


def test_every_gitleaks_name_is_for_a_rule_that_there_is():
    from secrets_gitops.lint.report.gitleaks_names import GITLEAKS_NAMES

    for slug in GITLEAKS_NAMES:
        assert catalog.load(slug).id == slug
