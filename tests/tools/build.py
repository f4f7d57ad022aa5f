"""Build the real programs that the interop tests run against; a program that is there is not built again.

usage: build.py [--where] [NAME…]

They land in `$XDG_CACHE_HOME/secrets-gitops/tools/<hash of the module files>/`, outside the checkout, so a second
run costs nothing. A program that cannot be built is named with the reason; its tests are then skipped, and say so.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

PROGRAMS = {
    "sops": (".", "github.com/getsops/sops/v3/cmd/sops"),
    "age": (".", "filippo.io/age/cmd/age"),
    "age-keygen": (".", "filippo.io/age/cmd/age-keygen"),
    "kubeseal": (".", "github.com/bitnami/sealed-secrets/cmd/kubeseal"),
    "sealed-secrets-controller": (".", "github.com/bitnami/sealed-secrets/cmd/controller"),
    "gitleaks": (".", "github.com/zricethezav/gitleaks/v8"),
    "etcd": ("etcd", "go.etcd.io/etcd/server/v3"),
    "kube-apiserver": ("kube", "k8s.io/kubernetes/cmd/kube-apiserver"),
    "kube-controller-manager": ("kube", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    "kubectl": ("kube", "k8s.io/kubernetes/cmd/kubectl"),
}
"""Program name → folder of its Go module, and its package; the versions stand in the go.mod there."""


def folder() -> Path:
    """The cache folder of the programs for exactly these go.mod and go.sum files."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    modules = sorted({module for module, _ in PROGRAMS.values()})
    files = [HERE / module / name for module in modules for name in ("go.mod", "go.sum")]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    return cache / "secrets-gitops" / "tools" / digest


def go() -> str | None:
    """The Go compiler on PATH, or in the place where its installer puts it."""
    return shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")


def build(name: str, compiler: str) -> str:
    """Build one program unless it is there; an empty string, or why it could not be built."""
    target = folder() / name
    if target.exists():
        return ""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    module, package = PROGRAMS[name]
    command = [compiler, "build", "-trimpath", "-ldflags=-s -w", "-o", str(partial), package]
    done = subprocess.run(command, cwd=HERE / module, capture_output=True, text=True, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["the compiler failed"])[-1]
    partial.rename(target)
    return ""


def main(arguments: list[str]) -> int:
    """Exit status: 0 when every program asked for is there, 1 otherwise."""
    if arguments == ["--where"]:
        print(folder())
        return 0
    names = arguments or list(PROGRAMS)
    compiler = go()
    failed = 0
    for name in names:
        there = (folder() / name).exists()
        reason = "" if there else build(name, compiler) if compiler else "Go is not installed"
        print(f"{name:<26} {'FAILED: ' + reason if reason else 'there' if there else 'built'}", flush=True)
        failed += bool(reason)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
