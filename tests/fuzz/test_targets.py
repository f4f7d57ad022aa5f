"""Whatever comes into a parser, into `open`, into a merge: it ends well or with one of our errors.

Mutations of the seeds in `targets.py`, seeded, so that every run tries the same; `SECRETS_GITOPS_FUZZ=N` tries N times
as many. `make fuzz-long` looks for new ways with atheris.
"""

from __future__ import annotations

import os
from random import Random

import pytest
from targets import EXPECTED, TARGETS

ROUNDS = 12 * int(os.environ.get("SECRETS_GITOPS_FUZZ", "1"))
PIECES = [
    b"\n", b"\r\n", b" ", b"\t", b":", b": ", b"- ", b"#", b";", b"=", b"[", b"]", b"{", b"}", b",", b"&a ", b"*a",
    b"!!", b"|", b"'", b'"', b'"""', b"`", b"\\", b"---\n", b"\0", b"\x7f", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\xa8",
    b"-1", b"9" * 40, b"9" * 5000, b"null", b"sops", b"sops_", b"[sops]\n", b"__list_0__map_", b"__list_99999999__",
    b"ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]", b"type:int", b"<<<<<<< a\n", b"=======\n", b">>>>>>> b\n", b"AA==",
    b"mac", b"-> X25519 ", b"---", b"\\u0000", b"1e999", b"%s", "é🎉".encode(),
]  # fmt: skip


def mutated(random: Random, data: bytes) -> bytes:
    for _ in range(random.randint(1, 4)):
        start = random.randint(0, len(data))
        end = min(len(data), start + random.choice([0, 0, 1, 1, 2, 5, 20, 80]))
        kind = random.random()
        if kind < 0.5:
            put = random.choice(PIECES)
        elif kind < 0.7:
            put = data[start:end] * random.choice([0, 2, 40])
        elif kind < 0.8:
            put = bytes([random.randrange(256)])
        else:  # a line somewhere else, once more or no more
            lines = data.split(b"\n")
            line = lines.pop(random.randrange(len(lines)))
            lines[random.randint(0, len(lines)) : 0] = [line] * random.choice([0, 1, 2])
            data = b"\n".join(lines)
            continue
        data = data[:start] + put + data[end:]
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_mutations_end_well_or_with_our_error(name: str) -> None:
    target = TARGETS[name]
    for number, seed in enumerate([*target.seeds, b""]):
        for round_number in range(-1, ROUNDS):
            data = seed if round_number < 0 else mutated(Random(f"{number}/{round_number}"), seed)
            try:
                target.run(data)
            except EXPECTED:
                continue
            except BaseException as error:
                error.add_note(f"{name}: {data!r}")
                raise
