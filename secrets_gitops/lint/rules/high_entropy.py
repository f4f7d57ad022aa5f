"""`high-entropy`: a text that looks random, whatever its key. Off by default: hashes and ids look the same."""

from __future__ import annotations

from secrets_gitops.lint import mend
from secrets_gitops.lint.assignment_rule import is_encrypted
from secrets_gitops.lint.value_model import classify
from secrets_gitops.lint.values import shape
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target

_RUN = pattern(rb"(?<![\w+/=.:@$-])[A-Za-z0-9+/_-]{20,200}+={0,2}(?![\w+/=.$({-])")
_HEX = pattern(r"[0-9a-fA-F-]+")
_BEFORE = pattern(rb"([A-Za-z][\w.-]{1,80}+)[\"'`]?[ \t]{0,8}[:=]{1,2}[ \t]{0,8}[\"'`]?\Z")


class HighEntropy:
    """Base64 above 4.3 bits for each character, or letters of both cases and digits. Never hex."""

    id = "high-entropy"
    alias = "SG609"
    severity: Severity = "medium"
    summary = "a text looks as if it was made by chance (only with `--entropy`)"
    why = "Keys and tokens look so; so do hashes and ids, which is why the rule has to be asked for."
    fix = "look at it; when it is a secret, take it out of PATH, else allow it with a comment"

    def concerns(self, target: Target) -> bool:
        """Any whole file that people write."""
        return target.parent is None and target.kind not in {"noise", "sample"} and not is_encrypted(target)

    def check(self, target: Target) -> Iterator[Finding]:
        """Every run that looks so and is of no class that explains it."""
        for found in _RUN.finditer(target.data):
            text = found[0].decode("ascii")
            if _HEX.fullmatch(text) or not _is_random(text):
                continue
            named = _BEFORE.search(target.data[max(0, found.start() - 120) : found.start()].rpartition(b"\n")[2])
            key = named[1].decode("ascii", "replace") if named else ""
            if classify(text, key) == "plaintext":
                yield target.finding(
                    self,
                    target.region(*found.span()),
                    "a text of high entropy stands here",
                    fix=mend.take_out(target, key),
                    confidence="low",
                    key=key,
                    value=found[0],
                )


def _is_random(text: str) -> bool:
    if "/" in text.strip("/") and shape.word_share(text) > 0.3:
        return False  # a path
    mixed = any(c.islower() for c in text) and any(c.isupper() for c in text) and any(c.isdigit() for c in text)
    return (mixed or shape.entropy(text) >= 4.3) and shape.is_random_looking(text)


RULE = HighEntropy()
