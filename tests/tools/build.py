"""Build the real programs that the interop tests run against; a program that is there is not built again.

usage: build.py [NAME…]
       build.py --where [NAME]      the folder of the programs, or where one of them is

They land in `$XDG_CACHE_HOME/secrets-gitops/tools/<hash of the module files>/`, outside the checkout, so a second
run costs nothing. A program that cannot be built is named with the reason; its tests are then skipped, and say so.
Programs in Python get a virtual environment of their own beside that folder.
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
    "age-plugin-batchpass": (".", "filippo.io/age/cmd/age-plugin-batchpass"),
    "kubeseal": (".", "github.com/bitnami/sealed-secrets/cmd/kubeseal"),
    "sealed-secrets-controller": (".", "github.com/bitnami/sealed-secrets/cmd/controller"),
    "gitleaks": (".", "github.com/zricethezav/gitleaks/v8"),
    "etcd": ("etcd", "go.etcd.io/etcd/server/v3"),
    "kube-apiserver": ("kube", "k8s.io/kubernetes/cmd/kube-apiserver"),
    "kube-controller-manager": ("kube", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    "kubectl": ("kube", "k8s.io/kubernetes/cmd/kubectl"),
}
"""Program name → folder of its Go module, and its package; the versions stand in the go.mod there."""

PYTHON_PROGRAMS = {"moto_server": "moto.txt"}
"""Program name → the requirements of its virtual environment."""


def cache() -> Path:
    """Where all tools lie."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "secrets-gitops" / "tools"


def folder() -> Path:
    """The cache folder of the programs for exactly these go.mod and go.sum files."""
    modules = sorted({module for module, _ in PROGRAMS.values()})
    files = [HERE / module / name for module in modules for name in ("go.mod", "go.sum")]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    return cache() / digest


def environment(name: str) -> Path:
    """The virtual environment of a Python program for exactly these requirements."""
    digest = hashlib.sha256((HERE / PYTHON_PROGRAMS[name]).read_bytes()).hexdigest()[:16]
    return cache() / f"{name}-{digest}"


def path_of(name: str) -> Path:
    """Where a program is, or will be once it is built."""
    return environment(name) / "bin" / name if name in PYTHON_PROGRAMS else folder() / name


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


def install(name: str) -> str:
    """Make the environment of a Python program unless it is there; an empty string, or why it could not be made."""
    target = environment(name)
    if path_of(name).exists():
        return ""
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(target)],
        [str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", "-r", str(HERE / PYTHON_PROGRAMS[name])],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(target, ignore_errors=True)  # half of it would pass for whole
            return (done.stderr.strip().splitlines() or ["it failed"])[-1]
    return ""


def main(arguments: list[str]) -> int:
    """Exit status: 0 when every program asked for is there, 1 otherwise."""
    if arguments[:1] == ["--where"]:
        print(path_of(arguments[1]) if arguments[1:] else folder())
        return 0
    names = arguments or [*PROGRAMS, *PYTHON_PROGRAMS]
    compiler = go()
    failed = 0
    for name in names:
        there = path_of(name).exists()
        if there:
            reason = ""
        elif name in PYTHON_PROGRAMS:
            reason = install(name)
        else:
            reason = build(name, compiler) if compiler else "Go is not installed"
        print(f"{name:<26} {'FAILED: ' + reason if reason else 'there' if there else 'built'}", flush=True)
        failed += bool(reason)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
