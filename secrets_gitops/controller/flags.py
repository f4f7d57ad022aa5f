"""The flags and environment of the original controller, and the few of ours, as Go reads them.

`--flag=value`, `--flag value`, one dash as good as two. A boolean takes its value only behind `=`: `--flag false` is
true with a stray argument, which is ignored, as the original does. Every flag can come from the environment; there a
value that cannot be understood is ignored, and the command line wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal, cast

from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

ENVIRONMENT = "SEALED_SECRETS_"
KINDS = ("sealedsecrets", "externalsecrets", "sopssecrets")

Level = Literal["INFO", "ERROR"]
Integrity = Literal["require", "report"]

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")
_CUTOFF = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}")
_GLOG_VALUES = ("v", "vmodule", "stderrthreshold", "log_backtrace_at", "log_dir", "log_file", "log_file_max_size")
_GLOG_FLAGS = (
    "logtostderr", "alsologtostderr", "skip_headers", "skip_log_headers", "add_dir_header", "one_output",
)  # fmt: skip


def _boolean(text: str) -> bool:
    if text in {"1", "t", "T", "TRUE", "true", "True"}:
        return True
    if text in {"0", "f", "F", "FALSE", "false", "False"}:
        return False
    raise ValueError


def duration(text: str) -> float:
    """Seconds of a Go duration such as `720h30m`. Raises ValueError."""
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if rest == "0":
        return 0.0
    if not rest or _DURATION.sub("", rest):
        raise ValueError
    return sign * sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(rest))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """`k=v,k=v`. Of an entry only what stands around the first `=` counts, up to the second."""
    out = []
    for part in text.split(",") if text else ():
        if "=" not in part:
            raise ValueError
        out.append((part.split("=")[0], part.split("=")[1]))
    return tuple(out)


def _cutoff(text: str) -> datetime | None:
    if not text:
        return None
    if not _CUTOFF.fullmatch(text):
        raise ValueError
    return parsedate_to_datetime(text)


def _level(text: str) -> Level:
    if text.upper() not in {"INFO", "ERROR"}:
        raise ValueError
    return cast("Level", text.upper())


def _form(text: str) -> Literal["text", "json"]:
    if text not in {"text", "json"}:
        raise ValueError
    return cast("Literal['text', 'json']", text)


def _integrity(text: str) -> Integrity:
    if text not in {"require", "report"}:
        raise ValueError("it is `require` or `report`")
    return cast("Integrity", text)


@dataclass(frozen=True)
class Flags:
    """What `controller run` was told. Names are those of the flags; durations are seconds."""

    key_prefix: str = "sealed-secrets-key"
    key_size: int = 4096
    key_ttl: float = 87600 * 3600.0
    my_cn: str = ""
    key_renew_period: float = 720 * 3600.0
    key_cutoff_time: datetime | None = None
    key_order_priority: str = "CertNotBefore"
    privatekey_annotations: tuple[tuple[str, str], ...] = ()
    privatekey_labels: tuple[tuple[str, str], ...] = ()
    accept_deprecated_v1_data: bool = True
    all_namespaces: bool = True
    additional_namespaces: tuple[str, ...] = ()
    label_selector: str = ""
    rate_limit: int = 2
    rate_limit_burst: int = 2
    old_gc_behavior: bool = False
    update_status: bool = True
    skip_recreate: bool = False
    watch_for_secrets: bool = False
    """Taken and without effect: key Secrets are always watched."""
    max_unseal_retries: int = 5
    """Taken and without effect: failures are retried for ever."""
    kubeclient_qps: float = 5.0
    """Taken and without effect: the API server protects itself."""
    kubeclient_burst: int = 10
    metrics_omit_secret_labels: bool = False
    log_info_stdout: bool = True
    log_level: Level = "INFO"
    log_format: Literal["text", "json"] = "text"
    listen_addr: str = ":8080"
    listen_metrics_addr: str = ":8081"
    read_timeout: float = 120.0
    write_timeout: float = 120.0
    version: bool = False
    integrity: Integrity = "require"
    """Ours: `report` applies a SopsSecret whose MAC cannot be verified in the cluster, and says so."""
    enable: tuple[str, ...] = ()
    """Ours: kinds beside SealedSecret."""
    kubeconfig: str = ""
    """Ours: a kubeconfig file, where the original knows the in-cluster configuration alone."""
    workers: int = 12
    """Ours: how many objects are worked on at once."""


_READERS: dict[str, Callable[[str], object]] = {
    "key_prefix": str,
    "key_size": int,
    "key_ttl": duration,
    "my_cn": str,
    "key_renew_period": duration,
    "key_cutoff_time": _cutoff,
    "key_order_priority": str,
    "privatekey_annotations": _pairs,
    "privatekey_labels": _pairs,
    "accept_deprecated_v1_data": _boolean,
    "all_namespaces": _boolean,
    "additional_namespaces": _names,
    "label_selector": str,
    "rate_limit": int,
    "rate_limit_burst": int,
    "old_gc_behavior": _boolean,
    "update_status": _boolean,
    "skip_recreate": _boolean,
    "watch_for_secrets": _boolean,
    "max_unseal_retries": int,
    "kubeclient_qps": float,
    "kubeclient_burst": int,
    "metrics_omit_secret_labels": _boolean,
    "log_info_stdout": _boolean,
    "log_level": _level,
    "log_format": _form,
    "listen_addr": str,
    "listen_metrics_addr": str,
    "read_timeout": duration,
    "write_timeout": duration,
    "version": _boolean,
    "enable": _names,
    "integrity": _integrity,
    "kubeconfig": str,
    "workers": int,
}
_OLD_NAMES = {"rotate_period": "key_renew_period"}


def parse(arguments: Sequence[str], environ: Mapping[str, str]) -> Flags:
    """The flags of one start. SettingsError: an unknown flag or a bad value."""
    given = _from_environment(environ) | _from_arguments(arguments)
    flags = Flags(**given)  # type: ignore[arg-type]  # each value was made by the reader of its field
    for kind in flags.enable:
        if kind not in KINDS:
            raise SettingsError(f"--enable does not know `{kind}`", hints=(f"it knows {', '.join(KINDS)}",))
    return flags


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    out: dict[str, object] = {}
    for name in (*_OLD_NAMES, *_READERS):
        text = environ.get(ENVIRONMENT + name.upper())
        if text is None:
            continue
        target = _OLD_NAMES.get(name, name)
        try:
            out[target] = _READERS[target](text)
        except ValueError:
            continue
    return out


def _from_arguments(arguments: Sequence[str]) -> dict[str, object]:
    out: dict[str, object] = {}
    kinds: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            break
        if not argument.startswith("-") or argument == "-":
            continue
        shown, equals, text = argument.partition("=")
        name = shown.lstrip("-")
        field_name = name.replace("-", "_")
        field_name = _OLD_NAMES.get(field_name, field_name)
        is_glog = name in _GLOG_VALUES or name in _GLOG_FLAGS or re.fullmatch(r"v\d+", name)
        if field_name not in _READERS and not is_glog:
            raise SettingsError(f"unknown flag: {shown}", hints=("see `secrets-gitops controller run --help`",))
        reader = _READERS.get(field_name)
        if not equals:
            if reader is _boolean or name in _GLOG_FLAGS or re.fullmatch(r"v\d+", name):
                text = "true"
            else:
                following = next(rest, None)
                if following is None:
                    raise SettingsError(f"flag needs an argument: {shown}")
                text = following
        if reader is None:
            continue
        if name == "enable":  # may be repeated, as for `controller manifests`; of all others the last one counts
            kinds.append(text)
            text = ",".join(kinds)
        try:
            out[field_name] = reader(text)
        except ValueError:
            raise SettingsError(f"invalid argument {text!r} for {shown}", hints=_help(field_name)) from None
    return out


def _help(name: str) -> tuple[str, ...]:
    if name == "key_cutoff_time":
        return ("write it like `Mon, 23 Nov 2026 04:00:00 +0000`, with a numeric zone",)
    if name in {"privatekey_annotations", "privatekey_labels"}:
        return ("write it like `name=value,name=value`",)
    return ()


def listed() -> list[str]:
    """Every flag with its default, for help."""
    defaults = Flags()
    return [f"--{name.replace('_', '-')}  (default {getattr(defaults, name)!r})" for name in _READERS]
