"""Creation rules: which recipients and which selector a file gets, as `.sops.yaml` says.

Read as sops reads it, but an unknown field inside a rule is told: sops ignores it, so that `path_regx` makes a rule for
every file. The file that counts is the nearest above the encrypted file (sops: above the working directory).
"""

from __future__ import annotations

import posixpath
from types import MappingProxyType

from secrets_gitops.envelopes.sops.selection import FIELDS, Selector
from secrets_gitops.errors import Place, SettingsError
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple
from secrets_gitops.repository.fields import Fields, near, read_settings
from secrets_gitops.repository.snapshot import follow

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.repository.destination_rules import DestinationRule
    from secrets_gitops.repository.snapshot import Snapshot

NAME = ".sops.yaml"
IGNORED_NAME = ".sops.yml"
_LIMIT = 1 << 20
_WHOLE = pattern(r"-?[0-9]{1,4}\Z")
_TOP_LEVEL = ("creation_rules", "destination_rules", "stores")
_FLAT = {
    "age": "age",
    "pgp": "pgp",
    "kms": "kms",
    "gcp_kms": "gcp_kms",
    "hckms": "hckms",
    "azure_keyvault": "azure_kv",
    "hc_vault_transit_uri": "hc_vault",
}
"""Field of a rule → kind of key as the metadata names it, in the order in which sops writes them."""
_MEMBERS = {**{field: kind for field, kind in _FLAT.items() if kind != "hc_vault"}, "hc_vault": "hc_vault"}
"""Field of a key group → kind."""
_ENTRIES: dict[str, tuple[str, ...]] = {
    "kms": ("arn", "role", "context", "aws_profile"),
    "gcp_kms": ("resource_id",),
    "hckms": ("key_id",),
    "azure_kv": ("vaultUrl", "key", "version"),
}
"""The kinds whose entries in a group are mappings, with their fields."""
_RULE = (
    "path_regex", *_FLAT, "aws_profile", "key_groups", "shamir_threshold", *FIELDS, "mac_only_encrypted",
)  # fmt: skip


class KeyRef(NamedTuple):
    """A recipient that a rule names, not looked at any closer: kind as in the metadata, text, and where it stands."""

    kind: str
    text: str
    place: Place


class CreationRule(NamedTuple):
    """One rule."""

    place: Place
    path_regex: str
    """RE2, searched in the path below the folder of the file with the rules; empty fits every path."""
    groups: tuple[tuple[KeyRef, ...], ...]
    shamir_threshold: int
    """How many groups it takes; 0: all."""
    selector: Selector | None
    """None: the default of sops."""
    mac_only_encrypted: bool
    mistake: SettingsError | None = None
    """Why it cannot be followed, in rules that were read one by one."""


class CreationRules:
    """The rules of one file, in order, and what was noticed in reading it."""

    __slots__ = (
        "_compiled",
        "_destinations_mistake",
        "_strict",
        "declared",
        "destinations",
        "indents",
        "path",
        "rules",
        "warnings",
    )

    def __init__(
        self,
        path: str,
        rules: tuple[CreationRule, ...],
        warnings: tuple[tuple[Place, str], ...],
        *,
        strict: bool,
        declared: bool = True,
        indents: Mapping[str, int] = MappingProxyType({}),
        destinations: tuple[DestinationRule, ...] = (),
        destinations_mistake: SettingsError | None = None,
    ) -> None:
        self.path = path
        self.rules = rules
        self.warnings = warnings
        self.declared = declared
        """The file has rules, if only an empty list; without, sops takes keys from the command line."""
        self.destinations = destinations
        """Where files are pushed to."""
        self.indents = indents
        """Name of a store (`yaml`, `json`, `json_binary`) → by how much it indents what is written anew."""
        self._destinations_mistake = destinations_mistake
        self._strict = strict
        self._compiled: dict[str, re.Pattern[str]] = {}

    def rule_for(self, path: str) -> CreationRule | None:
        """The first rule that fits `path`, which is relative to what `self.path` is relative to, or absolute like it.

        Raises SettingsError when the search meets a rule with an invalid expression, and, when the rules were read
        `strict`, for a rule that names no keys; when they were read one by one, for whatever is wrong with the rule.
        """
        folder = posixpath.dirname(self.path)
        below = path.removeprefix(folder.rstrip("/") + "/") if folder else path
        for rule in self.rules:
            if rule.path_regex and not self._expression(rule).search(below):
                continue
            if rule.mistake is not None:
                raise rule.mistake
            if self._strict and not (rule.groups and all(rule.groups)):
                what = "an empty key group" if rule.groups else "no keys"
                raise SettingsError(
                    f"the creation rule for `{below}` has {what}",
                    hints=("name recipients: `age: age1…`",),
                    place=rule.place,
                )
            return rule
        return None

    def destination_for(self, path: str) -> DestinationRule | None:
        """The first destination whose expression fits `path` as the user wrote it: so sops has it.

        Raises SettingsError for a mistake in the destinations of rules that were read one by one.
        """
        if self._destinations_mistake is not None:
            raise self._destinations_mistake
        return next(
            (one for one in self.destinations if not one.path_regex or self._expression(one).search(path)), None
        )

    def _expression(self, rule: CreationRule | DestinationRule) -> re.Pattern[str]:
        if rule.path_regex not in self._compiled:
            self._compiled[rule.path_regex] = _compiled("path_regex", rule.path_regex, rule.place)
        return self._compiled[rule.path_regex]


