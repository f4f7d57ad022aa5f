"""What is documented is what there is: pages that are generated, links, and every command line in the guides."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from secrets_gitops import errors
from secrets_gitops.cli import main as command_line
from secrets_gitops.lint import catalog

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/*/README.md")])
OURS = ("secrets-gitops", "sgo")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_generated_pages_say_what_the_code_says():
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def commands() -> dict[str, click.Command]:
    """Every command by its full name, groups and those inside them too; hidden ones are nobody's to type."""
    group = command_line.group()
    found: dict[str, click.Command] = {}
    waiting: list[tuple[str, click.Command]] = [("secrets-gitops", group)]
    while waiting:
        name, command = waiting.pop()
        found[name] = command
        if isinstance(command, click.Group):
            context = click.Context(command)
            inside = [(each, command.get_command(context, each)) for each in command.list_commands(context)]
            waiting += [(f"{name} {each}", inner) for each, inner in inside if inner is not None and not inner.hidden]
    return found


COMMANDS = commands()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_has_help_and_says_what_each_option_does(name):
    command = COMMANDS[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, f"{parameter.opts} says nothing"


def test_every_command_has_a_section():
    text = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    for name in COMMANDS.keys() - {"secrets-gitops"}:
        assert f"\n## `{name}`\n" in text, name


def test_every_rule_and_every_error_has_its_place():
    text = (REFERENCE / "lint-rules.md").read_text(encoding="utf-8")
    for slug in catalog.RULES:
        assert f"\n| [`{slug}`](rules/{slug}.md) |" in text, slug
        page = (REFERENCE / catalog.page(slug)).read_text(encoding="utf-8")
        assert f"\n# {slug}\n" in page, slug
        for heading in ("Why", "How to mend it", "How to switch it off"):
            assert f"\n## {heading}\n" in page, slug
    for family in catalog.FAMILIES:
        page = (REFERENCE / catalog.page(family)).read_text(encoding="utf-8")
        for rule in catalog.members(family):
            assert f"| `{rule.id}` | {rule.alias} |" in page, rule.id
    text = (REFERENCE / "errors.md").read_text(encoding="utf-8")
    for cls in vars(errors).values():
        if isinstance(cls, type) and issubclass(cls, errors.Error) and cls is not errors.Error:
            assert f"\n## {cls.code}\n\nexit {cls.exit_code}" in text, cls.code


def anchors(page: Path) -> set[str]:
    """The names that headings have on the web: lower case, no punctuation, dashes for blanks."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def shell_lines(page: Path) -> list[str]:
    """The commands in the `sh` and `console` blocks of a page, without comments and prompts."""
    text = page.read_text(encoding="utf-8")
    lines = []
    for kind, block in re.findall(r"^```(sh|console)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        typed = block.replace("\\\n", " ").splitlines()
        lines += [line.removeprefix("$ ") for line in typed if kind == "sh" or line.startswith("$ ")]
    return lines


def ours(line: str) -> list[list[str]]:
    """The arguments of each call of our command in a line; assignments before it and pipes around it are not ours."""
    if line.startswith("pip "):
        return []
    line = re.sub(r"(^|\s)#\s.*", "", line).replace("…", "")
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split, lexer.commenters = True, ""  # a `#` inside a word begins no comment
    calls: list[list[str]] = []
    call: list[str] | None = None
    skip = False
    for word in lexer:
        if set(word) <= set("|&;()"):
            call = None
        elif set(word) <= set("<>"):
            skip = True
        elif skip:
            skip = False
        elif call is not None:
            call.append(word)
        elif word in OURS:
            call = []
            calls.append(call)
    return calls


CALLS = [(page, line, call) for page in PAGES for line in shell_lines(page) for call in ours(line)]


@pytest.mark.parametrize(("page", "line", "call"), CALLS, ids=[f"{named(page)}: {line}" for page, line, _ in CALLS])
def test_a_command_line_in_the_docs_can_be_typed(page, line, call):
    """Command and options exist and take what they are given; what files hold is the business of the stories."""
    command: click.Command = command_line.group()
    context = click.Context(command, info_name="secrets-gitops")
    while isinstance(command, click.Group) and call and not call[0].startswith("-"):
        inner = command.get_command(context, call[0])
        assert inner is not None, f"there is no command `{call[0]}`"
        command, call = inner, call[1:]
        context = click.Context(command, info_name=inner.name, parent=context, **command.context_settings)
    if "--" in call:
        call = call[: call.index("--") + 2]
    values, _, _ = command.make_parser(context).parse_args(args=list(call))
    for parameter in command.params:
        if parameter.name in values and isinstance(parameter.type, click.Choice):
            parameter.type_cast_value(context, values[parameter.name])
        if isinstance(parameter, click.Argument) and parameter.required:
            assert values.get(parameter.name or ""), f"{parameter.human_readable_name} is missing"


@pytest.mark.parametrize("guide", ["start", "sops-files", "sealed-secrets", "gate", "render", "merge"])
def test_a_story_follows_the_guide(guide):
    """The story runs every command of ours that the guide shows, with the same arguments."""
    story = "merge.txt" if guide == "merge" else "guides-linux.txt"
    script = (ROOT / "tests" / "scenarios" / story).read_text(encoding="utf-8").partition("\n-- ")[0]
    told = [call for line in script.splitlines() if line.startswith("$ ") for call in ours(line[2:])]
    for line in shell_lines(ROOT / "docs" / "guides" / f"{guide}.md"):
        for call in ours(line):
            assert call in told, line


def test_the_docs_hold_command_lines():
    """So that a change of their form does not make the test above an empty one."""
    assert len(CALLS) > 30
