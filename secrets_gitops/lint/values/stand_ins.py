"""Text that something else fills in: templates, expansions of variables, references to a store."""

from __future__ import annotations

import re

from secrets_gitops.lint.values import shape
from secrets_gitops.patterns import pattern

MASK = "\ue000"
"""The character that stands for each character of a masked template span; see `lint.mask`."""

_BRACKETS = (("{{", "}}"), ("{%", "%}"), ("<%", "%>"), ("[[", "]]"))
_EXPANSION = pattern(
    r"""
    \$\{\{[^{}\n]{0,300}\}\}                # GitHub workflows
    | \$__(?:env|file)\{[^{}\n]{1,300}\}    # Grafana
    | %X\{[\w.:-]{1,80}\}                      # a pattern of Log4j
    | %\{[A-Z][A-Z0-9_]{1,60}(?::[\w.\[\]-]{1,80}){0,2}\}  # one of Grok
    | \$\{[^{}\n]{1,300}\} | \$\([^()\n]{1,300}\) | \#\{[^{}\n]{1,300}\}#?
    """,
    re.VERBOSE,
)
_WHOLE_EXPANSION = pattern(
    r"\$[A-Z_][A-Z0-9_]{0,80}|\$[a-z0-9]{1,40}(?:_[a-z0-9]{1,40}){1,6}|\$(?:password|secret|token|user|username)"
    r"|\$[a-z][\w-]{1,60}(?:[.:][A-Za-z][\w-]{0,60}){1,5}|\$[a-z]{2,20}(?:-[a-z]{2,20}(?:[A-Z][a-z]{1,20}){0,3}){1,5}|%%?[A-Z][A-Z0-9_]{1,80}%%?|@(?:file:)?[./~][\w./-]{1,200}|@[\w-]{1,60}\.(?:txt|json|ya?ml|pem|key|crt)|\(\([\w.:/-]{1,80}\)\)|%env\([\w:]{1,80}\)%|@@?[A-Z][A-Z0-9_]{1,80}@@?|__[A-Z][A-Z0-9_]{1,80}__"
    r"|(?:__|@@)[a-z]{2,20}(?:[_.-][a-z]{1,20}|[A-Z][a-z]{1,20}){0,8}(?:__|@@)"
    r"|`[^`\n]{1,300}`|!(?:ENV|Ref|Sub|GetAtt|reference|env|secret|env_var)\b.*"
)
_TAGS = frozenset(
    {
        "!ref", "!sub", "!getatt", "!importvalue", "!join", "!select", "!split", "!if", "!findinmap", "!transform",
        "!base64", "!cidr", "!condition", "!env", "!env_var", "!envvar", "!env_tag", "!reference", "!secret",
        "!include", "!file", "!vault", "!vault-kv", "!ssm", "!sops", "!var", "!get", "!input", "!keyof", "!find",
        "!context", "!format", "!lambda", "!stack_output", "!stack_attr", "!rcmd", "!aws", "!ssm_parameter",
        "!resolve", "!encrypted",
    }
)  # fmt: skip
"""Tags of CloudFormation, GitLab, Home Assistant, authentik, mkdocs and other readers, in lower case."""
_PLACE = pattern(r"\$?\{[^{}\n]{0,200}\}|[/.:]")
_DEFAULT = pattern(
    r"\$\{(?:[A-Za-z_][A-Za-z0-9_]*:?[-=]|(?:[A-Z_][A-Z0-9_]+|[a-z][\w-]*(?:\.[\w-]+)+):(?![-:=?+0-9 ]))([^{}\n]*)\}"
)
"""As shells and compose write it, and as Spring does: `${NAME:literal}`, `${app.name:literal}`."""

