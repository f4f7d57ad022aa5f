"""The ids under which gitleaks reports the same kinds of secrets, for what looks findings up by them."""

from __future__ import annotations

GITLEAKS_NAMES = {
    "k8s-secret-plaintext": "kubernetes-secret-yaml",
    "private-key": "private-key",
    "provider-token-1password": "1password-service-account-token",
    "provider-token-age": "age-secret-key",
    "provider-token-anthropic": "anthropic-api-key",
    "provider-token-aws-access-key-id": "aws-access-token",
    "provider-token-databricks": "databricks-api-token",
    "provider-token-digitalocean": "digitalocean-pat",
    "provider-token-doppler": "doppler-api-token",
    "provider-token-gcp-api-key": "gcp-api-key",
    "provider-token-github": "github-pat",
    "provider-token-github-fine-grained": "github-fine-grained-pat",
    "provider-token-gitlab": "gitlab-pat",
    "provider-token-huggingface": "huggingface-access-token",
    "provider-token-jwt": "jwt",
    "provider-token-linear": "linear-api-key",
    "provider-token-npm": "npm-access-token",
    "provider-token-openai": "openai-api-key",
    "provider-token-postman": "postman-api-token",
    "provider-token-pulumi": "pulumi-api-token",
    "provider-token-pypi": "pypi-upload-token",
    "provider-token-rubygems": "rubygems-api-token",
    "provider-token-sendgrid": "sendgrid-api-token",
    "provider-token-slack": "slack-bot-token",
    "provider-token-slack-webhook": "slack-webhook-url",
    "provider-token-stripe": "stripe-access-token",
    "provider-token-telegram": "telegram-bot-api-token",
    "provider-token-terraform-cloud": "hashicorp-tf-api-token",
    "provider-token-vault": "vault-service-token",
}
"""Our id → theirs, where one of theirs means the same."""
