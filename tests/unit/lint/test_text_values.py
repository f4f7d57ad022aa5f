"""What stands again and again on one line is one finding; on the next line, or with another value, it is another."""

from __future__ import annotations

import pytest

from secrets_gitops.lint import command_secrets
from secrets_gitops.lint.run import Run
from secrets_gitops.lint.target import Target
from secrets_gitops.lint.text_values import OncePerLine


@pytest.fixture
def find(memory):
    """The secrets in commands of a text."""
    return lambda data: command_secrets.find(Target("notes.txt", data, Run(memory({}))))


def test_once_per_line():
    once = OncePerLine(b"aXaXaYa\nXX")
    assert [once.is_new(what, at) for what, at in (("X", 1), ("X", 3), ("Y", 5), ("X", 8), ("X", 9))] == [
        True, False, True, True, False,
    ]  # fmt: skip


def test_what_a_second_look_finds_on_an_earlier_line_is_told(find, values):
    """One header is known by its scheme, another by its name: the same token under both, on two lines."""
    token = values.hex(40)
    data = f"curl -H 'Authorization: Bearer {token}'\ncurl -H 'Authorization: token {token}'\n".encode()
    lines = sorted(data.count(b"\n", 0, one.start) for one in find(data) if one.value == token)
    assert lines == [0, 1]


def test_logins_that_repeat_on_a_line(find, values):
    first, second = values.password(), values.password()
    line = f"curl -u a:{first} x; curl -u a:{first} y; curl -u a:{second} z\n"
    found = [one.value for one in find((line * 2).encode())]
    assert found == [first, second] * 2


FORMS = {
    "the passwords of Postfix": "# sasl_passwd\n[smtp.example.org]:587 mailer@example.org:{}\n",
    "a user of SNMP": "createUser monitor SHA {} AES\n",
    "a user of Redis": "user app on >{} ~* +@all\n",
    "netrc": "machine git.example.org login ci password {}\n",
    "a user of Kafka": 'a.PlainLoginModule required\n  user_alice="{}";\n',
    "a connection to MySQL in Go": 'dsn = "app:{}@tcp(db:3306)/app"\n',
    "a connection to PostgreSQL": 'dsn := "host=db user=app password={} dbname=app"\n',
    "a foreign server": "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'r', password '{}');\n",
    "a password set in MySQL": "SET PASSWORD FOR 'a'@'%' = '{}';\n",
    "the same, as it was": "SET PASSWORD FOR 'a'@'%' = PASSWORD('{}');\n",
    "PowerShell": 'ConvertTo-SecureString -String "{}" -AsPlainText -Force\n',
    "a neighbour in BGP": "router bgp 64500\n neighbor 10.0.0.1 password {}\n",
    "an alias of MinIO's client": "mc alias set s3 http://minio:9000 admin {}\n",
    "a user of MinIO": "mc admin user add s3 loki '{}'\n",
    "htpasswd": "htpasswd -bc /etc/auth admin {}\n",
    "htpasswd that prints": "docker run httpd htpasswd -Bbn admin {} > auth\n",
    "a user of RabbitMQ": "rabbitmqctl add_user app {}\n",
    "the AWS client": "aws configure set aws_secret_access_key {}\n",
    "a passphrase": "gpg --batch --passphrase '{}' -d a.gpg\n",
    "a key of an account": "az storage blob list --account-key {}\n",
    "the passphrase of a key": "openssl pkcs12 -export -passout pass:{} -in a.pem\n",
    "a cipher of OpenSSL": "openssl enc -aes-256-cbc -k {} -in a\n",
    "a new key of SSH": "ssh-keygen -t ed25519 -N '{}' -f a\n",
    "a share of Samba": "smbclient //s/a -U user%{}\n",
    "a login for FTP": "lftp -u user,{} ftp.example.org\n",
    "a parameter of AWS": "aws ssm put-parameter --name /a \\\n  --value {} --type SecureString\n",
    "a secret of AWS": "aws secretsmanager create-secret --name a --secret-string {}\n",
    "a secret of Azure": "az keyvault secret set --vault-name v --name n --value '{}'\n",
    "a secret of GitHub": 'gh secret set TOKEN --body "{}"\n',
    "a secret of Vault": "vault kv put secret/app user=app value={}\n",
    "options of curl in one": "curl -su admin:{} https://a.example.org\n",
    "curl in a list": '["curl", "-u", "admin:{}", "http://localhost/health"]\n',
    "any value of a Secret": "kubectl create secret generic a --from-literal=x={}\n",
    "a login in Go": 'req.SetBasicAuth("app", "{}")\n',
    "a login in Python": 'requests.get(url, auth=("app", "{}"))\n',
    "a login in Rust": '.basic_auth("app", Some("{}"))\n',
    "a login in C#": 'new NetworkCredential("app", "{}")\n',
    "a login in Java": 'new UsernamePasswordCredentials("app", "{}")\n',
    "a connection in Java": 'DriverManager.getConnection("jdbc:a://h/d", "app", "{}")\n',
    "a connection in PHP": "new PDO('mysql:host=h', $user, '{}')\n",
    "a key for tokens": "jwt.sign(payload, '{}')\n",
    "a directive in a list": 'customConfig: ["requirepass {}", "maxmemory 1gb"]\n',
}


