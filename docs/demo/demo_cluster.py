"""The story of `make demo` goes on in a cluster: a real etcd, kube-apiserver and OpenBao on loopback, made for it.

Every line that begins with `$` is run, and what stands below it is what it printed. Only pods do not run: the
controller is started beside the servers, as the account and with the rights that its Deployment would have.

usage: demo_cluster.py        exit status 3, with nothing started, when a program is missing
"""

from __future__ import annotations

import contextlib
import importlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "cluster"), str(ROOT / "tests"), str(ROOT / "tests" / "tools")]

from story import Story, Untrue  # noqa: E402  beside this file

import build  # noqa: E402  it knows where `make tools` puts the programs

SERVERS = ("etcd", "kube-apiserver", "kubectl")
SYSTEM, SERVICE = "kube-system", "sealed-secrets-controller"
SERVICE_PROXY = f"/api/v1/namespaces/{SYSTEM}/services/http:{SERVICE}:http/proxy/v1/cert.pem"
FETCH = f"kubectl get --raw {SERVICE_PROXY} > ../cluster.pem"

SESSION = """\
apiVersion: v1
kind: Secret
metadata: {name: session, namespace: shop}
stringData: {cookie-key: "%s"}
"""
DATABASE = """\
# The database of the shop.
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
stringData:
  user: shop
  password: "%s"
"""
PAYMENT = """\
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: openbao, namespace: shop}
spec:
  provider:
    vault:
      server: %s
      path: secret
      auth:
        kubernetes: {mountPath: kubernetes, role: shop, serviceAccountRef: {name: shop}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: payment, namespace: shop}
spec:
  refreshInterval: 2s
  secretStoreRef: {name: openbao}
  data:
    - secretKey: api-token
      remoteRef: {key: payment, property: api-token}
"""
POLICY = 'path "secret/data/payment" { capabilities = ["read"] }\n'


def missing() -> list[str]:
    """What is not here, and how to get it; nothing when all is here."""
    programs = [name for name in SERVERS if not (build.folder() / name).exists()]
    lines = []
    if programs:
        lines.append(f"not built yet: {', '.join(programs)}")
        if build.go() is None:
            lines.append("  Go is not installed; get it from https://go.dev/dl/ or your distribution, then")
        lines.append("  run `make tools`: it builds the real programs once, into a cache folder (takes minutes)")
    if not bao().exists():
        lines += ["OpenBao is not in this environment", "  run `make demo-cluster`, which installs it"]
    if shutil.which("git") is None:
        lines += ["git is not installed", "  get it from your distribution"]
    return lines


def bao() -> Path:
    """OpenBao's program, which the group `interop` installs."""
    return Path(sys.executable).parent / "bao"


