"""Secrets on a command line: `--password=…`, `--token …`, `-p …` of clients that take a password so."""

from __future__ import annotations

import posixpath
import re

from secrets_gitops.lint.catalog import CLIENTS
from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.value_model import classify, is_secret
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Word(NamedTuple):
    """A word of a command, quotes undone, with its place in the text that it was cut from."""

    text: str
    start: int
    end: int


class Given(NamedTuple):
    """A secret that a command line gives."""

    word: Word
    """The word that holds the value."""
    name: str
    """The option or variable, as written: `--password`, `-p`, `DB_PASSWORD`."""
    value: str


_WORD = pattern(r"(?:\$\([^()\n]*\)|[^\s\"'\\|;&()]|\\.|\"(?:[^\"\\]|\\.)*\"|'[^']*'|[()])+|\|+|&+|;+|\r?\n", re.DOTALL)
_QUOTED = pattern(r"\"((?:[^\"\\]|\\.)*)\"|'([^']*)'|\\(.)", re.DOTALL)
_ASSIGNED = pattern(r"(-{0,2}(?:D(?=[a-z]+\.))?)([A-Za-z_][\w.-]{0,100})=(.+)", re.DOTALL)
_PINNED = pattern(r"[A-Za-z0-9][\w.-]{0,100}==(?:[0-9]+(?:\.[\w*+!-]+)+|\$\{?\w+\}?)")
"""A package and its version, for pip."""
_OPTION = pattern(r"--?[A-Za-z][\w.-]{1,60}")
HEADER_OPTIONS = frozenset({"-H", "--header", "--proxy-header"})
"""What follows them is `Name: value`."""
_HEADER = pattern(r"(--header=|--proxy-header=|-H)?([A-Za-z][\w-]{1,60}): *(\S.*)", re.DOTALL)
_NO_VALUE = frozenset({"stdin", "prompt", "only", "less", "auth"})
"""`--password-stdin` reads its value from elsewhere; what follows it is another argument."""
_NAMES = frozenset({"--initial-cluster-token", "--token-auth-user", "--secret", "--secret-name"})
"""What they are given names a thing."""
_SEPARATORS = ("|", "&", ";", "\n", "\r")
_OPTIONS = frozenset({"requirepass", "masterauth", "passin", "passout"})
_CLIENTS: dict[str, tuple[str, ...]] = {
    "mysql": ("-p",), "mysqldump": ("-p",), "mysqladmin": ("-p",), "mysqlimport": ("-p",), "mysqlshow": ("-p",),
    "mariadb": ("-p",), "mariadb-dump": ("-p",), "mariadb-admin": ("-p",),
    "mongo": ("-p",), "mongosh": ("-p",), "mongodump": ("-p",), "mongorestore": ("-p",), "mongoexport": ("-p",),
    "mongoimport": ("-p",), "sshpass": ("-p",), "docker": ("-p",), "podman": ("-p",), "buildah": ("-p",),
    "nerdctl": ("-p",), "oras": ("-p",), "crane": ("-p",), "rabbitmqadmin": ("-p",), "az": ("-p",),
    "redis-cli": ("-a",), "ldapsearch": ("-w",), "ldapadd": ("-w",), "ldapmodify": ("-w",), "ldapwhoami": ("-w",),
    "sqlcmd": ("-P",), "mosquitto_pub": ("-P",), "mosquitto_sub": ("-P",), "curl": ("-u", "--user"),
    "smbclient": ("-U",), "etcdctl": ("--user",), "zip": ("-P",), "unzip": ("-P",),
    "cqlsh": ("-p",), "7z": ("-p",), "7za": ("-p",), "snmpwalk": ("-c",), "snmpget": ("-c",), "snmpset": ("-c",),
    "snmpbulkwalk": ("-c",), "snmptrap": ("-c",), "ipmitool": ("-P",),
}  # fmt: skip
"""Client → options that take a password, or `user:password` (in the last rows)."""
_ATTACHED_ONLY = frozenset(name for name in _CLIENTS if name.startswith(("mysql", "mariadb")))
"""With `-p secret` they take the next word for the name of a database."""
_LOGIN_ONLY = frozenset({"docker", "podman", "buildah", "nerdctl", "oras", "crane", "az", "helm"})
"""`docker run -p` is a port."""
_PAIRS = frozenset({"curl", "smbclient", "etcdctl"})


