"""A scripted API server over plain HTTP on loopback, for what a real one does rarely and a proxy cannot make.

`ScriptedServer(lists=[…], watches=[…])` answers the first list with the first entry, and so on; the last one of each
stays. A list is a page (dict) or a status (int). A watch is a status, or a sequence of lines: dicts are events, bytes
go out as they are, and the last item may be `HOLD` (stay open, say nothing) or `RESET` (break the connection).
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import urllib.parse

HOLD, RESET = object(), object()


def item(name, version, uid="u", **more):
    return {"metadata": {"namespace": "app", "name": name, "uid": f"{name}-{uid}", "resourceVersion": version}, **more}


def page(*items, version="1", more=""):
    return {"kind": "List", "metadata": {"resourceVersion": version, "continue": more}, "items": list(items)}


def event(kind, obj):
    return {"type": kind, "object": obj}


def bookmark(version):
    return event("BOOKMARK", {"kind": "ConfigMap", "metadata": {"resourceVersion": version}})


def status(code, **more):
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "message": f"scripted {code}",
        **more,
    }


class ScriptedServer:
    """Use it as a context manager. `requests` are the queries asked, as (list or watch, query) pairs."""

    def __init__(self, *, lists=(), watches=((HOLD,),)):
        self._lists, self._watches = list(lists), list(watches)
        self._lock = threading.Lock()
        self._sockets = []
        self._closing = threading.Event()
        self.requests = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._closing.set()
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):  # gone already
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def asked(self, what):
        """The queries of all lists, or of all watches."""
        return [query for kind, query in self.requests if kind == what]

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            with client, client.makefile("rb") as lines:
                while first := lines.readline():
                    while lines.readline().strip():
                        pass
                    if not self._answer(client, first.split()[1].decode()):
                        return
        except OSError:
            pass  # the client left

    def _answer(self, client, target):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(target).query))
        kind = "watch" if "watch" in query else "list"
        with self._lock:
            script = self._watches if kind == "watch" else self._lists
            step = script.pop(0) if len(script) > 1 else script[0]
            self.requests.append((kind, query))
        if isinstance(step, (int, dict)):
            code, body = (step, status(step)) if isinstance(step, int) else (step.get("code", 200), step)
            data = json.dumps(body).encode()
            client.sendall(b"HTTP/1.1 %d Scripted\r\nContent-Length: %d\r\n\r\n%b" % (code, len(data), data))
            return True
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for line in step:
            if line is HOLD:
                self._closing.wait(60)
                return False
            if line is RESET:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            data = line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"
            for start in range(0, len(data), 50_000):
                chunk = data[start : start + 50_000]
                client.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        client.sendall(b"0\r\n\r\n")
        return True
