"""`credential-file`: a file in which a program keeps its logins."""

from __future__ import annotations

import posixpath

from secrets_gitops.lint.assignment_rule import is_encrypted
from secrets_gitops.lint.directives import USERLIST
from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.value_model import classify
from secrets_gitops.lint.values import shape
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target

_NETRC = pattern(
    rb"(?<![\w.])(?:machine[ \t]{1,20}([^\s]{1,200}+)|default)(?:\s{1,40}+(?:login|account)\s{1,40}+[^\s]{1,200}+){0,2}"
    rb"\s{1,40}+password\s{1,40}+([^\s]{1,400}+)"
)
_PGPASS = pattern(rb"^(?!#)((?:[^:\\\s]|\\.){1,200}+:[0-9*]{1,5}:[^:\r\n]{1,100}:[^:\r\n]{1,100}):([^\r\n]{1,400}+)", 8)
_LINE = pattern(
    rb"^[ \t]{0,40}+(?!(?:#|;|//[^\w]))[\"']?((?://[^\s=:]{1,200}(?::[0-9]{1,5})?/?[^\s=:]{0,200}:)?[A-Za-z_][\w.-]{1,80}+)[\"']?"
    rb"[ \t]{0,20}+[=: ][ \t]{0,20}+[\"']?([^\s\"'#;][^\"'\r\n]{0,4000}+)",
    8,  # re.MULTILINE
)
_ELEMENT = pattern(rb"<(password|passphrase|privateKey|master)>\s{0,40}+([^<>\s][^<>\r\n]{0,1000}+)</", 2)
_ADDED = pattern(rb"key=\"(ClearTextPassword|Password|apikey)\"\s{1,40}+value=\"([^\"<>\r\n]{4,1000}+)\"", 2)
_MEMBER = pattern(rb"\"([a-z_]{0,40}(?:token|password|secret))\"[ ]{0,4}:[ ]{0,4}\"([^\"\r\n]{4,4000}+)\"")
_KEYS = frozenset({"auth", "_auth", "token", "key", "secret", "password", "pass", "keys"})
"""Weak elsewhere; in such a file they are what it is about."""
_NOT = frozenset({"password-policy", "token_url", "always-auth"})


class Login(NamedTuple):
    """A secret of such a file, in bytes `start` (included) to `end` (excluded)."""

    key: str
    value: str
    start: int
    end: int


class CredentialFile:
    """Each format by its own lines; references to the environment and empty values are no logins."""

    id = "credential-file"
    alias = "SG605"
    severity: Severity = "high"
    summary = "a credential file (`.netrc`, `.pgpass`, `.npmrc`, cloud credentials …) holds a plaintext login"
    why = "Such a file belongs to one person on one machine; with it anybody can log in."
    fix = "take PATH out of git, name it in .gitignore, and change the login"

    def concerns(self, target: Target) -> bool:
        """Is it such a file, by its name?"""
        return target.parent is None and target.kind == "credentials" and not is_encrypted(target)

    def check(self, target: Target) -> Iterator[Finding]:
        """Each login that is plaintext."""
        verdicts: dict[tuple[str, str], bool] = {}
        for login in _logins(target):
            judged = login.key, login.value
            if judged not in verdicts:
                verdicts[judged] = _is_plaintext(login)
            if verdicts[judged]:
                yield target.finding(
                    self,
                    target.region(login.start, login.end),
                    f"`{login.key}` in {posixpath.basename(target.path)} is a plaintext login",
                    fix=f"take {quoted(target.path)} out of git, name it in .gitignore, and change the login",
                    key=login.key,
                    value=login.value,
                )


def _is_plaintext(login: Login) -> bool:
    name = read_key(login.key)
    if name.sensitivity != "strong":
        name = read_key("password")
    return len(login.value) >= 4 and classify(login.value, name, strict=True) == "plaintext"


def _logins(target: Target) -> Iterator[Login]:
    """The values in the file that are logins, plaintext or not."""
    name = posixpath.basename(target.path).lower()
    data = target.data
    if name in {".netrc", "_netrc"}:
        yield from (_login("password", found, 2) for found in _NETRC.finditer(data))
    elif "pgpass" in name:
        yield from (_login("password", found, 2) for found in _PGPASS.finditer(data))
    elif name.endswith((".xml", ".config")):
        for expression in (_ELEMENT, _ADDED):
            yield from (_login(found[1].decode(), found, 2) for found in expression.finditer(data))
    elif name == "userlist.txt":
        yield from (_login("password", found, 1) for found in USERLIST.finditer(data))
    elif "htpasswd" not in name and name != ".git-credentials":  # hashes and URLs have rules of their own
        yield from _lines(data, name)
        yield from (_login(found[1].decode(), found, 2) for found in _MEMBER.finditer(data))  # JSON after a key


def _lines(data: bytes, name: str) -> Iterator[Login]:
    """`key = value`, one on a line."""
    for found in _LINE.finditer(data):
        written = found[1].decode("utf-8", "replace")
        key = written.rpartition(":")[2] if written.startswith("//") else written
        login = _login(key, found, 2)
        if key.lower() in _NOT or (" " in login.value and not login.value.startswith("Basic ")):
            continue
        sensitivity = read_key(key).sensitivity
        looks = (sensitivity == "weak" or name == "rclone.conf") and shape.is_random_looking(login.value)
        if looks or sensitivity == "strong" or key.lower() in _KEYS:
            yield login


def _login(key: str, found: re.Match[bytes], group: int) -> Login:
    value = found[group].rstrip(b" \t,")
    return Login(key, value.decode("utf-8", "replace"), found.start(group), found.start(group) + len(value))


RULE = CredentialFile()
