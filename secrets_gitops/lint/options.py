"""Options: what flags and environment variables say about a scan. What the repository says stands in its settings."""

from __future__ import annotations

from secrets_gitops.errors import SettingsError
from secrets_gitops.lint.finding import SEVERITIES
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.rules.sops_mac_mismatch import Verify

_VARIABLES = ("FAIL_ON", "MAX_BYTES", "REQUIRE_SOPS", "CONFIG", "BASELINE")


class Options(NamedTuple):
    """What flags and environment say about a scan; None where they say nothing, and then the settings decide."""

    only: tuple[str, ...] = ()
    """Rules, as typed; all others do not run, and this wins over what the settings disable."""
    disable: tuple[str, ...] = ()
    """Rules, as typed, whose findings are dropped."""
    fail_on: Severity | None = None
    max_bytes: int | None = None
    require_sops: str | None = None
    foreign_allow: bool | None = None
    """Do the allow markers of other tools count?"""
    config: str | None = None
    """A file on disk in place of the snapshot's settings."""
    verify_mac: Verify | None = None
    """What `sops-mac-mismatch` asks; without it the rule does not run."""
    baseline: str | None = None
    """A file on disk in place of the snapshot's baseline, or `none`: nothing is baselined."""
    gitleaks: tuple[str, str] | None = None
    """`file` and a path on disk, or `text` and a whole configuration, in place of `.gitleaks.toml`."""
    strict: bool | None = None
    """Is a scan incomplete in which a rule was stopped?"""
    witness: Callable[[Finding, str], None] | None = None
    """Is told every finding with the value that it is about, before any two are made one."""
    salt: bytes | None = None
    """Of a baseline that is not written yet."""
    jobs: int | None = None
    """Processes that scan at once; by default one for each processor."""
    also: tuple[str, ...] = ()
    """Rules, as typed, that run beside the others although they are off by default."""
    today: str | None = None
    """`YYYY-MM-DD`, for excuses that expire; by default the day in UTC."""
    changed_lines_only: bool | None = None
    """Of commits and of what is staged, report what stands in changed lines, or is new for a change around it."""

    def over(self, other: Options) -> Options:
        """These, and what `other` says where these say nothing."""
        own = self._asdict()
        return other._replace(**{name: value for name, value in own.items() if value is not None and value != ()})


NONE = Options()


def of_environment(environ: Mapping[str, str]) -> Options:
    """What the variables `SECRETS_GITOPS_FAIL_ON`, `_MAX_BYTES`, `_REQUIRE_SOPS`, `_CONFIG` and `_BASELINE` say.

    Raises SettingsError for a value that cannot be.
    """
    said = {name: environ.get(f"SECRETS_GITOPS_{name}") for name in _VARIABLES}
    file, text = environ.get("GITLEAKS_CONFIG"), environ.get("GITLEAKS_CONFIG_TOML")  # as gitleaks has it
    if not any((*said.values(), file, text)):
        return NONE
    from secrets_gitops.repository.sizes import size  # noqa: PLC0415  few environments say anything

    limit = size(said["MAX_BYTES"] or "1")
    for name, fits, words in (
        ("FAIL_ON", said["FAIL_ON"] in {*SEVERITIES, None, ""}, f"one of {', '.join(SEVERITIES)}"),
        ("REQUIRE_SOPS", said["REQUIRE_SOPS"] in {"strict", "auto", "off", None, ""}, "strict, auto or off"),
        ("MAX_BYTES", limit is not None, "a number of bytes, as `5MiB`"),
    ):
        if not fits:
            raise SettingsError(f"`SECRETS_GITOPS_{name}` must be {words}")
    return Options(
        fail_on=said["FAIL_ON"] or None,  # type: ignore[arg-type]  # one of SEVERITIES
        max_bytes=limit if said["MAX_BYTES"] else None,
        require_sops=said["REQUIRE_SOPS"] or None,
        config=said["CONFIG"] or None,
        baseline=said["BASELINE"] or None,
        gitleaks=("file", file) if file else ("text", text) if text else None,
    )
