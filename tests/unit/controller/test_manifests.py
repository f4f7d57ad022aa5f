"""What `controller manifests` prints, read as the API server would read it."""

from __future__ import annotations

import pytest
import yaml
from click.testing import CliRunner

from secrets_gitops.cli.controller_manifests import command
from secrets_gitops.controller import manifests
from secrets_gitops.errors import SettingsError


def printed(*arguments):
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return list(yaml.safe_load_all(result.output))


def one(objects, kind, name=None):
    (found,) = [o for o in objects if o["kind"] == kind and name in (None, o["metadata"]["name"])]
    return found


def rights(objects, kind="ClusterRole"):
    """(group, resource) → verbs of the role for work."""
    role = next(o for o in objects if o["kind"] == kind and o["metadata"]["name"] == "secrets-unsealer")
    return {(g, r): set(rule["verbs"]) for rule in role["rules"] for g in rule["apiGroups"] for r in rule["resources"]}


def test_the_same_choices_give_the_same_bytes():
    arguments = [
        "--enable",
        "sopssecrets",
        "--enable",
        "externalsecrets",
        "--watch-namespace",
        "b",
        "--watch-namespace",
        "a",
    ]
    swapped = ["--watch-namespace", "a", "--watch-namespace", "b", "--enable", "externalsecrets,sopssecrets"]
    outputs = {CliRunner().invoke(command, words).output for words in (arguments, swapped, arguments)}
    assert len(outputs) == 1


def test_alone_it_installs_the_kind_of_the_original_and_nothing_else():
    objects = printed()
    assert [o["metadata"]["name"] for o in objects if o["kind"] == "CustomResourceDefinition"] == [
        "sealedsecrets.bitnami.com"
    ]
    assert {group for group, _ in rights(objects)} == {"", "bitnami.com"}


def test_kubeseal_finds_the_service_by_its_default_name_and_its_first_port():
    service = one(printed("--only", "deployment"), "Service", "sealed-secrets-controller")
    assert service["metadata"]["namespace"] == "kube-system"
    assert service["spec"]["ports"][0] == {"name": "http", "port": 8080, "protocol": "TCP", "targetPort": "http"}
    deployment = one(printed("--only", "deployment"), "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert deployment["spec"]["selector"]["matchLabels"] == {"name": "sealed-secrets-controller"}, "as the original's"


def test_the_pod_has_no_privilege():
    pod = one(printed(), "Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_no_role_has_a_wildcard_or_reaches_roles():
    objects = printed("--enable", "externalsecrets,sopssecrets")
    for role in (o for o in objects if o["kind"] in ("Role", "ClusterRole")):
        for rule in role["rules"]:
            words = rule["apiGroups"] + rule["resources"] + rule["verbs"]
            assert "*" not in words and "rbac.authorization.k8s.io" not in words, role["metadata"]["name"]


def test_secrets_are_never_deleted_for_sealed_secrets_alone():
    assert rights(printed())["", "secrets"] == {"get", "list", "watch", "create", "update"}
    assert "delete" in rights(printed("--enable", "sopssecrets"))["", "secrets"]
    assert {"patch", "delete"} <= rights(printed("--enable", "externalsecrets"))["", "secrets"]


def test_named_namespaces_get_roles_and_the_cluster_gets_none():
    objects = printed("-n", "sealing", "--watch-namespace", "team-a", "--enable", "externalsecrets")
    assert not [o for o in objects if o["kind"] in ("ClusterRole", "ClusterRoleBinding")]
    places = {
        o["metadata"]["namespace"]
        for o in objects
        if o["kind"] == "Role" and o["metadata"]["name"] == "secrets-unsealer"
    }
    assert places == {"sealing", "team-a"}
    assert ("external-secrets.io", "clustersecretstores") not in rights(objects, "Role")
    (container,) = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert "--additional-namespaces=sealing,team-a" in container["args"]


def test_every_binding_refers_to_a_role_that_is_printed_beside_it():
    for words in ([], ["--watch-namespace", "a"]):
        objects = printed("--only", "rbac", *words)
        roles = {(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in objects if "rules" in o}
        bindings = [o for o in objects if "roleRef" in o]
        assert {(o["roleRef"]["kind"], o["metadata"].get("namespace"), o["roleRef"]["name"]) for o in bindings} == roles


def test_nothing_is_printed_twice():
    for words in ([], ["--watch-namespace", "a", "--watch-namespace", "kube-system", "--enable", "externalsecrets"]):
        keys = [(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in printed(*words)]
        assert len(keys) == len(set(keys))


@pytest.mark.parametrize("part", manifests.PARTS)
def test_the_parts_together_are_the_whole(part):
    whole = printed("--enable", "sopssecrets")
    assert all(o in whole for o in printed("--enable", "sopssecrets", "--only", part))


@pytest.mark.parametrize(
    "arguments", [["--namespace", "Not_One"], ["--watch-namespace", "a b"], ["--enable", "pods"], ["--image", "a b"]]
)
def test_a_choice_that_makes_no_sense_is_refused(arguments):
    with pytest.raises(SettingsError):
        CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_null_template_values_are_the_one_difference_from_the_original_definition():
    version = yaml.safe_load(manifests.crd("sealedsecrets"))["spec"]["versions"][0]
    assert [(c["name"], c["type"], c["jsonPath"]) for c in version["additionalPrinterColumns"]] == [
        ("Status", "string", ".status.conditions[0].message"),
        ("Synced", "string", ".status.conditions[0].status"),
        ("Age", "date", ".metadata.creationTimestamp"),
    ]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert spec["required"] == ["encryptedData"]
    assert spec["properties"]["template"]["properties"]["data"]["additionalProperties"] == {
        "type": "string",
        "nullable": True,
    }
