"""The rules about files of every kind: what each finds, on which line, and what it leaves alone."""

from __future__ import annotations

import base64
import json

import pytest

P, T = "<P>", "<T>"
"""Stand for a password and for a random token, made when a test runs."""

FOUND = [
    ("dotenv-secret", ".env", f"A=1\nDB_PASSWORD={P}", 2),
    ("dotenv-secret", "app/prod.env", f'export API_TOKEN="{T}" # of the api', 1),
    ("dotenv-secret", ".env.local", f"STRIPE_KEY={T}", 1),
    ("dotenv-secret", ".env", "DB_PASSWORD=${X:-" + P + "}", 1),
    ("terraform-secret", "p.tfvars", f'db_password = "{P}"', 1),
    ("terraform-secret", "p.tfvars", f'api_keys = ["{T}"]', 1),
    ("terraform-secret", "p.tfvars.json", f'{{\n"db_password": "{P}"}}', 2),
    ("terraform-secret", "m.tf", f'variable "token" {{\n  type = string\n  default = "{T}"\n}}', 3),
    ("terraform-secret", "m.tf", f'variable "x" {{\n  sensitive = true\n  default = "{T}"\n}}', 3),
    ("terraform-secret", "m.tf", f'set_sensitive {{\n  name  = "auth.password"\n  value = "{P}"\n}}', 3),
    ("ansible-secret", "group_vars/all.yml", f"mysql_root_password: {P}", 1),
    ("ansible-secret", "hosts.ini", f"[a]\nh1 ansible_host=10.0.0.1 ansible_password={P}", 2),
    ("ansible-secret", "host_vars/h1.yml", f"ansible_become_pass: '{P}'", 1),
    ("credential-file", ".netrc", f"machine a.example.org\n  login bot\n  password {P}", 3),
    ("credential-file", ".pgpass", f"# c\ndb:5432:app:app:{P}", 2),
    ("credential-file", ".npmrc", f"//npm.example.org/:_authToken={T}", 1),
    ("credential-file", ".pypirc", f"[a]\nusername = u\npassword = {P}", 3),
    ("credential-file", "m2/settings.xml", f"<server>\n<id>a</id>\n<password>{P}</password>", 3),
    ("credential-file", ".aws/credentials", f"[default]\naws_secret_access_key = {T}", 2),
    ("credential-file", "rclone.conf", f"[r]\ntype = s3\npass = {P}", 3),
    ("compose-ci-env-secret", "compose.yaml", f"services:\n  a:\n    environment:\n    - DB_PASSWORD={P}", 4),
    ("compose-ci-env-secret", ".gitlab-ci.yml", f'variables:\n  PASSWORD: "{P}"', 2),
    ("compose-ci-env-secret", "Dockerfile", f"FROM a\nENV API_TOKEN={T}", 2),
    ("compose-ci-env-secret", "Dockerfile", f"FROM a\nARG API_TOKEN={T}", 2),
    ("compose-ci-env-secret", "a.sh", f"export PGPASSWORD='{P}'", 1),
    ("compose-ci-env-secret", "a.sh", f"kubectl create secret generic x --from-literal=password={P}", 1),
    ("compose-ci-env-secret", "README.md", f'curl -u "bot:{P}" https://a.example.org', 1),
    ("compose-ci-env-secret", "a.sh", f"curl \\\n  -u bot:{P} https://a.example.org", 2),
    ("compose-ci-env-secret", "a.sh", f"docker login -u bot -p {P} registry.example.org", 1),
    ("compose-ci-env-secret", "a.sh", f"tool login --db-token {T}", 1),
    ("compose-ci-env-secret", "Dockerfile", f"FROM a\nENV DB_PASSWORD {P}", 2),
    ("compose-ci-env-secret", "a.sql", f"CREATE USER app WITH LOGIN PASSWORD '{P}';", 1),
    ("compose-ci-env-secret", "a.sql", f"alter user 'a'@'%' identified by '{P}';", 1),
    ("compose-ci-env-secret", "redis.conf", f"port 6379\nrequirepass {P}", 2),
    ("compose-ci-env-secret", "haproxy.cfg", f"userlist a\n  user admin insecure-password {P}", 2),
    ("terraform-secret", "m.tf", f'resource "aws_ssm_parameter" "p" {{\n type = "SecureString"\n value = "{P}"\n}}', 3),
    ("terraform-secret", "m.tf", f'resource "azurerm_key_vault_secret" "p" {{\n  value = "{P}"\n}}', 2),
    ("terraform-secret", "m.tf", f"values = [<<EOT\nauth:\n  password: {P}\nEOT\n]", 3),
    ("terraform-secret", "m.tf", f"password = <<-EOT\n  {P}\nEOT", 1),
    ("terraform-secret", "m.tf", f'secrets = {{ db = "{P}", user = "x" }}', 1),
    ("terraform-secret", "p.tfvars", f'db_credentials = {{\n  admin = "{P}"\n}}', 2),
    ("terraform-secret", "m.tf", f'variable "passwords" {{\n  default = {{\n    db = "{P}"\n  }}\n}}', 3),
    ("terraform-secret", "m.tf", f'variable "token" {{\n  validation {{\n  }}\n  default = "{T}"\n}}', 4),
    ("terraform-secret", "m.tf", f'variable "x" {{\n  default = {{ a = "{P}" }}\n  sensitive = true\n}}', 2),
    ("terraform-secret", "m.tf", f'password = var.x ? var.y : "{P}"', 1),
    ("terraform-secret", "m.tf", f'password = coalesce(var.x, "{P}")', 1),
    ("terraform-secret", "m.tf", f'resource "kubernetes_secret" "a" {{\n  data = {{\n    foo = "{P}"\n  }}\n}}', 3),
    ("terraform-secret", "m.tf", f"user_data = <<EOF\n#!/bin/sh\nexport DB_PASSWORD={P}\nEOF", 3),
    ("generic-assignment", "a.json", f'{{"ConnectionStrings": {{"Main": "Server=db;User Id=sa;Password={P};"}}}}', 1),
    ("generic-assignment", "a.properties", f"server.ssl.key-store-password={P}", 1),
    ("compose-ci-env-secret", "a.sh", f"TOKENS=({T} b)", 1),
    ("compose-ci-env-secret", "a.txt", f"Authorization: Bearer {T}", 1),
    ("compose-ci-env-secret", "p.yaml", f"httpHeaders:\n- name: Authorization\n  value: Bearer {T}", 3),
    ("compose-ci-env-secret", "p.yaml", f"httpHeaders:\n- name: Authorization\n  value: Token {T}", 3),
    ("compose-ci-env-secret", "a.sh", f'echo "{P}" | docker login -u a --password-stdin r.example', 1),
    ("compose-ci-env-secret", "a.sh", f"printf '%s' '{P}' | docker login -u a --password-stdin", 1),
    ("compose-ci-env-secret", "a.sh", f"echo root:{P} | chpasswd", 1),
    ("compose-ci-env-secret", "p.yaml", f"a: user=app password={P} host=db", 1),
    ("compose-ci-env-secret", "a.http", "Authorization: Bearer SlAV32hkKG", 1),
    ("compose-ci-env-secret", "p.yaml", f"c: |\n  .netrc: |\n    machine a login b\n      password {P}", 4),
    ("compose-ci-env-secret", "p.yaml", f"pgpass: |\n  db:5432:app:app:{P}", 2),
    ("compose-ci-env-secret", "p.yaml", f'userlist.txt: |\n  "app" "{P}"', 2),
    ("compose-ci-env-secret", "redis.conf", f"user app on >{P} ~* +@all", 1),
    ("compose-ci-env-secret", "redis.conf", f"sentinel auth-pass mymaster {P}", 1),
    ("compose-ci-env-secret", "haproxy.cfg", f"listen stats\n  stats auth admin:{P}", 2),
    ("compose-ci-env-secret", "snmpd.conf", f"rocommunity {P}", 1),
    ("credential-file", "pgbouncer/userlist.txt", f'"app" "{P}"', 1),
    ("generic-assignment", "p.yaml", f"settings.xml: |\n  <server>\n    <password>{P}</password>\n  </server>", 3),
    ("generic-assignment", "p.yaml", f'web.config: |\n  <add name="a" connectionString="Server=a;Password={P};"/>', 2),
    ("generic-assignment", "p.yaml", f'a: |\n  <add key="DbPassword" value="{P}"/>', 2),
    ("generic-assignment", "p.yaml", f"a: |\n  <name>fs.s3a.secret.key</name>\n  <value>{T}</value>", 2),
    ("generic-assignment", "a.xml", f'<property name="password"><value>{P}</value></property>', 1),
    ("generic-assignment", "p.yaml", f"fluent.conf: |\n  <match>\n    password {P}\n  </match>", 3),
    ("generic-assignment", "p.yaml", f'c: "<match>\\n  password {P}\\n</match>"', 1),
    ("generic-assignment", "fluent.conf", f"<match>\n  aws_sec_key {T}\n</match>", 2),
    ("generic-assignment", "a.conf", f'location / {{\n  proxy_set_header X-Api-Key "{T}";\n}}', 2),
    ("generic-assignment", "slapd.conf", f"rootpw {P}", 1),
    ("generic-assignment", "a.properties", f"erlang.cookie={T}", 1),
    ("generic-assignment", "a.py", f'c = Client(api_key="{T}")', 1),
    ("generic-assignment", "a.groovy", f"def password = '{P}'", 1),
    ("generic-assignment", "a.go", f'token := "{T}"', 1),
    ("generic-assignment", "a.properties", f"spring.datasource.password={P}", 1),
    ("generic-assignment", "a.toml", f'[db]\npassword = "{P}"', 2),
    ("generic-assignment", "p.yaml", f"basic_auth:\n  username: a\n  password: {P}", 3),
    ("generic-assignment", "p.yaml", f"a: 1\n# password: {P}", 2),
    ("generic-assignment", "r.json", f'{{"clients": [\n{{"secret": "{T}"}}]}}', 2),
    ("generic-assignment", "README.md", f"| what | where |\n|---|---|\n| Password | `{P}` |", 3),
    ("generic-assignment", "web.config.xml", f'<add key="DbPassword" value="{P}"/>', 1),
    ("url-credential", "a.yaml", f"a: 1\nurl: postgres://app:{P}@db.internal/app", 2),
    ("url-credential", "a.py", f'x = "amqp://app:{P}@mq.internal"', 1),
    ("url-credential", "a.txt", f"https://{T}@git.internal/x.git", 1),
    ("compose-ci-env-secret", "a.sh", 'API_TOKEN="${API_TOKEN:-' + T + '}"', 1),
    ("compose-ci-env-secret", "a.sh", "API_TOKEN=${API_TOKEN:-" + T + "}", 1),
    ("generic-assignment", "a.properties", "db.password=${DB_PASSWORD:" + P + "}", 1),
    ("generic-assignment", "p.yaml", f"a: x\nmountOptions: [vers=3.0, 'password={P}', ro]", 2),
    ("generic-assignment", "p.yaml", f"JAVA_OPTS: -Xmx1g -Djavax.net.ssl.trustStorePassword={P} -Da=b", 1),
    ("generic-assignment", "p.yaml", f"jaas: 'a.PlainLoginModule required username=\"u\" password=\"{P}\";'", 1),
    ("generic-assignment", "p.yaml", f"runcmd:\n- curl -sfL https://a.example | K3S_TOKEN={T} sh -s - agent", 2),
    ("generic-assignment", "p.yaml", f"write_files:\n- content: |\n    token: {T}", 3),
    ("generic-assignment", "p.yaml", f"kind: ConfigMap\ndata:\n  OPTS: -Ddb.password={P}", 3),
    ("generic-assignment", "a.json", f'{{"Redis": "redis:6379,password={P},ssl=False"}}', 1),
    ("generic-assignment", "users.xml", '<user username="admin" password="Falcon77" roles="gui"/>', 1),
    ("generic-assignment", "grafana.ini", f'[smtp]\npassword = """{P}"""', 2),
    ("generic-assignment", "a.jsonnet", f"{{ 'password': std.base64('{P}') }}", 1),
    ("terraform-secret", "consul.hcl", f'encrypt = "{T}"', 1),
    ("credential-file", "rclone.conf", f'token = {{"access_token":"{T}","token_type":"Bearer"}}', 1),
    ("generic-assignment", "README.md", f"Log in as `admin` with the password `{P}`.", 1),
    ("generic-assignment", "secrets.yaml", f"jira: {T}", 1),
    ("generic-assignment", "a.yaml", "password:\n  value: Falcon77", 2),
    ("ansible-secret", "group_vars/all.yml", f"db_password: \"{{{{ pw | default('{P}') }}}}\"", 1),
    ("dotenv-secret", ".env.j2", f"API_TOKEN={{{{ t | default('{T}') }}}}", 1),
    ("compose-ci-env-secret", ".gitlab-ci.yml", f"script:\n- sonar-scanner -Dsonar.login={T} -Da=b", 2),
    ("compose-ci-env-secret", "Dockerfile", f'CMD ["app", "--admin-token", "{T}"]', 1),
    ("compose-ci-env-secret", "ipsec.secrets", f'10.0.0.1 : PSK "{P}"', 1),
    ("compose-ci-env-secret", "preseed.cfg", f"d-i passwd/root-password password {P}", 1),
    ("generic-assignment", "README.md", f"API key: {T}", 1),
    ("generic-assignment", "a.yaml", "opts: -Dpw.password=kqd22c4Xdefg0hij", 1),
    ("generic-assignment", "a.xml", f'<x>\n<property name="hibernate.connection.password">{P}</property>', 2),
    ("generic-assignment", "a.plist", f"<dict>\n<key>Password</key>\n<string>{P}</string>", 2),
    ("generic-assignment", "a.xml", f"<AdministratorPassword>\n <Value>{P}</Value>", 1),
    ("generic-assignment", "a.yaml", f"a:\n- kubectl patch secret a -p '{{\"data\":{{\"password\":\"{P}\"}}}}'", 2),
    ("generic-assignment", "a.yaml", f"a: |\n  x {{\n  y = [\n    {{ user: a, password: \"{P}%q1\" }}\n", 4),
    ("generic-assignment", "a.cs", f'string connectionString = "Server=a;User Id=b;Password={P};";', 1),
    ("generic-assignment", "a.conf", "[OUTPUT]\n  Splunk_Token 3f1b2c0a-8f7e-4d3c-b2a1-0c9d8e7f6a5b", 2),
    ("generic-assignment", "stack.yml", "services:\n a:\n  environment:\n  - A=b\n  - DB_PASSWORD=WillowMaple17", 5),
    ("generic-assignment", "template.yaml", f"Parameters:\n  DbPassword:\n    Default: {P}", 3),
    ("generic-assignment", "a.xml", f"<url>jdbc:mysql://db/x?user=a&amp;password={P}</url>", 1),
    ("generic-assignment", "a.cs", f'var c = "Server=db;User Id=sa;Password={P};Encrypt=true";', 1),
    ("generic-assignment", "README.rst", f"The password is ``{P}``.", 1),
    ("generic-assignment", "a.go", f'const apiKey string = "{T}"', 1),
    ("generic-assignment", "a.bicep", f"param adminPassword string = '{P}'", 1),
    ("generic-assignment", "cfn.yaml", "Parameters:\n  DbPassword: {Type: String, Default: Falcon77}", 2),
    ("generic-assignment", "node.bu", f"passwd:\n  users:\n    - password: {P}", 3),
    (
        "compose-ci-env-secret",
        ".github/workflows/a.yml",
        f"run: helm upgrade a . --set auth.password={P} --set image.tag=${{{{ github.sha }}}}",
        1,
    ),
    (
        "url-credential", "a.yaml",
        "https://alert.victorops.com/integrations/generic/20131114/alert/3f1b2c0a-8f7e-4d3c-b2a1-0c9d8e7f6a5b/a", 1,
    ),
    ("url-credential", "a.txt", f"https://discord.com/api/webhooks/123456789012345678/{T}{T}", 1),
]  # fmt: skip

