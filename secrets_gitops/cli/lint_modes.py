"""The options of `lint` that say what is scanned, one of them at a time, and the scan that they ask for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.cli.lint_sources import Scanned
    from secrets_gitops.lint.options import Options

_META = "secrets_gitops.lint.mode"
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0}
_HELP = ("see `secrets-gitops lint --help`",)


def _seconds(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?(ms|s|m|)", value)
    if found is None or not float(found[1]):
        raise click.BadParameter(f"`{value}` is no time, as `4s` and `800ms` are", ctx, param)
    ctx.meta.setdefault(_META, {})["deadline"] = float(found[1]) * _UNITS[found[2]]


def _remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    if value is not None and value is not False:
        ctx.meta.setdefault(_META, {})[param.name] = value


def _receive(ctx: click.Context, param: click.Parameter, value: object) -> None:
    """Before any other option is looked at, so that a complaint about that is shown to the user of GitLab too."""
    if value:
        from secrets_gitops.cli.gitlab_lines import mark_lines

        mark_lines()
    _remember(ctx, param, value)


def _option(*names: str, **settings: Any) -> Callable[[Callable[..., int]], Callable[..., int]]:  # noqa: ANN401
    return click.option(*names, **{"callback": _remember, "expose_value": False, **settings})


_OPTIONS = (
    _option("--staged", is_flag=True, help="Scan what is staged, as the git hook does. PATHs then limit the report."),
    _option(
        "--pushed-range", "pushed", is_flag=False, flag_value="", metavar="[FROM..TO]",
        help="Scan every file that the commits of a push bring; without FROM..TO as a pre-push hook, from standard"
        " input, or what no remote has.",
    ),
    _option(
        "--pre-receive", "receive", is_flag=True, is_eager=True, callback=_receive,
        help="Scan what a server is about to accept: a pre-receive hook, the refs on standard input.",
    ),
    _option(
        "--deadline", callback=_seconds, metavar="TIME",
        help="How long --pre-receive may take, for a server that gives its hooks little time: `4s`.",
    ),
    _option(
        "--on-deadline", type=click.Choice(("fail", "pass")), default=None,
        help="What --pre-receive does when its time is over: fail (the default), or pass what it found nothing in.",
    ),
    _option(
        "--allow-skip", is_flag=True,
        help="Let `git push -o secrets-gitops.skip=REASON` pass unscanned; each is logged in the repository.",
    ),
    _option("--history", is_flag=True, help="Scan every file of all history; PATHs then are revisions."),
    _option("--commit", metavar="REV", help="Scan the files that one commit brings."),
    _option("--tree", metavar="REV", help="Scan all files of a commit."),
    _option(
        "--stdin", "from_stdin", is_flag=True, help="Scan one document from standard input, named by --path."
    ),
    _option("--path", "name", metavar="NAME", help="The name that the document has in the repository."),
)  # fmt: skip
_SOURCES = {
    "staged": "--staged", "pushed": "--pushed-range", "receive": "--pre-receive", "history": "--history",
    "commit": "--commit", "tree": "--tree", "from_stdin": "--stdin",
}  # fmt: skip
_OF_RECEIVE = {"deadline": "--deadline", "on_deadline": "--on-deadline", "allow_skip": "--allow-skip"}


def mode_options(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options of this file; `chosen` then tells what they ask for."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def chosen(ctx: click.Context) -> dict[str, Any]:
    """The options that were given. Raises SettingsError for those that do not go together."""
    given: dict[str, Any] = ctx.meta.get(_META, {})
    sources = [option for name, option in _SOURCES.items() if name in given]
    if len(sources) > 1:
        raise SettingsError(f"{_and(sources)} do not go together: one scan has one source", hints=_HELP)
    if "receive" not in given:
        for name, option in _OF_RECEIVE.items():
            if name in given:
                raise SettingsError(f"`{option}` goes with `--pre-receive`", hints=_HELP)
    if "from_stdin" in given and "name" not in given:
        raise SettingsError("`--stdin` takes one document, and `--path NAME` beside it", hints=_HELP)
    if "name" in given and "from_stdin" not in given:
        hint = f"to scan that file: `secrets-gitops lint {given['name']}`"
        raise SettingsError("`--path` goes with `--stdin`", hints=(hint,))
    return given


def _and(options: list[str]) -> str:
    return " and ".join(f"`{option}`" for option in options)


def revision(given: dict[str, Any]) -> str:
    """The commit that lies under all that is scanned; empty where there are several."""
    if given.keys() & {"pushed", "receive", "history"}:
        return ""
    return str(given.get("commit") or given.get("tree") or "HEAD")


def scan(given: dict[str, Any], paths: tuple[str, ...], options: Options) -> Scanned:
    """The scan that the options ask for. Raises SettingsError where PATHs mean nothing."""
    from secrets_gitops.cli import lint_sources as sources

    for name in ("from_stdin", "receive"):
        if name in given and paths:
            raise SettingsError(f"`{_SOURCES[name]}` takes no PATH", hints=_HELP)
    if options.changed_lines_only and not given.keys() & {"staged", "pushed", "receive", "commit"}:
        hint = "it goes with `--staged`, `--commit`, `--pushed-range` and `--pre-receive`"
        raise SettingsError("`--changed-lines-only` needs something that changes lines", hints=(hint,))
    if "staged" in given:
        return sources.staged(paths, options)
    if "from_stdin" in given:
        return sources.document(given["name"], options)
    if "pushed" in given:
        return sources.pushed(given["pushed"], paths, options)
    if "receive" in given:
        return sources.received(
            options,
            seconds=given.get("deadline"),
            may_pass=given.get("on_deadline") == "pass",
            may_skip="allow_skip" in given,
        )
    if "history" in given:
        return sources.history(paths, options)
    if "commit" in given:
        return sources.commit(given["commit"], paths, options)
    if "tree" in given:
        return sources.tree(given["tree"], paths, options)
    return sources.work_tree(paths, options)
