"""`password-hash`: the hash of a password, of a kind that is made to be checked against guesses."""

from __future__ import annotations

from secrets_gitops.lint import mend
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target

_SALT = rb"[./A-Za-z0-9]"
_HASH = pattern(
    rb"(?<![\w$])(?:([\w.@-]{1,64}+):)?("
    rb"\$2[abxy]\$[0-9]{2}\$" + _SALT + rb"{53}"
    rb"|\$apr1\$" + _SALT + rb"{1,8}\$" + _SALT + rb"{22}"
    rb"|\$1\$" + _SALT + rb"{1,8}\$" + _SALT + rb"{22}"
    rb"|\$5\$(?:rounds=[0-9]{1,9}\$)?" + _SALT + rb"{1,16}\$" + _SALT + rb"{43}"
    rb"|\$6\$(?:rounds=[0-9]{1,9}\$)?" + _SALT + rb"{1,16}\$" + _SALT + rb"{86}"
    rb"|\$y\$[./A-Za-z0-9]{1,8}\$" + _SALT + rb"{1,86}\$" + _SALT + rb"{43}"
    rb"|\$argon2(?:id|i|d)\$v=[0-9]{1,3}\$m=[0-9]{1,9},t=[0-9]{1,6},p=[0-9]{1,4}\$[A-Za-z0-9+/]{8,90}={0,2}\$"
    rb"[A-Za-z0-9+/]{20,180}={0,2}"
    rb"|\$scrypt\$ln=[0-9]{1,2},r=[0-9]{1,3},p=[0-9]{1,3}\$[A-Za-z0-9+/]{8,90}={0,2}\$[A-Za-z0-9+/]{20,180}={0,2}"
    rb"|\$pbkdf2-sha(?:1|256|512)\$[0-9]{1,9}\$[A-Za-z0-9./+]{8,90}\$[A-Za-z0-9./+]{20,180}"
    rb"|pbkdf2_sha(?:1|256)\$[0-9]{1,9}\$\w{8,64}\$[A-Za-z0-9+/]{20,100}={0,2}"
    rb"|SCRAM-SHA-(?:1|256|512)\$[0-9]{3,7}:[A-Za-z0-9+/]{16,90}={0,2}\$[A-Za-z0-9+/]{27,86}={1,2}:[A-Za-z0-9+/]{27,86}={1,2}"
    rb"|\$7\$[0-9]{2,7}\$[A-Za-z0-9+/]{16,90}={0,2}\$[A-Za-z0-9+/]{86}=="
    rb"|\{SHA\}[A-Za-z0-9+/]{27}=|\{SSHA(?:256|512)?\}[A-Za-z0-9+/]{30,140}={0,2}"
    rb")(?![\w./$])"
)
_MARKS = (
    b"$2",
    b"$apr1$",
    b"$1$",
    b"$5$",
    b"$6$",
    b"$7$",
    b"$y$",
    b"SCRAM-SHA-",
    b"$argon2",
    b"$scrypt$",
    b"pbkdf2",
    b"{SHA}",
    b"{SSHA",
)
_DOUBLED = pattern(rb"(?<!\$)\$\$(?:2[abxy]|apr1|[156y])(?:\$\$[\w./=]{1,100}+){1,3}")
"""Compose files double their dollar signs."""
_TEST = pattern(
    r"(?:^|/)(?:testdata|__tests__|__fixtures__)/|_test\.[a-z]+$|\.(?:test|spec)\.[a-z]+$|(?:^|/)test_[^/]*\.py$"
)


class PasswordHash:
    """Of full length only: a cost without a hash is a setting. Not in documentation and tests."""

    id = "password-hash"
    alias = "SG108"
    severity: Severity = "medium"
    summary = "a password hash stands in a file"
    why = "Who has the hash can guess the password offline, as fast as hardware allows. Short passwords do not last."
    fix = "treat it as a secret: encrypt PATH with `secrets-gitops encrypt -i PATH`"

    def concerns(self, target: Target) -> bool:
        """Is there a mark of one, in a whole file that is neither documentation nor a test?"""
        if target.parent is not None or not any(mark in target.data for mark in _MARKS):
            return False
        return target.kind not in {"docs", "sample"} and _TEST.search(target.path) is None

    def check(self, target: Target) -> Iterator[Finding]:
        """Each hash."""
        data = target.data
        for found in _DOUBLED.finditer(data) if b"$$" in data else ():
            text = found[0].replace(b"$$", b"$")
            if _HASH.fullmatch(text):
                yield self._finding(target, "", *found.span(), text)
        for found in _HASH.finditer(data):
            if len(set(found[2])) > 12 and not _is_shown(data, found.start(), found.end()):  # not `$2a$10$xxxx…`
                yield self._finding(target, (found[1] or b"").decode(), found.start(2), found.end(2), found[2])

    def _finding(self, target: Target, user: str, start: int, end: int, value: bytes) -> Finding:
        return target.finding(
            self,
            target.region(start, end),
            f"the hash of a password{f' of `{user}`' if user else ''} stands here",
            fix=mend.take_out(target, ""),
            key=user,
            value=value,
        )


def _is_shown(data: bytes, start: int, end: int) -> bool:
    """Does it stand in a comment that calls it an example, as the values of charts have them?"""
    *above, before = data[max(0, start - 600) : start].split(b"\n")[-4:]
    if not _is_comment(before):
        return False
    comment = [data[end : end + 100].partition(b"\n")[0], before]
    for line in reversed(above):
        if not _is_comment(line):
            break
        comment.append(line)
    text = b" ".join(comment).lower()
    return b"example" in text or b"e.g" in text


def _is_comment(line: bytes) -> bool:
    return line.lstrip().startswith((b"#", b"//", b";"))


RULE = PasswordHash()
