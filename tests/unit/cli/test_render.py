"""`render` prints manifests as the cluster should get them, or not one byte."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

VECTORS = Path(__file__).parents[2] / "interop" / "vectors"
SEALED = VECTORS / "sealed-secrets"
KEY = str(VECTORS / "integrations" / "key.txt")

SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: s}   # odd
stringData:
  p: ref+env://PASSWORD
"""


def test_a_stream_goes_in_and_comes_out(cli):
    done = cli("render", "-", stdin=SECRET, env={"PASSWORD": "c4nary"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == SECRET.replace("ref+env://PASSWORD", "c4nary")


def test_a_folder_is_rendered_in_order_and_names_what_it_leaves_out(cli, tmp_path):
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "b.yaml").write_text(SECRET)
    (tmp_path / "k8s" / "a.json").write_text('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}')
    shutil.copy(VECTORS / "integrations" / "secret.enc.yaml", tmp_path / "k8s" / "c.yaml")
    shutil.copy(SEALED / "cases" / "multi-doc" / "sealed.yaml", tmp_path / "k8s" / "d.yaml")
    (tmp_path / "k8s" / "values.yaml").write_text("x: y\n")
    (tmp_path / "k8s" / "kustomization.yaml").write_text("resources: [a.json]\n")
    done = cli(
        "render", "k8s", "--identity", KEY, "--sealing-key", str(SEALED / "keys" / "ctl2048" / "tls.key"),
        env={"PASSWORD": "c4nary"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    documents = list(yaml.safe_load_all(done.stdout))
    assert [each["metadata"]["name"] for each in documents] == ["c", "s", "app", "s1", "s2"]
    assert all(each["kind"] in {"ConfigMap", "Secret"} for each in documents)
    assert b"kustomization.yaml" in done.stderr
    assert b"values.yaml" in done.stderr


def test_sealing_keys_may_come_from_the_environment_and_from_a_backup(cli):
    text = (SEALED / "cases" / "multi-doc" / "sealed.yaml").read_text()
    backup = str(SEALED / "keys" / "ctl2048" / "backup-list.yaml")
    done = cli("render", "-", stdin=text, env={"SECRETS_GITOPS_SEALING_KEYS": backup})
    assert [each["data"] for each in yaml.safe_load_all(done.stdout)] == [{"a": "MQ=="}, {"b": "Mg=="}]


def test_the_redacted_form_shows_no_value(cli, tmp_path):
    shutil.copy(VECTORS / "integrations" / "secret.enc.yaml", tmp_path / "c.yaml")
    done = cli("render", "--redact", "c.yaml", "-", "--identity", KEY, stdin=SECRET, env={"PASSWORD": "c4nary"})
    assert done.returncode == 0
    output = done.stdout.decode()
    assert "Secret team-a/app  (c.yaml)" in output
    assert "stringData.password" in output
    assert "6 bytes" in output
    assert not any(value in output for value in ("c4nary", "p@ss", "alice"))


@pytest.mark.parametrize(
    ("text", "exit_code", "words"),
    [
        (SECRET + "  q: ref+file://nope.txt\n", 3, ["there is no file `nope.txt`", "standard input:6:6"]),
        (SECRET + "  q: ref+nosuch://x/y\n  r: ref+file://nope.txt\n", 2, ["`nosuch`", ":6:6", ":7:6"]),
        (SECRET + "  q: ref+awssecrets://x#/y\n", 3, ["`awssecrets` are not built yet"]),
        (SECRET + "---\na: [\n", 3, ["standard input"]),
        (SECRET + "---\n" + (SEALED / "cases/multi-doc/sealed.yaml").read_text(), 3, ["hint:"]),
        (SECRET + "---\n" + (VECTORS / "integrations/secret.enc.yaml").read_text(), 3, ["cannot decrypt"]),
        (SECRET + "---\nref+file://x.yaml: {}\n", 2, ["a reference stands as a key"]),
        ('a: "x\n' * 3, 3, ["standard input"]),
        ("a: &a [*a]\n", 3, ["standard input"]),
        ("a: b\na: c\n", 3, ["standard input"]),
    ],
)
def test_on_any_failure_not_one_byte_is_printed_and_every_place_is_named(text, exit_code, words, cli):
    done = cli("render", "-", stdin=text, env={"PASSWORD": "c4nary"})
    assert (done.returncode, done.stdout) == (exit_code, b"")
    for word in words:
        assert word in done.stderr.decode()
    assert b"c4nary" not in done.stderr


def test_a_tampered_file_stops_everything(cli, tmp_path):
    text = (VECTORS / "integrations" / "secret.enc.yaml").read_text()
    (tmp_path / "t.yaml").write_text(text.replace("namespace: team-a", "namespace: team-b"))
    (tmp_path / "ok.yaml").write_text(SECRET)
    done = cli("render", "ok.yaml", "t.yaml", "--identity", KEY, env={"PASSWORD": "c4nary"})
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"t.yaml" in done.stderr
    assert not any(value in done.stderr for value in (b"c4nary", b"alice", b"p@ss"))


def test_empty_input_gives_empty_output(cli):
    done = cli("render", "-", stdin="")
    assert (done.returncode, done.stdout) == (0, b"")


def test_marked_references_stay_and_base64_is_looked_into_when_asked(cli):
    text = "a: secretref+env://PASSWORD\nb: ref+env://PASSWORD\n"
    done = cli("render", "--exclude-secret", "-", stdin=text, env={"PASSWORD": "v4lue"})
    assert done.stdout.decode() == "a: secretref+env://PASSWORD\nb: v4lue\n"
    encoded = "apiVersion: v1\nkind: Secret\ndata: {p: cmVmK2VjaG86Ly9hL2I=}\n"
    assert cli("render", "-", stdin=encoded).stdout.decode() == encoded
    done = cli("render", "--decode-kubernetes-secrets", "-", stdin=encoded)
    assert yaml.safe_load(done.stdout)["data"] == {"p": "YS9i"}


def test_usage_is_checked_before_anything_is_read(cli):
    assert cli("render").returncode == 2
    assert cli("render", "-", "-").returncode == 2
    assert cli("render", "nope.yaml").returncode == 3
