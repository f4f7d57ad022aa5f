"""A corpus in the shape of public GitOps repositories: kinds of files, their sizes and their shares of the bytes.

Shares and sizes follow what twelve public repositories hold (charts, monitoring, Flux and Argo CD examples, home
clusters): 56 % YAML, most of it schemas of custom resources, values and templates of charts; then Markdown, dashboards
in JSON, and source. Texts are made of a few hundred words by a seeded generator, so every run scans the same bytes. A
few secrets are planted, for a scan that finds nothing could as well have looked at nothing.
"""

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WORDS = """
the a of to and in is for that with as on be this are by an or if it from when which will can not used use default
value field object resource cluster name namespace controller service deployment pod container image version policy
status condition type string list map annotation label selector reference configuration spec template
metadata node volume mount path port protocol address host url endpoint request response header timeout interval
retry limit memory cpu storage class access mode read write update create delete apply sync reconcile source git
repository branch commit tag chart release install upgrade rollback values override enable disable feature flag
option argument command run execute job schedule cron trigger event alert rule metric label query dashboard panel
graph series histogram latency error rate traffic ingress gateway route backend upstream proxy certificate issuer
authority tls role binding account user group permission
security context network firewall must should may only one more than each any all no must optional required specify
specified set get provide provided support supported example note see also documentation reference format encoded
base64 json yaml file directory environment variable process system memory limit exceeded available replica scaling
horizontal vertical threshold target utilization average minimum maximum number integer boolean true false empty
null field merge patch strategy
""".split()  # noqa: SIM905  words are read best as text
SENSITIVE = ("secret", "password", "token", "key", "credentials", "authentication", "authorization", "certificate")
NAMES = "web api worker cache mail search billing auth queue metrics grafana loki tempo vault minio redis kafka".split()  # noqa: SIM905


