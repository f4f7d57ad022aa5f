"""The data file of provider tokens: its samples are found, its negatives are not, and its compiled form is current."""

from __future__ import annotations

import base64
import re
import tomllib

import compile_tokens
import pytest
from recipes import Maker

from secrets_gitops.lint import token_table, token_validators
from secrets_gitops.lint.rules.provider_token import RULE
from secrets_gitops.lint.run import Run
from secrets_gitops.lint.target import Target

SOURCE = compile_tokens.SOURCE.read_text(encoding="utf-8")
TOKENS = tomllib.loads(SOURCE)["token"]
SAMPLES = [(token["name"], recipe) for token in TOKENS for recipe in token["samples"]]
NEGATIVES = [(token["name"], recipe) for token in TOKENS for recipe in token["negatives"]]
SURROUNDINGS = ["{}", 'value: "{}"\n', "a = '{}';", "export X={}\n", "see {} for more", "- `{}`\n"]


class Nothing:
    """A snapshot without files; the rule asks it for nothing."""

    root = "/"


def names(text: str) -> set[str]:
    return {found.token.name for found in RULE.find(text.encode())}


def test_the_compiled_table_equals_the_data_file():
    """After a change of provider_tokens.toml: python tests/tools/compile_tokens.py."""
    assert tuple(token_table.TOKENS) == tuple(compile_tokens.rows(SOURCE))
    assert compile_tokens.TARGET.read_text(encoding="utf-8") == compile_tokens.compiled(SOURCE)


@pytest.mark.parametrize(("name", "recipe"), SAMPLES)
def test_a_sample_is_found_wherever_it_stands(name, recipe):
    """Eight tokens of each recipe, in each surrounding; random bodies must not trip the look for stand-ins."""
    for seed in range(8):
        for around in SURROUNDINGS:
            made = Maker((name, recipe, seed)).make(recipe)
            text = around.replace("{}", made)
            assert name in names(text), f"missed in {around!r}"


@pytest.mark.parametrize(("name", "recipe"), NEGATIVES)
def test_a_look_alike_is_not_found(name, recipe):
    for seed in range(8):
        for around in SURROUNDINGS:
            assert name not in names(around.replace("{}", Maker((name, recipe, seed)).make(recipe)))


@pytest.mark.parametrize(("name", "recipe"), SAMPLES)
def test_what_is_reported_is_the_token_and_not_its_surroundings(name, recipe):
    made = Maker((name, recipe)).make(recipe)
    data = f"# first line\nkey: {made}\n".encode()
    found = next(found for found in RULE.find(data) if found.token.name == name)
    text = data[found.start : found.end].decode()
    assert text in made
    assert not re.search(r"\s", text) or name == "gcp-service-account"


def test_names_and_numbers_are_used_once():
    assert len({token["name"] for token in TOKENS}) == len(TOKENS)
    numbers = [token["alias"] for token in TOKENS]
    assert numbers == sorted(set(numbers))
    assert numbers[0] > 710


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token["name"])
def test_every_entry_is_complete(token):
    assert token.keys() <= {
        "name", "alias", "title", "anchors", "words", "inside", "context", "opening", "pattern", "unguarded",
        "validator", "severity", "docs", "fix", "samples", "negatives",
    }  # fmt: skip
    assert hasattr(token_validators, token["validator"])
    assert token["severity"] in {"low", "medium", "high", "critical"}
    assert token["docs"].startswith("https://")
    assert token["samples"]
    assert token["negatives"]
    assert token.get("anchors") or token.get("words")
    assert all(word == word.lower() for word in token.get("words", []))


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token["name"])
def test_every_repeat_has_an_upper_bound(token):
    outside_classes = re.sub(r"\\.|\[[^\]]*\]", "c", token["pattern"])
    assert not re.search(r"(?<!\})[*+]|\{\d+,\}", outside_classes)  # `{0,9}+` is bounded and gives nothing back


def test_the_published_samples_of_checksums_are_right():
    """GitHub's blog shows a body and its checksum; GitLab's documentation shows a routable token."""
    body, check = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq17"
    assert names("ghp" + "_" + body + check) == {"github"}
    assert names("ghp" + "_" + body + "0mLq18") == set()
    assert names("glpat" + "-bzox79Of-KE9FD2LjoXXF4CvyxA" + ".0r03gxo7s") == {"gitlab"}
    assert names("glpat" + "-bzox79Of-KE9FD2LjoXXF4CvyxA" + ".0r03gxo7t") == set()


