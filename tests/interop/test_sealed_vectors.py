"""Objects that the genuine kubeseal and controller made: we open them all, and seal the same objects ourselves."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files.seal import Sealing, seal, text_of
from secrets_gitops.envelopes.sealed_blob import flaw
from secrets_gitops.errors import EnvelopeError, NoMatchingKey, NotBuiltYet, Tampered
from secrets_gitops.keys.sealing import load_certificate, load_sealing_keys
from secrets_gitops.materialize.materialized import Given
from secrets_gitops.materialize.sealed_secret import unseal

VECTORS = Path(__file__).parent / "vectors" / "sealed-secrets"
CASES = sorted(path.name for path in (VECTORS / "cases").iterdir())
GO_TEMPLATES = {"template-sprig", "template-null-key"}
"""Cases whose `spec.template.data` holds Go templates, which are refused by name."""
NEGATIVE = json.loads((VECTORS / "negative" / "blobs.json").read_text())


def keys(name: str):
    folder = VECTORS / "keys" / name
    return [key for path in sorted(folder.glob("*.key")) for key in load_sealing_keys(path.read_bytes(), path.name)]


def case(name: str) -> dict:
    return json.loads((VECTORS / "cases" / name / "case.json").read_text())


def sealed_file(name: str) -> Path:
    (path,) = (VECTORS / "cases" / name).glob("sealed.*")
    return path


def expected(name: str) -> list[dict]:
    folder = VECTORS / "cases" / name
    several = folder / "expected-secrets.json"
    objects = (
        json.loads(several.read_text())
        if several.exists()
        else [json.loads((folder / "expected-secret.json").read_text())]
    )
    for item in objects:  # Go prints an empty value as null
        item["data"] = {key: value or "" for key, value in item.get("data", {}).items()}
    return objects


def opened(text: str | bytes, path: str, key_name: str) -> list[dict]:
    document = read(text, path=path, stream=True)
    return [secret.to_tree() for secret in unseal(document, Given(sealing_keys=keys(key_name)))]


@pytest.mark.parametrize("name", [name for name in CASES if name not in GO_TEMPLATES])
def test_what_kubeseal_sealed_opens_here(name: str) -> None:
    path = sealed_file(name)
    assert opened(path.read_bytes(), path.name, case(name)["key"]) == expected(name)


@pytest.mark.parametrize("name", sorted(GO_TEMPLATES))
def test_go_templates_are_refused_by_name(name: str) -> None:
    path = sealed_file(name)
    with pytest.raises(NotBuiltYet, match=r"`spec\.template\.data` holds a Go template under `"):
        opened(path.read_bytes(), path.name, case(name)["key"])


def sealing(name: str) -> Sealing:
    folder = VECTORS / "keys" / case(name)["key"]
    certificate = load_certificate((folder / "served-cert.pem").read_bytes(), "served-cert.pem")
    arguments = case(name)["kubeseal_args"]

    def option(flag: str) -> str:
        return arguments[arguments.index(flag) + 1] if flag in arguments else ""

    return Sealing(certificate, option("--scope") or None, option("-n"), option("--name"))


def without_ciphertext(text: str) -> str:
    return re.sub(r"(?<![A-Za-z0-9+/])A[A-Za-z0-9+/]{300,}=*", lambda match: f"<{len(match[0])}>", text)


@pytest.mark.parametrize("name", [name for name in CASES if (VECTORS / "cases" / name / "input.yaml").exists()])
def test_sealing_the_same_input_gives_the_same_text_but_for_ciphertext(name: str) -> None:
    document = read((VECTORS / "cases" / name / "input.yaml").read_bytes(), path="input.yaml")
    path = sealed_file(name)
    theirs = path.read_text()
    if name in GO_TEMPLATES:  # their templates were put in by hand afterwards
        theirs = re.sub(r"(?m)^    data:\n(      .*\n)+", "", "---\n" + theirs)
    ours = text_of(seal(document, sealing(name)), "json" if path.suffix == ".json" else "yaml")
    assert without_ciphertext(ours) == without_ciphertext(theirs)


@pytest.mark.parametrize("name", [name for name in CASES if (VECTORS / "cases" / name / "input.yaml").exists()])
def test_what_is_sealed_here_opens_here(name: str) -> None:
    document = read((VECTORS / "cases" / name / "input.yaml").read_bytes(), path="input.yaml")
    text = text_of(seal(document, sealing(name)), "yaml")
    secrets = opened(text, "sealed.yaml", case(name)["key"])
    if name in GO_TEMPLATES:
        assert all(secret["data"] for secret in secrets)
    else:
        assert secrets == expected(name)


def test_a_sealed_secret_of_2020_opens() -> None:
    folder = VECTORS / "third-party" / "vscode-kubeseal"
    document = read((folder / "sealed-secret.yml").read_bytes(), path="sealed-secret.yml")
    given = Given(sealing_keys=load_sealing_keys((folder / "key.pem").read_bytes(), "key.pem"))
    (secret,) = unseal(document, given)
    assert secret.to_tree() == json.loads((folder / "expected-secret.json").read_text())


@pytest.mark.parametrize("form", ["backup-list.yaml", "key-secret.json"])
def test_backups_of_keys_open_as_the_pem_files_do(form: str) -> None:
    path = VECTORS / "keys" / "ctl2048" / form
    given = Given(sealing_keys=load_sealing_keys(path.read_bytes(), form))
    document = read(sealed_file("namespace-wide").read_bytes(), path="sealed.yaml")
    (secret,) = unseal(document, given)
    assert secret.data["foo"].reveal() == b"bar"


@pytest.mark.parametrize("item", NEGATIVE["cases"], ids=lambda item: item["id"])
def test_damaged_blobs_fare_as_with_kubeseal(item: dict) -> None:
    text = json.dumps(item["sealed"])
    if item["exit_code"] == 0:
        (secret,) = opened(text, "x.json", NEGATIVE["key"])
        assert secret["data"] == item["data"]
    else:
        with pytest.raises((NoMatchingKey, Tampered)) as caught:
            opened(text, "x.json", NEGATIVE["key"])
        bad = re.search(r"\(([^)]*)\)", item["stderr"])[1].split(", ")
        assert all(f"`{name}`" in caught.value.message for name in bad)
        assert caught.value.place.path == "x.json"


@pytest.mark.parametrize("item", NEGATIVE["cases"], ids=lambda item: item["id"])
def test_no_blob_that_opens_is_called_malformed(item: dict) -> None:
    if item["exit_code"] == 0:
        assert all(flaw(text) is None for text in item["sealed"]["spec"]["encryptedData"].values())


CAUSES = {
    "flip-last-byte": (Tampered, ""),
    "truncated-tag": (Tampered, ""),
    "b64-space": (Tampered, ""),
    "flip-rsa-byte": (NoMatchingKey, "it was sealed for another cluster's key"),
    "wrong-name": (NoMatchingKey, "it was sealed for `ns/n1`"),
    "wrong-namespace": (NoMatchingKey, "it was sealed for `ns/n1`"),
    "annotation-empty-name": (NoMatchingKey, "it was sealed for `ns/n1`"),
    "scope-annotation-added": (NoMatchingKey, "it was sealed `strict`, but its annotations say `namespace-wide`"),
}


@pytest.mark.parametrize("name", CAUSES)
def test_the_error_says_the_probable_cause(name: str) -> None:
    item = next(item for item in NEGATIVE["cases"] if item["id"] == name)
    kind, hint = CAUSES[name]
    with pytest.raises(EnvelopeError) as caught:
        opened(json.dumps(item["sealed"]), "x.json", NEGATIVE["key"])
    assert type(caught.value) is kind
    assert any(text.startswith(hint) for text in caught.value.hints)


def test_the_format_of_before_0_7_is_refused_by_name() -> None:
    item = json.loads((VECTORS / "negative" / "v1-data.json").read_text())
    with pytest.raises(NotBuiltYet, match=r"`spec\.data`"):
        opened(json.dumps(item["sealed"]), "x.json", item["key"])


def test_every_changed_byte_of_a_blob_is_noticed() -> None:
    (document,) = [read(sealed_file("strict-4096").read_bytes(), path="sealed.yaml")]
    tree = to_plain(document.roots[0], "k8s")
    blob = bytearray(base64.b64decode(tree["spec"]["encryptedData"]["foo"]))
    given = Given(sealing_keys=keys("ctl4096"))
    for at in [0, 1, 2, 3, 100, 257, 511, 512, 513, *range(514, len(blob))]:
        blob[at] ^= 1
        tree["spec"]["encryptedData"]["foo"] = base64.b64encode(blob).decode()
        with pytest.raises(EnvelopeError):
            unseal(read(json.dumps(tree), path="x.json"), given)
        blob[at] ^= 1


TEMPLATES = json.loads((VECTORS / "template" / "objects.json").read_text())["cases"]


@pytest.mark.parametrize("item", TEMPLATES, ids=lambda item: item["id"])
def test_null_and_literal_templates_as_in_0_40(item: dict) -> None:
    certificate = load_certificate((VECTORS / "keys" / "ctl2048" / "served-cert.pem").read_bytes(), "cert.pem")
    source = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "t", "namespace": "n"},
        "stringData": item["data"],
    }
    (sealed,) = seal(read(json.dumps(source), path="x.json"), Sealing(certificate))
    tree = sealed.to_tree()
    tree["spec"]["template"]["data"] = item["template"]
    document = read(json.dumps(tree), path="x.json")
    if any(text and "{{" in text for text in item["template"].values()):
        with pytest.raises(NotBuiltYet):
            unseal(document, Given(sealing_keys=keys("ctl2048")))
    else:
        (secret,) = unseal(document, Given(sealing_keys=keys("ctl2048")))
        assert {key: value.reveal().decode() for key, value in secret.data.items()} == item["output"]
