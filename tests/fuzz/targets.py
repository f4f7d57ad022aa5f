"""Every parser and what follows on it, as functions of bytes that end well or with one of our errors.

Both runners take them from here: `test_targets.py`, which mutates the seeds and is part of every test run, and
`coverage_guided.py`, which lets atheris find its own way for as long as one likes.
"""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops import bech32
from secrets_gitops.cli.drop_in import encrypt as drop_in_encrypt
from secrets_gitops.cli.drop_in import index_path as drop_in_path
from secrets_gitops.cli.drop_in import old_style
from secrets_gitops.cli.drop_in.arguments import parse as parse_arguments
from secrets_gitops.cli.drop_in.exit_codes import Stop
from secrets_gitops.crypto import shamir
from secrets_gitops.crypto.age import armor, header, ssh_key
from secrets_gitops.documents import convert
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.encrypted_files import encrypt, explain, index_path, merge, rules
from secrets_gitops.encrypted_files.decrypt import decrypt, extract, read_sealed
from secrets_gitops.envelopes.sops import metadata, opened, value
from secrets_gitops.envelopes.sops.groups import KeyGroups
from secrets_gitops.envelopes.sops.selection import DEFAULT
from secrets_gitops.errors import Error
from secrets_gitops.keys import age, catalog, pem
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.keys.recipient import NotMine, WrappedKey
from secrets_gitops.repository import creation_rules, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

VECTORS = Path(__file__).parents[1] / "interop" / "vectors"
SOPS = VECTORS / "sops"
NOW = "2030-01-01T00:00:00Z"
FORMATS = ("yaml", "json", "dotenv", "ini", "binary")
SUFFIX = {"yaml": "x.yaml", "json": "x.json", "dotenv": "x.env", "ini": "x.ini", "binary": "x.bin"}
SMALL = Limits(depth=40, nodes=4000, documents=60, alias_expansions=400)
EXPECTED = (Error, Stop)


class Target(NamedTuple):
    """One function to try, and contents that it takes as a start."""

    run: Callable[[bytes], object]
    seeds: Sequence[bytes]


@functools.cache
def keyring() -> Keyring:
    """The age keys of the recorded files, and nothing that this machine has by itself: no agent, no network."""
    return Keyring(Keyring.local([str(path) for path in sorted(SOPS.glob("keys/age[1-5].txt"))], {}).identities)


@functools.cache
def groups() -> KeyGroups:
    return KeyGroups(((catalog.recipient("age", keyring().identities[0].recipient),),))


def recorded(*patterns: str, largest: int = 6000, count: int = 40) -> list[bytes]:
    """Recorded files that are small enough to mutate."""
    found = [path for pattern in patterns for path in sorted(SOPS.glob(pattern))]
    return [path.read_bytes() for path in found if path.is_file() and path.stat().st_size < largest][:count]


def reader(form: str, data: bytes) -> None:
    """Read plaintext, ask for its comments, and write it in every format."""
    document = read(data, path=SUFFIX[form], limits=SMALL)
    assert document.to_bytes() == data
    document.comments()
    for other in FORMATS:
        with contextlib.suppress(Error):
            written = convert.to_content(document, other)  # type: ignore[arg-type]
            if other != "binary":
                read(written, path=SUFFIX[other])


def sealed(form: str, data: bytes) -> None:
    """Encrypt plaintext and open it again: the same content."""
    plain = encrypt.read_plain(data, SUFFIX[form])
    try:
        result = encrypt.encrypt(plain, encrypt.Recipe(groups(), DEFAULT, False), NOW)
    except Error:
        return
    again = decrypt(read_sealed(result.document.to_bytes(), SUFFIX[form]), keyring())
    if form in {"dotenv", "binary"}:
        assert again.content() == data
    again.content()


def opening(form: str, data: bytes) -> None:
    """Open a file that claims to be encrypted, whatever its MAC says; close it again; set and unset a value."""
    document = read_sealed(data, SUFFIX[form])
    with contextlib.suppress(Error):
        explain.explain(document, keyring())
    with contextlib.suppress(Error):
        decrypt(document, keyring())
    result = opened.open(document, keyring(), verify_mac=False, keep_open=True)
    result.content()
    with contextlib.suppress(Error):
        extract(result, "a")
    with contextlib.suppress(Error):
        again = result.seal(NOW)
        read_sealed(again.to_bytes(), SUFFIX[form])
    for change in (lambda: result.set(("new",), "value"), lambda: result.unset(("new",))):
        with contextlib.suppress(Error):
            change()
            result.seal(NOW)


def file_metadata(form: str, data: bytes) -> None:
    found = metadata.read(read_sealed(data, SUFFIX[form]))
    if found is not None:
        for group in found.groups:
            for entry in group:
                metadata.fields_of(entry)


