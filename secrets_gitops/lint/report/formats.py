"""Every format of a report by its name, and the function that writes it. A writer is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.report.facts import Facts

FORMATS = {
    "text": "text:write",
    "json": "json:write",
    "jsonl": "json:write_lines",
    "sarif": "sarif:write",
    "gitlab-secret-detection": "gitlab_secret_detection:write",
    "gitlab-codequality": "code_quality:write",
    "codeclimate": "code_quality:write",
    "junit": "junit:write",
    "github": "github:write",
    "markdown": "markdown:write",
    "rdjson": "rdjson:write",
    "rdjsonl": "rdjson:write_lines",
    "gitleaks-json": "gitleaks_json:write",
    "sonarqube-generic": "sonarqube:write",
    "checkstyle": "checkstyle:write",
}
"""Name → module of this folder and function `(Report, Facts) -> str`; the text ends with a line break or is empty."""


def write(name: str, report: Report, facts: Facts) -> str:
    """The report in the format called `name`."""
    module, _, function = FORMATS[name].partition(":")
    text: str = getattr(import_module(f"secrets_gitops.lint.report.{module}"), function)(report, facts)
    return text
