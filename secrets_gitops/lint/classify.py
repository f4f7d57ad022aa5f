"""What a file is, by its name and a look at its first bytes: which rule about texts speaks for it, and how it is read.

Each file has one kind, so each of its values is reported by one of these rules. Kubernetes objects are not told apart
here: rules about them look for what they are in the parsed text.
"""

from __future__ import annotations

import posixpath
import re

from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal[
        "dotenv", "terraform", "tfstate", "ansible", "inventory", "credentials", "compose", "ci", "dockerfile", "shell",
        "docs", "source", "yaml", "json", "ini", "xml", "text", "sample", "noise",
    ]  # fmt: skip

BY_LINE: frozenset[Kind] = frozenset({"dotenv", "ansible", "compose", "ci", "yaml", "ini"})
"""In these a value without quotes goes on to the end of its line."""

_SAMPLE_ENDS = (".example", ".sample", ".template", ".dist", "-example", "-sample", "_example", "_sample")
_SAMPLE_STARTS = ("example.", "sample.", ".example.", ".sample.")
_DOTENV = pattern(r"\.?env|\.env[-_.].*|.*\.env(?:\.(?:local|dev|development|prod|production|stag(?:e|ing)|test|ci))?")
_SHELL_NAMES = frozenset(
    {".envrc", ".bashrc", ".bash_profile", ".profile", ".zshrc", ".zshenv", ".bash_history", ".zsh_history"}
)
_NOISE_ENDS = (".lock", ".sum", ".svg", ".map", ".min.js", ".min.css", ".css", ".scss", ".less", ".po", ".pot", ".snap")
"""Made by machines or for looks: what stands in them are digests, paths and words."""
_BY_END: dict[str, Kind] = {
    **dict.fromkeys((".tf", ".tfvars", ".tofu", ".hcl", ".nomad"), "terraform"),
    **dict.fromkeys((".sh", ".bash", ".zsh", ".ksh", ".fish", ".bat", ".cmd"), "shell"),
    **dict.fromkeys((".md", ".markdown", ".mdx", ".rst", ".adoc", ".asciidoc", ".html", ".htm", ".ipynb"), "docs"),
    **dict.fromkeys(
        (
            ".py", ".pyi", ".go", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".java", ".kt", ".kts",
            ".scala", ".rb", ".php", ".cs", ".fs", ".vb", ".c", ".h", ".cc", ".cpp", ".hpp", ".rs", ".swift", ".m",
            ".lua", ".pl", ".pm", ".groovy", ".gradle", ".ex", ".exs", ".erl", ".clj", ".hs", ".ml", ".dart", ".r",
            ".jl", ".sql", ".vue", ".svelte", ".cue", ".jsonnet", ".libsonnet", ".rego", ".bicep", ".dhall", ".pkl",
            ".k", ".star", ".bzl", ".ps1", ".psm1", ".pp", ".nix", ".proto", ".graphql",
        ),
        "source",
    ),
    **dict.fromkeys((".yaml", ".yml", ".bu"), "yaml"),
    **dict.fromkeys((".json", ".jsonc", ".json5", ".ign"), "json"),
    **dict.fromkeys((".ini", ".cfg", ".conf", ".cnf", ".properties", ".toml", ".tfrc"), "ini"),
    **dict.fromkeys((".xml", ".config", ".csproj", ".plist"), "xml"),
}  # fmt: skip
_TEMPLATE_ENDS = (
    ".tpl", ".tmpl", ".j2", ".jinja", ".jinja2", ".gotmpl", ".erb", ".tftpl", ".ctmpl", ".epp", ".mustache", ".hbs",
    ".bak", ".orig", ".old", ".save", "~",
)  # fmt: skip
"""What a program makes a file from, and what it was before: a file of the kind that the rest of its name says."""
_LONGEST_END = max(map(len, _TEMPLATE_ENDS))
_CREDENTIAL_NAMES = frozenset(
    {
        ".netrc", "_netrc", ".pgpass", "pgpass.conf", ".git-credentials", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc",
        "pip.conf", "settings.xml", "settings-security.xml", "credentials", "credentials.toml", "rclone.conf",
        ".htpasswd", "htpasswd", ".s3cfg", ".boto", ".my.cnf", ".mylogin.cnf", "auth.json", ".terraformrc",
        "terraform.rc", "credentials.tfrc.json", ".dockercfg", "talosconfig", ".talosconfig", "secrets.toml",
        "nuget.config", ".gem-credentials", "wg0.conf", ".smbcredentials",
        "userlist.txt",
    }
)  # fmt: skip
_CREDENTIAL_WORDS = ("aws/c", ".cargo/", ".gem/", "wireguard/", "wg", ".htpasswd", "talosconfig")
"""One of these is in every path that the expression below fits; so with the others. Most paths hold none."""
_CREDENTIAL_PATHS = pattern(
    r"(?:.*/)?(?:\.?aws/(?:credentials|config)|\.cargo/credentials|\.gem/credentials|wireguard/[^/]+\.conf|wg[0-9]+\.conf"
    r"|[^/]*\.htpasswd|[^/]*talosconfig[^/]*)"
)
_CI_NAMES = frozenset(
    {
        ".gitlab-ci.yml", ".gitlab-ci.yaml", ".travis.yml", "azure-pipelines.yml", "azure-pipelines.yaml",
        "bitbucket-pipelines.yml", ".drone.yml", ".drone.yaml", ".woodpecker.yml", ".woodpecker.yaml", "buildspec.yml",
        "buildspec.yaml", "cloudbuild.yaml", "cloudbuild.yml", "appveyor.yml", ".appveyor.yml", "action.yml",
        "action.yaml", "jenkinsfile", ".cirrus.yml", "wercker.yml", "codefresh.yml", "skaffold.yaml",
    }
)  # fmt: skip
_CI_WORDS = ("workflows/", "actions/", ".circleci/", ".buildkite/", ".woodpecker/", ".gitlab/", "gitlab-ci")
_CI_PATHS = pattern(
    r"(?:.*/)?(?:\.(?:github|gitea|forgejo)/(?:workflows|actions)/.*|\.circleci/.*|\.buildkite/.*|\.woodpecker/.*"
    r"|\.gitlab/.*|[^/]*\.?gitlab-ci[^/]*)\.ya?ml"
)
_ANSIBLE_WORDS = ("_vars/", "roles/", "playbook", "site")
_ANSIBLE_PATHS = pattern(
    r"(?:.*/)?(?:(?:group|host)_vars/.*|roles/[^/]+/(?:vars|defaults|tasks|handlers)/.*|playbooks?/.*"
    r"|(?:playbook|site)[^/]*\.ya?ml|[^/]*playbook\.ya?ml)"
)
_INVENTORY_WORDS = ("inventor", "hosts")
_INVENTORY_PATHS = pattern(r"(?:.*/)?(?:(?:inventor(?:y|ies)/.*|hosts|inventory)(?:\.(?:ini|cfg|txt))?|hosts\.ini)")
_SECRETS_FILE = pattern(r"(?:.*/)?(?:[\w.-]*[._-])?(?:secrets?|credentials)(?:[._-][\w-]{1,30})?\.(?:ya?ml|json)")
_STATE = pattern(rb'"(?:terraform_version|lineage|serial)"\s{0,20}:')
_WORKFLOW = pattern(rb"^jobs:[ \t]*\r?$(?=.{0,4000}^[ \t]+(?:runs-on|steps):)", re.MULTILINE | re.DOTALL)
_PLAY = pattern(
    rb"^-[ \t]+(?:name:[^\n]{0,200}\n[ \t]+)?hosts:|^[ \t-]*ansible_(?:host|user|password|become)", re.MULTILINE
)
_HEAD = 16_384
"""How many bytes are looked at to tell what a file is."""


