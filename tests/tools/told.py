"""Stories of commands with what they print: how they are read, and how an output is compared."""

from __future__ import annotations

import re
from typing import NamedTuple


class Step(NamedTuple):
    """One command, and what is told of it."""

    line: int
    command: str
    code: int
    expected: list[str]


def steps(script: str) -> list[Step]:
    """`$ command`, `? exit code`, `# comment`, and lines of output."""
    out: list[Step] = []
    for number, line in enumerate(script.splitlines(), 1):
        if line.startswith("$ "):
            out.append(Step(number, line[2:], 0, []))
        elif line.startswith("? ") and out and not out[-1].expected:
            out[-1] = out[-1]._replace(code=int(line[2:]))
        elif line.startswith("#") or not line.strip():
            continue
        else:
            assert out, f"line {number}: output before any command"
            out[-1].expected.append(line)
    return out


def steps_of_guide(text: str) -> list[Step]:
    """The `console` blocks of a page, in which `…` stands for any text, on a line of its own for any lines."""
    lines = [""] * text.count("\n")
    inside = False
    for at, line in enumerate(text.splitlines()):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside:
            lines[at] = "..." if line == "…" else line.replace("…", "[..]")
    return steps("\n".join(lines))


def pattern(expected: list[str]) -> re.Pattern[str]:
    """The expected lines as one regular expression; blank lines of the output do not count."""
    parts = [
        r"(?:.*\n)*?" if line == "..." else re.escape(line.rstrip()).replace(re.escape("[..]"), ".*") + r"[ \t]*\n"
        for line in expected
    ]
    return re.compile("".join(parts))


def compare(step: Step, where: str, code: int, output: str) -> None:
    """Whether a command did and printed what is told. AssertionError."""
    shown = "\n".join(line.rstrip() for line in output.splitlines() if line.strip())
    where = f"{where}:{step.line}: {step.command}"
    assert code == step.code, f"{where}\nexit {code}, not {step.code}\n{shown}"
    fits = pattern(step.expected).fullmatch(shown + "\n" if shown else "")
    assert fits, f"{where}\nprinted:\n{shown}\nexpected:\n" + "\n".join(step.expected)
