"""Templates in text: a value that goes on below its line, and what an expression passes by name."""

from __future__ import annotations

import pytest

MADE = "f3dVq9ZkT7"[::-1] + "xW2"

FILLED_IN = {
    "a call that goes on below": """\
        db__password: '{{ lookup("password", secret + "/db/" +
                          inventory_hostname + "/credentials/admin2 length=32") }}'
        """,
    "a choice that goes on below": """\
        db__auth_token: '{{ ansible_local.db.token
                            if (ansible_local | d() and ansible_local.db | d())
                            else "" }}'
        """,
    "text before it": """\
        db__api_key: "key-{{ lookup('password', secret +
                             '/db/key') }}"
        """,
    "an argument": 'minute: "{{ 59 | random(seed=inventory_hostname) }}"\n',
    "an argument below": """\
        minute: '{{ 59 |
                    random(seed=inventory_hostname) }}'
        """,
    "a dictionary": """\
        keys: '{{ [ { "name": item.name,
                      "remove_private_key": item.remove_private_key | d(True) | bool } ] }}'
        """,
}

SECRETS = {
    "what it falls back to": """\
        db_password: "{{ vault_db_password
                         | default('MADE') }}"
        """,
    "a literal in it": """\
        users: '{{ [ { "name": "app",
                       "password": "MADE" } ] }}'
        """,
    "a text in it that sets a key": """\
        db: "{{ lookup('hashi_vault', 'secret=kv/db token=MADE url=https://vault') }}"
        """,
    "beside a template that ends": """\
        name: '{{ inventory_hostname }}'
        db_password: 'MADE'
        other: '{{ inventory_hostname }}'
        """,
    "after braces that nothing closes": "db_password: 'MADE{{'\n",
}


def unindented(text):
    return "\n".join(line.removeprefix("        ") for line in text.splitlines()) + "\n"


@pytest.mark.parametrize("case", FILLED_IN)
def test_what_a_template_fills_in(failing, case):
    assert failing({"roles/db/defaults/main.yml": unindented(FILLED_IN[case])}) == []


@pytest.mark.parametrize("case", SECRETS)
def test_a_literal_in_a_template_or_beside_it(failing, case):
    text = unindented(SECRETS[case]).replace("MADE", MADE)
    assert [found[2] for found in failing({"roles/db/defaults/main.yml": text})] == ["ansible-secret"]