def kind_of(path: str, data: bytes) -> Kind:
    """The kind of the file `path` that holds `data`."""
    path = _made(path)
    name = posixpath.basename(path).lower()
    lower = path.lower()
    stem, end = posixpath.splitext(name)
    if name.endswith(_SAMPLE_ENDS) or (name.startswith(_SAMPLE_STARTS) and _BY_END.get(end) != "source"):
        return "sample"
    if name in _CREDENTIAL_NAMES or _fits(lower, _CREDENTIAL_WORDS, _CREDENTIAL_PATHS):
        return "credentials"
    if name in _SHELL_NAMES:
        return "shell"
    if ".tfstate" in name:
        return "tfstate"
    if "env" in name and _DOTENV.fullmatch(name):
        return "sample" if any(word in name for word in ("example", "sample", "template", ".dist")) else "dotenv"
    if name.endswith(_NOISE_ENDS):
        return "noise"
    if name.endswith((".tfvars.json", ".tf.json")):
        return "terraform"
    if name in _CI_NAMES or name.startswith("jenkinsfile") or _fits(lower, _CI_WORDS, _CI_PATHS):
        return "ci"
    if "dockerfile" in name or "containerfile" in name:
        return "dockerfile"
    found = _BY_END.get(end)
    if found == "yaml":
        return _yaml_kind(lower, stem, data[:_HEAD])
    if found in {None, "ini"} and _fits(lower, _INVENTORY_WORDS, _INVENTORY_PATHS):
        return "inventory"
    if found == "json" and b'"resources"' in data and _STATE.search(data[:_HEAD]):
        return "tfstate"
    if found == "ini":
        return "credentials" if data.lstrip()[:11].lower() == b"[interface]" else "ini"
    if found is not None:
        return found
    return _unnamed_kind(lower, data[:_HEAD])


def _fits(path: str, words: tuple[str, ...], expression: re.Pattern[str]) -> bool:
    """Does `expression` fit the path? It is not compiled for a path without any of the words."""
    return any(word in path for word in words) and expression.fullmatch(path) is not None


def is_file_of_secrets(path: str) -> bool:
    """Does the name of a file of YAML or JSON say that its values are secrets: `secrets.yaml`, `prod-secrets.yaml`?"""
    return ("secret" in path or "credential" in path) and _SECRETS_FILE.fullmatch(path) is not None


def _made(path: str) -> str:
    """The name of what is made from the file `path`: of `app.yaml.j2`, `app.yaml`; any other as it is."""
    while path[-_LONGEST_END:].lower().endswith(_TEMPLATE_ENDS):
        path = path[: -len(next(end for end in _TEMPLATE_ENDS if path[-len(end) :].lower() == end))]
    return path


def _yaml_kind(path: str, stem: str, head: bytes) -> Kind:
    if "compose" in stem and b"kind:" not in head:
        return "compose"
    if _fits(path, _ANSIBLE_WORDS, _ANSIBLE_PATHS) or (
        (b"hosts:" in head or b"ansible_" in head) and _PLAY.search(head)
    ):
        return "ansible"
    if b"jobs:" in head and _WORKFLOW.search(head):
        return "ci"
    return "yaml"


def _unnamed_kind(path: str, head: bytes) -> Kind:
    """A file whose name's end says nothing."""
    if head.startswith(b"#!"):
        return "shell" if b"sh" in head.partition(b"\n")[0] else "source"
    if _fits(path, _ANSIBLE_WORDS, _ANSIBLE_PATHS):
        return "ansible"
    if head.lstrip()[:1] == b"{":
        return "json"
    return "text"
