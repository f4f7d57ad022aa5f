"""What `doctor` knows of a repository before it judges: one walk over its files, and the kinds of trouble."""

from __future__ import annotations

import re
from typing import NamedTuple

from secrets_gitops.errors import Error
from secrets_gitops.lint.gate import utf8
from secrets_gitops.lint.run import Run
from secrets_gitops.lint.sops_record import is_encrypted
from secrets_gitops.lint.target import Target
from secrets_gitops.repository.work_tree import WorkTree

_LIMIT = 1 << 20
_CI = re.compile(
    r"\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml|(?:.*/)?Jenkinsfile|\.circleci/config\.yml|azure-pipelines\.ya?ml"
    r"|\.woodpecker(?:/[^/]+)?\.ya?ml|\.drone\.yml|\.forgejo/workflows/[^/]+\.ya?ml|bitbucket-pipelines\.yml"
)
_FUNCTION = re.compile(rb"config\.kubernetes\.io/function.{0,200}?exec\s*:", re.DOTALL)
PRE_COMMIT = ".pre-commit-config.yaml"
_US = re.compile(rb"^[^#\n]*secrets-gitops", re.MULTILINE)
_FRAMEWORK = re.compile(rb"^[^#\n]*\b(?:pre-commit|prek)\b", re.MULTILINE)
_KUBECTL = re.compile(rb"kubectl\s[^\n]{0,80}?(?:kustomize\s|(?:apply|diff|delete|create|replace)\s[^\n]{0,80}?-k\b)")


class Trouble(NamedTuple):
    """One thing that is not set up, or would not work and not say so."""

    check: str
    """The name of the check, for programs."""
    what: str
    why: str
    fix: str
    """The command that mends it, or what to do."""
    grave: bool = True
    """False: worth knowing, and the exit code stays 0."""


class View(NamedTuple):
    """The files of the work tree, sorted into what the checks ask for."""

    root: str
    tree: WorkTree
    paths: tuple[str, ...]
    encrypted: tuple[Target, ...]
    """Files that sops encrypted, with only their blocks read."""
    sealed: tuple[str, ...]
    """Files with SealedSecrets."""
    pipelines: tuple[str, ...]
    """Definitions of CI."""
    checked_in_ci: bool
    """One of them runs us, or the hook framework that does."""
    in_framework: bool | None
    """Does the configuration of pre-commit, or prek, name us? None where there is none."""
    functions: tuple[str, ...]
    """Files that have kustomize run a program."""
    kubectl: tuple[str, ...]
    """Files that build kustomizations with kubectl, which would leave that program out."""


def look(root: str) -> View:
    """Walk over the work tree at `root`. Files that cannot be read, or are large, are passed over: the lint says so."""
    tree = WorkTree(root)
    run, paths = Run(tree), tuple(tree.paths())
    encrypted: list[Target] = []
    found: dict[str, list[str]] = {"sealed": [], "pipelines": [], "functions": [], "kubectl": []}
    checked, in_framework = False, None
    if tree.exists(PRE_COMMIT):
        in_framework = _US.search(tree.read(PRE_COMMIT, _LIMIT)) is not None
    for path in paths:
        try:
            data = utf8(tree.read(path, _LIMIT))
        except Error:
            continue
        if b"sops" in data and is_encrypted(target := Target(path, data, run, brief=True)):
            encrypted.append(target)
        if b"kind: SealedSecret" in data:
            found["sealed"].append(path)
        if _CI.fullmatch(path):
            found["pipelines"].append(path)
            checked = checked or _US.search(data) is not None or (bool(in_framework) and runs_framework(data))
        if path.endswith((".yaml", ".yml")) and _FUNCTION.search(data):
            found["functions"].append(path)
        if b"kubectl" in data and not path.endswith((".md", ".rst", ".txt")) and _KUBECTL.search(data):
            found["kubectl"].append(path)
    return View(
        root,
        tree,
        paths,
        tuple(encrypted),
        tuple(found["sealed"]),
        tuple(found["pipelines"]),
        checked,
        in_framework,
        tuple(found["functions"]),
        tuple(found["kubectl"]),
    )


def runs_framework(data: bytes) -> bool:
    """Does a script or pipeline speak of pre-commit or prek, other than in a comment?"""
    return _FRAMEWORK.search(data) is not None


def named(paths: tuple[str, ...] | list[str]) -> str:
    """The first of the paths, and how many more there are."""
    return paths[0] + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
