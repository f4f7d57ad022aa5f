"""How a command that makes several things says so: one line each, `made`, `kept` or `would be made`."""

from __future__ import annotations

import os

from secrets_gitops.cli import console


def say(verb: str, path: str, *, remark: str = "", dry_run: bool = False) -> None:
    """One line about the file `path`, which is shown as a person types it here."""
    if dry_run and verb != "kept":
        verb = f"would be {verb}"
    near = os.path.relpath(path)
    console.note(f"{verb}  {path if near.startswith('../..') else near}" + (f"   {remark}" if remark else ""))