CLEAN = [
    ("README.md", "| `auth.password` | `secretpassword` |\n| token | `my-token` |\n| secret | `{{ .Values.x }}` |"),
    ("values.yaml", "podAnnotations:\n  reloader.example.com/secret: api-secret,api-tls\ntoken: read, write"),
    ("nginx.conf", "limit_req_zone $binary_remote_addr zone=token:10m rate=1r/s;\nkeys_zone=secret:8m inactive=60m;"),
    (".env", "DB_PASSWORD=\nA_TOKEN=${A_TOKEN}\nB_SECRET=changeme\nC_KEY_FILE=/run/c\nD_TOKEN_TTL=3600\nE_KEY=name"),
    (".env", "API_TOKEN=op://vault/item/field\nDB_PASSWORD=ref+vault://secret/db#/password"),
    (".env.example", f"DB_PASSWORD={P}"),
    ("m.tf", 'password = var.p\ntoken = data.x.y["token"]\nsecret = "${var.s}"\nsecret_arn = "arn:aws:iam::1:role/x"'),
    ("m.tf", 'variable "db_password" {\n  type = string\n  description = "Password for the database user"\n}'),
    ("group_vars/all.yml", "a_password: \"{{ vault_p }}\"\ntoken_lifetime: 8h\nb_pw: !vault |\n  $ANSIBLE_VAULT\n"),
    ("group_vars/vault.yml", "$ANSIBLE_VAULT;1.1;AES256\n6162636465666768696a\n"),
    (".npmrc", "registry=https://npm.example.org/\n//npm.example.org/:_authToken=${NPM_TOKEN}"),
    ("a.sh", 'TOKEN="$(cat /run/token)"\nPASSWORD=${1:?password}\ncurl -u "bot:$PASSWORD" https://x\nmysql -p"$PW"'),
    ("Dockerfile", "ARG NPM_TOKEN\nENV KEY_PATH=/a\nRUN --mount=type=secret,id=npmrc npm ci"),
    (".github/workflows/a.yml", "permissions:\n  id-token: write\nsecrets: inherit\nwith:\n  token: ${{ secrets.T }}"),
    ("a.py", 'password = os.environ["P"]\ntoken = get("a")\nif token == "abc-12345678": ...\ndef f(password=""): ...'),
    ("a.go", 'const tokenKey = "app.token.key"\nvar SecretName = "my-secret-1"\nPasswordField := "password_field"'),
    ("i18n.json", '{"login.forgotPassword": "Forgot your password?", "secret.hint": "Keep this secret safe!"}'),
    ("a.yaml", "secretRef: db\nsecret: registry-login\ntokenUser: admin\nx:\n  secretKeyRef: {key: b}"),
    ("README.md", "| `auth.password` | `\"\"` | word |\n`--set auth.password=mysecretpassword` `curl -u a:pass x`"),
    ("a.yaml", "url: https://user@example.org/x\nb: http://localhost:8080@proxy/\nc: postgres://user:password@localhost/db"),
    ("a.yaml", "url: postgres://app:${PW}@db/app\nb: redis://:{{ .Values.pw }}@r:6379\nc: amqp://guest:guest@mq"),
    ("a.ini", "prefix = $2b$12$\nrounds = 12"),
    ("a.sh", 'if [ "$CREDENTIAL" = "yes" ]; then :; fi\nA=${access_token:+Authorization: Bearer "$access_token"}'),
    ("a.sh", 'echo \'{"CN":"a","key":{"algo":"ecdsa","size":256}}\' | cfssl'),
    ("a.sh", "opts=$(getopt -l help,credential:,persistent:)"),
    ("a.sh", "flags_with_token+=('--match-server-version')\netcd --initial-cluster-token etcd-cluster-1"),
    (".github/workflows/a.yml", 'env:\n  MYSQL_ALLOW_EMPTY_PASSWORD: "yes"\n  secret_ext: .json'),
    ("roles/a/tasks/main.yml", "- user:\n    password: \"{{ p }}\"\n    update_password: on_create"),
    ("README.md", f"[![c](https://c.example/a/badge.svg?token={T})](https://c.example/a)\n![](https://t.example/a.svg?token={T})"),
    ("README.md", '{"auths":{"r.example":{"username":"foo","password":"bar","auth":"Zm9vOmJhcg=="}}}'),
    ("README.md", ".dockerconfigjson: AgBy3i4OJSWK+PiTySYZZA9rO43cGDEq....."),
    ("a.sql", "CREATE USER app WITH PASSWORD :'pw';\nALTER USER a IDENTIFIED BY '${PW}';\n-- password 'changeme'"),
    ("redis.conf", "# requirepass foobared\nrequirepass ${REDIS_PASSWORD}\nmasterauth <master-password>"),
    ("Dockerfile", "ENV TOKEN_FILE /run/token\nENV DB_PASSWORD ${DB_PASSWORD}\nENV API_TOKEN=\n"),
    ("m.tf", 'resource "aws_ssm_parameter" "p" {\n  type = "String"\n  value = "eu-west-1a"\n}'),
    ("m.tf", "x = c ? token : var.token"),
    ("m.tf", 'secrets = { db = var.db, name = "x-1", a = "arn:aws:secretsmanager:us-east-1:1:secret:a-AbCdEf" }'),
    ("m.tf", 'token = lookup(var.tokens, "prod-token-2", "")\npassword = random_password.db["main-1"].result'),
    ("m.tf", "password = <<EOT\n${var.password}\nEOT\nsecret_policy = <<EOT\n{\"Version\": \"2012-10-17\"}\nEOT"),
    ("m.tf", 'resource "kubernetes_secret" "a" {\n  data = { DB_HOST = "db.internal", PORT = "5432", p = var.p }\n}'),
    ("m.tf", 'secret_arns = ["arn:aws:secretsmanager:us-east-1:1:secret:a-AbCdEf"]'),
    ("a.json", '{"connectionString": "Server=db;Database=x;Trusted_Connection=True;", "b": "Host=db;Password=${PW}"}'),
    ("a.json", f'{{"documentation": "<p>Of <code>{T}</code></p>"}}'),
    ("a.yaml", "a: |\n  <password>${env.PASSWORD}</password>\n  <passwordFile>/x</passwordFile>\n  <token></token>"),
    ("a.yaml", 'a: |\n  <add connectionString="Server=a;Password=${PW};"/>\n  <a type="password" name="password"/>'),
    ("a.xml", '<string name="password">Mot de passe</string>\n<key>password</key>\n<x publicKeyToken="b03f5f7f"/>'),
    ("a.sh", 'echo "$P" | docker login --password-stdin\necho "Logging-in-2!" || docker login --password-stdin'),
    ("a.yaml", "a: user=app password=${PASSWORD} host=db\nb: user=app host=db password_encryption=scram-1"),
    ("redis.conf", "user default on nopass\nuser app on >${REDIS_PASSWORD} ~*"),
    ("fluent.conf", "password \"#{ENV['ES_PASSWORD_1']}\"\npassword ${ES_PASSWORD_1}\ntoken_type bearer-v1-2"),
    ("pam.conf", "password required pam_unix.so sha512\nsecret santa-2024\ntoken expired yesterday2!"),
    ("nginx.conf", "proxy_set_header Authorization $http_authorization;\nproxy_set_header X-Api-Key $api_key_1;"),
    ("a.yaml", "title: Bearer token-based-authentication-v2\nb: Basic authentication-and-authorization"),
    ("a.yaml", "h: [{name: Authorization, value: Bearer $(TOKEN_1)}, {name: Authorization, value: 'Basic <b64>'}]"),
    ("a.yaml", 'machine: machine learning password protected\nuserlist.txt: |\n  "app" "SCRAM-SHA-256$4096:x$y:z"'),
    ("userlist.txt", '"app" "md5' + "ab12" * 8 + '"\n"b" "changeme"'),
    ("a.yaml", "fr: {password: Mot de passe}\nde: {passwordTooShort: Das Passwort ist zu kurz}"),
    ("a.yaml", "postgresql: {password_encryption: scram-sha-256}\nconnection: {user: postgres, pass: postgres}"),
    ("a.go", '`json:"a" protobuf_key:"varint,1,opt,name=key" protobuf_val:"bytes,2,opt,name=value"`'),
    ("a.sh", "curl -u <user:password> https://x"),
    ("a.json", '{"a": "Attributes of the strategy identified by \'bidding_strategy\'."}'),
    ("a.sh", "aws acm list-certificates --next-token 9f4d9f69-275a-41fe-b58e-2b837bd9ba48"),
    ("a.json", '{"NextToken": "9f4d9f69-275a-41fe-b58e-2b837bd9ba48", "CodeSha256": "' + "aB3d" * 10 + 'aB3="}'),
    ("docs/a.md", "`arn:aws:secretsmanager:eu-west-1:123456789012:secret:MySecret1-a1b2c3`"),
    ("a.jsonnet", 'sec_key: "c2VjcmV0Cg==",'),
    ("schema.json", '{"apiKey": {"documentation": "<p>The value of the API Key.</p>"}}'),
    ("package.json", '{"dependencies": {"jsonwebtoken": "^9.0.0"}}'),
    ("compose.yaml", "services:\n  a:\n    secrets: [db_password]"),
    ("node.bu", "users:\n- ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "Oq3" * 14 + "]"),
    (".github/workflows/a.yml", 'run: sed -i "s/password: .*/password: $PW/" a.yaml'),
    (".github/workflows/a.yml", "run: yq e '.password = strenv(PW)' -i a.yaml"),
    ("Jenkinsfile", "def password = vault.read(path: 'secret/x', key: 'password')"),
    ("a.sh", 'PW=${PW:-changeme}\nTOKEN="${TOKEN:-$OTHER_TOKEN}"\nexport TOKEN=$(vault write -f token jwt=@/run/jwt)'),
    ("Dockerfile", "ARG GPG_KEY=" + "A0B1C2D3" * 5),
    ("a.yaml", 'metadata:\n  annotations:\n    secret.reloader.example.com/reload: "db,api-token-a1b2c3"'),
    ("a.yaml", "a: -Da.password=${PW} -Db.token=$(TOKEN) -Dc.password.file=/run/c"),
    ("a.yaml", "b: 'up{secret=\"db-tls\"} token=abc'"),
    ("a.yaml", f"kind: CustomResourceDefinition\nspec:\n  a: {{description: 'as in password={P}'}}"),
    ("a.xml", '<string name="password_hint">Your password</string>\n<entry key="password">Mot de passe</entry>'),
    ("a.yaml", "nextcloud:\n  a.php: |-\n    <?php\n      'dbpassword' => getenv('DB_PASSWORD'),\n      'host' => 'a'"),
    ("values.yaml", "smtp_password_cmd: cat /run/secrets/smtp\nca_pin: sha256:" + "0f1e" * 16),
    ("a.yaml", "args:\n- kubectl patch secret a -p '{\"metadata\":{\"labels\":{\"token\":\"old-1\"}}}'"),
    ("stack.yml", "services:\n a:\n  environment:\n  - DB_PASSWORD=${PW}\n  - TOKEN_TTL=24h\n  - A_SECRET=changeme"),
    ("a.plist", "<dict>\n<key>PasswordType</key>\n<string>Alphanumeric</string>\n<key>Password</key>\n<string/>"),
    ("esc.yaml", "apiKey: {fn::secret: {ciphertext: ZXNjeAAAAAEAAAEAfbOsNKXzl9PwmbwaBLbzmjIR8ExHMf3muwf}}"),
    ("a.go", 'token := getEnv("TOKEN", "")\nt := getEnv("A_TOKEN", "default-token")\nx := r.get("password", "text")'),
    ("a.py", 'p.add_argument("--password", default="the-password")\np.add_argument("--token", type=str, default=None)'),
    ("a.xml", '<bean password="${db.password}" token="Bearer" secret="true"/>\n<!-- <a password="Falcon77"/> -->'),
    ("a.ini", '[smtp]\npassword = """\npassword = ""\nencrypt = true'),
    ("README.md", "The token `auth-token-v2` and the password `$PASSWORD`, as in secret `db-credentials-2`."),
    ("secrets.yaml", "host: db.internal\nimage: a/b@sha256:" + "0f" * 32),
    ("secrets.yaml", "client_id: 9b2b1c0a-8f7e-4d3c-b2a1-0c9d8e7f6a5b"),
    ("secrets.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {uid: x7Qz8Zk1mP20vB7nRtW4}"),
    ("group_vars/all.yml", "a_password: \"{{ pw | default('changeme') }}\""),
    ("group_vars/all.yml", "b_token: \"{{ t | default('api-token') }}\""),
    ("a.properties", "pattern=%d password=*** - %m%n"),
    ("locales/fi.json", '{"password": "Salasana", "token": "Avain123!"}'),
    ("messages_fi.properties", "password=Salasana"),
    ("a.yaml", "ru: {password: Пароль, confirmPassword: Passwortbestätigung}"),
    ("Dockerfile", 'CMD ["app", "--admin-token", "$TOKEN", "--ssl-key", "/etc/tls/a1B2c3D4.key"]'),
    ("compose.yaml", "services:\n  a:\n    secrets: [{source: db, target: db_password, mode: 0400}]"),
    ("a.properties", "pattern.console=%d token=%X{token} %m%n"),
    ("a.py", 'TOKEN_CHARS = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEF"\npassword_hash = "pbkdf2_sha256"'),
    ("a.yaml", "- op: replace\n  path: /spec/data/0/remoteRef/key\n  value: 9b2b1c0a-8f7e-4d3c-b2a1-0c9d8e7f6a5b"),
    ("a.yaml", "secretKeys: {userPasswordKey: password2, adminPasswordKey: postgres-password}"),
    ("a.go", 'var password string\nfunc f(token string) {}\nx := "?user=%s&password=%s&token=" + t'),
    ("a.py", f"'https://a.example/cb?code={T}&code_challenge={T}&state=x'"),
    ("a.bicep", "@secure()\nparam adminPassword string\nparam secretName string = 'db-password'"),
    ("cfn.yaml", "Parameters:\n  DbPassword: {Type: String, Default: '{{resolve:ssm:a}}'}\n  b: {Ref: DbPassword}"),
    ("renovate.json", '{"encrypted": {"token": "' + "wcFMA/xDdHCJBTolAQ//" * 8 + '"}}'),
]  # fmt: skip
RULES = (
    "dotenv-secret", "terraform-secret", "tfstate-committed", "ansible-secret", "credential-file",
    "compose-ci-env-secret", "generic-assignment", "url-credential", "password-hash",
)  # fmt: skip


