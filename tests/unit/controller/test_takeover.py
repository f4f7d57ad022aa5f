"""Whether another controller runs, told by the pods beside us."""

from __future__ import annotations

import pytest

from secrets_gitops.controller.takeover import other_controller


def pod(image, phase="Running"):
    return {"metadata": {"name": "p"}, "spec": {"containers": [{"image": image}]}, "status": {"phase": phase}}


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
    assert bool(other_controller(pod(image))) == is_one


@pytest.mark.parametrize("phase", ["Succeeded", "Failed", "Pending"])
def test_one_that_does_not_run_is_not_waited_for(phase):
    assert not other_controller(pod("bitnami/sealed-secrets-controller:1", phase))


def test_a_broken_pod_is_no_controller():
    assert not other_controller({})
