"""Every rule by its slug: alias, the place of its object, and the words without which it has nothing to do.

A rule is imported when a file holds one of its words: a hook that runs at every commit does not load what it need not.

`provider-token` is a family: its findings carry `provider-token-NAME`, and its object describes each name.
"""

from __future__ import annotations

from importlib import import_module

from secrets_gitops.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Protocol

    from secrets_gitops.lint.classify import Kind
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.rule import Rule
    from secrets_gitops.lint.target import Target

    class Family(Rule, Protocol):
        """A rule whose findings carry ids of its own making."""

        def members(self) -> tuple[Rule, ...]:
            """One rule for each id that findings carry."""

        def named(self, slug: str) -> Rule | None:
            """The words for `slug` (or its `SGnnn`), which begins with the family's id; None when there is no such."""


_COMMANDS = (
    b"--from-literal", b"authorization", b"curl", b"wget", b"--password", b"--passwd", b"--token", b"-token ",
    b"login -", b" login ", b"sshpass", b"mysql", b"mariadb", b"mongo", b"redis-cli", b"ldap", b"identified",
    b"create user", b"create role", b"alter user", b"alter role", b"requirepass", b"masterauth",
    b"insecure-password", b"auth_pass",
)  # fmt: skip
_HASHES = (b"$argon2", b"$scrypt$", b"pbkdf2", b"{sha}", b"{ssha")

