"""`url-credential`: a URL with a password in it, or one whose path is itself the secret (webhooks)."""

from __future__ import annotations

import re

from secrets_gitops.lint import mend
from secrets_gitops.lint.assignment_rule import is_encrypted
from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.text_values import OncePerLine
from secrets_gitops.lint.value_model import classify
from secrets_gitops.lint.values import shape
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target

_USERINFO = pattern(
    rb"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{1,30}+)://([^\s/?#\"'`<>:@|,;()]{0,200}+):"
    rb"([^\s\"'`<>@]{1,400}+)@(\[?[\w.$%{(-][^\s/?#\"'`<>]{0,200}+)"
)
_TOKEN_ONLY = pattern(
    rb"(?<![A-Za-z0-9+.-])https?://([^\s/?#\"'`<>:@]{16,200}+)@[\w.-]{1,200}+(?!/[0-9]{1,20}(?![\w/]))"
)
_PORT = pattern(rb"[0-9]{1,5}(?:[/?#]|\Z)")
_WEBHOOK = pattern(
    rb"https://(?:"
    rb"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[TE][A-Z0-9]{5,20}/[AB]?[A-Za-z0-9]{5,30}/([A-Za-z0-9]{16,60})"
    rb"|(?:[\w-]{1,60}\.)?(?:discord|discordapp)\.com/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{15,22}/([\w-]{50,90})"
    rb"|[\w-]{1,60}\.webhook\.office\.com/webhookb2/[0-9a-f@-]{36,80}/IncomingWebhook/([0-9a-f]{32})"
    rb"|outlook\.office(?:365)?\.com/webhook/[0-9a-f@-]{36,80}/IncomingWebhook/([0-9a-f]{32})"
    rb"|api\.telegram\.org/bot[0-9]{6,12}:([\w-]{30,45})"
    rb"|chat\.googleapis\.com/v1/spaces/[\w-]{5,40}/messages\?[^\s\"'`<>]{0,200}?token=([\w%=-]{20,100})"
    rb"|(?:oapi\.dingtalk\.com/robot/send\?access_token=|qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key="
    rb"|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/)([\w-]{20,80})"
    rb"|alert\.victorops\.com/integrations/generic/[0-9]{4,12}/alert/([0-9a-f-]{36})"
    rb"|events\.pagerduty\.com/integration/([0-9a-f]{32})|hooks\.zapier\.com/hooks/catch/[0-9]{3,12}/([A-Za-z0-9]{5,20})"
    rb"|maker\.ifttt\.com/trigger/[\w-]{1,60}/(?:json/)?with/key/([\w-]{20,60})|hc-ping\.com/([0-9a-f-]{36})"
    rb"|[\w.-]{1,60}\.logic\.azure\.com(?::443)?/workflows/[^\s\"'`<>]{0,300}?[?&]sig=([\w%-]{20,100})"
    rb"|[\w.-]{1,100}/hooks/([a-z0-9]{26})(?![\w-])"
    rb")"
)
_QUERY = pattern(rb"[?&]([A-Za-z][\w.-]{1,40}+)=([^\s&#\"'`<>\\$){}]{8,500}+)", re.ASCII)
_LOCAL = (b"localhost", b"127.0.0.1", b"[::1]", b"0.0.0.0", b"host.docker.internal", b"db", b"postgres", b"example.")
_DOC_USERS = frozenset({b"user", b"username", b"root", b"postgres", b"admin", b"guest", b"foo", b"u", b"usr"})


class UrlCredential:
    """Works on the bytes of every file: such URLs stand in code, in configuration and in commands."""

    id = "url-credential"
    alias = "SG608"
    severity: Severity = "high"
    summary = "a URL holds a password or token, or is a secret webhook address"
    why = "A URL is copied into logs, shells and tickets; whoever has it has the login."
    fix = "take the credentials out of the URL in PATH, and change them"

    def concerns(self, target: Target) -> bool:
        """Only a whole file: the bytes of a text inside one are the file's own."""
        if target.parent is not None or b"://" not in target.data or is_encrypted(target):
            return False
        return target.kind not in {"sample", "noise"}

    def check(self, target: Target) -> Iterator[Finding]:
        """Passwords before an `@`, webhooks, tokens in a query."""
        data = target.data
        if b"@" in data and any(b"@" in line.partition(b"://")[2] for line in data.split(b"\n")):
            once = OncePerLine(data)
            for found in _USERINFO.finditer(data):
                if (
                    once.is_new(found.groups(), found.start())
                    and _PORT.match(found[3]) is None
                    and _is_secret(found[2], found[3], found[4], target.kind == "docs")
                ):
                    yield self._finding(
                        target, "the password of a URL is plaintext", found.start(), found.end(3), found[3]
                    )
            for found in _TOKEN_ONLY.finditer(data):
                text = found[1].decode("utf-8", "replace")
                if "$" not in text and shape.is_random_looking(text) and classify(text, "token") == "plaintext":
                    yield self._finding(target, "a URL holds a token", found.start(), found.end(1), found[1])
        for found in _WEBHOOK.finditer(data):
            at = found.lastindex or 0
            if shape.entropy(found[at].decode()) > 2:
                yield self._finding(
                    target, "the address of a webhook is itself the secret", found.start(), found.end(at), found[at]
                )
        if b"?" in data:
            for found in _QUERY.finditer(data):
                key, value = found[1].decode(), found[2].decode("utf-8", "replace")
                if (
                    read_key(key).sensitivity == "strong"
                    and shape.is_random_looking(value)
                    and classify(value, key) == "plaintext"
                    and _is_in_url(data[max(0, found.start(1) - 300) : found.start(1)].rpartition(b"\n")[2])
                ):
                    yield self._finding(
                        target,
                        f"`{key}` in the query of a URL is plaintext",
                        found.start(1),
                        found.end(),
                        found[2],
                        key,
                    )

    def _finding(self, target: Target, message: str, start: int, end: int, value: bytes, key: str = "") -> Finding:
        return target.finding(
            self, target.region(start, end), message, fix=mend.take_out(target, key), key=key, value=value
        )


def _is_in_url(before: bytes) -> bool:
    return b"://" in before and b"badge" not in before and not before.endswith(b".svg?")


def _is_secret(user: bytes, password: bytes, host: bytes, in_docs: bool) -> bool:
    text = password.decode("utf-8", "replace")
    if any(mark in text for mark in ("${", "$(", "{{", "#{", "%s", "%v", "://", "{", "[")) or text[0] in "$<:%*":
        return False
    if text.lower() == user.decode("utf-8", "replace").lower():
        return False  # `postgres:postgres@`, `guest:guest@`: a default that everybody knows
    if classify(text, "password", strict=True) != "plaintext":
        return False
    is_shown = in_docs or host.startswith(_LOCAL) or b"example" in host or user in _DOC_USERS
    return not is_shown or shape.is_random_looking(text) or (len(text) >= 8 and shape.classes(text) >= 3)


RULE = UrlCredential()
