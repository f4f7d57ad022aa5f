"""The hook on 15 small staged files, in multiples of a bare interpreter and beside gitleaks on the same index."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import ROOT, Environment, alternate, row

WORDS = ("web", "api", "worker", "cache", "mail", "search", "billing", "auth")
RANDOM = random.Random(20260114)


def _sealed() -> str:
    return base64.b64encode((512).to_bytes(2) + RANDOM.randbytes(512 + 60)).decode()


def _envelope(size: int) -> str:
    data, iv, tag = (base64.b64encode(RANDOM.randbytes(count)).decode() for count in (size, 32, 16))
    return f"ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:str]"


RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kdqlx6p0qpyfr3n"
RULES = f"""\
creation_rules:
  - path_regex: ^apps/db/
    encrypted_regex: ^(data|stringData)$
    age: {RECIPIENT}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  namespace: shop
spec:
  replicas: 2
  selector:
    matchLabels:
      app: NAME
  template:
    metadata:
      labels:
        app: NAME
    spec:
      containers:
        - name: NAME
          image: registry.example.org/shop/NAME:1.4.2
          ports:
            - containerPort: 8080
          env:
            - name: DB_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: db
                  key: password
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: NAME
  namespace: shop
spec:
  selector:
    app: NAME
  ports:
    - port: 80
      targetPort: 8080
"""


def sealed_secret() -> str:
    return f"""\
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata:
  name: web
  namespace: shop
spec:
  encryptedData:
    cookie-key: {_sealed()}
    token: {_sealed()}
  template:
    metadata:
      name: web
"""


def sops_file() -> str:
    return f"""\
apiVersion: v1
kind: Secret
metadata:
  name: db
stringData:
  username: {_envelope(5)}
  password: {_envelope(24)}
sops:
  age:
    - recipient: {RECIPIENT}
      enc: |
        -----BEGIN AGE ENCRYPTED FILE-----
        {base64.b64encode(RANDOM.randbytes(48)).decode()}
        -----END AGE ENCRYPTED FILE-----
  lastmodified: "2026-01-14T10:00:00Z"
  mac: {_envelope(64)}
  encrypted_regex: ^(data|stringData)$
  version: 3.13.3
"""


def values() -> str:
    out = "image:\n  repository: registry.example.org/shop/web\n  tag: 1.4.2\n"
    for name in WORDS:
        out += f"{name}:\n  enabled: true\n  replicas: 2\n  existingSecret: {name}\n  resources: {{cpu: 100m}}\n"
    return out


def dashboard() -> str:
    panel = {"title": "Requests", "targets": [{"expr": "sum(rate(http_requests_total[5m]))"}]}
    return json.dumps({"title": "Shop", "panels": [{**panel, "id": at} for at in range(8)]}) + "\n"


def files() -> dict[str, str]:
    """A change as teams make it: workloads, values, sealed and encrypted secrets, a kustomization and some text."""
    out = {}
    for name in WORDS[:4]:
        out[f"apps/{name}/deployment.yaml"] = DEPLOYMENT.replace("NAME", name)
        out[f"apps/{name}/service.yaml"] = SERVICE.replace("NAME", name)
    out["apps/web/sealed.yaml"] = sealed_secret()
    out["apps/db/secret.yaml"] = sops_file()
    resources = "".join(f"  - {path.removeprefix('apps/')}\n" for path in out)
    out["apps/kustomization.yaml"] = (
        f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n{resources}"
    )
    out["charts/shop/values.yaml"] = values()
    out["README.md"] = "# The shop\n\nDeployed by Argo CD from this folder. Secrets are sealed or encrypted.\n" * 8
    out["dashboards/shop.json"] = dashboard()
    out["scripts/deploy.sh"] = "#!/bin/sh\nset -eu\nkubectl apply -k apps\nkubectl rollout status deploy/web -n shop\n"
    return out


def run(env: Environment) -> None:
    """Print the rows of the hook."""
    folder = Path(tempfile.mkdtemp(prefix="sgo-bench-"))
    try:
        staged = files()
        _stage(folder, staged)
        commands = {"bare": env.bare, "hook": [env.command("secrets-gitops-hook")]}
        gitleaks = _gitleaks()
        if gitleaks:  # it finds the sealed token, which is none; so its exit code is not asked
            commands["gitleaks"] = [
                gitleaks,
                "git",
                "--staged",
                "--no-banner",
                "--log-level",
                "error",
                "--exit-code",
                "0",
            ]
        times = alternate(commands, runs=31, cwd=folder)
        what = f"hook on {len(staged)} staged files, {sum(map(len, staged.values())) // 1000} kB"
        row(what, times["hook"], times["bare"], 8)
        if gitleaks:
            row(what, times["hook"], times["gitleaks"], 1, "gitleaks")
        else:
            print("gitleaks is not built (`make tools`): no row beside it")
    finally:
        shutil.rmtree(folder)
    _changed_rules(env)


ENCRYPTED = 5000


def _changed_rules(env: Environment) -> None:
    """A staged `.sops.yaml` has every encrypted file of the repository held against it, none of them staged."""
    folder = Path(tempfile.mkdtemp(prefix="sgo-bench-"))
    try:
        _stage(folder, {f"apps/db/{at // 50}/secret-{at}.yaml": sops_file() for at in range(ENCRYPTED)})
        _git(folder, "commit", "-q", "-m", "files")
        (folder / ".sops.yaml").write_text(f"# one recipient\n{RULES}")
        _git(folder, "add", ".")
        times = alternate({"bare": env.bare, "hook": [env.command("secrets-gitops-hook")]}, runs=5, cwd=folder)
        row(f"hook: changed rules, {ENCRYPTED} encrypted files", times["hook"], times["bare"], None)
    finally:
        shutil.rmtree(folder)


def _stage(folder: Path, staged: dict[str, str]) -> None:
    _git(folder, "init", "-q")
    (folder / ".sops.yaml").write_text(RULES)
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "rules")
    for path, content in staged.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    _git(folder, "add", ".")


def _git(folder: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=Bench", "-c", "user.email=bench@example.org", "-c", "core.hooksPath=/dev/null")
    environ = dict(os.environ, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull)
    subprocess.run(["git", *settings, *arguments], cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL)


def _gitleaks() -> str | None:
    """The Go build, which starts faster than the other published one."""
    sys.path.insert(0, str(ROOT / "tests" / "tools"))
    import build

    path = build.folder() / "gitleaks"
    return str(path) if path.exists() else None
