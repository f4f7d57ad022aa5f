"""A stream of manifests comes out with its values in place and every other byte as it was, or not at all."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from secrets_gitops.errors import NoMatchingKey, NotBuiltYet, NotSealed, SecretNotFound, Tampered
from secrets_gitops.keys.sealing import load_sealing_keys
from secrets_gitops.render.stream import RenderFailed

VECTORS = Path(__file__).parents[2] / "interop" / "vectors" / "integrations"
RESOLVE = yaml.safe_load((VECTORS / "vals_resolve.yaml").read_text())
SEALED = VECTORS.parent / "sealed-secrets"
HELM = yaml.safe_load((VECTORS / "helm_postrender.yaml").read_text())["cases"]
EVAL = [case for case in RESOLVE["cases"] if case["op"] == "eval" and "output" not in case.get("options", {})]


class Loader(yaml.SafeLoader):
    """As Kubernetes reads YAML: a date is text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def loaded(text):
    return [each for each in yaml.load_all(text, Loader) if each is not None]


@pytest.mark.parametrize("case", EVAL, ids=lambda case: case["id"])
def test_a_stream_is_evaluated_as_vals_evaluates_it(case, render):
    options = case.get("options", {})
    settings = {
        "files": RESOLVE["files"],
        "environ": RESOLVE["env"],
        "keep_secretref": options.get("exclude_secret", False),
        "inside_base64": options.get("decode_kubernetes_secrets", False),
    }
    expect = case["expect"]
    if expect.get("error"):
        with pytest.raises(RenderFailed):
            render(case["input"], **settings)
        return
    output = render(case["input"], **settings).text.decode()
    if expect.get("untouched_scalars_stay_byte_identical"):
        assert output == case["input"]
    else:
        assert loaded(output) == expect["documents"]


@pytest.mark.parametrize("case", HELM, ids=lambda case: case["id"])
def test_a_stream_of_helm_comes_back_as_it_must(case, render):
    expect = case["expect"]
    if expect["exit"] == "nonzero":
        with pytest.raises(RenderFailed) as failure:
            render(case["stdin"], files=case.get("files", {}))
        assert all(any(word in error.message for error in failure.value.errors) for word in expect["stderr_contains"])
        return
    output = render(case["stdin"], files=case.get("files", {})).text.decode()
    assert not (expect.get("stdout_empty") and output)
    assert loaded(output) == expect.get("documents", [])
    assert all(text in output for text in expect.get("stdout_contains", []))


UNTOUCHED = """\
%YAML 1.1
---
# a comment
apiVersion: v1 # why
kind: ConfigMap
metadata: {name:   x, labels: &l {a: 'b'}}
data:
    mode: 0123
    big: 1e3
    yes: "no"

    text: |-
      a

      b
    folded: >+
      c

--- # another
{"json": [1,2 , 3], l: *l2, x: &l2 y}
...
"""


def test_text_without_references_comes_out_byte_for_byte(render):
    text = UNTOUCHED.replace("l: *l2, x: &l2 y", "x: &l2 y, l: *l2")
    for each in (text, text.replace("\n", "\r\n"), "\ufeff" + text, text.rstrip("\n"), "# only a comment", ""):
        assert render(each).text == each.encode()


def test_only_the_scalars_that_hold_references_change(render):
    text = """\
# ref+echo://not/this
apiVersion: v1
kind: Secret
metadata:
    name:   s   # odd spacing stays
data:
    p: ref+file://f.txt   # base64 in data
    q: aGk=
    r: "ref+file://f.txt?encode=base64"
stringData:
    n: &n 'ref+echo://00/12#/00'
    again: *n
    t: !!str ref+echo://17/x#/17
    long: |
      user=ref+env://WHO
      mode=0123
    z: 0123
"""
    output = render(text, files={"f.txt": "hello"}, environ={"WHO": "me: x # y"}).text.decode()
    changed = [
        (before, after)
        for before, after in zip(text.splitlines(), output.splitlines(), strict=False)
        if before != after
    ]
    assert changed[:4] == [
        ("    p: ref+file://f.txt   # base64 in data", '    p: "aGVsbG8="   # base64 in data'),
        ('    r: "ref+file://f.txt?encode=base64"', '    r: "aGVsbG8="'),
        ("    n: &n 'ref+echo://00/12#/00'", '    n: &n "12"'),
        ("    t: !!str ref+echo://17/x#/17", "    t: !!str x"),
    ]
    (secret,) = loaded(output)
    assert secret["stringData"] == {
        "n": "12", "again": "12", "t": "x", "long": "user=me: x # y\nmode=0123\n", "z": 0o123,
    }  # fmt: skip
    assert "# ref+echo://not/this" in output


