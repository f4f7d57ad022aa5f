"""Sealing 1,000 Secrets of one file in one run, against a bare process that does the same RSA and AES work and no more.

Whole process against whole process, both with their start. The bare one imports what it needs of `cryptography`, loads
the same certificate and seals 1,000 items of the same size under the same labels; it reads and writes nothing.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from harness import ROOT, Environment, alternate, row

COUNT = 1000
CERTIFICATE = ROOT / "tests" / "interop" / "vectors" / "sealed-secrets" / "keys" / "ctl4096" / "served-cert.pem"

BARE = f"""\
import os
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

key = x509.load_pem_x509_certificate(open({str(CERTIFICATE)!r}, "rb").read()).public_key()
sha256 = hashes.SHA256()
mgf = MGF1(sha256)
for at in range({COUNT}):
    session_key = os.urandom(32)
    key.encrypt(session_key, OAEP(mgf, sha256, b"team-%d/app-%d" % (at % 20, at)))
    AESGCM(session_key).encrypt(bytes(12), b"correct horse %d" % at, None)
"""


def secret(at: int) -> str:
    """One Secret with one item, as people write them."""
    return (
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: app-{at}\n  namespace: team-{at % 20}\n"
        f"type: Opaque\nstringData:\n  password: correct horse {at}\n"
    )


def run(env: Environment) -> None:
    """Print the rows of sealing."""
    folder = Path(tempfile.mkdtemp(prefix="sgo-bench-"))
    try:
        (folder / "bare.py").write_text(BARE)
        (folder / "many.yaml").write_text("---\n".join(secret(at) for at in range(COUNT)))
        (folder / "one.yaml").write_text(secret(1))
        seal = [env.command("secrets-gitops"), "seal", "--cert", str(CERTIFICATE)]
        commands = {"bare": [env.python, "bare.py"], "many": [*seal, "many.yaml"]}
        kubeseal = _real_kubeseal()
        if kubeseal:
            commands["kubeseal"] = [kubeseal, "--cert", str(CERTIFICATE), "-o", "yaml", "-f", "many.yaml"]
        times = alternate(commands, runs=15, cwd=folder)
        row(f"seal {COUNT:,} Secrets (RSA 4096)", times["many"], times["bare"], 1.5, "RSA and AES")
        if kubeseal:
            row(f"seal {COUNT:,} Secrets (RSA 4096)", times["many"], times["kubeseal"], None, "kubeseal")
        times = alternate({"bare": env.bare, "one": [*seal, "one.yaml"]}, runs=15, cwd=folder)
        row("seal one Secret", times["one"], times["bare"], None)
    finally:
        shutil.rmtree(folder)


def _real_kubeseal() -> str | None:
    sys.path.insert(0, str(ROOT / "tests" / "tools"))
    import build

    path = build.folder() / "kubeseal"
    return str(path) if path.exists() else None
