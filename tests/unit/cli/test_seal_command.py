"""`seal`, `unseal` and `cert` as a user meets them: messages, exit codes, and nothing written on failure."""

from __future__ import annotations

import datetime
import json
import os
import re
import stat
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from secrets_gitops.cli.main import run

KEYS = Path(__file__).parents[2] / "interop" / "vectors" / "sealed-secrets" / "keys"
CERT = str(KEYS / "ctl2048" / "served-cert.pem")
OTHER_CERT = str(KEYS / "ctl4096" / "served-cert.pem")
KEY = str(KEYS / "ctl2048" / "tls.key")
CANARY = "canary-hunter2-value"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: ns\nstringData:\n  password: {CANARY}\n"
FINGERPRINT = "sha256:71d374bc869d6ac48053f9669a9747cf761bd4dabcd0f73543a54d99863deaa1"
OTHER_FINGERPRINT = "sha256:d4662f3049c81a962fb728a2a3c8fa5e520556a0d4d34dfa168f52e43b25c704"


class Done:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def sgo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """A maker: run a command line in a new git repository, and check that no value is on standard error."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)

    def go(*arguments: str, stdin: str = "") -> Done:
        read, write = os.pipe()
        os.write(write, stdin.encode())
        os.close(write)
        with os.fdopen(read, encoding="utf-8") as pipe:
            monkeypatch.setattr("sys.stdin", pipe)
            code = run(list(arguments))
        out, err = capfd.readouterr()
        assert CANARY not in err
        return Done(code, out, err)

    return go


@pytest.fixture
def put(tmp_path: Path):
    """A maker: write a file into the repository."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def shown(text: str) -> str:
    return re.sub(r"A[A-Za-z0-9+/]{300,}=*", "<BLOB>", text)


def certificate(key=None, *, days: int = 1) -> bytes:
    signer = rsa.generate_private_key(65537, 1024)
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key((key or signer).public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=10))
        .not_valid_after(now + datetime.timedelta(days=days))
        .sign(signer, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )


def test_from_standard_input_to_standard_output_and_back(sgo) -> None:
    sealed = sgo("seal", "--cert", CERT, stdin=SECRET)
    assert (sealed.code, sealed.err) == (0, "")
    assert shown(sealed.out).startswith("---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n")
    opened = sgo("unseal", "--key", KEY, stdin=sealed.out)
    assert (opened.code, opened.err) == (0, "")
    assert "  password: Y2FuYXJ5LWh1bnRlcjItdmFsdWU=\n" in opened.out.replace('"', "")


def test_json_stays_json_also_as_a_stream(sgo) -> None:
    one = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a", "namespace": "ns"},
        "stringData": {"k": CANARY},
    }
    sealed = sgo("seal", "--cert", CERT, "-", stdin=json.dumps(one) * 2)
    assert sealed.out.startswith('{\n  "kind": "SealedSecret"')
    opened = sgo("unseal", "--key", KEY, "--format", "json", stdin=sealed.out)
    assert opened.out.count('"kind": "Secret"') == 2
    assert sgo("seal", "--cert", CERT, "--format", "yaml", stdin=json.dumps(one)).out.startswith("---\n")


