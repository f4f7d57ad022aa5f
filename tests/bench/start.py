"""Start-up: `--version`, `--help`, and `decrypt` of one file of a kilobyte, in multiples of a bare interpreter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import ROOT, Environment, alternate, row

PLAIN = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n" + "".join(
    f"  key-{at}: value number {at} of some length\n" for at in range(6)
)


def run(env: Environment) -> None:
    """Print the start-up rows."""
    times = alternate({"bare": env.bare, "version": [env.command("secrets-gitops"), "--version"]}, runs=31)
    row("--version", times["version"], times["bare"], 2)
    times = alternate({"bare": env.bare, "help": [env.command("secrets-gitops"), "--help"]}, runs=15)
    row("--help", times["help"], times["bare"], 5)

    folder = Path(tempfile.mkdtemp(prefix="sgo-bench-"))
    try:
        keys = folder / "keys.txt"
        subprocess.run([env.command("secrets-gitops"), "keys", "generate", "-o", keys], check=True, capture_output=True)
        recipient = next(line for line in keys.read_text().splitlines() if "public key" in line).split()[-1]
        (folder / ".sops.yaml").write_text(
            "creation_rules:\n  - path_regex: secret\\.yaml$\n"
            f"    encrypted_regex: ^stringData$\n    age: {recipient}\n"
        )
        (folder / "secret.yaml").write_text(PLAIN)
        subprocess.run([env.command("secrets-gitops"), "encrypt", "-i", "secret.yaml"], cwd=folder, check=True)
        variables = dict(os.environ, SOPS_AGE_KEY_FILE=str(keys))
        commands = {"bare": env.bare, "decrypt": [env.command("secrets-gitops"), "decrypt", "secret.yaml"]}
        sops = _real_sops()
        if sops:
            commands["sops"] = [sops, "decrypt", "secret.yaml"]
        times = alternate(commands, runs=21, cwd=folder, env=variables)
        row("decrypt of one 1 KB file", times["decrypt"], times["bare"], 9)
        if sops:
            row("decrypt of one 1 KB file", times["decrypt"], times["sops"], None, "sops")
    finally:
        shutil.rmtree(folder)


def _real_sops() -> str | None:
    sys.path.insert(0, str(ROOT / "tests" / "tools"))
    import build

    path = build.folder() / "sops"
    return str(path) if path.exists() else None