@pytest.fixture
def filled(values):
    return lambda text: text.replace(P, values.password()).replace(T, values.password(34).replace("-", "x"))


@pytest.mark.parametrize(("rule", "path", "text", "line"), FOUND, ids=lambda item: str(item)[:40])
def test_a_plaintext_value_is_found_on_its_line(rule, path, text, line, failing, filled):
    assert [found[:3] for found in failing({path: filled(text)}, *RULES)] == [(path, line, rule)]


@pytest.mark.parametrize(("path", "text"), CLEAN, ids=lambda item: item[:40])
def test_what_is_no_secret_passes(path, text, failing, filled):
    assert failing({path: filled(text)}, *RULES) == []


def test_a_key_that_pages_show_is_public(failing, values):
    text = f"NEXT_PUBLIC_POSTHOG_KEY=phc_{values.hex(43)}\n"
    assert failing({".env": text}, *RULES) == []
    assert [found[1] for found in failing({".env": text + text.replace("phc_", "")}, *RULES)] == [2]


def test_hashes_of_services(failing, values):
    scram = f"SCRAM-SHA-256$4096:{values.base64(16)}${values.base64(32)}:{values.base64(32)}"
    mosquitto = f"$7$101${values.base64(12)}${values.base64(64)}"
    text = f'"app" "{scram}"\nsensor:{mosquitto}\n"b" "SCRAM-SHA-256$4096:salt$stored:server"\n'
    assert [(one[1], one[2]) for one in failing({"users.txt": text}, *RULES)] == [
        (1, "password-hash"), (2, "password-hash"),
    ]  # fmt: skip


