"""Sealing inside a file: the Secrets are replaced, every other character stays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files.seal import Sealing
from secrets_gitops.encrypted_files.seal_in_place import InPlace, seal_in_place
from secrets_gitops.errors import AlreadySealed, DocumentError, Error, SettingsError
from secrets_gitops.keys.sealing import load_certificate, load_sealing_keys
from secrets_gitops.materialize.materialized import Given
from secrets_gitops.materialize.sealed_secret import unseal

KEYS = Path(__file__).parents[2] / "interop" / "vectors" / "sealed-secrets" / "keys" / "ctl2048"
CERTIFICATE = load_certificate((KEYS / "served-cert.pem").read_bytes(), "cert.pem")
GIVEN = Given(sealing_keys=load_sealing_keys((KEYS / "tls.key").read_bytes(), "tls.key"))


def sealed(text: str, path: str = "x.yaml", **options: str) -> InPlace:
    return seal_in_place(read(text, path=path), Sealing(CERTIFICATE, **options))


def shown(text: str) -> str:
    return re.sub(r"A[A-Za-z0-9+/]{300,}=*", "<BLOB>", text)


SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: ns\nstringData:\n  password: hunter2\n"
SEALED = """\
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata:
  name: db
  namespace: ns
spec:
  encryptedData:
    password: <BLOB>
  template:
    metadata:
      name: db
      namespace: ns
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("# head\n---\n", "\n---\nkind:   Deployment   # as it was\nx: [ 1,2 ]\n"),
        ("%YAML 1.1\n---\n", "...\n---\n# tail\n"),
        ("a: b\n---\n", "---\n" + "c: 'd'   \n"),
        ("\n\n---\n---\n", "\n\n"),
    ],
)
def test_other_documents_stay_byte_for_byte(before: str, after: str) -> None:
    result = sealed(before + SECRET + after)
    assert shown(result.document.text) == before + SEALED + after
    assert result.sealed == 1


def test_line_breaks_and_byte_order_mark_stay() -> None:
    text = "\ufeff" + (SECRET + "---\nother: 1\n").replace("\n", "\r\n")
    result = sealed(text)
    data = result.document.to_bytes().decode()
    assert data.startswith("\ufeffapiVersion: bitnami.com")
    assert shown(data) == "\ufeff" + (SEALED + "---\nother: 1\n").replace("\n", "\r\n")


def test_no_final_line_break_is_added() -> None:
    assert shown(sealed(SECRET.rstrip("\n")).document.text) == SEALED.rstrip("\n")


def test_a_root_in_braces_on_the_line_of_its_marker() -> None:
    text = "--- {apiVersion: v1, kind: Secret, metadata: {name: db, namespace: ns}, stringData: {password: x}}\n---\na: b\n"  # noqa: E501
    assert shown(sealed(text).document.text) == "--- \n" + SEALED + "---\na: b\n"


def test_an_indented_document() -> None:
    indented = "".join(f"  {line}\n" for line in SECRET.splitlines())
    assert shown(sealed(indented).document.text) == "".join(f"  {line}\n" for line in SEALED.splitlines())


def test_items_of_a_list_among_others() -> None:
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- kind: ConfigMap   # stays\n  data: {a: b}\n"
        "- apiVersion: v1\n  kind: Secret\n  metadata: {name: db, namespace: ns}\n  stringData: {password: x}\n"
        "# next\n- {kind: Service}\n"
    )
    indented = "  ".join(SEALED.splitlines(keepends=True))
    assert shown(sealed(text).document.text) == (
        "apiVersion: v1\nkind: List\nitems:\n- kind: ConfigMap   # stays\n  data: {a: b}\n"
        f"- {indented}# next\n- {{kind: Service}}\n"
    )


def test_a_typed_list_becomes_a_plain_one() -> None:
    text = "apiVersion: v1\nkind: SecretList\nitems:\n- metadata: {name: db, namespace: ns}\n  stringData: {a: b}\n"
    changed = yaml.safe_load(sealed(text).document.text)
    assert (changed["kind"], changed["items"][0]["kind"]) == ("List", "SealedSecret")


