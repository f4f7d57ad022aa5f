"""Where a connection comes from: the pod, one kubeconfig, several of them; and what is wrong with those."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import pytest

from secrets_gitops.clients.kube import connection, in_cluster, kubeconfig
from secrets_gitops.clients.kube.request import Api
from secrets_gitops.errors import SettingsError, Unavailable

POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


def config(path, *, server="https://one:6443", user=None, cluster=None, current="main", name="main"):
    tree = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": name, "user": user or {"token": f"token-{name}"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": f"ns-{name}"}}],
    }
    if current:
        tree["current-context"] = current
    path.write_text(json.dumps(tree))
    return str(path)


def test_a_kubeconfig_gives_server_token_authority_and_namespace(tmp_path):
    authority = base64.b64encode(b"-----BEGIN CERTIFICATE-----").decode()
    path = config(
        tmp_path / "config",
        server="https://one:6443/k8s/",
        cluster={"certificate-authority-data": authority, "tls-server-name": "kube", "proxy-url": "http://p:3128"},
    )
    made = kubeconfig.connection(path, None, {})
    assert made.server == "https://one:6443/k8s"
    assert made.authorize() == "Bearer token-main"
    assert made.ca_pem == "-----BEGIN CERTIFICATE-----"
    assert (made.server_name, made.proxy, made.namespace, made.verify) == ("kube", "http://p:3128", "ns-main", True)
    assert "token-main" not in repr(made)


def test_files_named_in_it_are_looked_for_beside_it(tmp_path):
    user = {"tokenFile": "token", "client-certificate": "c.pem", "client-key": "k.pem"}
    path = config(tmp_path / "config", user=user, cluster={"certificate-authority": "ca.pem"})
    (tmp_path / "token").write_text("from-file\n")
    made = kubeconfig.connection(path, None, {})
    assert made.authorize() == "Bearer from-file"
    assert made.ca_file == str(tmp_path / "ca.pem")
    assert made.client_certificate == (str(tmp_path / "c.pem"), str(tmp_path / "k.pem"))


def test_name_and_password_are_basic(tmp_path):
    made = kubeconfig.connection(config(tmp_path / "c", user={"username": "a", "password": "b"}), None, {})
    assert made.authorize() == "Basic " + base64.b64encode(b"a:b").decode()


def test_of_several_files_the_first_entry_of_a_name_counts_and_missing_files_do_not(tmp_path):
    first = config(tmp_path / "first", server="https://first", name="main", current="")
    second = config(tmp_path / "second", server="https://second", name="main", current="other")
    third = config(tmp_path / "third", server="https://third", name="other")
    environ = {"KUBECONFIG": f"{tmp_path}/none:{first}:{second}:{third}"}
    assert kubeconfig.connection(None, None, environ).server == "https://third"
    assert kubeconfig.connection(None, "main", environ).server == "https://first"


def test_the_named_file_comes_first_then_the_pod_then_the_environment(tmp_path):
    path = config(tmp_path / "config")
    assert connection.choose(POD, kubeconfig=path).server == "https://one:6443"
    assert connection.choose(POD).server == "https://10.0.0.1:443"
    assert connection.choose({**POD, "KUBECONFIG": path}).server == "https://one:6443"
    (tmp_path / ".kube").mkdir()
    config(tmp_path / ".kube" / "config", server="https://home")
    assert connection.choose({"HOME": str(tmp_path)}).server == "https://home"


def test_a_host_of_ipv6_stands_in_brackets():
    assert in_cluster.connection({**POD, "KUBERNETES_SERVICE_HOST": "fd00::1"}).server == "https://[fd00::1]:443"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tree: tree.update({"current-context": "none"}), "no context `none`"),
        (lambda tree: tree.pop("current-context"), "names no current context"),
        (lambda tree: tree.pop("clusters"), "no cluster `main`"),
        (lambda tree: tree.pop("users"), "no user `main`"),
        (lambda tree: tree["clusters"][0]["cluster"].pop("server"), "has no server"),
        (lambda tree: tree["clusters"][0]["cluster"].update({"certificate-authority-data": "?"}), "is not base64"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, change, message):
    path = tmp_path / "config"
    config(path)
    tree = json.loads(path.read_text())
    change(tree)
    path.write_text(json.dumps(tree))
    with pytest.raises(SettingsError, match=message):
        kubeconfig.connection(str(path), None, {})


def test_a_kubeconfig_that_is_not_there_or_not_yaml_is_a_settings_error(tmp_path):
    with pytest.raises(SettingsError, match="cannot read"):
        kubeconfig.connection(str(tmp_path / "none"), None, {})
    with pytest.raises(SettingsError, match="no kubeconfig"):
        kubeconfig.connection(None, None, {"HOME": str(tmp_path)})
    (tmp_path / "broken").write_text("a: [")
    with pytest.raises(SettingsError, match="cannot be read") as caught:
        kubeconfig.connection(str(tmp_path / "broken"), None, {})
    assert caught.value.place is not None


def test_an_exec_plugin_that_fails_is_told_without_its_words(tmp_path):
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "false", "interactiveMode": "Never"}
    path = config(tmp_path / "config", user={"exec": plugin})
    with pytest.raises(SettingsError, match="no credentials for context `main`"):
        kubeconfig.connection(path, None, {})


def test_an_exec_plugin_is_run_again_when_its_token_is_over(tmp_path):
    """A contract with the official package, whose releases have lost the token before."""
    plugin = tmp_path / "plugin"
    plugin.write_text(
        "#!/bin/sh\n"
        f'echo x >> "{tmp_path}/runs"\n'
        f'n=$(grep -c x "{tmp_path}/runs")\n'
        'echo \'{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",\'\n'
        'echo \'"status":{"token":"t\'$n\'",\'\n'
        "test $n = 1 && when=2020-01-01T00:00:00Z || when=2999-01-01T00:00:00Z\n"
        "echo '\"expirationTimestamp\":\"'$when'\"}}'\n"
    )
    plugin.chmod(0o755)
    fields = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": str(plugin),
        "interactiveMode": "Never",
    }
    made = kubeconfig.connection(config(tmp_path / "config", user={"exec": fields}), None, {})
    assert made.authorize() == "Bearer t2"
    assert made.authorize() == "Bearer t2"
    assert (tmp_path / "runs").read_text() == "x\nx\n"


def test_certificates_that_are_none_are_a_settings_error(tmp_path):
    data = {"client-certificate-data": "eA==", "client-key-data": "eA=="}
    with pytest.raises(SettingsError, match="cannot be used"):
        kubeconfig.connection(config(tmp_path / "config", user=data), None, {}).tls()


def test_the_token_of_a_pod_is_read_again_every_minute_and_survives_a_missing_file(tmp_path):
    now = [0.0]
    token = in_cluster.TokenFile(str(tmp_path / "token"), clock=lambda: now[0])
    with pytest.raises(Unavailable):
        token()
    (tmp_path / "token").write_text("one\n")
    assert token() == "Bearer one"
    (tmp_path / "token").write_text("two\n")
    now[0] = 59.0
    assert token() == "Bearer one"
    now[0] = 60.0
    assert token() == "Bearer two"
    (tmp_path / "token").unlink()
    now[0] = 121.0
    assert token() == "Bearer two"


def test_a_token_that_no_header_can_carry_is_refused_and_not_shown(tmp_path):
    made = kubeconfig.connection(config(tmp_path / "config", user={"token": "canary\ntwo"}), None, {})
    with pytest.raises(SettingsError) as caught:
        Api(made).call("GET", "/version")
    assert "canary" not in caught.value.message


@pytest.mark.parametrize(
    ("server", "excepted", "through"),
    [
        ("https://kube.example.org:6443", "", True),
        ("https://kube.example.org:6443", "other.org", True),
        ("https://kube.example.org:6443", "localhost, example.org", False),
        ("https://kube.example.org:6443", ".example.org", False),
        ("https://example.org", ".example.org", True),
        ("https://kube.example.org:6443", "*", False),
        ("https://10.96.0.1:443", "10.0.0.0/8", False),
        ("https://10.96.0.1:443", "10.96.0.1", False),
        ("https://11.96.0.1:443", "10.0.0.0/8", True),
        ("https://127.0.0.1:6443", "", False),
        ("https://localhost:6443", "", False),
    ],
)
def test_the_proxy_of_the_environment_counts_unless_the_server_is_excepted(tmp_path, server, excepted, through):
    environ = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": excepted}
    made = kubeconfig.connection(config(tmp_path / "config", server=server), None, environ)
    assert made.proxy == ("http://proxy:3128" if through else None)


def test_a_proxy_that_is_not_http_is_refused_without_its_password():
    with pytest.raises(SettingsError) as caught:
        Api(connection.Connection("https://one", proxy="socks5://me:canary@proxy"))
    assert "canary" not in caught.value.message


def test_a_missing_extra_is_named():
    code = (
        "import sys; sys.modules['orjson'] = None\n"
        "from secrets_gitops.clients.kube import connection, request\n"
        "from secrets_gitops.errors import SettingsError\n"
        "try:\n    request.Api(connection.Connection('https://one'))\n"
        "except SettingsError as error:\n    print(error.message, error.hints)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "orjson" in done.stdout
    assert "pip install 'secrets-gitops[controller]'" in done.stdout