def test_in_place_and_beside(sgo, put) -> None:
    path = put("s.yaml", "# head\n" + SECRET + "---\na: b\n")
    path.chmod(0o640)
    done = sgo("seal", "-i", "--cert", CERT, "s.yaml")
    assert (done.code, done.out, done.err) == (0, "", "sealed 1 Secret in s.yaml\n")
    assert path.read_text().startswith("# head\napiVersion: bitnami.com/v1alpha1\n")
    assert path.read_text().endswith("---\na: b\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    put("t.yaml", SECRET)
    done = sgo("seal", "--cert", CERT, "-o", "t.sealed.json", "t.yaml")
    assert (done.code, done.out, done.err) == (0, "", "wrote t.sealed.json\n")
    assert json.loads(Path("t.sealed.json").read_text())["kind"] == "SealedSecret"
    assert Path("t.yaml").read_text() == SECRET


def test_no_value_is_written_anywhere_on_the_way(sgo, put, monkeypatch: pytest.MonkeyPatch) -> None:
    put("s.yaml", SECRET)
    written: list[bytes] = []
    write = os.write
    monkeypatch.setattr("os.write", lambda fd, data: (written.append(bytes(data)), write(fd, data))[1])
    assert sgo("seal", "-i", "--cert", CERT, "s.yaml").code == 0
    assert any(b"encryptedData" in data for data in written)
    assert not any(b"canary" in data or b"Y2FuYXJ5" in data for data in written)
    assert not any(b"canary" in path.read_bytes() for path in Path().rglob("*") if path.is_file())


def test_a_comment_that_is_not_kept_is_named(sgo, put) -> None:
    path = put("s.yaml", SECRET.replace("stringData:\n", f"stringData:\n  # was {CANARY}\n"))
    done = sgo("seal", "-i", "--cert", CERT, "s.yaml")
    assert "warning: a comment between values was not kept: s.yaml:7:3" in done.err
    assert CANARY not in path.read_text()


def test_an_error_in_the_last_file_leaves_the_first_as_it_is(sgo, put) -> None:
    first, last = put("a.yaml", SECRET), put("b.yaml", SECRET.replace("  namespace: ns\n", ""))
    before = last.read_text()
    done = sgo("seal", "-i", "--cert", CERT, "a.yaml", "b.yaml")
    assert done.code == 2
    assert done.err == (
        "error: the Secret `db` has no namespace, and `strict` sealing binds it to one\n"
        "  --> b.yaml:4:3\n"
        "hint: give it with `-n NAMESPACE`, or write `metadata.namespace`\n"
    )
    assert (first.read_text(), last.read_text()) == (SECRET, before)
    assert sorted(os.listdir(".")) == [".git", "a.yaml", "b.yaml"]


def cut_off() -> bytes:
    return re.sub(rb"(?s)\n.{64}\n", b"\n", Path(CERT).read_bytes(), count=1)


def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


BAD_CERTIFICATES = {
    "expired": (lambda: certificate(days=-1), "the certificate expired on "),
    "EC": (lambda: certificate(ec_key()), "the certificate is for an EC key; sealing needs RSA"),
    "garbage": (lambda: b"garbage\n", "there is no certificate in PEM form"),
    "empty": (lambda: b"", "there is no certificate in PEM form"),
    "a private key": (lambda: Path(KEY).read_bytes(), "a private key stands where a certificate belongs"),
    "cut off": (cut_off, "the certificate cannot be read"),
}


@pytest.mark.parametrize("name", BAD_CERTIFICATES)
def test_certificates_that_nothing_is_sealed_with(sgo, put, name: str) -> None:
    make, message = BAD_CERTIFICATES[name]
    put("bad.pem", make())
    path = put("s.yaml", SECRET)
    seal = ("seal", "--cert", "bad.pem")
    for arguments in (
        (*seal, "s.yaml"),
        (*seal, "-i", "s.yaml"),
        (*seal, "-o", "o", "s.yaml"),
        ("cert", "pin", "bad.pem"),
    ):
        done = sgo(*arguments)
        assert (done.code, done.out) == (3, "")
        assert done.err.startswith(f"error: {message}")
    assert path.read_text() == SECRET
    assert sorted(os.listdir(".")) == [".git", "bad.pem", "s.yaml"]


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


BAD_KEYS = {
    "of another cluster": (
        (KEYS / "renewed" / "tls-1.key").read_bytes,
        "cannot unseal `ns/db`: no key opens item `password`",
    ),
    "an EC key": (lambda: pem(ec_key()), "the private key is an EC key; sealing needs RSA"),
    "garbage": (lambda: b"garbage\n", "there is no sealing key"),
    "a certificate": (lambda: Path(CERT).read_bytes(), "no private key is in this PEM file"),
    "a pair that does not fit": (
        lambda: Path(KEY).read_bytes() + Path(OTHER_CERT).read_bytes(),
        "the private key and the certificate do not belong together",
    ),
}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_keys_that_open_nothing(sgo, put, name: str) -> None:
    make, message = BAD_KEYS[name]
    put("bad.key", make())
    put("s.yaml", sgo("seal", "--cert", CERT, stdin=SECRET).out)
    for arguments in (("s.yaml",), ("-o", "out.yaml", "s.yaml")):
        done = sgo("unseal", "--key", "bad.key", *arguments)
        assert (done.code, done.out) == (3, "")
        assert done.err.startswith(f"error: {message}")
    assert not Path("out.yaml").exists()


def test_one_of_several_keys_opens(sgo, put) -> None:
    put("s.yaml", sgo("seal", "--cert", CERT, stdin=SECRET).out)
    files = [str(KEYS / "renewed" / "backup-list.yaml"), str(KEYS / "ctl2048" / "key-secret.json")]
    assert sgo("unseal", "--key", files[0], "--key", files[1], "s.yaml").code == 0


def test_one_object_that_does_not_open_leaves_nothing_on_standard_output(sgo, put) -> None:
    good = sgo("seal", "--cert", CERT, stdin=SECRET).out
    put("s.yaml", good + good.replace("name: db", "name: renamed", 1))
    done = sgo("unseal", "--key", KEY, "s.yaml")
    assert (done.code, done.out) == (3, "")
    assert "error: cannot unseal `ns/renamed`: no key opens item `password`" in done.err
    assert "hint: it was sealed for `ns/db`; names and namespaces of sealed objects cannot be changed" in done.err


def test_secrets_are_written_for_their_owner_alone(sgo, put) -> None:
    put("s.yaml", sgo("seal", "--cert", CERT, stdin=SECRET).out)
    done = sgo("unseal", "--key", KEY, "-o", "plain.yaml", "s.yaml")
    assert (done.code, done.out, done.err) == (0, "", "wrote plain.yaml\n")
    assert stat.S_IMODE(Path("plain.yaml").stat().st_mode) == 0o600


def test_unsealing_needs_a_key(sgo) -> None:
    done = sgo("unseal", stdin="")
    assert (done.code, done.err.splitlines()[0]) == (2, "error: no private key was named")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-i",), "`-i` replaces the files that are named"),
        (("-i", "-"), "`-i` replaces the files that are named"),
        (("-i", "-o", "x", "s.yaml"), "`-i` replaces the files that are named"),
        (("--scope", "wide"), "invalid value for '--scope'"),
        (("--fingerprint", FINGERPRINT, "--cluster", "x"), "`--fingerprint` belongs to `--cert`"),
        (("--cert", CERT, "--cluster", "x"), "`--cert` and `--cluster` name two certificates"),
        (("--cert", CERT, "--fingerprint", "sha256:12"), "a fingerprint is `sha256:` and 64 hexadecimal digits"),
        (("--cert", "http://example.org/cert.pem"), "a certificate over plain http can be swapped on its way"),
        (("--cert", "ftp://example.org/cert.pem"), "a certificate comes from a file, or from an https URL"),
        (("--cert", CERT, "--name", "x", "a.yaml", "b.yaml"), "`--name` was given, but there is more than one file"),
        ((), "no certificate was given, and the repository pins none"),
    ],
)
def test_usage(sgo, put, arguments: tuple[str, ...], message: str) -> None:
    put("s.yaml", SECRET)
    done = sgo("seal", *arguments, stdin=SECRET)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {message}")
    assert Path("s.yaml").read_text() == SECRET


