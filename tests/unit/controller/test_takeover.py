"""Whether another controller runs, told by the pods beside us."""

from __future__ import annotations

import io

import pytest
from fake_api import FakeApi

from secrets_gitops.controller.logs import Log
from secrets_gitops.controller.takeover import Takeover


def pod(image, phase="Running", *, chart=False, ready=True, command=("controller",)):
    made = {
        "metadata": {"name": "p", "namespace": "ks"},
        "spec": {"containers": [{"image": image}]},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": str(ready)}]},
    }
    if chart:
        made["metadata"]["labels"] = {"app.kubernetes.io/name": "sealed-secrets"}
        made["spec"]["containers"][0] |= {"command": list(command), "args": ["--update-status"]}
    return made


def is_waited_for(*pods, ours=("own",)):
    api = FakeApi()
    for one in pods:
        api.put("pods", one)
    takeover = Takeover(api, "ks", Log(info_stream=io.StringIO()), lambda: ours)
    takeover.look()
    return takeover.waiting


@pytest.mark.parametrize(
    ("image", "is_one"),
    [
        ("docker.io/bitnami/sealed-secrets-controller:0.40.0", True),
        ("registry:5000/mirrored-bitnami-sealed-secrets-controller@sha256:abc", True),
        ("sealed-secrets-controller", True),
        ("ghcr.io/example/secrets-gitops:1.0", False),
        ("example/sealed-secrets-controller-exporter:1", False),
    ],
)
def test_a_bitnami_controller_is_known_by_its_image(image, is_one):
    assert is_waited_for(pod(image)) == is_one


@pytest.mark.parametrize("phase", ["Succeeded", "Failed", "Pending"])
def test_one_that_does_not_run_is_not_waited_for(phase):
    assert not is_waited_for(pod("bitnami/sealed-secrets-controller:1", phase))


def test_one_of_the_chart_is_known_whatever_its_image_is_called():
    assert is_waited_for(pod("registry.example/ss:1", chart=True))


@pytest.mark.parametrize(
    ("shape", "ours"),
    [
        ({}, ("own", "p")),
        ({}, None),
        ({"ready": False}, ("own",)),
        ({"command": ("secrets-gitops", "controller", "run")}, ("own",)),
    ],
    ids=["has a Lease of ours", "it cannot be known", "not ready, as ours before its Lease", "another program"],
)
def test_a_pod_of_the_chart_that_may_be_ours_is_not_waited_for(shape, ours):
    assert not is_waited_for(pod("registry.example/ss:1", chart=True, **shape), ours=ours)


def test_a_broken_pod_is_no_controller():
    assert not is_waited_for({"metadata": {"name": "p", "namespace": "ks"}, "spec": [], "status": 7})
