"""How kubectl and kubeseal put a YAML scalar into a field of type string.

The scalar is resolved as YAML 1.1 first, then printed by Go: `0777` becomes `511`, `yes` becomes `true`, and a float
passes through 32 bits (`3.14159265358979` becomes `3.1415927`; sigs.k8s.io/yaml formats with bit size 32).
"""

from __future__ import annotations

import math
import struct


def field_text(value: object) -> str | None:
    """The text that Go stores for a resolved scalar, bytes of `!!binary` included; None for a mapping or a list.

    Raises ValueError when `!!binary` bytes are not UTF-8.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return float32_text(value)
    if isinstance(value, bytes):
        return value.decode()
    return None


def float32_text(value: float) -> str:
    """`strconv.FormatFloat(value, 'g', -1, 32)`: the shortest digits that name the same 32-bit float."""
    if math.isnan(value):
        return "NaN"
    try:
        packed = struct.pack(">f", value)
    except OverflowError:
        packed = struct.pack(">f", math.copysign(math.inf, value))
    single: float = struct.unpack(">f", packed)[0]
    if math.isinf(single):
        return "+Inf" if single > 0 else "-Inf"
    for digits in range(9):
        text = f"{single:.{digits}e}"
        if struct.pack(">f", float(text)) == packed:
            break
    mantissa, _, exponent_text = text.partition("e")
    exponent = int(exponent_text)
    if exponent < -4 or exponent >= 6:
        return f"{mantissa}e{exponent:+03d}"
    decimals = sum(c.isdigit() for c in mantissa) - 1 - exponent
    return f"{single:.{max(0, decimals)}f}"
