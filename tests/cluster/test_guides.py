"""The guides of both ways to a cluster, command by command: push with `render`, pull with the controller.

The commands of the `console` blocks are run as they stand, with the real kubectl and kubeseal. Nodes there are none, so
where the pull guide has the Deployment applied, the controller is started beside the servers, as its account.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import told
from apiserver import Cluster, free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs" / "guides"
FOREIGN = ("SOPS_", "SECRETS_GITOPS_", "SEALED_SECRETS_", "GIT_", "AGE_", "VAULT_", "BAO_", "KUBE", "POD_")


class Reader:
    """Somebody who types what a guide says: a repository, a home, a cluster."""

    def __init__(self, cluster: Cluster, folder: Path, tools: list[str]) -> None:
        self.cluster = cluster
        self.folder = folder / "fleet"
        self.folder.mkdir()
        home = folder / "home"
        home.mkdir()
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        path = os.pathsep.join([str(Path(sys.executable).parent), *tools, os.environ["PATH"]])
        self.env |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "PATH": path}
        self.env |= {"NO_COLOR": "1", "LC_ALL": "C.UTF-8", "KUBECONFIG": str(cluster.admin.kubeconfig())}
        self.does("git init -q && git config user.name A && git config user.email a@example.org")
        self.does("secrets-gitops keys generate && secrets-gitops init")
        cluster.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def runs(self, command: str) -> subprocess.CompletedProcess[str]:
        shell = ["bash", "-o", "pipefail", "-c", command]
        merged = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        return subprocess.run(shell, cwd=self.folder, env=self.env, text=True, timeout=90, check=False, **merged)

    def does(self, command: str) -> None:
        """What the guide takes for done."""
        done = self.runs(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}"

    def reads(self, guide: str, after=lambda step: None) -> None:
        """Every command of a guide; `after` hears of each once it is done."""
        steps = told.steps_of_guide((GUIDES / guide).read_text())
        assert steps, "a guide without a command tells nothing"
        for step in steps:
            done = self.runs(step.command)
            told.compare(step, guide, done.returncode, done.stdout)
            after(step)


@pytest.fixture
def reader(program, tmp_path):
    """In a cluster of its own: guides install for the whole cluster."""
    tools = [str(Path(program(name)).parent) for name in ("kubectl", "kubeseal")]
    cluster = Cluster(program)
    try:
        cluster.start()
        yield Reader(cluster, tmp_path, tools)
    finally:
        cluster.stop()


@pytest.fixture
def controller(reader, tmp_path, monkeypatch):
    """Starts what the Deployment would; ended after the test."""
    monkeypatch.syspath_prepend(ROOT / "docs" / "demo")
    demo = importlib.import_module("demo_cluster")
    processes = []

    def start():
        cluster, log, port = reader.cluster, tmp_path / "controller.log", free_port()
        account = cluster.account(demo.SYSTEM, demo.SERVICE)
        config = shutil.copy(account.kubeconfig(namespace=demo.SYSTEM), tmp_path / "controller.config")
        words = ["secrets-gitops", "controller", "run", "--kubeconfig", str(config)]
        words += ["--listen-addr", f"127.0.0.1:{port}", "--listen-metrics-addr", f"127.0.0.1:{free_port()}"]
        env = {**reader.env, "POD_NAMESPACE": demo.SYSTEM, "POD_NAME": f"{demo.SERVICE}-0"}
        with log.open("wb") as file:
            processes.append(subprocess.Popen(words, env=env, stdout=file, stderr=file, cwd=tmp_path))
        demo.stand_in_for_kubelet(cluster.kube, cluster.egress, port)
        wait_for(lambda: "Ready" in log.read_text(), 60, lambda: log.read_text()[-3000:])

    yield start
    for each in processes:
        each.terminate()
        assert each.wait(20) == 0


def test_pull_with_the_controller(reader, controller):
    (reader.folder / "apps").mkdir()
    value = "c4nary half past nine"
    reader.write("password", value)
    (reader.folder / ".git" / "info" / "exclude").write_text("password\n")

    def after(step):
        if step.command == "kubectl apply -f controller.yaml":
            controller()

    reader.reads("controller.md", after)
    assert reader.cluster.kube.secret("shop", "db") == {"password": value.encode()}


def test_push_from_a_laptop_and_from_ci(reader):
    value = "battery staple"
    secret = (
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: db, namespace: shop}}\nstringData: {{password: {value}}}\n"
    )
    reader.write("apps/db/secret.yaml", secret)
    reference = "ref+sops://apps/db/secret.yaml#/stringData/password"
    web = f'data: {{database: "{reference}"}}\n'
    reader.write("apps/web.yaml", f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: web, namespace: shop}}\n{web}")
    reader.does("secrets-gitops encrypt -i apps/db/secret.yaml && git add -A && git commit -qm 'Add the shop'")

    def after(step):
        if "keys generate" in step.command:  # from here on the reader is the job, which has the key of CI alone
            public = "$(sed -n 's/^# public key: //p' ci.txt)"
            reader.does(f'sed -i "s/\\(age1[0-9a-z]*\\)/\\1,{public}/" .sops.yaml')
            reader.does("secrets-gitops updatekeys --yes apps/db/secret.yaml && git commit -qam 'Let CI in'")
            reader.env |= {"SOPS_AGE_KEY": (reader.folder / "ci.txt").read_text(), "HOME": str(reader.folder)}
            reader.env["XDG_CONFIG_HOME"] = str(reader.folder / "nothing")
            (reader.folder / "ci.txt").unlink()

    reader.reads("render.md", after)
    assert reader.cluster.kube.secret("shop", "db") == {"password": value.encode()}
