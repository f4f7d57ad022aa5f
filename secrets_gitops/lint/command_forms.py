"""Commands that take a password at a place of their own: `net user NAME PW`, `xfreerdp /p:PW`, `cmd <<< PW`.

Forms as `lint.directives` has them, by a word that every text with one holds. Commands are quoted in prose and have
other arguments in the same place, so that the value must look made by chance.
"""

from __future__ import annotations

from secrets_gitops.patterns import pattern

_VALUE = rb"[\"']?([^\s\"'\\]{8,200}+)"
_WORD = rb"[^\s|;&]{1,200}+"
_GAP = rb"[ \t]{1,9}"
_REST = rb"(?:[^\r\n\\|;&]|\\\r?\n){0,300}?"
"""The arguments before, on this line or on continued ones."""

FORMS = (
    (b" <<<", pattern(rb" <<<(?!<)[ \t]{0,4}" + _VALUE)),
    (b"net user ", pattern(rb"net user [ \t]{0,9}[^\s/|;&]{1,64}" + _GAP + rb"(?![/*])" + _VALUE)),
    (
        b"net use ",
        pattern(rb"net use [ \t]{0,9}(?:[A-Za-z*]:?" + _GAP + rb")?\\{2,4}" + _WORD + _GAP + rb"(?![/*])" + _VALUE),
    ),
    (b"freerdp", pattern(rb"freerdp" + _REST + rb"[ \t]/p:" + _VALUE)),
    (b"schtasks", pattern(rb"schtasks" + _REST + rb"[ \t]/rp" + _GAP + _VALUE)),
    (b"mc config host add ", pattern(rb"mc config host add (?:" + _WORD + _GAP + rb"){3}" + _VALUE)),
    (
        b"sqlplus ",
        pattern(rb"sqlplus (?:-\w{1,9}" + _GAP + rb"){0,4}[\"']?[\w$#.]{1,60}/" + rb"([^\s\"'\\@/]{8,200}+)@"),
    ),
    (b"cache_peer ", pattern(rb"cache_peer " + _REST + rb"[ \t]login=[^\s:]{1,100}:" + _VALUE)),
    (b"wpa_passphrase ", pattern(rb"wpa_passphrase (?:\"[^\"\r\n]{1,60}\"|" + _WORD + rb")" + _GAP + _VALUE)),
    (b"nmcli ", pattern(rb"nmcli " + _REST + rb"[ \t](?:password|wifi-sec\.psk)" + _GAP + _VALUE)),
    (b"vault login ", pattern(rb"vault login (?![-$]|\w{1,40}=)" + _VALUE)),
    (b"cargo login ", pattern(rb"cargo login (?![-$])" + _VALUE)),
    (
        b"consul kv put ",
        pattern(rb"consul kv put [\w./-]{0,100}(?:pass|secret|token|key)[\w./-]{0,60}" + _GAP + _VALUE),
    ),
    (b"_authToken ", pattern(rb"_authToken " + rb"[ \t]{0,4}" + _VALUE)),
    (b"rclone config ", pattern(rb"rclone config " + _REST + rb"[ \t]secret_access_key" + _GAP + _VALUE)),
    (b"reset-admin-password ", pattern(rb"reset-admin-password " + rb"[ \t]{0,4}(?!-)" + _VALUE)),
    (b"pulumi config set ", pattern(rb"pulumi config set " + _REST + rb"--secret" + _GAP + _WORD + _GAP + _VALUE)),
    (b"winexe ", pattern(rb"winexe " + _REST + rb"-U[ \t]{0,3}[\"']?[^\s%\"']{1,60}%" + _VALUE)),
    (b"rpcclient ", pattern(rb"rpcclient " + _REST + rb"-U[ \t]{0,3}[\"']?[^\s%\"']{1,60}%" + _VALUE)),
)
"""By its word each form, whose first group is the value."""

_TOLD = pattern(
    rb"passw|passphrase|-stdin|\bopenssl[ \t].{0,200}-pass|kinit|sudo[ \t].{0,60}-S|cryptsetup|gpg|restic|borg|"
    rb"\blogin\b|secret|token|realm join|vnc"
)
"""In the command that a here-string is for: it takes a password from its input, or keeps what it is told."""
_BEFORE = 400


def is_told(data: bytes, at: int) -> bool:
    """Is the here-string at byte `at` for a command that takes a password from its input?"""
    return _TOLD.search(data[max(0, at - _BEFORE) : at].rpartition(b"\n")[2]) is not None
