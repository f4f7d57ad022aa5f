"""`provider-token`: a token of a known service, raw or in base64. The tokens stand in `provider_tokens.toml`.

A family: findings carry `provider-token-NAME`.
"""

from __future__ import annotations

import re

from secrets_gitops.lint.finding import Region
from secrets_gitops.lint.runs import SHORTEST, hidden, runs
from secrets_gitops.lint.token_table import TOKENS
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target
    from secrets_gitops.lint.token_table import Token
    from secrets_gitops.lint.token_validators import Validator

FAMILY = "provider-token"

_KEY = pattern(rb"(?<![0-9A-Za-z_.-])([0-9A-Za-z_.-]{1,80}+)[\"']?[ \t]{0,20}(?:=>|[:=])[ \t]{0,20}[\"']?\Z")

_ALNUM = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SHAPE = bytes(0x78 if c in _ALNUM + b"+/" else 0x20 for c in range(256))
_LONG = b"x" * 32
"""The shape of every token that is known by a word beside it, not by an anchor; Okta's begins with `00` instead."""
_WORDS = bytes(c if c in _ALNUM + b"_" else 0x20 for c in range(256))


class Found(NamedTuple):
    """A token in bytes `start` (included) to `end` (excluded)."""

    start: int
    end: int
    token: Token


class ProviderToken:
    """Finds some or all of the tokens of the data file."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens
        self._inside = [(anchor, token) for token in tokens if token.inside for anchor in token.anchors]
        self._leading: dict[bytes, list[tuple[bytes, Token]]] = {}
        for token in tokens:
            for anchor in () if token.inside else token.anchors:
                self._leading.setdefault(anchor[:2], []).append((anchor, token))
        self._words = [(word, token) for token in tokens for word in token.words]
        self._of_words = frozenset(word for word, _ in self._words)
        self._compiled: dict[str, tuple[re.Pattern[bytes], Validator]] = {}
        self._members: dict[str, ProviderToken] = {}
        one = tokens[0] if len(tokens) == 1 else None
        self.id = f"{FAMILY}-{one.name}" if one else FAMILY
        self.alias = one.alias if one else "SG710"
        self.severity: Severity = one.severity if one else "high"
        self.summary = f"{_a(one.title)} stands in a file" if one else "a token of a known service stands in a file"
        self.why = (
            "Whoever reads the repository, now or in its history, can use the token. Its form is that of a real one: "
            "checksum or structure fit where the format has them, and nothing was asked over the network."
        )
        self.fix = (
            f"take it out of `PATH`; once it was pushed, {one.fix}"
            if one
            else "take it out of `PATH`; once it was pushed, revoke it at the service"
        )

    def named(self, slug: str) -> ProviderToken | None:
        """The rule for one token, by slug or `SGnnn`; None when there is no such."""
        for token in self._tokens:
            if slug in {f"{FAMILY}-{token.name}", token.alias}:
                return ProviderToken((token,))
        return None

    def members(self) -> tuple[ProviderToken, ...]:
        """The rules for each token, for lists."""
        return tuple(ProviderToken((token,)) for token in self._tokens)

    def concerns(self, target: Target) -> bool:
        """Only a whole file: the bytes of a text inside one are the file's own."""
        return target.parent is None

    def check(self, target: Target) -> Iterator[Finding]:
        """Tokens in the path, in the bytes, then in texts that base64 stands for, to a depth of two."""
        if any(len(part) >= SHORTEST for part in target.path.split("/")):
            for found in self.find(target.path.encode("utf-8", "surrogateescape")):
                yield self._in_path(target, found.token)
        for found in self.find(target.data, target.runs, target.words):
            yield self._finding(target, found.token, found.start, found.end)
        for outer in target.hidden:
            dense = runs(outer.text)
            inside = {found.token for found in self.find(outer.text, dense)}
            for inner in hidden(outer.text, dense):
                inside.update(found.token for found in self.find(inner.text, runs(inner.text)))
            for token in inside:
                for start, end in outer.places(target.data):
                    yield self._finding(target, token, start, end, in_base64=True)

    def find(self, data: bytes, dense: bytes | None = None, known: frozenset[bytes] | None = None) -> Iterator[Found]:
        """Every token in `data`, kind by kind. A pattern is compiled when an anchor occurs.

        `dense` are the runs of `data`, `known` the words of tokens that occur in it.
        """
        dense = runs(data) if dense is None else dense
        if not dense:
            return
        starts = {word[:2] for word in dense.translate(_WORDS).split()}
        if _LONG in dense.translate(_SHAPE) or b"00" in starts:
            loose = data.lower() if known is None or not known.isdisjoint(self._of_words) else b""
        else:
            loose, known = b"", None
        for token in dict.fromkeys(
            [
                token
                for start in self._leading.keys() & starts
                for anchor, token in self._leading[start]
                if anchor in dense
            ]
            + [token for anchor, token in self._inside if anchor in dense]
            + [token for word, token in self._words if word in (loose if known is None else known)]
        ):
            pattern, valid = self._compile(token)
            if token.anchors and not token.context and pattern.search(dense) is None:
                continue  # the runs are a small part of the file, and hold the token whole
            for match in _beginning(pattern, data, loose, token) if token.opening else pattern.finditer(data):
                if valid(match):
                    yield Found(*match.span(pattern.groups and 1), token)

    def _compile(self, token: Token) -> tuple[re.Pattern[bytes], Validator]:
        if token.name not in self._compiled:
            from secrets_gitops.lint import token_validators  # noqa: PLC0415  few files hold what looks like a token

            self._compiled[token.name] = re.compile(token.pattern), getattr(token_validators, token.validator)
        return self._compiled[token.name]

    def _in_path(self, target: Target, token: Token) -> Finding:
        """What is in the path is shown with every finding; it can be told all the same."""
        message = f"{_a(token.title)} stands in the name of the file"
        fix = "rename the file, and change the token"
        return target.finding(self._member(token), Region(1, 1, 1, 1), message, fix=fix)

    def _member(self, token: Token) -> ProviderToken:
        if token.name not in self._members:
            self._members[token.name] = ProviderToken((token,))
        return self._members[token.name]

    def _finding(self, target: Target, token: Token, start: int, end: int, *, in_base64: bool = False) -> Finding:
        named = _KEY.search(target.data[max(0, start - 130) : start].rpartition(b"\n")[2])
        key = named[1].decode() if named else ""
        return target.finding(
            self._member(token),
            target.region(start, end),
            f"{_a(token.title)} stands here{' in base64' if in_base64 else ''}{f' under `{key}`' if key else ''}",
            key=key,
            value=target.data[start:end],
        )


def _beginning(pattern: re.Pattern[bytes], data: bytes, loose: bytes, token: Token) -> Iterator[re.Match[bytes]]:
    """The matches that begin with one of the token's words; `loose` is `data` in lower case."""
    end = 0
    for at in sorted({at for word in token.words for at in _places(loose, word)}):
        match = pattern.match(data, at) if at >= end else None
        if match:
            end = match.end()
            yield match


def _places(text: bytes, word: bytes) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _a(title: str) -> str:
    """`title` with its article."""
    return f"{'an' if title[0] in 'AEIOaeio' or title.startswith('npm') else 'a'} {title}"


RULE = ProviderToken(TOKENS)
