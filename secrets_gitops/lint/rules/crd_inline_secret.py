"""`crd-inline-secret`: a custom resource, or the configuration of a well-known program, holds a credential itself."""

from __future__ import annotations

from secrets_gitops.lint.candidates import of_leaf, spread
from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.secret_values import is_secret_in_template, judge
from secrets_gitops.lint.values import shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.candidates import Candidate
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.leaves import Leaf
    from secrets_gitops.lint.target import Target

_EXTERNAL = frozenset({"ExternalSecret", "ClusterExternalSecret"})
_STORES = frozenset({"SecretStore", "ClusterSecretStore"})
_KNOWN = frozenset(
    {
        *_EXTERNAL, *_STORES, "PushSecret", "SopsSecret", "ClusterSecret", "Fake", "Issuer", "ClusterIssuer",
        "AlertmanagerConfig", "Prometheus", "PrometheusAgent", "Alertmanager", "ScrapeConfig", "ServiceMonitor",
        "GrafanaDatasource", "GrafanaDataSource", "GrafanaContactPoint", "Grafana", "Application", "ApplicationSet",
        "AppProject", "Middleware", "MiddlewareTCP", "InitConfiguration", "JoinConfiguration", "ClusterConfiguration",
        "Kustomization", "GitRepository", "HelmRepository", "OCIRepository", "Receiver", "Provider", "Terraform",
        "KeycloakRealmImport", "KeycloakClient", "KeycloakUser", "VaultAuth", "VaultStaticSecret", "ProviderConfig",
        "Tenant", "Cluster", "Kafka", "KafkaUser", "KafkaConnector", "KafkaConnect", "WorkflowTemplate", "Workflow",
        "CronWorkflow", "Pipeline", "PipelineRun", "Task", "TaskRun", "EventSource", "Sensor", "Trigger",
        "TriggerTemplate",
        "EncryptionConfiguration", "EncryptionConfig", "ScaledObject", "TriggerAuthentication",
        "Elasticsearch", "Kibana", "StorageClass",
    }
)  # fmt: skip
_CONFIGURATIONS = frozenset(
    {
        "scrape_configs", "receivers", "remote_write", "remote_read", "alerting", "datasources", "notifiers",
        "contactPoints", "connectors", "staticClients", "staticPasswords", "exporters", "bootstrapTokens",
    }
)  # fmt: skip
"""In the root of what Prometheus, Alertmanager, Grafana, Dex and OpenTelemetry read."""
_CONFIGURATION_WORDS = frozenset(word.encode() for word in _CONFIGURATIONS)


class CrdInlineSecret:
    """Fields of kinds that are known, then whatever is called as secrets are in any other custom resource."""

    id = "crd-inline-secret"
    alias = "SG107"
    severity: Severity = "high"
    summary = "a custom resource, or a program's configuration, holds a credential in plaintext"
    why = "Such resources can refer to a Secret; a value written into them is readable in git and in the cluster."
    fix = "put the value into a Secret, and refer to that in PATH"

    def concerns(self, target: Target) -> bool:
        """Is it an object, or one of the configurations?"""
        if target.format is None and target.parent is None:
            return False
        data = target.data
        if b"fake" in data and b"SecretStore" in data:
            return True
        return target.may_be_called_secret and (
            (b"apiVersion" in data and b"/v" in data) or not _CONFIGURATION_WORDS.isdisjoint(target.different_words)
        )

    def check(self, target: Target) -> Iterator[Finding]:
        """Every value in a custom resource or in a configuration."""
        configured = {
            index
            for index, root in enumerate(target.document.roots if target.document is not None else ())
            if any(key.text in _CONFIGURATIONS for key, _ in root.pairs)
        }
        for leaf in target.leaves:
            if leaf.refers:
                continue
            if leaf.object is None:
                if leaf.index in configured:
                    yield from self._sensitive(target, leaf, known=True)
            elif "." in leaf.object.api_version.partition("/")[0]:
                yield from self._in_object(target, leaf, leaf.object.kind)

    def _in_object(self, target: Target, leaf: Leaf, kind: str) -> Iterator[Finding]:
        keys = leaf.within
        if kind in _EXTERNAL and "template" in keys and ("data" in keys or keys[-1] == "literal"):
            if is_secret_in_template(leaf.name, leaf.text):
                yield self._finding(target, of_leaf(target, leaf), "beside the references to the store")
            return
        if (kind in _STORES and "fake" in keys and ("valueMap" in keys or keys[-1] == "value")) or (
            kind == "Fake" and keys[:2] == ("spec", "data")
        ):
            severity = judge(leaf.name, leaf.text, tag=leaf.node.tag).severity
            if severity not in {None, "info"}:
                yield self._finding(target, of_leaf(target, leaf), "in a store that only plays one")
            return
        if _holds_data(kind, keys):
            severity = judge(leaf.name, leaf.text, encoded="stringData" not in keys, tag=leaf.node.tag).severity
            if severity not in {None, "info"}:
                yield self._finding(target, of_leaf(target, leaf), "in the template of a Secret", severity)
            return
        yield from self._sensitive(target, leaf, known=kind in _KNOWN)

    def _sensitive(self, target: Target, leaf: Leaf, *, known: bool) -> Iterator[Finding]:
        for found in spread(target, leaf):
            if found.is_secret:
                grave = known or any(shape.is_random_looking(word) for word in found.text.split())
                yield self._finding(target, found, "", None if grave else "medium")

    def _finding(self, target: Target, found: Candidate, where: str, severity: Severity | None = None) -> Finding:
        place = f" of {found.label}" if found.label else ""
        return found.finding(
            self,
            f"`{found.name}`{place} is a plaintext secret{f' {where}' if where else ''}",
            severity=severity,
            fix=f"put the value of `{found.name}` into a Secret, and refer to that in {quoted(target.path)}",
        )


def _holds_data(kind: str, keys: tuple[str, ...]) -> bool:
    """Does a value stand in what becomes the data of a Secret?"""
    if kind == "SopsSecret":
        return any(key in {"secretTemplates", "secret_templates"} for key in keys) and any(
            key in {"data", "stringData"} for key in keys[:-1]
        )
    return kind == "ClusterSecret" and keys[:1] == ("data",)


RULE = CrdInlineSecret()
