"""`helm-value-secret` and `helm-template-literal`."""

# ruff: noqa: E501  a manifest on one line is read faster than one in pieces

from __future__ import annotations

import json

import pytest

RULE = "helm-value-secret"
RELEASE = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\nspec:\n"
APP = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  source:\n    helm:\n"


@pytest.mark.parametrize(
    "path",
    [
        "values.yaml", "charts/a/values.yml", "values-prod.yaml", "prod-values.yaml", "prod.values.yaml",
        "a/values/prod.yaml", "values.prod.yaml", "charts/a/override.yaml", "values.yaml.gotmpl",
    ],
)  # fmt: skip
def test_files_of_values(path, failing, values):
    files = {path: f"auth:\n  password: {values.password()}\n", "charts/a/Chart.yaml": "name: a\n"}
    assert [found[:3] for found in failing(files, RULE)] == [(path, 2, RULE)]


@pytest.mark.parametrize("path", ["charts/a/Chart.yaml", "other.yaml", "charts/a/templates/values.yaml"])
def test_other_files_are_none(path, failing, values):
    files = {"charts/a/Chart.yaml": "name: a\n", path: f"auth:\n  password: {values.password()}\n"}
    assert failing(files, RULE) == []


VALUES = {
    "a password": lambda v: (f"a:\n  adminPassword: {v}\n", [2]),
    "a guessable one": lambda v: ("a:\n  password: hunter2\n", [2]),
    "words": lambda v: ("a:\n  password: correct-horse-battery-1\n", [2]),
    "a list": lambda v: (f"passwords:\n- {v}\n", [2]),
    "a sensitive parent": lambda v: (f"secrets:\n  data:\n    DB: {v}\n", [3]),
    "a connection string": lambda v: (f"db:\n  main: Server=a;User Id=b;Password={v}\n", [2]),
    "string data": lambda v: (f"secret:\n  stringData:\n    db: {v}\n", [3]),
    "a map of variables": lambda v: (f"env:\n  DB_PASSWORD: {v}\n", [2]),
    "names and values": lambda v: (f"vars:\n- name: API_TOKEN\n  value: {v}\n", [3]),
    "a key of S3": lambda v: (f"s3:\n  secretKey: {v}\n", [2]),
    "a configuration in a text": lambda v: (f"config: |\n  [db]\n  host = x\n  password = {v}\n", [4]),
    "YAML in a text": lambda v: (f"extra: |\n  db:\n    password: {v}\n", [3]),
    "JSON in a text": lambda v: (f"realm: '{json.dumps({'clientSecret': v})}'\n", [1]),
    "where an anchor is": lambda v: (f"x: &p {v}\nauth:\n  password: *p\n", [1]),
    "a file that does not parse": lambda v: (f"bad: a: b: [\nauth:\n  password: {v}\n", [3]),
    "beside templates": lambda v: (f"auth:\n  host: {{{{ .x }}}}\n  password: {v}\n", [3]),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_a_value_that_is_a_secret(name, failing, values):
    text, lines = VALUES[name](values.password())
    assert [line for _, line, _, _ in failing({"values.yaml": text}, RULE)] == lines


CLEAN = [
    "psql: {password: {secret: gitlab-pw, key: postgres-password}}\nregistry: {httpSecret: {secret: x, key: y}}\n",
    "tsigSecretAlg: hmac-sha256\ntsigSecret: ''\nbackupTargetCredentialSecret: longhorn-minio\ntlsSecret: wildcard\n",
    "customSecretLicenseKey: licenseKey\nexistingSecretKey: apiKey\nsecretKey: POSTGRES_URL\n",
    "s3Credentials: {region: {name: backup, key: AWS_REGION}, secretAccessKey: {name: backup, key: ACCESS_SECRET}}\n",
    "dex:\n  config: |\n    clientSecret: $dex.github.clientSecret\n    other: {secret: '$oidc:secret', token: $slack-token}\n",
    "secretBackend: {command: /readsecret.sh, arguments: /etc/secret-volume}\nSECRET_DOMAIN: example.org\n",
    "staticClients: [{id: example-app, secret: ZXhhbXBsZS1hcHAtc2VjcmV0}]\n",
    "jwtPolicy: third-party-jwt\ncors: {credentials: include}\ncsi.storage.k8s.io/secret-namespace: rook\n",
    "privateKey: {algorithm: ECDSA, size: 256, rotationPolicy: Always}\naccessKeySecret: {name: s3, key: accesskey}\n",
    "env: {KEYCLOAK_PASSWORD_SECRET: keycloak-admin, PASSWORD_HASHER: argon2, DB_PASSWORD: secret/data/app#password}\n",
    "authentik: {postgresql: {password: ThisIsNotASecurePassword}}\n",
    "password: {minLength: 12, requireSymbols: true}\npasswordSecret: {secretName: x, password: connect-password}\n",
    "auth:\n  enabled: true\n  existingSecret: app-auth\n  existingSecretPasswordKey: redis-password\n  password: ''\n",
    "auth:\n  secretKeys: {adminPasswordKey: postgres-password, userPasswordKey: password}\n",
    "auth: {usePasswordFiles: true, passwordMinLength: 12, tokenExpirySeconds: 3600, username: admin}\n",
    "existingSecret: {name: db, passwordKey: url, tokenKey: api}\nsecretKeyRef: {name: a, key: password}\n",
    "ingress:\n  tls: [{secretName: app-tls, hosts: [a]}]\n  annotations: {nginx.ingress.kubernetes.io/auth-secret: basic-auth}\n",
    "imagePullSecrets: [regcred]\npullSecrets: [{name: regcred}]\nsecret: {create: true, name: x, type: Opaque}\n",
    "tls:\n  secret: my-cert\n  issuer: letsencrypt\ncredentialsSecret: aws-creds\n",
    "password: changeme\nsecret: <secret>\ntoken: ${TOKEN}\napiKey: REPLACE_ME\nadminPassword: admin\n",
    "password: ref+vault://shop/db#/password\ntoken: '{{ .Values.token }}'\n",
    "serviceAccount: {create: true, automountServiceAccountToken: false}\nsecretsStore: {enabled: false}\n",
    "rbac: {rules: [{resources: [secrets], verbs: [get]}]}\n",
    "token:\n  audience: api\n  expiration: 3600\n  path: /run/token\n",
    "cache: {keyPrefix: 'app:', primaryKey: id}\nkeyring: default\nmonkey: banana\n",
    "secrets: [db-tls, registry]\nsecretMounts: [{name: a, secretName: b, path: /c}]\n",
    "externalSecret: {data: [{secretKey: password, remoteRef: {key: db, property: password}}]}\n",
    "checksum/secret: f74ed2e731286c2577da09f28a4af77e035c06bbb22ddcadb84e592a12dd27d3\n",
]


@pytest.mark.parametrize("text", CLEAN)
def test_what_charts_hold_besides(text, failing):
    assert failing({"values.yaml": text}) == []


def test_a_placeholder_in_base64_is_one(failing):
    assert failing({"values.yaml": "password: Y2hhbmdlbWU=\n"}, RULE) == []


PLACES = {
    "a HelmRelease": lambda v: (f"{RELEASE}  values:\n    auth:\n      password: {v}\n", [7]),
    "Argo CD's values": lambda v: (f"{APP}      values: |\n        auth:\n          password: {v}\n", [9]),
    "Argo CD's object": lambda v: (f"{APP}      valuesObject:\n        auth: {{password: {v}}}\n", [8]),
    "Argo CD's parameters": lambda v: (f"{APP}      parameters:\n      - name: auth.password\n        value: {v}\n", [9]),
    "several sources": lambda v: (f"kind: Application\nspec:\n  sources:\n  - helm: {{parameters: [{{name: a.token, value: {v}}}]}}\n", [4]),
    "k3s": lambda v: (f"apiVersion: helm.cattle.io/v1\nkind: HelmChart\nspec:\n  valuesContent: |-\n    password: {v}\n", [5]),
    "kustomize": lambda v: (f"kind: Kustomization\nhelmCharts:\n- valuesInline: {{password: {v}}}\n", [3]),
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_fields_that_are_handed_to_helm(name, failing, values):
    text, lines = PLACES[name](values.password())
    assert [(line, rule) for _, line, rule, _ in failing({"a.yaml": text})] == [(line, RULE) for line in lines]


def test_a_helmfile(failing, values):
    text = f"releases:\n- name: a\n  values:\n  - secrets.yaml\n  - auth:\n      password: {values.password()}\n  set:\n  - name: a.token\n    value: {values.password()}\n"
    assert [line for _, line, _, _ in failing({"helmfile.yaml": text}, RULE)] == [6, 9]


def test_values_that_sops_encrypted_are_none(failing, values):
    text = f"auth:\n  password: {values.envelope()}\nsops:\n  mac: {values.envelope()}\n  age: [{{recipient: age1x, enc: x}}]\n"
    assert failing({"values.yaml": text}, RULE) == []


def test_the_command_that_mends_it(scan, values):
    files = {"a b/values.yaml": f"password: {values.password()}\n"}
    (found,) = scan(files, RULE).findings
    assert found.fix.startswith("give .sops.yaml (`secrets-gitops init`) a rule for it, then ")
    assert "`existingSecret`" in found.fix
    rules = {".sops.yaml": "creation_rules:\n- path_regex: values\n  age: age1x\n"}
    (found,) = scan({**files, **rules}, RULE).findings
    assert found.fix == "secrets-gitops encrypt -i 'a b/values.yaml'"


SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .Release.Name }}\n"