RULES: dict[str, tuple[str, str, tuple[bytes, ...]]] = {
    "k8s-secret-plaintext": ("SG101", "k8s_secret_plaintext:RULE", ()),
    "k8s-last-applied-leak": ("SG102", "k8s_last_applied_leak:RULE", (b"last-applied", b"original-")),
    "k8s-env-literal": ("SG103", "k8s_env_literal:RULE", (b"env", b"args", b"command", b"script")),
    "k8s-configmap-secret": ("SG104", "k8s_configmap_secret:RULE", (b"configmap",)),
    "dockerconfig-auth": ("SG105", "dockerconfig_auth:RULE", (b'"auth"', b"auths")),
    "kubeconfig-credentials": ("SG106", "kubeconfig_credentials:RULE", (b"users",)),
    "crd-inline-secret": (
        "SG107",
        "crd_inline_secret:RULE",
        (
            b"apiversion",
            b"scrape_configs",
            b"receivers",
            b"remote_",
            b"alerting",
            b"datasources",
            b"notifiers",
            b"contactpoints",
            b"connectors",
            b"static",
            b"exporters",
        ),
    ),
    "kustomize-secret-literal": ("SG201", "kustomize_secret_literal:RULE", (b"secretgenerator",)),
    "kustomize-secret-file": ("SG202", "kustomize_secret_file:RULE", (b"secretgenerator",)),
    "kustomize-configmap-literal": ("SG203", "kustomize_configmap_literal:RULE", (b"configmapgenerator",)),
    "kustomize-patch-secret": ("SG204", "kustomize_patch_secret:RULE", (b"patches", b"/data", b"/stringdata")),
    "helm-value-secret": (
        "SG301",
        "helm_value_secret:RULE",
        (b"pass", b"secret", b"token", b"key", b"cred", b"auth", b"pwd", b"salt"),
    ),
    "helm-template-literal": ("SG302", "helm_template_literal:RULE", (b"{{",)),
    "gitops-decryption-missing": (
        "SG303",
        "gitops_decryption_missing:RULE",
        (
            b"kustomize.toolkit.fluxcd.io",
            b"argoproj.io",
            b"viaduct.ai",
            b"configmapgenerator",
            b"valuesfiles",
            b"releases:",
        ),
    ),
    "sops-not-encrypted": ("SG401", "sops_not_encrypted:RULE", ()),
    "sops-partial": ("SG402", "sops_partial:RULE", (b"sops",)),
    "sops-recipient-drift": ("SG403", "sops_recipient_drift:RULE", (b"sops",)),
    "sops-mac-missing": ("SG404", "sops_mac_missing:RULE", (b"sops",)),
    "sops-malformed": ("SG405", "sops_malformed:RULE", (b"sops", b"enc[")),
    "sops-selector-drift": ("SG406", "sops_selector_drift:RULE", (b"sops",)),
    "sops-unencrypted-sibling": ("SG407", "sops_unencrypted_sibling:RULE", ()),
    "sops-encrypts-metadata": ("SG408", "sops_encrypts_metadata:RULE", (b"enc[aes256_gcm",)),
    "sops-mac-mismatch": ("SG409", "sops_mac_mismatch:RULE", (b"sops",)),
    "sops-unverifiable-in-cluster": ("SG410", "sops_unverifiable_in_cluster:RULE", (b"sopssecret",)),
    "sops-config-ambiguous": ("SG411", "sops_config_ambiguous:RULE", (b"creation_rules",)),
    "sops-unmerged": ("SG412", "sops_unmerged:RULE", (b"<<<<<<<",)),
    "sealed-template-plaintext": ("SG501", "sealed_template_plaintext:RULE", (b"sealedsecret",)),
    "sealed-not-ciphertext": ("SG503", "sealed_not_ciphertext:RULE", (b"sealedsecret", b"encrypteddata")),
    "dotenv-secret": ("SG601", "dotenv_secret:RULE", ()),
    "terraform-secret": ("SG602", "terraform_secret:RULE", ()),
    "tfstate-committed": ("SG603", "tfstate_committed:RULE", ()),
    "ansible-secret": ("SG604", "ansible_secret:RULE", ()),
    "credential-file": ("SG605", "credential_file:RULE", ()),
    "compose-ci-env-secret": ("SG606", "compose_ci_env_secret:RULE", _COMMANDS),
    "generic-assignment": ("SG607", "generic_assignment:RULE", ()),
    "url-credential": ("SG608", "url_credential:RULE", (b"://",)),
    "high-entropy": ("SG609", "high_entropy:RULE", ()),
    "password-hash": (
        "SG108",
        "password_hash:RULE",
        (b"$2a", b"$2b", b"$2x", b"$2y", b"$apr1$", b"$1$", b"$5$", b"$6$", b"$y$", *_HASHES),
    ),
    "private-key": ("SG701", "private_key:RULE", ()),
    "provider-token": ("SG710", "provider_token:RULE", ()),
    "parse-error": ("SG901", "parse_error:RULE", ()),
    "scan-skipped": ("SG902", "scan_skipped:RULE", ()),
    "unused-allow": ("SG903", "unused_allow:RULE", (b"secrets-gitops:allow",)),
    "expired-allow": ("SG905", "expired_allow:RULE", (b"lint:",)),
    "gitleaks-rule": ("SG906", "gitleaks_rule:RULE", (b"[[rules]]",)),
    "allow-without-reason": ("SG904", "allow_without_reason:RULE", (b"secrets-gitops:allow",)),
}
"""Slug → (alias, module under `lint.rules` and attribute, words).

Words are in lower case; a file that holds none of them, in any case of letters, does not concern the rule. Without
words the rule is always asked. In order from the most to the least used.
"""

ON_REQUEST = frozenset({"sops-mac-mismatch"})
"""Rules that do nothing unless a command gives them what they need."""

HOME = "https://github.com/secrets-gitops/secrets-gitops"

KINDS: dict[str, frozenset[Kind]] = {
    "dotenv-secret": frozenset({"dotenv"}),
    "terraform-secret": frozenset({"terraform"}),
    "tfstate-committed": frozenset({"tfstate"}),
    "ansible-secret": frozenset({"ansible", "inventory"}),
    "credential-file": frozenset({"credentials"}),
    "compose-ci-env-secret": frozenset({"compose", "ci", "dockerfile", "shell"}),
    "generic-assignment": frozenset({"docs", "source", "yaml", "json", "ini", "xml", "text"}),
}
"""The rules about whole files of some kinds; see `lint.classify`. One that has words too is asked where they occur."""

CLIENTS = frozenset(
    b"""
    mysql mysqldump mysqladmin mysqlimport mysqlshow mariadb mariadb-dump mariadb-admin mongo mongosh mongodump
    mongorestore mongoexport mongoimport sshpass docker podman buildah nerdctl oras crane rabbitmqadmin az redis-cli
    ldapsearch ldapadd ldapmodify ldapwhoami sqlcmd mosquitto_pub mosquitto_sub curl smbclient etcdctl zip unzip
    """.split()
)
"""Programs that take a password by a short option; `lint.command_words` knows which."""

