"""Which rules a text concerns, without asking each of them."""

from __future__ import annotations

import pytest

from secrets_gitops.lint import catalog, dispatch
from secrets_gitops.lint.run import Run
from secrets_gitops.lint.target import Target


def target(memory, text: bytes, path: str = "a.txt") -> Target:
    return Target(path, text, Run(memory({})))


def test_a_rule_is_asked_for_its_words_or_its_kind_of_files(memory):
    rules = dispatch.deferred(["private-key", "tfstate-committed", "sops-unmerged", "compose-ci-env-secret"])
    asked = dispatch.Dispatch(rules).asked

    def names(text: bytes, path: str = "a.txt") -> list[str]:
        return [rule.id for rule in asked(target(memory, text, path))]

    assert names(b"nothing") == ["private-key"]
    assert names(b"<<<<<<< ours") == ["private-key", "sops-unmerged"]
    assert names(b"{}", "terraform.tfstate") == ["private-key", "tfstate-committed"]
    assert names(b"nothing", "compose.yaml") == names(b"CURL it") == ["private-key", "compose-ci-env-secret"]


@pytest.mark.parametrize("slug", sorted(catalog.UNASKED))
def test_a_rule_that_is_never_asked_would_say_no(memory, slug):
    texts = [b"a: [", b"# secrets-gitops:allow -- x", b"lint:\n  allow: []\n"]
    assert not any(catalog.load(slug).concerns(target(memory, text, "a.yaml")) for text in texts)
    assert dispatch.Dispatch(dispatch.deferred([slug])).asked(target(memory, texts[0])) == []


def test_words_are_found_whatever_is_remembered_of_others(memory, monkeypatch):
    monkeypatch.setattr(dispatch, "_MEMORY", 20)

    def words(text: bytes) -> frozenset[bytes]:
        return target(memory, text).words

    assert words(b" ".join(b"w%d my-sops-%d" % (at, at) for at in range(50))) == {b"sops"}
    assert len(dispatch._dull) <= 20
    assert len(dispatch._senses) <= 20
    long = b"x" * 200 + b"SOPS" + b"x" * 200
    assert words(long + b" w1") == words(long) == {b"sops"}
    assert long not in dispatch._senses
    assert words(b"y" * 200) == frozenset()
    assert b"y" * 200 not in dispatch._dull
