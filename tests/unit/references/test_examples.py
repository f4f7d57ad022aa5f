"""The examples of references that help shows."""

from __future__ import annotations

from secrets_gitops.references import catalog
from secrets_gitops.references.dialects import vals


def test_every_scheme_that_can_be_resolved_has_an_example_and_no_other():
    schemes = [vals.split(text).scheme for text in catalog.EXAMPLES]
    assert sorted(schemes) == sorted(catalog.PARAMETERS)
