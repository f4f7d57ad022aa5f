"""`git merge`: the merge driver. git calls it with three temporary files; exit 0 merged, 1 conflict, 129 trouble.

Nothing but ciphertext is written. On trouble our side is left as it is, and the driver that `git install` sets up then
lets git merge the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import identity_option
from secrets_gitops.errors import Error, NotSealed

if TYPE_CHECKING:
    from secrets_gitops.encrypted_files.merge import Outcome

MERGED, CONFLICT, TROUBLE = 0, 1, 129
_SIZE = 7


@click.command(
    name="merge",
    help="Merge encrypted files by key; git calls it (`git install` sets it up) as `%O %A %B %L %P %S %X %Y`: base,"
    " ours (which the result replaces), theirs, marker size, path, labels. Exit 0: merged. 1: conflict, shown in"
    " encrypted values between markers. 129: not merged.",
)
@identity_option
@click.argument("base")
@click.argument("ours")
@click.argument("theirs")
@click.argument("size", default=str(_SIZE))
@click.argument("path", default="")
@click.argument("labels", nargs=-1)
def command(
    base: str, ours: str, theirs: str, size: str, path: str, labels: tuple[str, ...], identities: tuple[str, ...]
) -> int:
    """Merge into the file `ours`, and say on standard error what is in conflict."""
    number = int(size) if size.isdigit() and int(size) > 0 else _SIZE
    named = tuple(label if label and not label.startswith("%") else "" for label in (*labels, "", "", "")[:3])
    try:
        return _merge(
            (base, ours, theirs), path or ours, number, (named[1] or "ours", named[2] or "theirs"), identities
        )
    except Error as error:
        console.show(error)
    except Exception as error:  # noqa: BLE001  git must not take a crash for a conflict whose markers are missing
        from secrets_gitops.cli.bug_report import report

        report(error)
    return TROUBLE


def _merge(
    names: tuple[str, str, str], path: str, size: int, labels: tuple[str, str], identities: tuple[str, ...]
) -> int:
    from secrets_gitops.cli import hardening, sops_files
    from secrets_gitops.encrypted_files.merge import Markers, merge
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.repository import files

    hardening.harden()
    base, ours, theirs = (files.read(name) for name in names)
    try:
        found = merge(
            (base, ours, theirs), path, Keyring.local(identities), sops_files.now(), markers=Markers(size, labels)
        )
    except NotSealed:
        return _by_lines(names, size, labels)
    if found.data != ours:
        files.replace(names[1], found.data)
    if not found.conflicts:
        return MERGED
    _say(found, path)
    return CONFLICT


def _say(found: Outcome, path: str) -> None:
    values = [name for name in found.conflicts if name != "sops"]
    if values:
        shown = ", ".join(f"`{name}`" for name in values[:10]) + (" …" if len(values) > 10 else "")
        console.note(f"{path}: conflict in {shown}")
    if found.no_key is not None:
        console.warn(
            f"{path} was merged without a key, so its MAC must be made anew",
            hints=(
                f"where a key is at hand: `git checkout --merge -- {path}` merges it once more",
                f"or there: `secrets-gitops edit --ignore-mac {path}`, and look at every value",
            ),
        )
        return
    if "sops" in found.conflicts:
        console.note(f"{path}: both sides changed who can read it; take the lines of one side, and all of them")
    else:
        console.note(f"hint: `secrets-gitops edit {path}` shows both sides; then `git add {path}`")


def _by_lines(names: tuple[str, str, str], size: int, labels: tuple[str, str]) -> int:
    """None of the versions is encrypted: git's own merge of lines."""
    import subprocess

    base, ours, theirs = names
    named = ("-L", labels[0], "-L", "base", "-L", labels[1])
    done = subprocess.run(
        ["git", "merge-file", "-q", f"--marker-size={size}", *named, ours, base, theirs],
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return TROUBLE if done.returncode > 127 or done.returncode < 0 else min(done.returncode, CONFLICT)
