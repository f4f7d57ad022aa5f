"""Allow comments: `secrets-gitops:allow RULE[,RULE] -- reason` on the line of a finding, or alone on the line above.

`allow!` silences a critical finding too. The markers of other tools count for all rules, but never for a critical
finding. A marker counts in a comment only: in a value it would be part of the secret.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise

from secrets_gitops.errors import Error
from secrets_gitops.lint import catalog
from secrets_gitops.lint.comment_place import comment_start
from secrets_gitops.lint.finding import Region
from secrets_gitops.lint.suppressed import Suppressed
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Node
    from secrets_gitops.lint.finding import Finding
    from secrets_gitops.lint.target import Target

OURS = "secrets-gitops:allow"
_ALL = pattern(
    rb"secrets-gitops:allow|(?:gitleaks|betterleaks):allow|pragma: ?allowlist(?: nextline)? secret|ggignore"
    rb"|(?:trufflehog|kingfisher):ignore|checkov:skip=CKV_SECRET_[0-9]+"
)
_OURS = pattern(rb"secrets-gitops:allow")
_BODY = pattern(r"(!?)[ \t]+([A-Za-z0-9-]+(?:[ \t]*,[ \t]*[A-Za-z0-9-]+)*)[ \t]+--[ \t]*(.*)")
_BARE = pattern(r"(!?)[ \t]+([A-Za-z0-9-]+(?:[ \t]*,[ \t]*[A-Za-z0-9-]+)*)[ \t]*$")
_CLOSER = pattern(r"\s*(?:\*/(?:\s*-?\}\})?|-->|#\}|\*\))\s*$")

_FAR = 4000
"""Bytes. A comment that begins farther from the start of its line is not heard: no person reads such a line."""
_MOST_ON_A_LINE = 8
_MOST_LINES = 100


class Marker(NamedTuple):
    """One allow comment."""

    name: str
    """As it is known: `secrets-gitops:allow`, or that of another tool."""
    line: int
    column: int
    end_column: int
    offset: int
    """Where it begins, in code points."""
    alone: bool
    """It speaks of the next line too: nothing but the comment stands on its own, or its words say so."""
    next_only: bool
    """It speaks of the next line only."""
    rules: tuple[str, ...]
    """Slugs; empty for all rules."""
    reason: str
    critical: bool
    """It may silence critical findings."""
    problem: str = ""
    """Why it silences nothing: a sentence without a full stop."""

    def region(self) -> Region:
        """Where it stands."""
        return Region(self.line, self.column, self.line, self.end_column)

    def speaks_of(self, finding: Finding) -> bool:
        """Is `finding` of a rule that it names, and not too grave?"""
        if self.problem or (finding.severity == "critical" and not self.critical):
            return False
        return not self.rules or finding.rule in self.rules or catalog.family(finding.rule) in self.rules


class Allowed(NamedTuple):
    """The findings of one file after its allow comments were heard."""

    findings: list[Finding]
    suppressed: list[Suppressed]
    unused: list[Marker]
    """Our own markers that silenced nothing, and those that cannot."""


def hear(
    target: Target,
    findings: list[Finding],
    *,
    foreign: bool = True,
    known: str | None = None,
    need_reason: bool = True,
) -> Allowed:
    """Silence what the allow comments of the file excuse.

    `known` is the file's text in the version that may excuse; None: this version may. A comment then counts only where
    it and the lines that it speaks of stand there in the same words.
    """
    markers = list(_markers(target, foreign=foreign and bool(findings), need_reason=need_reason))
    if not markers:
        return Allowed(findings, [], [])
    hearing = _Hearing(target, markers, known)
    by_own_line, rest = hearing.silence(findings, own_line=True)
    by_line_above, rest = hearing.silence(rest, own_line=False)
    unused = [marker for marker in markers if marker.name == OURS and marker not in hearing.used]
    return Allowed(rest, by_own_line + by_line_above, [_too_mild(marker, rest) for marker in unused])


def _too_mild(marker: Marker, findings: list[Finding]) -> Marker:
    """The marker with its problem, when it silences nothing because what it names is critical."""
    lines = (marker.line, marker.line + 1) if marker.alone else (marker.line,)
    grave = marker._replace(critical=True)
    for finding in findings:
        if not marker.speaks_of(finding) and grave.speaks_of(finding) and finding.line in lines:
            return marker._replace(problem="the finding is critical, which takes `secrets-gitops:allow!`")
    return marker


class _Hearing:
    """The markers of one file, and which of them had something to say."""

    def __init__(self, target: Target, markers: list[Marker], known: str | None) -> None:
        self.used: set[Marker] = set()
        self._by_line: dict[int, list[Marker]] = {}
        for marker in markers:
            self._by_line.setdefault(marker.line, []).append(marker)
        self._values = _Values(target, markers)
        self._lines: list[str] | None = None
        if known is not None:
            text = target.data.decode("utf-8", "replace")
            self._lines, there = text.split("\n"), known.split("\n")
            self._there = set(there), set(pairwise(there))
            if text.splitlines() != [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]:
                self._there = set(), set()  # with other line breaks nobody can tell which line is meant

    def silence(self, findings: list[Finding], *, own_line: bool) -> tuple[list[Suppressed], list[Finding]]:
        """What the markers on the same line, or else on the line above, excuse, and what is left.

        A comment that had something to say of its own line is silent about the next.
        """
        suppressed: list[Suppressed] = []
        rest: list[Finding] = []
        before = frozenset(self.used)
        for finding in findings:
            for marker in self._on_its_lines(finding) if own_line else self._by_line.get(finding.line - 1, ()):
                reaches = not marker.next_only if own_line else marker.alone and marker not in before
                if reaches and marker.speaks_of(finding) and self._counts(marker, finding):
                    self.used.add(marker)
                    suppressed.append(Suppressed(finding, "comment", marker.reason))
                    break
            else:
                rest.append(finding)
        return suppressed, rest

    def _on_its_lines(self, finding: Finding) -> list[Marker]:
        """On the line where it begins; on a later one of its lines only where a parser tells a comment from a value."""
        last = min(finding.end_line, finding.line + _MOST_LINES) if self._values.are_known else finding.line
        return [marker for line in range(finding.line, last + 1) for marker in self._by_line.get(line, ())]

    def _counts(self, marker: Marker, finding: Finding) -> bool:
        if self._lines is not None:
            last = finding.end_line if finding.end_column > 1 else finding.end_line - 1
            lines = self._lines[min(marker.line, finding.line) - 1 : max(marker.line, finding.line, last)]
            single, pairs = self._there
            if not lines or lines[0] not in single or any(pair not in pairs for pair in pairwise(lines)):
                return False
        return not self._values.hold(marker, finding)


class _Values:
    """Which markers stand inside a value, where a parser knows what is a value."""

    def __init__(self, target: Target, markers: list[Marker]) -> None:
        self._around: dict[int, Node] = {}
        self.are_known = False
        document = target.document if target.format in ("yaml", "json") else None
        if document is None:
            return
        self.are_known = True
        from secrets_gitops.documents.document import walk  # noqa: PLC0415  files with an allow comment are few

        offsets = [  # where a template has a comment of its own, the parser saw a blank
            marker.offset for marker in markers if document.text.startswith(marker.name, marker.offset)
        ]
        for root in document.roots:
            for node in walk(root):
                if node.kind == "scalar":
                    for at in range(bisect_left(offsets, node.start), bisect_left(offsets, node.end)):
                        self._around[offsets[at]] = node

    def hold(self, marker: Marker, finding: Finding) -> bool:
        """Is the marker part of a value? One in a text in a string, as a file in a ConfigMap, speaks of that text."""
        node = self._around.get(marker.offset)
        if node is None:
            return False
        if node.style not in ("literal", "folded"):
            return True
        if marker.line == node.line:  # behind the `|`
            return False
        return not node.line < finding.line <= node.lines.at(node.end)[0]


def _markers(target: Target, *, foreign: bool, need_reason: bool) -> Iterator[Marker]:
    """The markers in comments, in order."""
    data, last, offset = target.data, 0, 0
    on_line, count = -1, 0
    for match in (_ALL if foreign else _OURS).finditer(data):
        begin = data.rfind(b"\n", max(match.start() - _FAR, 0), match.start()) + 1
        if not begin and match.start() > _FAR:
            continue
        on_line, count = (begin, 1) if begin != on_line else (begin, count + 1)
        if count > _MOST_ON_A_LINE:
            continue
        end = data.find(b"\n", match.end(), match.end() + _FAR)
        line = data[begin : end if end >= 0 else match.end() + _FAR].decode("utf-8", "replace").rstrip("\r")
        at = len(data[begin : match.start()].decode("utf-8", "replace"))
        opener = comment_start(line, at)
        if opener is None or (at and line[at - 1] in "`\"'"):  # in quotes it is spoken about
            continue
        offset += len(data[last : match.start()].decode("utf-8", "replace"))
        last = match.start()
        region = target.own_region(match.start(), match.end())
        name = match[0].decode()
        next_only = "nextline" in name
        marker = Marker(
            name,
            region.line,
            region.column,
            region.end_column,
            offset,
            next_only or not line[:opener].strip(" \t{-"),
            next_only,
            (),
            f"the comment `{name}`",
            critical=False,
        )
        yield _ours(marker, line[at + len(name) :], need_reason=need_reason) if name == OURS else marker


def _ours(marker: Marker, rest: str, *, need_reason: bool) -> Marker:
    rest = _CLOSER.sub("", rest)
    found = _BODY.match(rest) or _BARE.match(rest)
    if found is None:
        return marker._replace(problem="it names no rule")
    reason = found[3].strip() if found.re.groups > 2 else ""
    critical = bool(found[1])
    if not any(character.isalnum() for character in reason):
        if need_reason or critical:
            return marker._replace(problem="it gives no reason")
        reason = "no reason given"
    try:
        rules = tuple(catalog.slug_of(name.strip()) for name in found[2].split(","))
    except Error as error:
        return marker._replace(problem=error.message)
    return marker._replace(rules=rules, reason=reason, critical=critical)
