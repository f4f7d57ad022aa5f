"""The controller on a real API server, beside a bare loop of the same calls and decryptions and beside the original.

For each run a fresh etcd and kube-apiserver are filled with SealedSecrets of one item (RSA 4096), and then one
contestant is started: our controller at its defaults, as it is installed; the bare loop of `controller_bare.py`; the
original without its limit of requests; and, for a sample, the original at its defaults. What is timed is the same for
all: from the first list of SealedSecrets to the last answered write (Secret, status, event), as the API server's audit
log has it; the start of the process is not in it. The runs alternate, and the rows are made of the medians.
`controller_full.py` does the same with ten times as many objects.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections import Counter
from typing import NamedTuple

import controller_external
from controller_audit import Audit
from controller_world import NAMESPACES, SEALED, Process, Sealing, World, missing_programs

from harness import Environment, compared, environment, held
from secrets_gitops.clients.kube.events import WRITERS
from secrets_gitops.controller.flags import Flags

THREADS = Flags().workers + WRITERS
"""So many of the controller's threads write at once; the bare loop gets as many."""
SMALL = int(os.environ.get("SECRETS_GITOPS_BENCH_OBJECTS", "1000"))
"""How many SealedSecrets; fewer only to try the benchmark itself."""
SAMPLE = 50
"""The original at its defaults does one or two a second, so it is stopped after so many."""
MOST = 2000
"""The same for the original without its limit of requests."""


class Ours(NamedTuple):
    """What one run of our controller showed."""

    seconds: float
    memory: float
    peak: float
    per_new: float
    events: int
    restart: float
    """Seconds from the start of the process until it said that it is ready, all objects being settled."""
    compared: float
    """The same, until everything was unsealed again and compared."""
    again: int
    """Writes and events after the restart."""
    per_unchanged: int
    """Requests about single objects after the restart."""
    memory_again: float


def run(_: Environment) -> None:
    """Print the rows with the small number of objects, and all those that have one number."""
    if not can_run():
        return
    env, sealing = environment("venv-controller", "controller"), Sealing()
    sealing_rows(env, sealing, SMALL, runs=3, ready=2.0, memory=120)
    two_replicas(env, sealing, SMALL)
    under_watch_load(env, sealing)
    controller_external.run(env, sealing, runs=2, threads=THREADS, pool=_pool(1))


def _pool(enabled: int) -> int:
    """How many connections the controller keeps with so many kinds enabled, as `controller/run.py` has it."""
    return Flags().workers * (1 + enabled) + WRITERS + 7


def can_run() -> bool:
    """Whether the real programs are here; says so when not."""
    missing = missing_programs()
    if missing:
        print(f"{', '.join(missing)}: not built (`make tools`), so no rows")
    return not missing


def sealing_rows(env: Environment, sealing: Sealing, count: int, *, runs: int, ready: float, memory: float) -> float:
    """Print the rows of so many SealedSecrets; the milliseconds that one took us."""
    ours: list[Ours] = []
    bare: list[float] = []
    original: list[float] = []
    for at in range(runs):
        bare.append(_bare(env, sealing, count))
        ours.append(_ours(env, sealing, count))
        if at % 2 == 0:  # it takes several times as long, and its row has room
            original.append(_original(env, sealing, count, min(count, MOST), "--kubeclient-qps=-1"))
    slow = _original(env, sealing, count, min(count, SAMPLE))
    mine = statistics.median(one.seconds for one in ours)
    what = f"{count:,} SealedSecrets"
    compared(f"{what}: time each", mine / count * 1000, statistics.median(bare) / count * 1000, "ms", 1.4)
    theirs, sample = statistics.median(original), f" (its first {MOST:,})" if count > MOST else ""
    compared(f"{what}: throughput", count / mine, theirs, "/s", 3, least=True, beside=f"original unthrottled{sample}")
    about = f"original at its defaults (its first {min(count, SAMPLE)})"
    compared(f"{what}: throughput", count / mine, slow, "/s", None, beside=about)
    held(f"{what}: API requests per new one", max(one.per_new for one in ours), "requests", 3)
    held(f"{what}: events lost", count - min(one.events for one in ours), "events", 0)
    held(f"{what} unchanged: start to Ready", statistics.median(one.restart for one in ours), "s", ready)
    held(f"{what} unchanged: start to compared", statistics.median(one.compared for one in ours), "s")
    held(f"{what} unchanged: writes and events", max(one.again for one in ours), "requests", 0)
    held(f"{what} unchanged: requests per object", max(one.per_unchanged for one in ours) / count, "requests", 0)
    held(f"{what}: resident after the work", max(one.memory for one in ours), "MB", memory)
    held(f"{what}: resident after a restart", max(one.memory_again for one in ours), "MB", memory)
    held(f"{what}: resident at most", max(one.peak for one in ours), "MB")
    return mine / count * 1000


def time_each(env: Environment, sealing: Sealing, count: int) -> float:
    """The milliseconds that one of so many took us, in one run."""
    return _ours(env, sealing, count).seconds / count * 1000


def _bare(env: Environment, sealing: Sealing, count: int) -> float:
    with World(env, sealing) as world:
        user = world.stranger("bare")
        world.create(sealing.objects(count))
        audit = Audit(world.cluster, user)
        process = world.script("controller_bare.py", user, "sealed", world.folder / "key.pem", THREADS, _pool(0))
        return _handled(audit, process, count)