@pytest.mark.parametrize(("name", "code"), [("missing.pem", 3), ("https://127.0.0.1:1/cert.pem", 4)])
def test_certificates_out_of_reach(sgo, name: str, code: int) -> None:
    done = sgo("seal", "--cert", name, stdin=SECRET)
    assert (done.code, done.out) == (code, "")


@pytest.fixture
def url():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/v1/cert.pem" else 404)
            self.end_headers()
            self.wfile.write(Path(CERT).read_bytes())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_certificate_from_a_url(sgo, url: str) -> None:
    sealed = sgo("seal", "--cert", f"{url}/v1/cert.pem", stdin=SECRET)
    assert sealed.code == 0
    assert sgo("unseal", "--key", KEY, stdin=sealed.out).code == 0
    assert sgo("seal", "--cert", f"{url}/elsewhere", stdin=SECRET).code == 3
    done = sgo("seal", "--cert", f"{url}/v1/cert.pem", "--fingerprint", OTHER_FINGERPRINT, stdin=SECRET)
    assert (done.code, done.out) == (3, "")
    assert FINGERPRINT in done.err
    assert OTHER_FINGERPRINT in done.err


def test_pinning_and_sealing_with_what_is_pinned(sgo, put) -> None:
    assert sgo("cert", "pin", CERT).code == 0
    assert Path(".sealed-secrets/default.pem").read_bytes() == Path(CERT).read_bytes()
    assert Path(".secrets-gitops.yaml").read_text() == (
        f'clusters:\n  default:\n    certificate: ".sealed-secrets/default.pem"\n    fingerprint: "{FINGERPRINT}"\n'
    )
    sealed = sgo("seal", stdin=SECRET)
    assert (sealed.code, sgo("unseal", "--key", KEY, stdin=sealed.out).code) == (0, 0)
    put("deep/er/s.yaml", SECRET)
    assert sgo("seal", "-i", "deep/er/s.yaml").code == 0


