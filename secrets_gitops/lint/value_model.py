"""What a value is: exactly one class for each. Only `plaintext` can fail a scan.

False alarms are won or lost here; every row of the order below has its tests.
"""

from __future__ import annotations

import re
from functools import lru_cache

from secrets_gitops.lint import key_words, names
from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.mask import mask_spans
from secrets_gitops.lint.values import bodies, ciphertext, placeholders, public, shape, stand_ins
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from secrets_gitops.lint.key_names import KeyName

    ValueClass = Literal[
        "empty", "ciphertext", "public", "template", "expansion", "reference", "setting", "documented",
        "placeholder", "identifier", "path", "name", "prose", "plaintext",
    ]  # fmt: skip

_EMPTY = frozenset({"", "~", "{}", "[]", '""', "''", "null"})
_SETTING = pattern(
    r"""
    true | false | yes | no | on | off | enabled | disabled
    | [-+]?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:e[-+]?[0-9]{1,3})? | 0x[0-9a-f]{1,8}
    | (?:[0-9]{1,9}(?:\.[0-9]{1,6})?(?:ns|us|µs|ms|s|m|h|d|w|y)){1,4}
    | [0-9]{1,12}(?:\.[0-9]{1,6})?(?:[kmgtpe]i?b?|%|b)
    | [0-9]{4}-[0-9]{2}-[0-9]{2}(?:[t ][0-9:.]{4,18}(?:z|[-+][0-9:]{2,6})?)?
    | (?:v|[~^<>=]{1,2}[ ]?)?[0-9]{1,6}\.[0-9]{1,6}(?:\.[0-9]{1,6})?(?:[-+][0-9a-z.-]{1,20})?
    | (?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/[0-9]{1,2})?(?::[0-9]{1,5})?
    | md5 | (?:hmac-?)?sha-?(?:1|224|256|384|512) | bcrypt | scrypt | argon2(?:id?|d)?
    | pbkdf2(?:[-_]sha-?(?:1|256|512))?
    | [ehpr]s(?:256|384|512) | eddsa | aes-?(?:128|192|256)(?:-?(?:cbc|ctr|gcm))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_USERINFO = pattern(
    r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,30}://"
    r"([^\s/?#\"']{1,400}(?=@)|[^\s/?#\"':@]{0,100}:(?![0-9]{1,5}[/?#])[^\s\"'@]{1,400}(?=@))@",
    re.IGNORECASE,
)
"""What stands before the `@`. A password may hold a slash, although it should not; a port is none."""
_ASSIGNED = pattern(r"(?:^|[?&;,\s])-{0,2}([A-Za-z][\w.-]{0,40}(?: [A-Za-z]{2,10})?)\s?=\s?([^;&,\s\"']{1,400})")
_PINNED = pattern(r"(?:release|origin|version)[ ]\S[^\n]{0,200}")
"""What apt holds a package to."""
_LICENSE = pattern(r"\b(?:[AL]?GPL(?:v?[0-9])?|MIT|BSD|Apache|MPL|EPL|ISC|CC0|CC-BY)\b")
_COLOUR = pattern(r"(?:\x1b|\\(?:x1b|033|e|u001b))\[[0-9;]{0,20}m", re.IGNORECASE)
_FLAG = pattern(r"--?[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*(?:=(.*))?")
_PARAMETERS = pattern(r"[a-z_]{2,40}=\S+(?:[ ]+[a-z_]{2,40}=\S+)+")
_CONNECTION = pattern(r"[A-Za-z][\w ]{1,40}=[^;=\n]{0,300}(?:;[ ]?[A-Za-z][\w ]{1,40}=[^;\n]{0,300}){1,30};?")
_FALLBACK = pattern(r"\bdefault[ (]{1,4}[\"']([^\"'{}\n]{4,200})[\"']")
_TAG = pattern(r"</?[a-z][a-z0-9]{0,12}(?:[ ][^<>]{0,300})?/?>", re.IGNORECASE)
_LABELS = ("passw", "passe", "contras", "senha", "kennw", "token", "secret", "key", "login", "schl")
_REMEMBERED = 500
"""Characters of a value whose verdict is remembered: what comes again and again is short."""
_MARKS = ".,;:!?()'\""
_SIZED = pattern(r"[0-9]{1,9}[kmgKMG]?(?:[ ][a-z_]{2,20}(?:=[\w/.]{1,20})?){1,6};?")
"""What a line goes on with behind the name of something: nginx's `zone=token:10m rate=1r/s;`."""
_NOTE = pattern(
    r"\(?(?:see|via|from|managed|stored|provided|injected|set|kept|comes|generated|rotated|read|taken|loaded|lives|ask)"
    r"(?:[ ][A-Za-z]{1,20}){1,8}[.!)]{0,2}",
    re.IGNORECASE,
)
"""Where a value comes from, in words: `managed by vault`, `(set in CI)`."""
_SENTENCE = pattern(r"\S+ +\S+ +\S.*[.!?:)]", re.DOTALL)


def classify(text: str, key: str | KeyName = "", *, strict: bool = False, tag: str | None = None) -> ValueClass:
    """The class of `text` under `key`, which is a key as written or what is known of it.

    `strict`: it stands where only secrets stand (the data of a Secret), so that looking like a name or like prose
    excuses it only when the key says so. `tag`: its YAML tag, for instance `!vault`.
    """
    return _classify(text, read_key(key) if isinstance(key, str) else key, strict=strict, tag=tag)


def _classify(text: str, key: KeyName, *, strict: bool, tag: str | None = None) -> ValueClass:
    text = text.strip()
    if text in _EMPTY or text.isspace():
        return "empty"
    if ciphertext.looks_like_sops(text) or tag == "!vault":
        sound = ciphertext.is_ansible_body(text) if tag == "!vault" else ciphertext.is_sops(text)
        return "ciphertext" if sound else "plaintext"
    if tag is not None and stand_ins.is_filled_in(tag, text):
        return "expansion"
    if ciphertext.is_ciphertext(text) or (key.words == ("secure",) and ciphertext.is_rsa(text)):
        return "ciphertext"
    if public.is_public(text):
        return "public"
    if "\n" in text:
        return _classify_body(text, key, strict=strict)
    return _classify_line(text, key, strict=strict)


def _classify_body(text: str, key: KeyName, *, strict: bool) -> ValueClass:
    """The class of several lines: plaintext when one of the assignments in them is."""
    inside = bodies.assignments(text)
    if inside is None:
        if all(stand_ins.is_template(line) for line in text.splitlines() if line.strip()):
            return "template"
        if strict:
            return "prose" if key.holds_prose else "plaintext"
        return "plaintext" if key.sensitivity == "strong" else "prose"
    found: ValueClass = "setting"
    for name, value in inside:
        inner = read_key(name)
        kind = _classify_line(value, inner, strict=strict) if value else "empty"
        if kind == "plaintext" and (strict or _is_secret(value, inner)):
            return "plaintext"
        if kind in {"template", "expansion", "placeholder", "reference"}:
            found = kind
    return found


def _is_secret(value: str, key: KeyName) -> bool:
    """Outside a Secret, plaintext is secret under strong keys always, under weak ones when it looks random."""
    return key.sensitivity == "strong" or (key.sensitivity == "weak" and shape.is_random_looking(value))


def is_secret(text: str, key: str | KeyName, *, tag: str | None = None) -> bool:
    """Outside a Secret: is this a secret in plaintext? `key` as `classify` takes it."""
    name = read_key(key) if isinstance(key, str) else key
    if name.sensitivity not in {"strong", "weak"} and ";" not in text:
        return False  # only a login counts whatever its key says
    return (_verdict if len(text) <= _REMEMBERED else _verdict.__wrapped__)(text, name, tag)


@lru_cache(maxsize=1024)
def _verdict(text: str, name: KeyName, tag: str | None) -> bool:
    if _classify(text, name, strict=False, tag=tag) != "plaintext":
        return False
    return _is_secret(text, name) or is_login(text)


def is_login(text: str) -> bool:
    """Is it a connection string of several parts, one of which is a password? Its key need not say so."""
    if ";" in text:
        return _CONNECTION.fullmatch(text) is not None and _assigns_secret(text)
    return "=" in text and " " in text and _PARAMETERS.fullmatch(text) is not None and _assigns_secret(text)


def _classify_line(text: str, key: KeyName, *, strict: bool) -> ValueClass:
    """The class of a value on one line."""
    if ciphertext.looks_like_sops(text):
        return "ciphertext" if ciphertext.is_sops(text) else "plaintext"
    if "{{" in text or "{%" in text:
        if "default" in text and key.is_sensitive and _falls_back(text, key):
            return "plaintext"
        text = mask_spans(text)  # what a template fills in is no literal, wherever it stands
    if "=" in text and _assigns_secret(text[:4096]):
        return "plaintext"
    passwords = [found[1].partition(":") for found in _USERINFO.finditer(text)] if "://" in text else []
    if passwords:
        return _classify_userinfo(passwords)
    default = stand_ins.default_of(text)
    if default is not None:
        return _classify_line(default, key, strict=strict) if default else "expansion"
    if text[0] in "{[" and bodies.assignments(text) is not None:  # one of its values may be filled in, another not
        return _classify_body(text, key, strict=strict)
    if stand_ins.is_reference(text):
        return "reference"
    if stand_ins.is_template(text):
        return "plaintext" if _holds_literal(stand_ins.without_templates(text), key) else "template"
    if stand_ins.is_expansion(text):
        return "plaintext" if _holds_literal(stand_ins.without_expansions(text), key) else "expansion"
    if not strict and stand_ins.is_code(text.rstrip(",;")):
        return "reference"
    if _SETTING.fullmatch(text):
        sensitive = key.is_sensitive if strict else key.sensitivity == "strong"
        # A PIN, a one-time code; the seed of a test run is none.
        is_code = sensitive and key.words[-1:] != ("seed",) and sum(c.isdigit() for c in text) >= 6
        is_code = is_code and text.count(".") < 3  # an address
        return "plaintext" if is_code and not placeholders.is_placeholder(text) else "setting"
    if not strict and text[0].isdigit() and _SIZED.fullmatch(text):
        return "setting"
    if key.words[-1:] == ("pin",) and _PINNED.fullmatch(text):
        return "setting"
    if key.words[-1:] in {("license",), ("licence",)} and len(text) <= 100 and _LICENSE.search(text):
        return "setting"
    if _COLOUR.match(text) and not shape.is_random_looking(_COLOUR.sub("", text)):
        return "setting"  # `PASS="\\033[32mok"`
    if placeholders.is_documented(text):
        return "documented"
    if placeholders.is_placeholder(text):
        return "placeholder"
    if names.is_identifier(text, key, strict=strict):
        return "identifier"
    if names.is_path(text, key, strict=strict):
        return "path"
    if names.is_name(text, key, strict=strict):
        return "name"
    if key.holds_prose and " " in text:
        return "prose"
    if strict:
        return "plaintext"
    if _CONNECTION.fullmatch(text) and not {"connection", "connectionstring", "dsn"}.isdisjoint(key.words):
        return "setting"
    if _is_arguments(text) or (key.sensitivity != "strong" and _PARAMETERS.fullmatch(text)):
        return "setting"
    if _is_prose(text, key):
        return "prose"
    return "plaintext"


def _falls_back(text: str, key: KeyName) -> bool:
    """Does a template in `text` fall back to a secret: `{{ x | default("…") }}`, `{{ default "…" .x }}`?"""
    return any(
        _is_secret(found[1], key) and _classify_line(found[1], key, strict=False) == "plaintext"
        for found in _FALLBACK.finditer(text)
        if not found[1].isalpha()
    )


def _holds_literal(rest: str, key: KeyName) -> bool:
    """Is a part of `rest`, which stands beside what is filled in, a secret by itself?"""
    if key.sensitivity != "strong" or not rest.strip():
        return False
    from secrets_gitops.lint.values import beside  # noqa: PLC0415  most values are filled in wholly

    parts = beside.literals(rest[:4096], typed=key.asks_a_person)
    return any(_classify_line(part, key, strict=False) == "plaintext" for part in parts)


def _is_arguments(text: str) -> bool:
    """Are these flags of a command, and is what they are given no secret? A value that begins with `-` may be one."""
    if not text.startswith("-"):
        return False
    words = text.split()
    first = _FLAG.fullmatch(words[0])
    if first is None or "-" not in words[0][2:] or shape.is_random_looking(words[0]):
        return False
    for word in words:
        flag = _FLAG.fullmatch(word)
        value = word if flag is None else flag[1]
        if value and _classify_line(value, read_key("value"), strict=False) == "plaintext":
            return False
    return True


def _is_prose(text: str, key: KeyName) -> bool:
    """Is it a sentence for people, or at least some words under a key that holds what machines make?"""
    text = _TAG.sub(" ", text).strip()
    if _NOTE.fullmatch(text) and key_words.OF_WORDS.isdisjoint(key.words):
        named = {word.strip(_MARKS).lower() for word in text.split(" ")}
        if not key.asks_a_person or not key_words.KEEPERS.isdisjoint(named):
            return True  # `see spot run fast` says of no place that the value is there
    if _SENTENCE.fullmatch(text):
        return not _is_passphrase(text, key)
    if _names_itself(text):
        return True
    words = [word for part in text.split(" ") if (word := part.strip(_MARKS))]
    is_typed = key.asks_a_person or not key_words.OF_WORDS.isdisjoint(key.words)
    return len(words) >= 3 and not is_typed and all(names.is_plain_word(word) for word in words)


def _names_itself(text: str) -> bool:
    """Are these words about passwords and the like, as labels are (`Mot de passe`), and so not one?"""
    words = [word.strip(_MARKS) for word in text.split(" ")]
    if len(words) == 1:
        return text.isalpha() and not text.isascii()  # `Пароль`
    return (
        len(words) >= 2
        and all(word.isalpha() and (word[1:].islower() or len(word) == 1) for word in words if word)
        and any(word.lower().startswith(_LABELS) for word in words)
    )


def _is_passphrase(text: str, key: KeyName) -> bool:
    """May a sentence be the secret? `forgotPassword: Forgot your password?` is a label, a passphrase may have words."""
    if key.sensitivity != "strong":
        return False
    return not key_words.OF_WORDS.isdisjoint(key.words) or shape.word_share(text) <= 0.6


def _assigns_secret(text: str) -> bool:
    """Does `text` hold `password=literal`, as connection strings and queries of URLs do?"""
    for found in _ASSIGNED.finditer(text):
        key = read_key(found[1])
        if key.sensitivity == "strong" and _classify_line(found[2], key, strict=True) == "plaintext":
            return True
    return False


def _classify_userinfo(found: list[tuple[str, str, str]]) -> ValueClass:
    """The class of `user:password` parts before an `@`: plaintext when one of the passwords is."""
    strong = read_key("password")
    kind: ValueClass = "path"
    for user, colon, password in found:
        if not colon:
            kind = "plaintext" if len(user) >= 16 and shape.is_random_looking(user) else kind
        elif password:
            kind = _classify_line(password, strong, strict=True)
        if kind == "plaintext":
            return kind
    return kind
