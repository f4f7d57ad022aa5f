"""Leaves of HCL: the literals of Terraform code, with what the names around them say, read in one pass over its tokens.

HCL is not parsed: an expression may be cut wrongly where quotes stand in quotes. Maps, lists and calls hand on what
their key says, as `lint.key_parents` has it; strings that select (`x["token"]`) or that name blocks are no leaves.
"""

from __future__ import annotations

import re

from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.key_parents import inherited, under
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.key_names import KeyName
    from secrets_gitops.lint.key_parents import Inheritance

_TOKEN = pattern(
    rb"""
      (?P<comment> \#[^\n]{0,4000}+ | //[^\n]{0,4000}+ )
    | (?P<open_comment> /\* )
    | (?P<heredoc> <<[-~]?[ \t]{0,4}"?(?P<mark>[A-Za-z_]\w{0,60}+)"?[ \t]{0,20}\r?\n )
    | (?P<string> "(?P<inside>(?:[^"\\\r\n]|\\[^\r\n]){0,4096}+)"? )
    | (?P<word> [A-Za-z_][\w.-]{0,1000}+ )
    | (?P<sets> =(?![=>~]) | => | :(?!:) )
    | (?P<opens> [{\[(] ) | (?P<closes> [}\])] )
    | (?P<ends> [\n,] )
    """,
    re.VERBOSE,
)
_DEEPEST = 200
_LOST = 1
"""Heredocs without an end that are looked for; a text with more of them is no HCL."""
_MOST = 200_000
"""Tokens; no file that people write has more, and its assignments are looked at all the same."""
_NAME_KEYS = frozenset({"name", "key"})
_STORES = {
    "kubernetes_secret": frozenset({"data", "string_data"}),
    "kubernetes_secret_v1": frozenset({"data", "string_data"}),
    "kubernetes_secret_v1_data": frozenset({"data"}),
    "aws_secretsmanager_secret_version": frozenset({"secret_string"}),
    "vault_generic_secret": frozenset({"data_json"}),
    "vault_kv_secret": frozenset({"data_json"}),
    "vault_kv_secret_v2": frozenset({"data_json"}),
}
"""Resources that hold secrets only, and the attribute in which they do."""


class HclLeaf(NamedTuple):
    """A literal in bytes `start` (included) to `end` (excluded), quotes left out."""

    name: str
    sense: KeyName
    text: str
    start: int
    end: int
    key_start: int
    """Where the key begins that says what it is; -1 when that stands far from it."""
    is_whole: bool
    """Is it all that the key is set to, and not a part of an expression or an argument?"""
    stored: bool
    """Does it stand where there is nothing but secrets?"""
    is_heredoc: bool


class _Frame:
    """A block, map, list, call or index that is open."""

    __slots__ = ("bracket", "in_call", "key", "key_start", "labels", "named", "parent", "sense", "setting", "stored")

    def __init__(self, bracket: bytes, parent: Inheritance, labels: tuple[str, ...]) -> None:
        self.bracket = bracket
        self.parent = parent
        self.labels = labels
        self.stored = False
        self.in_call = False
        self.key = ""
        self.key_start = -1
        self.sense: KeyName | None = None
        self.named = ""
        self.setting = False


