"""A `sops` block that was cut out of a file, or is to be put into one."""

from __future__ import annotations

from secrets_gitops.records import NamedTuple


class Stamp(NamedTuple):
    """What every sealing writes anew."""

    lastmodified: str
    mac: str


class Cut(NamedTuple):
    """A block taken out of one document, and how to find its place again."""

    start: int
    end: int
    """The span in the document it was cut from."""
    text: str
    fields: tuple[tuple[str, int, int], ...]
    """Name and span, in `text`, of the values of `mac` and `lastmodified`."""
    before: int
    """How many keys stood before it."""
    after: int
    """How many keys stood behind it."""
    tail: int
    """Lines between the block and the next key or the end of the document."""
    pieces: tuple[tuple[int, int], ...] = ()
    """In dotenv and INI: the spans that are the block, which may be several."""
    quoted: bool = True
    """A time needs quotes."""

    def stamped(self, stamp: Stamp) -> str:
        """The block with a new MAC and time; quotes stay as they are."""
        text = self.text
        for name, start, end in sorted(self.fields, key=lambda field: -field[1]):
            fresh = stamp.mac if name == "mac" else stamp.lastmodified
            quote = text[start] if text[start] in "\"'" else ""
            if name == "lastmodified" and not quote and self.quoted:
                quote = '"'  # sops 3.13 refuses a time without quotes
            text = f"{text[:start]}{quote}{fresh}{quote}{text[end:]}"
        return text
