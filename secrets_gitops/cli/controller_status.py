"""`controller status`: keys, failing objects and replicas."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.controller.status import Key, Replica, Status


@click.command(
    name="status",
    help="Show the sealing keys, the objects that fail or wait, and how replicas share the work. Exit status 1 when"
    " something must be looked after. It reads only; what you may not read is named and left out. Of key Secrets the"
    " certificates alone are looked at.",
)
@click.option("-n", "--namespace", default="kube-system", metavar="NS", help="Where the controller runs.")
@click.option(
    "--watch-namespace", "watched", multiple=True, metavar="NS", help="Look for objects here; without it, everywhere."
)
@click.option("--kubeconfig", metavar="FILE", help="Instead of KUBECONFIG and ~/.kube/config.")
@click.option("--context", metavar="NAME", help="The context of the kubeconfig.")
@click.option("--timeout", type=float, default=30.0, metavar="SECONDS", help="For all of it.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def command(
    namespace: str, watched: tuple[str, ...], kubeconfig: str | None, context: str | None, timeout: float, form: str
) -> int:
    """Print the status."""
    from secrets_gitops.clients.kube.connection import choose
    from secrets_gitops.clients.kube.request import Api
    from secrets_gitops.controller.status import read
    from secrets_gitops.deadline import Deadline

    api = Api(choose(os.environ, kubeconfig=kubeconfig, context=context))
    try:
        status = read(api, namespace, sorted(set(watched)), Deadline(timeout))
    finally:
        api.close()
    if form == "json":
        import json

        console.write(json.dumps(_record(status), indent=2) + "\n")
    else:
        console.write("".join(f"{printable(line)}\n" for line in _lines(status)))
        for note in status.notes:
            console.note(printable(note))
    return 1 if status.problems else 0


def _lines(status: Status) -> Iterator[str]:
    if status.keys is not None:
        yield f"keys in {status.namespace}"
        yield from _table([_key_row(key) for key in status.keys])
    yield "objects"
    failing = [one.kind for one in status.failing]
    yield from _table(
        [
            (o.kind, f"{o.total} in all", f"{failing.count(o.kind)} failing", f"{len(o.lagging)} waiting")
            for o in status.kinds
        ]
    )
    if status.replicas:
        yield "replicas"
        yield from _table([_replica_row(replica) for replica in status.replicas])
    if status.problems:
        yield "problems"
        yield from (f"  {problem}" for problem in status.problems)
    elif status.keys is not None and status.kinds:
        yield "nothing fails"


def _key_row(key: Key) -> tuple[str, ...]:
    if key.not_before is None or key.not_after is None:
        return key.name, "-", "-", "not usable"
    period = f"{key.not_before:%Y-%m-%d} to {key.not_after:%Y-%m-%d}"
    return key.name, key.fingerprint or "-", period, "served" if key.served else ""


def _replica_row(replica: Replica) -> tuple[str, ...]:
    silent = "" if replica.silent is None else f"renewed {replica.silent} s ago"
    share = f"{replica.namespaces} namespaces, {replica.objects} objects" if replica.is_alive else "gone"
    return replica.lease, silent, share


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _record(status: Status) -> dict[str, object]:
    return {
        "ok": not status.problems,
        "namespace": status.namespace,
        "serving": status.serving,
        "keys": None if status.keys is None else [_key_record(key) for key in status.keys],
        "objects": [{"kind": o.kind, "total": o.total, "waiting": list(o.lagging)} for o in status.kinds],
        "failing": [
            {"kind": one.kind, "namespace": one.namespace, "name": one.name, "reason": one.reason}
            for one in status.failing
        ],
        "replicas": None if status.replicas is None else [_replica_record(one) for one in status.replicas],
        "problems": list(status.problems),
        "notes": list(status.notes),
    }


def _key_record(key: Key) -> dict[str, object]:
    return {
        "name": key.name,
        "fingerprint": key.fingerprint,
        "not_before": key.not_before.isoformat() if key.not_before else None,
        "not_after": key.not_after.isoformat() if key.not_after else None,
        "served": key.served,
        "problem": key.problem,
    }


def _replica_record(replica: Replica) -> dict[str, object]:
    return {
        "lease": replica.lease,
        "pod": replica.pod,
        "silent_seconds": replica.silent,
        "alive": replica.is_alive,
        "namespaces": replica.namespaces,
        "objects": replica.objects,
    }
