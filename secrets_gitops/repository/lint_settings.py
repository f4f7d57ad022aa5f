"""The section `lint` of `.secrets-gitops.yaml`: how strict the lint is here, and which findings are excused.

Names of rules are kept as they are typed: the lint knows which there are.
"""

from __future__ import annotations

import re

from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple
from secrets_gitops.repository import globs
from secrets_gitops.repository.sizes import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from secrets_gitops.errors import Place
    from secrets_gitops.repository.fields import Fields

    Severity = Literal["info", "low", "medium", "high", "critical"]

SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
REQUIRE_SOPS = ("strict", "auto", "off")
FIELDS = (
    "fail_on", "max_bytes", "require_sops", "exclude", "disable", "severity", "foreign_allow", "require_reason",
    "gitleaks_config", "allow",
)  # fmt: skip
ALLOW_FIELDS = ("rules", "paths", "keys", "kinds", "reason", "expires", "owner")
_DATE = pattern(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])", re.ASCII)
_MOST = 1 << 31


class Allow(NamedTuple):
    """Findings that are excused: those that fit everything that is said."""

    rules: tuple[str, ...]
    paths: tuple[str, ...]
    keys: tuple[str, ...]
    kinds: tuple[str, ...]
    reason: str
    expires: str
    """The last day on which it counts, as `YYYY-MM-DD`; empty: for ever."""
    owner: str
    place: Place


class LintSettings(NamedTuple):
    """What the section says; None and empty where it says nothing."""

    fail_on: Severity | None = None
    max_bytes: int | None = None
    require_sops: str | None = None
    exclude: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = {}
    foreign_allow: bool = True
    require_reason: bool = True
    gitleaks_config: str = "auto"
    """`auto`, `off`, or a path from the root."""
    allow: tuple[Allow, ...] = ()
    places: Mapping[str, Place] = {}
    """Where the fields stand."""


def read(lint: Fields) -> LintSettings:
    """The section as it stands. Raises SettingsError for an unknown field, and for a value that cannot be."""
    for error in lint.unknown(FIELDS):
        raise error
    severity: dict[str, Severity] = {}
    if grades := lint.mapping("severity"):
        for name in grades.names():
            grade = _severity(grades, name)
            if grade is None:
                raise grades.wrong(name, f"must be one of {_listed(SEVERITIES)}")
            severity[name] = grade
    return LintSettings(
        fail_on=_severity(lint, "fail_on"),
        max_bytes=_bytes(lint),
        require_sops=_choice(lint, "require_sops", REQUIRE_SOPS),
        exclude=_globs(lint, "exclude"),
        disable=_texts(lint, "disable"),
        severity=severity,
        foreign_allow=lint.flag("foreign_allow") if "foreign_allow" in lint else True,
        require_reason=lint.flag("require_reason") if "require_reason" in lint else True,
        gitleaks_config=_path(lint, "gitleaks_config") or "auto",
        allow=tuple(_allow(entry) for entry in lint.mappings("allow")),
        places={name: lint.place_of(name) for name in lint.names()},
    )


def _allow(entry: Fields) -> Allow:
    for error in entry.unknown(ALLOW_FIELDS):
        raise error
    found = Allow(
        _texts(entry, "rules"),
        _globs(entry, "paths"),
        _texts(entry, "keys"),
        _texts(entry, "kinds"),
        " ".join(entry.text("reason").split()),
        entry.text("expires"),
        entry.text("owner"),
        entry.place,
    )
    if not any(character.isalnum() for character in found.reason):
        raise entry.wrong("reason", "must say why these findings may stay")
    if not (found.rules or found.paths or found.keys or found.kinds):
        raise entry.wrong("rules", "is missing, and so are `paths`, `keys` and `kinds`: this would allow everything")
    if found.expires and not _is_day(found.expires):
        raise entry.wrong("expires", "must be a day, as `2027-01-31`")
    return found


def _is_day(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    from datetime import date  # noqa: PLC0415  few settings name a day

    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _bytes(lint: Fields) -> int | None:
    text = lint.text("max_bytes")
    found = size(text) if text else None
    if text and (found is None or found > _MOST):
        raise lint.wrong("max_bytes", "must be a number of bytes, as `5MiB`, and at most 2GiB")
    return found


def _severity(fields: Fields, name: str) -> Severity | None:
    text = _choice(fields, name, SEVERITIES)
    return next((severity for severity in SEVERITIES if severity == text), None)


def _choice(fields: Fields, name: str, known: tuple[str, ...]) -> str | None:
    text = fields.text(name)
    if text and text not in known:
        raise fields.wrong(name, f"must be one of {_listed(known)}")
    return text or None


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _texts(fields: Fields, name: str) -> tuple[str, ...]:
    """The items of a list of texts; a single text counts as a list of one."""
    node = fields.node(name)
    if node is None:
        return ()
    items = [node] if node.kind == "scalar" else fields.items(name)
    if not items or any(item.kind != "scalar" or not item.text.strip() for item in items):
        raise fields.wrong(name, "must be a list of texts, and not an empty one")
    return tuple(item.text for item in items)


def _globs(fields: Fields, name: str) -> tuple[str, ...]:
    found = _texts(fields, name)
    for glob in found:
        if wrong := globs.problem(glob):
            raise fields.wrong(name, f"has an item that {wrong}")
    return found


def _path(fields: Fields, name: str) -> str:
    """`auto`, `off`, or a path that stays in the repository."""
    text = fields.text(name)
    if text.startswith("/") or ".." in text.split("/"):
        raise fields.wrong(name, "must be a path from the root of the repository")
    return text.removeprefix("./")
