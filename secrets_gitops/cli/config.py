"""`config`: what the settings of this repository say, and whether they can be read."""

from __future__ import annotations

import os

import click

from secrets_gitops.cli import console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.options import Options
    from secrets_gitops.lint.policy import Policy
    from secrets_gitops.repository.lint_settings import LintSettings
    from secrets_gitops.repository.settings import Settings
    from secrets_gitops.repository.work_tree import WorkTree

_SCALARS = ("fail_on", "max_bytes", "require_sops", "foreign_allow", "require_reason", "gitleaks_config")


@click.group(help="Show and check the settings of this repository, .secrets-gitops.yaml.")
def command() -> None:
    """The group does nothing by itself."""


config_option = click.option(
    "--config", metavar="FILE", help="Settings to use instead of .secrets-gitops.yaml of the repository."
)


@command.command("show", help="Print what counts here, and where each line comes from.")
@config_option
def show(*, config: str | None) -> None:
    """One line for each setting: name, value, source."""
    policy, said, options = _load(config)
    rows = [_row(name, policy, said, options) for name in _SCALARS]
    lint = said.lint
    rows += [(f"{name}", "; ".join(items), said.path) for name, items in _lists(lint) if items]
    rows += [(f"clusters.{name}", cluster.certificate, said.path) for name, cluster in sorted(said.clusters.items())]
    width = max(len(name) for name, _, _ in rows)
    console.write("".join(f"{name:<{width}}  {value}  ({source})\n" for name, value, source in rows))


@command.command(
    "validate", help="Check settings, baseline, .gitleaks.toml and every .sops.yaml; say what is wrong first."
)
@config_option
def validate(*, config: str | None) -> None:
    """Raises SettingsError for the first thing that is wrong."""
    from secrets_gitops.lint import baseline
    from secrets_gitops.repository.work_tree import WorkTree

    policy, said, _ = _load(config)
    policy.rules()
    tree = WorkTree(_root())
    checked = [said.path] if config is not None or tree.exists(said.path) else []
    checked += [path for path in (baseline.NAME, *policy.gitleaks_paths) if tree.exists(path)]
    checked += _checked_rules(tree)
    for path in checked:
        console.write(f"ok  {path}\n")
    if not checked:
        console.write("nothing to check: there is none of these files\n")


def _checked_rules(tree: WorkTree) -> list[str]:
    """The files with creation rules, none of which says what could not be followed. Raises SettingsError."""
    import posixpath

    from secrets_gitops.encrypted_files.rules import unusable
    from secrets_gitops.repository import creation_rules

    paths = [path for path in tree.paths() if posixpath.basename(path) == creation_rules.NAME]
    for path in paths:
        rules = creation_rules.load(tree, path, strict=True)
        for rule in rules.rules if rules is not None else ():
            if (error := unusable(rule)) is not None:
                raise error
    return paths


def _load(config: str | None) -> tuple[Policy, Settings, Options]:
    from secrets_gitops.lint.options import Options, of_environment
    from secrets_gitops.lint.policy import Policy
    from secrets_gitops.repository import settings
    from secrets_gitops.repository.work_tree import WorkTree

    options = Options(config=config).over(of_environment(os.environ))
    tree = WorkTree(_root())
    policy = Policy(tree, options)
    said = settings.load(tree) if options.config is None else settings.load_file(options.config)
    return policy, said, options


def _root() -> str:
    from secrets_gitops.cli.git import repository_root

    return repository_root(".")


def _row(name: str, policy: Policy, said: Settings, options: Options) -> tuple[str, str, str]:
    value = getattr(policy, name, getattr(said.lint, name))
    if getattr(options, name, None) is not None:
        source = f"SECRETS_GITOPS_{name.upper()}"
    else:
        source = str(said.lint.places.get(name, "default"))
    return f"lint.{name}", _text(value), source


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _lists(lint: LintSettings) -> list[tuple[str, list[str]]]:
    allows = []
    for entry in lint.allow:
        parts = [
            f"{name}={','.join(items)}"
            for name, items in zip(("rules", "paths", "keys", "kinds"), entry[:4], strict=True)
            if items
        ]
        allows.append(" ".join([*parts, *([f"until {entry.expires}"] if entry.expires else []), f"-- {entry.reason}"]))
    return [
        ("lint.exclude", list(lint.exclude)),
        ("lint.disable", list(lint.disable)),
        ("lint.severity", [f"{rule}={grade}" for rule, grade in lint.severity.items()]),
        ("lint.allow", allows),
    ]