NAMED: dict[str, frozenset[bytes]] = {
    "k8s-env-literal": CLIENTS,
    "k8s-configmap-secret": frozenset(),
    "crd-inline-secret": frozenset((b"fake",)),
    "helm-value-secret": frozenset(),
}
"""Rules about the names of leaves: asked where a name stands beside a value (`lint.leaf_gate`), or one of the words."""

OFF = frozenset({"high-entropy"})
"""Rules that run only when they are asked for."""

FAMILIES = ("provider-token", "gitleaks-rule")


_IN_WORD = b"abcdefghijklmnopqrstuvwxyz0123456789_-."
"""What the words of a target are made of (`lint.assignments`), in lower case."""
_LONGEST = 100
"""Characters of a word that is remembered: longer ones are data, which seldom come again."""
_MEMORY = 200_000
"""Words that are remembered of each kind from file to file."""
_by_core: dict[bytes, tuple[bytes, ...]] = {}
_cores_in: dict[bytes, tuple[bytes, ...]] = {}
_dull: set[bytes] = set()


def _core(word: bytes) -> bytes:
    """The longest part of `word` that would stand in one word of a text; empty when it says nothing."""
    parts = bytes(c if c in _IN_WORD else 0x20 for c in word).split()
    longest = max(parts, key=len, default=b"")
    return longest if len(longest) >= 3 else b""


def words_in(target: Target) -> frozenset[bytes]:
    """Which words of the rules occur in the text, in any case of letters.

    Its different words are asked, which are remembered from file to file; what holds other characters (`://`) is looked
    for in the text itself.
    """
    if not _by_core:
        for word in {word for _, _, words in RULES.values() for word in words}:
            core = _core(word)
            _by_core[core] = (*_by_core.get(core, ()), word)
    cores: set[bytes] = set()
    new = []
    for word in target.different_words - _dull:
        known = _cores_in.get(word)
        if known is None:
            new.append(word)
        else:
            cores.update(known)
    cores |= _learned(new)
    found = [word for core in cores for word in _by_core[core] if word == core or word in target.lowered]
    has_dollar = b"$" in target.data
    found += [word for word in _by_core[b""] if (has_dollar or word[0] != 0x24) and word in target.data]
    return frozenset(found)


def _learned(words: list[bytes]) -> set[bytes]:
    """The cores in words that were not seen before, which are remembered unless they are long."""
    together = b"\n".join(words).lower()
    found = {core for core in _by_core if core and core in together}
    for word in words:
        if len(word) > _LONGEST:
            continue
        lowered = word.lower()
        inside = tuple([core for core in found if core in lowered])
        if inside:
            _cores_in[word] = inside
        else:
            _dull.add(word)
    if len(_dull) > _MEMORY:
        _dull.clear()
    if len(_cores_in) > _MEMORY:
        _cores_in.clear()
    return found


class Deferred:
    """A rule that is imported when a file holds one of its words, or when its own words for people are asked for."""

    __slots__ = ("_kinds", "_rule", "_words", "alias", "id")

    def __init__(self, slug: str) -> None:
        self.id = slug
        self.alias, _, self._words = RULES[slug]
        self._kinds = KINDS.get(slug)
        self._rule: Rule | None = None

    def concerns(self, target: Target) -> bool:
        """As the rule says, but False without import where none of the words occurs, or for a file of another kind.

        Of a file whose block alone counts few rules are asked, and to look for the words of all would take longest.
        """
        of_its_kind = self._kinds is not None and target.parent is None and target.kind in self._kinds
        if not of_its_kind:
            if self._kinds is not None and not self._words:
                return False
            if self._words and not target.brief and target.words.isdisjoint(self._words):
                return False
        return self._loaded().concerns(target)

    def check(self, target: Target) -> Iterator[Finding]:
        """The rule's findings."""
        return self._loaded().check(target)

    def _loaded(self) -> Rule:
        if self._rule is None:
            self._rule = load(self.id)
        return self._rule

    @property
    def severity(self) -> Severity:
        """The rule's default."""
        return self._loaded().severity

    @property
    def summary(self) -> str:
        """What the rule finds."""
        return self._loaded().summary

    @property
    def why(self) -> str:
        """Why that is a problem."""
        return self._loaded().why

    @property
    def fix(self) -> str:
        """What to do in general."""
        return self._loaded().fix


