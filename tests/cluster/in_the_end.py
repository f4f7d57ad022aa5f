"""How every story of faults must end: each Secret right, nothing written twice, and no value anywhere but in Secrets.

"Written twice" is asked where it cannot be hidden. etcd counts the writes of each key since it was made, whoever lost
which answer; the audit log knows the creates of all incarnations. A create that is refused because the Secret is
there already wrote nothing: a controller that lost an answer has to ask, and may ask so. Such refusals are allowed only
where a test says that answers were lost (`unknown=True`).
"""

from __future__ import annotations

import base64
import json
import time
from collections import Counter
from typing import TYPE_CHECKING

from apiserver import wait_for
from installed import CANARY, SEALED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from installed import Installation, Wanted


def all_is_right(
    inst: Installation,
    *,
    seconds: float = 90,
    unknown: bool = False,
    killed: bool = False,
    statuses: int = 0,
    secret_words: Iterable[str] = (),
) -> None:
    """Wait until all is as wanted, then look for what should not have happened.

    `unknown`: answers to writes were lost on the way. `killed`: the API server or etcd was, so that the audit log lacks
    writes that etcd has. `statuses`: how many more status writes an object may have had
    than changes of its spec, where failures were told meanwhile. `secret_words`: what else nobody may read.
    """
    wait_for(lambda: not list(_wrong(inst)), seconds, lambda: _why(inst), interval=0.25)
    _nothing_more_happens(inst)
    for name, (found, wanted) in _written(inst).items():
        assert found == wanted, f"Secret {name}: etcd counts {found} writes, not {wanted}"
    created, updated, refused, told = _audited(inst)
    for name, wanted in inst.wanted.items():
        # A server-side apply creates or updates as the case may be.
        creates = wanted.creates if wanted.kind == SEALED else 0
        is_audited = created[name] == creates or (killed and created[name] < creates)
        assert is_audited, f"Secret {name} was created {created[name]} times"
        updates = wanted.updates + (0 if wanted.kind == SEALED else wanted.creates)
        assert updated[name] == updates, f"Secret {name} was updated {updated[name]} times"
        assert unknown or refused[name] == 0, f"Secret {name} was created when it was there"
        if wanted.kind == SEALED:
            generation = inst.kube.get(*SEALED, inst.namespace, name)["metadata"]["generation"]
            assert told[name] <= generation + statuses, f"the status of {name} was written {told[name]} times"
    # The same event again raises a count; only a new process, which knows nothing of it, says it anew.
    said = Counter(one["involvedObject"]["name"] for one in _events(inst) if one["reason"] == "Unsealed")
    for name, times in said.items():
        assert times <= len(inst.started), f"{times} events say that {name} was unsealed"
    no_value_is_told(inst, *secret_words)


def no_value_is_told(inst: Installation, *secret_words: str) -> None:
    """Logs, events, statuses and metrics hold no value, plain or as base64; and nothing in them is a crash of ours."""
    told = {"log": "".join(one.text() for one in inst.started)}
    told["events"] = json.dumps(_events(inst))
    told["metrics"] = "".join(one.metrics() for one in inst.started if one.lives())
    for api_version, kind in {SEALED, *(one.kind for one in inst.wanted.values())}:
        objects = inst.kube.list(api_version, kind, inst.namespace)
        told[f"status of {kind}"] = json.dumps([one.get("status") for one in objects])
    for where, text in told.items():
        for word in (CANARY, *secret_words):
            for form in forms(word):
                assert form not in text, f"a value is in the {where}"
    assert "Traceback" not in told["log"]
    assert "internal: " not in told["log"]


def forms(word: str) -> list[str]:
    """`word` as it is, and as it looks inside of base64 at each of the three offsets."""
    out = [word]
    for offset in range(3):
        code = base64.b64encode(bytes(offset) + word.encode()).decode().rstrip("=")
        out.append(code[4 if offset else 0 : -2])
    return out


def _events(inst: Installation) -> list[dict]:
    return inst.kube.list("v1", "Event", inst.namespace)


def _wrong(inst: Installation) -> Iterable[str]:
    secrets = {one["metadata"]["name"]: one for one in inst.kube.list("v1", "Secret", inst.namespace)}
    objects = {
        (kind, one["metadata"]["name"]): one
        for kind in {wanted.kind for wanted in inst.wanted.values()}
        for one in inst.kube.list(*kind, inst.namespace)
    }
    for name, wanted in inst.wanted.items():
        data = (secrets.get(name) or {}).get("data", {})
        if {key: base64.b64decode(text) for key, text in data.items()} != wanted.data:
            yield f"the Secret {name} is {'wrong' if name in secrets else 'not there'}"
        elif not _is_told(objects[wanted.kind, name], wanted):
            yield f"the status of {name} is {objects[wanted.kind, name].get('status')}"


def _is_told(obj: dict, wanted: Wanted) -> bool:
    status = obj.get("status")
    if not isinstance(status, dict) or not isinstance(status.get("conditions"), list):
        return False
    conditions = [one for one in status["conditions"] if isinstance(one, dict)]
    if [one.get("status") for one in conditions if one.get("type") in {"Synced", "Ready"}] != ["True"]:
        return False
    return wanted.kind != SEALED or status.get("observedGeneration") == obj["metadata"]["generation"]


def _why(inst: Installation) -> str:
    wrong = list(_wrong(inst))
    logs = "\n".join(f"--- {one.log.name}\n{one.text()[-2500:]}" for one in inst.started[-2:])
    return f"{len(wrong)} of {len(inst.wanted)} are not right: {'; '.join(wrong[:5])}\n{logs}"


def _nothing_more_happens(inst: Installation) -> None:
    """The controllers' writes have ended: two looks a while apart see the same."""
    before = None
    end = time.monotonic() + 30
    while (now := _audited(inst)) != before and time.monotonic() < end:
        before = now
        time.sleep(0.7)


def _written(inst: Installation) -> dict[str, tuple[int, int]]:
    """Of each Secret, how many writes etcd has counted since it was made, and how many there should be."""
    counted = inst.cluster.writes(f"/registry/secrets/{inst.namespace}/")
    return {
        name: (counted.get(name, 0), 1 + wanted.since) for name, wanted in inst.wanted.items() if wanted.kind == SEALED
    }


def _audited(inst: Installation) -> tuple[Counter[str], Counter[str], Counter[str], Counter[str]]:
    """By name: Secrets created, Secrets changed otherwise, creates refused; statuses of SealedSecrets written."""
    created: Counter[str] = Counter()
    updated: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for event in inst.cluster.audited(inst.account, inst.mark):
        ref, code = event.get("objectRef", {}), event.get("responseStatus", {}).get("code", 0)
        name, done = ref.get("name", ""), 200 <= code < 300
        if ref.get("resource") == "secrets" and event["verb"] == "create":
            (created if done else refused if code == 409 else Counter())[name] += 1
        elif ref.get("resource") == "secrets" and event["verb"] in {"update", "patch", "delete"} and done:
            updated[name] += 1
        elif ref.get("resource") == "sealedsecrets" and ref.get("subresource") == "status" and done:
            told[name] += 1
    return created, updated, refused, told
