import pytest

from secrets_gitops.golang.field_text import field_text

# Printed by Go 1.26: strconv.FormatFloat(value, 'g', -1, 32)
FLOATS = [
    (0.0, "0"), (3.1, "3.1"), (1e3, "1000"), (3.14159265358979, "3.1415927"), (1234567.891, "1.2345679e+06"),
    (1e20, "1e+20"), (123456.0, "123456"), (1234567.0, "1.234567e+06"), (0.0001, "0.0001"), (0.00001, "1e-05"),
    (-2.5, "-2.5"), (16777217.0, "1.6777216e+07"), (1e6, "1e+06"), (999999.0, "999999"), (1e-45, "1e-45"),
    (3.4e38, "3.4e+38"), (1e39, "+Inf"), (-1e39, "-Inf"), (float("inf"), "+Inf"), (float("nan"), "NaN"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), FLOATS)
def test_floats_pass_through_32_bits(value: float, expected: str) -> None:
    assert field_text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", "x"),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (511, "511"),
        (b"hello", "hello"),
        ({}, None),
        ([], None),
    ],
)
def test_other_scalars(value: object, expected: str | None) -> None:
    assert field_text(value) == expected
