"""`sealed-not-ciphertext` and `sealed-template-plaintext`."""

from __future__ import annotations

import base64

import pytest

PATH = "sealed.yaml"


def sealed(items: str = "{}", template: str = "{}") -> str:
    return f"kind: SealedSecret\nmetadata:\n  name: db\nspec:\n  encryptedData: {items}\n  template: {template}\n"


class TestNotCiphertext:
    """Each item must have the shape of a sealed value."""

    RULE = "sealed-not-ciphertext"

    def test_sealed_values_of_every_key_size_pass(self, failing, values):
        items = ", ".join(f"k{size}: {values.sealed(size)}" for size in (256, 384, 512))
        assert failing({PATH: sealed(f"{{{items}, empty: ''}}")}) == []

    def test_line_breaks_in_base64_pass(self, failing, values):
        text = values.sealed()
        assert failing({PATH: sealed(f"\n    a: |\n      {text[:76]}\n      {text[76:]}\n")}) == []

    def test_anything_else_is_found(self, failing, values):
        for value in (
            values.password(),
            base64.b64encode(values.password().encode()).decode(),
            values.sealed(500),
            values.base64(400),
            "tiger",
        ):
            assert failing({PATH: sealed(f"{{password: {value}}}")}) == [(PATH, 5, self.RULE, "password")]

    def test_damaged_ciphertext_is_less_grave(self, scan, values):
        (found,) = scan({PATH: sealed(f"{{password: {values.sealed()[:80]}}}")}).findings
        assert (found.rule, found.severity) == (self.RULE, "medium")
        assert "damaged" in found.message

    @pytest.mark.parametrize("value", ["'{{ .Values.sealed }}'", "${SEALED}", "''"])
    def test_what_is_filled_in_later_passes(self, value, failing):
        assert failing({PATH: sealed(f"{{password: {value}}}")}) == []

    def test_the_old_form_is_looked_at_too(self, failing, values):
        old = "kind: SealedSecret\nspec:\n  data: {}\n"
        assert failing({PATH: old.format(values.sealed())}) == []
        assert failing({PATH: old.format(values.password())}) == [(PATH, 3, self.RULE, "data")]

    def test_in_lists(self, failing, values):
        text = f"kind: List\nitems:\n- kind: SealedSecret\n  spec:\n    encryptedData:\n      a: {values.password()}\n"
        assert failing({PATH: text}) == [(PATH, 6, self.RULE, "a")]


class TestTemplate:
    """The template may hold settings, no secrets."""

    RULE = "sealed-template-plaintext"

    def test_a_secret_in_the_template(self, failing, values):
        for field in ("data", "stringData"):
            text = sealed(template=f"{{{field}: {{password: {values.password()}}}}}")
            assert failing({PATH: text}) == [(PATH, 6, self.RULE, "password")]

    def test_a_secret_in_a_configuration_in_the_template(self, failing, values):
        body = f"\n    data:\n      app.ini: |\n        host = db\n        password = {values.password()}\n"
        assert failing({PATH: sealed(template=body)}) == [(PATH, 8, self.RULE, "app.ini")]

    def test_a_random_value_under_any_key(self, failing, values):
        text = sealed(template=f"{{data: {{k: {values.password(30)}}}}}")
        assert failing({PATH: text}) == [(PATH, 6, self.RULE, "k")]

    def test_a_login_in_a_url(self, failing, values):
        text = sealed(template=f"{{data: {{url: 'postgres://app:{values.password(12)}@db/app'}}}}")
        assert (PATH, 6, self.RULE, "url") in failing({PATH: text})

    def test_settings_and_templates_pass(self, failing):
        body = (
            "\n    metadata: {name: db}\n    type: Opaque\n    data:\n      host: db.svc\n      user: svc\n"
            "      url: 'postgres://u:{{ .password }}@db/x'\n"
            "      app.ini: |\n        password = {{ .password }}\n        size = 3\n"
        )
        assert failing({PATH: sealed(template=body)}) == []
