"""libyaml, through the C module of PyYAML.

PyYAML is a C module and a Python half, and importing one imports both. The Python half compiles regular expressions
that nobody uses who parses in C, and they take half as long as a bare interpreter's start. So while PyYAML is imported,
`re.compile` waits for the first use (`patterns.pattern`); the Python half works as before, a little later.
"""

from __future__ import annotations

import re
import sys

from secrets_gitops.patterns import pattern

if "yaml" in sys.modules:
    import yaml
else:
    compile_now = re.compile
    re.compile = pattern  # type: ignore[assignment]  # as good for all that importing does
    try:
        import yaml
    finally:
        re.compile = compile_now

__all__ = ["yaml"]
