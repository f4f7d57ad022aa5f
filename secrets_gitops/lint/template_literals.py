"""Literals of templates in Secrets: `{{ "value" | b64enc }}`, `{{ .x | default "value" }}`, `value{{ .x }}`.

The parser sees a masked span there and nothing else; what is quoted in it stands in the repository all the same.
"""

from __future__ import annotations

from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.value_model import classify
from secrets_gitops.lint.values import shape
from secrets_gitops.patterns import pattern

_SPAN = pattern(r"\{\{[^\n]{0,2000}?\}\}")
_QUOTED = pattern(r"\"((?:[^\"\\\n]|\\.){10,400})\"|`([^`\n]{10,400})`|'([^'\n]{10,400})'")
_APART = pattern(r"[^A-Za-z0-9!@#$%^&*+=_~?-]+")
_MADE = pattern(r"[A-Za-z0-9!@#$%^&*+/=_~?-]+")


def literal_in(text: str, key: str) -> str:
    """The first text in the scalar `text`, in a span of it or beside, that is a secret; empty without one.

    It has to look made by chance: the arguments of functions are names, formats and expressions.
    """
    literals: list[str] = []
    if any(quote in text for quote in "\"'`"):
        spans = [found[0] for found in _SPAN.finditer(text)]
        literals += [found[1] or found[2] or found[3] for span in spans for found in _QUOTED.finditer(span)]
    if "\n" not in text and "://" not in text and read_key(key).sensitivity == "strong":
        literals += _APART.split(_SPAN.sub(" ", text))
    return next((literal for literal in literals if _is_made(literal, key)), "")


def _is_made(literal: str, key: str) -> bool:
    return (
        len(literal) >= 10
        and _MADE.fullmatch(literal) is not None
        and shape.is_random_looking(literal)
        and shape.classes(literal) >= 3
        and classify(literal, key, strict=True) == "plaintext"
    )