def stand_in_for_kubelet(kube, egress, port: int) -> None:
    """The Pod and the Endpoints of the controller's Service, which a kubelet and Kubernetes' own controllers write."""
    address = importlib.import_module("service_proxy").POD_ADDRESS
    egress.ports[8080] = port
    metadata = {"name": SERVICE, "namespace": SYSTEM}
    pod = {
        "metadata": {**metadata, "labels": {"demo": "pod"}},
        "spec": {"containers": [{"name": "c", "image": "none"}]},
    }
    kube.create({"apiVersion": "v1", "kind": "Pod", **pod})
    status = {"podIP": address, "podIPs": [{"ip": address}], "phase": "Running"}
    kube.merge("v1", "Pod", SYSTEM, SERVICE, {"status": status}, "status")
    target = {"kind": "Pod", "namespace": SYSTEM, "name": SERVICE}
    subset = {"addresses": [{"ip": address, "targetRef": target}], "ports": [{"name": "http", "port": 8080}]}
    kube.create({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": [subset]})


def stand_in_for_pod(story: Story, cluster) -> None:
    """Start the controller as its account; nothing is mounted here, so its token lies in a kubeconfig."""
    free_port = importlib.import_module("apiserver").free_port
    account = cluster.account(SYSTEM, SERVICE)
    shutil.copy(account.kubeconfig(namespace=SYSTEM), story.folder / "controller.config")
    story.run("kubectl --kubeconfig ../controller.config auth whoami")
    story.run("kubectl --kubeconfig ../controller.config auth can-i create pods --all-namespaces", refused=True)
    port, metrics = free_port(), free_port()
    story.start_controller(
        f"POD_NAMESPACE={SYSTEM} POD_NAME={SERVICE} secrets-gitops controller run --enable externalsecrets"
        f" --kubeconfig ../controller.config --listen-addr 127.0.0.1:{port} --listen-metrics-addr 127.0.0.1:{metrics}"
    )
    stand_in_for_kubelet(cluster.kube, cluster.egress, port)
    story.until("its first key and a ready controller", lambda: _is_ready(port))


def _is_ready(port: int) -> bool:
    try:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def prepare(story: Story, cluster, server) -> None:
    """What the story takes for granted: who you are, in the cluster, in OpenBao and in git; a key and rules."""
    story.env |= {"KUBECONFIG": str(cluster.admin.kubeconfig(namespace="shop"))}
    story.env |= {"BAO_ADDR": server.address, "BAO_TOKEN": server.token}
    for setting in ("user.name Demo", "user.email demo@example.org", "init.defaultBranch main"):
        story.quietly(f"git config --global {setting}")
    story.quietly("git init -q && secrets-gitops keys generate && secrets-gitops init")
    story.write("apps/web/session.yaml", SESSION % story.value())
    story.write("apps/db/secret.yaml", DATABASE % story.value())
    story.write("apps/web/payment.yaml", PAYMENT % server.address)
    (story.folder / "policy.hcl").write_text(POLICY)
    (story.folder / "ca.crt").write_bytes(cluster.ca.read_bytes())


def tell_story(story: Story, cluster) -> None:
    """From an empty cluster on."""
    run, tell = story.run, story.tell
    tell("An empty cluster and an OpenBao, real servers on loopback. You are the administrator of both.")
    run("kubectl get --raw /readyz && echo && kubectl create namespace shop")
    run("bao status -format=yaml | grep -E '^(sealed|storage_type|version):'")

    tell("1. Install the controller.")
    run("secrets-gitops controller manifests --enable externalsecrets | kubectl apply -f -")
    tell(
        "No pods run here, so it is started beside the servers, with a token of its service account: it may do what",
        "was just applied, and no more. It makes its first sealing key.",
    )
    stand_in_for_pod(story, cluster)

    tell("2. Its certificate, through the API server, as kubeseal fetches it; pinned in the repository.")
    run(FETCH)
    run("secrets-gitops cert pin ../cluster.pem")

    tell(
        "3. OpenBao: a value, and a role that lets the service account `shop` read it. OpenBao asks the API server who",
        "holds a token, so nothing secret is needed in the repository for this.",
    )
    story.run_with_value("bao kv put secret/payment api-token=@../value")
    run("kubectl create serviceaccount shop && kubectl create serviceaccount openbao -n kube-system")
    run("kubectl create clusterrolebinding openbao --clusterrole=system:auth-delegator"
        " --serviceaccount=kube-system:openbao")  # fmt: skip
    run("bao auth enable kubernetes && bao policy write shop ../policy.hcl")
    run("kubectl create token openbao -n kube-system | bao write auth/kubernetes/config token_reviewer_jwt=-"
        f" kubernetes_host={cluster.url} kubernetes_ca_cert=@../ca.crt disable_local_ca_jwt=true")  # fmt: skip
    run("bao write auth/kubernetes/role/shop bound_service_account_names=shop bound_service_account_namespaces=shop"
        " token_policies=shop")  # fmt: skip

    tell("4. The repository: one Secret sealed for the cluster, one encrypted with SOPS, one that OpenBao holds.")
    run("secrets-gitops seal -i apps/web/session.yaml")
    run("secrets-gitops encrypt -i apps/db/secret.yaml")
    run("git add -A && git commit -q -m 'Add the shop' && secrets-gitops lint")
    run("grep -v '^ *#' apps/web/payment.yaml")

    tell(
        "5. To the cluster, in both ways. Pull: apply what git holds, and the controller makes the Secrets. Push:",
        "resolve it here, and apply the Secret.",
    )
    run("kubectl apply -f apps/web")
    run("secrets-gitops render apps/db | kubectl apply -f -")
    run("kubectl wait --for=condition=Synced --timeout=60s sealedsecret/session")
    run("kubectl wait --for=condition=Ready --timeout=60s externalsecret/payment")
    run("kubectl get secrets")
    story.secrets("session payment db")
    story.check("session", "cookie-key", 0)
    story.check("db", "password", 1)
    story.check("payment", "api-token", 2)

    tell("6. Somebody deletes Secrets. They come back, with the same values: equal fingerprints are equal values.")
    run("for name in session payment; do echo ---; kubectl get secret $name -o yaml; done > ../before.yaml")
    run("kubectl delete secret session payment")
    run("kubectl wait --for=create --timeout=60s secret/session secret/payment")
    story.secrets("session payment", beside="../before.yaml")
    story.check("session", "cookie-key", 0)

    tell("7. A new sealing key, as every 30 days. What was sealed for the old one still opens.")
    run(f"kubectl get secrets -n {SYSTEM} -l sealedsecrets.bitnami.com/sealed-secrets-key=active -o name")
    old = story.quietly(f"kubectl get --raw {SERVICE_PROXY}")
    story.renew_key()
    story.until("a new key", lambda: story.quietly(f"kubectl get --raw {SERVICE_PROXY}") != old)
    run(f"kubectl get secrets -n {SYSTEM} -l sealedsecrets.bitnami.com/sealed-secrets-key=active -o name")
    run("kubectl get secret session -o yaml > ../before.yaml")
    run("kubectl delete secret session && kubectl wait --for=create --timeout=60s secret/session")
    story.secrets("session", beside="../before.yaml")
    story.check("session", "cookie-key", 0)
    tell("What is sealed from now on is sealed for the new one.")
    run(FETCH)
    run("secrets-gitops cert pin --yes ../cluster.pem")
    story.run_with_value(
        "kubectl create secret generic api -n shop --from-file=token=../value --dry-run=client -o yaml"
        " | secrets-gitops seal > apps/web/api.yaml"
    )
    run("kubectl apply -f apps/web/api.yaml && kubectl wait --for=create --timeout=60s secret/api")
    story.check("api", "token", 3)

    tell("8. A value is changed in OpenBao, and arrives: the ExternalSecret looks every two seconds.")
    run("kubectl get secret payment -o yaml > ../before.yaml")
    story.run_with_value("bao kv put secret/payment api-token=@../value")
    run("until [ $(kubectl get secret payment -o 'jsonpath={.metadata.resourceVersion}') !="
        " $(sed -n 's/.*resourceVersion: \"\\(.*\\)\"/\\1/p' ../before.yaml) ]; do sleep 0.2; done")  # fmt: skip
    story.secrets("payment", beside="../before.yaml")
    story.check("payment", "api-token", 4)

    tell("9. How is it?")
    if "nothing fails" not in (status := run("secrets-gitops controller status")) or "does not give" in status:
        raise Untrue("the controller is not well")
    tell("Its log, where no value stands; and the end.")
    run("grep -v certificate= ../controller.log | tail -n 6")
    story.end_controller()


def main() -> int:
    """Tell the story; everything that was started is stopped, and every file is gone, come what may."""
    if lines := missing():
        print("demo-cluster: this story needs real servers, and not all are here", *lines, sep="\n", file=sys.stderr)
        return 3
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="secrets-gitops-demo-"))
    started: list[Callable[[], object]] = [lambda: shutil.rmtree(folder, ignore_errors=True)]
    try:
        apiserver, openbao = importlib.import_module("apiserver"), importlib.import_module("openbao")
        story = Story(folder, build.folder())
        started.append(story.stop_controller)
        cluster = apiserver.Cluster(lambda name: str(build.folder() / name))
        started.append(cluster.stop)
        cluster.start()
        server = openbao.start(folder, token=(token := secrets.token_urlsafe(18)))
        story.hidden.append(token)
        started.append(server.stop)
        prepare(story, cluster, server)
        tell_story(story, cluster)
    except (Untrue, OSError, AssertionError, subprocess.SubprocessError) as error:
        print(f"demo-cluster: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for stop in reversed(started):
            with contextlib.suppress(Exception):
                stop()
    print("\n# All of that was real, and all of it is stopped and removed. For your cluster: docs/guides/controller.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
