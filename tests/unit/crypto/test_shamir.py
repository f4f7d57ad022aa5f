"""Shares against those of the real sops, and the properties of any split."""

from __future__ import annotations

import itertools

import pytest

from secrets_gitops.crypto import shamir

# The shares that sops 3.13 made for one file, and the data key of that file.
RECORDED = [
    "09cb1ec1a7deb288d61b02ab9d4ab6f412df947106d83ee009eae7ec1869281e01",
    "1a2556454f38056db9a4d2358105a9b081e90f201acca48005548b9d11c2de2702",
    "e27f6e39179368c79c386bb67cc9558cf0fb8fe6e7c0d2a0013eafb216528c3003",
]
DATA_KEY = "f19126bdff75df22f387bb2860864ac863cd14b7fbd448c00d80c3c31ff97a09"


@pytest.mark.parametrize("chosen", [(0, 1), (1, 2), (2, 0), (0, 1, 2)])
def test_recorded_shares_give_the_data_key(chosen: tuple[int, ...]):
    assert shamir.combine([bytes.fromhex(RECORDED[at]) for at in chosen]).hex() == DATA_KEY


@pytest.mark.parametrize(("shares", "threshold"), [(2, 2), (3, 2), (5, 3), (5, 5), (255, 7)])
def test_any_threshold_of_the_shares_is_enough_and_one_less_is_not(shares: int, threshold: int):
    secret = bytes(range(32))
    made = shamir.split(secret, shares, threshold)
    assert [share[-1] for share in made] == list(range(1, shares + 1))
    for chosen in itertools.islice(itertools.combinations(made, threshold), 20):
        assert shamir.combine(chosen) == secret
    if threshold > 2:
        assert shamir.combine(made[: threshold - 1]) != secret


def test_points_of_other_writers_count_as_they_stand():
    line = shamir.split(b"s", 200, 2)
    assert shamir.combine([line[6], line[199]]) == b"s"


@pytest.mark.parametrize(
    "shares",
    [[], [b"a\x01"], [b"a\x01", b"b\x01"], [b"a\x01", b"bb\x02"], [b"a\x00", b"b\x01"], [b"\x01", b"\x02"]],
)
def test_what_cannot_be_combined(shares: list[bytes]):
    with pytest.raises(ValueError, match="share"):
        shamir.combine(shares)


@pytest.mark.parametrize(("shares", "threshold"), [(1, 1), (2, 1), (2, 3), (256, 2)])
def test_what_cannot_be_split(shares: int, threshold: int):
    with pytest.raises(ValueError, match="split"):
        shamir.split(b"secret", shares, threshold)
