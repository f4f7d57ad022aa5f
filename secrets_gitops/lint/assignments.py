"""Assignments: every `key op value` of a text whose key promises a secret, in one pass over its bytes.

All rules about texts share the pass. It asks first which different words a text holds (a translation and a split, both
in C), then which of them are keys of secrets (remembered from file to file), and looks only where those stand. Every
expression is bounded, and what an assignment took is not looked at again, so that the time is linear.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.values.shape import word_share
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from secrets_gitops.lint.key_names import KeyName


_IN_WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
_BLANKED = bytes(c if c in _IN_WORD else 0x20 for c in range(256))
WORD_BYTES = frozenset(_IN_WORD)
_MAY_FOLLOW = frozenset(b"\\\"'`])>:=?+| \t")
"""What may stand between a key and what sets it, or sets it."""
_BETWEEN = b"\\\"'`])> \t"
_SETS = frozenset((b":", b"=", b"?", b"+", b"|", b","))
"""Between a key and its operator stand some of the first; one of the second begins every operator but `=>`."""
STEMS = tuple(
    b"""
    pass pwd pswd pw secret token cred key dsn psk pat hmac seed mnemonic otp pin salt bearer basic jwt docker
    connection auth cookie hash cert session code webhook licence license routing integration honeycomb
    sonar encrypt
    """.split()
)
"""What no key of a secret is without: one of these, in lower case."""
_WORD = pattern(rb"[\w.-]{2,1000}+", re.ASCII)
_AFTER_KEY = rb"""
    [\\"'`\])>]{0,4}+
    [ \t]{0,20}+
    (?P<op>
        string[ \t]{1,4}=(?![=~>])
      | :[ \t]{0,4}+[A-Za-z_*&][\w.\[\]|?*&<>]{0,40}+[ \t]{1,4}+=(?![=~>])   # with its type between
      | :=|=>|[?+|]{0,2}=(?![=~>])|:(?![:=+?])
      | (?<=["'`]),(?:
            (?:[ \t]{1,9}+\w{1,20}+=[\w.]{1,40}+,){0,4}+[ \t]{1,9}+default[ \t]?+=   # of an option
          | [ \t]{1,9}+[vV]alue[ \t]?+[:=]   # beside its name
        )?+
    )
    [ \t]{0,20}+
    (?:
        (?:
            \[(?!\]byte)[ \t]{0,20}+ | \([ \t]{0,20}+
          | (?=[\w.\[\]:]{3,60}+\()(?:
                (?:[\w.]{0,30}(?:ase64|b64)\w{0,12}|Buffer\.from|\[\]byte|[\w.]{1,30}\.secret|sensitive)\(
              | (?:String::from|SecretStr)\(
              | # what it falls back to
                (?:[\w.:]{1,30}\(\))?[\w.:]{0,40}(?:[eE]nv(?:iron)?\w{0,12}|\.get|\.fetch|[oO]r(?:Default|Else))\(
                [ \t]{0,4}+["'][\w.-]{1,80}+["'],[ \t]{0,4}+
            )
          | [\w.]{3,80}+(?:[(\[]["'][\w.-]{1,80}+["'][)\]])?+[ \t]{1,4}+(?:\|\||\?\?|or|\?:)[ \t]{1,4}+
        )?+
        (?=[bBrRuU@$]{0,2}+["'`])(?:""(?=")|''(?='))?+(?:[bBrRuU]{1,2}|@|\$)?+(?P<quote>["'`])(?P<quoted>
            (?<=")(?:[^"\\\r\n]|\\[^\r\n]){LEAST,4096}+(?=")
          | (?<=')(?:[^'\\\r\n]|\\[^\r\n]){LEAST,4096}+(?=')
          | (?<=`)[^`\r\n]{LEAST,4096}+(?=`)
        )
      | [|>][-+0-9]{0,2}[ \t]{0,40}+(?:\#[^\r\n]{0,400}+)?\r?\n(?:[ \t]{0,200}+\r?\n){0,20}+[ \t]{1,200}+
        (?P<block>   # the first line of a block scalar
            [^\s\#][^\r\n]{LEAST,4096}+)
      | (?P<escape>\\{1,7}["'])(?P<escaped>[^"'\\\r\n]{LEAST,4096}+)(?=\\)
      | BEGINS(?!(?P<short>["'`])[^"'`\r\n]{0,9}(?P=short)|[{\[][ \t]*+\\{0,7}["']
          |\[?\{[ \t]++[\w.-]{1,100}+:|\[?\{[\w.-]{1,100}+:[ \t])(?P<bare>BARE)
    )
"""
_LEAST = {"strong": 4, "weak": 10}
"""No shorter value is a secret; under a weak key it must look random too."""
_BARE = {True: (rb"(?=[^\s])", rb"[^\r\n]{LEAST,4096}+"), False: (rb"(?=[^\s,][^\s]{LESS})", rb"[^\s]{LEAST,4096}+")}
"""How a value without quotes begins, which is asked first because most do not, and all of it; by line, or not."""
_PATTERNS = {
    (by_line, sensitivity): _AFTER_KEY.replace(b"BEGINS", begins)
    .replace(b"BARE", bare)
    .replace(b"LEAST", b"%d" % least)
    .replace(b"LESS", b"%d" % (least - 1))
    for by_line, (begins, bare) in _BARE.items()
    for sensitivity, least in _LEAST.items()
}
_BASE64 = bytes(c if c in b"+/" or (c in _IN_WORD and c not in b"_-.") else 0x20 for c in range(256))
_ENVELOPE = pattern(rb"ENC\[AES256_GCM,data:[A-Za-z0-9+/=,:]*+\]")
_OFTEN = 2_000
"""A word that stands so often in a text is looked for with what follows it, by one expression."""
MANY = 64 * 1024 * 1024
"""Bytes that may be searched for the places of words before one expression finds them all."""


class Assignment(NamedTuple):
    """A key that promises a secret, and what it is set to."""

    key: str
    name: KeyName
    value: str
    """Without its quotes."""
    quote: str
    """The quote around it, or nothing."""
    op: str
    """`=`, `:`, `:=`, `=>`, or `,` (between the arguments of a call)."""
    start: int
    """Where the key begins, in bytes."""
    value_start: int
    end: int
    """Where the value ends; a quote after it is not counted."""


def find(data: bytes, keys: list[bytes], *, by_line: bool = False) -> list[Assignment]:
    """All assignments in `data` whose key is strong or weak, in order.

    A value without quotes ends at a space; with `by_line`, at the end of its line, so that there is one assignment on a
    line. `keys` are the words of `data` that promise a secret.
    """
    return list(_assignments(data, keys, by_line=by_line)) if keys else []


def split(data: bytes) -> set[bytes]:
    """The different words of `data`: letters, digits and what joins them in keys."""
    return set(data.translate(_BLANKED).split())


def promises(word: bytes) -> bool:
    """Does `word`, which holds one of STEMS, promise a secret when it is a key?"""
    return word[-1] in _ENDS and telling_name(word).is_sensitive


def telling_name(word: bytes) -> KeyName:
    """What a word with one of STEMS says of its value."""
    return read_key(word.decode("ascii").rstrip("0123456789"))  # a number says nothing, and they are many


_ENDS = frozenset(_IN_WORD) - frozenset(b".-")


def places(data: bytes, words: Sequence[bytes], may_follow: frozenset[int] = _MAY_FOLLOW) -> list[tuple[int, bytes]]:
    """Where the words stand, whole, with a byte after them that begins what may set them, in order."""
    size = len(data)
    if len(words) * size > MANY:
        kept = frozenset(words)
        return [
            (match.start(), match[0])
            for match in _WORD.finditer(data)
            if match[0] in kept and (match.end() == size or data[match.end()] in may_follow)
        ]
    found: list[tuple[int, bytes]] = []
    for word in words:
        length = len(word)
        at = data.find(word)
        while at >= 0:
            after = at + length
            if (after == size or data[after] in may_follow) and (not at or data[at - 1] not in WORD_BYTES):
                found.append((at, word))
            at = data.find(word, after)
    found.sort()
    return found


def _assignments(data: bytes, words: list[bytes], *, by_line: bool) -> Iterator[Assignment]:
    found: list[tuple[int, bytes, re.Match[bytes]]] = []
    names = {word: telling_name(word) for word in words}
    is_counted = 10 * _OFTEN < len(data) <= MANY // len(words)
    often = [word for word in words if data.count(word) > _OFTEN] if is_counted else []
    for start, word in places(data, [word for word in words if word not in often]):
        end = start + len(word)
        if data[end : end + 26].lstrip(_BETWEEN)[:1] not in _SETS and data[end : end + 8] != b" string ":
            continue  # prose; the expressions are not compiled for it
        match = _compiled(_PATTERNS[by_line, names[word].sensitivity]).match(data, end)
        if match is not None:
            found.append((start, word, match))
    for word in often:
        literal = re.escape(word)  # comes first: what begins with a literal is searched for by that
        expression = literal + rb"(?<![\w.-]" + literal + b")" + _PATTERNS[by_line, names[word].sensitivity]
        found += ((match.start(), word, match) for match in re.compile(expression, re.VERBOSE).finditer(data))
    found.sort(key=lambda one: one[0])
    done = 0
    opens, closes = _envelopes(data) if found and b"ENC[AES256_GCM," in data else ([], [])
    for start, word, match in found:
        if start < done:
            continue
        envelope = bisect_right(opens, start) - 1
        if envelope >= 0 and start < closes[envelope]:
            continue  # `…pw=,iv:…`: chance made a key of ciphertext
        if data.startswith(b"=", start + len(word)) and _is_padded(data, start, word):
            continue
        if data[start - 1 : start] == b":" and b"arn:" in data[max(0, start - 120) : start].rpartition(b" ")[2]:
            continue  # `arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf`
        kind = match.lastgroup
        assert kind is not None
        value_start, done = match.span(kind)
        op = match["op"]
        yield Assignment(
            word.decode("ascii"),
            names[word],
            match[kind].decode("utf-8", "replace").rstrip(),
            (match["quote"] or match["escape"] or b"").decode("ascii"),
            "=" if len(op) > 2 else op.decode("ascii"),
            start,
            value_start,
            done,
        )


def _is_padded(data: bytes, start: int, word: bytes) -> bool:
    """Is the word at `start`, before an `=`, the end of base64 that chance let end like a key: `8fL0iTMcKey=`?"""
    if (word.islower() or word.isupper()) and not data.startswith((b"+", b"/"), max(0, start - 1)):
        return False
    end = start + len(word)
    run = data[max(0, end - 100) : end].translate(_BASE64).rpartition(b" ")[2]
    if run[:1] == b"n" and data.startswith(b"\\", end - len(run) - 1):
        run = run[1:]  # a line break, as it is written in one line
    if len(run) % 4 != 3:
        return False
    if data[end + 1 : end + 20].lstrip(b"\\nr \t\r\n").startswith(b"-----END "):
        return True
    text = run.decode("ascii")
    kinds = any(map(str.islower, text)), any(map(str.isupper, text)), any(map(str.isdigit, text))
    return len(text) >= 12 and all(kinds) and word_share(text) < 0.3


def _envelopes(data: bytes) -> tuple[list[int], list[int]]:
    """Where the values begin that sops encrypted, and where they end: each on its line, without a blank."""
    places = [found.span() for found in _ENVELOPE.finditer(data)]
    return [begin for begin, _ in places], [end for _, end in places]


def _compiled(expression: bytes) -> re.Pattern[bytes]:
    return re.compile(expression, re.VERBOSE)
