"""Target: one file (or a text inside one) as the rules see it: bytes, parsed tree, Kubernetes objects, places."""

from __future__ import annotations

from bisect import bisect_right

from secrets_gitops.documents.formats import format_of
from secrets_gitops.documents.read import read
from secrets_gitops.errors import DocumentError
from secrets_gitops.lint.finding import Finding, Region

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Format
    from secrets_gitops.lint.finding import Confidence, Severity
    from secrets_gitops.lint.frame import Frame
    from secrets_gitops.lint.rule import Rule
    from secrets_gitops.lint.run import Run


class Target:
    """What a rule checks.

    `data` is UTF-8 without a byte order mark whenever the file is text in UTF-8, UTF-16 or UTF-32; otherwise the bytes
    as they are. For a text inside a file (`parent` is set) `path` and all regions are those of the file.
    """

    __slots__ = (
        "_breaks", "_document", "data", "format", "frame", "parent", "path", "pointer", "run", "unread",
    )  # fmt: skip

    def __init__(
        self,
        path: str,
        data: bytes,
        run: Run,
        *,
        format: Format | None = None,  # noqa: A002  the field's standard word
        parent: Target | None = None,
        frame: Frame | None = None,
        pointer: str = "",
    ) -> None:
        self.path = path
        self.data = data
        self.run = run
        """What this run shares between files: the snapshot, creation rules, limits."""
        self.format = format if parent is not None else format_of(path)
        """`yaml` or `json` when the file is named so (or the nested text looks so), else None."""
        self.parent = parent
        self.frame = frame
        self.pointer = pointer
        """JSON pointer of the scalar that holds a nested text, else empty."""
        self.unread: DocumentError | None = None
        """Why `document` is None although the format is one that we read."""
        self._document: Document | None = None
        self._breaks: list[int] | None = None

    @property
    def document(self) -> Document | None:
        """The parsed file, or None where it is neither YAML nor JSON or cannot be read (`unread` says why)."""
        if self._document is None and self.unread is None and self.format is not None:
            try:
                self._document = read(
                    self.data, path=self.path, format=self.format, limits=self.run.limits, duplicates="keep"
                )
            except DocumentError as error:
                self.unread = error
        return self._document

    @property
    def depth(self) -> int:
        """How many texts stand around this one: 0 for a file."""
        return 0 if self.parent is None else self.parent.depth + 1

    def region(self, start: int, end: int) -> Region:
        """The region of the bytes `start` (included) to `end` (excluded) of `data`."""
        if self._breaks is None:
            self._breaks = [at for at, byte in enumerate(self.data) if byte == 10]
        first, last = bisect_right(self._breaks, start - 1), bisect_right(self._breaks, end - 1)
        return self.lift(Region(first + 1, self._column(first, start), last + 1, self._column(last, end)))

    def _column(self, line: int, at: int) -> int:
        assert self._breaks is not None
        begin = self._breaks[line - 1] + 1 if line else 0
        return len(self.data[begin:at].decode("utf-8", "replace")) + 1

    def lift(self, region: Region) -> Region:
        """`region` of this text as a region of the file."""
        if self.frame is not None:
            region = self.frame.outer(region)
        return region if self.parent is None else self.parent.lift(region)

    def finding(
        self,
        rule: Rule,
        region: Region,
        message: str,
        *,
        severity: Severity | None = None,
        fix: str | None = None,
        confidence: Confidence = "high",
        object: str = "",  # noqa: A002  the field's standard word
        pointer: str = "",
        key: str = "",
    ) -> Finding:
        """A finding of `rule` at `region`; severity and fix are the rule's own unless given."""
        return Finding(
            rule.id,
            severity or rule.severity,
            self.path,
            *region,
            message,
            rule.fix.replace("PATH", self.path) if fix is None else fix,
            confidence,
            object,
            self.pointer + pointer,
            key,
        )
