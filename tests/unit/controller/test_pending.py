"""Texts that wait for a worker: the newest of each, within bounds that hold for the memory, too."""

from __future__ import annotations

import tracemalloc

import orjson

from secrets_gitops.clients.kube.objects import Key
from secrets_gitops.controller.pending import Pending


def test_the_newest_text_is_given_once():
    pending, key = Pending(), Key("ns", "a")
    pending.keep(key, b"old")
    pending.keep(key, b"new")
    assert pending.take(key) == b"new" and pending.take(key) is None


def test_what_does_not_fit_is_not_kept_and_what_is_taken_makes_room():
    pending, first, second = Pending(largest=5), Key("ns", "a"), Key("ns", "b")
    pending.keep(first, b"1234")
    pending.keep(second, b"5678")
    assert pending.take(second) is None and pending.take(first) == b"1234"
    pending.keep(second, b"5678")
    assert pending.take(second) == b"5678"


def test_texts_take_little_more_memory_than_their_length():
    pending, obj = Pending(), {"spec": {"encryptedData": {"k": "A" * 1000}}}
    length = len(orjson.dumps(obj))
    tracemalloc.start()
    try:
        for number in range(500):
            pending.keep(Key("ns", str(number)), orjson.dumps(obj))
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 500 * (length + 400)