def test_the_settings_keep_their_text(sgo, put) -> None:
    put(".secrets-gitops.yaml", "# ours\nclusters:\n    prod:   # the big one\n        certificate: certs/prod.pem\n"
        f"        fingerprint: {FINGERPRINT}\n")  # fmt: skip
    put("certs/prod.pem", Path(CERT).read_bytes())
    assert sgo("cert", "pin", OTHER_CERT, "--cluster", "prod", "--yes").code == 0
    text = Path(".secrets-gitops.yaml").read_text()
    assert text.startswith("# ours\nclusters:\n    prod:   # the big one\n        certificate: ")
    assert OTHER_FINGERPRINT in text
    assert Path("certs/prod.pem").read_bytes() == Path(OTHER_CERT).read_bytes()


def test_another_key_is_pinned_only_on_purpose(sgo) -> None:
    sgo("cert", "pin", CERT)
    before = Path(".secrets-gitops.yaml").read_text()
    done = sgo("cert", "pin", OTHER_CERT)
    assert done.code == 2
    assert done.err.splitlines() == [
        f"pinned now: {FINGERPRINT}",
        f"new:        {OTHER_FINGERPRINT}",
        "error: another key is pinned for the cluster `default`",
        "hint: replace it with `--yes` if that is meant",
    ]
    assert Path(".secrets-gitops.yaml").read_text() == before
    assert Path(".sealed-secrets/default.pem").read_bytes() == Path(CERT).read_bytes()
    assert sgo("cert", "pin", OTHER_CERT, "--yes").code == 0
    assert sgo("cert", "pin", OTHER_CERT).code == 0


def test_several_clusters_need_a_choice(sgo) -> None:
    sgo("cert", "pin", CERT, "--cluster", "prod")
    sgo("cert", "pin", OTHER_CERT, "--cluster", "test")
    done = sgo("seal", stdin=SECRET)
    assert (done.code, done.out) == (2, "")
    assert "hint: choose with `--cluster NAME`: prod, test" in done.err
    assert sgo("unseal", "--key", KEY, stdin=sgo("seal", "--cluster", "prod", stdin=SECRET).out).code == 0
    done = sgo("seal", "--cluster", "prd", stdin=SECRET)
    assert (done.code, "hint: did you mean `prod`?" in done.err) == (2, True)


def test_a_swapped_certificate_is_refused_with_both_fingerprints(sgo, put) -> None:
    sgo("cert", "pin", CERT)
    put(".sealed-secrets/default.pem", Path(OTHER_CERT).read_bytes())
    path = put("s.yaml", SECRET)
    done = sgo("seal", "-i", "s.yaml")
    assert (done.code, path.read_text()) == (3, SECRET)
    assert done.err.startswith(
        "error: the certificate does not fit the pinned fingerprint\n  --> .sealed-secrets/default.pem\n"
    )
    assert FINGERPRINT in done.err
    assert OTHER_FINGERPRINT in done.err


def test_the_list_of_pinned_certificates(sgo, put) -> None:
    assert "no certificate is pinned" in sgo("cert", "list").err
    sgo("cert", "pin", CERT, "--cluster", "good")
    assert sgo("cert", "list").code == 0
    for name in ("missing", "swapped"):
        sgo("cert", "pin", CERT, "--cluster", name)
    os.unlink(".sealed-secrets/missing.pem")
    put(".sealed-secrets/swapped.pem", Path(OTHER_CERT).read_bytes())
    expired = certificate(days=-1)
    put("old.pem", expired)
    done = sgo("cert", "list", "--format", "json")
    assert done.code == 1
    problems = {row["cluster"]: row["problem"] for row in json.loads(done.out)}
    assert problems == {
        "good": None,
        "missing": "the pinned certificate `.sealed-secrets/missing.pem` cannot be read",
        "swapped": "the certificate does not fit the pinned fingerprint",
    }
    text = sgo("cert", "list").out
    assert f"good  .sealed-secrets/good.pem  {FINGERPRINT}  2026-11-23 to 2036-11-20  ok\n" in text


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a b", "-x"])
def test_names_of_clusters_stay_inside_the_folder(sgo, name: str) -> None:
    done = sgo("cert", "pin", CERT, f"--cluster={name}")
    assert done.code == 2
    assert os.listdir(".") == [".git"]


def test_a_pin_outside_of_the_repository_is_not_written(sgo, put, tmp_path: Path) -> None:
    put(".secrets-gitops.yaml", f"clusters:\n  default:\n    certificate: ../out.pem\n    fingerprint: {FINGERPRINT}\n")
    done = sgo("cert", "pin", OTHER_CERT, "--yes")
    assert done.code in (2, 3)
    assert not (tmp_path.parent / "out.pem").exists()
