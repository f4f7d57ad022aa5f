"""Facts: what a report says that the scan itself does not know: when it was, and of which commit."""

from __future__ import annotations

from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.repository.revision import Revision


class Facts(NamedTuple):
    """What a writer of reports may need to know."""

    colour: bool = False
    began: str = "1970-01-01T00:00:00"
    """When the scan began, in UTC without a zone, as GitLab wants it."""
    ended: str = "1970-01-01T00:00:00"
    revision: Revision | None = None
    """The commit that lies under what was scanned."""
