"""Made by chance or by a person?"""

from __future__ import annotations

import random
import string

import pytest

from secrets_gitops.lint.values import shape

WORDS = [
    "production", "letsencrypt", "monitoring", "certificate", "kubernetes-dashboard", "orders.created.events",
    "my-database-backup", "nginx-ingress-controller", "eu-west-1", "com.example.payments.Service",
]  # fmt: skip


def test_texts_by_chance_look_random(values):
    missed = [text for text in (values.password(24) for _ in range(300)) if not shape.is_random_looking(text)]
    assert len(missed) <= 6
    assert sum(shape.is_random_looking(values.hex(40)) for _ in range(100)) >= 94
    assert all(shape.is_random_looking(values.base64(24)) for _ in range(100))


@pytest.mark.parametrize("text", [*WORDS, "hunter2", "", "aaaaaaaaaaaaaaaaaaaaaaaa", "10.0.0.1"])
def test_words_and_short_texts_do_not(text):
    assert not shape.is_random_looking(text)


@pytest.mark.parametrize("text", WORDS)
def test_most_of_a_name_is_words(text):
    assert shape.word_share(text) >= 0.5


def test_entropy_is_shannons():
    assert shape.entropy("") == 0
    assert shape.entropy("aaaa") == 0
    assert shape.entropy("abcd") == 2
    assert shape.entropy("aabb") == 1


def test_letters_by_chance_are_jumbled():
    chance = random.Random(5)
    texts = ["".join(chance.choices(string.ascii_letters, k=14)) for _ in range(300)]
    assert sum(map(shape.is_jumbled, texts)) > 150


@pytest.mark.parametrize(
    "text", [*WORDS, "getUserName", "HTTPServerURL", "passwordResetToken", "SCREAMING", "aBcDeFgH"]
)
def test_words_in_camel_case_are_not_jumbled(text):
    assert not shape.is_jumbled(text)
