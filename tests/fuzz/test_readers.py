"""Whatever stands in a file, the readers give a document or our own error, quickly; and so does what follows on it.

Mutations of a small corpus, seeded, so that every run tries the same; `SECRETS_GITOPS_FUZZ=N` tries N times as many.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from secrets_gitops.documents import edit
from secrets_gitops.documents.document import walk
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.errors import Error
from secrets_gitops.golang import regexp

ROUNDS = 40 * int(os.environ.get("SECRETS_GITOPS_FUZZ", "1"))
SMALL = Limits(depth=30, nodes=2000, documents=50, alias_expansions=200)

YAML = [
    "a: 1\nb:\n- x\n- y: |\n    text\n  z: >+\n    folded\n\n# end\n",
    "base: &b {k: [1, 'two', \"three\"]}\nuse: *b\nm: {<<: *b, n: !!int 3}\n",
    "%YAML 1.1\n%TAG !e! tag:example.org,2000:\n---\n!e!x a: !!binary aGk=\n...\n---\n? [k]\n: v\n",
    "\ufeff{a, b: , 'c': [x: y, ], }\r\n# é🎉\u2028k\x85\t\n",
    "sops:\n    mac: ENC[AES256_GCM,data:ab==,iv:cd==,tag:ef==,type:str]\n    lastmodified: \"2026-01-02T03:04:05Z\"\n",
    "2001-01-02: 0x1F\n~: 1e400\nyes: .inf\n1_000: 0o8\n",
]  # fmt: skip
JSON = [
    '{"a": [1, -2.5e+3, true, null], "b": {"c": "\\u00e9\\ud83c\\udf89\\n"}}\n',
    '{"a": 1}\n{"b": [[[[]]]]}\n',
    '[9223372036854775808, 1e400, "", {"": {}}]',
]
PATTERNS = [
    "^(data|stringData)$",
    "(?i)pass(word)?[a-z\\d]{2,5}?",
    "\\Qa.b\\E|[[:alpha:]\\-]+\\x{1F600}\\pL",
    "(?P<n>a|(?s:.))*$",
]
PIECES = [
    "\n", "\r", " ", "  ", "\t", ":", ": ", "- ", "? ", "#", " #", "[", "]", "{", "}", ",", "&a ", "*a", "!", "!!str ",
    "|", ">", "|2-", "'", '"', "\\", "%", "---\n", "...\n", "\0", "\x01", "\x7f", "\ufeff", "\u2028", "\x85", "\ud800",
    "🎉", "<<: ", "*b", "\\ud800", "1e9",
]  # fmt: skip


def mutated(random: Random, text: str) -> str:
    for _ in range(random.randint(1, 4)):
        start = random.randint(0, len(text))
        end = min(len(text), start + random.choice([0, 0, 1, 1, 2, 5, 20]))
        put = random.choice([random.choice(PIECES), text[start:end] * random.choice([0, 2, 40]), ""])
        text = text[:start] + put + text[end:]
    return text


def use(data: str | bytes, path: str, random: Random) -> bool:
    """Read, and do with the document all that is done with documents; whether it could be read."""
    try:
        document = read(
            data, path=path, limits=SMALL, duplicates=random.choice(["keep", "refuse"]), stream=random.random() < 0.3
        )
    except Error as error:
        assert error.exit_code == 3
        assert error.place is not None
        return False
    assert document.to_bytes().decode().removeprefix("\ufeff") == document.text
    document.comments()
    for index, root in enumerate(document.roots):
        nodes = list(walk(root))
        assert all(0 <= node.start <= node.end <= len(document.text) and node.line > 0 < node.column for node in nodes)
        for dialect in ("go_v3", "k8s"):
            try:
                to_plain(root, dialect)
            except Error:
                continue
        keys = [key.text for node in nodes for key, _ in node.pairs]
        path_in = [random.choice([*keys, 0, 1, "new"]) for _ in range(random.randint(1, 3))]
        try:
            document.apply(edit.set_path(document, index, path_in, random.choice(["v", "a\nb\n", {"k": [1]}, []])))
            document.apply(edit.remove_path(document, index, path_in))
        except Error:
            continue
    return True


@pytest.mark.parametrize("text", YAML, ids=range(len(YAML)))
def test_mutated_yaml_gives_a_document_or_our_error(text):
    read_well = [use(mutated(random, text), "x.yaml", random) for random in map(Random, range(ROUNDS * 8))]
    assert any(read_well)
    assert not all(read_well)


@pytest.mark.parametrize("text", JSON, ids=range(len(JSON)))
def test_mutated_json_gives_a_document_or_our_error(text):
    for random in map(Random, range(ROUNDS * 8)):
        use(mutated(random, text), "x.json", random)
    use(text, "x.json", Random(0))


@pytest.mark.parametrize("text", [*YAML, *JSON], ids=range(len(YAML) + len(JSON)))
def test_bytes_changed_one_by_one_give_a_document_or_our_error(text):
    for random in map(Random, range(ROUNDS * 2)):
        data = bytearray(text.encode())
        for _ in range(random.randint(1, 3)):
            data[random.randrange(len(data))] = random.randrange(256)
        use(bytes(data), "x.json" if text in JSON else "x.yaml", random)


@pytest.mark.parametrize("text", [*YAML, *JSON], ids=range(len(YAML) + len(JSON)))
def test_every_beginning_of_a_text_gives_a_document_or_our_error(text):
    for end in range(len(text)):
        use(text[:end], "x.json" if text in JSON else "x.yaml", Random(end))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_mutated_pattern_is_translated_or_refused_with_a_reason(pattern):
    for random in map(Random, range(ROUNDS * 8)):
        try:
            regexp.compile(mutated(random, pattern)).search("some password12")
        except ValueError as error:
            assert str(error)
