"""`init`: make a repository ready, step by step, without touching what is there."""

from __future__ import annotations

import os

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.git import install_hooks, repository_root
from secrets_gitops.cli.options import dry_run_option
from secrets_gitops.cli.steps import say
from secrets_gitops.errors import SettingsError
from secrets_gitops.keys import age, age_file, age_sources
from secrets_gitops.lint import baselining
from secrets_gitops.repository import creation_rules, files, hooks, settings, starter
from secrets_gitops.repository.work_tree import WorkTree

_PRE_COMMIT = ".pre-commit-config.yaml"
_VARIABLES = ("SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY_CMD")


@click.command(help="Make the repository of DIR ready: a key, creation rules, settings and hooks. What is there stays.")
@click.argument("folder", metavar="[DIR]", default=".")
@click.option(
    "--recipient", "recipients", multiple=True, metavar="AGE", help="Who can read, instead of your own key; repeatable."
)
@dry_run_option
def command(folder: str, recipients: tuple[str, ...], *, dry_run: bool) -> None:
    """Do what is missing and say line by line what was done; nothing is written when something is wrong."""
    root = repository_root(folder)
    hooks.check_interpreter()
    for text in recipients:
        age.parse_recipient(text)
    rules = creation_rules.load(WorkTree(root), creation_rules.NAME, strict=False)
    settings.load(WorkTree(root))
    others = hooks.foreign(root, hooks.NAMES)
    if not recipients:
        recipients = (_own_key(dry_run=dry_run),)

    _write(os.path.join(root, creation_rules.NAME), starter.creation_rules(recipients), dry_run=dry_run)
    _write(os.path.join(root, settings.NAME), starter.SETTINGS, dry_run=dry_run)
    excused = _baseline(
        root, {creation_rules.NAME: starter.creation_rules(recipients), settings.NAME: starter.SETTINGS}, dry_run
    )
    install_hooks(root, [name for name in hooks.NAMES if name not in others], chain=False, dry_run=dry_run)

    if rules is not None:
        _compare(rules, recipients)
    if os.path.lexists(os.path.join(root, creation_rules.IGNORED_NAME)):
        console.warn(f"{creation_rules.IGNORED_NAME} is read by nobody; the name is {creation_rules.NAME}")
    if others:
        framework = os.path.exists(os.path.join(root, _PRE_COMMIT))
        console.warn(
            f"the hook `{others[0]}` is not ours and stays as it is, so nothing is refused yet",
            hints=(
                f"add the hook `secrets-gitops` to {_PRE_COMMIT}"
                if framework
                else "`secrets-gitops git install --chain` runs it after ours",
            ),
        )
    lint = f"secrets-gitops lint{' --baseline none' if excused else ''}"
    console.note(f"next: `{lint}` says what is plaintext here, and the command that mends each")


def _own_key(*, dry_run: bool) -> str:
    """The recipient of the first key at hand; of a new one when there is none and nothing says that there should be."""
    found = age_sources.discover()
    known = [(identity.recipient, identity.source) for identity in found.identities if identity.recipient]
    if known:
        recipient, source = known[0]
        more = f" (the first of {len(known)} keys)" if len(known) > 1 else ""
        say("kept", source, remark=f"your key {recipient}{more}")
        return recipient
    path = age_sources.default_file(os.environ)
    if path is None or os.path.lexists(path) or any(os.environ.get(name) for name in _VARIABLES):
        reasons = [f"{problem.source}: {problem.reason}" for problem in found.problems]
        raise SettingsError(
            "none of the age keys at hand says who its recipient is" + "".join(f"; {reason}" for reason in reasons),
            hints=("name who can read: `secrets-gitops init --recipient age1…`",),
        )
    remark = "your private key: keep a copy in a safe place, and never in git"
    if dry_run:
        say("made", path, remark=remark, dry_run=True)
        return "age1…"
    from datetime import datetime

    identity, recipient = age.generate()
    content = age_file.identity_file(identity, recipient, datetime.now().astimezone())
    age_file.write_new(path, content, make_folders=True)
    say("made", path, remark=remark)
    return recipient


def _write(path: str, text: str, *, dry_run: bool) -> None:
    """Make a file that everybody may read, unless something is there."""
    if os.path.lexists(path):
        say("kept", path)
        return
    if not dry_run:
        files.replace(path, text.encode(), mode=0o644)
    say("made", path, dry_run=dry_run)


def _baseline(root: str, beginnings: dict[str, str], dry_run: bool) -> bool:
    """A baseline of what is committed already, so that the first commit after this passes; of nothing else.

    Is there one now?
    """
    path = os.path.join(root, baselining.NAME)
    if os.path.lexists(path):
        say("kept", path)
        return True
    texts = {}
    tree = WorkTree(root)
    for name, text in beginnings.items():
        texts[name] = tree.read(name) if tree.exists(name) else text.encode()
    made = baselining.first(root, texts, os.environ, baselining.today())
    if made.baseline.entries:
        if not dry_run:
            files.replace(path, baselining.text(made.baseline).encode(), mode=0o644)
        count = len(made.baseline.entries)
        remark = f"{count} finding{'s' if count > 1 else ''} in what is committed, all to be rotated; commit it"
        say("made", path, remark=remark, dry_run=dry_run)
    for finding in made.critical:
        console.warn(
            f"{finding.path}:{finding.line}: {finding.message}; this is critical and goes into no baseline",
            hints=(f"before the next commit of that file: {finding.fix}",),
        )
    for error in made.incomplete:
        console.warn(f"{error.place or root}: {error.message}", hints=error.hints)
    return bool(made.baseline.entries)


def _compare(rules: creation_rules.CreationRules, recipients: tuple[str, ...]) -> None:
    """Warn about somebody who cannot read what the rules that were there will encrypt."""
    named = {key.text for rule in rules.rules for group in rule.groups for key in group}
    for recipient in recipients:
        if recipient not in named:
            console.warn(
                f"`{recipient}` is not among the recipients in {rules.path}, which stays as it is",
                hints=("add it there; somebody who can read then runs `secrets-gitops updatekeys FILE…`",),
            )
