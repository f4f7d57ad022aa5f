"""What a parent's name makes of its children: `secrets: {DB: …}` makes `DB` one, `secret: {create: …}` does not."""

# ruff: noqa: SIM905  words are read best as text

from __future__ import annotations

from secrets_gitops.lint.key_names import KeyName, read_key
from secrets_gitops.lint.key_words import PLAIN_FIRST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Inheritance = Literal["strong", "weak"] | None
    """How sensitive a child is whose own key says nothing."""

STRONG: Literal["strong"] = "strong"
VALUES = frozenset({"value", "values", "Value", "default", "Default", "defaultValue"})
"""Keys of values that are called as the `name:` beside them says."""
ALONE = frozenset({"value", "Default"})
"""What a key is set to by a map below it: `password: {value: …}`, and as a parameter of CloudFormation is."""
_COLLECTIONS = frozenset({"secrets", "passwords", "passwds", "tokens", "credentials", "creds", "apikeys"})
_SECURE = frozenset({("string", "data"), ("secure", "json", "data"), ("secure", "settings")})
"""Hold secrets only: a Secret's own field, and Grafana's for data sources and notifiers."""
_CONTAINERS = frozenset(
    "data contents content values value env envs vars variables map entries literals items".split()  # secretContents
)
_OF_A_SECRET = frozenset({"env", "envs", "environment", "envvars", "vars", "variables", "files"})
_ASIDE = frozenset(
    """
    annotations labels metadata create rbac image ingress service resources tolerations affinity selector template
    configmap security context podsecuritycontext probe autoscaling persistence volumes mounts refs spec status schema
    properties parameters storage sops
    """.split()
)
"""A child called so begins something else."""
_WITH_SECRETS = frozenset(
    """
    username user users login email mail owner group groups role roles region zone namespace optional immutable
    comment mount order environment state source key keys property
    """.split()
)
"""Stand in `credentials: {…}` or `secrets: {…}` and are none."""
_BESIDE_SECRETS = frozenset(
    "registry registries repository server domain account organization project bucket cluster app version".split()
)
"""Stand there too, and more often are none: `imageCredentials: {registry: …}`. Their values must look random."""
_WITH_A_SECRET = _WITH_SECRETS | frozenset(
    """
    database db schema mode key keys property context cluster server address account tenant subject items status source
    target from to at by on off as in usage usages duration validity default data external driver env length
    """.split()
)
"""Stand in `secret: {…}` or `token: {…}` and are none."""


def inherited(parent: Inheritance, key: str) -> Inheritance:
    """What the children of `key` inherit, where `key` itself stands below `parent`."""
    name = read_key(key)
    if name.words in _SECURE or _holds_environment(name.words):
        return "strong"
    if name.words == ("sensitive",):
        return "weak"
    if name.sensitivity == "plain" or (name.words and name.words[-1] in _ASIDE):
        return None
    if name.sensitivity == "strong":
        last = name.words[-1]
        collects = last in _COLLECTIONS or last.endswith(("secrets", "passwords", "credentials"))
        return "strong" if collects or last in _CONTAINERS else "weak"
    if parent == "weak" and name.words == ("data",):
        return "strong"  # `secret: {data: {…}}`
    return parent


def _holds_environment(words: tuple[str, ...]) -> bool:
    """`secretEnv`, `privateEnv`, `sensitiveVariables`, `secretFiles`: what goes into a chart's Secret."""
    return (
        len(words) > 1
        and words[-1] in _OF_A_SECRET
        and words[-2] in {"secret", "secrets", "sensitive", "private"}
        and words[0] not in PLAIN_FIRST
    )


def under(parent: Inheritance, key: str) -> KeyName:
    """What `key` says of its value, where it stands below `parent`."""
    name = read_key(key)
    if name.words == ("secrets",):  # scalars are names: `secrets: inherit`, `secrets: [db]`
        return KeyName(name.words, "weak")
    if parent is None or name.sensitivity in {"strong", "plain"}:
        return name
    beside = _WITH_SECRETS if parent == "strong" else _WITH_A_SECRET
    if not name.words or name.words[-1] in beside or name.words[-1] in _ASIDE:
        return name
    is_setting = name.words[-1] in _BESIDE_SECRETS
    return KeyName(name.words, "strong" if parent == "strong" and not is_setting else "weak")