def may_call_client(different_words: set[bytes]) -> bool:
    """False promises that no known client is called in the text that is made of these words."""
    return not CLIENTS.isdisjoint(different_words)


def words(text: str) -> list[Word]:
    """The words of a shell script, as far as quotes say; operators and line ends are words too."""
    return [Word(_unquoted(found[0]), found.start(), found.end()) for found in _WORD.finditer(text)]


def _unquoted(word: str) -> str:
    if not {'"', "'", "\\"}.intersection(word):
        return word
    return _QUOTED.sub(lambda found: next((part for part in found.groups() if part is not None), ""), word)


def given(line: Sequence[Word]) -> Iterator[Given]:
    """The secrets in plaintext that a command line, or a script cut into words, gives."""
    client, login = "", False
    for at, word in enumerate(line):
        text = word.text
        if text.startswith(_SEPARATORS) or not text:
            client, login = "", False
            continue
        base = posixpath.basename(text)
        if base in _CLIENTS or base == "helm":
            client, login = base, False
            continue
        login = login or text == "login"
        following = line[at + 1] if at + 1 < len(line) else None
        found = (
            _short(client, text, word, following, login=login)
            or _assigned(word)
            or _spaced(word, following)
            or _header(word, line[at - 1].text if at else "")
        )
        if found is not None:
            yield found


def _assigned(word: Word) -> Given | None:
    """`--password=x`, `-Ddb.password=x`, `DB_PASSWORD=x`, `a.password=x,b=y` after `--set`."""
    found = _ASSIGNED.fullmatch(word.text)
    if found is None or _PINNED.fullmatch(word.text):
        return None
    for part in word.text.split(",") if "," in word.text and "=" in word.text.partition(",")[2] else (word.text,):
        one = _ASSIGNED.fullmatch(part)
        if one is None or one[1] + one[2] in _NAMES:
            continue
        value = one[3].strip("\"',")
        if len(value) > 1 and is_secret(value, one[2]):
            return Given(word, one[1] + one[2], value)
    return None


def _spaced(word: Word, following: Word | None) -> Given | None:
    """`--token x`."""
    if following is None or not _OPTION.fullmatch(word.text) or following.text.startswith(("-", *_SEPARATORS)):
        return None
    name = read_key(word.text)
    if word.text in _NAMES or len(following.text) < 2:
        return None
    strong = name.sensitivity == "strong" and name.words[-1] not in _NO_VALUE
    if (strong or word.text.lstrip("-") in _OPTIONS) and is_secret(following.text, name if strong else "password"):
        return Given(following, word.text, following.text)
    return None


def _header(word: Word, before: str) -> Given | None:
    """`X-Api-Key: x` after `-H`, or joined to it."""
    found = _HEADER.fullmatch(word.text)
    if found is None or (not found[1] and before not in HEADER_OPTIONS):
        return None
    name, value = found[2], found[3].strip()
    return Given(word, name, value) if len(value) >= 4 and is_secret(value, name) else None


def _short(client: str, text: str, word: Word, following: Word | None, *, login: bool) -> Given | None:
    """`-psecret`, `-p secret`, `-u user:secret` of a known client."""
    if not client or (client in _LOGIN_ONLY and not login):
        return None
    for option in ("-p",) if client == "helm" else _CLIENTS[client]:
        if text == option and client not in _ATTACHED_ONLY and following is not None:
            holder, value = following, following.text
        elif text.startswith(option) and len(text) > len(option) and not option.startswith("--"):
            holder, value = word, text[len(option) :].removeprefix("=")
        else:
            continue
        if client in _PAIRS:
            _, colon, value = value.partition("%" if client == "smbclient" else ":")
            if not colon:
                return None
        if value and not value.startswith("-") and classify(value, "password") == "plaintext":
            return Given(holder, option, value)
    return None