def on_by_default() -> tuple[str, ...]:
    """The slugs of the rules that run unless others are asked for."""
    return tuple(slug for slug in RULES if slug not in OFF)


class Dispatch:
    """Which of some rules a text may concern, by its words and its kind, without asking each of them."""

    __slots__ = ("_always", "_by_kind", "_by_word", "_rules")

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._always: list[int] = []
        self._by_word: dict[bytes, list[int]] = {}
        self._by_kind: dict[Kind, list[int]] = {}
        for at, rule in enumerate(rules):
            words = RULES[rule.id][2] if isinstance(rule, Deferred) else ()
            kinds = KINDS.get(rule.id, ()) if isinstance(rule, Deferred) else ()
            if not words and not kinds:
                self._always.append(at)
            for word in words:
                self._by_word.setdefault(word, []).append(at)
            for kind in kinds:
                self._by_kind.setdefault(kind, []).append(at)

    def asked(self, target: Target) -> list[Rule]:
        """The rules to ask, in their order."""
        chosen = set(self._always)
        for word in target.words:
            chosen.update(self._by_word.get(word, ()))
        if target.parent is None:
            chosen.update(self._by_kind.get(target.kind, ()))
        rules = [self._rules[at] for at in sorted(chosen)]
        if not any(rule.id in NAMED for rule in rules) or target.may_be_called_secret:
            return rules
        return [rule for rule in rules if rule.id not in NAMED or not NAMED[rule.id].isdisjoint(target.different_words)]


def deferred(slugs: Iterable[str] | None = None) -> tuple[Rule, ...]:
    """The rules called `slugs`, those that are on by default without them, each imported when it is needed."""
    slugs = on_by_default() if slugs is None else slugs
    return tuple(Deferred(slug) if slug in RULES else load(slug) for slug in slugs)


def load(slug: str) -> Rule:
    """The rule called `slug`. Raises SettingsError when there is none."""
    if slug in RULES:
        module, _, attribute = RULES[slug][1].partition(":")
        rule: Rule = getattr(import_module(f"secrets_gitops.lint.rules.{module}"), attribute)
        return rule
    for name in FAMILIES:
        if slug.startswith((f"{name}-", "SG")):
            family: Family = load(name)  # type: ignore[assignment]  # FAMILIES says so
            found = family.named(slug)
            if found is not None:
                return found
    raise SettingsError(
        f"there is no lint rule `{slug}`", hints=("`secrets-gitops lint --list-rules` names all rules",)
    )


def slug_of(name: str) -> str:
    """The slug for an id as typed: a slug or an `SGnnn` alias in any case. Raises SettingsError when there is none."""
    for slug, (alias, *_) in RULES.items():
        if name in {slug, alias} or name.upper() == alias:
            return slug
    return load(name.upper() if name.upper().startswith("SG") else name).id


def family(slug: str) -> str:
    """The family of the rule called `slug`; the rule itself where it belongs to none."""
    return next((name for name in FAMILIES if slug.startswith(f"{name}-")), slug)


def members(slug: str) -> tuple[Rule, ...]:
    """The rules of the family called `slug`."""
    family: Family = load(slug)  # type: ignore[assignment]  # FAMILIES says so
    return family.members()


def page(slug: str) -> str:
    """The page of the rule called `slug`, below `docs/reference`; the members of a family share its page."""
    family = next((name for name in FAMILIES if slug.startswith(f"{name}-")), slug)
    return f"rules/{family}.md"


def page_url(slug: str) -> str:
    """The address of that page, for reports."""
    return f"{HOME}/blob/main/docs/reference/{page(slug)}"


def load_all(slugs: Iterable[str] = RULES) -> tuple[Rule, ...]:
    """The rules called `slugs`, in the catalogue's order where all are meant."""
    return tuple(load(slug) for slug in slugs)