def test_the_hash_of_an_example_in_a_comment_passes(failing):
    digest = "$apr1$" + "k2Qz7Lw9" + "$" + "Ab3dEf6hIj9lMn2pQr5tU."
    assert failing({"values.yaml": f"# htpasswd: {digest} # an example\n"}, *RULES) == []
    assert failing({"values.yaml": f"# example:\n# entries:\n#  - a:{digest}\n"}, *RULES) == []
    text = f"# an example\nhtpasswd: {digest}\n# {digest}\n"
    assert [found[1] for found in failing({"values.yaml": text}, *RULES)] == [2, 3]


def test_each_value_is_told_once_among_all_rules(scan, values):
    text = f"services:\n  a:\n    environment:\n      DATABASE_DSN: postgres://app:{values.password()}@db.internal/a\n"
    (found,) = [one for one in scan({"compose.yaml": text}).findings if one.severity != "info"]
    assert {"url-credential", "compose-ci-env-secret"} == {found.rule, *found.also}


def test_encrypted_environment_files_pass(failing, values):
    text = f"DB_PASSWORD={values.envelope()}\nsops_mac={values.envelope()}\nsops_version=3.9.0\n"
    assert failing({".env": text}, *RULES) == []


def test_a_header_of_basic_authentication_is_looked_into(failing, values):
    secret = base64.b64encode(f"bot:{values.password()}".encode()).decode()
    known = base64.b64encode(b"user:password").decode()
    text = f"Authorization: Basic {known}\nAuthorization: Basic {secret}\n"
    assert [found[1] for found in failing({"a.http": text}, *RULES)] == [2]


