"""`compose-ci-env-secret`: commands that take a password at a place of their own, or from their input."""

from __future__ import annotations

import pytest

RULE = "compose-ci-env-secret"
COMMANDS = [
    "docker login -u bot --password-stdin registry.example.com <<< PW", "passwd --stdin bob <<< 'PW'",
    "openssl enc -aes-256-cbc -pass stdin -in f <<< PW", 'chpasswd <<< "bob:PW"', "gh auth login --with-token <<< PW",
    "echo PW | sudo -S ls", "echo 'PW' | kinit admin", "echo -n PW | gcloud secrets create db --data-file=-",
    "echo PW | kubectl create secret generic db --from-file=password=/dev/stdin",
    "net user Administrator PW", "net user bob PW /add", r"net use Z: \\srv\share PW /user:bob",
    "7z a -pPW out.7z data", "zip -P PW out.zip data", "unzip -P PW out.zip", "unrar x -pPW a.rar",
    "snmpwalk -v2c -c PW 10.0.0.1", "snmpget -v3 -u bob -A PW -l authNoPriv host", "cqlsh -u cassandra -p PW host",
    "sqlcmd -S host -U sa -P PW", "ipmitool -I lanplus -H host -U admin -P PW power on", "sqlplus scott/PW@db",
    "mosquitto_pub -u bob -P PW -t topic", "etcdctl --user root:PW get key", "xfreerdp /u:bob /p:PW /v:host",
    "mc config host add minio http://minio KEY PW", "wpa_passphrase home PW", "cargo login PW",
    "nmcli dev wifi connect home password PW", "consul kv put db/password PW", "vault login PW",
    "npm config set //registry.example.com/:_authToken PW", "pulumi config set --secret db PW",
    "cache_peer parent.example.com parent 3128 0 login=bob:PW", "keytool -list -keystore f -storepass PW",
    "influx -username bob -password PW", "twine upload -u bot -p PW dist/app.whl",
    "az keyvault secret set --name db --vault-name v --value PW", "ssh-keygen -t ed25519 -N PW -f key",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_password_on_a_command_line(command, failing, values):
    written = command.replace("PW", values.password())
    assert [found[1:3] for found in failing({"run.sh": f"#!/bin/sh\nset -e\n{written}\n"})] == [(3, RULE)]
    assert [found[1:3] for found in failing({"README.md": f"# Run\n\n```\n{written}\n```\n"})] == [(4, RULE)]
    assert [found[1] for found in failing({"ci.yml": f"steps:\n- run: |\n    {written}\n"})] == [3]


@pytest.mark.parametrize(
    "value", ['"$PASSWORD"', "${PASSWORD}", "$(pass show db)", "database-password", "/run/secrets/db"]
)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_comes_from_elsewhere(command, value, failing):
    assert failing({"run.sh": f"#!/bin/sh\nset -e\n{command.replace('PW', value)}\n"}) == []


@pytest.mark.parametrize(
    "text",
    [
        "base64 -d <<< PW", "grep -q x <<< PW", "kernel<<<blocks, threads>>>(PW);", "<<<<<<< PW", "net user /domain PW",
        "docker run -c PW image", "vault login -method=PW",
    ],
)  # fmt: skip
def test_other_commands(text, failing, values):
    assert failing({"run.sh": f"#!/bin/sh\n{text.replace('PW', values.password())}\n"}) == []
