"""The values of every Secret in a text that may not stand there in plaintext, whatever else the text is."""

from __future__ import annotations

from secrets_gitops.lint.objects import secret_pairs
from secrets_gitops.lint.secret_values import judge
from secrets_gitops.lint.values.stand_ins import MASK
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Confidence, Finding, Region, Severity
    from secrets_gitops.lint.rule import Rule
    from secrets_gitops.lint.target import Target


class OpenValue(NamedTuple):
    """One such value: `text` under `key` in `field` (`data` or `stringData`)."""

    field: str
    key: str
    text: str
    severity: Severity
    """`info` for a placeholder."""
    region: Region
    label: str
    """`Secret/namespace/name`."""
    pointer: str
    namespaced: bool
    """Does the Secret name its namespace, as far as it shows?"""

    def finding(
        self,
        rule: Rule,
        target: Target,
        message: str,
        *,
        severity: Severity,
        fix: str,
        confidence: Confidence = "high",
    ) -> Finding:
        """A finding of `rule` about it."""
        return target.finding(
            rule,
            self.region,
            message,
            severity=severity,
            fix=fix,
            object=self.label,
            pointer=self.pointer,
            key=self.key,
            confidence=confidence,
            value=self.text,
        )


def open_values(target: Target) -> Iterator[OpenValue]:
    """At any depth, in several documents, in Lists; by lines where nothing parses.

    Files with a `sops` block are the business of `sops-partial`.
    """
    if target.document is None:
        yield from _by_lines(target)
        return
    if target.has_sops_block:
        return
    written = ""
    for found in target.objects:
        for field, key, value in secret_pairs(found):
            scalar, name = value.resolved(), key.resolved().text
            text = scalar.text
            filled_in = MASK in text
            severity = None
            if not filled_in or text.strip(MASK):
                severity = judge(name, text, encoded=field == "data", tag=scalar.tag).severity
            if severity is None and filled_in:
                from secrets_gitops.lint.template_literals import literal_in  # noqa: PLC0415  for charts only

                written = written or target.data.decode("utf-8", "replace")
                text = literal_in(written[scalar.start : scalar.end], name)
                severity = "high" if text else None
            if severity is None:
                continue
            # What an anchor holds is reported where it is written, not where it is used.
            region = target.span(key, value) if value is scalar else target.span(scalar)
            pointer = found.pointer(field, name)
            yield OpenValue(field, name, text, severity, region, found.label, pointer, bool(found.namespace))


def _by_lines(target: Target) -> Iterator[OpenValue]:
    from secrets_gitops.lint import line_machine  # noqa: PLC0415  most files can be read

    for loose in line_machine.find(target.text):
        severity = judge(loose.key, loose.text, encoded=loose.field == "data").severity
        if severity is not None:
            region = target.lift(loose.region)
            yield OpenValue(loose.field, loose.key, loose.text, severity, region, "Secret", "", namespaced=True)
