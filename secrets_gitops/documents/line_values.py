"""Values as dotenv and INI text: as sops writes them, and in INI quoted so that the value is read back unchanged."""

from __future__ import annotations

from secrets_gitops.documents.limits import Limits
from secrets_gitops.errors import DocumentError
from secrets_gitops.golang.numbers import go_float
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Format
    from secrets_gitops.documents.scalars import Scalar

_SIGNS = r"A-Za-z0-9_./+,@%^&*()\[\]{}<>|~!?$-"
_SAFE = pattern(f"[{_SIGNS}](?:[:= {_SIGNS}]*[:={_SIGNS}])?")
"""An INI value that means itself, without quotes."""
_WORD = pattern(r"[A-Za-z0-9_.][A-Za-z0-9_. -]*")
_SHORT_TIME = pattern(r"\.[0-9]+")


def text_of(value: Scalar) -> str:
    """A value as text, as sops converts it where all values are texts. Raises DocumentError for null."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return go_float(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if value is None:
        raise DocumentError(
            "a null cannot be written here",
            hints=('only texts can; an empty text is `""`, and `unset` removes a value',),
        )
    return _SHORT_TIME.sub("", value.text)


def value_text(value: Scalar, format: Format, *, quote: str = "", behind: str = "") -> str:  # noqa: A002  the field's standard word
    """A value for its place in a file of that format.

    `quote`: the quotes that stood around the value there before, which it keeps where it can; `behind`: what follows on
    its line, a comment. Raises DocumentError for what cannot be written.
    """
    text = text_of(value)
    if format == "dotenv":
        return text.replace("\n", "\\n") if isinstance(value, str | bytes) else text
    goes_on = behind.rstrip().endswith("\\")  # of a value without quotes the next line would be a part
    if not quote and not goes_on and _SAFE.fullmatch(text) and behind.lstrip()[:1] in {"", ";", "#"}:
        return text
    for one in dict.fromkeys((*((quote,) if quote else ()), *_quotes(text), '"""', "`", '"', "'")):
        written = f"{one}{text}{one}"
        if _reads_as(written, text, behind):
            return written
    raise DocumentError("this value cannot be written into an INI file", hints=("INI has no escapes for its quotes",))


def _quotes(text: str) -> tuple[str, ...]:
    """How go-ini quotes a value, its first choice first."""
    if "\n" in text or "`" in text:
        return ('"""',)
    if "#" in text or ";" in text:
        return ("`",)
    return ("", '"') if text.strip() == text else ('"',)


def _reads_as(written: str, text: str, behind: str) -> bool:
    from secrets_gitops.documents import ini  # noqa: PLC0415  the reader of INI reads no values of others

    try:
        root, comments, _ = ini.parse(f"k = {written}{behind}\n", "", Limits.LARGE)
    except DocumentError:
        return False
    pairs = root.pairs[0][1].pairs
    return len(root.pairs) == 1 and len(pairs) == 1 and (behind or not comments) and pairs[0][1].text == text


def quote_of(token: str) -> str:
    """The quotes in which the text of an INI value stands."""
    for quote in ('"""', "`", '"', "'"):
        if len(token) >= 2 * len(quote) and token.startswith(quote) and token.endswith(quote):
            return quote
    return ""


def key_text(key: str, format: Format) -> str:  # noqa: A002  as above
    """A new key. Raises DocumentError for one that would not be read as itself."""
    if format == "dotenv":
        if "=" in key or "\n" in key or key.startswith("#"):
            raise DocumentError(
                "such a key cannot be written into a dotenv file", hints=("a key has no `=` and no line break",)
            )
        return key
    if _WORD.fullmatch(key) and key.strip() == key and key != "-":
        return key
    from secrets_gitops.documents import ini  # noqa: PLC0415  as in _reads_as

    for quote in ("", "`", '"""'):
        try:
            root, _, _ = ini.parse(f"{quote}{key}{quote} = v\n", "", Limits.LARGE)
        except DocumentError:
            continue
        pairs = root.pairs[0][1].pairs
        if len(root.pairs) == 1 and [(name.text, value.text) for name, value in pairs] == [(key, "v")]:
            return f"{quote}{key}{quote}"
    raise DocumentError("such a key cannot be written into an INI file", hints=("keys have no line breaks",))


def section_text(name: str) -> str:
    """The header of a new INI section. Raises DocumentError for a name that would not be read as itself."""
    if not name or "\n" in name:
        raise DocumentError("such a section cannot be written into an INI file")
    return f"[{name}]"
