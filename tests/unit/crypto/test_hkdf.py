"""HKDF-SHA-256 against the test vectors of RFC 5869 (the first 32 bytes of each output)."""

from __future__ import annotations

from secrets_gitops.crypto.hkdf import derive


def test_the_vectors_of_the_rfc_hold():
    basic = derive(b"\x0b" * 22, salt=bytes(range(13)), info=bytes(range(0xF0, 0xFA)))
    assert basic.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
    without_salt = derive(b"\x0b" * 22, salt=b"", info=b"")
    assert without_salt.hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