def test_json_keeps_its_indentation() -> None:
    text = '{\n    "apiVersion": "v1",\n    "kind": "Secret",\n    "metadata": {"name": "db", "namespace": "ns"},\n    "data": {"a": "YQ=="}\n}\n'  # noqa: E501
    result = shown(sealed(text, "x.json").document.text)
    assert result.startswith(
        '{\n    "kind": "SealedSecret",\n    "apiVersion": "bitnami.com/v1alpha1",\n    "metadata": {\n        "name"'
    )
    assert result.endswith('"encryptedData": {\n            "a": "<BLOB>"\n        }\n    }\n}\n')


def test_json_on_one_line_stays_on_one_line() -> None:
    text = '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"ns"},"data":{"a":"YQ=="}}'
    assert "\n" not in sealed(text, "x.json").document.text


def test_comments_go_where_their_neighbours_go() -> None:
    text = (
        "# head\n"
        "apiVersion: v1 # a\n"
        "# before kind\n"
        "kind: Secret\n"
        "metadata:\n"
        "  # about the name\n"
        "  name: db  # n\n"
        "  namespace: ns\n"
        "  labels:\n"
        "    a: b  # why\n"
        "# before the data\n"
        "stringData:\n"
        "  password: x\n"
        "# about the type\n"
        "type: Opaque # t\n"
        "# tail\n"
    )
    assert shown(sealed(text).document.text) == (
        "# head\n"
        "apiVersion: bitnami.com/v1alpha1  # a\n"
        "# before kind\n"
        "kind: SealedSecret\n"
        "metadata:\n"
        "  # about the name\n"
        "  name: db  # n\n"
        "  namespace: ns\n"
        "spec:\n"
        "  # before the data\n"
        "  encryptedData:\n"
        "    password: <BLOB>\n"
        "  template:\n"
        "    metadata:\n"
        "      labels:\n"
        "        a: b  # why\n"
        "      name: db\n"
        "      namespace: ns\n"
        "    # about the type\n"
        "    type: Opaque  # t\n"
        "# tail\n"
    )


@pytest.mark.parametrize(
    "data",
    [
        "stringData:\n  # was hunter1\n  a: b\n",
        "stringData:\n  a: b  # was hunter1\n",
        "stringData: {a: b} # was hunter1\n",
        "stringData:\n  a: b\n  # was hunter1\n",
        "stringData:\n  a: |\n    b\n  # was hunter1\n",
        "stringData:  # was hunter1\n  a: b\n",
        "data:\n  a: YQ==\n   # was hunter1\ntype: Opaque\n",
    ],
)
def test_comments_between_values_are_taken_out_and_named(data: str) -> None:
    text = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: db, namespace: ns}}\n{data}"
    for rest in ("", "# tail\n", "---\na: b # was fine\n"):
        result = sealed(text + rest)
        assert "hunter1" not in result.document.text
        assert [place.line for place in result.dropped] == [
            number for number, line in enumerate((text + rest).splitlines(), 1) if "hunter1" in line
        ]
        assert result.document.text.endswith(rest)


def test_what_was_sealed_in_place_opens() -> None:
    result = sealed(SECRET)
    (secret,) = unseal(result.document, GIVEN)
    assert {key: value.reveal() for key, value in secret.data.items()} == {"password": b"hunter2"}


def test_aliases_and_merge_keys_inside_a_secret_are_followed() -> None:
    text = SECRET.replace("hunter2", "&p hunter2") + "  again: *p\n"
    (secret,) = unseal(sealed(text).document, GIVEN)
    assert secret.data["again"].reveal() == b"hunter2"


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("kind: ConfigMap\n", DocumentError, "no Secret found"),
        ("", DocumentError, "no Secret found"),
        ("apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n", AlreadySealed, "every Secret is sealed already"),
        (SECRET.replace("  namespace: ns\n", ""), SettingsError, "the Secret `db` has no namespace, and `strict` sealing binds it to one"),  # noqa: E501
        (SECRET.replace("  name: db\n", ""), SettingsError, "the Secret has no name"),
        (SECRET.replace("  password: hunter2\n", ""), DocumentError, "the Secret has no data"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, error: type[Error], message: str) -> None:
    with pytest.raises(error) as caught:
        sealed(text)
    assert caught.value.message == message


def test_an_anchor_that_others_need_is_not_lost_in_silence() -> None:
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: db, namespace: &n ns}\n"  # noqa: E501
        "  stringData: {a: b}\n- {kind: ConfigMap, namespace: *n}\n"
    )
    with pytest.raises(DocumentError):
        sealed(text)
