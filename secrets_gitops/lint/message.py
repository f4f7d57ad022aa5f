"""Scan commit messages: tokens, private keys, credentials in URLs and assignments that somebody pasted into it.

What git takes out of the message itself is no part of it: comments, where an editor was used, and the difference below
the line of scissors.
"""

from __future__ import annotations

from secrets_gitops.errors import Error, FileError, Place
from secrets_gitops.lint import catalog
from secrets_gitops.lint.dispatch import deferred
from secrets_gitops.lint.engine import scan
from secrets_gitops.lint.options import NONE
from secrets_gitops.lint.overlay import Overlay
from secrets_gitops.lint.runs import runs
from secrets_gitops.repository import git
from secrets_gitops.repository.objects import Objects, missing
from secrets_gitops.repository.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.options import Options
    from secrets_gitops.repository.snapshot import Snapshot

RULES = ("provider-token", "private-key", "url-credential")
WRITTEN = (*RULES, "generic-assignment")
"""Of a message that is being written: who may still change it can be asked about an assignment, too."""
NAME = "commit message"
"""In the place of a path."""
_SCISSORS = b" ------------------------ >8 ------------------------"
_LIMIT = 1 << 20
_ANEW = "write the message without it"
_TAG = "make the tag anew without it, and change the value"


def scan_message(root: str, path: str, environ: Mapping[str, str]) -> Report:
    """Scan the message in the file `path`, as git gives it to a commit-msg hook. Raises FileError."""
    data = _read(path)
    comment, cleanup = _settings(root)
    is_edited = environ.get("GIT_EDITOR") != ":"  # what git tells its hooks when it starts no editor
    text = published(data, comment, cleanup, is_edited=is_edited)
    nothing = Tree(Objects(root), "", root)
    rules = deferred(WRITTEN)
    report = scan(Overlay(nothing, path, text), (path,), rules=rules, max_bytes=_LIMIT)
    return report._replace(findings=tuple(finding._replace(fix=_ANEW) for finding in report.findings))


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(_LIMIT + 1)
    except OSError as error:
        raise FileError("cannot read the commit message", hints=("check the path",), place=Place(path)) from error
    if len(data) > _LIMIT:
        hints = ("shorten the message",)
        raise FileError(f"the commit message is larger than {_LIMIT} bytes", hints=hints, place=Place(path))
    return data


def _settings(root: str) -> tuple[bytes, str]:
    """What begins a comment, and how git cleans messages; `core.commentChar` may be several characters.

    With `auto` git takes a character that no line of the message began with: then nobody can tell, and it is empty.
    """
    comment, cleanup = b"#", ""
    try:
        output = git.run(("config", "-z", "--get-regexp", r"^(core\.comment(char|string)|commit\.cleanup)$"), root)
    except Error:  # no such setting
        return comment, cleanup
    for entry in output.split(b"\0")[:-1]:
        name, _, value = entry.partition(b"\n")
        if name == b"commit.cleanup":
            cleanup = value.decode("utf-8", "replace")
        else:
            comment = b"" if value == b"auto" else value
    return comment, cleanup


def published(data: bytes, comment: bytes, cleanup: str, *, is_edited: bool) -> bytes:
    """The message with those lines made empty that git takes out, so that line numbers stay.

    `comment` begins the lines that git takes out; empty when that is not known. `cleanup` is `commit.cleanup`. Git
    keeps comments when nobody edited the message, and with `whitespace`, `verbatim` and `scissors`. In doubt a line
    stays in.
    """
    cuts = cleanup == "scissors" or is_edited
    strips = comment and (cleanup == "strip" or (is_edited and cleanup in ("", "default")))
    lines = data.split(b"\n")
    out = []
    for at, line in enumerate(lines):
        # A line of scissors of a person's own is a comment as others; git's is followed by what git says about it.
        mark = comment or line[:1]
        if cuts and line == mark + _SCISSORS:
            following = lines[at + 1] if at + 1 < len(lines) else b""
            if cleanup == "scissors" or following.startswith(mark):
                break
        out.append(b"" if strips and line.startswith(comment) else line)
    return b"\n".join(out)


def scan_published(
    objects: Objects, root: str, name: str, options: Options = NONE, excuses: Snapshot | None = None
) -> Report | None:
    """Scan the message of the commit or tag `name`; None where there is nothing in it to look at.

    Raises ScanIncomplete when the object is missing.
    """
    found = objects.find(name)
    if found is None:
        raise missing(name)
    text = found.body.partition(b"\n\n")[2]
    if not (b"://" in text or runs(text)):
        return None
    only = {catalog.slug_of(rule) for rule in options.only} or set(RULES)
    rules = deferred(rule for rule in RULES if rule in only)
    message = Overlay(Tree(objects, "", root), NAME, text)
    report = scan(message, (NAME,), rules=rules, max_bytes=_LIMIT, options=options, excuses=excuses)
    fix = f"reword the commit, `git rebase -i {name[:12]}^`, and change the value" if found.kind == "commit" else _TAG
    findings = tuple(finding._replace(fix=fix) for finding in report.findings)
    return report._replace(findings=findings, files=0, size=0, documents=0)  # a message is no file
