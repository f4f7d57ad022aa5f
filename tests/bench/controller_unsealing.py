"""Unsealing under watch load: how many objects a second go through the controller's `unseal` while events stream in.

`controller_unsealing.py KUBECONFIG MODE KEY THREADS SECONDS` lists what there is and then opens it again and again on
so many threads. `ours` calls what the controller's workers call, beside a reflector that feeds the controller's own
handler; `bare` calls the RSA operation alone and watches nothing. Both run under the two settings of the controller's
process. Prints how many were opened in a second, and how many changes came in a second.
"""

from __future__ import annotations

import base64
import io
import itertools
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from alone import Everything
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP

from secrets_gitops.clients.kube.kubeconfig import connection
from secrets_gitops.clients.kube.request import Api
from secrets_gitops.clients.kube.resources import SEALED_SECRETS, path
from secrets_gitops.clients.kube.watch import Reflector
from secrets_gitops.controller.apply import Writer
from secrets_gitops.controller.flags import Flags
from secrets_gitops.controller.kinds.sealed_secret import SealedSecretKind
from secrets_gitops.controller.logs import Log
from secrets_gitops.controller.memory import few_arenas
from secrets_gitops.controller.queue import WorkQueue
from secrets_gitops.controller.sealing_keys import SealingKeys
from secrets_gitops.controller.unsealing import unseal
from secrets_gitops.keys.sealing import load_sealing_keys

if TYPE_CHECKING:
    from collections.abc import Callable

SHA256 = hashes.SHA256()
MGF = MGF1(SHA256)


class Counting:
    """The controller's handler, and how often it was told something."""

    def __init__(self, kind: SealedSecretKind) -> None:
        self._kind = kind
        self.changes = 0
        self.on_deleted = kind.on_deleted
        self.synced = threading.Event()
        self.on_synced = self.synced.set

    def on_changed(self, obj: dict) -> None:
        self._kind.on_changed(obj)
        self.changes += 1


def opened(opening: Callable[[int], object], threads: int, seconds: float) -> float:
    """How often a second `opening` ran, given one number after the other."""
    numbers, done, over = itertools.count(), [0] * threads, threading.Event()

    def run(at: int) -> None:
        while not over.is_set():
            opening(next(numbers))
            done[at] += 1

    running = [threading.Thread(target=run, args=(at,)) for at in range(threads)]
    begin = time.perf_counter()
    for thread in running:
        thread.start()
    time.sleep(seconds)
    over.set()
    for thread in running:
        thread.join()
    return sum(done) / (time.perf_counter() - begin)


def main(config: str, mode: str, key_file: str, threads: str, seconds: str) -> None:
    few_arenas()
    sys.setswitchinterval(0.0001)
    api = Api(connection(config, None, {}))
    pem = Path(key_file).read_bytes()
    objects = api.call("GET", path(SEALED_SECRETS))["items"]
    events = 0.0
    if mode == "bare":
        key = serialization.load_pem_private_key(pem, None)
        parts = []
        for obj in objects:
            label = f"{obj['metadata']['namespace']}/{obj['metadata']['name']}".encode()
            parts.append((label, base64.b64decode(obj["spec"]["encryptedData"]["password"])[2:514]))

        def opening(number: int) -> object:
            label, wrapped = parts[number % len(parts)]
            return key.decrypt(wrapped, OAEP(MGF, SHA256, label))

        rate = opened(opening, int(threads), float(seconds))
    else:
        keys = tuple(load_sealing_keys(pem, "the benchmark"))
        texts = [orjson.dumps(obj) for obj in objects]
        log, flags = Log(info_stream=io.StringIO()), Flags()
        share, queue = Everything(), WorkQueue()
        writer = Writer(api, share.may_write)
        sealing_keys = SealingKeys(api, "sealed", flags, log)
        kind = SealedSecretKind(
            api, sealing_keys, queue, writer, share, flags, log, lambda *_: None
        )  # its queue is not worked on here: only opening is measured
        handler = Counting(kind)
        reflector = Reflector(api, SEALED_SECRETS, handler)
        threading.Thread(target=reflector.run, daemon=True).start()
        handler.synced.wait()

        def opening(number: int) -> object:
            text = texts[number % len(texts)]
            return unseal(orjson.loads(text), keys, first="", accept_v1_data=True)

        begin, before = time.perf_counter(), handler.changes
        rate = opened(opening, int(threads), float(seconds))
        events = (handler.changes - before) / (time.perf_counter() - begin)
        reflector.stop()
    print(rate, events)


if __name__ == "__main__":
    main(*sys.argv[1:])
