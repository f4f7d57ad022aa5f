"""Flags and environment as the original reads them."""

from __future__ import annotations

import pytest

from secrets_gitops.controller.flags import parse
from secrets_gitops.errors import SettingsError


@pytest.mark.parametrize(
    "arguments",
    [["--key-size=2048"], ["--key-size", "2048"], ["-key-size=2048"], ["-key-size", "2048"]],
)
def test_a_value_stands_behind_the_flag_in_every_way_of_go(arguments):
    assert parse(arguments, {}).key_size == 2048


def test_a_boolean_takes_its_value_only_behind_the_equals_sign():
    assert parse(["--all-namespaces", "false"], {}).all_namespaces is True
    assert parse(["--all-namespaces=false"], {}).all_namespaces is False


def test_the_environment_is_read_the_command_line_wins_and_nonsense_is_ignored():
    environ = {"SEALED_SECRETS_KEY_SIZE": "3072", "SEALED_SECRETS_KEY_TTL": "10 days", "SEALED_SECRETS_RATE_LIMIT": "7"}
    flags = parse(["--rate-limit", "9"], environ)
    assert (flags.key_size, flags.key_ttl, flags.rate_limit) == (3072, 87600 * 3600.0, 9)


def test_durations_are_those_of_go():
    assert parse(["--key-renew-period=720h30m"], {}).key_renew_period == 720.5 * 3600
    assert parse(["--rotate-period", "0"], {}).key_renew_period == 0
    with pytest.raises(SettingsError):
        parse(["--key-renew-period=30d"], {})


def test_the_cutoff_time_needs_a_numeric_zone():
    assert parse(["--key-cutoff-time", "Mon, 23 Nov 2026 04:00:00 +0000"], {}).key_cutoff_time.year == 2026
    for wrong in ("Mon, 23 Nov 2026 04:00:00 GMT", "2026-11-23T04:00:00Z"):
        with pytest.raises(SettingsError):
            parse(["--key-cutoff-time", wrong], {})


def test_lists_are_trimmed_and_pairs_cut_at_the_second_equals_sign():
    flags = parse(["--additional-namespaces", "a, b,,", "--privatekey-labels=q=w=z,a=b"], {})
    assert flags.additional_namespaces == ("a", "b")
    assert flags.privatekey_labels == (("q", "w"), ("a", "b"))


def test_an_unknown_flag_is_refused_by_name_and_those_of_glog_are_taken():
    with pytest.raises(SettingsError, match="--no-such"):
        parse(["--no-such"], {})
    parse(["-v=4", "--logtostderr", "--stderrthreshold", "INFO"], {})


def test_kinds_that_there_are_not_are_refused_by_name():
    with pytest.raises(SettingsError, match="nonsense"):
        parse(["--enable", "nonsense"], {})
    flags = parse(["--enable", "externalsecrets,sopssecrets", "--integrity=report"], {})
    assert (flags.enable, flags.integrity) == (("externalsecrets", "sopssecrets"), "report")
    with pytest.raises(SettingsError, match="integrity"):
        parse(["--integrity=maybe"], {})


def test_kinds_may_be_enabled_together_or_one_by_one():
    both = ("externalsecrets", "sopssecrets")
    assert parse([f"--enable={','.join(both)}"], {}).enable == both
    assert (
        parse([f"--enable={both[0]}", "--enable", both[1]], {"SEALED_SECRETS_ENABLE": "sealedsecrets"}).enable == both
    )
