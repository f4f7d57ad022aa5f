"""Keys that hold a secret themselves: a token as the name of an entry must not come out with the finding beside it.

Nor must one that somebody wrote into the reason of an excuse.
"""

from __future__ import annotations

import re

from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.finding import Finding
    from secrets_gitops.lint.rules.provider_token import ProviderToken
    from secrets_gitops.lint.suppressed import Suppressed

HIDDEN = "<hidden>"
"""What stands in the place of such a part."""

_RUN = pattern(r"[0-9A-Za-z+=]{16,}")
_USER_AND_PASSWORD = pattern(r"://[^/@\s:]*:([^@\s]+)@")


def hide(finding: Finding) -> Finding:
    """`finding` without what looks like a secret in key, pointer and object, wherever it names it. Its path stays."""
    names = (finding.key, finding.pointer, finding.object)
    secret = {part for name in names for part in _secrets(name)}
    if not secret:
        return finding
    parts = re.compile("|".join(re.escape(part) for part in sorted(secret, key=len, reverse=True)))
    key, pointer, label, message = (parts.sub(HIDDEN, text) for text in (*names, finding.message))
    fix = finding.fix if parts.search(finding.path) else parts.sub(HIDDEN, finding.fix)
    return finding._replace(key=key, pointer=pointer, object=label, message=message, fix=fix)


def hide_in_reason(excused: Suppressed) -> Suppressed:
    """`excused` without what looks like a secret in its reason: what the value was, and is changed by now."""
    reason = excused.justification
    for part in sorted(_secrets(reason), key=len, reverse=True):
        reason = reason.replace(part, HIDDEN)
    return excused._replace(justification=reason)


def _secrets(name: str) -> set[str]:
    from secrets_gitops.lint import catalog  # noqa: PLC0415  only long names come so far
    from secrets_gitops.lint.values.shape import is_random_looking  # noqa: PLC0415

    found = {run for run in _RUN.findall(name) if is_random_looking(run)}
    found.update(_USER_AND_PASSWORD.findall(name))
    data = name.encode("utf-8", "surrogateescape")
    tokens: ProviderToken = catalog.load("provider-token")  # type: ignore[assignment]  # the family itself
    found.update(data[at.start : at.end].decode("utf-8", "surrogateescape") for at in tokens.find(data))
    return found
