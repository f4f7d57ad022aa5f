"""What the environment says about a scan, and what flags say over it."""

from __future__ import annotations

import pytest

from secrets_gitops.errors import SettingsError
from secrets_gitops.lint.options import Options, of_environment


def test_flags_win_over_the_environment():
    said = of_environment(
        {"SECRETS_GITOPS_FAIL_ON": "low", "SECRETS_GITOPS_MAX_BYTES": "1KiB", "SECRETS_GITOPS_REQUIRE_SOPS": "off"}
    )
    assert (said.fail_on, said.max_bytes, said.require_sops) == ("low", 1024, "off")
    assert Options(fail_on="high").over(said)[2:5] == ("high", 1024, "off")
    assert of_environment({"SECRETS_GITOPS_ENGINE": "own"}) == Options()


@pytest.mark.parametrize(
    ("name", "value"), [("FAIL_ON", "never"), ("MAX_BYTES", "0"), ("MAX_BYTES", "x"), ("REQUIRE_SOPS", "yes")]
)
def test_a_variable_that_cannot_be(name, value):
    with pytest.raises(SettingsError, match=f"`SECRETS_GITOPS_{name}` must be"):
        of_environment({f"SECRETS_GITOPS_{name}": value})
