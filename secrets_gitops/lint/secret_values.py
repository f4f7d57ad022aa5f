"""How grave a value is that stands in the data of a Secret. The places differ between rules; the judgement does not."""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64

from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.value_model import classify
from secrets_gitops.lint.values import ciphertext, placeholders, public, shape
from secrets_gitops.lint.values.bodies import assignments
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.finding import Severity
    from secrets_gitops.lint.value_model import ValueClass

_REGISTRY_KEYS = (".dockerconfigjson", ".dockercfg")
_REGISTRY_SECRETS = frozenset({"auth", "password", "identitytoken", "registrytoken"})
_PRINTABLE = bytes((*range(0x20, 0x7F), 9, 10, 13))
_EXCUSES = frozenset({"template", "expansion", "placeholder", "documented", "reference", "ciphertext", "public"})


class Judgement(NamedTuple):
    """The class of a value, and how grave it is there; None: it may stand."""

    value_class: ValueClass
    severity: Severity | None


def judge(key: str, text: str, *, encoded: bool = False, tag: str | None = None) -> Judgement:
    """Judge what stands under `key` in the data of a Secret. `encoded`: in `data`, so in base64."""
    found, plain = _decoded_class(key, text) if encoded and tag != "!vault" else (_class(key, text, tag), text)
    if found in {"placeholder", "documented"}:
        return Judgement(found, "info")
    if found != "plaintext":
        return Judgement(found, None)
    name = read_key(key)
    if name.sensitivity == "plain" or (name.sensitivity == "open" and len(plain) < 64 and not _is_random(plain)):
        return Judgement(found, "medium")
    return Judgement(found, "high")


def is_made(text: str, *, encoded: bool) -> bool:
    """Does `text`, in base64 if `encoded`, look made by chance, or is it no text at all?"""
    data = _decoded(text) if encoded else None
    if data is None:
        return _is_random(text)
    return _is_random(data.decode("utf-8", "replace")) or len(data.translate(None, _PRINTABLE)) * 10 > len(data) > 8


def _is_random(text: str) -> bool:
    return any(shape.is_random_looking(word) for word in text.split())


def _class(key: str, text: str, tag: str | None = None) -> ValueClass:
    parts = assignments(text) if key in _REGISTRY_KEYS and text.lstrip().startswith("{") else None
    if parts is not None:
        inside = [part for part in parts if part.key in _REGISTRY_SECRETS or read_key(part.key).sensitivity == "strong"]
        classes = [classify(part.value, "password", strict=True) for part in inside]
        return next((found for found in ("plaintext", "placeholder") if found in classes), "setting")
    return classify(text, key, strict=True, tag=tag)


def _decoded_class(key: str, text: str) -> tuple[ValueClass, str]:
    """The class of base64 `text`, and what it stands for; text that is no base64 is judged as it is."""
    data = _decoded(text)
    if data is None:
        return _class(key, text), text
    if not data:
        return "empty", ""
    if len(data.translate(None, _PRINTABLE)) * 10 > len(data):
        return _binary_class(text, data), text
    plain = data.decode("utf-8", "replace")
    found = _class(key, plain)
    twice = _decoded(plain) if found == "plaintext" and len(plain) >= 8 else None
    if twice and len(twice.translate(None, _PRINTABLE)) * 10 <= len(twice):
        inner = _class(key, twice.decode("utf-8", "replace"))
        found = inner if inner in _EXCUSES else found
    return found, plain


def _binary_class(text: str, data: bytes) -> ValueClass:
    """The class of bytes that are no text: `changeme` is valid base64 too."""
    try:
        plain = data.decode()
    except UnicodeDecodeError:
        plain = ""
    if plain and plain.isprintable():  # letters beyond ASCII
        return classify(plain, strict=True)
    if ciphertext.is_ciphertext_bytes(data):
        return "ciphertext"
    if public.is_public_der(data):
        return "public"
    return "placeholder" if placeholders.is_placeholder(text) else "plaintext"


def _decoded(text: str) -> bytes | None:
    """The bytes that base64 `text` stands for; None when it is none."""
    try:
        return a2b_base64("".join(text.split()).encode("ascii"), strict_mode=True)
    except (UnicodeEncodeError, Base64Error):
        return None


def is_secret_in_template(key: str, text: str) -> bool:
    """Is there a secret in a text that goes into a Secret but may hold settings too (the template of a SealedSecret)?

    A strong key is enough, and so is a login in a URL; otherwise the value must look random, and its key must not say
    that it is a name.
    """
    for name, value in assignments(text) or ((key, text),):
        if classify(value, name) == "plaintext":
            sensitivity = read_key(name).sensitivity
            if (
                sensitivity == "strong"
                or "@" in value.partition("://")[2]
                or (sensitivity != "plain" and _is_random(value))
            ):
                return True
    return False
