"""Floats as text: as sops seals and hashes them, and as we write them into YAML and JSON."""

from __future__ import annotations

# Outside of these powers of ten a positional number is longer than anybody wants to read.
_SMALLEST_POSITIONAL, _LARGEST_POSITIONAL = -6, 21  # as JavaScript, and Go's encoding/json


def format_float(value: float) -> str:
    """The shortest digits that give back the same double, without an exponent: Go's `FormatFloat(v, 'f', -1, 64)`."""
    if value != value:  # noqa: PLR0124  the definition of NaN
        return "NaN"
    sign, digits, exponent = _digits(value)
    if digits == "inf":
        return "-Inf" if sign else "+Inf"
    return sign + _positional(digits, exponent)


def yaml_float(value: float) -> str:
    """A float as YAML text that every dialect reads as the same float; the point stays, so that none takes an int."""
    if value != value:  # noqa: PLR0124  the definition of NaN
        return ".nan"
    sign, digits, exponent = _digits(value)
    if digits == "inf":
        return f"{sign}.inf"
    if value == 0 or _SMALLEST_POSITIONAL <= exponent < _LARGEST_POSITIONAL:
        text = _positional(digits, exponent)
        return sign + (text if "." in text else f"{text}.0")
    return f"{sign}{digits[0]}.{digits[1:] or '0'}e{exponent:+03}"


def json_float(value: float) -> str:
    """A float as Go's encoding/json writes it: whole numbers without a point. Raises ValueError for what JSON lacks."""
    sign, digits, exponent = _digits(value)
    if not digits.isdigit():
        raise ValueError("JSON has no infinity and no NaN")
    if value == 0 or _SMALLEST_POSITIONAL <= exponent < _LARGEST_POSITIONAL:
        return sign + _positional(digits, exponent)
    return f"{sign}{digits[0]}{'.' + digits[1:] if digits[1:] else ''}e{exponent:+}"


def go_float(value: float) -> str:
    """A float where sops writes it as text: Go's `FormatFloat(v, 'G', -1, 64)`, with a point in whole numbers."""
    text = short_float(value).upper().replace("INF", "Inf").replace("NAN", "NaN")
    return text if {".", "E", "n", "N"} & set(text) else f"{text}.0"


def short_float(value: float) -> str:
    """Go's `FormatFloat(v, 'g', -1, 64)`, as go-yaml writes a float: with an exponent below 1e-4 and from 1e6 on."""
    if value != value:  # noqa: PLR0124  the definition of NaN
        return "NaN"
    sign, digits, exponent = _digits(value)
    if digits == "inf":
        return "-Inf" if sign else "+Inf"
    if value != 0 and not -4 <= exponent < 6:
        return f"{sign}{digits[0]}{'.' + digits[1:] if digits[1:] else ''}e{exponent:+03}"
    return sign + _positional(digits, exponent)


def _digits(value: float) -> tuple[str, str, int]:
    """Sign, significant digits (no zeros at either end, but for zero itself) and the power of ten of the first one."""
    text = repr(value)
    sign = "-" if text[0] == "-" else ""
    mantissa, _, power = text.removeprefix("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    if not whole.isdigit():
        return sign, whole, 0
    digits = (whole + fraction).lstrip("0")
    exponent = int(power or "0") + len(digits) - len(fraction) - 1
    return sign, digits.rstrip("0") or "0", exponent


def _positional(digits: str, exponent: int) -> str:
    if digits == "0":
        return "0"
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return f"{whole}.{digits[exponent + 1 :]}" if digits[exponent + 1 :] else whole
