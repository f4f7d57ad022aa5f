"""Keys behind a passphrase: asked for when needed, once; wrong, missing and foreign told apart; nothing shown."""

from __future__ import annotations

import pickle

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from secrets_gitops.crypto.age import armor, header, stream
from secrets_gitops.crypto.age.header import Stanza
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import DocumentError, Error, KeySourceError
from secrets_gitops.keys import age, age_ssh, terminal
from secrets_gitops.keys.age_locked import LockedIdentities
from secrets_gitops.keys.passphrase import Passphrase
from secrets_gitops.keys.recipient import NotMine, WrappedKey
from secrets_gitops.plaintext import Plaintext

DATA_KEY = Plaintext(bytes(range(32)))
INSIDE, RECIPIENT = age.generate()
_, STRANGER = age.generate()


class Person:
    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), []

    def secret(self, prompt: str, deadline: Deadline) -> Plaintext:
        self.asked.append(prompt)
        if not self.answers:
            raise KeySourceError("there is no terminal to ask on")
        return Plaintext(self.answers.pop(0))

    def line(self, prompt: str, deadline: Deadline) -> str:
        raise NotImplementedError

    def say(self, text: str) -> None:
        raise NotImplementedError


def closed(content: bytes, passphrase: str = "open sesame", factor: str = "4") -> bytes:
    """An age file with a passphrase, as `age -p` writes it, with little work."""
    salt, file_key, nonce = bytes(16), bytes(range(16)), bytes(16)
    given = Scrypt(b"age-encryption.org/v1/scrypt" + salt, length=32, n=1 << 4, r=8, p=1).derive(passphrase.encode())
    body = ChaCha20Poly1305(given).encrypt(bytes(12), file_key, None)
    stanza = Stanza("scrypt", (header.base64(salt), factor), body)
    return header.encode((stanza,), file_key) + nonce + stream.encrypt(file_key, nonce, content)


def entry(recipient: str = RECIPIENT) -> WrappedKey:
    return WrappedKey("age", recipient, age.parse_recipient(recipient).wrap(DATA_KEY))


def locked(data: bytes, person: Person) -> LockedIdentities:
    def read(content: bytes, source: str):
        return age.parse_identities(content, source)

    return LockedIdentities(data, "keys.age", Passphrase("the identity file keys.age", None, person), read)


CONTENT = b"# mine\n" + INSIDE.reveal() + b"\n"


def test_it_is_asked_for_once_and_opens_every_entry():
    person = Person("open sesame")
    identities = locked(closed(CONTENT), person)
    assert identities.asks
    for _ in range(2):
        assert identities.unwrap(entry()) == DATA_KEY
    with pytest.raises(NotMine):
        identities.unwrap(entry(STRANGER))
    assert person.asked == ["Passphrase for the identity file keys.age:"]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (["hunter2"], "the passphrase is wrong"),
        ([], "it has a passphrase, and there is no terminal to ask on"),
        ([""], "it has a passphrase, and none was given"),
    ],
)
def test_a_failure_is_said_and_nobody_is_asked_again(answers: list[str], reason: str):
    person = Person(*answers)
    identities = locked(closed(CONTENT), person)
    for _ in range(2):
        with pytest.raises(KeySourceError) as caught:
            identities.unwrap(entry())
        assert caught.value.message == reason
    assert len(person.asked) == 1


def test_a_file_that_demands_too_much_work_is_refused_before_anybody_is_asked():
    person = Person("open sesame")
    with pytest.raises(DocumentError, match=r"more work than 2\^22"):
        locked(closed(CONTENT, factor="23"), person).unwrap(entry())
    assert person.asked == []


def test_a_machine_with_too_little_memory_says_so(monkeypatch: pytest.MonkeyPatch):
    class Small:
        def __init__(self, *given, **named):
            raise MemoryError

    monkeypatch.setattr("secrets_gitops.crypto.age.scrypt.Scrypt", Small)
    with pytest.raises(KeySourceError, match="not enough memory"):
        locked(closed(CONTENT), Person("open sesame")).unwrap(entry())


