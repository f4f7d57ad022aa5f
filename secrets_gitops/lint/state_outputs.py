"""The outputs of a state file of Terraform: which of their values are secrets, and where they stand.

Only the maps of outputs are parsed; a state may hold many resources, and they are looked at as text.
"""

from __future__ import annotations

from itertools import islice
from json import JSONDecoder

from secrets_gitops.documents.limits import Limits
from secrets_gitops.documents.read import read
from secrets_gitops.errors import DocumentError
from secrets_gitops.lint.leaves import leaves
from secrets_gitops.lint.value_model import is_secret
from secrets_gitops.lint.values import shape
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Document
    from secrets_gitops.lint.leaves import Leaf

OUTPUTS = pattern(r'"outputs"\s{0,20}:\s{0,20}(?=\{\s{0,200}")')
"""Before a map of outputs that is not empty; modules have maps of their own in the states of old versions."""
_MOST = 50
"""Maps that are read: a text that opens more of them is no state."""


class Output(NamedTuple):
    """A secret in bytes `start` (included) to `end` (excluded), its key included where that stands beside it."""

    key: str
    value: str
    start: int
    end: int


def secrets(data: bytes) -> Iterator[Output]:
    """The secrets in all outputs, in order."""
    text = data.decode("utf-8", "replace")
    counted = done = at = 0
    for opening in islice(OUTPUTS.finditer(text), _MOST):
        start = opening.end()
        if start < done:
            continue
        try:
            _, done = JSONDecoder().raw_decode(text, start)
            document = read(text[start:done], path="", format="json", limits=Limits.LARGE, duplicates="keep")
        except (DocumentError, ValueError, RecursionError):
            continue
        for leaf, key in _in_map(document):
            keyed = leaf.key is not None and leaf.key.text == leaf.keys[-1]
            first = start + (leaf.key.start + 1 if leaf.key is not None and keyed else leaf.node.start)
            last = start + leaf.node.end
            at, counted = at + len(text[counted:first].encode()), first
            yield Output(key, leaf.text, at, at + len(text[first:last].encode()))


def _in_map(document: Document) -> Iterator[tuple[Leaf, str]]:
    """Each leaf of a map of outputs that is a secret, and what it is called.

    An output that is marked as sensitive is one whatever it is called. In a map or a list what stands under a name that
    says nothing must look made by chance: there are hosts and users beside the passwords.
    """
    marked = {
        name.text
        for name, output in document.roots[0].pairs
        if (mark := output.get("sensitive")) is not None and mark.text == "true"
    }
    for leaf in leaves(document, ()):
        keys, value = leaf.keys, leaf.text
        if len(value) < 4 or keys[1:2] != ("value",):
            continue
        if keys[0] in marked and (len(keys) == 2 or leaf.sense.sensitivity == "open"):
            is_one = (len(keys) == 2 or shape.is_random_looking(value)) and is_secret(value, "password")
        else:
            is_one = leaf.sense.is_sensitive and is_secret(value, leaf.sense)
        if is_one:
            yield leaf, keys[0] if keys[-1] == "value" or keys[-1].isdigit() else keys[-1]