def find(snapshot: Snapshot, path: str) -> str | None:
    """The nearest `.sops.yaml` above the file `path`, not above the root; None when there is none."""
    return next((rules for rules in _above(path, NAME) if snapshot.exists(rules)), None)


def _above(path: str, name: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    while folder:
        yield f"{folder}/{name}"
        folder = posixpath.dirname(folder)
    yield name


def load(snapshot: Snapshot, path: str, *, strict: bool) -> CreationRules | None:
    """The rules that count for the file `path`, or None without any. Raises SettingsError as `parse` does."""
    found = find(snapshot, path)
    if found is None:
        return None
    target = follow(snapshot, found)
    if target is None:
        raise SettingsError("a symbolic link that leads to no file of the repository", place=Place(found))
    return parse(snapshot.read(target, _LIMIT), found, strict=strict)


def parse(data: bytes, path: str, *, strict: bool, one_by_one: bool = False) -> CreationRules:
    """The rules in `data`, the content of the file `path`.

    Raises SettingsError for what sops would not load. An unknown field in a rule and an invalid regular expression are
    errors too when `strict` (before encrypting), otherwise warnings. Unknown fields at the top are nobody's business:
    lists of anchors live there.

    `one_by_one`, as sops does it: only what it would not load is an error. All else that is wrong, as strictly as
    before encrypting, is an error of the rule in which it stands, once that rule is the one that counts.
    """
    document = read_settings(data, path, "creation rules")
    return _Reader(document, strict=strict or one_by_one, one_by_one=one_by_one).rules()


class _Reader:
    """Reads one file; gathers warnings on the way."""

    def __init__(self, document: Document, *, strict: bool, one_by_one: bool) -> None:
        self._document = document
        self._strict = strict
        self._one_by_one = one_by_one
        self._warnings: list[tuple[Place, str]] = []

    def rules(self) -> CreationRules:
        rules: tuple[CreationRule, ...] = ()
        declared = False
        indents: dict[str, int] = {}
        destinations: tuple[DestinationRule, ...] = ()
        mistake: SettingsError | None = None
        for root in self._document.roots[:1]:
            top = Fields(self._document, root, "creation rules")
            declared = "creation_rules" in top
            indents = _indents(top)
            read_rule = self._rule_or_mistake if self._one_by_one else self._rule
            rules = tuple(read_rule(node) for node in top.items("creation_rules"))
            try:
                destinations = tuple(self._destination(node) for node in top.items("destination_rules"))
            except SettingsError as error:
                if not self._one_by_one:
                    raise
                mistake = error
            if "creation_rules" not in top:
                for name in top.names():
                    if near(name, _TOP_LEVEL) == "creation_rules":
                        self._warn(top.place_of(name), f"`{name}` is not known; the rules stand under `creation_rules`")
        for root in self._document.roots[1:]:
            self._warn(self._document.place(root), "only the first YAML document counts")
        return CreationRules(
            self._document.path,
            rules,
            tuple(self._warnings),
            strict=self._strict and not self._one_by_one,
            declared=declared,
            indents=indents,
            destinations=destinations,
            destinations_mistake=mistake,
        )

    def _warn(self, place: Place, text: str) -> None:
        self._warnings.append((place, text))

    def _complain(self, error: SettingsError) -> None:
        """Raise before encrypting; elsewhere a warning."""
        if self._strict:
            raise error
        assert error.place is not None
        self._warn(error.place, "; ".join((error.message, *error.hints)))

    def _check(self, fields: Fields, known: Collection[str]) -> None:
        for error in fields.unknown(known):
            self._complain(error)

    def _destination(self, node: Node) -> DestinationRule:
        from secrets_gitops.repository import destination_rules  # noqa: PLC0415  few repositories have such rules

        fields = Fields(self._document, node, "a destination rule")
        self._check(fields, destination_rules.KNOWN)
        path_regex = fields.text("path_regex")
        self._check_expression("path_regex", path_regex, fields)
        inner = fields.node("recreation_rule")
        return destination_rules.of(fields, path_regex, None if inner is None else self._rule(inner))

    def _rule_or_mistake(self, node: Node) -> CreationRule:
        """A rule, or what is wrong with it; raises SettingsError for fields of another type, which sops cannot load."""
        fields = Fields(self._document, node, "a creation rule")
        for name in ("path_regex", *FIELDS):
            fields.text(name)
        fields.number("shamir_threshold")
        fields.flag("mac_only_encrypted")
        fields.items("key_groups")
        try:
            return self._rule(node)
        except SettingsError as error:
            return CreationRule(fields.place, fields.text("path_regex"), (), 0, None, False, error)

    def _rule(self, node: Node) -> CreationRule:
        fields = Fields(self._document, node, "a creation rule")
        self._check(fields, _RULE)
        path_regex = fields.text("path_regex")
        self._check_expression("path_regex", path_regex, fields)
        groups = tuple(self._group(group) for group in fields.items("key_groups"))
        flat = _once(key for name, kind in _FLAT.items() for key in self._flat(fields, name, kind))
        if groups and flat:
            self._warn(
                fields.place, f"`{next(name for name in _FLAT if name in fields)}` is ignored beside `key_groups`"
            )
        return CreationRule(
            place=fields.place,
            path_regex=path_regex,
            groups=groups or ((flat,) if flat else ()),
            shamir_threshold=fields.number("shamir_threshold"),
            selector=self._selector(fields),
            mac_only_encrypted=fields.flag("mac_only_encrypted"),
        )

    def _check_expression(self, name: str, text: str, fields: Fields) -> None:
        if text:
            try:
                _compiled(name, text, fields.place_of(name))
            except SettingsError as error:
                self._complain(error)

    def _selector(self, fields: Fields) -> Selector | None:
        chosen = [Selector(name, text) for name in FIELDS if (text := fields.text(name))]
        if len(chosen) > 1:
            raise SettingsError(
                f"`{chosen[0].field}` and `{chosen[1].field}` in one creation rule; only one may be set",
                place=fields.place_of(chosen[1].field),
            )
        if chosen and chosen[0].field.endswith("regex"):
            self._check_expression(*chosen[0], fields)
        return chosen[0] if chosen else None

    def _flat(self, fields: Fields, name: str, kind: str) -> Iterator[KeyRef]:
        """Text with commas, or a list of texts."""
        node = fields.node(name)
        profile = fields.text("aws_profile") if kind == "kms" else ""
        end = f"||{profile}" if profile else ""  # between the bars the encryption context would stand
        if node is not None and node.kind == "scalar":
            for text in node.text.split(","):
                if text.strip():
                    yield KeyRef(kind, text.strip() + end, self._document.place(node))
        else:
            for key in self._texts(fields, name, kind):
                yield key._replace(text=key.text + end)

    def _texts(self, fields: Fields, name: str, kind: str) -> Iterator[KeyRef]:
        for item in fields.items(name):
            if item.kind != "scalar":
                raise fields.wrong(name, "must be a list of texts")
            if item.text.strip():
                yield KeyRef(kind, item.text.strip(), self._document.place(item))

    def _group(self, node: Node) -> tuple[KeyRef, ...]:
        """The keys of a group, those of merged groups first, each once."""
        fields = Fields(self._document, node, "a key group")
        self._check(fields, (*_MEMBERS, "merge"))
        return _once((*(key for merged in fields.items("merge") for key in self._group(merged)), *self._own(fields)))

    def _own(self, fields: Fields) -> Iterator[KeyRef]:
        for name, kind in _MEMBERS.items():
            yield from self._entries(fields, name, kind) if kind in _ENTRIES else self._texts(fields, name, kind)

    def _entries(self, fields: Fields, name: str, kind: str) -> Iterator[KeyRef]:
        """Entries that are mappings, as the text that the flat field would have."""
        for item in fields.items(name):
            entry = Fields(self._document, item, f"an entry of `{name}`")
            self._check(entry, _ENTRIES[kind])
            first, *others = (name for name in _ENTRIES[kind] if name != "context")
            text = entry.text(first)
            if kind == "kms":
                text += f"+{role}" if (role := entry.text("role")) else ""
                context = entry.mapping("context")
                pairs = ",".join(f"{key}:{context.text(key)}" for key in context.names()) if context else ""
                profile = entry.text("aws_profile")
                text += f"|{pairs}" if pairs or profile else ""
                text += f"|{profile}" if profile else ""
            elif kind == "azure_kv":
                text = "/".join([text.rstrip("/"), "keys", *(entry.text(other) for other in others)]).rstrip("/")
            yield KeyRef(kind, text, entry.place)


def _indents(top: Fields) -> dict[str, int]:
    """The `indent` of each store. Raises SettingsError for one that is no whole number."""
    stores = top.mapping("stores")
    found: dict[str, int] = {}
    for name in stores.names() if stores is not None else ():
        store = stores.mapping(name) if stores is not None else None
        text = store.text("indent") if store is not None and "indent" in store else ""
        if text and store is not None:
            if not _WHOLE.match(text):
                raise store.wrong("indent", "must be a whole number")
            found[name] = int(text)
    return found


def _once(keys: Iterable[KeyRef]) -> tuple[KeyRef, ...]:
    """Each key once, where it first stands."""
    unique: dict[tuple[str, str], KeyRef] = {}
    for key in keys:
        unique.setdefault((key.kind, key.text), key)
    return tuple(unique.values())


def _compiled(name: str, text: str, place: Place) -> re.Pattern[str]:
    from secrets_gitops.golang import regexp  # noqa: PLC0415  most rules of a run are never searched

    try:
        return regexp.compile(text)
    except ValueError as error:
        raise SettingsError(f"`{name}` is not a valid regular expression: {error}", place=place) from error
