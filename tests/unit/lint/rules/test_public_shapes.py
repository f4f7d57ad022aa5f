"""Values as public roles, charts and pipelines have them, which are no secrets, and their neighbours that are."""

from __future__ import annotations

import pytest

MADE = "f3dVq9ZkT7"[::-1] + "xW2"
HEX = "4ca070bffe28eb9b"[::-1] * 4
LICENSE = "-".join(part[::-1] for part in ("K9XQ7", "T4ZM2", "3BR8W", "6JN5V"))
PLAY = "roles/app/defaults/main.yml"

NONE = {
    "apt holds a package to a release": (PLAY, "packages:\n  - pin: 'release o=Debian,a=testing'\n"),
    "apt holds a package to a host": (PLAY, "packages:\n  - pin: 'origin \"deb.example.com\"'\n"),
    "the fingerprint of a key of apt": (PLAY, "apt_key: '6125 E2A8 C77F 2818 FB7B D15B 93C4 A3FD 7BB9 C367'\n"),
    "fingerprints of the keys of a repository": (PLAY, f"apt_repo_keys:\n  - '{HEX[:40].upper()}'\n"),
    "a scheme of hashing": (PLAY, "sql_default_pass_scheme: 'SSHA512'\n"),
    "the characters that passwords may have": (PLAY, "password_characters: 'ascii_letters,digits,.-_~&()*='\n"),
    "a query for a password": (PLAY, "password_query: \"SELECT password FROM users WHERE userid = '%n'\"\n"),
    "a variable of another host": (PLAY, "db:\n  password: hostvars[item].ansible_ssh_pass\n"),
    "a variable before a line goes on": (PLAY, "script: |\n  login --password=$REGISTRY_PASSWORD \\\n    registry\n"),
    "a password that must be refused": (PLAY, 'idrac:\n  password: "invalidPassword"\n'),
    "a pattern of Grok": ("parse.yaml", "LOGIN_PASSWORD: 'user \"%{DATA:user}\" with \"%{GREEDYDATA:pw}\"'\n"),
    "what Cirrus CI decrypts": (".cirrus.yml", f"aws_credentials: ENCRYPTED[{HEX}]\n"),
    "the name of a file with credentials": (
        "docker-compose.yml",
        "services:\n  kafka:\n    environment:\n      KAFKA_SSL_KEY_CREDENTIALS: kafka1_sslkey_creds\n",
    ),
    "a blotted key": ("prometheus.yml", "scrape_configs:\n- scaleway_sd_configs:\n  - access_key: SCWXXXXXXXXXXXX\n"),
    "a sign that stands for a value": ("secret.yaml", 'kind: Secret\napiVersion: v1\nstringData:\n  password: "#"\n'),
    "ends of names": ("config.yaml", 'secrets_ends:\n  tokens:\n  - "_PRIVATE_KEY"\n  - "_API_KEY"\n'),
    "a hashed name of a script": ("assets.json", '{"icon.token.js": "/static/js/icon.tokenIP.0d8bba26.chunk.js"}\n'),
    "the path of a key": (PLAY, "bgp_private_key: /etc/pki/tls/private/ovn_bgp_agent.key\n"),
    "a path below a variable": ("openssl.cnf", "[ca]\nprivate_key = $dir/private/cakey.pem\n"),
    "a path in the registry": ("registry.py", 'read(hive="HKLM", key="SOFTWARE\\\\MyKey1")\n'),
    "a license": (PLAY, "license: license (GPLv3)\n"),
    "an address": ("setup.sh", '_SALT_MASTER_ADDRESS="127.0.0.1"\n'),
}  # fmt: skip

SECRETS = {
    "a pin of digits": (PLAY, 'card_pin: "482913"\n'),
    "a token under a pin's words": (PLAY, f"release_pin_token: '{MADE}'\n"),
    "an apt password": (PLAY, f"apt_password: '{MADE}'\n"),
    "a quoted literal where a variable may be": (PLAY, f'db:\n  password: "{MADE}"\n'),
    "a literal before a line goes on": (PLAY, f"script: |\n  login --password={MADE} \\\n    registry\n"),
    "hardly blotted": ("prometheus.yml", f"a:\n  access_key: XXXXXXXX{MADE}\n"),
    "encrypted only by its word": (".cirrus.yml", f"aws_token: ENCRYPTED[{MADE}]\n"),
    "a made name in a path": (PLAY, f"api_token: /static/{MADE}{MADE}.js\n"),
    "a license key": (PLAY, f"license_key: {LICENSE}\n"),
    "digits": (PLAY, 'db_password: "48291357"\n'),
    "a token beside a badge's name": (
        "README.md",
        f"    helm upgrade --install badger ./chart --set auth.password={MADE}{MADE}\n",
    ),
}


@pytest.mark.parametrize("case", NONE)
def test_no_secret(failing, case):
    path, text = NONE[case]
    assert failing({path: text}) == []


@pytest.mark.parametrize("case", SECRETS)
def test_a_secret_beside_it(failing, case):
    path, text = SECRETS[case]
    assert len(failing({path: text})) == 1
