"""Which leaves are encrypted: the six selectors of sops and the decision they make. Needs no key."""

from __future__ import annotations

from secrets_gitops.errors import SettingsError
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from secrets_gitops.errors import Place

FIELDS = (
    "unencrypted_suffix",
    "encrypted_suffix",
    "unencrypted_regex",
    "encrypted_regex",
    "unencrypted_comment_regex",
    "encrypted_comment_regex",
)
"""The selector fields of a `sops` block and of a creation rule; at most one of them may be set."""


class Selector(NamedTuple):
    """One of the six fields and its text."""

    field: str
    text: str

    def __str__(self) -> str:
        return f"{self.field}: {self.text}"


DEFAULT = Selector("unencrypted_suffix", "_unencrypted")
"""What holds when no field is set; sops writes it out."""


class Selection:
    """A selector made ready for asking.

    Raises SettingsError when its regular expression is not valid; with `lenient`, for files that exist, it then
    matches nothing, as in sops, and `valid` is False.
    """

    __slots__ = ("_found", "_keys", "by_comment", "selector", "valid", "wants_match")

    def __init__(self, selector: Selector, place: Place | None = None, *, lenient: bool = False) -> None:
        self.selector = selector
        self.wants_match = selector.field.startswith("encrypted")
        """True: a match encrypts. False: a match leaves in clear."""
        self.by_comment = selector.field.endswith("comment_regex")
        self.valid = True
        suffix = selector.text
        self._found: Callable[[str], object] = lambda key: key.endswith(suffix)
        if not selector.field.endswith("suffix"):
            from secrets_gitops.golang import regexp  # noqa: PLC0415  most files select by suffix and need none

            try:
                self._found = _bearing_bytes(regexp.tester(selector.text))
            except ValueError as error:
                if not lenient:
                    raise _invalid(selector, str(error), place) from error
                self.valid = False
                self._found = lambda _: False
        self._keys: dict[str, bool] = {}

    def matches(self, text: str) -> bool:
        """Does the suffix or expression fit this key or comment?"""
        return bool(self._found(text))

    def match(self, key: str) -> bool:
        """As `matches`, for keys, which come again and again."""
        found = self._keys.get(key)
        if found is None:
            found = self._keys[key] = bool(self._found(key))
        return found

    def selects(self, path: Sequence[str], comments: Sequence[Sequence[str]] = (), *, is_comment: bool = False) -> bool:
        """Is the leaf at `path` encrypted? `comments` are the active ones, one sequence per enclosing map or list.

        `is_comment`: the leaf is itself the last comment of the last sequence.
        """
        if self.by_comment:
            return self._governed(comments, is_comment=is_comment) is self.wants_match
        keys = self._keys
        for key in path:
            matches = keys.get(key)
            if matches is None:
                matches = keys[key] = bool(self._found(key))
            if matches:
                return self.wants_match
        return not self.wants_match

    def _governed(self, comments: Sequence[Sequence[str]], *, is_comment: bool) -> bool:
        """Does an active comment match? Under `encrypted_…` the newest comment is not tested against itself."""
        for level, texts in enumerate(comments):
            newest = len(texts) - 1 if is_comment and self.wants_match and level == len(comments) - 1 else -1
            for at, text in enumerate(texts):
                if at != newest and self._found(text):
                    return True
        return False


def _bearing_bytes(found: Callable[[str], object]) -> Callable[[str], object]:
    """The same question, which may also be asked of a text with bytes in it that are not UTF-8."""

    def tolerant(text: str) -> object:
        try:
            return found(text)
        except UnicodeEncodeError:
            return found(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))

    return tolerant


def _invalid(selector: Selector, reason: str, place: Place | None) -> SettingsError:
    return SettingsError(
        f"`{selector.field}` is not a valid regular expression: {reason}",
        hints=("sops would accept it in silence and leave everything in clear; correct the expression",),
        place=place,
    )
