"""What becomes of the Secret of an ExternalSecret: from what came back and the Secret found to a decision. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from secrets_gitops.manifests import external_secret_marks as marks
from secrets_gitops.materialize import external_secret_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.manifests.external_secret import ExternalSecret

Owner = Literal["nobody", "us", "another ExternalSecret", "another controller"]


class Live(NamedTuple):
    """The Secret that is there."""

    data: Mapping[str, bytes]
    type: str = ""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    immutable: bool = False
    owner: Owner = "nobody"
    """Its controller owner."""
    ours: frozenset[tuple[str, str]] = frozenset()
    """What this ExternalSecret wrote before: (`data`, `labels` or `annotations`; key)."""

    def __repr__(self) -> str:
        return f"Live({len(self.data)} keys, owner={self.owner!r})"


class Wanted(NamedTuple):
    """The Secret as it is to be."""

    data: Mapping[str, bytes]
    own_data: Mapping[str, bytes]
    """The part of `data` that is ours."""
    type: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    finalizers: tuple[str, ...]
    immutable: bool
    owned: bool
    """The ExternalSecret is its controller owner."""

    def __repr__(self) -> str:
        return f"Wanted({len(self.data)} keys, owned={self.owned})"


class Decision(NamedTuple):
    """What to do, and what the condition `Ready` says."""

    action: Literal["none", "create", "update", "metadata-only", "delete"]
    ready: bool
    reason: str
    message: str
    final: bool = False
    """Not tried again before something changes."""
    wanted: Wanted | None = None


def decide(found: ExternalSecret, values: Mapping[str, bytes], live: Live | None) -> Decision:
    """The decision for values that were fetched, perhaps none."""
    policy, target = found.target.creation_policy, found.target
    if not values and target.deletion_policy == "Retain":
        return Decision("none", True, "SecretSynced", "secret retained due to DeletionPolicy=Retain")
    if not values and target.deletion_policy == "Delete":
        return _nothing_left(policy, live)
    if policy == "None":
        return Decision("none", True, "SecretSynced", "secret not written due to CreationPolicy=None")
    if live is not None and live.owner == "another ExternalSecret":
        return _refused("the Secret is owned by another ExternalSecret")
    if live is not None and live.owner == "another controller" and policy == "Owner":
        return _refused("cannot take ownership of the Secret: it has another controller")
    if live is None and policy == "Merge":
        return Decision("none", True, "SecretMissing", "there is no Secret to merge into")
    made = wanted(found, values, live)
    synced = Decision("create" if live is None else "update", True, "SecretSynced", "secret synced", wanted=made)
    if live is None:
        return synced
    if target.immutable:
        return synced._replace(action="metadata-only")
    if live.immutable:
        if dict(made.data) != dict(live.data) or (made.type and made.type != live.type):
            return _refused("the Secret is immutable, and its data or type would have to change")
        return synced._replace(action="metadata-only")
    return synced


def wanted(found: ExternalSecret, values: Mapping[str, bytes], live: Live | None) -> Wanted:
    """The Secret that is to be: what others wrote stays where the policy merges, marks of others stay always."""
    template, policy = found.target.template, found.target.creation_policy
    own = external_secret_template.data_of(values, template)
    data: dict[str, bytes] = {}
    if live is not None and found.target.immutable:
        data = dict(live.data)
        own = {key: value for key, value in live.data.items() if ("data", key) in live.ours}
    else:
        if live is not None and found.target.merges:
            data = {key: value for key, value in live.data.items() if ("data", key) not in live.ours}
        data |= own
    labels, annotations = external_secret_template.marks_of(found)
    if live is not None:
        kept = {key: value for key, value in live.labels.items() if ("labels", key) not in live.ours}
        labels = {**kept, **labels}
        kept = {key: value for key, value in live.annotations.items() if ("annotations", key) not in live.ours}
        annotations = {**kept, **annotations}
    labels[marks.MANAGED] = "true"
    labels.pop(marks.CREATED_BY, None)
    if policy == "Owner":
        labels[marks.CREATED_BY] = marks.created_by(found.namespace, found.name)
    annotations[marks.DATA_HASH] = marks.data_hash(data)
    kind = (template.type if template is not None else "") or (live.type if live is not None else "")
    return Wanted(
        data,
        own,
        kind,
        labels,
        annotations,
        template.finalizers if template is not None else (),
        found.target.immutable,
        policy == "Owner",
    )


def is_valid(found: ExternalSecret, live: Live | None) -> bool:
    """Whether the Secret is as it was left: there, marked, and with data that fit the hash. Orphans are left alone."""
    policy = found.target.creation_policy
    if policy in {"Orphan", "None"}:
        return True
    if live is None or live.labels.get(marks.MANAGED) != "true":
        return False
    return live.annotations.get(marks.DATA_HASH) == marks.data_hash(live.data)


def deleted_with(found: ExternalSecret, live: Live | None) -> bool:
    """Whether the Secret is deleted by hand when its ExternalSecret is; ownership may have it collected besides."""
    return found.target.deletion_policy == "Delete" and live is not None and live.owner == "us"


def _nothing_left(policy: str, live: Live | None) -> Decision:
    if policy != "Owner":
        return _refused(f"a Secret of creation policy {policy} is not deleted")
    if live is not None and live.owner != "us":
        # External Secrets Operator deletes it all the same, whoever made it.
        message = "nothing is left of it; the Secret of that name is not ours and stays"
        return Decision("none", True, "SecretDeleted", message)
    message = "secret deleted due to DeletionPolicy=Delete"
    return Decision("none" if live is None else "delete", True, "SecretDeleted", message)


def _refused(message: str) -> Decision:
    return Decision("none", False, "SecretSyncedError", message, final=True)
