"""The examples on the rules' pages: what a page calls a finding is found, and what it calls clean is left alone."""

from __future__ import annotations

import pytest
from filled import filled, rule_examples

from secrets_gitops.lint import catalog
from secrets_gitops.lint.rules.sops_mac_mismatch import SopsMacMismatch

EXAMPLES = {slug: rule_examples.read(slug) for slug in catalog.RULES}
FOUND = [(slug, example) for slug, examples in EXAMPLES.items() for example in examples.found]
CLEAN = [(slug, example) for slug, examples in EXAMPLES.items() for example in examples.clean]
CHECKED = SopsMacMismatch(lambda path, data: "changed" if b"taken out" in data else "")
"""Stands for a key: knows of the example what was done to it."""
GRAVE = ("low", "medium", "high", "critical")


def named(item):
    return item if isinstance(item, str) else item.title


@pytest.mark.parametrize("slug", catalog.RULES)
def test_a_rule_has_an_example_of_each_sort(slug):
    assert EXAMPLES[slug].found, f"docs/rules/{slug}.toml has no [[found]]"
    assert EXAMPLES[slug].clean, f"docs/rules/{slug}.toml has no [[clean]]"


def test_every_file_of_examples_belongs_to_a_rule():
    assert {path.stem for path in rule_examples.FOLDER.iterdir()} <= catalog.RULES.keys()


@pytest.mark.parametrize(("slug", "example"), FOUND, ids=named)
def test_what_a_page_calls_a_finding_is_found(slug, example, scan):
    """By that rule among all of them, or, for one that is off by default, by that rule alone."""
    report = scan(filled(example), **keys(slug))
    if slug == "scan-skipped":
        assert report.incomplete
        return
    if not any(fits(slug, finding) for finding in report.findings):
        report = scan(filled(example), slug)
    assert any(fits(slug, finding) for finding in report.findings)


@pytest.mark.parametrize(("slug", "example"), CLEAN, ids=named)
def test_what_a_page_calls_clean_is_left_alone(slug, example, scan):
    report = scan(filled(example), *([] if keys(slug) else [slug]), **keys(slug))
    assert report.incomplete == ()
    about = catalog.load(slug).severity
    assert [f for f in report.findings if f.severity in GRAVE or f.severity == about] == []


@pytest.mark.parametrize("slug", [slug for slug, examples in EXAMPLES.items() if examples.clean])
def test_what_a_page_shows_as_mended_passes_the_gate(slug, scan):
    assert scan(filled(EXAMPLES[slug].clean[0])).exit_code() == 0


def keys(slug) -> dict[str, object]:
    """What a rule on request is given."""
    return {"chosen": (CHECKED,)} if slug == CHECKED.id else {}


@pytest.mark.parametrize("slug", [slug for slug, (alias, *_) in catalog.RULES.items() if not alias.startswith("SG9")])
def test_the_comment_that_a_page_shows_excuses_its_first_finding(slug, scan):
    """On a line of its own above it, in a file that has comments."""
    examples = EXAMPLES[slug].found
    files = filled(next((one for one in examples if not any("json" in path for path in one.files)), examples[0]))
    before = scan(files, *([] if keys(slug) else [slug]), **keys(slug))
    found = next(f for f in before.findings if fits(slug, f))
    lines = files[found.path].splitlines(keepends=True)
    line = lines[found.line - 1]
    allow = "allow!" if found.severity == "critical" else "allow"
    comment = f"{line[: len(line) - len(line.lstrip())]}# secrets-gitops:{allow} {found.rule} -- a test\n"
    lines.insert(found.line - 1, comment)
    after = scan({**files, found.path: "".join(lines)}, *([] if keys(slug) else [slug]), **keys(slug))
    places = {(found.path, found.line), (found.path, found.line + 1)}
    assert not places & {(f.path, f.line) for f in after.findings if f.rule == found.rule}
    assert places & {(one.finding.path, one.finding.line) for one in after.suppressed}


def fits(slug, finding) -> bool:
    if slug in catalog.FAMILIES:
        return finding.rule.startswith(f"{slug}-")
    return slug in {finding.rule, *finding.also}


@pytest.mark.parametrize("kind", rule_examples.STAND_INS)
def test_every_kind_of_marker_can_be_shown_and_filled_in(kind):
    argument = {"token": "github", "long": "1", "recipient": "alice", "sops": "alice"}.get(kind, "12")
    example = rule_examples.Example("any", {"a.yaml": f"a: {{{kind}:{argument}}}\n"})
    text = filled(example)["a.yaml"]
    assert f"{{{kind}" not in text
    assert f"{{{kind}" not in rule_examples.shown(example.files["a.yaml"])


def test_no_page_holds_what_a_test_fills_in():
    """What stands on a page is the stand-in, and other braces stay."""
    text = "a: {password}\nb: ${password}\nc: {{ password }}\nd: {unknown}\n"
    assert rule_examples.shown(text) == "a: <a password>\nb: ${password}\nc: {{ password }}\nd: {unknown}\n"
