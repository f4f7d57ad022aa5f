"""ExternalSecret → the Secret it stands for: what is asked of which store, and how the answers are laid together."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.errors import BackendError, Error, NotSealed, SecretNotFound, SettingsError
from secrets_gitops.golang import regexp
from secrets_gitops.manifests import external_secret as manifest
from secrets_gitops.manifests.external_secret import Find, Remote
from secrets_gitops.manifests.fields import Fields
from secrets_gitops.materialize import conversion, decoding, external_secret_template
from secrets_gitops.materialize.materialized import Materialized
from secrets_gitops.materialize.providers import catalog
from secrets_gitops.materialize.rewrite import rewrite
from secrets_gitops.printable import printable
from secrets_gitops.references.json_values import Json
from secrets_gitops.references.pick import Pick
from secrets_gitops.references.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.backends.backend import Fetched, Locator
    from secrets_gitops.deadline import Deadline
    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.manifests.external_secret import Entry, ExternalSecret
    from secrets_gitops.materialize.materialized import Given
    from secrets_gitops.materialize.providers.provider import Provider

    Answer = Fetched | Error


class Skipped(NamedTuple):
    """An entry whose secret does not exist, and whose deletion policy lets the rest go on."""

    where: str
    """`data[0]` or `dataFrom[2]`."""
    key: str


@dataclass(frozen=True)
class ProviderData:
    """What came back, as it goes into the Secret, before any template."""

    values: Mapping[str, bytes]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"ProviderData({len(self.values)} values, {len(self.skipped)} skipped)"


def materialize(document: Document, root: Node, given: Given, *, opened: bool = False) -> Materialized:  # noqa: ARG001
    """The Secret, or none where its policies say so. Raises what the stores and the object give reason to."""
    tree = to_plain(root, "k8s", path=document.path)
    if not isinstance(tree, dict) or not manifest.is_external_secret(tree):
        raise NotSealed("this is not an ExternalSecret", place=document.place(root))
    fields = Fields(document, root)
    found = manifest.read(fields, tree)
    data = fetch(found, fields, given)
    called = f"ExternalSecret `{printable(found.name)}`"
    notes = [*data.notes, *(f"{called}: {where} is left out, for there is no `{printable(key)}`"
                            for where, key in data.skipped)]  # fmt: skip
    policy = found.target.creation_policy
    if policy == "None":
        return Materialized((), (*notes, f"{called}: no Secret is made, as its creation policy says"))
    if not data.values and found.target.deletion_policy != "Merge":
        return Materialized((), (*notes, f"{called}: nothing came back, so no Secret is made"))
    if policy == "Merge":
        notes.append(f"{called}: its keys go into the Secret `{printable(found.target_name)}`, which it does not make")
    return Materialized((external_secret_template.secret_of(found, data.values),), tuple(notes))


def fetch(
    found: ExternalSecret,
    fields: Fields,
    given: Given,
    *,
    newer_than: float | None = None,
    deadline: Deadline | None = None,
) -> ProviderData:
    """Everything that the ExternalSecret asks for, in one batch, and one more for what its `find`s found.

    `newer_than`: answers kept from before this moment of the monotonic clock are asked for again. Raises the first
    error with its place; a secret that does not exist is one unless the deletion policy skips it.
    """
    external_secret_template.refuse_unbuilt(found, fields)
    if given.objects is None or given.fetcher is None:
        raise SettingsError("there are no stores to ask", place=fields.place("spec"))
    collected = _Collection(found, fields, given, newer_than, deadline)
    collected.ask()
    return collected.data()


class _Collection:
    """One ExternalSecret on its way from entries to values."""

    def __init__(
        self, found: ExternalSecret, fields: Fields, given: Given, newer_than: float | None, deadline: Deadline | None
    ) -> None:
        assert given.objects is not None
        assert given.fetcher is not None
        self._found = found
        self._fields = fields
        self._objects = given.objects
        self._fetcher = given.fetcher
        self._newer_than = newer_than
        self._deadline = deadline
        self._providers: dict[tuple[str, str], Provider] = {}
        self._notes: list[str] = []
        self._answers: list[Answer] = []
        self._finds: list[tuple[Sequence[Remote], Sequence[Answer]] | None] = []

    def ask(self) -> None:
        entries = self._found.entries
        self._answers = self._fetch([(self._provider(entry), self._first(entry)) for entry in entries])
        chosen = [
            self._chosen(entry, answer) if isinstance(entry.source, Find) and not isinstance(answer, Error) else None
            for entry, answer in zip(entries, self._answers, strict=True)
        ]
        wanted = [
            (self._provider(entry), self._provider(entry).locator(remote))
            for entry, remotes in zip(entries, chosen, strict=True)
            for remote in remotes or ()
        ]
        answers = iter(self._fetch(wanted))
        self._finds = [None if remotes is None else (remotes, [next(answers) for _ in remotes]) for remotes in chosen]

    def data(self) -> ProviderData:
        values: dict[str, bytes] = {}
        skipped: list[Skipped] = []
        for at, entry in enumerate(self._found.entries):
            try:
                values |= self._values(at, entry)
            except SecretNotFound as error:
                extract = entry.secret_key is None
                strict = self._provider(entry).absent_is_an_error(extract=extract)
                if self._found.target.deletion_policy == "Retain" or strict:
                    raise self._placed(error if not strict else BackendError(error.message), entry) from None
                source = entry.source
                key = source.key if isinstance(source, Remote) else source.path if source is not None else ""
                skipped.append(Skipped(f"{entry.path[1]}[{entry.path[2]}]", key))
            except Error as error:
                raise self._placed(error, entry) from None
        return ProviderData(values, tuple(skipped), tuple(dict.fromkeys(self._notes)))

    def _values(self, at: int, entry: Entry) -> dict[str, bytes]:
        answer, provider = self._answers[at], self._provider(entry)
        if isinstance(answer, Error):
            raise answer
        if isinstance(entry.source, Find):
            found = self._finds[at]
            assert found is not None
            values: Mapping[str, bytes] = _each(provider, *found)
            if provider.converts:
                values = conversion.convert_all(values, entry.source.reading.conversion)
        else:
            assert entry.source is not None
            plain = answer.value.reveal()
            if entry.secret_key is not None:
                value = _read(provider.value(entry.source, plain), entry.source)
                return {entry.secret_key: value}
            values = provider.members(entry.source, plain)
        if entry.rewrites:
            values = rewrite(values, entry.rewrites)
        else:
            values = conversion.convert_all(values, entry.source.reading.conversion)
        return {key: _read(value, entry.source) for key, value in conversion.checked(values).items()}

    def _provider(self, entry: Entry) -> Provider:
        assert entry.store is not None
        key = (entry.store.kind, entry.store.name)
        if key not in self._providers:
            try:
                provider, notes = catalog.provider_of(entry.store, self._found.namespace, self._fields, self._objects)
            except Error as error:
                raise self._placed(error, entry) from None
            self._providers[key] = provider
            self._notes += notes
        return self._providers[key]

    def _first(self, entry: Entry) -> Locator:
        provider = self._provider(entry)
        try:
            if isinstance(entry.source, Find):
                return provider.listing(entry.source)
            assert entry.source is not None
            return provider.locator(entry.source)
        except Error as error:
            raise self._placed(error, entry) from None

    def _chosen(self, entry: Entry, answer: Fetched) -> Sequence[Remote]:
        assert isinstance(entry.source, Find)
        listed = Json.read(answer.value.reveal(), "a list of names").items() or []
        names = [one.written().decode() for one in listed]
        if entry.source.name is not None:
            try:
                fits = regexp.tester(entry.source.name)
            except ValueError as error:
                raise self._fields.error(
                    f"not a regular expression of RE2: {error}", *entry.path, "find", "name", "regexp"
                ) from None
            names = [name for name in names if fits(name)]
        return self._provider(entry).found(entry.source, names)

    def _fetch(self, wanted: Sequence[tuple[Provider, Locator]]) -> list[Answer]:
        references = [Reference(provider.store, locator, Pick(), locator.path) for provider, locator in wanted]
        if not references:
            return []
        return self._fetcher.fetch(references, newer_than=self._newer_than, deadline=self._deadline)

    def _placed(self, error: Error, entry: Entry) -> Error:
        """The error with the place of the entry; answers are shared, so this one is a copy."""
        placed = copy.copy(error)
        here = self._fields.place(*entry.path)
        if placed.place is None:
            placed.place = here
        elif placed.place.path != here.path:
            placed.hints = (f"it is wanted by {here}", *placed.hints)
        return placed


def _each(provider: Provider, remotes: Sequence[Remote], answers: Sequence[Answer]) -> dict[str, bytes]:
    """The value of every secret that was found; one that has gone meanwhile is left out."""
    out: dict[str, bytes] = {}
    for remote, answer in zip(remotes, answers, strict=True):
        if isinstance(answer, SecretNotFound):
            continue
        if isinstance(answer, Error):
            raise answer
        out[remote.key] = provider.value(remote, answer.value.reveal())
    return out


def _read(value: bytes, source: Remote | Find) -> bytes:
    decoded = decoding.decode(value, source.reading.decoding)
    decoding.check_null_bytes(decoded, source.reading.null_bytes)
    return decoded