@pytest.mark.parametrize(
    "text",
    [
        "ghp_" * 1_250_000,
        "eyJ" * 1_600_000,
        "eyJ." * 1_250_000,
        "-eyJ" * 1_250_000,
        "glpat-" * 800_000,
        "glpat-" + "a" * 5_000_000,
        "a" * 5_000_000,
        "Ab3+" * 1_250_000,
        "Zm9vYmFy" * 600_000,
        "AKIA" + "Ab3+" * 1_250_000,
        "AKIA2345" * 600_000,
        "aws_secret" * 500_000,
        "aws_secret      " * 300_000,
        "okta     " * 600_000,
        "dd-key:" * 700_000,
        "twilio " + "0123456789abcdef" * 300_000,
        "s.a:s.b" * 700_000,
        "?sig=" * 1_000_000,
        "hooks.slack.com/services/" * 200_000,
        "-----BEGIN PRIVATE KEY-----service_account" * 120_000,
        "key: key:" * 550_000,
        "://a:" * 1_000_000,
        "- - -" * 1_000_000,
        "export " * 700_000,
        "k=k=k=" * 800_000,
        "\"'" * 2_500_000,
    ],
    ids=lambda text: repr(text[:12]),
)
@pytest.mark.timeout(20)
def test_a_hostile_line_of_five_megabytes_ends(text):
    """The time-out is the test: quadratic work on these would take minutes."""
    for _ in RULE.find(text.encode()):
        pass


@pytest.mark.timeout(20)
def test_a_hundred_thousand_tokens_on_one_line_end():
    tokens = [Maker(seed).make("npm" + "_{crc62:30}") for seed in range(50)]
    data = " ".join(tokens * 2_000).encode()
    findings = list(RULE.check(Target("a.txt", data, Run(Nothing()))))
    assert len(findings) == 100_000
    assert findings[-1].column == len(data) - len(tokens[0]) + 1


def test_a_finding_names_the_service_the_key_and_what_to_do():
    text = "data:\n  ci-token: " + Maker(1).make("glpat-{alnum:20}") + "\n"
    (finding,) = RULE.check(Target("ci/values.yaml", text.encode(), Run(Nothing())))
    assert (finding.rule, finding.severity, finding.line, finding.column) == ("provider-token-gitlab", "high", 2, 13)
    assert finding.message == "a GitLab token stands here under `ci-token`"
    assert "ci/values.yaml" in finding.fix
    assert "revoke" in finding.fix


@pytest.mark.parametrize("depth", [1, 2])
def test_a_token_in_base64_is_reported_where_the_base64_stands(depth):
    token = Maker(2).make("glpat-{alnum:20}")
    encoded = f"token={token}\n".encode()
    for _ in range(depth):
        encoded = base64.b64encode(encoded)
    (finding,) = RULE.check(Target("a.yaml", b"a: 1\nb: " + encoded + b"\n", Run(Nothing())))
    assert (finding.line, finding.column, finding.end_column) == (2, 4, 4 + len(encoded))
    assert "in base64" in finding.message


def test_no_finding_holds_a_part_of_a_token():
    for name, recipe in SAMPLES:
        made = Maker((name, recipe)).make(recipe)
        for finding in RULE.check(Target("a.txt", made.encode(), Run(Nothing()))):
            body = max(re.findall(r"[0-9A-Za-z]+", made), key=len)
            shown = repr(finding)
            assert not any(body[at : at + 8] in shown for at in range(len(body) - 8))


@pytest.mark.parametrize("typed", ["provider-token-github", "SG713"])
def test_one_token_can_be_asked_for(typed):
    rule = RULE.named(typed)
    text = Maker(3).make("ghp" + "_{crc62:30} npm" + "_{crc62:30}")
    assert [f.rule for f in rule.check(Target("a.txt", text.encode(), Run(Nothing())))] == ["provider-token-github"]
    assert RULE.named("provider-token-nothing") is None


@pytest.mark.parametrize("path", ["img/{}.png", "{}/logo.png", "{}.bin"])
def test_a_token_in_the_name_of_a_file_that_is_not_looked_into(path, scan):
    token = Maker(4).make("ghp" + "_{crc62:30}")
    report = scan({path.format(token): b"\x89PNG\0\0\1\2"})
    assert [found.rule for found in report.findings] == ["provider-token-github"]
    assert report.skipped == 1
    assert not scan({path.format("a-picture-of-the-whole-system-in-2031"): b"\x89PNG\0\0\1\2"}).findings