class TestState:
    """State files of Terraform."""

    def state(self, attributes: str, kind: str = "aws_db_instance") -> str:
        return (
            f'{{"version": 4, "resources": [{{"type": "{kind}",\n"instances": [{{"attributes": {{{attributes}}}}}]}}]}}'
        )

    def test_sensitive_attributes_are_each_found(self, failing, values):
        text = self.state(f'"password": "{values.password()}",\n"port": 1')
        assert failing({"a.tfstate": text}, *RULES) == [("a.tfstate", 2, "tfstate-committed", "password")]
        text = self.state(f'"result": "{values.password()}"', "random_password")
        assert failing({"a.tfstate": text}, *RULES) == [("a.tfstate", 2, "tfstate-committed", "result")]

    def test_a_state_without_known_secrets_is_a_finding_too(self, scan):
        (found,) = scan({"a.tfstate": self.state('"port": 1')}, *RULES).findings
        assert (found.rule, found.severity) == ("tfstate-committed", "medium")
        assert "git rm --cached a.tfstate" in found.fix

    def test_an_empty_state_passes(self, failing):
        assert failing({"a.tfstate": '{"version": 4, "terraform_version": "1.9.0", "resources": []}'}, *RULES) == []


class TestHashes:
    """Hashes of passwords, of full length."""

    @pytest.mark.parametrize(
        ("prefix", "size"), [("$2b$12$", 53), ("$apr1$abcdefgh$", 22), ("$6$saltsalt$", 86), ("$5$saltsalt$", 43)]
    )
    def test_each_kind(self, prefix, size, failing, values):
        body = (values.hex(40) + "XyZ" + values.hex(80))[:size]
        assert failing({"a.yaml": f"x: 1\nuser: admin:{prefix}{body}\n"}, *RULES) == [
            ("a.yaml", 2, "password-hash", "admin")
        ]
        assert failing({"a.yaml": f"user: admin:{prefix}{body[:-1]}\n"}, *RULES) == []
        doubled = (prefix + body).replace("$", "$$")
        assert [one[2] for one in failing({"compose.yaml": f"x: admin:{doubled}\n"}, *RULES)] == ["password-hash"]
        assert failing({"README.md": f"admin:{prefix}{body}\n"}, *RULES) == []

    def test_an_environment_called_test_is_no_test(self, failing, values):
        text = f"x: admin:$2b$12${(values.hex(60) + 'XYZ')[-53:]}\n"
        assert len(failing({"clusters/test/a.yaml": text}, *RULES)) == 1
        assert failing({"pkg/testdata/a.yaml": text}, *RULES) == []


