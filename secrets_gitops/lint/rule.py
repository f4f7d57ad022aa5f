"""What a rule is: words for people, a cheap test whether a file concerns it, and a check that yields findings."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target

    class Rule(Protocol):
        """One rule. An instance of a small class; it keeps nothing between files but compiled patterns."""

        @property
        def id(self) -> str:
            """The slug: in messages, SARIF `ruleId`, documentation and, with `_` for `-`, the file name."""

        @property
        def alias(self) -> str:
            """`SGnnn`, accepted wherever an id is typed; never used again for another rule."""

        @property
        def severity(self) -> Severity:
            """The default; a finding may be milder or graver."""

        @property
        def summary(self) -> str:
            """What it finds, as one sentence."""

        @property
        def why(self) -> str:
            """Why that is a problem, in one or two sentences."""

        @property
        def fix(self) -> str:
            """What to do in general, with `PATH` for the file."""

        def concerns(self, target: Target) -> bool:
            """Cheap test on `target.path` and `target.data`; False promises that `check` would yield nothing.

            It keeps the hook fast: a file that concerns no rule is not parsed.
            """

        def check(self, target: Target) -> Iterator[Finding]:
            """Yield the findings. Works on `target.data` (bytes) or on `target.document` (parsed once, when asked for).

            Raises errors of ours for what makes the scan incomplete; the engine notes them and goes on.
            """
