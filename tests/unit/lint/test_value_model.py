"""Every row of the value model, on both sides of its border."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from secrets_gitops.lint.value_model import classify, is_secret

EXPECTED = {
    "empty": ["", "  ", "~", "null", "''", '""', "{}", "[]", "\n"],
    "setting": [
        "true", "no", "off", "3600", "-1", "0.75", "1e6", "15m", "1h30m", "250ms", "1Gi", "500m", "80%", "2024-02-29",
        "2024-02-29T12:30:00Z", "1.27", "v1.4.2", "1.2.3-rc.1", "^9.0.0", "~> 5.0", ">=1.2", "10.0.0.1", "10.0.0.0/8",
        "sha256", "SHA-512", "bcrypt", "argon2id", "pbkdf2-sha256", "RS256", "aes-256-gcm",
    ],
    "placeholder": [
        "changeme", "CHANGE-ME", "change_me_please", "changeit", "replace-me", "TODO", "todo: set", "tbd", "fixme",
        "REDACTED", "removed", "masked", "example", "dummy", "placeholder", "none", "N/A", "secret", "password",
        "passw0rd", "your-password", "your token", "my-secret", "<your-password-here>", "[your token]", "xxxx",
        "XXXXXXXX", "********", "********1234", "...", "aaaaaaaa", "abcdefgh", "0123456789abcdef",
        "mysecretpassword", "superStrongPassword", "admin123", "test-password", "SOME_EXAMPLE_VALUE", "PUT_IT_HERE",
        "default-root-password", '"changeme"', "'secret'",
    ],
    "documented": ["abcdef.0123456789abcdef", "correct horse battery staple"],
    "template": [
        "{{ .Values.db.password }}", "a-{{ .x }}-b", "{% if a %}b{% endif %}", "<%= ENV['A'] %>", "[[ .token ]]",
    ],
    "expansion": [
        "$PASSWORD", "${PASSWORD}", "${PASSWORD:-}", "${PASSWORD:?not set}", "$(PASSWORD)", "$(cat /run/secret)",
        "`pass show db`", "%env(DB_PASSWORD)%", "@file:/run/token", "@db.txt", "((db-password))",
        "%PASSWORD%", "%%PASSWORD%%", "@PASSWORD@",
        "@/run/secrets/jwt",
        "__PASSWORD__", "$__env{TOKEN}",
        "$__file{/etc/pw}", "#{Password}#",
        "${{ secrets.TOKEN }}", "!Ref DbPassword", "Bearer ${TOKEN}",
    ],
    "reference": [
        "ref+vault://secret/db#/password", "secretref+awssecrets://db", "vault:secret/data/db#PASSWORD",
        "<path:secret/data/db#password>", "op://infra/db/password",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf", "projects/p-1/secrets/db/versions/3",
        "secretsmanager:prod/db", "ssm:/prod/db", "awssm://prod/db", "gcpsm://p/db", "azkv://kv/db", "sops://a.yaml#db",
        "secretref:db", "file:///run/secrets/db", "secret:app#db", "ENV[DB_PASSWORD]",
    ],
    "path": [
        "/run/secrets/db", "./certs/tls.key", "~/.ssh/config", "C:\\secrets\\db", "https://example.com/a/b?c=d",
        "certs/ca.crt",
    ],
}  # fmt: skip
ROWS = [(kind, text) for kind, texts in EXPECTED.items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), ROWS, ids=[f"{kind}-{text[:24]!r}" for kind, text in ROWS])
def test_a_value_has_the_class_of_its_row(kind, text):
    assert classify(text, "value") == kind
    assert classify(text, "value", strict=True) == kind


@pytest.mark.parametrize("strict", [False, True])
def test_what_is_none_of_these_is_plaintext(values, strict):
    for text in ("hunter2", values.password(), values.password(40), values.hex(40), "Password1!", "p@ssw0rd99"):
        assert classify(text, "password", strict=strict) == "plaintext"


class TestNumbers:
    """A PIN is a number, and a port is one too; the key tells."""

    @pytest.mark.parametrize("key", ["pin", "otp", "code", "password", "accessToken"])
    def test_six_digits_under_a_sensitive_key_are_plaintext(self, key):
        assert classify("493817", key, strict=True) == "plaintext"

    @pytest.mark.parametrize("text", ["12345678", "000000", "0123456789"])
    def test_a_run_of_digits_is_a_placeholder_even_there(self, text):
        assert classify(text, "pin", strict=True) == "setting"

    @pytest.mark.parametrize(("key", "text"), [("pin", "4938"), ("port", "493817"), ("account", "493817")])
    def test_fewer_digits_or_another_key_are_a_setting(self, key, text):
        assert classify(text, key, strict=True) == "setting"


class TestDefaults:
    """`${NAME:-literal}`: the literal is the value when nobody sets the variable."""

    def test_a_literal_default_is_judged(self, values):
        assert classify(f"${{TOKEN:-{values.password()}}}", "token") == "plaintext"
        assert classify(f"${{TOKEN:={values.password()}}}", "token") == "plaintext"

    def test_as_spring_writes_it(self, values):
        assert classify(f"${{DB_PASSWORD:{values.password()}}}", "password") == "plaintext"
        assert classify(f"${{app.db.password:{values.password()}}}", "password") == "plaintext"
        for text in ("${DB_PASSWORD:}", "${file:/run/db.properties:password}", "${env:DB_PASSWORD}", "${TOKEN:0:8}"):
            assert classify(text, "password") == "expansion"

    def test_a_default_that_stands_for_a_value_is_none(self):
        assert classify("${TOKEN:=default}", "token") == "placeholder"
        assert classify("${A:-${B}}", "token") == "expansion"


class TestWhatPublicFilesHold:
    """Values under keys of secrets that no reviewer would stop, as charts, scripts and manuals hold them."""

    @pytest.mark.parametrize(
        ("key", "text", "kind"),
        [
            ("password", "unused", "placeholder"),
            ("password", "not-needed", "placeholder"),
            ("password", "PLACEHOLDER_SET_MANUALLY", "placeholder"),
            ("token", "placeholder-until-the-pipeline-runs", "placeholder"),
            ("token", "fake-ci-token", "placeholder"),
            ("apiKey", "abcdefghijk123456789", "placeholder"),
            ("token", "AgBy3i4OJSWK+PiT.....", "placeholder"),
            (".dockerconfigjson", "ewogICJjcmVk...", "placeholder"),
            ("accountkey", "base64encodedaccountkey", "placeholder"),
            ("encodedkey", "base64-encoded-json-key-file", "placeholder"),
            ("seedPhraseSecret", "{__relative_name__}", "placeholder"),
            ("password", "!secret mqtt_password", "expansion"),
            ("PASS", r"\x1b[32mPASS", "setting"),
            ("seed", "1436380640", "setting"),
            ("etcd_creds", "--peer-cert-file /etc/peer.crt --peer-key-file=/etc/peer.key", "setting"),
            ("apt_key", "url=https://a.example/key.gpg id=A1B2C3D4E5F6 state=present", "setting"),
            ("secret_data", ".data.password", "reference"),
            ("privateKey", "$github-privateKey", "expansion"),
            ("token_chars", "abcdefghijklmnopqrstuvwxyz0123456789", "placeholder"),
            ("accountKey", "[listKeys(variables('a'), variables('v1')).keys[0].value]", "reference"),
            ("token", "traefik-hub-license", "name"),
            ("etcd_cluster_token", "k8s-etcd-default", "name"),
            ("jwt", "unmaintained, archive mode", "prose"),
            ("documentation", "<p>The password for the account.</p>", "prose"),
            ("license", "https://git.example/a/blob/69e81088ad40f45a0764597326722dea8f3f00a8/LICENSE", "path"),
            ("hash", "sha256=" + "0f" * 32, "identifier"),
        ],
    )
    def test_they_pass(self, key, text, kind):
        assert classify(text, key) == kind

    def test_what_only_resembles_them_does_not(self, values):
        password, token = values.password(), values.password(32)
        for key, text in (
            ("password", f"--password={password}"),
            ("creds", f"--user=a --password={password}"),
            ("password", f"-{password}"),
            ("db_key", f"host=db password={password}"),
            ("token", f"{token}..x"),
            ("token", f"{token}..."),
            ("password", f".{password}"),
            ("password", "abcd1234x"),
            ("password", f"PLACEHOLDER_{values.password()}"),
            ("password", f"fake-{values.password()}"),
            ("password", "blue-qrtz-default"),
            ("token", f"hub-{token.lower()}-license"),
            ("password", f"base64{password}"),
            ("webhook", f"https://a.example/hook/{values.hex(40)}"),
            ("passphrase", "unmaintained archive mode"),
            ("password", f"<b>{password}</b>"),
        ):
            assert is_secret(text, key), (key, len(text))


@pytest.mark.parametrize("text", ["$ecret", "$tr0ng", "Pa$$word1", "%abc", "@home"])
def test_signs_in_a_password_make_no_variable_of_it(text):
    assert classify(text, "password", strict=True) == "plaintext"


class TestUserInformation:
    """A URL is public; what stands before its `@` may not be."""

    def test_a_literal_password_is_plaintext_whatever_stands_around(self, values):
        for text in (
            f"postgres://app:{values.password()}@db:5432/app",
            f"redis://:{values.password()}@redis:6379/0",
            f"https://bot:{values.password()}@{{{{ .host }}}}/x",
            f"see amqp://u:{values.password()}@mq",
            "postgres://app:pa/ss7word@db/app",
            "postgres://app:tiger@7@db/app",
        ):
            assert classify(text, "url") == "plaintext"
            assert classify(text, "url", strict=True) == "plaintext"

    @pytest.mark.parametrize(
        "text",
        [
            "postgres://app:$(PASSWORD)@db/app",
            "postgres://app:${PASSWORD}@db/app",
            "postgres://app:{{ .password }}@db/app",
            "postgres://user:password@localhost/app",
            "postgres://<user>:<password>@db",
            '{{ printf "mysql://root:%s@%s" $password $host }}',
            "https://git@example.com/repo.git",
            "https://registry.example.org/@scope/package",
            "http://host:8080/path/@scope",
        ],
    )
    def test_a_password_that_something_else_fills_in_is_none(self, text):
        assert classify(text, "url", strict=True) != "plaintext"

    def test_a_password_in_a_query_or_a_connection_string(self):
        for text in (
            "postgresql://db/app?user=u&password=tiger77",
            "jdbc:mysql://db/app?user=u&password=tiger77",
            "host=db user=app password=tiger77",
            "Server=tcp:db,1433;User Id=sa;Password=tiger77;",
        ):
            assert classify(text, "url") == classify(text, "url", strict=True) == "plaintext"
        for text in (
            "https://a.example/x?access_token=${T}",
            "Server=db;Password=${PW}",
            "jdbc:mysql://db?password={{ .p }}",
        ):
            assert classify(text, "url", strict=True) != "plaintext"

    def test_a_reference_with_a_password_in_it_is_plaintext(self, values):
        assert classify(f"ref+httpjson://u:{values.password()}@h/x#/y", "a") == "plaintext"

    def test_an_echo_reference_holds_the_value_itself(self, values):
        assert classify(f"ref+echo://{values.password()}", "token") == "plaintext"

    def test_a_token_in_the_path_makes_a_url_plaintext_in_a_secret(self, values):
        assert classify(f"https://hooks.example.com/a/{values.password(24)}", "webhook", strict=True) == "plaintext"


class TestCiphertext:
    """Checked, not believed."""

    def test_an_envelope_of_sops(self, values):
        for kind in ("str", "int", "float", "bytes", "bool", "time", "comment"):
            assert classify(values.envelope(kind=kind), "password") == "ciphertext"

    def test_an_envelope_with_a_wrong_part_is_plaintext(self, values):
        good = values.envelope()
        for bad in (
            values.envelope(iv=12),
            values.envelope(tag=12),
            values.envelope(kind="text"),
            good[:-1],
            good + " ",
            good.replace("=", "!"),
            f"ENC[{values.password()}]",
            "ENC[AES256_GCM,data:,iv:,tag:,type:str]",
        ):
            assert (classify(bad, "password") == "plaintext") is (bad != good + " ")

    def test_a_sealed_item(self, values):
        for size in (256, 384, 512):
            assert classify(values.sealed(size), "password") == "ciphertext"
        assert classify(values.sealed(500), "password") == "plaintext"

    def test_age_and_pgp_armour(self, values):
        body = base64.b64encode(b"age-encryption.org/v1\n-> X25519 " + values.bytes(120)).decode()
        assert (
            classify(f"-----BEGIN AGE ENCRYPTED FILE-----\n{body}\n-----END AGE ENCRYPTED FILE-----\n") == "ciphertext"
        )
        other = values.base64(120)
        assert (
            classify(f"-----BEGIN AGE ENCRYPTED FILE-----\n{other}\n-----END AGE ENCRYPTED FILE-----\n", strict=True)
            == "plaintext"
        )
        assert classify(f"-----BEGIN PGP MESSAGE-----\n\n{other}\n-----END PGP MESSAGE-----") == "ciphertext"

    def test_ansible_vault(self, values):
        vault = f"$ANSIBLE_VAULT;1.1;AES256\n{values.hex(80)}\n{values.hex(80)}\n"
        assert classify(vault, "password") == "ciphertext"
        assert classify(vault, "password", tag="!vault") == "ciphertext"
        assert classify(values.password(), "password", tag="!vault") == "plaintext"
        assert classify("$ANSIBLE_VAULT;1.1;AES256\nnot hex at all\n", "password", strict=True) == "plaintext"

    def test_others(self, values):
        assert classify(f"v1:{values.base64(8)}:{values.base64(32)}", "secure") == "ciphertext"
        assert classify(f"encrypted:{values.base64(60)}", "DB_PASSWORD") == "ciphertext"
        assert classify("k8s:enc:kms:v1:a", "x") == "ciphertext"
        assert classify(f"{{{values.base64(32)}}}", "password") == "ciphertext"  # Maven's
        assert classify("{cipher}" + values.hex(96), "password") == "ciphertext"
        assert classify("{cipher}" + values.password(), "password", strict=True) == "plaintext"

    def test_a_foreign_tag_says_that_something_else_fills_it_in(self):
        assert classify("DbPassword", "password", strict=True, tag="!Ref") == "expansion"
        assert classify("DbPassword99", "password", strict=True, tag="tag:yaml.org,2002:str") == "plaintext"


def pem_of(public) -> str:
    return public.public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo).decode()


class TestPublic:
    """Meant to be read by all."""

    def test_public_keys(self):
        for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())):
            assert classify(pem_of(key.public_key()), "key", strict=True) == "public"
        ed = ed25519.Ed25519PrivateKey.generate().public_key()
        ssh = ed.public_bytes(ser.Encoding.OpenSSH, ser.PublicFormat.OpenSSH).decode()
        assert classify(ssh, "key", strict=True) == "public"
        assert classify(f"github.com {ssh}\n# two\n{ssh} me@home\n", "known_hosts", strict=True) == "public"
        der = ed.public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)
        assert classify(base64.b64encode(der).decode(), "key", strict=True) == "public"

    def test_public_and_private_together_are_plaintext(self):
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()).decode()
        assert classify(pem_of(key.public_key()) + private, "bundle", strict=True) == "plaintext"
        assert classify(pem_of(key.public_key()) + "password: tiger77\n", "bundle", strict=True) == "plaintext"

    def test_recipients_fingerprints_pictures_and_public_jwks(self, values):
        chars = "023456789acdefghjklmnpqrstuvwxyz"
        assert (
            classify("age1" + "".join(values.random.choice(chars) for _ in range(58)), "key", strict=True) == "public"
        )
        assert classify(f"SHA256:{values.base64(32).rstrip('=')}", "a", strict=True) == "public"
        assert classify(f"data:image/png;base64,{values.base64(90)}", "logo", strict=True) == "public"
        assert classify(f"https://{values.hex(32)}@sentry.example.com/42", "dsn", strict=True) == "public"
        assert classify('{"kty": "EC", "crv": "P-256", "x": "a", "y": "b"}', "jwk", strict=True) == "public"
        assert classify(f'{{"kty": "EC", "x": "a", "d": "{values.password()}"}}', "jwk", strict=True) == "plaintext"


class TestIdentifiers:
    """Long hex names things, unless its key says that it is a secret."""

    def test_a_uuid(self):
        uuid = "9b2b1c0a-8f7e-4d3c-b2a1-0c9d8e7f6a5b"
        assert classify(uuid, "tenant") == classify(uuid, "client-id", strict=True) == "identifier"
        assert classify(uuid, "clientSecret") == classify(uuid, "token", strict=True) == "plaintext"
        assert classify(uuid, "k", strict=True) == "plaintext"

    @pytest.mark.parametrize("key", ["commit", "sha", "digest", "checksum", "md5", "uid", "revision"])
    def test_hex_under_a_key_for_ids(self, key, values):
        for size in (7, 32, 40, 64):
            assert classify(values.hex(size), key) in {"identifier", "setting"}

    def test_hex_under_a_sensitive_key(self, values):
        assert classify(values.hex(40), "token") == "plaintext"
        assert classify(values.hex(64), "secret_sha_key") == "plaintext"

    def test_digests_say_what_they_are(self, values):
        for text in (
            f"sha256:{values.hex(64)}",
            f"ghcr.io/a/b@sha256:{values.hex(64)}",
            f"sha512-{values.base64(64)}",
            "i-0abc12345678",
        ):
            assert classify(text, "image", strict=True) == "identifier"


class TestNames:
    """Names of things, outside Secrets by their words, inside only by their key."""

    @pytest.mark.parametrize(
        "text", ["db-credentials-v2", "postgres-password", "letsencrypt-prod", "orders.created.events"]
    )
    def test_words_joined_by_dashes(self, text):
        assert classify(text, "value") == "name"

    def test_under_a_strong_key_only_the_name_of_a_secret_is_one(self):
        assert classify("postgres-password", "password") == "name"
        assert classify("tiger-monkey", "password") == "plaintext"
        assert classify("tiger", "password") == "plaintext"

    def test_in_a_secret_the_key_must_say_so(self):
        assert classify("db.payments.svc", "host", strict=True) == "name"
        assert classify("db-main", "secretName", strict=True) == "name"
        assert classify("svc", "username", strict=True) == "plaintext"
        assert classify("orders-password", "password", strict=True) == "plaintext"

    def test_a_random_text_is_no_name_even_under_such_a_key(self, values):
        assert classify(values.password(24), "host", strict=True) == "plaintext"


class TestProse:
    """Sentences, outside Secrets; inside only where the key says so."""

    TEXT = "The password of the database is kept in the vault."

    def test_a_sentence(self):
        assert classify(self.TEXT, "value") == "prose"
        assert classify(self.TEXT, "description", strict=True) == "prose"

    def test_a_label_is_a_sentence_whatever_it_is_about(self):
        assert classify("Forgot your password?", "forgotPassword") == "prose"
        assert classify("Forgot your password?", "forgotPassword", strict=True) == "plaintext"

    @pytest.mark.parametrize("text", ["see vault", "managed by vault", "(set in CI)", "ask the team of the platform"])
    def test_where_a_value_comes_from(self, text):
        assert classify(text, "password") == "prose"
        assert classify(text, "passphrase") == classify(text, "password", strict=True) == "plaintext"

    @pytest.mark.parametrize("text", ["see spot run fast", "managed by blue whales", "from seven hills they came"])
    def test_a_passphrase_that_begins_as_such_a_note_does(self, text):
        assert classify(text, "db_password") == classify(text, "passphrase") == "plaintext"
        assert classify(text, "api_token") != "plaintext"

    def test_a_passphrase_is_none(self):
        assert classify(self.TEXT, "passphrase") == "plaintext"
        assert classify(self.TEXT, "value", strict=True) == "plaintext"


class TestPaths:
    """A path is none when it is a secret that begins with a slash."""

    def test_base64_may_begin_with_a_slash(self, values):
        assert classify("/" + values.base64(32), "key", strict=True) == "plaintext"
        assert classify("/" + values.password(10), "password", strict=True) == "plaintext"
        assert classify("/run/secrets/database/password", "password", strict=True) == "path"
        key = values.password(28).translate(str.maketrans("_-", "zQ"))
        for text in (f"/{key[:9]}/{key[9:18]}/{key[18:]}", f"{key[:12]}/{key[12:]}/x4Z8"):
            assert classify(text, "secretKey", strict=True) == classify(text, "secretKey") == "plaintext"
        assert classify("/var/lib/vault/tls/server/ServerKey01", "secretKey") == "path"

    def test_an_id_in_the_address_of_a_webhook(self):
        address = "https://hooks.example.org/3f1b2c0a-8f7e-4d3c-b2a1-0c9d8e7f6a5b"
        assert classify(address, "webhook", strict=True) == "plaintext"
        assert classify(address, "address", strict=True) == classify(address, "webhook") == "path"


class TestBodies:
    """Configuration in one scalar: as grave as the gravest assignment in it."""

    def test_one_secret_among_settings(self, values):
        secret = values.password()
        for body in (
            f"[db]\nhost = db.svc\npassword = {secret}\n",
            f"HOST=db\nexport PASSWORD={secret}\n",
            f"db:\n  host: db.svc\n  password: {secret}  # mine\n",
            f'{{"host": "db", "auth": {{"password": "{secret}"}}}}',
            f'{{\n "a": ["{secret}"]\n}}',
        ):
            assert classify(body, "config", strict=True) == "plaintext"

    def test_no_secret_at_all(self):
        for body in (
            "[db]\nhost = db.svc\npassword = ${PASSWORD}\nport = 5432\n",
            "PASSWORD={{ .password }}\nDEBUG=true\n",
            'db:\n  password: "{{ .password }}"\n',
            '{"auths": {}}',
            '{"password": "<password>", "port": 1}',
        ):
            assert classify(body, "config", strict=True) != "plaintext"

    def test_a_line_that_is_no_assignment_goes_not_unseen(self, values):
        assert classify(f"a = 1\nb = 2\n{values.password()}\n", "config", strict=True) == "plaintext"

    def test_outside_a_secret_only_sensitive_keys_count(self, values):
        assert classify(f"colour = {values.password()}\nsize = 3\n", "config") != "plaintext"
        assert classify(f"password = {values.password()}\nsize = 3\n", "config") == "plaintext"


class TestOutsideSecrets:
    """`is_secret`: the key decides, for weak keys with the look of the value."""

    def test_strong_keys_need_no_entropy(self):
        assert is_secret("hunter2", "password")
        assert not is_secret("hunter2", "colour")

    def test_weak_keys_need_it(self, values):
        assert is_secret(values.password(32), "signing-cert")
        assert not is_secret("orders.created.events", "routingKey")

    @pytest.mark.parametrize(
        "text", ["os.environ['TOKEN']", "process.env.TOKEN", "var.db_password", "getenv('A')", "random_password(16)"]
    )
    def test_code_that_yields_the_value_is_none(self, text):
        assert not is_secret(text, "password")


def test_a_line_of_five_megabytes_is_judged_in_no_time():
    """Bounds everywhere: no class may take longer than linear time."""
    for pattern in (
        "a",
        "Ab1",
        "://a:",
        "${",
        "{{",
        "[[",
        "k=v\n",
        "a: b\n",
        "-----BEGIN CERTIFICATE-----\n",
        "/",
        "x@y:",
    ):
        classify(pattern * (1_000_000 // len(pattern)), "value", strict=True)


class TestWordsUnderKeys:
    """Outside a Secret: what machines make has no words, what people make up may be one."""

    @pytest.mark.parametrize("key", ["secret", "id-token", "token", "credentials", "clientSecret"])
    @pytest.mark.parametrize("word", ["inherit", "write", "registry-login", "refreshing"])
    def test_a_word_is_no_token(self, key, word):
        assert classify(word, key) == "name"

    @pytest.mark.parametrize("key", ["password", "db_passwd", "adminPwd", "pw"])
    def test_a_word_may_be_a_password(self, key):
        assert classify("tiger", key) == "plaintext"

    def test_in_a_secret_a_word_is_a_value(self):
        assert classify("registry-login", "token", strict=True) == "plaintext"


class TestWhatOnlyLooksHarmless:
    """A value beside what excuses a value."""

    @pytest.mark.parametrize(
        "form",
        ["changeme-{}", "change-me {}", "your-{}", "todo: {}", "<{}>", "REPLACE_{}", "INSERT_{}", "YOUR_{}", "{}_HERE"],
    )
    def test_a_placeholder_with_a_value_in_it(self, form, values):
        assert classify(form.format("kQ7" + values.hex(8) + "zXw"), "password", strict=True) == "plaintext"

    @pytest.mark.parametrize(
        "text",
        [
            "changeme-please-before-production", "your-very-own-Client-Secret-2024", "<PASTE_YOUR_TOKEN_HERE>",
            "REPLACE_WITH_BASE64_ENCODED_VALUE", "todo: ask the platform team for it", "AKIAKQXZKQXZKQEXAMPLE",
        ],
    )  # fmt: skip
    def test_a_placeholder_of_many_words_stays_one(self, text):
        assert classify(text, "password", strict=True) == "placeholder"

    def test_a_tag_that_nobody_knows(self, values):
        secret = values.password()
        for tag in ("!x", "!custom/thing", "!Ref", "!ENV"):
            assert classify(secret, "password", tag=tag, strict=True) == "plaintext", tag
        for tag, text in (("!Ref", "DbPassword"), ("!ENV", "${DB_PASSWORD}"), ("!secret", "db_password_2")):
            assert classify(text, "password", tag=tag, strict=True) == "expansion"

    def test_the_name_of_an_encryption_before_plaintext(self, values):
        assert classify(f"k8s:enc:{values.password()}", "password", strict=True) == "plaintext"
        assert classify(f"k8s:enc:aescbc:v1:key1:{values.password()}", "password", strict=True) == "ciphertext"

    def test_comments_beside_no_public_key(self, values):
        assert classify(f"# AAAA\n# {values.password()}\n", "password", strict=True) == "plaintext"

    def test_a_set_of_public_keys_with_something_else_in_it(self, values):
        key = f'{{"kty": "RSA", "n": "{values.base64(64)}", "e": "AQAB", "kid": "a"}}'
        assert classify(f'{{"keys": [{key}]}}', "jwks.json", strict=True) == "public"
        text = f'{{"keys": [{key}], "client_secret": "{values.password()}"}}'
        assert classify(text, "config.json", strict=True) == "plaintext"


def test_what_travis_encrypted_is_ciphertext_under_its_key_alone(values):
    assert classify(values.base64(128), "secure") == classify(values.base64(512), "secure", strict=True) == "ciphertext"
    assert classify(values.base64(512), "password") == classify(values.base64(30), "secure") == "plaintext"
