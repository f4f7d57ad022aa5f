"""The reference language of vals: `ref+SCHEME://PATH?PARAMETERS#/KEY/KEY`, anywhere in a string.

Finding never fails; splitting raises BadReference. Every scheme that vals knows can be split, built or not, so that
lint and inventories work; whether a scheme can be resolved is said by `references.catalog`.

The grammar is the one that vals 0.46 implements: the word `ref+` or `secretref+`, a scheme without `+` and `:`, `://`,
then at least two characters other than plus, space and newline, the last of which is also not `"` or `,`; greedy; one
plus after it ends the reference and belongs to it. So `)` `'` `;` and a tab do not end a reference.

Where ours differs: a percent escape in a key is decoded (vals crashes), and a parameter that cannot be decoded is an
error (vals drops it).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from secrets_gitops.errors import BadReference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

BACKENDS: dict[str, str] = {
    "env": "env",
    "file": "file",
    "sops": "sops",
    "echo": "echo",
    "envsubst": "envsubst",
    "vault": "vault",
    "openbao": "openbao",
    "k8s": "kubernetes",
    "awsssm": "aws",
    "awssecrets": "aws",
    "awskms": "aws",
    "s3": "aws",
    "gcpsecrets": "gcp",
    "gcs": "gcp",
    "gkms": "gcp",
    "azurekeyvault": "azure",
    "httpjson": "webhook",
    "exec": "command",
    "tfstate": "tfstate",
    "tfstategs": "tfstate",
    "tfstates3": "tfstate",
    "tfstateazurerm": "tfstate",
    "tfstateremote": "tfstate",
    "tfstategitlab": "tfstate",
    "bw": "bw",
    "conjur": "conjur",
    "doppler": "doppler",
    "gitlab": "gitlab",
    "googlesheets": "googlesheets",
    "hcpvaultsecrets": "hcpvaultsecrets",
    "infisical": "infisical",
    "keychain": "keychain",
    "oci": "oci",
    "onepasswordconnect": "onepassword",
    "op": "onepassword",
    "pulumistateapi": "pulumistateapi",
    "scw": "scw",
    "servercore": "servercore",
    "tss": "tss",
    "yclockbox": "yclockbox",
}
"""Scheme → backend. `env` is ours; the rest are vals'. `echo` and `envsubst` need no store."""

_HEAD = re.compile(r"(secret)?ref\+([^+:]*)://")
_REFERENCE = re.compile(r"(secret)?ref\+([^+:]*)://([^+\n ]+[^+\n \",])\+?")
_BODY = re.compile(r"[^+\n ]*")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:\[\]<>\"\x80-\U0010ffff]*\Z")
_USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Match(NamedTuple):
    """A reference found in a string: `string[start:end]`, not yet split."""

    start: int
    end: int
    """After the plus that ends it, if there is one."""
    text: str
    """The reference without that plus."""
    depth: int
    """How many references stand one inside the other: 1 for a plain one."""
    innermost: tuple[int, int, int]
    """Of the first reference that holds no other: start, end of its text, end with its plus (all in the string)."""


class Expression(NamedTuple):
    """One reference, split."""

    kind: Literal["ref", "secretref"]
    scheme: str
    """In lower case, one of BACKENDS."""
    path: str
    """Host and path in one, percent-decoded. User information is dropped, as in vals."""
    parameters: dict[str, str]
    """The first value of each."""
    fragment: tuple[str, ...] | None
    """The keys to walk in the fetched document; None when the value itself is meant."""
    text: str
    """As written."""


def find(string: str) -> Iterator[Match]:
    """Every reference of `string` from left to right; of nested ones (`ref+a://ref+b://x`) the outermost."""
    at = 0
    while (head := _REFERENCE.search(string, at)) is not None:
        match = _extent(string, head)
        yield match
        at = match.end


def _extent(string: str, head: re.Match[str]) -> Match:
    """The whole of the reference that begins with `head`, which stops at the first plus even if that is a nested one's.

    A plus closes the innermost reference that is open; a space, newline or the end closes all of them.
    """
    at = head.start(3)
    opened = [head.start()]
    depth = 1
    innermost: tuple[int, int, int] | None = None
    while True:
        stop = _BODY.match(string, at).end()  # type: ignore[union-attr]  # it matches the empty string too
        plus = string.startswith("+", stop)
        nested = _nested_before(string, at, stop) if plus else None
        if nested is not None:
            opened.append(nested.start())
            depth = max(depth, len(opened))
            at = nested.start(3)
            continue
        text_end = stop
        while text_end > at and string[text_end - 1] in '",':
            text_end -= 1
        end = stop + 1 if plus and text_end == stop else text_end
        if innermost is None:
            innermost = (opened[-1], text_end, end)
        opened.pop()
        if not opened or end == text_end:
            return Match(head.start(), end, string[head.start() : text_end], depth, innermost)
        at = end