@pytest.mark.parametrize(
    "value",
    [
        "x\nstringData:\n  admin: y",
        "x\n---\napiVersion: v1",
        '"}, admin: true, x: {"',
        "# comment",
        "*alias",
        "!!python/object x",
        "%YAML 9",
        "\x85\u2028\ufeff\x00\x1b",
        " lead and trail ",
        "'",
        "- x",
        "true",
        "~",
        "",
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  p: ref+env://VALUE\n  q: r\n",
        'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {p: "ref+env://VALUE", q: r}\n',
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  p: |-\n    ref+env://VALUE\n  q: r\n",
    ],
)
def test_no_value_becomes_structure(text, value, render):
    (secret,) = loaded(render(text, environ={"VALUE": value}).text.decode())
    assert secret["stringData"] == {"p": value, "q": "r"}


def test_json_stays_json(render):
    text = '{\n\t"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},\n\t"stringData": {"p": "ref+env://VALUE"}}\n'
    output = render({"s.json": text}, environ={"VALUE": 'a"b\u2028'}).text.decode()
    assert output == text.replace('"ref+env://VALUE"', '"a\\"b\u2028"')


def test_every_failing_place_is_named_and_the_worst_exit_code_wins(render):
    text = """\
a: ref+file://nope
b: ref+nosuch://x/y
c: ref+awssecrets://x-y#/k
d: ref+echo://fine/x
"""
    with pytest.raises(RenderFailed) as failure:
        render({"one.yaml": text, "two.yaml": "x: ref+env://UNSET\n"})
    assert {str(error.place): error.exit_code for error in failure.value.errors} == {
        "one.yaml:1:4": 3, "one.yaml:2:4": 2, "one.yaml:3:4": 3, "two.yaml:1:4": 3,
    }  # fmt: skip
    assert failure.value.exit_code == 2


def test_bytes_that_are_not_text_may_stand_in_data_of_a_secret_only(render, tmp_path):
    (tmp_path / "raw").write_bytes(b"\xff\x00")
    head = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
    assert loaded(render(head + "data: {k: ref+file://raw}\n").text)[0]["data"] == {"k": "/wA="}
    with pytest.raises(RenderFailed) as failure:
        render(head + "stringData: {k: ref+file://raw}\n")
    assert "not text" in failure.value.errors[0].message
    assert str(failure.value.errors[0].place) == "m.yaml:4:17"


def test_documents_of_several_files_are_separated(render):
    texts = {
        "a.yaml": "a: 1",
        "b.yaml": "# b\n---\nb: 2\n",
        "c.json": '{"c": 3}',
        "d.yaml": "%YAML 1.1\n---\nd: 4\n",
    }
    assert loaded(render(texts).text.decode()) == [{"a": 1}, {"b": 2}, {"c": 3}, {"d": 4}]


def test_an_encrypted_document_is_opened_and_loses_its_sops_block(render):
    sealed = (VECTORS / "secret.enc.yaml").read_text()
    rendered = render(sealed)
    (secret,) = loaded(rendered.text.decode())
    assert "sops" not in secret
    assert secret["stringData"] == {"user": "alice", "password": "p@ss"}
    assert secret["metadata"] == {"name": "app", "namespace": "team-a"}


def test_encrypted_files_that_were_joined_into_one_stream_are_opened_each_by_itself(render):
    first, second = ((VECTORS / name).read_text() for name in ("secret.enc.yaml", "hr.enc.yaml"))
    text = f"# first\n{first}---\nplain: ref+echo://x/y\n---\n{second}"
    secret, plain, release = loaded(render(text).text.decode())
    assert secret["stringData"]["password"] == "p@ss"
    assert plain == {"plain": "x/y"}
    assert release["spec"]["values"]["db"]["password"] == "hunter2"


def test_an_encrypted_value_without_its_metadata_is_refused(render):
    sealed = (VECTORS / "secret.enc.yaml").read_text()
    with pytest.raises(RenderFailed) as failure:
        render(sealed[: sealed.index("sops:")])
    assert "without its own `sops` block" in failure.value.errors[0].message


def test_a_tampered_file_is_refused_and_its_values_are_not_shown(render):
    sealed = (VECTORS / "secret.enc.yaml").read_text().replace("namespace: team-a", "namespace: team-b")
    with pytest.raises(RenderFailed) as failure:
        render(sealed.replace("user: ENC[AES256_GCM,data:DN", "user: ENC[AES256_GCM,data:DM"))
    assert failure.value.exit_code == 3
    assert all("alice" not in error.message and "p@ss" not in error.message for error in failure.value.errors)


def test_references_to_encrypted_files_are_resolved(render, tmp_path):
    (tmp_path / "v.enc.yaml").write_text((VECTORS / "v.enc.yaml").read_text())
    (tmp_path / "v.enc.json").write_text((VECTORS / "v.enc.json").read_text())
    (tmp_path / "hr.enc.yaml").write_text((VECTORS / "hr.enc.yaml").read_text())
    output = render("a: ref+sops://hr.enc.yaml#/spec/values/db/password\n")
    assert loaded(output.text) == [{"a": "hunter2"}]
    with pytest.raises(RenderFailed) as failure:
        render("b: ref+sops://hr.enc.yaml#/nope\n")
    assert isinstance(failure.value.errors[0], SecretNotFound)


