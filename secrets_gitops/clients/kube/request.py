"""Api: one request to the Kubernetes API, and one stream of lines. Connections are kept alive; there is no rate limit.

Answers outside 2xx are errors of ours (`failures`); 429 and 5xx are `Unavailable` with `retry_after` when the server
said one. Nothing but a read is ever sent twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from secrets_gitops.clients.kube.failures import failure
from secrets_gitops.clients.kube.stream import Stream
from secrets_gitops.clients.kube.transport import Transport, missing
from secrets_gitops.errors import SettingsError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.clients.kube.connection import Connection
    from secrets_gitops.deadline import Deadline

    Object = dict[str, object]
    """An object of the API as parsed JSON."""

READ_TIMEOUT = 30.0
SILENCE = 75.0
"""Seconds without a byte after which a stream is over: the server sends a bookmark each minute."""
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


class Answer(NamedTuple):
    """What the server answered, whatever the status; names of headers are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Api:
    """The API server of a connection, for any number of threads."""

    def __init__(self, connection: Connection, *, pool_size: int = 16, user_agent: str = "secrets-gitops") -> None:
        """At most `pool_size` requests at once, streams apart. SettingsError: a missing extra, an unusable setting."""
        self._transport = Transport(connection, pool_size=pool_size)
        try:
            import orjson  # noqa: PLC0415  an extra

            from secrets_gitops.clients.kube import json_text  # noqa: PLC0415
        except ImportError as error:
            raise missing(error) from None
        self.connection = connection
        self._agent = user_agent
        self._loads = json_text.loads
        self._dumps = orjson.dumps

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | Sequence[object] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        deadline: Deadline | None = None,
    ) -> Object:
        """The object in a 2xx answer. Raises the ClusterErrors; Unavailable when none arrived."""
        answer = self.raw(method, path, body, query=query, content_type=content_type, accept=accept, deadline=deadline)
        parsed = self.parsed(answer.body)
        if not 200 <= answer.status < 300:
            raise failure(answer.status, parsed, answer.headers, secret=method != "GET" and "/secrets" in path)
        if parsed is None:
            raise Unavailable(f"the answer to {method} `{path}` is not a JSON object")
        return parsed

    def raw(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | Sequence[object] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        deadline: Deadline | None = None,
    ) -> Answer:
        """The answer, of any status. Raises Unavailable when none comes in time; ClusterError: a wrong server."""
        timeout = READ_TIMEOUT
        if deadline is not None:
            deadline.check("talking to the API server")
            left = deadline.left()
            timeout = READ_TIMEOUT if left is None else min(READ_TIMEOUT, left)
        headers = self._headers(accept)
        data = None
        if body is not None:
            data = self._dumps(body)
            headers["Content-Type"] = content_type
        return Answer(*self._transport.send(method, self._target(path, query), data, headers, timeout))

    def stream(
        self, path: str, *, query: Mapping[str, str] | None = None, accept: str = JSON, silence: float = SILENCE
    ) -> Stream:
        """Lines of a long answer, on a connection of its own; see there. Any thread may close it."""
        return Stream(self._transport, self._target(path, query), lambda: self._headers(accept), silence, self.parsed)

    def parsed(self, body: bytes) -> Object | None:
        """The JSON object in `body`; None for anything else."""
        try:
            value = self._loads(body)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    def close(self) -> None:
        """Close the idle connections."""
        self._transport.close()

    def _headers(self, accept: str) -> dict[str, str]:
        headers = {"Accept": accept, "User-Agent": self._agent}
        token = self.connection.authorize()
        if token is not None:
            if not (token.isascii() and token.isprintable()):
                raise SettingsError("the token for the API server holds characters that a token cannot have")
            headers["Authorization"] = token
        return headers

    def _target(self, path: str, query: Mapping[str, str] | None) -> str:
        target = self._transport.prefix + path
        return f"{target}?{urlencode(query)}" if query else target