class Maker:
    """Makes one file after another; `rng` decides everything."""

    def __init__(self, seed: int = 20_261_129) -> None:
        self.rng = random.Random(seed)
        self._sentences = [self._sentence() for _ in range(20_000)]

    def _sentence(self) -> str:
        words = [self.rng.choice(WORDS) for _ in range(self.rng.randrange(6, 22))]
        if self.rng.random() < 0.1:  # as often as manuals of such software speak of them
            words[-1] = self.rng.choice(SENSITIVE)
        return " ".join(words).capitalize() + "."

    def prose(self, count: int) -> str:
        return " ".join(self.rng.choices(self._sentences, k=count))

    def name(self) -> str:
        return f"{self.rng.choice(NAMES)}-{self.rng.choice(NAMES)}"

    def camel(self) -> str:
        first, *rest = self.rng.choices(WORDS, k=self.rng.randrange(1, 4))
        return first + "".join(word.capitalize() for word in rest)

    def digest(self) -> str:
        return f"{self.rng.getrandbits(256):064x}"

    # kinds of files

    def schema(self) -> str:
        """A CustomResourceDefinition."""
        out = [
            (
                "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n"
                f"  name: {self.name()}.example.org\nspec:\n  group: example.org\n"
                "  versions:\n  - name: v1\n    schema:\n"
                "      openAPIV3Schema:\n        type: object\n        properties:\n"
            )
        ]
        for _ in range(self.rng.randrange(60, 260)):
            depth = " " * 10
            out.append(f"{depth}{self.camel()}:\n{depth}  description: {self.prose(self.rng.randrange(1, 4))}\n")
            out.append(f"{depth}  type: {self.rng.choice(('string', 'object', 'array', 'boolean', 'integer'))}\n")
        return "".join(out)

    def values(self) -> str:
        """The values of a chart, with their comments."""
        out = []
        for _ in range(self.rng.randrange(10, 60)):
            part = self.rng.choice(NAMES)
            out.append(f"## @section {part}\n## {self.prose(2)}\n##\n{part}:\n  enabled: true\n  image:\n")
            out.append(f"    repository: registry.example.org/{part}\n    tag: 1.{self.rng.randrange(30)}.2\n")
            out.append(f"    digest: sha256:{self.digest()}\n  ## @param {part}.auth {self.prose(1)}\n  auth:\n")
            out.append(
                '    username: ""\n    password: ""\n    existingSecret: ""\n    existingSecretPasswordKey: ""\n'
            )
            out.append("  resources: {}\n  nodeSelector: {}\n  tolerations: []\n  extraEnvVars: []\n")
        return "".join(out)

    def chart_template(self) -> str:
        """A template of a chart; one in six is of a Secret."""
        kind = self.rng.choice(("Deployment", "Service", "ConfigMap", "Ingress", "ServiceAccount", "Secret"))
        out = [
            (
                f"{{{{- if .Values.enabled }}}}\napiVersion: v1\nkind: {kind}\nmetadata:\n"
                '  name: {{ include "common.names.fullname" . }}\n  namespace: {{ .Release.Namespace | quote }}\n'
                '  labels: {{- include "common.labels.standard" . | nindent 4 }}\n'
            )
        ]
        if kind == "Secret":
            out.append("type: Opaque\ndata:\n  password: {{ .Values.auth.password | b64enc | quote }}\n")
        for _ in range(self.rng.randrange(8, 30)):
            key = self.camel()
            out.append(f"  {{{{- if .Values.{key} }}}}\n  {key}: {{{{ .Values.{key} | quote }}}}\n  {{{{- end }}}}\n")
        return "".join([*out, "{{- end }}\n"])

    def workload(self) -> str:
        name = self.name()
        out = [f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    spec:\n"]
        out.append(f"      containers:\n        - name: {name}\n          image: registry.example.org/{name}@sha256:")
        out.append(f"{self.digest()}\n          env:\n")
        variable = "            - name: {}\n              value: {}\n"
        out += [
            variable.format(self.name().upper().replace("-", "_"), self.rng.choice(WORDS))
            for _ in range(self.rng.randrange(3, 15))
        ]
        out.append("            - name: DB_PASSWORD\n              valueFrom:\n                secretKeyRef:\n")
        return "".join([*out, f"                  name: {name}\n                  key: password\n"])

    def release(self) -> str:
        name = self.name()
        return (
            f"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: {name}\nspec:\n"
            f"  interval: 30m\n  chart:\n    spec:\n      chart: {name}\n      version: 1.2.3\n  valuesFrom:\n"
            f"    - kind: Secret\n      name: {name}-values\n  values:\n    ingress:\n      enabled: true\n"
            f"      host: {name}.example.org\n    auth:\n      existingSecret: {name}\n"
        )

    def sealed(self) -> str:
        blob = base64.b64encode((512).to_bytes(2) + self.rng.randbytes(570)).decode()
        name = self.name()
        return (
            f"apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: {name}\n  namespace: shop\n"
            f"spec:\n  encryptedData:\n    password: {blob}\n  template:\n    metadata:\n      name: {name}\n"
        )

    def readme(self) -> str:
        out = [f"# {self.name()}\n\n{self.prose(8)}\n\n## Parameters\n\n| Name | Description | Value |\n| --- | --- |"]
        row = " --- |\n| `{}.{}` | {} | `{}`"
        out += [
            row.format(self.camel(), self.camel(), self.prose(1), self.rng.choice(WORDS))
            for _ in range(self.rng.randrange(60, 400))
        ]
        out.append(f" |\n\n```console\nhelm install {self.name()} oci://registry.example.org/charts\n```\n")
        return "".join(out)

    def dashboard(self) -> str:
        panels = [
            {
                "title": self.camel(),
                "type": "timeseries",
                "gridPos": {"h": 8, "w": 12, "x": 0, "y": at},
                "targets": [
                    {"expr": f'sum(rate({self.rng.choice(NAMES)}_requests_total{{code=~"5.."}}[5m])) by (pod)'}
                ],
                "fieldConfig": {"defaults": {"unit": "reqps", "min": 0}},
            }
            for at in range(self.rng.randrange(40, 200))
        ]
        return json.dumps({"title": self.name(), "uid": self.digest()[:12], "panels": panels}, indent=2) + "\n"

    def source(self) -> str:
        out = ['package main\n\nimport (\n\t"context"\n\t"fmt"\n)\n\n']
        for _ in range(self.rng.randrange(20, 120)):
            name = self.camel()
            out.append(f"// {name} {self.prose(1)}\nfunc {name}(ctx context.Context, token string) error {{\n")
            out.append(f"\tif err := r.client.Get(ctx, key, &{self.camel()}); err != nil {{\n\t\treturn fmt.Errorf(")
            out.append(
                f'"{self.camel()}: %w", err)\n\t}}\n\tpassword := os.Getenv("DB_PASSWORD")\n\treturn nil\n}}\n\n'
            )
        return "".join(out)

    def planted(self) -> str:
        head = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {self.name()}\n"
        return f"{head}stringData:\n  password: {self.digest()[:20]}Q\n"


KINDS: tuple[tuple[float, str, Callable[[Maker], str]], ...] = (
    (0.34, "crds/{}.yaml", Maker.schema),
    (0.10, "charts/{}/values.yaml", Maker.values),
    (0.06, "charts/{}/templates/part.yaml", Maker.chart_template),
    (0.04, "apps/{}/deployment.yaml", Maker.workload),
    (0.01, "clusters/{}/release.yaml", Maker.release),
    (0.01, "apps/{}/sealed.yaml", Maker.sealed),
    (0.22, "charts/{}/README.md", Maker.readme),
    (0.14, "dashboards/{}.json", Maker.dashboard),
    (0.08, "cmd/{}/main.go", Maker.source),
)
"""Share of the bytes, path, maker."""


def files(size: int) -> Iterator[tuple[str, str]]:
    """Paths and texts of about `size` bytes in all."""
    maker = Maker()
    for share, path, make in KINDS:
        done, at = 0, 0
        while done < share * size:
            text = make(maker)
            yield path.format(f"{path[:2]}{at}"), text
            done += len(text)
            at += 1
    for at in range(20):
        yield f"apps/planted-{at}.yaml", maker.planted()


def write(folder: Path, size: int) -> tuple[int, int]:
    """Write the corpus into `folder`; the number of files, and of bytes."""
    count = total = 0
    for path, text in files(size):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        count += 1
        total += len(text.encode())
    return count, total