def _original(env: Environment, sealing: Sealing, count: int, handled: int, *flags: str) -> float:
    """How many of so many objects a second it handles, by the first `handled`."""
    with World(env, sealing) as world:
        user = world.stranger("original")
        world.create(sealing.objects(count))
        audit = Audit(world.cluster, user)
        process = world.original(user, *flags)
        if handled == count:
            return count / _handled(audit, process, count)
        audit.wait(lambda audit: _told(audit) >= handled, 600, process, quiet=0.0)
        return _told(audit) / audit.span("sealedsecrets")


def _ours(env: Environment, sealing: Sealing, count: int) -> Ours:
    with World(env, sealing) as world:
        world.create(sealing.objects(count))
        audit = Audit(world.cluster, world.account)
        process = world.ours()
        seconds = _handled(audit, process, count)
        per_new = _about_objects(audit) / count
        memory, peak = process.memory(), process.memory("VmHWM")
        process.stop()
        again = Audit(world.cluster, world.account)
        process = world.ours()
        restart = process.said("msg=Ready")
        compared_at = process.said("Compared the Secrets", 600)
        time.sleep(1)
        again.read()
        return Ours(
            seconds,
            memory,
            max(peak, process.memory("VmHWM")),
            per_new,
            audit.count("create", "events"),
            restart,
            compared_at,
            sum(one.is_write for one in again.requests),
            _about_objects(again),
            process.memory(),
        )


def _handled(audit: Audit, process: Process, count: int) -> float:
    """Seconds until so many have their Secret and their status, and nothing more is written."""

    def finished(audit: Audit) -> bool:
        return min(audit.count("create", "secrets"), _told(audit)) >= count

    audit.wait(finished, 1200, process)
    return audit.span("sealedsecrets")


def _told(audit: Audit) -> int:
    return len(
        {
            (one.namespace, one.name)
            for one in audit.requests
            if one.resource == "sealedsecrets/status" and one.succeeded
        }
    )


def _about_objects(audit: Audit) -> int:
    """Requests about single objects, their Secrets and their events; lists, watches and Leases aside."""
    verbs = ("get", "create", "update", "patch", "delete")
    return sum(one.verb in verbs and one.namespace in NAMESPACES for one in audit.requests)


def two_replicas(env: Environment, sealing: Sealing, count: int) -> None:
    """One replica, then two, started and at rest before the objects come: who did what, and what it cost."""
    single, _ = _replicas(env, sealing, count, 1)
    double, audit = _replicas(env, sealing, count, 2)
    made = [one for one in audit.requests if one.verb == "create" and one.resource == "secrets"]
    times = Counter((one.namespace, one.name) for one in made)
    shares = Counter(one.token for one in made)
    held(
        f"two replicas, {count:,}: Secrets made once", sum(each == 1 for each in times.values()), "", count, least=True
    )
    held(f"two replicas, {count:,}: created in all", len(made), "", count)
    least = min(shares.values()) / len(made) * 100 if len(shares) == 2 else 0.0
    held(f"two replicas, {len(NAMESPACES)} namespaces: smaller share", least, "%", 35, least=True)
    compared(f"two replicas, {count:,}: processor time", double, single, "s", 1.2, beside="one replica")


def _replicas(env: Environment, sealing: Sealing, count: int, number: int) -> tuple[float, Audit]:
    with World(env, sealing) as world:
        replicas = [world.ours(pod=f"pod-{at}") for at in range(number)]
        for replica in replicas:
            replica.said("msg=Ready")
        time.sleep(5)  # until they know of each other: two of their periods
        audit = Audit(world.cluster, world.account)
        before = sum(replica.cpu() for replica in replicas)
        world.create(sealing.objects(count))
        # What a replica does meanwhile that is alone in it, as its Leases, is in this, too.
        audit.wait(lambda audit: _told(audit) >= count, 300, replicas[0])
        return sum(replica.cpu() for replica in replicas) - before, audit


def under_watch_load(env: Environment, sealing: Sealing, *, runs: int = 5, rate: int = 100) -> None:
    """Unsealing beside a watch that brings so many changes a second, and the bare operation under the same load."""
    found: dict[str, list[float]] = {"ours": [], "bare": []}
    came = 0.0
    with World(env, sealing) as world:
        objects = sealing.objects(200)
        world.create(objects)
        user = world.stranger("unsealing")
        over = threading.Event()
        changing = threading.Thread(target=_change, args=(world, objects, rate, over))
        changing.start()
        try:
            for _ in range(runs):
                for mode, rates in found.items():
                    process = world.script(
                        "controller_unsealing.py", user, mode, world.folder / "key.pem", Flags().workers, 4
                    )
                    if process.process.wait(60):
                        raise SystemExit(f"{process.name} failed:\n{process.tail()}")
                    per_second, events = map(float, process.tail().split())
                    rates.append(per_second)
                    came = max(came, events)
        finally:
            over.set()
            changing.join()
    ours, bare = (statistics.median(each) for each in found.values())
    compared(f"unsealing beside {came:.0f} changes a second", ours, bare, "/s", 0.85, least=True)


def _change(world: World, objects: list[dict], rate: int, over: threading.Event) -> None:
    due, at = time.monotonic(), 0
    while not over.wait(max(0.0, due - time.monotonic())):
        metadata = objects[at % len(objects)]["metadata"]
        patch = {"metadata": {"annotations": {"touched": str(at)}}}
        world.cluster.kube.merge(*SEALED, metadata["namespace"], metadata["name"], patch)
        at += 1
        due += 1 / rate
