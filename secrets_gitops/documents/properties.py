"""The anchor and tag in front of a YAML node's content."""

from __future__ import annotations

from secrets_gitops.patterns import pattern

# An anchor, a tag, or what may stand between them and the content; in the alphabets of libyaml.
_PROPERTY = pattern(
    "(?:&[0-9A-Za-z_-]+|!<[^>]*>|![^ \t\r\n\x85\u2028\u2029,\\[\\]{}]*)"
    "(?:[ \t\r\n\x85\u2028\u2029]+|#[^\r\n\x85\u2028\u2029]*)*"
)


def content_start(text: str, start: int, end: int) -> int:
    """Where the content of the node from `start` to `end` begins, behind its anchor and tag; `end` if it has none."""
    while text[start : start + 1] in {"&", "!"}:
        match = _PROPERTY.match(text, start)
        if match is None:
            break
        start = match.end()
    return min(start, end)
