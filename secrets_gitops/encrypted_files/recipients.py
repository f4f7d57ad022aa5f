"""Recipients that a user names on the command line, and who is meant by them in files and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.envelopes.sops import metadata
from secrets_gitops.errors import Error, SettingsError
from secrets_gitops.keys import catalog
from secrets_gitops.keys.recipient import bare
from secrets_gitops.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.errors import Place
    from secrets_gitops.keys.recipient import Recipient

_LOOKS = (
    (pattern(r"age1|ssh-"), "age"),
    (pattern(r"arn:"), "kms"),
    (pattern(r"projects/"), "gcp_kms"),
    (pattern(r"https?://[^/]*/v[0-9]+/.+/keys/"), "hc_vault"),
    (pattern(r"https?://"), "azure_kv"),
    (pattern(r"(?:0x)?(?:[0-9A-Fa-f] *){16,40}!?\Z"), "pgp"),
)
"""How the text of a recipient begins → its kind."""


def parse(text: str) -> Recipient:
    """The recipient that `text` names: its kind is told by its form, or said before it: `pgp:…`, `hc_vault:…`.

    Raises SettingsError for a text that looks like no recipient, KeySourceError, NotBuiltYet.
    """
    kind, name = named(text)
    if not kind:
        raise SettingsError(
            f"`{text}` looks like no recipient",
            hints=(f"say its kind before it: {', '.join(f'`{one}:…`' for one in metadata.KINDS)}",),
        )
    return catalog.recipient(kind, name)


def named(text: str) -> tuple[str, str]:
    """Kind and text; the kind is empty when it is not known."""
    text = text.strip()
    kind, colon, rest = text.partition(":")
    if colon and kind in metadata.KINDS:
        return kind, rest.strip()
    return next((kind for looks, kind in _LOOKS if looks.match(text)), ""), text


def canonical(kind: str, text: str, place: Place | None = None) -> str:
    """The text that the metadata of a file has for a recipient of a rule.

    Raises SettingsError for a text that names no recipient; a kind that is not handled here is taken at its word.
    """
    if kind not in catalog.PARSERS:
        return text.strip().rstrip("/")
    try:
        return bare(catalog.recipient(kind, text, place).text)
    except SettingsError:
        raise
    except Error as error:  # a mistake in the rules, whatever module noticed it
        raise SettingsError(error.message, hints=error.hints, place=error.place or place) from error


def is_meant(kind: str, text: str, one: tuple[str, str]) -> bool:
    """Does `text`, of that kind or (empty) of any, mean the key with this kind and canonical text?

    An SSH key's comment, the version of an Azure key, and what else is told with the ARN of an AWS key may be left out.
    """
    other, whole = one
    if kind and kind != other:
        return False
    text, whole = bare(text.strip()), bare(whole)
    if other == "pgp":
        text = text.replace(" ", "").removeprefix("0x").upper()
        whole = whole.replace(" ", "").removeprefix("0x").upper()
        return text == whole or (len(text) >= 16 and (whole.endswith(text) or text.endswith(whole)))
    text = text.rstrip("/")
    if text == whole or (other == "azure_kv" and whole.startswith(f"{text}/")):
        return True
    return other == "kms" and whole.partition("|")[0].partition("+arn:")[0] == text


def texts(names: Sequence[str]) -> list[str]:
    """Texts with commas between, one by one, each once."""
    return list(dict.fromkeys(name.strip() for text in names for name in text.split(",") if name.strip()))
