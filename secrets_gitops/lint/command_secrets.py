"""Secrets in what is no assignment: arguments (`--from-literal=`, `curl -u`), HTTP headers, SQL, directives."""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64

from secrets_gitops.lint.assignments import places
from secrets_gitops.lint.catalog import LOGINS
from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.text_values import OncePerLine, looks_made, looks_made_up
from secrets_gitops.lint.value_model import is_secret
from secrets_gitops.lint.values import shape
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secrets_gitops.lint.key_names import KeyName
    from secrets_gitops.lint.target import Target

_ARGUMENT = rb"(?:\"([^\"\r\n]{1,1000}+)\"|'([^'\r\n]{1,1000}+)'|([^\s\"']{1,1000}+))"
_LITERAL = pattern(rb"--from-literal[= ]([\"']?)([\w.-]{1,100}+)=" + _ARGUMENT)
_AFTER_FLAG = pattern(rb"(?: {1,3}|[\"'],[ \t]{0,3})" + _ARGUMENT.replace(b"{1,", b"{8,"))
_USER = pattern(
    rb"-(?<![\w-]-)(?:[a-zA-Z]{0,5}u|-user|-proxy-user)(?:[ \t=]{0,3}|[\"'],[ \t]{0,3}(?=[\"']))"
    rb"(?=[\"']?[^\s\"':]{0,200}:)" + _ARGUMENT.replace(b"{1,", b"{6,")
)
_PASSWORD = pattern(rb"-(?<![\w-]-)([pawPcAX])[ \t=]{0,3}(?!-)" + _ARGUMENT.replace(b"{1,", b"{8,"))
_OF_USER = (b"curl", b"wget", b"etcdctl")
_OF_SECRET = (b"secret generic",)
_OF_PASSWORD: dict[bytes, tuple[bytes, ...]] = {
    b"p": (
        b"login",
        b"sshpass",
        b"mysql",
        b"mariadb",
        b"mongo",
        b"cqlsh",
        b"7z ",
        b"7za ",
        b"unrar",
        b"hdbsql",
        b"beeline",
        b"psexec",
        b"twine",
        b"useradd",
        b"usermod",
        b"crackmapexec",
        b"evil-winrm",
        b"rdesktop",
    ),
    b"P": (b"sqlcmd", b"mosquitto_pub", b"mosquitto_sub", b"ipmitool", b"zip "),
    b"c": (b"snmp",),
    b"A": (b"snmp",),
    b"X": (b"snmp",),
    b"a": (b"redis-cli",),
    b"w": (b"ldapsearch", b"ldapadd", b"ldapmodify", b"ldapwhoami", b"ldapdelete"),
}
"""Flags that hold a password, and the programs for which they do."""
_PROGRAMS = frozenset(
    (
        b"login -", b" login ", b"sshpass", b"mysql", b"mariadb", b"mongo", b"redis-cli", b"ldap", b"cqlsh", b"snmp",
        b"zip -", b"7z a", b"7z x", b"7za ", b"unrar", b"ipmitool", b"sqlcmd", b"mosquitto_", b"hdbsql", b"beeline",
        b"psexec", b"twine", b"useradd", b"usermod", b"crackmapexec", b"evil-winrm", b"rdesktop",
    )
)  # fmt: skip
"""One is in every text that calls one of them."""
_AFTER_WORD = frozenset(b" \"'")
"""After a flag on a line, or in a list of arguments as a Dockerfile has it."""
_ENDS_OF_FLAGS = (b"password", b"passwd", b"passphrase", b"token", b"secret", b"pass", b"-key", b"authkey")
_READERS = {
    b"--password-stdin": b"--password",
    b"passwd --stdin": b"passwd --stdin",
    b"chpasswd": b"chpasswd",
    b"sudo -S": b"sudo -s",
    b"kinit": b"kinit",
    b"--passphrase-fd": b"passphrase-fd",
    b"--data-file=-": b"data-file=-",
    b"/dev/stdin": b"/dev/stdin",
    b"--with-token": b"with-token",
}
"""What reads a password from its input, and the word that tells of it."""
_ECHO = pattern(
    rb"(?:echo|printf)[ \t]{1,9}(?:-n[ \t]{1,9})?(?:['\"]%s['\"][ \t]{1,9})?" + _ARGUMENT + rb"[ \t]{0,9}\|(?!\|)"
)
_BEFORE = 600
"""How far before its flag a program's name is looked for."""
_AFTER_HEADER = pattern(
    rb"\\{0,2}[\"'`]{0,2}[ \t]{0,8}(?:[:=,>]{1,2}|[,\s]{1,99}[\"']?value[\"']?[ \t]{0,8}:|)"
    rb"[ \t]{0,8}\\{0,2}[\"'`]{0,2}[ \t]{0,3}"
    rb"(token|apikey|splunk|genericapikey)[ \t]{1,3}([^\s\"'`,;<>\\]{8,2000}+)",
    2,  # re.IGNORECASE
)
"""The value of the header beside its name, or, as Kubernetes has it, of the `value:` after its `name:`."""
_AFTER_SCHEME = pattern(rb"(?:[ \t]{1,3}|%20)([\w.~+/=|-]{8,4000}+)(?![\w.~+/=|@-])", re.ASCII)
_OF_SCHEME = {b"bearer": (b"bearer",), b"basic": (b"basic ", b"basic%20")}
"""The schemes of headers, and the words that tell of each."""

