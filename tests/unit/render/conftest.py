"""A maker that renders text as `render -` would, with files around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from secrets_gitops.backends.backend import Surroundings
from secrets_gitops.deadline import Deadline
from secrets_gitops.documents.read import read
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.materialize.materialized import Given
from secrets_gitops.references.fetcher import Fetcher
from secrets_gitops.references.resolve import Resolver
from secrets_gitops.render.stream import Stream

VECTORS = Path(__file__).parents[2] / "interop" / "vectors"


@pytest.fixture
def render(tmp_path):
    """A maker: render texts (path → text, or one YAML text) with `files` in the working directory."""

    def make(texts, *, environ=None, files=(), keep_secretref=False, inside_base64=False, sealing_keys=()):
        for name, text in dict(files).items():
            (tmp_path / name).write_text(text)
        environ = environ or {}
        keyring = Keyring.local(
            [str(VECTORS / "integrations" / name) for name in ("key.txt", "two-documents.key.txt")], {}
        )
        surroundings = Surroundings(environ, str(tmp_path), str(tmp_path), keyring=lambda: keyring)
        resolver = Resolver(Fetcher.local(surroundings, Deadline(30)), environ, keep_secretref=keep_secretref)
        stream = Stream(resolver, lambda: Given(sealing_keys, keyring), inside_base64=inside_base64)
        if isinstance(texts, str):
            texts = {"m.yaml": texts}
        return stream.render([read(text, path=path) for path, text in texts.items()])

    return make
