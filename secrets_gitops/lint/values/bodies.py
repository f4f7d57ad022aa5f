"""Configuration inside a value: the assignments of an ini, dotenv, properties, YAML or JSON text in one scalar."""

from __future__ import annotations

from secrets_gitops.documents.document import walk
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.errors import DocumentError
from secrets_gitops.lint.finding import Region
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Node


class Assignment(NamedTuple):
    """One value with its key, which is empty when it has none."""

    key: str
    value: str


class PlacedAssignment(NamedTuple):
    """One value with its key, the heading (`[database]`) above it, and the place of both in the text."""

    section: str
    key: str
    value: str
    region: Region


_LINE = pattern(r"\s*(?:-\s+)?(?:export\s+)?[\"']?([A-Za-z_.][\w.\-/ ]{0,80}?)[\"']?\s*(?::=|=>|[=:])\s*(.*?)[\s,]*$")
_NOTHING = pattern(r"\s*(?:[#;].*|//.*|---.*|\.\.\.|\[[\w .:\"'-]{1,80}\]|[{}\[\],|>-]*)\s*$")
_COMMENT = pattern(r"\s[#;]\s.*$")
_SECTION = pattern(r"\s*\[{1,2}([\w .:\"'-]{1,80})\]{1,2}\s*(?:[#;].*)?$")
_JSON_LIMITS = Limits(depth=100, nodes=50_000)


def assignments(text: str) -> list[Assignment] | None:
    """All assignments in `text` and, with an empty key, each line that is none; None when it is no such body."""
    if text.lstrip().startswith(("{", "[")):
        try:
            roots = read(text, path="", format="json", limits=_JSON_LIMITS, duplicates="keep", stream=True).roots
        except DocumentError:
            pass
        else:
            return [leaf for root in roots for leaf in _leaves(root)]
    if "\n" not in text.strip():
        return None
    found, count = [], 0
    for line in text.splitlines():
        if _NOTHING.match(line):
            continue
        parts = _LINE.match(line)
        count += parts is not None
        found.append(Assignment(parts[1].strip(), _bare(parts[2])) if parts else Assignment("", line.strip()))
    return found if count * 2 > len(found) else None


def lines(text: str) -> list[PlacedAssignment] | None:
    """The assignments of an ini, dotenv, properties or TOML text, one a line; None when it is something else."""
    found, count = [], 0
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        heading = _SECTION.match(line)
        if heading:
            section = heading[1]
        if heading or _NOTHING.match(line):
            continue
        count += 1
        if parts := _LINE.match(line):
            region = Region(number, parts.start(1) + 1, number, max(parts.end(1), parts.end(2)) + 1)
            found.append(PlacedAssignment(section, parts[1].strip(), _bare(parts[2]), region))
    return found if len(found) * 2 > count else None


def _leaves(root: Node) -> Iterator[Assignment]:
    keys = {id(value): key.text for node in walk(root) for key, value in node.pairs}
    names = {id(key) for node in walk(root) for key, _ in node.pairs}
    for node in walk(root):
        if node.kind == "scalar" and id(node) not in names:
            yield Assignment(keys.get(id(node), ""), node.text)


def _bare(value: str) -> str:
    """The value without quotes and without a comment after it; the head of a block scalar is no value."""
    if value[:1] in {'"', "'"}:
        end = value.find(value[0], 1)
        if end > 0:
            return value[1:end]
    if value[:1] in {"|", ">"} and len(value) <= 3:
        return ""
    return _COMMENT.sub("", value)