class TestEntropy:
    """`high-entropy` runs only when it is asked for."""

    def test_it_is_off_by_default(self, failing, values):
        text = f"value: {values.password(32)}\n"
        assert failing({"a.yaml": text}) == []
        assert [one[2] for one in failing({"a.yaml": text}, "high-entropy")] == ["high-entropy"]

    def test_hex_paths_and_words_are_none(self, failing, values):
        text = f"a: {values.hex(40)}\nb: registry.example.org/team/application-server\nc: SomeVeryLongIdentifierName\n"
        assert failing({"a.yaml": text}, "high-entropy") == []


class TestFieldsOfNoRule:
    """What stands in an object beside the fields that rules of their own read."""

    @pytest.mark.parametrize(
        "text",
        [
            "apiVersion: v1\nkind: Secret\nmetadata:\n  annotations:\n    password: {}\n",
            "apiVersion: v1\nkind: Secret\nstringdata:\n  password: {}\n",
            "apiVersion: example.org/v1\nkind: Secret\nspec:\n  password: {}\n",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    password: {}\n",
            "apiVersion: v1\nkind: ConfigMap\nbinaryData:\n  password: {}\n",
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  annotations:\n    password: {}\n",
        ],
    )
    def test_is_looked_at(self, text, failing, values):
        assert [key for *_, key in failing({"a.yaml": text.format(values.password())})] == ["password"]

    def test_each_value_is_told_once(self, failing, values):
        text = f"apiVersion: v1\nkind: Secret\nstringData:\n  password: {values.password()}\n"
        assert [rule for _, _, rule, _ in failing({"a.yaml": text})] == ["k8s-secret-plaintext"]


