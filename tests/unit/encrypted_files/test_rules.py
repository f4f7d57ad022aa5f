"""Which creation rule holds for a file."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.encrypted_files import rules
from secrets_gitops.errors import NotBuiltYet, SettingsError
from secrets_gitops.keys import age

if TYPE_CHECKING:
    from pathlib import Path

RECIPIENT = age.generate()[1]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch):
    """A maker: write files below a folder that is the current one; a repository with `git`."""
    monkeypatch.chdir(tmp_path)

    def make(files: dict[str, str], *, git: bool = False) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        if git:
            subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
        return tmp_path

    return make


def rule(path_regex: str = "", age: str = RECIPIENT) -> str:
    return f"creation_rules:\n  - path_regex: '{path_regex}'\n    age: {age}\n"


def find(path: str, **more: object):
    return rules.find(path, environ={}, strict=True, **more)


def test_the_nearest_file_above_the_encrypted_one_counts_not_the_one_above_here(tree):
    tree({".sops.yaml": rule("top"), "apps/.sops.yaml": rule("secret"), "apps/db/x": ""})
    found = find("apps/db/secret.yaml")
    assert found.path == "apps/.sops.yaml"
    assert found.rule is not None
    assert str(found.rule.place).startswith("apps/.sops.yaml:2")


def test_the_expression_sees_the_path_below_the_rules(tree):
    tree({"apps/.sops.yaml": rule("^db/s"), "apps/db/x": ""})
    assert find("apps/db/s.yaml").rule is not None
    assert find("apps/s.yaml").rule is None


def test_from_a_folder_below(tree, monkeypatch):
    root = tree({".sops.yaml": rule("^apps/db/"), "apps/db/x": ""})
    monkeypatch.chdir(root / "apps" / "db")
    found = find("s.yaml")
    assert (found.path, found.rule is not None) == ("../../.sops.yaml", True)


def test_not_above_the_repository(tree, monkeypatch):
    root = tree({".sops.yaml": rule()})
    (root / "repository").mkdir()
    subprocess.run(["git", "init", "-q", "repository"], cwd=root, check=True)
    assert find("repository/s.yaml").path is None


def test_named_rules_win_and_match_absolute_paths_elsewhere(tree):
    root = tree({".sops.yaml": rule("nothing"), "c/other.yaml": rule(r"/s\.yaml$"), "s.yaml": ""})
    assert find("s.yaml", config="c/other.yaml").rule is not None
    assert rules.find("s.yaml", environ={"SOPS_CONFIG": str(root / "c/other.yaml")}, strict=True).rule is not None


def test_without_rules_the_error_says_how_to_make_some(tree):
    tree({})
    with pytest.raises(SettingsError, match=r"there is no `\.sops\.yaml` above `s\.yaml`") as caught:
        rules.required("s.yaml", find("s.yaml"))
    assert any("init" in hint for hint in caught.value.hints)


def test_a_file_with_the_name_that_sops_ignores_is_pointed_out(tree):
    tree({".sops.yml": rule()})
    with pytest.raises(SettingsError) as caught:
        rules.required("s.yaml", find("s.yaml"))
    assert "its name must be `.sops.yaml`" in caught.value.hints[0]


def test_no_rule_that_fits(tree):
    tree({".sops.yaml": rule("^prod/")})
    with pytest.raises(SettingsError, match=r"no creation rule in `\.sops\.yaml` fits `s\.yaml`") as caught:
        rules.required("s.yaml", find("s.yaml"))
    assert caught.value.exit_code == 2


def test_an_unknown_field_is_an_error_before_encrypting_and_a_warning_elsewhere(tree):
    tree({".sops.yaml": f"creation_rules:\n  - path_regx: x\n    age: {RECIPIENT}\n"})
    with pytest.raises(SettingsError, match="path_regx") as caught:
        find("s.yaml")
    assert (caught.value.place.line, caught.value.exit_code) == (2, 2)
    relaxed = rules.find("s.yaml", environ={}, strict=False)
    assert relaxed.rules is not None
    assert "path_regx" in relaxed.rules.warnings[0][1]


def test_recipients_of_a_rule_each_once(tree):
    tree({".sops.yaml": rule(age=f"{RECIPIENT},{RECIPIENT}")})
    assert [[one.text for one in group] for group in rules.key_groups(find("s.yaml").rule).groups] == [[RECIPIENT]]


def test_key_groups_of_a_rule_and_how_many_it_takes(tree):
    other = age.generate()[1]
    groups = f"[{{age: [{RECIPIENT}]}}, {{age: [{other}, {RECIPIENT}]}}]"
    tree({".sops.yaml": f"creation_rules:\n  - key_groups: {groups}\n    shamir_threshold: 2\n"})
    keys = rules.key_groups(find("s.yaml").rule)
    assert [[one.text for one in group] for group in keys.groups] == [[RECIPIENT], [other, RECIPIENT]]
    assert keys.threshold == 2


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            f"creation_rules:\n  - shamir_threshold: 1\n    key_groups: [&g {{age: [{RECIPIENT}]}}, *g]\n",
            SettingsError,
            "must be 2 to 2",
        ),
        ("creation_rules:\n  - hckms: [region:1]\n", NotBuiltYet, "Huawei"),
        ("creation_rules:\n  - age: age1bad\n", SettingsError, "age recipient"),
    ],
)
def test_what_is_not_handled_is_refused_by_name(tree, text: str, error: type[Exception], message: str):
    tree({".sops.yaml": text})
    with pytest.raises(error, match=message) as caught:
        rules.key_groups(find("s.yaml").rule)
    assert caught.value.place.line == 2


def test_recipients_from_the_command_line():
    other = age.generate()[1]
    assert [one.text for one in rules.age_recipients([f"{RECIPIENT}, {other}", RECIPIENT])] == [RECIPIENT, other]
    with pytest.raises(SettingsError):
        rules.age_recipients([","])