def _nested_before(string: str, begin: int, plus: int) -> re.Match[str] | None:
    """The reference whose leading word ends at the plus, within a body that begins at `begin`."""
    for word in ("secretref", "ref"):
        start = plus - len(word)
        if start >= begin and string.startswith(word, start):
            return _REFERENCE.match(string, start)
    return None


def is_reference(string: str) -> bool:
    """Whether `string` as a whole is one reference, so that it takes the value with its type."""
    first = next(find(string), None)
    return first is not None and first.start == 0 and first.end == len(string)


def almost(string: str) -> bool:
    """Whether `string` looks like a reference and is none, as `ref+env://X`: its path is too short."""
    return any(head[2].lower() in BACKENDS for head in _HEAD.finditer(string)) and next(find(string), None) is None


def split(text: str) -> Expression:
    """The parts of one reference that holds no other. Raises BadReference when it cannot be understood."""
    head = _HEAD.match(text)
    if head is None:
        raise BadReference("this is not a reference", hints=("a reference reads `ref+SCHEME://PATH#/KEY`",))
    scheme = head[2].lower()
    if scheme not in BACKENDS:
        # The name is quoted only when it is a word: anything may stand before `://`.
        named = f"`{scheme}`" if re.fullmatch(r"[a-z0-9._-]{1,40}", scheme) else "this scheme"
        raise BadReference(f"no backend is called {named}", hints=_schemes_like(scheme))
    rest, _, fragment = text[head.end() :].partition("#")
    path, _, query = rest.partition("?")
    if _CONTROL.search(rest):
        raise BadReference(f"`ref+{scheme}://` holds a control character", hints=("write it as a percent escape",))
    if not path.startswith(("arn:aws:", "arn:aws-")):  # these hold colons, and vals takes them as they are
        path = _path(path, scheme)
    return Expression(
        "secretref" if head[1] else "ref", scheme, path, _parameters(query, scheme), _keys(fragment, scheme), text
    )


def _schemes_like(scheme: str) -> tuple[str, ...]:
    from difflib import get_close_matches  # noqa: PLC0415  for this message alone

    near = get_close_matches(scheme, BACKENDS, n=1)
    known = f"known schemes: {', '.join(sorted(BACKENDS))}"
    return (f"did you mean `{near[0]}`?", known) if near else (known,)


def _path(path: str, scheme: str) -> str:
    """Host and path joined, under the rules of Go's net/url for a host."""
    host, slash, rest = path.partition("/")
    if "@" in host:
        user, _, host = host.rpartition("@")
        if not _USER.match(user):
            raise BadReference(f"what stands before `@` in `ref+{scheme}://` cannot be there", hints=("leave it out",))
    if "%" in host:
        raise BadReference(
            f"the first part of the path of `ref+{scheme}://` holds a percent escape",
            hints=("only parts after the first slash may hold escapes",),
        )
    if not _HOST.match(host):
        raise BadReference(f"the first part of the path of `ref+{scheme}://` holds a character that cannot be there")
    _, colon, port = host.rpartition(":")
    if colon and not host.endswith("]") and port.strip("0123456789"):
        raise BadReference(
            f"the first part of the path of `ref+{scheme}://` holds a colon, and what follows is no port number"
        )
    return host + _decoded(slash + rest, "path", scheme)


def _parameters(query: str, scheme: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in query.split("&"):
        if not pair:
            continue
        if ";" in pair:
            raise BadReference(f"a parameter of `ref+{scheme}://` holds a semicolon", hints=("write it as `%3B`",))
        name, _, value = pair.partition("=")
        found.setdefault(_decoded(name, "parameters", scheme), _decoded(value, "parameters", scheme))
    return found


def _keys(fragment: str, scheme: str) -> tuple[str, ...] | None:
    """The keys of a fragment; an escaped slash stays inside its key."""
    fragment = fragment.removeprefix("/")
    return tuple(_decoded(key, "key", scheme) for key in fragment.split("/")) if fragment else None


def _decoded(text: str, part: str, scheme: str) -> str:
    if "%" not in text:
        return text
    if _ESCAPE.search(text):
        raise BadReference(
            f"the {part} of `ref+{scheme}://` holds a percent sign that begins no escape", hints=("write it as `%25`",)
        )
    out = bytearray()
    at = 0
    raw = text.encode("utf-8", "surrogatepass")
    while at < len(raw):
        if raw[at] == 0x25:
            out.append(int(raw[at + 1 : at + 3], 16))
            at += 3
        else:
            out.append(raw[at])
            at += 1
    try:
        return out.decode()
    except UnicodeDecodeError:
        raise BadReference(f"the escapes in the {part} of `ref+{scheme}://` are not UTF-8") from None
