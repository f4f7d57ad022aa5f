"""`Document.replaced`: a new text whose nodes are read when somebody asks for them."""

from __future__ import annotations

import pytest

from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.read import read


@pytest.mark.parametrize("text", ["a: 1\nb: old # note\n", "\ufeffa: 1\nb: old # note\n"])
def test_it_is_what_apply_gives(text):
    document = read(text.encode(), path="f.yaml")
    at = document.text.index("old")
    lazy, eager = (make([Edit(at, at + 3, "newer")]) for make in (document.replaced, document.apply))
    assert lazy.to_bytes() == eager.to_bytes() == text.encode().replace(b"old", b"newer")
    assert [node.text for pair in lazy.roots[0].pairs for node in pair] == ["a", "1", "b", "newer"]
    assert lazy.comments() == eager.comments()
    assert lazy.roots is lazy.roots
    assert (lazy.path, lazy.format, lazy.inner, lazy.bom) == (eager.path, eager.format, eager.inner, eager.bom)


def test_other_attributes_are_still_missing():
    with pytest.raises(AttributeError):
        read(b"a: 1\n", path="f.yaml").replaced([]).nodes  # type: ignore[attr-defined]  # noqa: B018
