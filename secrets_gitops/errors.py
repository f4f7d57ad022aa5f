"""Every error that we raise; each door (terminal, hook, controller) shows the same class in its own form.

    Error                                            exit   retry
    ├─ SettingsError     settings, rules, usage        2    no
    ├─ BadReference      cannot be understood          2    no
    ├─ DocumentError     text that cannot be read      3    no
    │   ├─ LimitExceeded    it may be valid, but is deeper, larger or longer than we read
    │   └─ Unmerged         the markers of a merge conflict stand in it
    ├─ FileError         a file that cannot be read or written   3   no
    │   └─ TooLarge         it has more bytes than are wanted
    ├─ ScanIncomplete    a scan saw less than it should          3   no
    ├─ EnvelopeError                                   3    no
    │   ├─ AlreadySealed    it is encrypted already
    │   ├─ NotSealed        it is not encrypted
    │   ├─ Tampered         ciphertext or MAC does not fit
    │   └─ NoMatchingKey    no key at hand opens it; carries the attempts
    │       └─ KeyServiceUnavailable   a service that may open it cannot be reached   4   yes
    ├─ KeySourceError    a key or certificate that cannot be used    3   no
    ├─ BackendError
    │   ├─ SecretNotFound   the store has no such value          3   no
    │   ├─ AccessDenied     the store refuses us                 3   no
    │   └─ Unavailable      the store cannot be reached          4   yes
    ├─ ClusterError
    │   ├─ Forbidden        the API server denies it             3   no
    │   ├─ ObjectNotFound   there is no such object              3   no
    │   ├─ Invalid          the API server finds the object wrong   3   no
    │   ├─ Conflict         somebody else changed it meanwhile   4   yes
    │   └─ Expired          the version asked for is gone (410)  4   yes
    ├─ NotBuiltYet       a known field or format that this version does not handle   3   no
    └─ Refused           the answer is no                        1   no

The class says the exit code and whether to try again; the place that catches it does not. Foreign exceptions are
translated where they arise. A message never holds a value or a line of a secret file: place and key name only.
"""

from __future__ import annotations

from secrets_gitops.records import NamedTuple


class Place(NamedTuple):
    """Where in a file something stands; line and column count from 1, in code points. Line 0: the whole file."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


class Error(Exception):
    """What is the matter (one line, no capital, no full stop), what to do next, and where."""

    exit_code = 3
    retry = False
    code = "error"
    """The class name in kebab case: the id in JSON output and in the reference of errors."""

    def __init__(self, message: str, *, hints: tuple[str, ...] = (), place: Place | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hints = hints
        self.place = place

    def __init_subclass__(cls) -> None:
        name = cls.__name__
        cls.code = "".join(f"-{c.lower()}" if c.isupper() and at else c.lower() for at, c in enumerate(name))


class SettingsError(Error):
    """Wrong settings, creation rules or usage."""

    exit_code = 2


class BadReference(Error):
    """A reference that cannot be understood."""

    exit_code = 2


class DocumentError(Error):
    """Text that cannot be read as what it claims to be."""


class LimitExceeded(DocumentError):
    """A document that may be valid, but is deeper, larger or longer than we read; a scan is incomplete without it."""


class Unmerged(DocumentError):
    """A file in which the markers of a merge conflict still stand: it is two files in one."""


class FileError(Error):
    """A file that cannot be read or written."""


class TooLarge(FileError):
    """A file of more bytes than are wanted; how it begins says whether they are text."""

    HEAD = 8192

    def __init__(self, limit: int, beginning: bytes, *, place: Place | None = None) -> None:
        super().__init__(f"larger than {limit} bytes", place=place)
        self.head = beginning[: self.HEAD]


class ScanIncomplete(Error):
    """A scan saw less than it should have; nothing may be concluded from its silence."""


class EnvelopeError(Error):
    """An encrypted document that cannot be opened or made."""

    items: tuple[tuple[str, str], ...] = ()
    """Names of items with the reason why each does not open, where a document is opened item by item."""


class AlreadySealed(EnvelopeError):
    """The document is encrypted already."""


class NotSealed(EnvelopeError):
    """The document is not encrypted."""


class Tampered(EnvelopeError):
    """Ciphertext, or the MAC over all values, does not fit."""


class Attempt(NamedTuple):
    """One identity that was tried: its kind, where it came from, and why it did not open the document."""

    kind: str
    source: str
    reason: str


class NoMatchingKey(EnvelopeError):
    """No key at hand opens the document."""

    def __init__(
        self,
        message: str,
        *,
        attempts: tuple[Attempt, ...] = (),
        hints: tuple[str, ...] = (),
        place: Place | None = None,
    ) -> None:
        super().__init__(message, hints=hints, place=place)
        self.attempts = attempts


class KeyServiceUnavailable(NoMatchingKey):
    """No key at hand opens the document, and a service that holds one cannot be reached just now."""

    exit_code = 4
    retry = True


class KeySourceError(Error):
    """A key, a certificate or a key program that cannot be used."""


class BackendError(Error):
    """A secret store did not give the value."""


class SecretNotFound(BackendError):
    """The store has no such value. Expected in places; its own type, so that nobody matches on text."""


class AccessDenied(BackendError):
    """The store refuses us."""


class Unavailable(BackendError):
    """The store or the API server cannot be reached just now.

    `retry_after`: the seconds that it named itself, or None.
    """

    exit_code = 4
    retry = True

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        hints: tuple[str, ...] = (),
        place: Place | None = None,
    ) -> None:
        super().__init__(message, hints=hints, place=place)
        self.retry_after = retry_after


class ClusterError(Error):
    """A Kubernetes API server refused a request."""


class Forbidden(ClusterError):
    """The API server denies the request (401, 403)."""


class ObjectNotFound(ClusterError):
    """There is no such object, or no such kind (404)."""


class Invalid(ClusterError):
    """The API server finds the object wrong (400, 422); the message is its own."""


class Conflict(ClusterError):
    """Somebody else made or changed the object meanwhile (409)."""

    exit_code = 4
    retry = True


class Expired(ClusterError):
    """The version asked for is no longer kept (410); the list must be read again."""

    exit_code = 4
    retry = True


class NotBuiltYet(Error):
    """A known field or format that this version does not handle; refused by name, never ignored."""


class Refused(Error):
    """The answer is no: a check that was asked for did not hold."""

    exit_code = 1


_SEVERITY = (5, 2, 3, 4, 1, 0)


def worst(codes: list[int]) -> int:
    """The exit code for several outcomes at once: 5 > 2 > 3 > 4 > 1 > 0; other codes (signals) win over all."""
    return min(codes, key=lambda code: _SEVERITY.index(code) if code in _SEVERITY else -1, default=0)
