"""The texts that base64 stands for are found whatever they hold."""

from __future__ import annotations

import base64
import random

import pytest

from secrets_gitops.lint.runs import hidden, runs


@pytest.mark.parametrize("strange", [0, 0.05, 0.1])
def test_every_text_of_which_nine_tenths_can_be_printed_is_found(strange):
    rng = random.Random(7)
    for _ in range(2_000):
        size = rng.randrange(24, 200)
        odd = set(rng.sample(range(size), int(size * strange)))
        text = bytes(rng.randrange(128, 256) if at in odd else rng.randrange(32, 127) for at in range(size))
        data = b"x: " + base64.b64encode(text).rstrip(b"=") + b"\n"
        assert text in [found.text for found in hidden(data, runs(data))], text


def test_digests_and_names_are_no_texts():
    data = b"sha256:%s requiredDuringSchedulingIgnoredDuringExecution" % (b"0123456789abcdef" * 4)
    assert not list(hidden(data, runs(data)))
