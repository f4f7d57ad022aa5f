"""Every rule by its slug: alias, the place of its object, and the words without which it has nothing to do.

`lint.dispatch` reads from this table which rules a file concerns.

`provider-token` is a family: its findings carry `provider-token-NAME`, and its object describes each name.
"""

from __future__ import annotations

from secrets_gitops.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from secrets_gitops.lint.classify import Kind
    from secrets_gitops.lint.rule import Rule

    class Family(Rule, Protocol):
        """A rule whose findings carry ids of its own making."""

        def members(self) -> tuple[Rule, ...]:
            """One rule for each id that findings carry."""

        def named(self, slug: str) -> Rule | None:
            """The words for `slug` (or its `SGnnn`), which begins with the family's id; None when there is no such."""


LOGINS = (
    b"machine ", b":5432:", b"stats auth ", b" on >", b"auth-pass ", b"community ", b"createuser ", b"userlist.txt",
    b"sasl_passwd", b"loginmodule", b"@tcp(", b" password=", b"options (", b"password('", b"set password",
    b"-securestring", b"nseal key ", b"dns cloudflare ", b"neighbor ", b"mc a", b"passwd -", b"rabbitmqctl ",
    b"aws configure set ", b": psk \"", b": eap \"", b"d-i passwd/", b" pass:", b"smbclient ", b"lftp ", b"ssh-keygen ",
    b"openssl enc", b"put-parameter", b"--secret-string", b"keyvault secret set", b"gh secret set", b"vault kv put",
    b"basicauth(", b"basic_auth(", b"auth=(", b"networkcredential(", b"passwordcredential", b"new pdo(", b"mysqli",
    b"getconnection(", b"jwt.", b" <<<", b"net user ", b"net use ", b"freerdp", b"schtasks", b"sqlplus ",
    b"cache_peer ", b"wpa_passphrase ", b"nmcli ", b"vault login ", b"cargo login ", b"consul kv put ", b"_authtoken ",
    b"rclone config ", b"mc config host add ", b"reset-admin-password ", b"pulumi config set ", b"winexe ",
    b"rpcclient ",
)  # fmt: skip
"""One is in every text with a login in a form that `lint.directives` knows."""
_COMMANDS = (
    b"--from-literal", b"authorization", b"curl", b"wget", b"--password", b"--passwd", b"--passphrase", b"--token",
    b"-token ", b"-secret ", b"-pass ", b"-password ", b"storepass", b"keypass", b"-key ", b"authkey", b"chpasswd",
    b"passwd --stdin", b"sudo -s", b"kinit", b"passphrase-fd", b"data-file=-", b"/dev/stdin", b"with-token",
    b"cqlsh", b"snmp", b"zip -", b"7z a", b"7z x", b"7za ", b"unrar", b"ipmitool", b"sqlcmd", b"mosquitto_", b"etcdctl",
    b"hdbsql", b"beeline", b"psexec", b"twine", b"useradd", b"usermod", b"crackmapexec", b"evil-winrm", b"rdesktop",
    b"login -", b" login ", b"sshpass", b"mysql", b"mariadb", b"mongo", b"redis-cli", b"ldap", b"identified",
    b"create user", b"create role", b"alter user", b"alter role", b"requirepass", b"masterauth",
    b"insecure-password", b"auth_pass", b"bearer", b"basic ", b"basic%20", *LOGINS,
)  # fmt: skip
AUTHS_IN_BASE64 = (b"eyJhdXRocyI6", b"eyAiYXV0aHMi", b"ewoJImF1dGhzIjog", b"ewogICJhdXRocyI6", b"ewogICAgImF1dGhzIjog")
"""How `{"auths":` begins in base64, with the blanks that programs write."""
_HASHES = (b"$7$", b"scram-sha-", b"$argon2", b"$scrypt$", b"pbkdf2", b"{sha}", b"{ssha")

RULES: dict[str, tuple[str, str, tuple[bytes, ...]]] = {
    "k8s-secret-plaintext": ("SG101", "k8s_secret_plaintext:RULE", ()),
    "k8s-last-applied-leak": ("SG102", "k8s_last_applied_leak:RULE", (b"last-applied", b"original-")),
    "k8s-env-literal": ("SG103", "k8s_env_literal:RULE", (b"env", b"args", b"command", b"script")),
    "k8s-configmap-secret": ("SG104", "k8s_configmap_secret:RULE", (b"configmap",)),
    "dockerconfig-auth": (
        "SG105",
        "dockerconfig_auth:RULE",
        (b'"auth"', b"auths", *(start.lower() for start in AUTHS_IN_BASE64)),
    ),
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
    "kustomize-patch-secret": (
        "SG204",
        "kustomize_patch_secret:RULE",
        (b"patches", b"/data", b"/stringdata", b"/env/"),
    ),
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
    "unused-allow": ("SG903", "unused_allow:RULE", ()),
    "expired-allow": ("SG905", "expired_allow:RULE", ()),
    "gitleaks-rule": ("SG906", "gitleaks_rule:RULE", (b"[[rules]]",)),
    "allow-without-reason": ("SG904", "allow_without_reason:RULE", ()),
}
"""Slug → (alias, module under `lint.rules` and attribute, words).

Words are in lower case; a file that holds none of them, in any case of letters, does not concern the rule. Without
words the rule is always asked. In order from the most to the least used.
"""

UNASKED = frozenset({"parse-error", "scan-skipped", "unused-allow", "expired-allow", "allow-without-reason"})
"""Rules that no text is shown to: what they are about is known to who scans, and here are the words for it."""

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
    cqlsh 7z 7za snmpwalk snmpget snmpset snmpbulkwalk snmptrap ipmitool
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

EXCUSES = (b":allow", b"pragma:", b"ggignore", b":ignore", b"checkov:skip")
"""One of them is part of every allow comment, ours and others', in lower case."""

OFF = frozenset({"high-entropy"})
"""Rules that run only when they are asked for."""

FAMILIES = ("provider-token", "gitleaks-rule")


def on_by_default() -> tuple[str, ...]:
    """The slugs of the rules that run unless others are asked for."""
    return tuple(slug for slug in RULES if slug not in OFF)


def load(slug: str) -> Rule:
    """The rule called `slug`. Raises SettingsError when there is none."""
    if slug in RULES:
        module, _, attribute = RULES[slug][1].partition(":")
        # Not by `importlib`, whose import takes as long as that of some rules.
        rule: Rule = getattr(__import__(f"secrets_gitops.lint.rules.{module}", fromlist=(attribute,)), attribute)
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