def envelope(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    found = value.parse(text)
    assert found is None or value.looks_sealed(text)
    for kind in ("str", "int", "float", "bool", "time", "bytes", "comment", "null", text[:4]):
        with contextlib.suppress(ValueError):
            value.from_bytes(data, kind)


def creation(data: bytes) -> None:
    for strict in (True, False):
        with contextlib.suppress(Error):
            found = creation_rules.parse(data, ".sops.yaml", strict=strict)
            for path in ("a.yaml", "dir/b.enc.json", ""):
                with contextlib.suppress(Error):
                    found.destination_for(path)
                with contextlib.suppress(Error):
                    rule = found.rule_for(path)
                    if rule is not None:
                        rules.selector(rule)
                        rules.key_groups(rule)


def own_settings(data: bytes) -> None:
    settings.parse(data)


def identities(data: bytes) -> None:
    for one in age.parse_identities(data, "keys.txt"):
        assert isinstance(one.recipient, str)


def recipients(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for kind in catalog.PARSERS:
        with contextlib.suppress(Error):
            catalog.recipient(kind, text)


def age_file(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for one in keyring().identities:
        with contextlib.suppress(NotMine):
            one.unwrap(WrappedKey("age", one.recipient, text, {}))


def age_parts(data: bytes) -> None:
    with contextlib.suppress(Error):
        armor.decode(data)
    with contextlib.suppress(Error):
        header.decode(data)
    with contextlib.suppress(ValueError):
        prefix, content = bech32.decode(data.decode("utf-8", "surrogateescape"))
        assert bech32.encode(prefix.lower(), content).lower() == data.decode().lower()
    pem.blocks(data)


def ssh_keys(data: bytes) -> None:
    with contextlib.suppress(Error):
        ssh_key.read(data)
    age.ssh_identity(data, "id_ed25519").recipient  # noqa: B018  the property reads the key


def shares(data: bytes) -> None:
    size = data[0] % 40 + 1 if data else 1
    with contextlib.suppress(ValueError):
        shamir.combine([data[at : at + size] for at in range(1, len(data), size)])


def paths(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(Error):
        index_path.parse(text)
    document = read(b"a: {b.c: [1, {d: 2}]}\nb: []\n", path="x.yaml")
    with contextlib.suppress(Error):
        index_path.parse(text, document.roots[0])
    drop_in_path.required(document, drop_in_path.keys_of(text))


def arguments(data: bytes) -> None:
    words = data.decode("utf-8", "surrogateescape").split("\n")
    environ = {"SOPS_AGE_RECIPIENTS": words[0], "SOPS_SHAMIR_SECRET_SHARING_THRESHOLD": words[-1]}
    for flags, to_first in ((old_style.FLAGS, True), (drop_in_encrypt.FLAGS, False)):
        with contextlib.suppress(Stop):
            given = parse_arguments(words, flags, environ, to_first=to_first)
            for flag in flags:
                given.text(flag.name)
                given.texts(flag.name)
                given.switch(flag.name)
                if flag.kind == "number":
                    given.number(flag.name)


@functools.cache
def versions(form: str) -> tuple[bytes, bytes]:
    """A base and our side of one file, for a third that changes."""
    text = {
        "yaml": b"a: one\nb:\n  c: [1, 2]\n  d: two\n# note\ne: 3\n",
        "json": b'{"a": "one", "b": {"c": [1, 2], "d": "two"}, "e": 3}',
        "dotenv": b"a=one\n# note\nb=two\nc=3\n",
        "ini": b"[s]\na = one\n; note\nb = two\n[t]\nc = 3\n",
    }[form]
    plain = encrypt.read_plain(text, SUFFIX[form])
    base = encrypt.encrypt(plain, encrypt.Recipe(groups(), DEFAULT, False), NOW).document
    ours = decrypt(base, keyring())
    ours.set(("s", "a") if form == "ini" else ("a",), "ours")
    return base.to_bytes(), ours.seal(NOW).to_bytes()


def merged(form: str, data: bytes) -> None:
    base, ours = versions(form)
    for three in ((base, ours, data), (data, ours, base), (b"", ours, data)):
        with contextlib.suppress(Error):
            found = merge.merge(three, SUFFIX[form], keyring(), NOW)
            if not found.conflicts:
                read_sealed(found.data, SUFFIX[form])
    with contextlib.suppress(Error):
        merge.merge((base, ours, data), SUFFIX[form], Keyring(()), NOW)


PLAIN = {
    "yaml": [
        b"a: 1\nb:\n- x\n- y: |\n    text\n  z: >+\n    folded\n\n# end\n",
        b"base: &b {k: [1, 'two', \"three\"]}\nuse: *b\nm: {<<: *b, n: !!int 3}\n",
        b"%YAML 1.1\n---\n!!map\na: !!binary aGk=\n...\n---\n? k\n: v\n",
        b"2001-01-02: 0x1F\n~: 1e400\nyes: .inf\n1_000: 0o8\n",
    ],
    "json": [
        b'{"a": [1, -2.5e+3, true, null], "b": {"c": "\\u00e9\\ud83c\\udf89\\n"}}\n',
        b'{"a": 9223372036854775807, "b": 1e400, "": {"": {}}}',
    ],
    "dotenv": [b"A=1\n# note\nB=two words\\nthree\n\nexport C= \xc3\xa9\xf0\x9f\x8e\x89\r\nD=a=b\n", b"#\nA=\n"],
    "ini": [
        b"k = v\n[s]\n; above\na = 1 ; beside\nb: \"quoted\" \nc = `back`\nd = \"\"\"many\nlines\"\"\"\n",
        b"[DEFAULT]\n#c\na=\\\n  more\n[a.b]\r\nx y = %(z)s\r\n",
    ],
    "binary": [b"\x00\x01\xff", b"text\n", b""],
}  # fmt: skip
ENDING = {"yaml": "yaml", "json": "json", "dotenv": "env", "ini": "ini", "binary": "bin"}
RULES = b"""\
stores: {yaml: {indent: 2}}
creation_rules:
- path_regex: \\.enc\\.json$
  key_groups:
  - age: [age1w3pwh4ju8pcya25qw8udwvh8ym0tdul92j4sc6spm78lcedm85xq0u6znz]
    merge: [{pgp: [0123456789ABCDEF0123456789ABCDEF01234567]}]
  - kms: [{arn: "arn:aws:kms:eu-west-1:1:key/a", role: r, context: {a: b}}]
  shamir_threshold: 1
  encrypted_regex: ^(data|stringData)$
- age: age1w3pwh4ju8pcya25qw8udwvh8ym0tdul92j4sc6spm78lcedm85xq0u6znz
  hc_vault_transit_uri: https://vault.example.org/v1/sops/keys/one
  mac_only_encrypted: true
destination_rules:
- {path_regex: ^a, s3_bucket: b, s3_prefix: p, omit_extensions: true, recreation_rule: {pgp: ABC}}
"""
TEXTS = [
    b"age1w3pwh4ju8pcya25qw8udwvh8ym0tdul92j4sc6spm78lcedm85xq0u6znz",
    b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtNvSEaHTjpGUdWpdhAZ3EJXFwC0kDsTRpvZxJNhUi6 name",
    b"arn:aws:kms:eu-west-1:111122223333:key/a+arn:aws:iam::111122223333:role/r|a:b,c:d|profile",
    b"https://vault.vault.azure.net/keys/name/0123456789abcdef0123456789abcdef",
    b"https://vault.example.org:8200/v1/transit/keys/name",
    b"projects/p/locations/global/keyRings/r/cryptoKeys/k",
    b"0123456789ABCDEF0123456789ABCDEF01234567!",
]


def _keys() -> list[bytes]:
    return [path.read_bytes() for path in sorted((SOPS / "keys").glob("*")) if path.stat().st_size < 4000]


def _age_texts() -> list[bytes]:
    """The age files inside recorded files, one per type of recipient."""
    found = []
    for name in ("age-single-json", "age-multi-json", "age-pq"):
        for path in sorted((SOPS / "generated" / "recipients" / name).glob("enc.*")):
            with contextlib.suppress(Error):
                known = metadata.read(read_sealed(path.read_bytes(), path.name))
                found += [entry.enc.encode() for group in (known.groups if known else ()) for entry in group]
    return found[:4]


def _targets() -> dict[str, Target]:
    found = {
        "envelope": Target(
            envelope, [b"ENC[AES256_GCM,data:aGk=,iv:aGk=,tag:aGk=,type:str]", b"-1.5e3", b"2001-01-02T03:04:05Z"]
        ),
        "creation-rules": Target(creation, [RULES, *recorded("config/*/.sops.yaml")]),
        "settings": Target(own_settings, [b"version: 1\nclusters:\n  prod: {certificate: a.pem}\n"]),
        "identities": Target(identities, _keys()),
        "recipients": Target(recipients, TEXTS),
        "age-file": Target(age_file, _age_texts()),
        "age-parts": Target(age_parts, [*_age_texts(), *(armor.decode(text) for text in _age_texts()), *TEXTS[:1]]),
        "ssh-keys": Target(ssh_keys, [key for key in _keys() if b"PRIVATE KEY" in key]),
        "shares": Target(shares, [b"\x04abcd\x01efgh\x02", b"\x02a\x01b\x02c\x03"]),
        "paths": Target(
            paths, [b'["a"]["b.c"][0]', b"a.b.c[1].d", b"['a'][01]", b"[" + b"1" * 30 + b"]", b"[" + b"1" * 5000 + b"]"]
        ),
        "arguments": Target(
            arguments,
            [b"-e\n-i\n--age=age1x\n--\nfile", b"--shamir-secret-sharing-threshold\n0x10\n--in-place=false\nf"],
        ),
    }
    for form in FORMATS:
        ending = ENDING[form]
        files = recorded(f"generated/recipients/age-*-{ending}/enc.*", f"generated/*/*/enc.{ending}", count=20)
        found[f"read-{form}"] = Target(functools.partial(reader, form), PLAIN[form])
        found[f"seal-{form}"] = Target(functools.partial(sealed, form), PLAIN[form])
        found[f"open-{form}"] = Target(functools.partial(opening, form), files)
        found[f"metadata-{form}"] = Target(functools.partial(file_metadata, form), files)
        if form != "binary":
            found[f"merge-{form}"] = Target(functools.partial(merged, form), list(versions(form)))
    return found


TARGETS = _targets()
