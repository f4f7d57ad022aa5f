"""What stands below a key, or in its brackets: may it hold a secret by that key's name?

Lines are looked at, and no structure. A part of the test that spares parsing (`lint.leaf_gate`): where it cannot tell,
it says yes.
"""

from __future__ import annotations

import re

from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.key_parents import ALONE, VALUES, inherited, under
from secrets_gitops.lint.reference_positions import only_names
from secrets_gitops.lint.value_model import is_secret
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.key_parents import Inheritance

_ENVELOPE = rb"""
    (?-i:ENC\[AES256_GCM,data:[A-Za-z0-9+/]{2,4000}={0,2},iv:[A-Za-z0-9+/]{43}=,tag:[A-Za-z0-9+/]{22}==,
        type:(?:str|int|float|bytes|bool)\])
"""
_END = rb"[ \t]{0,20}[,}\])]{0,4}[ \t]{0,20}(?:\#[^\r\n]{0,400})?(?=[\r\n]|\Z|\\n)"
_SETTING = rb"""
    (?:
        \\{0,2}(?:""|'') | \{\s{0,4}\} | \[\s{0,4}\] | null\b | ~ | (?:true|false|yes|no|on|off)\b | [0-9.]{1,5}\b
      | ["']?\{\{[^\r\n"'`]{0,400}\}\}["']?
      | ["']?\$\{[a-z_][a-z0-9_]{0,80}\}["']?
      | ["']?\$\{\{[^{}\r\n]{0,300}\}\}["']?
    )
"""
_DULL = pattern(_SETTING + _END, re.VERBOSE | re.IGNORECASE)
_DULL_STARTS = b"\\\"'{[~.$0123456789nNtTfFyYoO"
_SEALED = pattern(_ENVELOPE + _END, re.VERBOSE | re.IGNORECASE)
"""What is no secret, to the end of its line: a setting, or an envelope. Each begins as nothing else does."""
NOTHING = pattern(rb"(?:#[^\r\n]{0,2000})?(?:\r?\n|\Z)")
_SKIPPED = pattern(rb"(?:[ \t]{0,400}(?:(?:\#|\{\{|\{%)[^\n]{0,2000})?\r?\n){0,60}")
"""Lines without YAML: comments, templates, nothing."""
_KEY = pattern(rb"(?:\"[^\"\n]{1,200}\"|'[^'\n]{1,200}'|[^\s\"'{\[&*!|>#][^\n#]{0,200}?)[ \t]{0,200}:(?=\s|\Z)")
_PAIR = pattern(
    rb"(\"[^\"]{1,200}\"|'[^']{1,200}'|[^\s\"'][^:]{0,200}?)[ \t]{0,20}:(?:[ \t]+|(?<=\":)|\Z)(.*)", re.DOTALL
)
_DATA = pattern(rb"(?<![\w.-])data[\"']?[ \t]{0,20}:")
"""`secret: {data: {…}}` holds secrets."""
_IN_FLOW = pattern(rb"\"((?:[^\"\\]|\\.)*)\"|'((?:[^']|'')*)'|([^\s{}\[\],\"'][^{}\[\],\"']*)")
VALUE_NAMES = b"(?:%s)" % "|".join(sorted(VALUES)).encode()
_VALUE_GOES_ON = pattern(
    VALUE_NAMES + rb"[\"']?:[ \t]{1,20}[^\s\"'|>{\[&*!#][^\n]{0,4000}\n[ \t]{1,200}"
    rb"(?![^\n]{0,400}:(?:\s|\Z))[^\s#}\]]"
)
"""Words on the next line, without a key of their own."""
_OF_SCHEMA = frozenset((b"description", b"type", b"format", b"pattern"))
"""What a schema says of a field; no child of a map of secrets is called so."""
_BRACKET = pattern(rb'"(?:[^"\\\n]|\\.)*"|[{}\[\]]')
_WEAK = read_key("auth")
_ANY = read_key("passphrase")
"""Under it is a secret whatever is one under another strong key."""
_SHORTEST = 10
"""Characters of a value that looks made by chance."""
_PART = 8
"""Characters beside a template that may be a secret."""
_LARGEST = 20_000
"""Bytes below one key that are looked at line by line; to parse more is as quick."""


