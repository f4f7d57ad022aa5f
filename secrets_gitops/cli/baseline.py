"""`baseline`: the findings that were there when the gate came, and those that somebody accepted since."""

from __future__ import annotations

import os

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import dry_run_option
from secrets_gitops.errors import SettingsError
from secrets_gitops.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.baseline import Baseline


@click.group(help="Keep the baseline: findings that do not count, by fingerprint, each with its reason.")
def command() -> None:
    """The group does nothing by itself."""


@command.command(
    "accept", help="Add findings to the baseline. NAME is a fingerprint, or PATH:LINE; never critical ones."
)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--reason", metavar="TEXT", required=True, help="Why it may stay.")
@click.option("--to-rotate", is_flag=True, help="It may not stay: the value has to be changed, and is not yet.")
@dry_run_option
def accept(names: tuple[str, ...], *, reason: str, to_rotate: bool, dry_run: bool) -> None:
    """Add what is named and nothing else."""
    from secrets_gitops.lint import baselining

    if not reason.strip():
        raise SettingsError(
            "the reason is empty", hints=("say why it may stay: `--reason 'of the demo, opens nothing'`",)
        )
    root = _root()
    state = "to_rotate" if to_rotate else "accepted"
    grown, findings = baselining.accept(
        root,
        [_from_root(root, name) for name in names],
        os.environ,
        day=baselining.today(),
        reason=" ".join(reason.split()),
        state=state,
    )
    _write(root, grown, dry_run=dry_run)
    for finding in findings:
        place = f"{printable(finding.path)}:{finding.line}"
        console.write(f"{'would be ' if dry_run else ''}accepted  {place}  {finding.rule}\n")


@command.command("update", help="Take entries out whose finding is gone, and follow renamed files.")
@dry_run_option
def update(*, dry_run: bool) -> None:
    """Prune."""
    from secrets_gitops.lint import baselining

    root = _root()
    done = baselining.update(root, os.environ)
    if done.removed or done.moved:
        _write(root, done.baseline, dry_run=dry_run)
    would = "would be " if dry_run else ""
    for entry in done.removed:
        console.write(f"{would}removed  {printable(entry.path)}  {entry.rule}  {printable(entry.key)}\n")
    for old, new in done.moved:
        console.write(
            f"{would}moved  {printable(old.path)} -> {printable(new.path)}  {new.rule}  {printable(new.key)}\n"
        )
    left = len(done.baseline.entries)
    console.note(f"{left} entr{'y is' if left == 1 else 'ies are'} left")


@command.command("import", help="Take over what another scanner was told to let pass, as far as it is found today.")
@click.argument("file", metavar="FILE")
@dry_run_option
def take_over(file: str, *, dry_run: bool) -> None:
    """Convert into fingerprints."""
    from secrets_gitops.lint import baselining
    from secrets_gitops.lint.baseline_import import import_file

    root = _root()
    known = baselining.present(root)
    done = import_file(root, file, os.environ, known=known, day=baselining.today())
    if known is None or done.baseline != known:
        _write(root, done.baseline, dry_run=dry_run)
    for finding in done.taken:
        place = f"{printable(finding.path)}:{finding.line}"
        console.write(f"{'would be ' if dry_run else ''}taken over  {place}  {finding.rule}\n")
    for finding in done.critical:
        console.warn(
            f"{finding.path}:{finding.line}: {finding.message}; this is critical and goes into no baseline",
            hints=(finding.fix,),
        )
    if not (done.taken or done.critical or done.unmatched):
        console.note("nothing stands in it that could be taken over")
    for mark in done.unmatched:
        console.note(f"nothing is found there: {mark.path}{f':{mark.line}' if mark.line else ''}")


def _from_root(root: str, name: str) -> str:
    """`PATH:LINE` as a report calls it; who stands in a folder below may write the path as it is called from there."""
    path, colon, place = name.partition(":")
    if os.path.lexists(os.path.join(root, path)):
        return os.path.normpath(path) + colon + place
    if not os.path.lexists(path):
        return name
    folder, file = os.path.split(os.path.abspath(path))
    return os.path.relpath(os.path.join(os.path.realpath(folder), file), root) + colon + place


def _root() -> str:
    from secrets_gitops.cli.git import repository_root

    return repository_root(".")


def _write(root: str, changed: Baseline, *, dry_run: bool) -> None:
    from secrets_gitops.lint import baseline
    from secrets_gitops.repository import files

    if not dry_run:
        files.replace(os.path.join(root, baseline.NAME), baseline.text(changed).encode(), mode=0o644)
