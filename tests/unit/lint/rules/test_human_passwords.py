"""Passwords as people make them, of words and a number: found where the key asks a person for one."""

from __future__ import annotations

import pytest

WORDS = ("orange", "monday", "tiger", "marble")
NUMBER = 7 * 379
HUMAN = {
    "words": "-".join(WORDS) + f"-{NUMBER % 90}",
    "a word, a sign, a number": f"{WORDS[3].title()}@{NUMBER}",
    "two words": f"{WORDS[0].title()}{WORDS[2].title()}_{NUMBER}",
}
"""Put together when the test runs."""


@pytest.mark.parametrize("value", HUMAN.values(), ids=HUMAN)
@pytest.mark.parametrize(
    "key", ["dbpassword", "DBPASSWORD", "adminpasswd", "bindpw", "rootpw", "smtppass", "storepass", "pswd"]
)
def test_a_key_written_as_one_word_asks_a_person_too(key, value, failing):
    assert [found[3] for found in failing({"values.yaml": f"a:\n  {key}: {value}\n"})] == [key]


def test_a_shared_key_written_as_one_word(failing, values):
    text = f"a:\n  presharedkey: {values.password(24)}\n"
    assert [found[3] for found in failing({"values.yaml": text})] == ["presharedkey"]


@pytest.mark.parametrize("text", ["bypass: some-mode-2", "compass: north-east-1", "userpassport: on-file-1"])
def test_other_words_with_such_letters_ask_nobody(text, failing):
    assert failing({"values.yaml": f"a:\n  {text}\n"}) == []


SOURCES = {
    "a.py": "x = connect(password='{}')",
    "a.go": 'var dbPassword = "{}"',
    "a.java": 'properties.put("db.password", "{}");',
    "a.cue": 'db: password: "{}"',
    "a.txt": "password: {}",
    "a.yaml": "a: 1\n# password: {}\nb: 2",
    "b.java": 'builder.host("h").password("{}").build();',
    "Jenkinsfile": 'def dbPassword = "{}"',
    "a.php": "$mail->setPassword('{}');",
    "a.sh": "echo 'root:{}' | chpasswd",
}


@pytest.mark.parametrize(
    "value",
    [
        "-".join(WORDS) + f"-{NUMBER % 90}",
        f"{WORDS[0].title()}{WORDS[2].title()}_{NUMBER}",
        f"{WORDS[3]}{NUMBER}",
        f"{WORDS[3]}{NUMBER % 900}",
    ],
    ids=["words", "two words", "a word", "a short number"],
)
@pytest.mark.parametrize("path", SOURCES)
def test_in_source_code_and_text(path, value, failing):
    assert len(failing({path: SOURCES[path].format(value) + "\n"})) == 1


@pytest.mark.parametrize(
    "text",
    [
        'x = {"password": "current-password"}', 'password = "testuser1234"', 'passwordField = "field_input_2"',
        "password = 'wrong-horse-battery-staple-1'", 'passwordHash = "argon2id"', "def f(password='orange2024'): pass",
        "token = 'orange-monday-tiger-marble-37'",
    ],
)  # fmt: skip
def test_words_of_examples_and_names_are_none_in_source_code(text, failing):
    assert failing({"a.py": text + "\n"}) == []


CALLS = {
    "a.java": 'client.apiKey("{}");', "a.kt": 'options.withToken("{}")', "a.cs": 'o.SetClientSecret("{}");',
    "a.rs": '.bearer_token("{}")',
}  # fmt: skip


@pytest.mark.parametrize("path", CALLS)
def test_a_call_that_sets_a_secret_by_its_own_name(path, failing, values):
    assert len(failing({path: CALLS[path].format(values.password(24)) + "\n"})) == 1


@pytest.mark.parametrize(
    "text",
    [
        'client.getSecret("{}");', 'vault.readToken("{}");', 'token("{}");', 'assertThat(x.password()).isEqualTo("y");',
        'store.secret("team/prod-db-credentials");', 'b.password(System.getenv("DB_PASSWORD"));', 'b.token("${{t}}");',
        'encoder.hashPassword("{}");',
    ],
)  # fmt: skip
def test_a_call_that_asks_for_one_sets_none(text, failing, values):
    assert failing({"a.java": text.format(values.password(24)) + "\n"}) == []


@pytest.mark.parametrize("path", ["a.py", "a.go", "b.java"])
def test_few_letters_and_digits_mixed(path, failing, values):
    mixed = "".join(a + b for a, b in zip("kqvxzj", "704931", strict=True)) + values.hex(4)
    few = "1" + "kqvxz" + "2" + "nrxjqbv"  # as a generator of lower case and digits may have it
    for value in (mixed, few):
        assert len(failing({path: SOURCES[path].format(value) + "\n"})) == 1


@pytest.mark.parametrize("value", ["orange-monday-tiger-marble-37", "Pepper@" + str(NUMBER)])
def test_the_type_beside_a_value_asks_a_person(value, failing):
    text = f"users:\n- username: a\n  credentials:\n  - type: password\n    value: {value}\n"
    assert [found[3] for found in failing({"realm.yaml": text})] == ["password"]


def test_the_type_beside_a_placeholder_says_nothing(failing):
    text = (
        "users:\n- credentials:\n  - type: password\n    value: ${PASSWORD}\n  - type: password\n    value: changeme\n"
    )
    assert failing({"realm.yaml": text}) == []
