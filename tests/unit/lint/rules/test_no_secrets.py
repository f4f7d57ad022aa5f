"""What stands where secrets stand and is none: the begin of an envelope, placeholders of builds, public ids."""

from __future__ import annotations

import json

import pytest


def everywhere(key: str, value: str) -> dict[str, str]:
    return {
        "secret.yaml": f"apiVersion: v1\nkind: Secret\nstringData:\n  {key}: {json.dumps(value)}\n",
        "values.yaml": f"{key}: {json.dumps(value)}\n",
        "config/app.json": json.dumps({key: value}),
        ".env": f"{key}={value}\n",
    }


def test_the_begin_of_an_envelope_without_any_part(failing, values):
    assert failing(everywhere("password", "ENC[AES256_GCM]") | {"docs.yaml": "marker: ENC[AES256_GCM]\n"}) == []
    cut = failing({"a.yaml": f"password: ENC[AES256_GCM,data:{values.base64(9)}]\n"})
    assert [found[2] for found in cut] == ["sops-malformed"]


@pytest.mark.parametrize(
    "value", ["__DB_PASSWORD__", "__dbPassword__", "__db_password__", "__db-password__", "@@db.password@@"]
)
def test_what_a_build_fills_in(value, failing):
    assert failing(everywhere("password", value)) == []


def test_a_password_between_such_signs(failing, values):
    for sign in ("__", "@@"):
        assert len(failing(everywhere("password", f"{sign}{values.password()}{sign}"))) == 4


def test_the_key_by_which_application_insights_is_told(failing, values):
    uuid = "-".join(values.hex(size) for size in (8, 4, 4, 4, 12))
    assert failing(everywhere("APPINSIGHTS_INSTRUMENTATIONKEY", uuid)) == []
    assert failing({"appsettings.json": json.dumps({"ApplicationInsights": {"InstrumentationKey": uuid}})}) == []
    text = f"InstrumentationKey={uuid};IngestionEndpoint=https://westeurope-1.in.applicationinsights.azure.com/"
    assert failing(everywhere("ikey", text) | everywhere("APPLICATIONINSIGHTS_CONNECTION_STRING", text)) == []
    more = f"{text};AccountKey={values.base64(32)}"
    assert len(failing(everywhere("APPLICATIONINSIGHTS_CONNECTION_STRING", more))) == 4


@pytest.mark.parametrize("order", [("name", "value"), ("value", "name")])
def test_in_terraform_the_value_is_the_finding_and_not_the_name_beside_it(order, failing, values):
    lines = {"name": '  name  = "db-password9"', "value": f'  value = "{values.password()}"'}
    text = "\n".join(("set_sensitive {", *(lines[part] for part in order), "}\n"))
    line = 2 + order.index("value")
    [found] = failing({"main.tf": text})
    assert found[1:] == (line, "terraform-secret", "db-password9")
