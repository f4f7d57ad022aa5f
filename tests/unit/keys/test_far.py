"""What keys of services share: requests together or at the same time, answers kept, errors kept apart."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.errors import AccessDenied, Error, KeyServiceUnavailable, NoMatchingKey, Unavailable
from secrets_gitops.keys.far import FarIdentity, wrap_all
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.keys.recipient import NotMine, WrappedKey
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.deadline import Deadline

KEY = Plaintext(b"k" * 32)


def entry(enc: str, recipient: str = "arn", kind: str = "kms") -> WrappedKey:
    return WrappedKey(kind, recipient, enc)


class Service:
    """Opens everything but what says otherwise; notes the requests."""

    def __init__(self) -> None:
        self.requests: list[list[str]] = []
        self.gate: threading.Barrier | None = None

    def opens(self, entries: Sequence[WrappedKey], deadline: Deadline) -> list[Plaintext | Error]:
        if self.gate is not None:
            self.gate.wait(10)
        self.requests.append([one.enc for one in entries])
        if any(one.enc == "bug" for one in entries):
            raise RuntimeError("a bug")
        if any(one.enc == "away" for one in entries):
            raise Unavailable("cannot reach it")
        return [AccessDenied("denied") if one.enc == "denied" else Plaintext(one.enc) for one in entries]


class Near:
    """A key at hand."""

    kind, source = "age", "keys.txt"

    def __init__(self, recipient: str, opens: bool) -> None:
        self.recipient, self._opens = recipient, opens

    def unwrap(self, wrapped: WrappedKey) -> Plaintext:
        if self._opens:
            return KEY
        raise NotMine


def keyring(service: Service, *near: Near, order: Sequence[str] = ("age", "pgp")) -> Keyring:
    identity = FarIdentity("kms", service.opens)
    return Keyring(near, order=order, ambient=lambda kind: identity if kind == "kms" else None)


def test_an_answer_is_asked_for_once_and_given_as_a_copy():
    service = Service()
    identity = FarIdentity("kms", service.opens)
    identity.unwrap(entry("a")).wipe()
    assert identity.unwrap(entry("a")).reveal() == b"a"
    assert service.requests == [["a"]]


def test_a_refusal_is_kept_too():
    service = Service()
    identity = FarIdentity("kms", service.opens)
    for _ in range(2):
        with pytest.raises(AccessDenied):
            identity.unwrap(entry("denied"))
    assert len(service.requests) == 1


def test_entries_that_share_a_request_are_sent_together():
    service = Service()
    identity = FarIdentity("kms", service.opens, together=lambda one: one.recipient)
    identity.prepare([entry("a", "x"), entry("b", "y"), entry("c", "x"), entry("a", "x"), entry("denied", "y")])
    assert sorted(service.requests) == [["a", "c"], ["b", "denied"]]
    assert identity.unwrap(entry("c", "x")).reveal() == b"c"


def test_requests_of_different_keys_are_made_at_the_same_time():
    service = Service()
    service.gate = threading.Barrier(4)  # opens only when four wait
    FarIdentity("kms", service.opens).prepare([entry(name) for name in "abcd"])
    assert len(service.requests) == 4


def test_threads_that_want_the_same_key_share_one_request():
    service = Service()
    identity = FarIdentity("kms", service.opens)
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(identity.unwrap(entry("a")).reveal())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert found == [b"a"] * 8
    assert service.requests == [["a"]]


def test_a_bug_is_no_answer_and_nobody_waits_for_ever():
    identity = FarIdentity("kms", Service().opens)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            identity.unwrap(entry("bug"))


def test_a_file_that_a_key_at_hand_opens_costs_no_request():
    service = Service()
    ring = keyring(service, Near("age1me", opens=True))
    group = [entry("a"), entry("x", "age1me", "age")]
    ring.prepare([group])
    assert ring.unwrap(group, "s.yaml") == KEY
    assert service.requests == []


def test_a_file_that_no_key_at_hand_opens_is_asked_for_beforehand():
    service = Service()
    ring = keyring(service, Near("age1me", opens=False))
    groups = [[entry(name), entry("x", "age1other", "age")] for name in "abc"]
    ring.prepare(groups)
    assert sorted(service.requests) == [["a"], ["b"], ["c"]]
    assert [ring.unwrap(group, "s.yaml").reveal() for group in groups] == [b"a", b"b", b"c"]
    assert len(service.requests) == 3


def test_the_decryption_order_may_put_the_service_first():
    service = Service()
    ring = keyring(service, Near("age1me", opens=True), order=("kms", "age"))
    assert ring.unwrap([entry("x", "age1me", "age"), entry("a")], "s.yaml").reveal() == b"a"


def test_another_key_opens_what_a_service_that_is_away_does_not():
    ring = keyring(Service(), Near("age1me", opens=True), order=("kms", "age"))
    assert ring.unwrap([entry("away"), entry("x", "age1me", "age")], "s.yaml") == KEY


def test_each_key_that_was_asked_is_told_with_its_reason():
    ring = keyring(Service())
    with pytest.raises(NoMatchingKey) as caught:
        ring.unwrap([entry("denied", "arn:1"), entry("denied", "arn:2")], "s.yaml")
    assert type(caught.value) is NoMatchingKey
    assert [(one.source, one.reason) for one in caught.value.attempts] == [("arn:1", "denied"), ("arn:2", "denied")]


def test_where_a_service_is_away_trying_later_may_help():
    ring = keyring(Service())
    with pytest.raises(KeyServiceUnavailable, match="cannot be reached") as caught:
        ring.unwrap([entry("denied", "arn:1"), entry("away", "arn:2")], "s.yaml")
    assert (caught.value.exit_code, caught.value.retry) == (4, True)


class Recipient:
    """Wraps when all of them wait together, so that one after the other would never end."""

    def __init__(self, kind: str, gate: threading.Barrier | None) -> None:
        self.kind, self.text, self.fields, self._gate = kind, kind, {}, gate

    def wrap(self, data_key: Plaintext) -> str:
        if self._gate is not None:
            self._gate.wait(10)
        return f"{self.kind} {data_key.reveal().decode()}"


def test_services_wrap_at_the_same_time_and_the_order_stays():
    gate = threading.Barrier(3)
    recipients = [
        Recipient("kms", gate),
        Recipient("age", None),
        Recipient("gcp_kms", gate),
        Recipient("hc_vault", gate),
    ]
    jobs = [(one, Plaintext(str(at))) for at, one in enumerate(recipients)]
    assert wrap_all(jobs) == ["kms 0", "age 1", "gcp_kms 2", "hc_vault 3"]
