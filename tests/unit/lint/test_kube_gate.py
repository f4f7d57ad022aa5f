"""The byte test lets no Secret pass, however it is spelt, and is no reason to parse everything."""

from __future__ import annotations

import pytest
import yaml

from secrets_gitops.lint.kube_gate import may_hold_secret

SPELLINGS = [
    "kind: Secret",
    "kind: 'Secret'",
    'kind: "Secret"',
    '"kind": "Secret"',
    '{"apiVersion":"v1","kind":"Secret"}',
    "{kind: Secret, data: {}}",
    "{kind: Secret}",
    "kind   :   Secret   # comment",
    "kind:\n  Secret",
    "kind: # why\n  # because\n  Secret",
    "kind: !!str Secret",
    "kind: &k Secret",
    "kind: !!str &k 'Secret'",
    "kind: |-\n  Secret",
    "kind: >-\n  Secret",
    "? kind\n: Secret",
    "? 'kind'\n: Secret",
    "? !!str kind\n: Secret",
    "a: &a Secret\nkind: *a",
    '"\\u006bind": Secret',
    'kind: "\\u0053ecret"',
    'kind: "\\x53ecret"',
    'kind: "\\U00000053ecret"',
    'kind: "Sec\\\n  ret"',
    '? "ki\\\n  nd"\n: Secret',
    'kind: "\\\n  Secret"',
    'kind: "\\\n\\\n  Secret"',
    "kind:\n" + "# why\n" * 9 + "  Secret",
    f"kind: # {'why ' * 200}\n  Secret",
    f"kind:{' ' * 900}Secret",
    f"kind:{chr(10) * 900} Secret",
    f"kind: &{'a' * 900} Secret",
    "a: &a kind\nb: {*a : Secret}",
    "kind: Secret\r\ndata: {}",
    "- kind: Secret",
    "kind: SecretList",
    "base: &b {kind: Secret}\nother:\n  <<: *b",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_every_legal_spelling_passes(text):
    assert yaml.safe_load(text) is not None
    assert may_hold_secret(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        'x: "{\\"kind\\":\\"Secret\\"}"',
        "x: |\n  apiVersion: v1\n  kind: Secret\n",
        'x: "apiVersion: v1\\nkind: Secret\\nstringData: {}\\n"',
        '{"x": "{\\"kind\\": \\"Secret\\"}"}',
        '{"x": "{\\\\\\"kind\\\\\\": \\\\\\"Secret\\\\\\"}"}',
    ],
)
def test_manifests_in_strings_pass(text):
    assert may_hold_secret(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "kind: Deployment\nspec: {secretName: x}",
        "kind: SecretStore",
        "kind: SecretProviderClass",
        "kind: ExternalSecret",
        "kind: SealedSecret",
        "# A Secret is a kind of object.",
        "description: kind is Secret or ConfigMap",
        "resources: [secrets]",
        'a: "\\u00e9\\n"',
    ],
)
def test_other_files_do_not(text):
    assert not may_hold_secret(text.encode())
