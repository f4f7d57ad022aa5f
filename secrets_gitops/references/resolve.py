"""Strings with references in, values out. All references of all strings go to the stores together.

A string that as a whole is one reference takes the value with its type; in a longer one everything becomes text.
What a store gives is never searched for references: a value cannot ask for another one. A reference inside a reference
(`ref+file://ref+env://NAME`) is resolved first, and its text stands in the outer one.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.errors import BadReference, EnvelopeError, Error, NoMatchingKey
from secrets_gitops.references import answers, catalog
from secrets_gitops.references.dialects import vals
from secrets_gitops.references.pick import as_document, as_value, pick, to_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from secrets_gitops.backends.backend import Fetched
    from secrets_gitops.errors import Place
    from secrets_gitops.references.fetcher import Fetcher
    from secrets_gitops.references.pick import Value
    from secrets_gitops.references.reference import Reference

MAX_DEPTH = 10
"""References inside each other, as in vals."""
_MAX_INNER = 100
"""References inside one reference, side by side ones included."""
_CANNOT_STAND_INSIDE = re.compile(r"[+\s\"\x00-\x1f\x7f]|,\Z")
"""Characters that would end the outer reference, so that the value would be cut."""

_ASKS_BASE64 = re.compile(r"[?&]encode=base64(?![^&+])")


class Wanted(NamedTuple):
    """A string whose references are to be resolved, and where it stands."""

    text: str
    place: Place | None = None


@dataclass
class _Part:
    """One (outermost) reference of a string on its way to a value."""

    text: str
    start: int
    end: int
    place: Place | None
    inner: int = 0
    """How many references inside it have been resolved."""
    value: Value = None
    error: Error | None = None
    done: bool = False

    def fail(self, error: Error) -> None:
        self.error, self.done = error, True


class Resolver:
    """Resolves strings through one Fetcher. `environ` serves `envsubst` and the parameters that may come from there."""

    def __init__(self, fetcher: Fetcher, environ: Mapping[str, str], *, keep_secretref: bool = False) -> None:
        self._fetcher = fetcher
        self._environ = environ
        self._keep_secretref = keep_secretref
        self._documents: dict[tuple[object, ...], Value | Error] = {}

    def find(self, text: str) -> list[vals.Match]:
        """The references of `text` that this resolver would resolve."""
        if "ref+" not in text:
            return []
        return [
            match
            for match in vals.find(text)
            if not (self._keep_secretref and "secretref+" in match.text)  # an inner one keeps the whole
        ]

    def encodes(self, text: str) -> bool:
        """Whether `text` is one reference that asks for its value as base64 by itself."""
        if not vals.is_reference(text):
            return False
        return _ASKS_BASE64.search(text.partition("#")[0]) is not None or self._environ.get("VALS_ENCODE") == "base64"

    def resolve(self, wanted: Sequence[Wanted]) -> list[Value | Error]:
        """For each string its value, or the first error in it with the place of the string."""
        strings = [
            [_Part(match.text, match.start, match.end, place) for match in self.find(text)] for text, place in wanted
        ]
        waiting = [part for parts in strings for part in parts]
        while waiting:
            self._step(waiting)
            waiting = [part for part in waiting if not part.done]
        return [_joined(text, parts) for (text, _), parts in zip(wanted, strings, strict=True)]

    def one(self, text: str) -> Value:
        """The value of one string. Raises what is wrong with it."""
        (result,) = self.resolve([Wanted(text)])
        if isinstance(result, Error):
            raise result
        return result

    def _step(self, parts: Sequence[_Part]) -> None:
        """Resolve the innermost reference of every part: of those that hold no other, themselves."""
        asked: list[tuple[_Part, vals.Match, Reference]] = []
        for part in parts:
            match = next(vals.find(part.text), None)
            try:
                if match is None or match.start or match.end != len(part.text):
                    raise BadReference("an inner value leaves no reference")
                if match.depth > MAX_DEPTH or part.inner > _MAX_INNER:
                    raise BadReference(f"more than {MAX_DEPTH} references stand inside each other")
                start, stop, _ = match.innermost
                expression = vals.split(part.text[start:stop])
                asked.append((part, match, catalog.reference(expression, self._environ)))
            except Error as error:
                part.fail(_placed(error, part))
        for (part, match, _), answer in zip(asked, self._answers(asked), strict=True):
            if isinstance(answer, Error):
                part.fail(_placed(answer, part))
            elif match.depth == 1:
                part.value, part.done = answer, True
            else:
                try:
                    _put_inside(part, match, answer)
                except Error as error:
                    part.fail(_placed(error, part))

    def _answers(self, asked: Sequence[tuple[_Part, vals.Match, Reference]]) -> list[Value | Error]:
        fetched = iter(
            self._fetcher.fetch(
                [reference for _, _, reference in asked if reference.store.backend not in answers.SCHEMES]
            )
        )
        results: list[Value | Error] = []
        for _, _, reference in asked:
            try:
                results.append(self._value(reference, fetched))
            except Error as error:
                results.append(error)
        return results

    def _value(self, reference: Reference, fetched: Iterator[Fetched | Error]) -> Value:
        path, part = reference.locator.path, reference.pick
        name = f"`ref+{reference.store.backend}://{path}`"
        if reference.store.backend in answers.SCHEMES:
            return pick(answers.answer(reference.store.backend, path, part, self._environ), part, name)
        answer = next(fetched)
        if isinstance(answer, Error):
            raise answer
        if part.keys is None:
            return pick(as_value(answer.value.reveal()), part, name)
        key = (reference.store, reference.locator)
        if key not in self._documents:
            try:
                self._documents[key] = as_document(answer.value.reveal(), path, answer.metadata.get("format"))
            except Error as error:
                self._documents[key] = error
        document = self._documents[key]
        if isinstance(document, Error):
            raise document
        return pick(document, part, name)


def _put_inside(part: _Part, match: vals.Match, value: Value) -> None:
    """Replace the innermost reference by its value. Raises BadReference when it cannot stand there."""
    if isinstance(value, (dict, list)) or value is None:
        raise BadReference("the value of a reference inside a reference is not a scalar")
    text = to_text(value)
    if _CANNOT_STAND_INSIDE.search(text):
        raise BadReference(
            "the value of a reference inside a reference holds a character that would end the outer one",
            hints=("a blank, a plus, a quote, a line break or a final comma cannot stand there",),
        )
    start, _, end = match.innermost
    part.text = part.text[:start] + text + part.text[end:]
    part.inner += 1


def _joined(text: str, parts: Sequence[_Part]) -> Value | Error:
    for part in parts:
        if part.error is not None:
            return part.error
    if len(parts) == 1 and parts[0].start == 0 and parts[0].end == len(text):
        return parts[0].value
    out, at = [], 0
    for part in parts:
        try:
            out += [text[at : part.start], to_text(part.value)]
        except Error as error:
            return _placed(error, part)
        at = part.end
    return "".join([*out, text[at:]])


def _placed(error: Error, part: _Part) -> Error:
    """`error` with the place of the reference; without the words of a reference that holds an inner value."""
    if part.inner:
        kind = type(error) if type(error) is not NoMatchingKey else EnvelopeError
        return kind("a reference cannot be resolved after the values inside it were put in place", place=part.place)
    placed = copy.copy(error)
    if placed.place is None:
        placed.place = part.place
    elif part.place is not None:
        placed.hints = (f"it is wanted by {part.place}", *placed.hints)
    return placed
