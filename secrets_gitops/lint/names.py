"""What names something and is no secret itself: an identifier, a path, a name. Asked by `lint.value_model`."""

from __future__ import annotations

import re

from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.values import shape
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.key_names import KeyName

_UUID = pattern(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_HEX = pattern(r"(?:[0-9a-f]{7,8}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})", re.IGNORECASE)
_SUM = pattern(r"[A-Za-z0-9+/]{27}=|[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}==")
"""SHA-1, SHA-256 and SHA-512 in base64."""
_DIGEST = pattern(
    r"(?:[\w./:-]{1,200}@)?(?:sha(?:1|256|384|512)[:=-]|h1:|zh:|md5[:-])[A-Za-z0-9+/]{20,128}={0,2}"
    r"|(?:i|vpc|subnet|sg|eni|ami|vol|rtb|igw|nat|snap|acl)-[0-9a-f]{8,17}"
)
_PATH = pattern(
    r"(?:\.{0,2}/|~/|[A-Za-z]:\\|(?:HK[A-Z_]{2,20}|SOFTWARE|Software|SYSTEM)\\)[^\s\"'`$]*|(?:[\w.-]+/)+[\w.-]+\.[a-z]{2,8}"
    r"|\$(?:[a-z]{2,20}|\{[a-z]{2,20}\})(?:/[a-z][\w-]{0,40}){0,8}/[\w-]{1,60}\.[a-z]{2,5}"
)
_FILE = pattern(r"\.(?:key|pem|crt|cer|js|mjs|css|map|json|ya?ml|txt|conf|svg|png)$")
"""The end of a file's name."""
_KINDS = frozenset({"creds", "credentials", "secret", "secrets", "keystore", "truststore"})
_BASE64 = pattern(r"(?=[^0-9]*[0-9])(?=[^A-Z]*[A-Z])[A-Za-z0-9+/]{24,400}={0,2}")
_URL = pattern(r"[a-z][a-z0-9+.-]{1,30}://[^\s\"'`]*", re.IGNORECASE)
_COMMIT = pattern(r"/(?:blob|tree|raw|commits?|archive)/[0-9a-f]{40}(?=/|$)")
_NAME = pattern(r"[A-Za-z0-9](?:[\w./:@ -]{0,250}[\w/])?")
_NAMES = 50
"""More of them are no list of names that somebody wrote."""


def is_identifier(text: str, key: KeyName, *, strict: bool) -> bool:
    """Is it an id or a digest under a key that holds one? `strict`, here as below: as `classify` has it."""
    if key.sensitivity == "strong":
        return key.words[-1] == "pin" and _DIGEST.fullmatch(text) is not None  # of a key or a certificate
    if _DIGEST.fullmatch(text):
        return True
    if strict and key.sensitivity != "plain":
        return False
    if _UUID.fullmatch(text):
        return not key.is_sensitive
    return key.identifies and (_HEX.fullmatch(text) is not None or _SUM.fullmatch(text) is not None)


def is_path(text: str, key: KeyName, *, strict: bool) -> bool:
    """Is it a path or a URL of which no part looks made?"""
    is_url = _URL.fullmatch(text) is not None and "ref+echo:" not in text  # which is the value itself
    if not is_url and not _PATH.fullmatch(text):
        return False
    way = text.partition("://")[2].partition("/")[2] if is_url else text
    if key.sensitivity != "strong":
        way = _COMMIT.sub("", "/" + way)
    if not is_url and "/" in way and _FILE.search(way):
        folder, _, name = way.rpartition("/")
        way = f"{folder}/{name.replace('.', '/')}"  # `icon.lock.e1e6da7b.chunk.js`, of which no part looks made
    may_be_id = not strict or not key.is_sensitive
    parts = [part for part in re.split(r"[/?&=#\\]", way) if len(part) >= 16]
    if any(shape.is_random_looking(part) for part in parts if not (may_be_id and _UUID.fullmatch(part))):
        return False
    if key.is_sensitive and not is_url and _is_base64(text):
        return False
    return (
        is_url or not strict or key.sensitivity != "strong" or (text.count("/") >= 2 and shape.word_share(text) > 0.5)
    )


def _is_base64(text: str) -> bool:
    """Is what begins with a slash, or has some, no path but bytes in base64?"""
    return _BASE64.fullmatch(text) is not None and shape.entropy(text) >= 4.2 and shape.word_share(text) < 0.3


def is_name(text: str, key: KeyName, *, strict: bool) -> bool:
    """Is it the name of something, or a list of names?"""
    if "," in text and not key.asks_a_person:  # `reloader.example.com/secret: api-keys,api-tls`
        names = [name.strip() for name in text.split(",")]
        return len(names) <= _NAMES and all(
            name and " " not in name and is_name(name, key, strict=strict) for name in names
        )
    if not _NAME.fullmatch(text):
        return False
    if key.sensitivity == "plain":
        return not shape.is_random_looking(text)
    if strict:
        return False
    words = re.split(r"[-_./:@ ]+", text)
    if _names_its_kind(text, words) and not key.asks_a_person:
        return True
    if not all(is_plain_word(word) for word in words) and (key.asks_a_person or not _is_label(text, words)):
        return False
    if key.sensitivity == "strong" and key.asks_a_person:  # `postgres-password` names a thing, `tiger` is a password
        return len(words) > 1 and any(read_key(word).is_sensitive for word in words)
    return True  # `secret: registry-login`, `token: write`: machines make tokens, and not of words


def _names_its_kind(text: str, words: list[str]) -> bool:
    """Does the name end with what it holds, as that of a file or a Secret does: `kafka1_truststore_creds`?"""
    return len(words) > 1 and words[-1] in _KINDS and text == text.lower() and not shape.is_random_looking(text)


def _is_label(text: str, words: list[str]) -> bool:
    """Lower-case words with dashes, of which some are none that we know: `traefik-hub-license`, `k8s-etcd-default`."""
    if len(words) < 2 or text != text.lower() or shape.word_share(text) < 0.3:
        return False
    short = all(len(word) <= 12 and (word.isalpha() or len(word) <= 4) for word in words)
    return short and sum(is_plain_word(word) for word in words) * 3 >= len(words) * 2 - 1


def is_plain_word(word: str) -> bool:
    """A word of a name: letters that look like one, a version, or short."""
    letters = word.strip("0123456789")
    if len(word) >= 8 and any(c.isdigit() for c in letters):
        return False
    return len(letters) <= 3 or (letters.isalpha() and shape.is_word_like(letters) if letters.isascii() else True)