def test_a_literal_in_a_template_of_a_chart(failing, values):
    text = f"{SECRET}stringData:\n  a: {{{{ .Values.a }}}}\n  password: {values.password()}\n"
    assert [found[1:3] for found in failing({"chart/templates/secret.yaml": text})] == [(7, "helm-template-literal")]


@pytest.mark.parametrize(
    "comment", ["{{/* as before */}}", "{{- /* as before */ -}}", "{{/* secrets-gitops:allow */}}"]
)
def test_a_comment_beside_it_makes_it_no_template(comment, failing, values):
    text = "kind: Secret\nstringData:\n" + "".join(
        f"  key{at}: {form}\n"
        for at, form in enumerate((f"{values.password()} {comment}", f'"{values.password()}" {comment}'))
    )
    files = {"a/Chart.yaml": "name: a\n", "a/templates/x.yaml": text}
    assert [found[1] for found in failing(files, "helm-template-literal")] == [3, 4]


def test_a_literal_in_a_template_that_does_not_parse(failing, values):
    text = f"{SECRET}stringData:\n  {{{{ if .a }}}}: [\n  password: {values.password()}\n"
    assert [found[1:3] for found in failing({"templates/secret.yaml": text})] == [(7, "helm-template-literal")]


@pytest.mark.parametrize(
    "value", ["{{ .Values.p | b64enc }}", "{{ randAlphaNum 24 | b64enc | quote }}", "''", "'{{ $x }}'"]
)
def test_a_value_in_a_template_is_none(value, failing):
    assert failing({"chart/templates/secret.yaml": f"{SECRET}data:\n  password: {value}\n"}) == []


