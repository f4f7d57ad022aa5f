"""`tfstate-committed`: outputs are secrets too, in a state without resources as well."""

from __future__ import annotations

import json

import pytest

RULE = "tfstate-committed"
WEAK = "zyx2retnuh"[::-1]


def state(outputs: dict, **more) -> str:
    return json.dumps(
        {"version": 4, "terraform_version": "1.9.0", "outputs": outputs, "resources": []} | more, indent=1
    )


FOUND = {
    "marked as sensitive": lambda v: ({"db": {"value": v, "type": "string", "sensitive": True}}, "db"),
    "marked before its value": lambda v: ({"db": {"sensitive": True, "type": "string", "value": WEAK}}, "db"),
    "called so": lambda v: ({"admin_password": {"value": WEAK, "type": "string"}}, "admin_password"),
    "in a map": lambda v: (
        {"db": {"value": {"host": "db.example.com", "password": WEAK}, "type": ["object", {}], "sensitive": True}},
        "password",
    ),
    "in a list": lambda v: ({"keys": {"value": ["a", v], "type": ["list", "string"], "sensitive": True}}, "keys"),
}


@pytest.mark.parametrize("name", FOUND)
def test_an_output_is_a_secret(name, failing, values):
    password = values.password()
    outputs, key = FOUND[name](password)
    text = state({"é": {"value": "münchen", "type": "string"}} | outputs)
    line = next(at for at, line in enumerate(text.split("\n"), 1) if WEAK in line or password in line)
    assert failing({"terraform.tfstate": text}) == [("terraform.tfstate", line, RULE, key)]


def test_outputs_of_modules_in_an_old_state(failing, values):
    output = {"sensitive": True, "type": "string", "value": values.password()}
    text = json.dumps({"version": 3, "terraform_version": "0.11", "modules": [{"outputs": {"a": output}}]})
    assert [found[2:] for found in failing({"terraform.tfstate": text})] == [(RULE, "a")]


def test_what_is_no_secret_among_outputs(failing, values):
    outputs = {
        "host": {"value": "db.example.com", "type": "string"},
        "id": {"value": values.password(), "type": "string"},
        "none": {"value": "", "type": "string", "sensitive": True},
        "db": {"value": {"host": "db.example.com", "user": "shop"}, "type": ["object", {}], "sensitive": True},
    }
    assert failing({"terraform.tfstate": state(outputs), "old.tfstate": state({})}) == []
