"""What an answer of a KV secrets engine says, and reading many at once. Shared by references and secret stores."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from secrets_gitops.documents.limits import Limits
from secrets_gitops.documents.read import read
from secrets_gitops.errors import BackendError, DocumentError, Error, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from secrets_gitops.clients.vault_transport import Answer
    from secrets_gitops.documents.document import Document, Node

PARALLEL = 8
"""Requests at once for one batch: as many as the client keeps connections."""

Key = TypeVar("Key")
Result = TypeVar("Result")


class Secret(NamedTuple):
    """One version of a secret. `text` and `node` hold the values as the server wrote them, numbers digit for digit."""

    document: Document
    node: Node | None
    """The object of keys and values; None: this version was deleted or destroyed."""
    version: str | None
    destroyed: bool

    @property
    def text(self) -> str | None:
        """The object as JSON."""
        return None if self.node is None else self._written(self.node)

    def field(self, name: str) -> str | None:
        """The value of a key as text: of a string its characters, of the rest the JSON. None when it is not there."""
        value = self.node.get(name) if self.node is not None else None
        if value is None:
            return None
        return value.text if value.kind == "scalar" and value.style == "double" else self._written(value)

    def _written(self, node: Node) -> str:
        return self.document.text[node.start : node.end]

    def __repr__(self) -> str:
        return f"Secret(version={self.version}, destroyed={self.destroyed})"


def secret_of(answer: Answer, version: int, server: str) -> Secret | None:
    """The secret in an answer of a KV engine of this version; None where there is none (or none that we may see).

    A version that was deleted is a 404 with a body. Its `deletion_time` says nothing: it may lie in the future.
    Raises BackendError for an answer that is neither.
    """
    if answer.status == 403 or (answer.status == 404 and not answer.body.strip()):
        return None
    if answer.status not in {200, 404}:
        raise BackendError(f"{server} answered {answer.status} to a read")
    try:
        document = read(answer.body, path="the answer", format="json", limits=Limits.LARGE)
    except DocumentError:
        if answer.status == 404:
            return None
        raise BackendError(f"{server} gave an answer that is not proper JSON") from None
    data = _member(document.roots[0] if document.roots else None, "data")
    if version == 1:
        return Secret(document, data, None, destroyed=False) if answer.status == 200 and data is not None else None
    metadata = _member(data, "metadata")
    if metadata is None:
        if answer.status == 200:
            raise BackendError(f"{server} gave an answer that a KV store of version 2 does not give")
        return None
    number, destroyed = metadata.get("version"), metadata.get("destroyed")
    return Secret(
        document,
        _member(data, "data"),
        number.text if number is not None else None,
        destroyed=destroyed is not None and destroyed.text == "true",
    )


def trouble_of(path: str) -> str:
    """What is wrong with the path of a secret; a dotted segment would lead to another part of the API."""
    segments = path.split("/")
    if any(segment in {".", ".."} for segment in segments):
        return "holds a segment `.` or `..`"
    if "" in segments:
        return "is empty or holds an empty segment"
    return "holds a control character" if any(char < " " or char == "\x7f" for char in path) else ""


def names_of(answer: Answer) -> list[str]:
    """The names in the answer to a LIST; folders end with a slash. None there: an empty list."""
    data = answer.member("data") if answer.status == 200 else None
    keys = data.get("keys") if isinstance(data, dict) else None
    return [name for name in keys if isinstance(name, str)] if isinstance(keys, list) else []


def metadata_of(answer: Answer) -> dict[str, str] | None:
    """What a KV store of version 2 knows about a secret, as External Secrets gives it out: all of it as text."""
    data = answer.member("data") if answer.status == 200 else None
    if not isinstance(data, dict):
        return None
    custom = data.get("custom_metadata")
    known = {str(name): str(value) for name, value in custom.items()} if isinstance(custom, dict) else {}
    return known | {
        name: str(data[name]) for name in ("created_time", "current_version", "delete_version_after") if name in data
    }


def _member(node: Node | None, name: str) -> Node | None:
    """The mapping under a key of a mapping."""
    value = node.get(name) if node is not None and node.kind == "mapping" else None
    return value if value is not None and value.kind == "mapping" else None


def at_once(wanted: Iterable[Key], one: Callable[[Key], Result]) -> dict[Key, Result | Error]:
    """`one` for each of `wanted`, some at the same time. When the server is not there, the rest is not tried.

    Raises that Unavailable if nothing was answered at all.
    """
    keys = list(wanted)
    down: list[Unavailable] = []

    def guarded(key: Key) -> Result | Error:
        if down:
            return down[0]
        try:
            return one(key)
        except Unavailable as error:
            down.append(error)
            return error
        except Error as error:
            return error

    answers = {key: guarded(key) for key in keys} if len(keys) < 2 else _in_threads(keys, guarded, down)
    if down and all(isinstance(answer, Unavailable) for answer in answers.values()):
        raise down[0]
    return answers


def _in_threads(
    keys: Sequence[Key], one: Callable[[Key], Result | Error], down: list[Unavailable]
) -> dict[Key, Result | Error]:
    """Daemons, so that an interrupt need not wait for a server that does not answer."""
    waiting, answers, crashes = deque(keys), dict[Key, "Result | Error"](), list[BaseException]()

    def work() -> None:
        while not crashes:
            try:
                key = waiting.popleft()
            except IndexError:
                return
            try:
                answers[key] = one(key)
            except BaseException as error:  # noqa: BLE001  a bug is raised where the batch was asked for
                crashes.append(error)

    threads = [threading.Thread(target=work, name="vault", daemon=True) for _ in range(min(PARALLEL, len(keys)))]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:
        down.append(Unavailable("interrupted"))
        waiting.clear()
        raise
    if crashes:
        raise crashes[0]
    return {key: answers[key] for key in keys}
