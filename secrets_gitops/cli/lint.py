"""`lint`: find plaintext secrets and broken encryption. Reports go to standard output, all else to standard error."""

from __future__ import annotations

import os

import click

from secrets_gitops.cli import console, lint_mac, lint_modes
from secrets_gitops.cli import lint_reports as reports
from secrets_gitops.cli.options import output_option
from secrets_gitops.errors import SettingsError, worst
from secrets_gitops.lint import catalog
from secrets_gitops.lint.finding import SEVERITIES
from secrets_gitops.lint.hidden_keys import hide_in_reason
from secrets_gitops.lint.options import Options, of_environment
from secrets_gitops.lint.report.facts import Facts
from secrets_gitops.lint.report.formats import FORMATS
from secrets_gitops.repository.sizes import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.finding import Severity
    from secrets_gitops.lint.rule import Rule


def _bytes(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    found = size(value) if value is not None else None
    if value is not None and found is None:
        raise click.BadParameter(f"`{value}` is no number of bytes, as `5MiB` is", ctx, param)
    return found


@click.command("lint", help="Find plaintext secrets and broken encryption: in PATH, or in the whole repository.")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@lint_modes.mode_options
@click.option(
    "--changed-lines-only", is_flag=True,
    help="Of commits and of what is staged, report what stands in changed lines, or is new for a change around it.",
)  # fmt: skip
@click.option(
    "--format", "formats", multiple=True, callback=reports.formats, metavar="FORMAT[=FILE]",
    help=f"How to report: {', '.join(FORMATS)}. Repeatable; all but one need a file.",
)  # fmt: skip
@output_option
@click.option(
    "--fail-on", type=click.Choice(SEVERITIES), metavar="SEVERITY",
    help="Exit 1 for findings at least as severe; else as the settings say, or `medium`.",
)  # fmt: skip
@click.option("--rule", "only", multiple=True, metavar="RULE", help="Only this rule; repeatable.")
@click.option("--disable", multiple=True, metavar="RULE", help="All rules but this one; repeatable.")
@click.option("--entropy", is_flag=True, help="Report texts that look random under any key, and without one (medium).")
@click.option(
    "--jobs", type=click.IntRange(1, 256), metavar="N",
    help="Processes that scan many files at once; by default one for each processor.",
)  # fmt: skip
@click.option(
    "--max-bytes", callback=_bytes, metavar="N",
    help="A larger text file is not scanned, and the scan is incomplete; else as the settings say, or 5MiB.",
)  # fmt: skip
@click.option(
    "--require-sops", type=click.Choice(("strict", "auto", "off")),
    help="What a creation rule that covers everything obliges: each file, those that hold a secret (auto), none.",
)  # fmt: skip
@click.option("--config", metavar="FILE", help="Settings to use instead of .secrets-gitops.yaml of the repository.")
@click.option(
    "--fix", is_flag=True, help="Mend in the work tree what needs no decision, after asking; then scan again."
)
@click.option("--yes", is_flag=True, help="Mend without asking.")
@click.option(
    "--verify-mac", is_flag=True,
    help="Verify the MAC of encrypted files too, with the keys that sops would find.",
)  # fmt: skip
@click.option(
    "--baseline", metavar="FILE", help="Use this baseline instead of the repository's; `none`: nothing is baselined."
)
@click.option(
    "--strict/--no-strict", default=None,
    help="Is the scan incomplete when a rule was stopped by its time limit? By default in hooks.",
)  # fmt: skip
@click.option("--no-foreign-allow", is_flag=True, help="Only our own allow comments count, not those of other tools.")
@click.option("--show-suppressed", is_flag=True, help="Report excused findings too, each with its reason.")
@click.option("--list-rules", is_flag=True, help="Print all rules.")
@click.option("--explain", metavar="RULE", help="Print what a rule finds, why that is a problem, and what to do.")
def command(
    *,
    paths: tuple[str, ...],
    changed_lines_only: bool,
    formats: tuple[tuple[str, str], ...],
    output: str | None,
    fail_on: Severity | None,
    only: tuple[str, ...],
    disable: tuple[str, ...],
    entropy: bool,
    jobs: int | None,
    max_bytes: int | None,
    require_sops: str | None,
    config: str | None,
    verify_mac: bool,
    baseline: str | None,
    fix: bool,
    yes: bool,
    strict: bool | None,
    no_foreign_allow: bool,
    show_suppressed: bool,
    list_rules: bool,
    explain: str | None,
) -> int:
    """Scan and report; the exit code."""
    if list_rules:
        console.write(_table())
        return 0
    if explain is not None:
        console.write(_explanation(catalog.load(catalog.slug_of(explain))))
        return 0
    mode = lint_modes.chosen(click.get_current_context())
    if (fix and mode) or (yes and not fix):
        raise SettingsError(
            "`--fix` changes files of the work tree, never what is staged, and `--yes` goes with it",
            hints=("see `secrets-gitops lint --help`",),
        )
    mac = lint_mac.check() if verify_mac else None
    writers = reports.destinations(formats, output)
    began = reports.now()
    options = Options(
        only=only,
        disable=disable,
        fail_on=fail_on,
        jobs=jobs,
        max_bytes=max_bytes,
        require_sops=require_sops,
        foreign_allow=False if no_foreign_allow else None,
        config=config,
        verify_mac=mac,
        baseline=baseline,
        strict=strict,
        also=("high-entropy",) if entropy else (),
        changed_lines_only=changed_lines_only or None,
    ).over(of_environment(os.environ))

    found = lint_modes.scan(mode, paths, options)
    failed = 0
    if fix:
        from secrets_gitops.cli import lint_fix

        failed = lint_fix.mend(found.report.findings, found.root, yes=yes)
        found = lint_modes.scan(mode, paths, options)
    report = found.report
    if mac is not None and (refusal := mac.refusal()) is not None:
        report = report._replace(incomplete=(*report.incomplete, refusal))
    code = worst([report.exit_code(), failed])
    facts = Facts(began=began, ended=reports.now())
    shown = report._replace(suppressed=tuple(map(hide_in_reason, report.suppressed)) if show_suppressed else ())
    reports.write(shown, facts, writers, found.root, lint_modes.revision(mode))
    _summarize(report, found.root)
    return code


def _summarize(report: Report, root: str) -> None:
    from secrets_gitops.lint.report import text

    for line in text.summary(report).splitlines():
        console.note(line)
    if report.findings and os.path.realpath(".") != os.path.realpath(root):
        console.note(f"paths are relative to {root}, those in the commands too")


def _table() -> str:
    rows = []
    for slug in catalog.RULES:
        rule = catalog.load(slug)
        rows.append(rule)
        if slug in catalog.FAMILIES:
            rows += catalog.members(slug)
    width = max(len(rule.id) for rule in rows)
    return "".join(f"{rule.id:<{width}}  {rule.alias}  {rule.severity:<8}  {rule.summary}\n" for rule in rows)


def _explanation(rule: Rule) -> str:
    return (
        f"{rule.id} ({rule.alias}, {rule.severity})\n\n"
        f"what: {rule.summary}\n"
        f"why:  {rule.why}\n"
        f"fix:  {rule.fix}\n"
        f"off:  secrets-gitops lint --disable {rule.id}\n"
        f"page: {catalog.page_url(rule.id)}\n"
    )
