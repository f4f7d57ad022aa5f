"""What a key says of its value."""

from __future__ import annotations

import pytest

from secrets_gitops.lint.key_names import read_key

EXPECTED = {
    "strong": [
        "password", "DB_PASSWORD", "dbPassword", "smtp.password", "db-pass", "dbpassword",
        "clientSecret", "CLIENT_SECRET", "apiKey", "API_KEY", "apikey", "aws_secret_access_key", "accessKey",
        "privateKey",
        "ssh-privatekey", "encryptionKey", "signing.key", "token", "accessToken", "authtoken", "TOKEN_2",
        "webhookSecret", "BASIC_AUTH", "credentials", "connectionString", "DSN", "pin", "otp", "jwt",
        ".dockerconfigjson",
        "x-honeycomb-team", "sonar.login", "unseal_keys_b64", "authkey",
        "-Dsonar.login", "monitoringPasscode", "passkey",
        "bgp_peerpass",
        "key-store-password", "keystorePassword", "storage-account-key", "PASSWORD_PROD", "oauth2ClientSecret",
    ],
    "plain": [
        "secretName", "SECRET_NAME", "existingSecret", "passwordFile", "PASSWORD_FILE", "token-id", "tokenUrl",
        "TOKEN_TTL", "passwordPolicy", "keyId", "publicKey", "public_api_token", "usePassword", "enableToken",
        "hasPassword", "authority", "primaryKey", "partition_key", "keyboard", "compass", "passthrough", "pass-through",
        "tokenizer", "secretStore", "apiVersion", "tokenReview", "authorizationMode", "access-log", "maxTokens",
        "secretRef", "credentialsProvider", "keyAlgorithm", "password_hint", "token-issuer",
        "update_password", "forcePassword",
        "client.secret.creation.time", "token_expiry_ms", "PASSWORD_HASHERS", "STRIPE_PUBLISHABLE_KEY",
        "RECAPTCHA_SITE_KEY", "GPG_KEY",
        "health.external-secrets.io_ExternalSecret", "sealedSecret",
        "password_encryption", "protobuf_key", "secret_ext", "storageVersionHash", "discovery-token-ca-cert-hash",
    ],
    "weak": ["key", "auth", "session", "routingKey", "tls.key", "hash", "cert", "webhook", "code"],
    "open": ["value", "username", "user", "config.yaml", "monkeys", "", "-", "42", "é", "spec", "region"],
}  # fmt: skip
ROWS = [(kind, key) for kind, keys in EXPECTED.items() for key in keys]


@pytest.mark.parametrize(("kind", "key"), ROWS)
def test_a_key_is_as_sensitive_as_its_words(kind, key):
    assert read_key(key).sensitivity == kind


def test_words_are_split_at_signs_and_changes_of_case():
    assert read_key("DB_rootPassword.v2-APIKey").words == ("db", "root", "password", "v", "2", "api", "key")


def test_the_domain_before_the_name_of_an_annotation_says_nothing():
    assert read_key("secret.reloader.example.com/reload").sensitivity == "open"
    assert read_key("example.com/api-token").sensitivity == "strong"
    assert read_key("config/db.password").sensitivity == "strong"


def test_prose_and_ids_are_told():
    assert read_key("longDescription").holds_prose
    assert not read_key("password").holds_prose
    assert read_key("git_commit").identifies
    assert read_key("image.sha256").identifies
    assert not read_key("token").identifies


def test_memory_stays_bounded():
    for number in range(50_000):
        read_key(f"key-{number}")
    assert read_key("password").sensitivity == "strong"


@pytest.mark.parametrize(
    "key", ["tokenUser", "secretNamespace", "credentials_provider", "passwordReset", "secretsFilter"]
)
def test_what_is_about_a_secret_is_none(key):
    assert read_key(key).sensitivity == "plain"


@pytest.mark.parametrize("key", ["user", "username", "namespace", "status"])
def test_the_same_word_without_a_secret_before_it_says_nothing(key):
    assert read_key(key).sensitivity == "open"


def test_of_a_long_key_the_end_counts():
    assert read_key("a_long_prefix_" * 20 + "password").sensitivity == "strong"
    assert read_key("password_" + "a_long_prefix_" * 20 + "name").sensitivity == "plain"
    assert read_key("x" * 5000).sensitivity == "open"