PLACES = {
    "values.yaml": "db:\n  password: {}",
    "a.yaml": "db:\n  password: {}",
    "docker-compose.yml": "services:\n  a:\n    environment:\n      DB_PASSWORD: {}",
    "group_vars/all.yml": "db_password: {}",
    ".github/workflows/a.yml": "jobs:\n  a:\n    env:\n      DB_PASSWORD: {}",
    "map.yaml": "kind: ConfigMap\ndata:\n  DB_PASSWORD: {}",
    "pod.yaml": "kind: Pod\nspec:\n  containers:\n  - env:\n    - name: DB_PASSWORD\n      value: {}",
    "release.yaml": "kind: HelmRelease\nspec:\n  values:\n    password: {}",
}


class TestBlockScalars:
    """A value that stands below its key, as `|` and `>` have it, is a value as others."""

    @pytest.mark.parametrize("head", ["|", ">-", "|+ # why", ">\n"])
    @pytest.mark.parametrize("path", PLACES)
    def test_one_line(self, path, head, failing, values):
        text = f"{PLACES[path].format(head)}\n          {values.password()}\n"
        assert len(failing({path: text})) == 1
        assert failing({path: text.replace(text.rsplit(maxsplit=1)[-1], "${PASSWORD}")}) == []

    def test_several_random_lines(self, failing, values):
        text = f"license_secret: |\n  {values.password(40)}\n  {values.password(40)}\n"
        assert [key for *_, key in failing({"a.yaml": text})] == ["license_secret"]