@pytest.mark.parametrize("form", FORMS)
def test_formats_without_keys(find, form, values):
    password = values.password()
    assert [one.value for one in find(FORMS[form].format(password).encode())] == [password]
    assert not list(find(FORMS[form].format("${PASSWORD}").encode()))


def test_longer_values_of_formats_without_keys(find, values):
    key, token = values.base64(33), values.password(40)
    assert [one.value for one in find(f"Unseal Key 1: {key}\n".encode())] == [key]
    assert [one.value for one in find(f"tls {{\n  dns cloudflare {token}\n}}\n".encode())] == [token]
    assert not list(find(b"tls {\n  dns cloudflare {env.CF_API_TOKEN}\n}\nUnseal Key 1: ...\n"))


@pytest.mark.parametrize(
    "text",
    [
        "openssl req --ssl-key /etc/tls/a1B2c3D4e5.key\n",
        "htpasswd -c /etc/nginx/htpasswd-2024a admin\nmosquitto_passwd -U /etc/mosquitto/passwd-v2\n",
        'dsn := fmt.Sprintf("%s:%s@tcp(%s)/app", u, p, h)\nroot:root@tcp(db)/a user:password@tcp(127.0.0.1)/a\n',
        "host=localhost user=gorm password=gorm dbname=gorm\n",
        'mc alias set s3 "$URL" "$USER" "$PASS"\nthe neighbor of a password manager2024\n',
        "ConvertTo-SecureString $env:PASSWORD -AsPlainText -Force\n",
        'ssh-keygen -N "" -f a1B2c3D4e5f6\nopenssl enc -d -kfile a1B2c3D4e5f6\nopenssl a -passin env:PASSWORD\n',
        "kubectl create secret generic a --from-literal=mode=production --from-literal=b=c\n",
        "aws ssm put-parameter --name /a --type String --value a1B2c3D4e5f6g7H8\n",
        'aws ssm put-parameter --type SecureString --value "$VALUE"\ngh secret set TOKEN --body "$(cat token)"\n',
        "vault kv put secret/app @data.json\nvault kv get -field=a1B2c3D4e5f6 secret/app\n",
        'HTTPBasicAuth(user, password)\nclient.SetBasicAuth("user", "pass-of-user")\njwt.verify(token, publicKey)\n',
        'jwt.sign(payload, "secret-or-private-key", { algorithm: "RS256" })\n',
    ],
)
def test_what_only_resembles_them(find, text):
    assert not list(find(text.encode()))
