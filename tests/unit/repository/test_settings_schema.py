"""The JSON Schema for editors knows what the reader knows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from secrets_gitops.errors import SettingsError
from secrets_gitops.repository import lint_settings, settings

SCHEMA = json.loads(
    (Path(__file__).resolve().parents[3] / "docs/reference/secrets-gitops.schema.json").read_text(encoding="utf-8")
)
LINT = SCHEMA["properties"]["lint"]
ALLOW = LINT["properties"]["allow"]["items"]


def test_the_fields():
    assert set(SCHEMA["properties"]) == set(settings.FIELDS)
    assert set(LINT["properties"]) == set(lint_settings.FIELDS)
    assert set(ALLOW["properties"]) == set(lint_settings.ALLOW_FIELDS)
    assert {name for item in ALLOW["anyOf"] for name in item["required"]} == {"rules", "paths", "keys", "kinds"}


def test_the_words():
    assert LINT["properties"]["fail_on"]["enum"] == list(lint_settings.SEVERITIES)
    assert LINT["properties"]["severity"]["additionalProperties"]["enum"] == list(lint_settings.SEVERITIES)
    assert LINT["properties"]["require_sops"]["enum"] == list(lint_settings.REQUIRE_SOPS)


def test_every_object_is_closed():
    """As the reader refuses unknown fields."""
    waiting = [SCHEMA]
    while waiting:
        item = waiting.pop()
        if "properties" in item:
            assert item["additionalProperties"] is False
        waiting += [value for value in item.values() if isinstance(value, dict)]


@pytest.mark.parametrize("name", ALLOW["required"])
def test_what_an_entry_must_have(name):
    entry = {"rules": "[a]", "reason": "b"}
    del entry[name]
    text = ", ".join(f"{key}: {value}" for key, value in entry.items())
    with pytest.raises(SettingsError, match=name):
        settings.parse(f"lint: {{allow: [{{{text}}}]}}\n".encode())


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(("max_bytes", text) for text in ("5MiB", "5 mb", "5000", "1g", "0", "1.5MiB", "-1", "5 Mi B")),
        *(("gitleaks_config", text) for text in ("auto", "off", "ci/a.toml", "..a/b", "/a", "../a", "a/../b", "a/..")),
    ],
)
def test_a_text_that_one_of_them_takes_the_other_takes(field, text):
    known = LINT["properties"][field]
    try:
        settings.parse(f"lint: {{{field}: '{text}'}}\n".encode())
    except SettingsError:
        read = False
    else:
        read = True
    assert bool(re.search(known["pattern"], text)) is read
