"""`sops encrypt`, and `sops -e` of the old style."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.cli import console
from secrets_gitops.cli.drop_in import flags, recipients, session
from secrets_gitops.cli.drop_in.exit_codes import (
    CANNOT_ENCRYPT,
    CANNOT_READ,
    CANNOT_SERIALISE,
    CONFLICTING_FLAGS,
    GENERIC,
    HAS_METADATA,
    NO_DOCUMENT,
    NO_FILE,
    Stop,
    stage,
)
from secrets_gitops.cli.drop_in.output import put, target
from secrets_gitops.envelopes.sops.groups import KeyGroups
from secrets_gitops.envelopes.sops.selection import DEFAULT, FIELDS, Selection, Selector
from secrets_gitops.errors import BackendError, DocumentError, EnvelopeError, KeySourceError, SettingsError

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session
    from secrets_gitops.documents.document import Document, Format
    from secrets_gitops.keys.recipient import Recipient
    from secrets_gitops.repository.creation_rules import CreationRule

FLAGS = (
    flags.IN_PLACE, flags.OUTPUT, *flags.RECIPIENTS, flags.INPUT_TYPE, flags.OUTPUT_TYPE, *flags.SELECTORS,
    flags.THRESHOLD, flags.OVERRIDE, flags.GLOBAL_MAC_ONLY, *flags.KEY_SERVICE,
)  # fmt: skip

_ENVELOPE = "ENC[AES256_GCM,"


class Recipe(NamedTuple):
    """How a file is to be encrypted."""

    keys: KeyGroups
    selector: Selector
    mac_only_encrypted: bool
    clear_is_meant: bool
    """The selector is that of a flag, which takes the place of the rule's: whoever does so means it."""


def run(here: Session, given: Arguments) -> int:
    """Print the encrypted file, or write it."""
    path = session.only_file(given)
    to = target(given, path)
    name = given.text("filename-override") or path
    if name is None:
        raise Stop(CONFLICTING_FLAGS, "standard input has no name", hints=("say it: `--filename-override NAME`",))
    if path is not None and not session.exists(path):
        raise Stop(NO_FILE, "there is no such file", path=path)
    session.refuse_key_services(given)
    here.loaded_rules()
    form = session.input_format(given, name)
    data = session.read_input(path)
    if form == "json" and to != path:
        data = _first_value(data, path or name)
    plain = read_plain(data, path or name, form)
    how = recipe(here, given, name)
    out = session.output_format(given, name)
    put(encrypted(plain, how, out, here).to_bytes(), to, private=False)
    return 0


def read_plain(data: bytes, path: str, form: Format) -> Document:
    """A plaintext file. Raises Stop for one that sops does not take."""
    from secrets_gitops.encrypted_files import encrypt

    with stage(CANNOT_READ):
        plain = encrypt.read_plain(data, path, form)
    if not plain.roots:
        code = CANNOT_READ if data.strip() else NO_DOCUMENT  # sops reads a file of comments as a broken one
        raise Stop(code, "there is nothing in the file to encrypt", path=path)
    for root in plain.roots if form in {"yaml", "json"} else ():
        top = root.resolved()
        is_empty = top.kind == "scalar" and form == "yaml" and top.text in {"", "~", "null", "Null", "NULL"}
        if top.kind != "mapping" and not is_empty:
            raise Stop(CANNOT_READ, DocumentError("the top of the file is no map", place=plain.place(top)))
    return plain


def _first_value(data: bytes, path: str) -> bytes:
    """JSON without what stands behind its first object: sops passes over it, and it must not stay readable."""
    import json

    try:
        text = data.decode()
        start = len(text) - len(text.lstrip())
        end = json.JSONDecoder().raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return data  # the reader says what is wrong
    if text[end:].strip():
        console.warn(f"what stands behind the first value of {path} is left out, as sops does it")
        return text[:end].encode()
    return data


def encrypted(plain: Document, how: Recipe, form: Format, here: Session) -> Document:
    """The encrypted document, in another format where one is asked for. Raises Stop."""
    from secrets_gitops.envelopes.sops import creating

    if form != plain.inner:
        from secrets_gitops.documents import convert

        with stage(CANNOT_SERIALISE):
            plain = convert.to_document(plain, form, indent=here.indent(form))
    with stage(HAS_METADATA):
        creating.refuse_own_block(plain)
    allow_clear = how.clear_is_meant or _marks_something(plain, how.selector)
    with (
        stage(GENERIC, SettingsError, KeySourceError, BackendError),
        stage(CANNOT_READ if plain.inner == "json" else CANNOT_ENCRYPT, DocumentError),  # a number beyond all doubles
        stage(CANNOT_ENCRYPT, EnvelopeError),
    ):
        sealed, expanded = creating.create(
            plain,
            how.keys,
            how.selector,
            session.now(),
            mac_only_encrypted=how.mac_only_encrypted,
            allow_clear=allow_clear,
        )
    if allow_clear and sealed.text.count(_ENVELOPE) <= len(sealed.roots):  # the MAC of each document
        console.warn(f"nothing was encrypted: `{how.selector}` leaves every value in clear")
    for line in expanded:
        console.note(f"{plain.path}:{line}: the alias was written out, since what it repeats is encrypted")
    return sealed


def _marks_something(plain: Document, selector: Selector) -> bool:
    """Does a selector of comments match one, though none may govern a value? In INI a comment governs the next key."""
    return selector.field == "encrypted_comment_regex" and any(
        Selection(selector, lenient=True).matches(comment.text) for comment in plain.comments()
    )


def recipe(here: Session, given: Arguments, name: str) -> Recipe:
    """Keys, selector and extent of the MAC for a file: flags before the rule that fits. Raises Stop."""
    named = recipients.named(given)
    found = here.rules_for(name)
    rule = found.rule
    if rule is None and found.rules is not None and found.rules.declared:
        raise Stop(GENERIC, SettingsError(f"no creation rule in `{found.path}` fits `{name}`"))
    selector = _selector(given, rule)
    only_encrypted = given.switch("mac-only-encrypted") or here.given.switch("mac-only-encrypted")
    return Recipe(
        _keys(named, rule, given),
        selector,
        only_encrypted or (rule is not None and rule.mac_only_encrypted),
        clear_is_meant=rule is not None and rule.selector is not None and rule.selector != selector,
    )


def _keys(named: list[Recipient], rule: CreationRule | None, given: Arguments) -> KeyGroups:
    from secrets_gitops.encrypted_files import rules

    threshold = given.number("shamir-secret-sharing-threshold") or (rule.shamir_threshold if rule else 0)
    if named:
        keys = KeyGroups((tuple(named),), threshold)
    elif rule is not None:
        with stage(GENERIC):
            keys = rules.key_groups(rule)._replace(threshold=threshold)
    else:
        raise Stop(
            GENERIC,
            "there are no creation rules, and no key is named",
            hints=("name a recipient: `--age age1…`", "or put one into `.sops.yaml`"),
        )
    with stage(GENERIC):
        keys.check()
    return keys


def _selector(given: Arguments, rule: CreationRule | None) -> Selector:
    chosen = {field: text for field in FIELDS if (text := given.text(field.replace("_", "-")))}
    if rule is not None and rule.selector is not None:
        chosen.setdefault(rule.selector.field, rule.selector.text)
    if len(chosen) > 1:
        raise Stop(CONFLICTING_FLAGS, f"only one of {' and '.join(f'`{field}`' for field in chosen)} may be set")
    return Selector(*next(iter(chosen.items()))) if chosen else DEFAULT