_SQL = pattern(
    rb"(?:(?:(?-i:IDENTIFIED)|(?:create|alter|grant)[ \t][^\n;]{1,200}?\bidentified)[ \t]{1,9}"
    rb"(?:with[ \t]{1,9}\S{1,60}[ \t]{1,9})?(?:by|as)(?:[ \t]{1,9}password)?"
    rb"|(?:create|alter)[ \t]{1,9}(?:user|role)[ \t][^\n;']{1,200}?\bpassword)[ \t=]{1,9}'([^'\r\n]{4,200})'",
    2,  # re.IGNORECASE
)
_SQL_WORDS = (b"identified", b"create", b"alter")
_STATEMENTS = frozenset((b"identified", b"create user", b"create role", b"alter user", b"alter role"))
_DIRECTIVE = pattern(
    rb"(?:^|[\n\"'\[,])[ \t]{0,60}(?:-[ \t]{1,9})?"
    rb"(?:requirepass|masterauth|auth_pass|user[ \t]{1,9}\S{1,60}[ \t]{1,9}insecure-password)[ \t]{1,20}" + _ARGUMENT
)
"""As Redis, Keepalived and HAProxy read them."""
_DIRECTIVES = (b"requirepass", b"masterauth", b"auth_pass", b"insecure-password")


class Found(NamedTuple):
    """A secret in bytes `start` (included) to `end` (excluded)."""

    what: str
    key: str
    value: str
    start: int
    end: int


def find(target: Target, *, in_docs: bool = False) -> Iterator[Found]:
    """The secrets in commands and headers; `in_docs`: what documentation shows counts only when made by chance.

    The same one on the same line is given once.
    """
    once = OncePerLine(target.data)
    return (one for one in _all(target, in_docs=in_docs) if once.is_new((one.what, one.key, one.value), one.start))


def _all(target: Target, *, in_docs: bool) -> Iterator[Found]:
    data, lowered, words = target.data, target.lowered, target.words
    for found in _LITERAL.finditer(data) if b"--from-literal" in words else ():
        value, start, end = _argument(found, 3)
        quote = found[1].decode()
        key, value = found[2].decode(), value.rstrip(quote or None)
        is_whole = looks_made(value) and _is_of(found, data, _OF_SECRET)  # all of a Secret is secret
        yield from _checked("`--from-literal`", key, value, start, end, in_docs, "password" if is_whole else "")
    refused: set[str] = set()
    for found in _USER.finditer(data) if not words.isdisjoint(_OF_USER) else ():
        value, start, end = _argument(found, 1)
        user, _, password = value.partition(":")
        if len(password) >= 4 and user[:1] != "<" and _is_of(found, data, _OF_USER):
            yield from _checked("the login of a command", user, password, start, end, in_docs, "password")
    for found in _PASSWORD.finditer(data) if not words.isdisjoint(_PROGRAMS) else ():
        value, start, end = _argument(found, 2)
        if _is_made(value, refused) and _is_of(found, data, _OF_PASSWORD[found[1]]):
            yield from _checked("the login of a command", "", value, start, end, in_docs, "password")
    for found in _after_flags(data, target.different_words):
        value, start, end = _argument(found, 1)
        if _is_made(value, refused):
            yield from _checked("an argument", "", value, start, end, in_docs, "password")
    for word, tells in _READERS.items():
        for start, end in _echoed(data, word) if tells in words else ():
            value = data[start:end].decode("utf-8", "replace")
            value = value.partition(":")[2] if word == b"chpasswd" else value
            if _is_made(value, refused) or looks_made_up(value, read_key("password")):
                yield from _checked("what a command is told", "", value, start, end, in_docs, "password")
    for found in _statements(lowered, data) if not words.isdisjoint(_STATEMENTS) else ():
        value = found[1].decode("utf-8", "replace")
        yield from _checked("a statement in SQL", "", value, *found.span(1), in_docs, "password")
    for found in _DIRECTIVE.finditer(data) if not words.isdisjoint(_DIRECTIVES) else ():
        value, start, end = _argument(found, 1)
        yield from _checked("a directive", "", value, start, end, in_docs, "password")
    for found in _after(lowered, data, b"authorization", _AFTER_HEADER) if b"authorization" in words else ():
        value = found[2].decode("utf-8", "replace")
        if looks_made(value):
            yield from _checked(
                "an `Authorization` header", "Authorization", value, *found.span(2), in_docs, "password"
            )
    for scheme, telling in _OF_SCHEME.items():
        for found in _after(lowered, data, scheme, _AFTER_SCHEME) if not words.isdisjoint(telling) else ():
            if data[found.start() - len(scheme) - 1 : found.start() - len(scheme)].isalnum():
                continue
            value = found[1].decode("ascii", "replace")
            if scheme == b"basic":
                value = _password_of(value)
            elif not looks_made(value):
                continue
            elif b"authorization" not in lowered[max(0, found.start() - 60) : found.start()] and (
                len(value) < 16 or not shape.is_random_looking(value)
            ):
                continue  # prose about bearers
            yield from _checked(
                "an `Authorization` header", "Authorization", value, *found.span(1), in_docs, "password"
            )
    if not words.isdisjoint(LOGINS):
        from secrets_gitops.lint.directives import forms  # noqa: PLC0415  few files hold one

        for form in forms(data):
            yield from _checked("a login", "", form.value, form.start, form.end, in_docs, "password")


