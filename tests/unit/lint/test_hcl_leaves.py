"""The walk over HCL: which literals it sees, under which names, and that no text holds it up."""

from __future__ import annotations

import time

import pytest

from secrets_gitops.lint.hcl_leaves import leaves


def read(text: str) -> list[tuple[str, str, str]]:
    return [(leaf.name, leaf.text, leaf.sense.sensitivity) for leaf in leaves(text.encode())]


def test_maps_hand_on_what_their_key_says():
    text = 'secrets = {\n  db = "a"\n  "x.y" : "b"\n  name = "c"\n}\nregion = "d"\n'
    expected = [("db", "a", "strong"), ("x.y", "b", "strong"), ("name", "c", "plain"), ("region", "d", "open")]
    assert read(text) == expected


def test_indices_comments_and_labels_are_no_leaves():
    text = 'token = data.x["a"] # "b"\n/* password = "c" */\nresource "d" "e" {\n}\n// password = "f"\n'
    assert read(text) == []


def test_a_heredoc_ends_at_its_mark_and_has_the_name_of_its_key():
    text = "password = <<-EOT\n  a EOT\n  EOT\ntoken = <<EOT\nb\nEOT\n"
    assert [(name, text.strip()) for name, text, _ in read(text)] == [("password", "a EOT"), ("token", "b")]


def test_what_stands_after_a_heredoc_without_an_end_is_read():
    assert read('password = <<EOT\ntoken = "b"\n') == [("token", "b", "strong")]


def test_arguments_belong_to_the_key_of_the_call():
    (leaf,) = leaves(b'password = coalesce(var.p, "a")')
    assert (leaf.name, leaf.text, leaf.is_whole) == ("password", "a", False)


@pytest.mark.parametrize("part", ["<<A\n", "password = {", '"', '"\\', "/*", "}", 'x="', "<<A\nA\n", "a" * 70 + "="])
def test_hostile_texts_take_time_in_proportion(part):
    def seconds(size: int) -> float:
        start = time.process_time()
        list(leaves(part.encode() * (size // len(part))))
        return time.process_time() - start

    assert seconds(800_000) < 40 * max(seconds(80_000), 0.005)
