"""A Secret as a typed view: what it takes from YAML and JSON, and what it refuses."""

from __future__ import annotations

import pytest

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.errors import AlreadySealed, DocumentError
from secrets_gitops.manifests import secret as secrets
from secrets_gitops.manifests.fields import Fields


def secret(text: str, form: str = "yaml") -> secrets.Secret:
    document = read(text, path=f"s.{form}")
    return secrets.read(Fields(document, document.roots[0]), to_plain(document.roots[0], "k8s"))


def data(text: str, form: str = "yaml") -> dict[str, bytes]:
    return {key: value.reveal() for key, value in secret(text, form).data.items()}


HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: ns}\n"


def test_string_data_wins_over_data() -> None:
    assert data(HEAD + "data: {a: YQ==, b: Yg==}\nstringData: {a: x}\n") == {"a": b"x", "b": b"b"}


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("0777", b"511"), ("0x1F", b"31"), ("1_000", b"1000"), ("3.10", b"3.1"), ("1e3", b"1000"),
        ("3.14159265358979", b"3.1415927"), ("1234567.891", b"1.2345679e+06"), ("yes", b"true"), ("On", b"true"),
        ("Off", b"false"), ("~", b""), ("12:30", b"12:30"), ("2024-01-02", b"2024-01-02"), (".inf", b"+Inf"),
        ("!!binary aGVsbG8=", b"hello"), ("'0777'", b"0777"), ("plain text", b"plain text"),
    ],
)  # fmt: skip
def test_scalars_become_text_as_kubectl_makes_them(written: str, stored: bytes) -> None:
    assert data(f"{HEAD}stringData: {{v: {written}}}\n") == {"v": stored}


def test_the_same_goes_for_keys_and_metadata() -> None:
    found = secret("metadata: {name: y, namespace: n, labels: {on: 1}}\nstringData: {no: x}\n")
    assert (found.name, found.namespace, dict(found.labels), list(found.data)) == (
        "true", "false", {"true": "1"}, ["false"],
    )  # fmt: skip


def test_json_takes_strings_alone() -> None:
    with pytest.raises(DocumentError, match=r"`stringData\.a` must be text"):
        secret('{"kind": "Secret", "stringData": {"a": 1}}', "json")


def test_null_and_empty_are_the_same() -> None:
    assert data(HEAD + "data: {a: null, b: ''}\nstringData: null\n") == {"a": b"", "b": b""}


def test_base64_may_be_wrapped() -> None:
    assert data(HEAD + "data:\n  a: |\n    aGVs\n    bG8=\n") == {"a": b"hello"}


@pytest.mark.parametrize("value", ["hunter2!", "aHVudGVyMg", "12345", "yes", "' aA=='"])
def test_data_that_is_not_base64_is_refused_with_its_place_and_without_its_text(value: str) -> None:
    with pytest.raises(DocumentError) as caught:
        secret(f"{HEAD}data:\n  ok: YQ==\n  pw: {value}\n")
    assert caught.value.message == "`data.pw` is not base64"
    assert (caught.value.place.line, caught.value.place.column) == (6, 7)
    assert "`stringData`" in caught.value.hints[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "stringdata: {a: b}\n", "unknown field `stringdata` in a Secret"),
        ("metadata: {name: a, lables: {}}\n", "unknown field `lables` in metadata"),
        (HEAD + "data: [a]\n", "`data` must be a mapping"),
        (HEAD + "immutable: 'true'\n", "`immutable` must be true or false"),
        (HEAD + "stringData: {a: {b: c}}\n", "`stringData.a` must be text"),
        (HEAD + "stringData: {tls.key: []}\n", '`stringData["tls.key"]` must be text'),
        ("metadata: {labels: {a: [1]}}\n", "`metadata.labels.a` must be text"),
        (HEAD + "stringData: {a: !!binary /w==}\n", "`stringData.a` must be text; its bytes are not UTF-8"),
    ],
)
def test_what_kubernetes_would_drop_or_refuse(text: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        secret(text)
    assert caught.value.message == message


def test_a_secret_encrypted_with_sops_is_not_plaintext() -> None:
    with pytest.raises(AlreadySealed):
        secret(HEAD + "data: {a: ENC}\nsops: {version: 3.13.3}\n")


def test_written_as_kubectl_reads_it() -> None:
    tree = secret(HEAD + "type: Opaque\nimmutable: false\nstringData: {a: x}\n").to_tree()
    assert tree == {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {"name": "s", "namespace": "ns"},
        "immutable": False,
        "data": {"a": "eA=="},
        "type": "Opaque",
    }


def test_no_value_in_its_repr() -> None:
    assert "hunter2" not in repr(secret(HEAD + "stringData: {a: hunter2}\n"))