def is_setting(data: bytes, start: int) -> bool:
    """Is what stands from byte `start` to the end of its line no secret under any name: a setting, an envelope?"""
    first = data[start : start + 1]
    return bool((first in _DULL_STARTS and _DULL.match(data, start)) or (first == b"E" and _SEALED.match(data, start)))


def is_filled_in(value: bytes) -> bool:
    """Does a template fill in all of `value`, but for what is too short to be a secret?"""
    return all(len(part.partition(b"{{")[0]) < _PART for part in value.split(b"}}"))


class Values:
    """The values of one text, as far as they stand on one line; each is judged once under keys that ask for chance."""

    __slots__ = ("_judged",)

    def __init__(self) -> None:
        self._judged: dict[bytes, bool] = {}

    def is_random(self, value: bytes) -> bool:
        """Is it a secret under a weak key, quotes and what closes a flow left out?"""
        if len(value) < _SHORTEST:
            return False
        judged = self._judged.get(value)
        if judged is None:
            text = value.replace(b'\\"', b'"').strip(b" \t\"'\\,}]").decode("utf-8", "replace")
            judged = self._judged[value] = len(text) >= _SHORTEST and is_secret(text, _WEAK)
        return judged


def whole_key(before: bytes, word: bytes, after: bytes) -> str:
    """The key that is `word` alone; empty when it goes on, on either side."""
    if before.strip(b" \t-\"'{") or after.strip(b" \t\"'") != b":":
        return ""
    return word.decode("ascii")


def column_of(line: bytes) -> int:
    """Where the key stands, before which there is `line`: dashes of a list belong to its indentation."""
    return len(line) - len(line.lstrip(b" -"))


def is_called_secret(value: bytes, key: str) -> bool:
    """Is it a secret under the strong `key`, or, where that is empty, under some strong key?"""
    return is_secret(value.decode("utf-8", "replace"), read_key(key) if key else _ANY)


def holds_secret(data: bytes, values: Values, line: bytes, key: str, start: int, *, strong: bool) -> bool:
    """May what stands below `key` be a secret?

    `line` is what stands before it on its line, where nothing stands from `start` on.
    """
    line_break = data.find(b"\n", start)
    if line_break < 0:
        return False
    key_indent = column_of(line)
    skipped = _SKIPPED.match(data, line_break + 1)
    begin = skipped.end() if skipped else line_break + 1
    if begin >= len(data):
        return False
    ahead = data[begin : begin + 400]
    content = ahead.lstrip(b" \t")
    if content[:1] in (b"", b"#", b"\r", b"\n"):
        return True  # too much between to say
    indent = len(ahead) - len(content)
    is_list = content[:1] == b"-" and content[1:2] in (b" ", b"\t", b"\r", b"\n", b"")
    if indent < key_indent or (indent == key_indent and not is_list):
        return line[-1:] in (b'"', b"'") and content[:1] in b"\"'{["  # JSON, whose lines stand as they like
    if not is_list and _KEY.match(data, begin + indent) is None:
        return True
    if not strong and not is_list:
        return False
    ends = rb"^ {0,%d}[^\s#{-]" if is_list and indent == key_indent else rb"^ {0,%d}[^\s#{]"
    end = re.compile(ends % key_indent, re.MULTILINE).search(data, begin, begin + _LARGEST)
    if end is None and len(data) > begin + _LARGEST:
        return True
    region = data[begin : end.start() if end else len(data)]
    return _may_hold(region, values, key, strong=strong, is_list=is_list)


def flow_holds_secret(data: bytes, values: Values, key: str, start: int, *, strong: bool) -> bool:
    """May what stands between the brackets that open at byte `start`, at the end of a line of JSON, be one?"""
    depth = 0
    for found in _BRACKET.finditer(data, start, start + _LARGEST):
        if found[0] in b"{[":
            depth += 1
        elif found[0] in b"}]":
            depth -= 1
        if not depth:
            is_list = data[start : start + 1] == b"["
            return _may_hold(data[start + 1 : found.start()], values, key, strong=strong, is_list=is_list)
    return True