def test_a_sops_secret_becomes_its_secrets(render):
    case = next(
        each
        for each in yaml.safe_load((VECTORS / "sopssecret.yaml").read_text())["cases"]
        if each["id"] == "encrypted-two-templates"
    )
    text = yaml.safe_dump(case["object"], sort_keys=False)
    secrets = loaded("# kept\n" + render(text).text.decode())
    for secret, expected in zip(secrets, case["expect"]["secrets"], strict=True):
        assert secret["metadata"] == expected["metadata"]
        assert (secret["type"], secret["data"]) == (expected["type"], expected["data"])


def test_a_sops_secret_in_plaintext_is_refused(render):
    plain = """\
apiVersion: isindir.github.com/v1alpha3
kind: SopsSecret
metadata: {name: e}
spec: {secretTemplates: [{name: a, stringData: {k: v}}]}
"""
    with pytest.raises(RenderFailed) as failure:
        render(plain)
    assert isinstance(failure.value.errors[0], NotSealed)


def test_documents_that_were_sealed_as_one_file_are_opened_as_one_wherever_they_stand(render):
    sealed = (VECTORS / "two-documents.enc.yaml").read_text()
    expected = [{"a": 1}, {"b": 2}, {"c": ["x"]}]
    assert loaded(render(sealed).text.decode()) == expected
    before, after = "first: ref+echo://a/b\n---\n", "---\nlast: 1\n"
    assert loaded(render(before + sealed + after).text.decode()) == [{"first": "a/b"}, *expected, {"last": 1}]


def test_a_document_taken_out_of_a_file_that_was_sealed_as_one_is_refused(render):
    parts = re.split("^---\n", (VECTORS / "two-documents.enc.yaml").read_text(), flags=re.MULTILINE)
    with pytest.raises(RenderFailed) as failure:
        render("---\n".join([parts[0], parts[2]]))
    assert isinstance(failure.value.errors[0], Tampered)


@pytest.fixture(scope="module")
def sealing_keys():
    data = (SEALED / "keys" / "ctl2048" / "tls.key").read_bytes()
    return load_sealing_keys(data, "tls.key")


def test_sealed_secrets_become_the_secrets_they_stand_for(render, sealing_keys):
    case = SEALED / "cases" / "multi-doc"
    expected = json.loads((case / "expected-secrets.json").read_text())
    text = "# kept\n" + (case / "sealed.yaml").read_text() + "---\nplain: 0123 # kept too\n"
    output = render(text, sealing_keys=sealing_keys).text.decode()
    *secrets, _ = loaded(output)
    for secret, wanted in zip(secrets, expected, strict=True):
        del wanted["metadata"]["ownerReferences"]  # its uid is empty, and the API server refuses that
        assert secret == wanted
    assert output.startswith("# kept\n---\n")
    assert output.endswith("---\nplain: 0123 # kept too\n")


def test_sealed_secrets_in_a_list_and_in_json_are_replaced_where_they_stand(render, sealing_keys):
    case = SEALED / "cases" / "multi-doc"
    sealed = loaded((case / "sealed.yaml").read_text())
    listed = {"apiVersion": "v1", "kind": "List", "items": [sealed[0], {"a": "ref+echo://x/y"}, sealed[1]]}
    for text in (json.dumps(listed, indent="\t"), yaml.safe_dump(listed)):
        output = render({"m.json" if text[0] == "{" else "m.yaml": text}, sealing_keys=sealing_keys).text.decode()
        (result,) = loaded(output.replace("\t", " "))
        assert [item.get("data") for item in result["items"]] == [{"a": "MQ=="}, None, {"b": "Mg=="}]
        assert result["items"][1] == {"a": "x/y"}


def test_a_sealed_secret_without_a_key_is_refused(render):
    with pytest.raises(RenderFailed) as failure:
        render((SEALED / "cases" / "multi-doc" / "sealed.yaml").read_text())
    assert {type(error) for error in failure.value.errors} == {NoMatchingKey}


def test_a_text_that_is_almost_a_reference_is_told(render):
    rendered = render("a: ref+env://X\nb: 'see ref+ and http://x'\n")
    assert rendered.text == b"a: ref+env://X\nb: 'see ref+ and http://x'\n"
    assert len(rendered.notes) == 1
    assert rendered.notes[0].startswith("m.yaml:1:4:")


def test_a_key_as_reference_and_unknown_schemes_are_refused_by_name(render):
    with pytest.raises(RenderFailed) as failure:
        render("a: ref+awssecrets://x/y\n")
    assert isinstance(failure.value.errors[0], NotBuiltYet)
    assert "awssecrets" in failure.value.errors[0].message
