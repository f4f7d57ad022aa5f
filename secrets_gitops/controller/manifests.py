"""The YAML that installs the controller: the same choices give the same bytes."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING, Literal, cast

from secrets_gitops.controller.deploy import rbac, workload
from secrets_gitops.controller.flags import KINDS
from secrets_gitops.documents.emit import yaml_block
from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.controller.deploy.plan import Plan
    from secrets_gitops.controller.deploy.plan import Tree as Object
    from secrets_gitops.documents.plain import Tree

Part = Literal["crds", "rbac", "deployment"]
PARTS: tuple[Part, ...] = ("crds", "rbac", "deployment")

_CRDS = {
    "sealedsecrets": ("sealedsecrets",),
    "externalsecrets": ("externalsecrets", "secretstores", "clustersecretstores"),
    "sopssecrets": ("sopssecrets",),
}
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def manifests(plan: Plan, only: Part | None = None) -> str:
    """All of it, or one part, in the order in which it can be applied. SettingsError: the plan makes no sense."""
    _check(plan)
    documents = [text for part in PARTS if only in (None, part) for text in _part(plan, part)]
    return "".join(f"---\n{text}" for text in documents)


def crd(plural: str) -> str:
    """The definition of a kind as we ship it."""
    return resources.files("secrets_gitops.controller.deploy").joinpath(f"crd-{plural}.yaml").read_text("utf-8")


def _part(plan: Plan, part: Part) -> Iterator[str]:
    if part == "crds":
        for kind in KINDS:
            if kind == "sealedsecrets" or kind in plan.kinds:
                yield from (crd(plural) for plural in _CRDS[kind])
    else:
        yield from map(_text, rbac.objects(plan) if part == "rbac" else workload.objects(plan))


def _text(tree: Object) -> str:
    return yaml_block(cast("dict[str, Tree]", tree))


def _check(plan: Plan) -> None:
    for name in (plan.namespace, *plan.watched):
        if not _NAMESPACE.fullmatch(name):
            raise SettingsError(
                f"`{name}` cannot be the name of a namespace", hints=("small letters, digits and dashes, 63 at most",)
            )
    for kind in plan.kinds:
        if kind not in KINDS:
            raise SettingsError(f"--enable does not know `{kind}`", hints=(f"it knows {', '.join(KINDS)}",))
    if plan.replicas < 0:
        raise SettingsError("there cannot be fewer than no replicas")
    if not plan.image or plan.image.split() != [plan.image]:
        raise SettingsError("the name of the image is empty or has blanks in it")