def may_hold_random(data: bytes, values: Values) -> bool:
    """May a value of a text be a secret where every key promises one, as in a file called `secrets.yaml`?"""
    return _may_hold(data, values, "", strong=False, is_list=False)


def _may_hold(region: bytes, values: Values, key: str, *, strong: bool, is_list: bool) -> bool:
    passed_on: Inheritance = "weak"
    if strong:
        if key and only_names(key):
            return False
        passed_on = inherited(None, key) if key else "strong"
        if not is_list and passed_on != "weak":
            return passed_on == "strong" and _holds_value(region)
    if len(region) > _LARGEST or (passed_on == "weak" and _DATA.search(region)):
        return True
    named = strong and any(name.encode() in region for name in ALONE)
    if named and _VALUE_GOES_ON.search(region):
        return True
    return any(
        _line_may_hold(line.strip(), values, passed_on, named=named, items=strong and is_list)
        for line in region.split(b"\n")
    )


def _holds_value(region: bytes) -> bool:
    """Is there a value that is more than a setting, under any key?"""
    within = -1
    for line in region.split(b"\n"):
        content = line.lstrip()
        indent = len(line) - len(content)
        if not content or 0 <= within < indent:
            continue
        name, value = _key_and_value(_without_dashes(content.strip())[0])
        within = indent if name in _OF_SCHEMA and value else -1
        if value and within < 0 and value not in (b"{", b"["):
            return True
    return False


def _without_dashes(content: bytes) -> tuple[bytes, bool]:
    """What stands on a line behind the dashes of a list, and whether there are any."""
    is_item = False
    while content.startswith(b"- "):
        content, is_item = content[2:].lstrip(), True
    return content, is_item


def _key_and_value(content: bytes) -> tuple[bytes, bytes]:
    """The key on a line and its value; both are empty where no secret can stand, the key where there is none."""
    if not content or content == b"-" or content[0] in b"#}]" or content.startswith((b"{{", b"{%")):
        return b"", b""
    pair = _PAIR.fullmatch(content) if content[0] not in b"{[" else None
    value = pair[2].strip() if pair else content
    if value.lstrip(b"\"'").startswith(b"{{") and b"}}" in value and is_filled_in(value):
        value = b""
    if value and is_setting(value, 0):
        value = b""
    return pair[1].strip(b"\"'") if pair else b"", value


def _is_block(value: bytes) -> bool:
    """Is it the head of a block scalar?"""
    return value[:1] in (b"|", b">") and not value[1:].partition(b" #")[0].strip(b"-+0123456789 \t")


def _line_may_hold(content: bytes, values: Values, passed_on: Inheritance, *, named: bool, items: bool) -> bool:
    """`named`: a `value:` has the name of the strong key above; `items`: so has every item of its list.

    What stands under other keys must look made.
    """
    content, is_item = _without_dashes(content)
    if items and (content == b"-" or (is_item and (content[:1] == b"#" or _is_block(content)))):
        return True
    written, value = _key_and_value(content)
    name = written.decode("utf-8", "replace")
    if not value or value in (b"{", b"["):
        return named and name in VALUES and content[-1:] in (b":", b"{", b"[")  # several values, on the lines below
    if value[0] in b"&*!" or (passed_on == "strong" and name):
        return True
    if named and name in VALUES:
        return value[0] in b"|>{[" or is_called_secret(value.strip(b"\"', \t"), "")
    if _is_block(value):
        return False
    if items and not name and (is_item or content[0] in b"\"'[{"):
        return True
    if value[0] in b"{[" or (value[0] in b"\"'" and value.count(value[:1]) > 2):
        parts = (found[1] or found[2] or (found[3] or b"").rpartition(b": ")[2] for found in _IN_FLOW.finditer(value))
        return any(map(values.is_random, parts))
    if not values.is_random(value):
        return False
    return not name or name in VALUES or under("weak", name).is_sensitive