def _after(text: bytes, data: bytes, word: bytes, expression: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """The matches of `expression` in `data` right after each place of `word` in `text`, which is as long."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        found = expression.match(data, end)
        if found:
            yield found
        at = text.find(word, found.end() if found else end)


def _echoed(data: bytes, word: bytes) -> Iterator[tuple[int, int]]:
    """Where what `echo` writes to a command begins and ends that has `word` on its line."""
    at, done = data.find(word), 0
    while at >= 0:
        begin = max(data.rfind(b"\n", max(0, at - _BEFORE), at) + 1, at - _BEFORE, done)
        found = _ECHO.search(data, begin, at)
        if found is not None:
            yield found.span(found.lastindex or 1)
        done = at + len(word)
        at = data.find(word, done)


def _statements(lowered: bytes, data: bytes) -> Iterator[re.Match[bytes]]:
    """The matches of `_SQL`, which begin with one of its words."""
    for word in _SQL_WORDS:
        at = lowered.find(word)
        while at >= 0:
            found = _SQL.match(data, at)
            if found:
                yield found
            at = lowered.find(word, found.end() if found else at + len(word))


def _after_flags(data: bytes, words: Iterable[bytes]) -> list[re.Match[bytes]]:
    """What is given to `--password`, `-db-token` and the like, in order; `words` are those of `data`."""
    flags = [
        word
        for word in words
        if word[:1] == b"-" and word.endswith(_ENDS_OF_FLAGS) and _tells(read_key(word.decode("ascii", "replace")))
    ]
    matches = (_AFTER_FLAG.match(data, at + len(flag)) for at, flag in places(data, flags, _AFTER_WORD))
    return [match for match in matches if match is not None]


def _tells(name: KeyName) -> bool:
    """Is what an option of this name is given a secret? A `--ssl-key` is a file."""
    return name.sensitivity in {"strong", "open"}


def _is_made(value: str, refused: set[str]) -> bool:
    """As `looks_made`, each value asked once."""
    if value in refused:
        return False
    if looks_made(value):
        return True
    refused.add(value)
    return False


def _is_of(flag: re.Match[bytes], data: bytes, programs: tuple[bytes, ...]) -> bool:
    """Does the flag belong to a command of one of `programs`, which may have begun some continued lines before?"""
    before = data[max(0, flag.start() - _BEFORE) : flag.start()].replace(b"\\\n", b"  ").rpartition(b"\n")[2]
    return any(program in before for program in programs)


def _checked(
    what: str, key: str, value: str, start: int, end: int, in_docs: bool, judged_as: str = ""
) -> Iterator[Found]:
    if "$" in value and not value.isalnum() and ("${" in value or "$(" in value or value.startswith("$")):
        return
    name = read_key(judged_as or key)
    if len(value) < 4 or not name.is_sensitive or not is_secret(value, name):
        return
    if not in_docs or shape.is_random_looking(value):
        yield Found(what, key, value, start, end)


def _argument(found: re.Match[bytes], first: int) -> tuple[str, int, int]:
    """The value of one of three groups (in double quotes, single quotes, bare), and its place."""
    group = next(at for at in (first, first + 1, first + 2) if found[at] is not None)
    return found[group].decode("utf-8", "replace"), *found.span(group)


def _password_of(encoded: str) -> str:
    """The password in the value of a Basic header; empty when it is none."""
    try:
        text = a2b_base64(encoded.encode("ascii")).decode("utf-8")
    except (UnicodeError, Base64Error):
        return ""
    user, _, password = text.partition(":")
    return password if user.isprintable() and password.isprintable() else ""