@pytest.mark.parametrize("path", ["a.toml", "a.py", "a.js", "a.tfvars"])
def test_the_first_item_of_a_list(path, failing, values):
    assert len(failing({path: f'passwords = ["{values.password()}", "x"]\n'})) == 1
    assert failing({path: 'passwords = ["none", "x"]\n'}) == []


def test_json_in_a_string(failing, values):
    text = f'{{"password": "{values.password()}"}}'
    assert [key for *_, key in failing({"a.yaml": f"config: '{text}'\n"})] == ["password"]
    assert [key for *_, key in failing({"a.json": json.dumps({"config": text})})] == ["password"]


def test_a_colour_is_a_setting_and_a_password_with_a_bracket_in_it_is_none(failing, values):
    secret = values.password()
    assert failing({"a.sh": 'PASS="\\033[32mok\\033[0m"\n'}) == []
    assert len(failing({".env": f"DB_PASSWORD='{secret[:4]}\\e[{secret[4:]}'\n"})) == 1
    assert len(failing({".env": f"DB_PASSWORD='\\e[32m{secret}'\n"})) == 1


YAML_OF_RULES = {
    "docker-compose.yml": "services:\n  a:\n    environment:\n",
    "group_vars/all.yml": "app:\n  db:\n    main:\n",
    ".github/workflows/a.yml": "jobs:\n  a:\n    env:\n",
}


class TestYamlByItsStructure:
    """Ansible, compose and pipelines are YAML, and what a line does not show is found too."""

    @pytest.mark.parametrize("path", YAML_OF_RULES)
    @pytest.mark.parametrize(
        "form",
        [
            "DB_PASSWORD:\n        {}", "DB_PASSWORD: &a {}", "DB_PASSWORD: !!str {}", "DB_PASSWORD: !x {}",
            "? DB_PASSWORD\n      : {}", "DB_PASSWORDS:\n      - {}", "DB_PASSWORD:\n        value: {}",
        ],
    )  # fmt: skip
    def test_is_found_once(self, path, form, failing, values):
        text = f"{YAML_OF_RULES[path]}      {form.format(values.password())}\n"
        assert len(failing({path: text})) == 1
        assert failing({path: f"{YAML_OF_RULES[path]}      {form.format('${PASSWORD}')}\n"}) == []

    @pytest.mark.parametrize("path", YAML_OF_RULES)
    def test_an_alias(self, path, failing, values):
        text = f"x-a: &a {values.password()}\n{YAML_OF_RULES[path]}      DB_PASSWORD: *a\n"
        assert [line for _, line, *_ in failing({path: text})] == [1]

    def test_names_are_none(self, failing):
        text = "jobs:\n  a:\n    secrets: inherit\n    env:\n      TOKEN:\n        ${{ secrets.DB_TOKEN_2 }}\n"
        compose = "services:\n  a:\n    secrets:\n    - db_password_v2\nsecrets:\n  db_password_v2: {file: ./db.txt}\n"
        assert failing({".github/workflows/a.yml": text, "docker-compose.yml": compose}) == []


def test_a_comment_at_the_end_of_a_line(failing, values):
    assert [key for *_, key in failing({"a.yaml": f"a: b  # password: {values.password()}\n"})] == ["password"]


@pytest.mark.parametrize("key", ["DBPASS", "Passwort", "smtpPass", "ADMINPASS"])
def test_other_words_for_a_password(key, failing, values):
    assert [found[3] for found in failing({"a.yaml": f"{key}: {values.password()}\n"})] == [key]


@pytest.mark.parametrize(
    "form",
    [("a.yaml", "{}: {}"), (".env", "{}={}"), ("a.json", '{{"{}": "{}"}}'), ("m.tf", '{} = "{}"'), ("a.ini", "{}={}")],
)
def test_a_long_key(form, failing, values):
    path, text = form
    assert len(failing({path: text.format("a_long_prefix_" * 20 + "PASSWORD", values.password()) + "\n"})) == 1
    assert failing({path: text.format("a_long_prefix_" * 20 + "PASSWORD_FILE", "/run/" + values.hex(8)) + "\n"}) == []
