"""`parse-error`: a file named as YAML or JSON that is neither; it was scanned by lines and bytes alone."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target


class ParseError:
    """The engine asks it, once a rule has tried to parse the file."""

    id = "parse-error"
    alias = "SG901"
    severity: Severity = "info"
    summary = "a YAML or JSON file cannot be parsed"
    why = "Its structure cannot be checked. Tokens, private keys and what looks like a Secret are still found."
    fix = "correct the syntax of PATH"

    def concerns(self, target: Target) -> bool:  # noqa: ARG002  the engine decides
        """Never by itself: whether a file parses is known only when a rule needs it."""
        return False

    def check(self, target: Target) -> Iterator[Finding]:
        """What the reader says, where it says it."""
        error = target.unread
        if error is not None:
            line, column = (error.place.line or 1, error.place.column or 1) if error.place else (1, 1)
            from secrets_gitops.lint.finding import Region  # noqa: PLC0415  only for broken files

            yield target.finding(self, Region(line, column, line, column), f"scanned by lines only: {error.message}")


RULE = ParseError()
