"""Directives: `key value` without an operator, as many programs' configuration has it: `password hunter2`, one a line.

What people write about passwords looks alike, so a line counts only where it holds nothing else, and the value looks
made. Formats that have no keys at all (`.pgpass`, `.netrc`, lists of users) are known by what stands around the value.
"""

from __future__ import annotations

import re

from secrets_gitops.lint import command_forms
from secrets_gitops.lint.assignments import telling_name
from secrets_gitops.lint.text_values import OncePerLine, looks_made
from secrets_gitops.lint.value_model import is_secret
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_BEFORE = pattern(
    rb"(?:(?:set[ \t]{1,20}\$|(?:proxy_|grpc_|uwsgi_|fastcgi_)?(?:set_header|param|add_header)[ \t]{1,20}"
    rb"|http-request[ \t]{1,9}(?:set|add)-header[ \t]{1,9}|RequestHeader[ \t]{1,9}set[ \t]{1,9}"
    rb"|(?:header_up|setenv|SetEnv)[ \t]{1,9}))?[\"']?"
)
"""What may stand on the line before the key: a directive of NGINX, HAProxy, Apache or Caddy that takes it."""
_VALUE = pattern(
    rb"[ \t]{1,60}\\{0,2}"
    rb"(?:\"([^\"\\\r\n]{8,400}+)\\{0,2}\"|'([^'\\\r\n]{8,400}+)'|([^\s\"'\\;{}]{8,400}+))"
    rb"[ \t]{0,60};?[ \t]{0,60}(?=\r?\n|\\[nr]|[\"']|\Z)"
)
USERLIST = pattern(
    rb"^[ \t]{0,60}\"[^\"\s]{1,63}\"[ \t]{1,20}\"(?!md5[0-9a-f]{32}\"|SCRAM-)([^\"\r\n]{4,200}+)\"[ \t]{0,20}$",
    re.MULTILINE,
)
"""Lines of PgBouncer's list of users, hashes left out."""
_UUID = pattern(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_ARGUMENT = rb"[\"']?([^\s\"'\\]{8,200}+)"
_UNTIL = rb"(?:[^\r\n\\|;&-]{1,40}+|-(?!%s)|\\(?:\r?\n)?){0,24}+-%s"
"""The rest of a command up to an option, named twice without its first dash; it may go on in the next line."""
_STRING = rb"(?:[\w:]{1,20}\()?[\"']([^\"'\r\n\\]{8,200}+)[\"']"
"""A literal in code."""
_LOGINS_IN_CODE = (
    b"asicAuth(", b"asic_auth(", b"auth=(", b"etworkCredential(", b"PasswordCredential(", b"PasswordCredentials(",
    b"jwt.sign(", b"jwt.verify(", b"jwt.encode(", b"jwt.decode(",
)  # fmt: skip
"""Calls whose second argument is a password or a key."""
_CONNECTIONS_IN_CODE = (b"new PDO(", b"mysqli(", b"mysqli_connect(", b"getConnection(")
"""Calls whose third argument is a password."""
_FORMS = (
    (b"LoginModule", pattern(rb"(?<![\w.-])user_[\w.@-]{1,60}[ \t]{0,4}=[ \t]{0,4}\\{0,2}\"([^\"\r\n\\]{4,200}+)")),
    (
        b"@tcp(",
        pattern(rb"(?<![\w.@/-])[\w.-]{1,64}:([^\s\"'`]{4,200}?)@tcp\("),
    ),
    (
        b" password=",
        pattern(
            rb"(?<![\w.-])(?:host|user|dbname|port|sslmode)=[^\s\"']{1,200}[ ](?:[a-z_]{1,40}=[^\s\"']{0,200}[ ]){0,9}"
            rb"password=([^\s\"'\\&;]{4,200}+)"
        ),
    ),
    (b"OPTIONS (", pattern(rb"(?<=OPTIONS \()[^)\n]{0,300}?\bpassword[ \t]{1,4}'([^'\r\n]{4,200}+)'")),
    (b"PASSWORD('", pattern(rb"(?<=PASSWORD\()'([^'\r\n]{4,200}+)'\)")),
    (
        b"SET PASSWORD",
        pattern(rb"(?<=SET PASSWORD)(?:[ \t]{1,4}FOR[ \t][^=\n]{1,120})?[ \t]{0,4}=[ \t]{0,4}'([^'\r\n]{4,200}+)'"),
    ),
    (
        b"-SecureString",
        pattern(
            rb"(?<=ConvertTo-SecureString)(?:[ \t]{1,9}-(?:String|AsPlainText|Force)){0,3}[ \t]{1,9}"
            rb"(?:\"([^\"$\r\n]{4,200}+)\"|'([^'\r\n]{4,200}+)')"
        ),
    ),
    (b"nseal Key ", pattern(rb"(?<=nseal Key )[0-9]{1,2}: {1,4}([A-Za-z0-9+/]{40,80}={0,2})")),
    (b"dns cloudflare ", pattern(rb"(?<=dns cloudflare )[ \t]{0,9}([\w-]{30,80}+)[ \t]{0,9}$", re.MULTILINE)),
    (
        b"neighbor ",
        pattern(
            rb"^[ \t]{0,60}neighbor[ \t]{1,9}[\w.:-]{1,60}[ \t]{1,9}password[ \t]{1,9}([^\s\"'\\]{4,100}+)[ \t]{0,20}$",
            re.MULTILINE,
        ),
    ),
    (b"mc alias set ", pattern(rb"(?<=mc alias set )(?:[^\s|;&]{1,200}[ \t]{1,9}){3}" + _ARGUMENT)),
    (b"mc admin user add ", pattern(rb"(?<=mc admin user add )(?:[^\s|;&]{1,200}[ \t]{1,9}){2}" + _ARGUMENT)),
    (
        b"passwd -",  # htpasswd and mosquitto_passwd; with `-n` they print, and take no file
        pattern(
            rb"(?<=passwd )(?:-[a-zA-Z0-9]{1,9}[ \t]{1,9}){0,3}"
            rb"(?:-[a-mo-zA-Z0-9]{0,9}b[a-mo-zA-Z0-9]{0,9}[ \t]{1,9}[^\s|;&-][^\s|;&]{0,200}[ \t]{1,9}"
            rb"|-(?=[a-zA-Z0-9]{0,9}b)[a-zA-Z0-9]{0,9}n[a-zA-Z0-9]{0,9}[ \t]{1,9})"
            rb"(?:-[a-zA-Z0-9]{1,9}[ \t]{1,9}){0,3}[^\s|;&-][^\s|;&]{0,100}[ \t]{1,9}" + _ARGUMENT
        ),
    ),
    (
        b"rabbitmqctl ",
        pattern(rb"(?<=rabbitmqctl )(?:add_user|change_password)[ \t]{1,9}[^\s|;&]{1,100}[ \t]{1,9}" + _ARGUMENT),
    ),
    (b': PSK "', pattern(rb"(?<=: PSK \")([^\"\r\n]{4,200}+)\"")),
    (b': EAP "', pattern(rb"(?<=: EAP \")([^\"\r\n]{4,200}+)\"")),
    (
        b"d-i passwd/",
        pattern(rb"(?<=d-i passwd/)[a-z]{1,9}-password(?:-again)?[ \t]{1,9}password[ \t]{1,9}([^\s$\"'\\]{4,200}+)"),
    ),
    (b"pass:", pattern(rb"(?<![\w-])-pass(?:in|out)?[ \t=]{1,3}[\"']?pass:([^\s\"'\\]{4,200}+)")),
    (
        b"smbclient ",
        pattern(rb"(?<=smbclient )" + _UNTIL % (b"U", b"U") + rb"[ \t]{0,3}[\"']?[^\s%\"']{1,60}%([^\s\"'\\]{4,200}+)"),
    ),
    (
        b"lftp ",
        pattern(rb"(?<=lftp )" + _UNTIL % (b"u", b"u") + rb"[ \t]{0,3}[\"']?[^\s,\"']{1,60},([^\s\"'\\]{4,200}+)"),
    ),
    (b"ssh-keygen ", pattern(rb"(?<=ssh-keygen )" + _UNTIL % (b"[NP][ \t]", b"[NP]") + rb"[ \t]{1,3}" + _ARGUMENT)),
    (b"openssl enc", pattern(rb"(?<=openssl enc)" + _UNTIL % (b"k[ \t]", b"k") + rb"[ \t]{1,3}" + _ARGUMENT)),
    (b"SecureString", pattern(rb"(?<=put-parameter)" + _UNTIL % (b"-value", b"-value") + rb"[ \t=]{1,3}" + _ARGUMENT)),
    (b"--secret-string", pattern(rb"(?<=--secret-string)[ \t=]{1,3}" + _ARGUMENT)),
    (
        b"keyvault secret set",
        pattern(rb"(?<=keyvault secret set)" + _UNTIL % (b"-value", b"-value") + rb"[ \t=]{1,3}" + _ARGUMENT),
    ),
    (
        b"gh secret set",
        pattern(rb"(?<=gh secret set)" + _UNTIL % (b"-body|b[ \t=]", b"(?:-body|b)") + rb"[ \t=]{1,3}" + _ARGUMENT),
    ),
    (
        b"vault kv put",
        pattern(
            rb"(?<=vault kv put)(?:[ \t]{1,9}+(?![\w.-]{1,60}=[\"']?[^\s\"'\\]{8})[^\s|;&\\]{1,200}+"
            rb"|[ \t]{0,9}+\\\r?\n){0,20}+"
            rb"[ \t]{1,9}[\w.-]{1,60}+=" + _ARGUMENT
        ),
    ),
    *(
        (call, pattern(re.escape(call) + rb"[ \t]{0,4}[\"']?[^\"'\r\n,()]{1,100}+[\"']?,[ \t]{0,4}" + _STRING))
        for call in _LOGINS_IN_CODE
    ),
    *(
        (
            call,
            pattern(
                re.escape(call)
                + rb"(?:[\"'][^\"'\r\n]{1,200}[\"']|[^\"'\r\n,()]{1,100}),[ \t]{0,4}"
                + rb"(?:[\"'][^\"'\r\n]{1,100}[\"']|[^\"'\r\n,()]{1,100}),[ \t]{0,4}"
                + _STRING
            ),
        )
        for call in _CONNECTIONS_IN_CODE
    ),
    (b"aws configure set ", pattern(rb"(?<=aws configure set )aws_secret_access_key[ \t]{1,9}" + _ARGUMENT)),
    (
        b"machine ",
        pattern(
            rb"(?<![\w.])machine[ \t]{1,20}[^\s]{1,200}+"
            rb"(?:(?:\s|\\n){1,40}(?:login|account)(?:\s|\\n){1,40}[^\s\\]{1,200}+){0,2}"
            rb"(?:\s|\\n){1,40}password[ \t]{1,40}([^\s\"'\\]{4,400}+)"
        ),
    ),
    (
        b":5432:",
        pattern(rb"(?<=:5432:)(?:[^:\s/\"']{1,63}|\*):[^:\s/\"']{1,63}:([^\s:/\"'\\@]{4,200}+)(?=\s|\\n|[\"']|\Z)"),
    ),
    (b"stats auth ", pattern(rb"stats auth [ \t]{0,20}[^\s:\"'\\]{1,100}:([^\s\"'\\]{4,200}+)")),
    (b" on >", pattern(rb"^[ \t]{0,60}user[ \t]{1,9}\S{1,60}[ \t]{1,9}on >([^\s\"'\\]{4,200}+)", re.MULTILINE)),
    (b"auth-pass ", pattern(rb"(?<=auth-pass )[ \t]{0,20}[\w.-]{1,60}[ \t]{1,20}([^\s\"'\\]{4,200}+)")),
    (b"community ", pattern(rb"^[ \t]{0,60}r[ow]community6?[ \t]{1,9}([^\s\"'\\]{4,100}+)", re.MULTILINE)),
    (
        b"createUser ",
        pattern(
            rb"(?<=createUser )[ \t]{0,20}\S{1,60}[ \t]{1,9}(?:MD5|SHA(?:-[0-9]{3})?)[ \t]{1,9}"
            rb"[\"']?([^\s\"'\\]{8,100}+)"
        ),
    ),
    (b"userlist.txt", USERLIST),
    (
        b"sasl_passwd",
        pattern(
            rb"^[ \t]{0,60}\[?[\w.-]{3,200}\]?(?::[0-9a-z]{1,12})?[ \t]{1,40}[\w.+@-]{1,100}:"
            rb"([^\s\"'\\]{4,200}+)[ \t]{0,20}$",
            re.MULTILINE,
        ),
    ),
)
"""By what every text of the form holds, the value in it."""
_MADE = frozenset(
    (
        b"machine ", b" on >", b"community ", b"userlist.txt", b"sasl_passwd", b":5432:", b"createUser ", b" password=",
        b"neighbor ", b"mc alias set ", b"mc admin user add ", b"passwd -", b"rabbitmqctl ", b"aws configure set ",
        b"lftp ", b"ssh-keygen ", b"openssl enc", b"SecureString", b"--secret-string", b"keyvault secret set",
        b"gh secret set", b"vault kv put", *_LOGINS_IN_CODE, *_CONNECTIONS_IN_CODE,
    )
)  # fmt: skip
"""Forms that other texts may look like: the value must look made."""

_OWN = frozenset(word for word, _ in _FORMS)
_BEGINS = {
    b"smbclient ": b"smbclient ",
    b"lftp ": b"lftp ",
    b"ssh-keygen ": b"ssh-keygen ",
    b"openssl enc": b"openssl enc",
    b"SecureString": b"put-parameter",
    b"keyvault secret set": b"keyvault secret set",
    b"gh secret set": b"gh secret set",
    b"vault kv put": b"vault kv put",
}
"""Forms that reach from a command to an option, and how the command begins, behind which their expressions match."""


class Directive(NamedTuple):
    """A secret whose key or form begins at byte `start`, and whose value ends before byte `end`."""

    key: str
    value: str
    start: int
    end: int


def find(data: bytes, keys: list[tuple[int, bytes]]) -> Iterator[Directive]:
    """The directives whose key is one of `keys`, words that promise a secret with their places, set to a secret."""
    for at, word in keys:
        found = _VALUE.match(data, at + len(word))
        if found is None or not _begins_line(data, at):
            continue
        group = found.lastindex or 1
        value = found[group].decode("utf-8", "replace")
        name = telling_name(word)
        if (looks_made(value) or (name.sensitivity == "strong" and _UUID.fullmatch(value))) and is_secret(value, name):
            yield Directive(word.decode("ascii"), value, at, found.end(group))


def forms(data: bytes) -> Iterator[Directive]:
    """The secrets in formats that have no keys, and in commands that take one at a place of its own."""
    verdicts: dict[str, bool] = {}
    once = OncePerLine(data)
    for word, expression in (*_FORMS, *command_forms.FORMS):
        is_made = word in _MADE or word not in _OWN
        for found in _matches(data, word, expression) if word in data else ():
            group = found.lastindex or 1
            value = found[group].decode("utf-8", "replace")
            if value not in verdicts:
                verdicts[value] = is_secret(value, "password")
            if not verdicts[value] or (is_made and not looks_made(value)):
                continue
            if word != b" <<<" or (once.is_new(value, found.start()) and command_forms.is_told(data, found.start())):
                yield Directive("", value, found.start(group), found.end(group))


def _matches(data: bytes, word: bytes, expression: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """The matches of the form of `word`.

    What reaches far from a command to its option ends where the next such command begins, so that a text in which the
    command comes again and again is read once.
    """
    begin = _BEGINS.get(word, word if word not in _OWN and word != b" <<<" else b"")
    if not begin:
        yield from expression.finditer(data)
        return
    at = data.find(begin)
    while at >= 0:
        following = data.find(begin, at + len(begin))
        start = at + (len(begin) if word in _OWN else 0)
        found = expression.match(data, start, following if following >= 0 else len(data))
        if found is not None:
            yield found
        at = following


def _begins_line(data: bytes, at: int) -> bool:
    """Does a line begin at `at`, but for what may stand before a key?"""
    before = data[max(0, at - 200) : at]
    before = before[max(before.rfind(b"\n") + 1, before.rfind(b"\\n") + 2 if b"\\n" in before else 0) :]
    return _BEFORE.fullmatch(before.lstrip()) is not None
