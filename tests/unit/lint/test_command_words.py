"""Secrets on command lines, and what only looks like one."""

from __future__ import annotations

import pytest

from secrets_gitops.lint.command_words import given, words

SECRET = "kX4" + "pQ9vL2mZ7tR"

FOUND = {
    "an option": ("app --password={}", "--password"),
    "a long option": ("app --admin-password={}", "--admin-password"),
    "the next word": ("app --token {} run", "--token"),
    "one dash": ("java -Dspring.datasource.password={} -jar app.jar", "-Dspring.datasource.password"),
    "a variable before the command": ("PGPASSWORD={} psql -h db", "PGPASSWORD"),
    "exported": ("export DB_PASSWORD={}; run", "DB_PASSWORD"),
    "values for helm": ("helm upgrade x y --set image.tag=1,auth.password={}", "auth.password"),
    "in quotes": ("app --password='{}'", "--password"),
    "after another command": ("sleep 5 && app --api-key={}", "--api-key"),
    "mysql": ("mysql -uroot -p{} shop", "-p"),
    "mysqldump by its path": ("/usr/bin/mysqldump -p{} shop", "-p"),
    "mongo": ("mongosh -u admin -p {}", "-p"),
    "redis": ("redis-cli -h db -a {} ping", "-a"),
    "redis server": ("redis-server --requirepass {}", "--requirepass"),
    "a header": ("curl -H 'X-Api-Key: {}' https://api", "X-Api-Key"),
    "a header joined to its option": ("wget --header='PRIVATE-TOKEN: {}' https://api", "PRIVATE-TOKEN"),
    "sshpass": ("sshpass -p {} ssh host", "-p"),
    "login": ("docker login -u ci -p {} registry.example", "-p"),
    "helm login": ("helm registry login -u ci -p {} registry.example", "-p"),
    "curl": ("curl -fsS -u admin:{} https://api", "-u"),
    "ldap": ("ldapsearch -x -w {} -b dc=x", "-w"),
    "sql": ("sqlcmd -S db -U sa -P {}", "-P"),
    "etcd": ("etcdctl --user root:{} get /", "--user"),
}


@pytest.mark.parametrize("name", FOUND)
def test_a_secret_is_found_with_the_option_that_takes_it(name):
    line, option = FOUND[name]
    (found,) = given(words(line.format(SECRET)))
    assert (found.name, found.value) == (option, SECRET)


@pytest.mark.parametrize(
    "line",
    [
        "app --password=$(DB_PASSWORD) --token ${TOKEN} --api-key=$API_KEY",
        "app --password-file=/run/secrets/db --tls-private-key-file /certs/tls.key --token-ttl=15m",
        "docker login --password-stdin registry.example",
        "docker run -p 8080:8080 nginx",
        "docker run --rm -p 127.0.0.1:5432:5432 postgres",
        "mysql -p shop",
        "mysql -u root -p$MYSQL_ROOT_PASSWORD shop",
        'mysqladmin ping -p"${MYSQL_ROOT_PASSWORD}"',
        "redis-cli -a $REDIS_PASSWORD ping",
        "curl -u $USER:$PASS https://api",
        "curl -u admin https://api",
        "mkdir -p /data/backup",
        "ssh -p 2222 host",
        "kubectl get secret db-credentials -o yaml",
        "app --secret-name=db --secret tls-cert --existing-secret other",
        "etcd --initial-cluster-token etcd-cluster-1",
        "aws eks get-token --cluster-name prod",
        "app --enable-token-auth --no-password",
        "app --password=changeme --token <token>",
        "MASTER_PASSWORD='',",
        'pip install secrets-manager==1.4.2 "token-tools==$VERSION" python-keycloak-secret==2.0.0rc1',
        'echo "the token is wrong"',
    ],
)
def test_names_files_variables_and_placeholders_are_none(line):
    assert list(given(words(line))) == []


def test_a_value_that_begins_with_an_equal_sign_is_a_value():
    (found,) = given(words(f"app --password=={SECRET}"))
    assert found.value == f"={SECRET}"


def test_words_know_their_places():
    text = 'a \'b c\' "d\\"e" && f=$(g h)\n'
    found = words(text)
    assert [word.text for word in found] == ["a", "b c", 'd\\"e', "&&", "f=$(g h)", "\n"]
    assert [text[word.start : word.end] for word in found][1] == "'b c'"


@pytest.mark.parametrize("piece", ["'", '"', "\\", "$(", "a=", "-p ", "|", "--token "])
def test_hostile_text_gives_nothing(piece):
    assert list(given(words(piece * (200_000 // len(piece))))) == []
