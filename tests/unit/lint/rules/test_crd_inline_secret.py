"""`crd-inline-secret`: credentials in custom resources and in programs' configuration."""

# ruff: noqa: E501  a manifest on one line is read faster than one in pieces

from __future__ import annotations

import base64

import pytest

RULE = "crd-inline-secret"
ES = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nspec:\n"
STORE = "apiVersion: external-secrets.io/v1\nkind: SecretStore\nspec:\n  provider:\n"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


POSITIVES = {
    "a template's literal": lambda v: (f"{ES}  target:\n    template:\n      data:\n        a: '{{{{ .a }}}}'\n        password: {v}\n", [8]),
    "a template's body": lambda v: (f"{ES}  target:\n    template:\n      data:\n        app.ini: |\n          password={v}\n", [7]),
    "a fake store": lambda v: (f"{STORE}    fake:\n      data:\n      - key: /db\n        value: {v}\n", [8]),
    "a map of a fake store": lambda v: (f"{STORE}    fake:\n      data:\n      - key: /db\n        valueMap:\n          a: {v}\n", [9]),
    "a sops secret": lambda v: (f"apiVersion: isindir.github.com/v1alpha3\nkind: SopsSecret\nspec:\n  secretTemplates:\n  - stringData:\n      a: {v}\n", [6]),
    "base64 in one": lambda v: (f"apiVersion: isindir.github.com/v1alpha3\nkind: SopsSecret\nspec:\n  secretTemplates:\n  - data:\n      a: {b64(v)}\n", [6]),
    "an issuer": lambda v: (f"apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nspec:\n  acme:\n    solvers:\n    - dns01:\n        webhook:\n          config: {{apiToken: {v}}}\n", [8]),
    "Grafana": lambda v: (f"apiVersion: grafana.integreatly.org/v1beta1\nkind: GrafanaDatasource\nspec:\n  datasource:\n    secureJsonData:\n      httpHeaderValue1: {v}\n", [6]),
    "Grafana's provisioning": lambda v: (f"apiVersion: 1\ndatasources:\n- name: a\n  secureJsonData: {{password: {v}}}\n", [4]),
    "Prometheus": lambda v: (f"scrape_configs:\n- job_name: a\n  basic_auth:\n    password: {v}\n- authorization:\n    credentials: {v}x\n", [4, 6]),
    "Alertmanager": lambda v: (f"global:\n  smtp_auth_password: {v}\nreceivers:\n- pagerduty_configs:\n  - service_key: {v}x\n", [2, 5]),
    "an application set": lambda v: (f"apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec:\n  generators:\n  - list: {{elements: [{{token: {v}}}]}}\n", [5]),
    "Flux substitutions": lambda v: (f"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  postBuild:\n    substitute:\n      DB_PASSWORD: {v}\n", [6]),
    "kubeadm": lambda v: (f"apiVersion: kubeadm.k8s.io/v1beta4\nkind: JoinConfiguration\ndiscovery:\n  bootstrapToken: {{token: {v}}}\n", [4]),
    "encryption at rest": lambda v: (f"apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- providers:\n  - aescbc: {{keys: [{{name: a, secret: {b64(v * 2)}}}]}}\n", [5]),
    "parameters": lambda v: (f"apiVersion: tekton.dev/v1\nkind: PipelineRun\nspec:\n  params:\n  - name: registry-password\n    value: {v}\n", [6]),
    "a kind that nobody knows": lambda v: (f"apiVersion: example.org/v1\nkind: Database\nspec:\n  adminPassword: {v}\n", [4]),
}  # fmt: skip


@pytest.mark.parametrize("name", POSITIVES)
def test_a_credential_is_found_on_its_line(name, failing, values):
    text, lines = POSITIVES[name](values.password())
    assert [line for _, line, _, _ in failing({"a.yaml": text}, RULE)] == lines


NEGATIVES = {
    "an external secret": f"{ES}  secretStoreRef: {{name: vault}}\n  target: {{name: db-password}}\n  data:\n  - secretKey: password\n    remoteRef: {{key: shop/db-password, property: token}}\n",
    "its template": f"{ES}  target:\n    template:\n      type: kubernetes.io/basic-auth\n      metadata: {{labels: {{secret: x}}}}\n      data:\n        username: app\n        password: '{{{{ .password }}}}'\n        url: 'https://{{{{ .user }}}}:{{{{ .password }}}}@db'\n",
    "a push secret": "apiVersion: external-secrets.io/v1alpha1\nkind: PushSecret\nspec:\n  secretStoreRefs: [{name: vault}]\n  selector: {secret: {name: db}}\n  data:\n  - match: {secretKey: password, remoteRef: {remoteKey: db-password, property: password}}\n",
    "a store": f"{STORE}    vault:\n      server: https://vault\n      auth:\n        tokenSecretRef: {{name: vault-token, key: token}}\n        kubernetes: {{role: app, secretRef: {{name: db, key: jwt}}}}\n",
    "a sealed secret": "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec:\n  template: {metadata: {name: db}, type: Opaque}\n",
    "names of secrets": "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nspec:\n  basicAuth: {secret: authsecret}\n  tls: {secretName: web-tls}\n  credentials: db-admin\n",
    "a provider class": "apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nspec:\n  secretObjects: [{secretName: app, data: [{objectName: db, key: password}]}]\n  parameters: {objects: 'password', token: x9}\n",
    "a definition": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  versions:\n  - schema: {openAPIV3Schema: {properties: {password: {type: string, default: hunter2}}}}\n",
    "a role": "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nrules:\n- {resources: [secrets], resourceNames: [db-password], verbs: [get]}\n",
    "Vault's operator": "apiVersion: secrets.hashicorp.com/v1beta1\nkind: VaultStaticSecret\nspec:\n  path: shop/password\n  hmacSecretData: true\n  vaultAuthRef: token-auth\n",
    "Crossplane": "apiVersion: aws.crossplane.io/v1beta1\nkind: ProviderConfig\nspec:\n  credentials: {source: InjectedIdentity}\n",
    "a kubelet's settings": "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nconfigMapAndSecretChangeDetectionStrategy: Watch\n",
    "a storage class": "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nparameters:\n  adminSecretName: ceph\n  adminSecretNamespace: kube-system\n",
    "files": "scrape_configs:\n- basic_auth: {password_file: /etc/pw}\n  bearer_token_file: /var/run/token\n  tls_config: {key_file: /etc/tls.key}\n",
    "expansions": "datasources:\n- name: a\n  secureJsonData: {password: $__file{/run/pw}, token: $TOKEN}\n",
    "placeholders": "apiVersion: example.org/v1\nkind: Database\nspec: {password: changeme, token: <token>}\n",
    "a core object": "apiVersion: v1\nkind: ServiceAccount\nsecrets: [{name: app-token}]\nimagePullSecrets: [{name: registry}]\n",
}  # fmt: skip


@pytest.mark.parametrize("name", NEGATIVES)
def test_what_only_names_secrets_is_left_alone(name, failing):
    assert failing({"a.yaml": NEGATIVES[name]}) == []


def test_how_grave_it_is(scan, values):
    """Where nobody knows the kind, only what looks random is grave."""
    text = "apiVersion: example.org/v1\nkind: Database\nspec:\n  password: hunter2\n  token: {}\n"
    found = scan({"a.yaml": text.format(values.password(24))}, RULE).findings
    assert {one.key: one.severity for one in found} == {"password": "medium", "token": "high"}