def leaves(data: bytes) -> Iterator[HclLeaf]:
    """Every literal that a key is set to, in order."""
    yield from _Reader(data).run()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._stack = [_Frame(b"{", None, ())]
        self._words: list[tuple[str, int]] = []
        """The words since the last line end: a key, or the type and the labels of a block."""
        self._lost = 0
        self._held: list[HclLeaf] = []
        """Defaults of a variable whose name says nothing: secrets when it is marked `sensitive`."""
        self._is_sensitive = False

    def run(self) -> Iterator[HclLeaf]:
        data, at = self._data, 0
        for _ in range(_MOST):
            found = _TOKEN.search(data, at)
            if found is None:
                break
            at = found.end()
            kind = found.lastgroup
            if kind == "open_comment":
                end = data.find(b"*/", at)
                at = end + 2 if end >= 0 else len(data)
            elif kind == "heredoc":
                body = self._heredoc(found)
                if body is not None:
                    yield from self._leaf(*body, is_heredoc=True)
                    at = body[1]
                else:
                    self._end()
            elif kind == "string":
                top = self._stack[-1]
                if top.setting or top.bracket in b"[(":
                    yield from self._leaf(*found.span("inside"), is_heredoc=False)
                self._words.append((found["inside"].decode("utf-8", "replace"), found.start("inside")))
            elif kind == "word":
                top = self._stack[-1]
                self._is_sensitive |= found[0] == b"true" and top.key == "sensitive" and top.setting
                self._words.append((found[0].decode("ascii", "replace"), found.start()))
            elif kind == "sets":
                self._set()
            elif kind == "opens":
                self._open(found[0], found.start())
            elif kind == "closes":
                if len(self._stack) > 1 and self._stack.pop().labels[:1] == ("variable",):
                    yield from self._held if self._is_sensitive else ()
                    self._held, self._is_sensitive = [], False
                self._words.clear()
            elif kind == "ends":
                self._end()

    def _heredoc(self, found: re.Match[bytes]) -> tuple[int, int] | None:
        """Where the text of a heredoc begins and ends; None where it has no end."""
        if self._lost >= _LOST:
            return None
        end = re.compile(rb"^[ \t]{0,200}" + found["mark"] + rb"[ \t]{0,20}(?=[\r\n),;]|\Z)", re.MULTILINE)
        last = end.search(self._data, found.end())
        if last is None:
            self._lost += 1
            return None
        return found.end(), last.start()

    def _end(self) -> None:
        """A line or an item ends, and with it what a key of a map or block is set to."""
        top = self._stack[-1]
        if top.bracket == b"{":
            top.setting = False
        self._words.clear()

    def _set(self) -> None:
        """What came last is a key, and a value follows."""
        top = self._stack[-1]
        if top.bracket != b"{" or not self._words or top.setting:
            return
        key, top.key_start = self._words[-1]
        self._words.clear()
        top.setting = True
        if top.labels[:1] == ("variable",) and key == "default" and len(top.labels) > 1:
            key = top.labels[1]
        elif key == "value" and top.named:
            key = top.named
        top.key = key
        top.sense = under(top.parent, key)
        top.stored = top.stored or key in _STORES.get(top.labels[1] if len(top.labels) > 1 else "", ())

    def _open(self, bracket: bytes, at: int) -> None:
        top = self._stack[-1]
        if len(self._stack) >= _DEEPEST:
            return
        before = self._data[at - 1 : at]
        if bracket == b"{" and not top.setting and top.bracket == b"{":
            labels = tuple(word for word, _ in self._words[:4])
            key = labels[0] if labels else ""
            frame = _Frame(bracket, inherited(top.parent, key) if key not in {"variable", "resource"} else None, labels)
        else:
            frame = _Frame(bracket, inherited(top.parent, top.key) if top.key else top.parent, ())
            frame.stored = top.stored
            frame.in_call = top.in_call or bracket == b"("
            if bracket != b"{":
                frame.key, frame.key_start, frame.sense, frame.parent = top.key, top.key_start, top.sense, top.parent
                if bracket == b"[" and before not in (b" ", b"\t", b"[", b"(", b"{", b",", b"=", b"\n", b":"):
                    frame.sense = None  # an index
        self._stack.append(frame)
        self._words.clear()

    def _leaf(self, start: int, end: int, *, is_heredoc: bool) -> Iterator[HclLeaf]:
        top = self._stack[-1]
        text = self._data[start : min(end, start + 100_000)].decode("utf-8", "replace")
        if top.bracket == b"{" and top.key in _NAME_KEYS and top.setting:
            top.named = text
        if top.sense is None or not text.strip():
            return
        leaf = HclLeaf(
            top.key,
            top.sense,
            text,
            start,
            end,
            top.key_start if 0 <= start - top.key_start < 200 else -1,
            is_whole=not top.in_call and not self._words,
            stored=top.stored,
            is_heredoc=is_heredoc,
        )
        outer = self._stack[1] if len(self._stack) > 1 else top
        if outer.labels[:1] == ("variable",) and any(frame.key == outer.labels[-1] for frame in self._stack[1:]):
            self._held += [leaf._replace(sense=read_key("password"))] if top.sense.sensitivity == "open" else []
        yield leaf
