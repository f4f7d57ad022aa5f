"""The JSON report."""

from __future__ import annotations

import json

from reports import report, rich

from secrets_gitops.lint.report.facts import Facts
from secrets_gitops.lint.report.json import write, write_lines


def test_an_empty_report_has_every_field():
    tree = json.loads(write(report(), Facts()))
    assert tree["schema"] == 1
    assert tree["exit_code"] == 0
    assert tree["findings"] == tree["incomplete"] == tree["notes"] == []
    assert tree["scanned"] == {"files": 15, "bytes": 42_400, "documents": 3, "skipped": 2}


def test_a_finding_has_its_place_its_object_and_a_fingerprint():
    tree = json.loads(write(rich(), Facts()))
    found = next(item for item in tree["findings"] if item["rule"] == "private-key")
    assert {name: found[name] for name in ("path", "line", "column", "end_line", "end_column")} == {
        "path": "apps/db.yaml", "line": 3, "column": 5, "end_line": 3, "end_column": 12,
    }  # fmt: skip
    assert (found["object"], found["pointer"], found["key"]) == ("Secret/a/b", "/data/tls.key", "tls.key")
    assert found["fix"] == "secrets-gitops encrypt -i apps/db.yaml"
    assert found["fingerprint"].startswith("sgf")


def test_what_was_not_scanned_is_in_it():
    (item,) = json.loads(write(rich(), Facts()))["incomplete"]
    assert item == {
        "path": "big.txt", "line": None, "column": None, "code": "scan-incomplete",
        "message": "not scanned: too large", "hints": ["raise it"],
    }  # fmt: skip


def test_odd_names_come_through_every_json_reader():
    text = write(rich(), Facts())
    assert text.isascii()
    assert r"caf\xe9 \x1b[2J\x0a" in next(f["path"] for f in json.loads(text)["findings"] if "caf" in f["path"])
    json.loads(text)["findings"][0]["path"].encode()


def test_lines_hold_the_same_and_end_with_the_sums():
    whole = json.loads(write(rich(), Facts()))
    rows = [json.loads(line) for line in write_lines(rich(), Facts()).splitlines()]
    assert [row["type"] for row in rows] == ["finding"] * 5 + ["incomplete", "note", "summary"]
    assert [row | {"type": None} for row in rows[:5]] == [row | {"type": None} for row in whole["findings"]]
    assert rows[-1]["exit_code"] == 3
    assert rows[-1]["scanned"] == whole["scanned"]


def test_a_clean_scan_has_its_line_too():
    (row,) = write_lines(report(), Facts()).splitlines()
    assert json.loads(row)["type"] == "summary"
