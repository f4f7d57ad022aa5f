"""The pages of the lint rules: a list of all, and one page for each: what, why, before, after, mend, switch off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rule_examples

from secrets_gitops.lint import catalog
from secrets_gitops.lint.report.problems import NOT_SCANNED

if TYPE_CHECKING:
    from rule_examples import Example

    from secrets_gitops.lint.rule import Rule

_LANGUAGES = {
    "yaml": "yaml", "yml": "yaml", "json": "json", "toml": "toml", "sh": "bash", "tf": "hcl", "tfvars": "hcl",
    "py": "python", "md": "markdown", "ini": "ini", "env": "ini",
}  # fmt: skip


def index() -> str:
    """The list of all rules."""
    out = [
        """# Lint rules

An id or its alias works wherever a rule is named: `--rule`, `--disable`, `--explain`. The severity is that of most
findings; a rule may judge one milder or graver.

| id | alias | severity | what |
| --- | --- | --- | --- |
"""
    ]
    out += [
        f"| [`{rule.id}`](rules/{rule.id}.md) | {rule.alias} | {rule.severity} | {_cell(rule.summary)} |\n"
        for rule in catalog.load_all()
    ]
    return "".join(out)


def page(rule: Rule) -> str:
    """The page of one rule."""
    examples = rule_examples.read(rule.id)
    out = [
        f"# {rule.id}\n\n{rule.alias} · {rule.severity} · [all rules](../lint-rules.md)\n\n{_sentence(rule.summary)}\n",
        f"\n## Why\n\n{_sentence(rule.why)}\n",
    ]
    if examples.more:
        out.append(f"\n{examples.more.strip()}\n")
    if examples.found:
        out += ["\n## Before\n", _example(examples.found[0])]
    if examples.clean:
        out += ["\n## After\n", _example(examples.clean[0])]
    out.append(f"\n## How to mend it\n\n{_remedy(rule.fix)} Each finding names its file in the place of `PATH`.\n")
    out.append("\n## How to switch it off\n" + _off(rule))
    for heading, others in (("Also found", examples.found[1:]), ("Not found", examples.clean[1:])):
        if others:
            out += [f"\n## {heading}\n", *map(_example, others)]
    if rule.id in catalog.FAMILIES:
        out.append(_members(rule))
    return "".join(out)


_EXCUSE = """
In one place, by a comment on the line or on the line above, with a reason{critical}:

```text
# secrets-gitops:{allow} {rule} -- why this one is none
```

For files, keys or kinds of objects, in `.secrets-gitops.yaml`:

```yaml
lint:
  allow:
    - rules: [{rule}]
      paths: ["tests/**"]
      reason: why these are none
```
"""
_DISABLE = """
For one run:

```sh
secrets-gitops lint --disable {rule}
```

More: [living with findings](../../guides/living-with-findings.md).
"""
_ABOUT_THE_SCAN = "SG9"


def _off(rule: Rule) -> str:
    """How not to be told: what is about values can be excused one by one, what is about the scan itself cannot."""
    if rule.id == NOT_SCANNED:
        return "\nNot at all: a scan that is incomplete proves nothing. `--max-bytes` decides what is too large.\n"
    if rule.alias.startswith(_ABOUT_THE_SCAN):
        return _DISABLE.format(rule=rule.id)
    critical = rule.severity == "critical"
    note = "" if critical else " (`allow!` for a critical finding)"
    excuse = _EXCUSE.format(rule=rule.id, allow="allow!" if critical else "allow", critical=note)
    return excuse + _DISABLE.format(rule=rule.id)


def _members(rule: Rule) -> str:
    rows = ["\n## Members\n\n| id | alias | severity | what | when it was pushed |\n| --- | --- | --- | --- | --- |\n"]
    for one in catalog.members(rule.id):
        remedy = one.fix.partition("once it was pushed, ")[2]
        rows.append(f"| `{one.id}` | {one.alias} | {one.severity} | {_cell(one.summary)} | {_cell(remedy)} |\n")
    return "".join(rows)


def _example(example: Example) -> str:
    out = [f"\n{_sentence(example.title)}\n"]
    for path, text in example.files.items():
        language = _LANGUAGES.get(path.rpartition(".")[2], "text")
        body = rule_examples.shown(text).strip("\n")
        fence = "````" if "```" in body else "```"
        out.append(f"\n`{path}`\n\n{fence}{language}\n{body}\n{fence}\n")
    return "".join(out)


def _remedy(fix: str) -> str:
    """What to do, with the command as one."""
    return f"`{fix}`." if fix.startswith("secrets-gitops ") else _sentence(fix)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _sentence(text: str) -> str:
    """`text` as a sentence of a page; messages have neither capital nor full stop."""
    return (text[:1].upper() + text[1:]).removesuffix(".") + "."