_REFERENCE = pattern(
    r"""
    (?:secret)?ref\+(?!echo:)[a-z0-9]+://\S+
    | >>?vault:\S+\#\S+ | vault:[\w./-]+\#\S+ | <path:[^<>\n]{1,300}\#[^<>\n]{1,200}>
    | op://\S.{0,200} | arn:(?:aws|aws-cn|aws-us-gov):[\w:/+=,.@*-]{1,300}
    | projects/[\w.-]+/secrets/[\w./-]+ | (?:aws-)?(?:secretsmanager|ssm):[\w./:-]+
    | (?:awssm|awssecret|awsssm|gcpsm|gcpsecret|azkv|keyvault|akv|sops|secrets|bws?|doppler|infisical|conjur)://\S+
    | (?:secrets?|kv|kvv2|vault)(?:[/:][\w.-]+)+\#[\w.-]+ | ENV\[["']?\w{1,80}["']?\]
    | @Microsoft\.KeyVault\(.{1,300}\) | keyvault[:/][\w./:-]+ | secretref:[\w./-]+ | file:///?[\w./-]+
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CODE = pattern(
    r"(?:data|var|local|module)\.[A-Za-z_][\w.\[\]\"]{0,200}|os\.environ.{0,200}|process\.env\..{0,200}"
    r"|(?:getenv|lookup|file|env|vault|secret|get_secret|sensitive)\(.{0,300}\)|[A-Za-z_][\w.]{0,80}\(.{0,300}\)"
    r"|hostvars\[[\w.\"']{1,80}\](?:\.\w{1,80}|\[[\w\"']{1,80}\]){1,4}"  # of Ansible
    r"|\[[A-Za-z]\w{0,40}\(.{0,400}\]"  # as templates of Azure have it
    # A path as jq and Go templates write it.
    r"|(?:\.[A-Za-z][a-z_]{1,30}(?:[A-Z][a-z]{1,20}){0,4}(?:\[[0-9]{0,4}\])?){1,6}",
)


def is_template(text: str) -> bool:
    """Does a template fill in `text`, wholly or in part?"""
    if MASK in text:
        return True
    text = text.replace("${{", "${")  # an expression of a GitHub workflow
    return any((at := text.find(begin)) >= 0 and text.find(end, at + 2) >= 0 for begin, end in _BRACKETS)


def without_templates(text: str) -> str:
    """What of `text` no template fills in, a blank for each of its spans."""
    text = text.replace(MASK, " ")
    for begin, end in _BRACKETS:
        parts, at = [], 0
        while (start := text.find(begin, at)) >= 0 and (stop := text.find(end, start + 2)) >= 0:
            parts.append(text[at:start])
            at = stop + 2
        text = " ".join((*parts, text[at:])) if parts else text
    return text


def without_expansions(text: str) -> str:
    """What of `text` no shell, controller or build fills in."""
    return " " if _WHOLE_EXPANSION.fullmatch(text) else _EXPANSION.sub(" ", text)


def is_expansion(text: str) -> bool:
    """Does a shell, a controller or a build fill in `text`? What stands beside the variable may not look random."""
    if _WHOLE_EXPANSION.fullmatch(text):
        return True
    if "{" not in text and "(" not in text:
        return False
    rest, count = _EXPANSION.subn(" ", text)
    return bool(count) and not any(len(run) >= 10 and shape.is_random_looking(run) for run in rest.split())


def is_filled_in(tag: str, text: str) -> bool:
    """Does the YAML tag say that `text` names what something else fills in? A tag that nobody knows says nothing."""
    if tag.lower() not in _TAGS:
        return False
    return not any(shape.is_random_looking(word) for word in _PLACE.sub(" ", text).split())


def default_of(text: str) -> str | None:
    """The literal that `${NAME:-literal}`, `${NAME:=literal}` or `${NAME:literal}`, whole, falls back to."""
    found = _DEFAULT.fullmatch(text)
    return found[1] if found else None


def is_reference(text: str) -> bool:
    """Does `text`, whole, name a value kept elsewhere? `ref+echo://` is none: it holds the value itself."""
    return _REFERENCE.fullmatch(text) is not None


def is_code(text: str) -> bool:
    """Is `text` an expression that yields the value: a call, `os.environ…`, `var.…`? Not asked inside a Secret."""
    return _CODE.fullmatch(text) is not None
