"""Objects as text: readers get back what was written, in the layout of kubectl."""

from __future__ import annotations

import json

import pytest
import yaml

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.manifests import write

HARD = [
    "", " ", "a", "true", "Yes", "n", "null", "~", "1", "1e3", "0x1f", ".inf", ".NaN", ".env", ".5", "a.5", "-", "- a",
    "a: b", "a #b", "#a", "{a}", "[a]", "*a", "&a", "!a", "|", ">", "'", '"', "\\", "a\nb", "a\nb\n", "\na", "a\t", "é",
    "\u2028", "\x7f", "2024-01-02", "12:30", "=", "<<", "a/b", "kubernetes.io/tls", "A" * 400, "A" * 400 + "==",
    "a" * 400, "A" * 299 + " b",
]  # fmt: skip


@pytest.mark.parametrize("text", HARD)
@pytest.mark.parametrize("as_key", [False, True], ids=["value", "key"])
def test_every_text_comes_back(text: str, as_key: bool) -> None:
    tree = {text: "x"} if as_key else {"k": text, "list": [text, {"in": text}, [text]]}
    block = write.yaml_document(tree)
    assert to_plain(read(block, path="x.yaml").roots[0], "k8s") == tree
    assert yaml.safe_load(block) == tree
    assert json.loads(write.json_document(tree)) == tree


def test_the_layout_of_kubectl() -> None:
    tree = {
        "metadata": {"name": "x", "finalizers": ["b.example/c", "a"], "ownerReferences": [{"uid": "", "kind": "K"}]},
        "kind": "Secret",
        "empty": {},
        "none": [],
        "immutable": True,
    }
    assert write.yaml_document(tree) == (
        "---\n"
        "empty: {}\n"
        "immutable: true\n"
        "kind: Secret\n"
        "metadata:\n"
        "  finalizers:\n"
        "  - b.example/c\n"
        "  - a\n"
        "  name: x\n"
        "  ownerReferences:\n"
        "  - kind: K\n"
        '    uid: ""\n'
        "none: []\n"
    )
