"""No report holds a secret, nor a part of one: every format, in every mode, from a repository made to trip them up."""

from __future__ import annotations

import base64
import os
import random
import string
import subprocess
import sys
import zlib
from urllib.parse import quote

import pytest

from secrets_gitops.lint.report.formats import FORMATS

ALNUM = string.ascii_letters + string.digits
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
SHORTEST = 6
"""A part of a secret that is this long must not come out."""


class Canaries:
    """Secrets by chance, the same in every run, and how to tell whether a text holds one."""

    def __init__(self) -> None:
        self.random = random.Random(7)
        self.made: list[str] = []

    def text(self, size: int = 20, alphabet: str = ALNUM) -> str:
        made = "".join(self.random.choice(alphabet) for _ in range(size))
        self.made.append(made)
        return made

    def password(self) -> str:
        return "kQ7" + self.text(15)

    def token(self) -> str:
        """Of GitHub, with its checksum: six digits, in base 62, of the CRC-32."""
        body, number, check = self.text(30), 0, ""
        number = zlib.crc32(body.encode())
        for _ in range(6):
            number, digit = divmod(number, 62)
            check = BASE62[digit] + check
        self.made.append(check)
        return "ghp" + f"_{body}{check}"

    def pem(self) -> str:
        der = b"\x30\x82\x02\x58" + self.random.randbytes(600)
        body = base64.b64encode(der).decode()
        self.made.append(body)
        lines = [body[at : at + 64] for at in range(0, len(body), 64)]
        return "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"])

    def encoded(self, secret: str) -> str:
        text = base64.b64encode(secret.encode()).decode()
        self.made.append(text.rstrip("="))
        return text

    def found_in(self, output: bytes) -> list[str]:
        """Every part of a secret that `output` holds, as it is, in base64 or percent-encoded."""
        text = output.decode("utf-8", "replace")
        out = []
        for secret in self.made:
            for at in range(len(secret) - SHORTEST + 1):
                part = secret[at : at + SHORTEST]
                if part in text or (not part.isalnum() and quote(part, safe="") in text):
                    out.append(part)
        return out


ESCAPES = "\x1b]0;title\x07\x1b[2J"
NAMES = [
    b"plain.yaml",
    b"caf\xe9.yaml",
    b"::error file=x,line=1::y.yaml",
    b"##vso[task.setvariable variable=x]y.yaml",
    b"a\n::set-output name=x::y\n.yaml",
    b"a,line=7:col%0A.yaml",
    ESCAPES.encode() + b".yaml",
    b"-o.yaml",
    b"]]><script>&quot;'.yaml",
    b"|`@all` [x](evil.example).yaml",
]


@pytest.fixture(scope="module")
def canaries():
    return Canaries()


@pytest.fixture
def repository(tmp_path, canaries):
    """Files with hostile names, each with secrets in values and in keys."""
    token, other = canaries.token(), canaries.token()
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\nstringData:\n"
        f"  password: {canaries.password()}\n"
        f"  {token}: {canaries.password()}\n"
        f'  "{ESCAPES.encode("unicode_escape").decode()}::error::\\n##vso[x]": {canaries.password()}\n'
        f'  "db://app:{canaries.password()}@db/x": {canaries.password()}\n'
        f"data:\n  b: {canaries.encoded(canaries.password())}\n"
        f"---\nkind: ConfigMap\ndata:\n  ci: {other}\n"
        f"  note: {canaries.encoded('see ' + canaries.token() + ' there')}\n"
    )
    files = {name: secret.encode() for name in NAMES}
    files[b"tls.key"] = f"{canaries.pem()}\n".encode()
    files[b"broken.yaml"] = f"kind: Secret\nstringData:\n  password: {canaries.password()}\n  x: [\n".encode()
    files[b"kustomization.yaml"] = (
        f"secretGenerator:\n- name: a\n  literals: [p={canaries.password()}]\n  files: [tls.key]\n".encode()
    )
    files[b"app.env"] = f"PASSWORD={canaries.password()}\nURL=https://a:{canaries.password()}@example.org/\n".encode()
    files[b"allowed.yaml"] = (
        f"kind: Secret\nstringData:\n  a: {canaries.password()} # secrets-gitops:allow k8s-secret-plaintext -- known\n"
        f"  b: {canaries.password()} # secrets-gitops:allow k8s-secret-plaintext -- was {canaries.token()} before\n"
    ).encode()
    for name, content in files.items():
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
            file.write(content)
    for arguments in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "1"], ["add", "-A"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


MODES = {
    "the work tree": [],
    "the index": ["--staged"],
    "with what is excused": ["--show-suppressed"],
    "everything fails": ["--fail-on", "info"],
    "incomplete": ["--max-bytes", "500"],
    "a document": ["--stdin", "--path", "x.yaml"],
    "all history": ["--history"],
    "a commit": ["--commit", "HEAD"],
    "the tree of a commit": ["--tree", "HEAD"],
    "what is pushed": ["--pushed-range", "HEAD~1..HEAD"],
}


@pytest.mark.parametrize("mode", MODES)
def test_no_report_of_any_format_holds_a_part_of_a_secret(mode, repository, canaries, cli, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    reports = [argument for name in FORMATS for argument in ("--format", f"{name}={folder / name}")]
    if MODES[mode][:1] in (["--history"], ["--commit"], ["--tree"], ["--pushed-range"]):
        _commit(repository, f"::error::{ESCAPES}\n\n##vso[x] {canaries.token()}")
    content = (repository / "plain.yaml").read_bytes()
    done = cli("lint", *MODES[mode], *reports, "--format", "text", stdin=content, cwd=repository)
    assert done.returncode == (3 if mode == "incomplete" else 1), done.stderr
    outputs = {name: (folder / name).read_bytes() for name in FORMATS}
    outputs |= {"standard output": done.stdout, "standard error": done.stderr}
    for name, output in outputs.items():
        assert canaries.found_in(output) == [], name
        assert not set(output) & {0x1B, 0x07}, name
        output.decode()
    assert all(b"k8s-secret-plaintext" in outputs[name] for name in FORMATS if mode != "incomplete")


def _commit(repository, message: str) -> None:
    """What is staged, as the second commit."""
    subprocess.run(["git", "commit", "-q", "-m", message], cwd=repository, check=True, capture_output=True)


def test_the_hook(repository, canaries):
    done = subprocess.run(
        [sys.executable, "-m", "secrets_gitops.hook"], cwd=repository, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert canaries.found_in(done.stdout + done.stderr) == []
    assert b"\x1b" not in done.stdout + done.stderr


def test_a_log_has_no_line_that_a_runner_takes_for_a_command(repository, cli):
    """Neither in the text, nor on standard error: a file name is nobody's order."""
    done = cli("lint", cwd=repository)
    for line in (done.stdout + done.stderr).decode().splitlines():
        assert not line.lstrip().startswith("::")
        assert "##" not in line


def test_the_canaries_are_found_where_they_are(repository, canaries):
    """So that the tests above could fail."""
    for name in ("plain.yaml", "tls.key", "app.env", "kustomization.yaml"):
        assert canaries.found_in((repository / name).read_bytes())
