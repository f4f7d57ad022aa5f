"""The real kubeseal 0.40 opens what we sealed, and we open what it sealed; the same input gives the same objects."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.live

KEYS = Path(__file__).parents[1] / "vectors" / "sealed-secrets" / "keys"
SIZES = pytest.mark.parametrize("size", ["ctl2048", "byo-pkcs8-3072", "ctl4096"])
SCOPES = pytest.mark.parametrize("scope", ["strict", "namespace-wide", "cluster-wide"])

INPUT = """\
apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: team-a
  labels: {app: db, number: 1e3}
  annotations:
    note: "several\\nlines\\n"
    kubectl.kubernetes.io/last-applied-configuration: '{"leak": true}'
type: Opaque
immutable: false
data:
  binary: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g/////w==
  empty: ""
  both: ZnJvbSBkYXRh
stringData:
  both: from stringData
  text: |
    grüße
    日本 🔐
  octal: 0777
  float: 3.14159265358979
  large: 1234567.891
  "yes": yes
  .dockerconfigjson: "{}"
"""


@pytest.fixture
def kubeseal(program, tmp_path: Path):
    """A maker: run the real kubeseal; its home is empty, so that there is no cluster."""
    path = program("kubeseal")

    def run(*arguments: str, stdin: bytes | str = b"") -> str:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run([path, *arguments], input=data, capture_output=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    return run


@pytest.fixture
def sgo(cli):
    """A maker: run our command line, which must succeed."""

    def run(*arguments: str, stdin: bytes | str = b"") -> str:
        done = cli(*arguments, stdin=stdin)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    return run


def cert(size: str) -> str:
    return str(KEYS / size / "served-cert.pem")


def key(size: str) -> str:
    return str(KEYS / size / "tls.key")


def objects(text: str) -> list[dict]:
    """The documents as plain data; Go writes an empty item as null."""
    found = [item for item in yaml.safe_load_all(text) if item is not None]
    for item in found:
        item["data"] = {name: value or "" for name, value in (item.get("data") or {}).items()}
    return found


def without_ciphertext(text: str) -> str:
    return re.sub(r"(?<![A-Za-z0-9+/])A[A-Za-z0-9+/]{300,}=*", lambda match: f"<{len(match[0])}>", text)


def shapes(text: str) -> list[object]:
    """The sealed objects with the size of each ciphertext in its place."""
    return [json.loads(without_ciphertext(json.dumps(item))) for item in yaml.safe_load_all(text)]


@SIZES
@SCOPES
def test_the_real_one_opens_ours_and_we_open_its(kubeseal, sgo, size: str, scope: str) -> None:
    ours = sgo("seal", "--cert", cert(size), "--scope", scope, stdin=INPUT)
    theirs = kubeseal("--cert", cert(size), "--scope", scope, "-o", "yaml", stdin=INPUT)
    assert shapes(ours) == shapes(theirs)
    unseal = ("--recovery-unseal", "--recovery-private-key", key(size), "-o", "yaml")
    opened = [
        objects(kubeseal(*unseal, stdin=ours)),
        objects(kubeseal(*unseal, stdin=theirs)),
        objects(sgo("unseal", "--key", key(size), stdin=ours)),
        objects(sgo("unseal", "--key", key(size), stdin=theirs)),
    ]
    assert opened[0] == opened[1] == opened[2] == opened[3]


@SCOPES
def test_the_same_text_but_for_ciphertext_and_quotes(kubeseal, sgo, scope: str) -> None:
    simple = "kind: Secret\nmetadata: {name: s, namespace: ns}\ntype: kubernetes.io/tls\ndata: {tls.key: YQ==}\n"
    ours = sgo("seal", "--cert", cert("ctl2048"), "--scope", scope, stdin=simple)
    theirs = kubeseal("--cert", cert("ctl2048"), "--scope", scope, "-o", "yaml", stdin=simple)
    assert without_ciphertext(ours) == without_ciphertext(theirs)
    ours = sgo("seal", "--cert", cert("ctl2048"), "--scope", scope, "--format", "json", stdin=simple)
    theirs = kubeseal("--cert", cert("ctl2048"), "--scope", scope, "-o", "json", stdin=simple)
    assert without_ciphertext(ours) == without_ciphertext(theirs)


def test_several_documents(kubeseal, sgo) -> None:
    stream = INPUT + "---\n# nothing\n---\n" + INPUT.replace("name: db", "name: other")
    theirs = kubeseal("--cert", cert("ctl2048"), "-o", "yaml", stdin=stream)
    opened = objects(sgo("unseal", "--key", key("ctl2048"), stdin=theirs))
    assert [item["metadata"]["name"] for item in opened] == ["db", "other"]
    theirs = kubeseal("--cert", cert("ctl2048"), "-o", "json", stdin=stream)
    assert objects(sgo("unseal", "--key", key("ctl2048"), stdin=theirs)) == opened
    ours = sgo("seal", "--cert", cert("ctl2048"), stdin=stream)
    unseal = ("--recovery-unseal", "--recovery-private-key", key("ctl2048"), "-o", "yaml")
    for part, expected in zip(ours.split("---\n")[1:], opened, strict=True):  # the real one reads the first alone
        assert objects(kubeseal(*unseal, stdin=part)) == [expected]


def test_sealed_in_place(kubeseal, sgo, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("# head\n" + INPUT)
    sgo("seal", "-i", "--cert", cert("ctl2048"), "s.yaml")
    unseal = ("--recovery-unseal", "--recovery-private-key", key("ctl2048"), "-o", "yaml")
    assert objects(kubeseal(*unseal, stdin=path.read_text())) == objects(
        sgo("unseal", "--key", key("ctl2048"), "s.yaml")
    )


def test_scopes_by_annotation(kubeseal, sgo) -> None:
    for annotation in ("cluster-wide", "namespace-wide"):
        text = INPUT.replace(
            "  annotations:\n", f'  annotations:\n    sealedsecrets.bitnami.com/{annotation}: "true"\n'
        )
        ours = sgo("seal", "--cert", cert("ctl2048"), stdin=text)
        renamed = ours.replace("name: db\n  namespace", "name: renamed\n  namespace", 1)
        unseal = ("--recovery-unseal", "--recovery-private-key", key("ctl2048"), "-o", "yaml")
        (opened,) = objects(kubeseal(*unseal, stdin=renamed))
        assert opened["metadata"]["name"] == "renamed"


def test_backups_of_several_keys(kubeseal, sgo) -> None:
    backup = str(KEYS / "renewed" / "backup-list.yaml")
    for number in ("1", "2", "3"):
        theirs = kubeseal("--cert", str(KEYS / "renewed" / f"tls-{number}.crt"), "-o", "yaml", stdin=INPUT)
        assert objects(sgo("unseal", "--key", backup, stdin=theirs))[0]["data"]["both"] == "ZnJvbSBzdHJpbmdEYXRh"


def test_a_new_certificate_of_ours_is_one_that_it_takes(kubeseal, sgo, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    sgo("cert", "pin", cert("ctl2048"))
    theirs = kubeseal("--cert", ".sealed-secrets/default.pem", "-o", "yaml", stdin=INPUT)
    assert len(objects(sgo("unseal", "--key", key("ctl2048"), stdin=theirs))) == 1
