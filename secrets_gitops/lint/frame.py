"""Where nested text stands in the text around it: how a region inside becomes a region of the file."""

from __future__ import annotations

from secrets_gitops.lint.finding import Region
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Frame(Protocol):
        """The way from the coordinates of a nested text to those of the text that holds it."""

        def outer(self, region: Region) -> Region:
            """The region in the text around."""


class Within(NamedTuple):
    """Text whose lines are not those of the file (quoted, folded, encoded): all of it stands at one region."""

    region: Region

    def outer(self, region: Region) -> Region:  # noqa: ARG002  whatever is found stands at the whole
        """The region of the whole scalar."""
        return self.region


class Shifted(NamedTuple):
    """A literal block: each of its lines is a line of the file, `lines` further down and `columns` further right."""

    lines: int
    columns: int

    def outer(self, region: Region) -> Region:
        """The same region, moved."""
        return Region(
            region.line + self.lines,
            region.column + self.columns,
            region.end_line + self.lines,
            region.end_column + self.columns,
        )