def test_a_line_inside_that_is_no_key_is_named_by_number_and_not_quoted():
    with pytest.raises(KeySourceError, match="line 2 inside: an age identity begins") as caught:
        locked(closed(b"# mine\nhunter2\n"), Person("open sesame")).unwrap(entry())
    assert "hunter2" not in caught.value.message


def test_identity_files_are_recognised_by_how_they_begin():
    for data in (closed(CONTENT), armor.encode(closed(CONTENT)).encode()):
        [identity] = age.parse_identities(data, "keys.age")
        assert isinstance(identity, LockedIdentities)
        assert "keys.age" in repr(identity)
        with pytest.raises(TypeError):
            pickle.dumps(identity)


def test_an_identity_file_with_broken_armor_is_refused_at_once():
    with pytest.raises(DocumentError, match="age armor"):
        age.parse_identities(b"-----BEGIN AGE ENCRYPTED FILE-----\nhunter2\n", "keys.age")


class TestSsh:
    KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
    DATA = KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.BestAvailableEncryption(b"open sesame"),
    )
    LINE = KEY.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()

    def wrapped(self) -> WrappedKey:
        return WrappedKey("age", self.LINE, age.parse_recipient(f"{self.LINE} me@host").wrap(DATA_KEY))

    def identity(self, person: Person) -> age.AgeIdentity:
        found = age_ssh.identity(self.DATA, "id_ed25519", asked=person)
        return age.AgeIdentity(found, "id_ed25519", str, asks=found.locked)

    def test_it_is_asked_for_when_an_entry_is_for_this_key(self):
        person = Person("open sesame")
        identity = self.identity(person)
        with pytest.raises(NotMine):
            identity.unwrap(entry())
        assert person.asked == []
        for _ in range(2):
            assert identity.unwrap(self.wrapped()) == DATA_KEY
        assert person.asked == ["Passphrase for the SSH key id_ed25519:"]

    def test_a_wrong_one_is_said_and_nobody_is_asked_again(self):
        person = Person("hunter2", "open sesame")
        identity = self.identity(person)
        for _ in range(2):
            with pytest.raises(KeySourceError, match="the passphrase is wrong"):
                identity.unwrap(self.wrapped())
        assert len(person.asked) == 1

    def test_a_public_half_of_another_key_beside_it_is_noticed(self):
        other = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
        pem = other.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
        )
        found = age_ssh.identity(pem, "id", public=self.LINE.encode, asked=Person("x"))
        with pytest.raises(KeySourceError, match="belongs to another one"):
            age.AgeIdentity(found, "id", str).unwrap(self.wrapped())

    def test_an_old_form_without_its_public_half_beside_it_is_refused(self):
        pem = self.KEY.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
        )

        def missing() -> bytes:
            raise KeySourceError("no such file")

        for public in (None, missing, lambda: b"hunter2"):
            with pytest.raises(KeySourceError, match="hides its public half") as caught:
                age_ssh.identity(pem, "id", public=public)
            assert "hunter2" not in caught.value.message


def test_two_threads_ask_one_question():
    import threading

    person = Person("open sesame")
    passphrase = Passphrase("x", None, person)
    found: list[Plaintext | Error] = []
    threads = [threading.Thread(target=lambda: found.append(passphrase())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [Plaintext("open sesame")] * 4
    assert len(person.asked) == 1


def test_a_person_has_as_long_as_the_deadline_allows():
    seen: list[Deadline] = []

    class Watch(Person):
        def secret(self, prompt: str, deadline: Deadline) -> Plaintext:
            seen.append(deadline)
            return Plaintext("x")

    deadline = Deadline(7)
    Passphrase("x", deadline, Watch())()
    Passphrase("x", None, Watch())()
    assert seen[0] is deadline
    assert 0 < (seen[1].left() or 0) <= terminal.ANSWER_SECONDS
