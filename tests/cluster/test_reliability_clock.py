"""The wall clock is stepped under two replicas: forward past the renewal of the key, and back before it was made."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from apiserver import wait_for
from in_the_end import all_is_right
from installed import CANARY, EXTERNAL, KEY_LABEL, Installation, Wanted

HOUR = 3600
DAY = 24 * HOUR


@pytest.fixture
def installed(cluster, namespace, fault_proxy, tmp_path):
    made = Installation(cluster, namespace, tmp_path, fault_proxy, kinds=("externalsecrets",))
    yield made
    made.close()


@pytest.fixture
def clock(tmp_path):
    """Sets the step in seconds; `.environ` is for the processes that shall see it."""

    def step(seconds):
        new = tmp_path / "new-step"
        new.write_text(str(seconds))
        new.replace(tmp_path / "step")

    step(0)
    step.environ = {"PYTHONPATH": str(Path(__file__).parent / "stepped_clock"), "CLOCK_STEP": str(tmp_path / "step")}
    return step


def external(installed, name, policy):
    """An ExternalSecret that is asked for when it changes, or each hour."""
    meta = {"name": name, "namespace": installed.namespace}
    spec = {
        "refreshPolicy": policy,
        "refreshInterval": "1h",
        "secretStoreRef": {"name": "main"},
        "dataFrom": [{"extract": {"key": "db"}}],
    }
    installed.kube.create({"apiVersion": EXTERNAL[0], "kind": EXTERNAL[1], "metadata": meta, "spec": spec})
    installed.wanted[name] = Wanted({"k": f"{CANARY}db".encode()}, kind=EXTERNAL)


def label(installed, name, text):
    """Change a label, which goes over to the Secret."""
    installed.kube.merge(*EXTERNAL, installed.namespace, name, {"metadata": {"labels": {"a": text}}})
    installed.wanted[name].updates += 1
    installed.wanted[name].since += 1


def keys(installed):
    return len(installed.kube.list("v1", "Secret", installed.namespace, labelSelector=KEY_LABEL))


@pytest.mark.timeout(300)
def test_a_stepped_clock_renews_the_key_and_breaks_nothing(cluster, installed, clock):
    values = [{"key": "db", "value": f'{{"k": "{CANARY}db"}}'}]
    meta = {"name": "main", "namespace": installed.namespace}
    spec = {"provider": {"fake": {"data": values}}}
    installed.kube.create({"apiVersion": EXTERNAL[0], "kind": "SecretStore", "metadata": meta, "spec": spec})
    first, second = (
        installed.start("--key-renew-period=1h", name=f"pod-{at}", environ=clock.environ).ready() for at in range(2)
    )
    installed.seal(first.certificate(), "before")
    for policy in ("OnChange", "CreatedOnce", "Periodic"):
        external(installed, f"es-{policy.lower()}", policy)
    all_is_right(installed)
    for number, step in enumerate((2 * HOUR, -DAY, 30 * DAY, 0)):
        before = keys(installed)
        clock(step)
        if step > 0:
            wait_for(lambda before=before: keys(installed) == before + 1, 60, "the key was never renewed", interval=0.2)
            pair = (first, second)
            wait_for(
                lambda pair=pair: len({one.certificate().fingerprint for one in pair}) == 1, 30, "one has an older key"
            )
        mark = cluster.mark()
        second.stop()
        second = installed.start("--key-renew-period=1h", name="pod-1", environ=clock.environ).ready()
        installed.seal(first.certificate(), f"after{number}")
        label(installed, "es-onchange", str(number))
        time.sleep(4)  # what spins would show itself now
        all_is_right(installed)
        assert len(cluster.requests(installed.account, mark)) < 150, "somebody spins"
    assert keys(installed) == 3
    assert first.lives() and second.lives()
    for one in installed.started:
        assert "the Lease has passed" not in one.text()
