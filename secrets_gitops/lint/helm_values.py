"""Where the values of Helm charts stand: files by name and place, and fields of controllers' objects."""

from __future__ import annotations

import posixpath
import re

from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.leaves import Leaf
    from secrets_gitops.lint.target import Target

_VALUES_FILE = pattern(r"(?:.*[-_.])?values(?:[-_.].*)?\.ya?ml(?:\.gotmpl)?", re.IGNORECASE)
_HELMFILE = pattern(r"helmfile.*\.ya?ml(?:\.gotmpl)?")
_CHART = "Chart.yaml"
_NO_VALUES = frozenset({_CHART, "Chart.yml", "requirements.yaml", "artifacthub-repo.yml", "kustomization.yaml"})
GATE = pattern(rb"values|parameters|\bset\b")
"""In every object with values."""
_BELOW_HELM = frozenset({"values", "valuesObject", "parameters", "fileParameters", "setValues", "set"})
_BY_KIND = {
    "HelmRelease": frozenset({"values"}),
    "HelmChart": frozenset({"valuesContent", "set", "values"}),
    "HelmChartConfig": frozenset({"valuesContent"}),
    "HelmChartProxy": frozenset({"valuesTemplate"}),
    "Release": frozenset({"values", "set"}),
    "ClusterAddon": frozenset({"values"}),
    "Kustomization": frozenset({"valuesInline"}),
    "HelmChartInflationGenerator": frozenset({"valuesInline"}),
    "App": frozenset({"userConfig"}),
    "AddOnDeploymentConfig": frozenset({"customizedVariables"}),
}


def is_values_file(target: Target) -> bool:
    """Does Helm read the file as values: by its name, by the folder `values/`, or since it stands beside a chart?"""
    folder, name = posixpath.split(target.path)
    if "values" in name.lower() and _VALUES_FILE.fullmatch(name):
        return True
    if target.format != "yaml" or name in _NO_VALUES:
        return False
    return posixpath.basename(folder) == "values" or target.run.snapshot.exists(posixpath.join(folder, _CHART))


def is_helmfile(path: str) -> bool:
    """Is it a helmfile, or a part of one?"""
    folder, name = posixpath.split(path)
    return (name.startswith("helmfile") and _HELMFILE.fullmatch(name) is not None) or posixpath.basename(
        folder
    ) == "helmfile.d"


def is_template(path: str) -> bool:
    """Is it a template of a chart? The folder `templates/` says so."""
    return "/templates/" in f"/{path}"


def holds_values(leaf: Leaf, path: str) -> bool:
    """Does the leaf stand in a field that is handed to Helm?"""
    keys = leaf.keys
    for at, key in enumerate(keys[:-1]):
        if key == "helm" and keys[at + 1] in _BELOW_HELM:
            return True  # Argo CD, Fleet
    if leaf.object is not None:
        fields = _BY_KIND.get(leaf.object.kind)
        return fields is not None and any(key in fields for key in leaf.within[:4])
    return is_helmfile(path) and _in_helmfile(keys)


def _in_helmfile(keys: tuple[str, ...]) -> bool:
    """`values:` holds maps, or names of files; `set:` names and values."""
    for at, key in enumerate(keys):
        if key in {"values", "set", "setString"}:
            return len(keys) > at + 2
    return False
