"""What conditions and events say: the original's words, which people search for, and the probable cause after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.errors import EnvelopeError, NotBuiltYet

if TYPE_CHECKING:
    from secrets_gitops.errors import Error

NO_KEY = "no key could decrypt secret"
UNSEALED = "SealedSecret unsealed successfully"
_LONGEST = 1000


def of_unsealing(error: Error) -> str:
    """Why an object does not open, for its condition: per reason the items, then the probable cause."""
    if isinstance(error, EnvelopeError) and error.items:
        by_reason: dict[str, list[str]] = {}
        for item, reason in error.items:
            words = reason.partition(": ")[0] if reason.startswith("illegal base64") else NO_KEY
            by_reason.setdefault(words, []).append(item)
        text = "\n".join(f"{reason} ({', '.join(items)})" for reason, items in by_reason.items())
    else:
        text = error.message
    if error.hints and not isinstance(error, NotBuiltYet):
        text = f"{text}: {error.hints[0]}"
    return shortened(text)


def not_managed(name: str) -> str:
    """Somebody else's Secret is in the way; the words of the event."""
    return f'Resource "{name}" already exists and is not managed by SealedSecret'


def target_is_immutable(namespace: str, name: str) -> str:
    """The event of an update that an immutable Secret refuses."""
    return (
        f"Error updating {namespace}/{name}: the target Secret is immutable. Once a Secret is marked as immutable, it"
        " is not possible to revert this change nor to mutate the contents of the data field. You can only delete and"
        " recreate the Secret."
    )


def shortened(text: str) -> str:
    """The beginning of a long text; events take 1,024 bytes."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
