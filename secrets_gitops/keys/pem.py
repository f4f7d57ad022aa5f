"""PEM text cut into its blocks, and what a block is, said before a library is asked to parse it."""

from __future__ import annotations

import re
from typing import NamedTuple

_BLOCK = re.compile(rb"^-----BEGIN ([A-Z0-9 ]+)-----[ \t]*\r?\n.*?^-----END \1-----", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """One PEM block; `text` is the whole of it with plain line ends."""

    label: str
    text: bytes

    @property
    def is_private(self) -> bool:
        """Whether it holds a private key of any sort."""
        return self.label.endswith("PRIVATE KEY")

    @property
    def is_encrypted(self) -> bool:
        """Whether a passphrase closes it: PKCS#8's own label, or the header lines of the old form."""
        return self.label == "ENCRYPTED PRIVATE KEY" or b"Proc-Type: 4,ENCRYPTED" in self.text


def blocks(data: bytes) -> list[Block]:
    """The PEM blocks of `data` in order; what stands between them is a comment, and so is indented PEM."""
    return [
        Block(match[1].decode(), match[0].replace(b"\r\n", b"\n") + b"\n")
        for match in _BLOCK.finditer(data.removeprefix(b"\xef\xbb\xbf"))
    ]