def test_the_same_manifest_elsewhere_is_another_rules_business(failing, values):
    text = f"{SECRET}stringData:\n  password: {values.password()}\n"
    assert [found[2] for found in failing({"apps/secret.yaml": text})] == ["k8s-secret-plaintext"]


class TestLiteralsInSpans:
    """What a span quotes, or what stands beside one, is in the repository as well."""

    FORM = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{{{ .Release.Name }}}}\nstringData:\n  password: {}\n"

    @pytest.mark.parametrize(
        "form",
        [
            '{{{{ "{}" | b64enc }}}}', '{{{{ .Values.password | default "{}" | quote }}}}', "{{{{ `{}` }}}}",
            "'{}{{{{ .Values.more }}}}'", '"{{{{ .Values.more }}}}{}"',
        ],
    )  # fmt: skip
    def test_a_secret(self, form, failing, values):
        text = self.FORM.format(form.format(values.password()))
        for path, rule in (("charts/a/templates/s.yaml", "helm-template-literal"), ("s.yaml", "k8s-secret-plaintext")):
            assert [found[1:3] for found in failing({path: text})] == [(6, rule)]

    @pytest.mark.parametrize(
        "value",
        [
            '{{ include "mychart.password-name" . | quote }}', '{{ randAlphaNum 32 | b64enc }}',
            '{{ lookup "v1" "Secret" .Release.Namespace "postgres-credentials" }}', '{{ now | date "2006-01-02T15:04:05Z" }}',
            '{{ printf "%s-%s-credentials" .Release.Name .Values.x }}', '{{ .Values.password | default "changeme" }}',
            '{{ required "A valid .Values.auth.password entry required!" .Values.auth.password }}',
            '{{ regexReplaceAll "[^a-zA-Z0-9]+" .Values.x "-" }}', '{{ index .data "tls.crt" | b64dec }}',
            '"postgres://{{ .Values.user }}:{{ .Values.password }}@{{ .Release.Name }}-postgresql-0:5432/db1"',
        ],
    )  # fmt: skip
    def test_names_formats_and_expressions(self, value, failing):
        assert failing({"charts/a/templates/s.yaml": self.FORM.format(value)}) == []


@pytest.mark.parametrize("key", ["secretEnv", "extraSecretEnv", "secretEnvVars", "secret_environment", "secretFiles"])
def test_what_goes_into_the_secret_of_a_chart_is_one(key, failing, values):
    secret = values.password()
    assert [one[3] for one in failing({"values.yaml": f"app:\n  {key}:\n    FOO: {secret}\n"})] == ["FOO"]
    assert [one[3] for one in failing({"values.yaml": f"{key}:\n- name: FOO\n  value: {secret}\n"})] == ["FOO"]
    text = f"{key}:\n  A: db-secret-name\n  B: ${{B}}\n  enabled: true\n  mountPath: /etc/x\n  LEVEL: info\n"
    assert failing({"values.yaml": text}) == []
    assert failing({"values.yaml": f"{key}:\n- name: A\n  secretName: x-1\n  secretKey: y\n"}) == []
    assert failing({"cloudbuild.yaml": f"{key}: ['GH_TOKEN', 'API_KEY_V2']\n"}) == []
