"""One value, several rules: one finding that says most."""

from __future__ import annotations

from secrets_gitops.lint.finding import Finding, Region
from secrets_gitops.lint.merge import merge


def finding(rule: str, region: tuple[int, int, int, int], severity: str = "high", key: str = "") -> Finding:
    return Finding(rule, severity, "a.yaml", *Region(*region), f"{rule} here", key=key, fix=f"mend {rule}")


PLACE = finding("k8s-secret-plaintext", (3, 3, 3, 60), key="token")


def test_a_token_speaks_for_the_secret_that_holds_it():
    token = finding("provider-token-github", (3, 12, 3, 52), "critical")
    (only,) = merge([PLACE, token])
    assert (only.rule, only.severity, only.also) == ("provider-token-github", "critical", ("k8s-secret-plaintext",))
    assert (only.region(), only.key, only.fix) == (PLACE.region(), "token", "mend k8s-secret-plaintext")


def test_a_small_token_in_a_long_text_stands_beside_it():
    body = finding("k8s-secret-plaintext", (3, 3, 30, 10), key="config")
    token = finding("provider-token-github", (12, 9, 12, 49))
    assert merge([body, token]) == [body, token]


def test_a_token_is_not_the_whole_of_two_lines():
    body = finding("k8s-secret-plaintext", (3, 3, 5, 30), key="config")
    token = finding("provider-token-github", (4, 9, 4, 49))
    assert merge([body, token]) == [body, token]


def test_the_digest_is_that_of_the_larger_value():
    token = finding("provider-token-github", (3, 12, 3, 52))._replace(digest=b"part")
    url = finding("url-credential", (3, 12, 3, 52))._replace(digest=b"part")
    for part in (token, url):
        assert [one.digest for one in merge([PLACE._replace(digest=b"whole"), part])] == [b"whole"]
        assert [one.digest for one in merge([PLACE, part])] == [b"part"]


def test_a_private_key_is_the_whole_value():
    place = finding("k8s-secret-plaintext", (3, 3, 12, 30), key="tls.key")
    key = finding("private-key", (4, 5, 12, 30))
    (only,) = merge([key, place])
    assert (only.rule, only.line) == ("private-key", 3)


def test_a_token_elsewhere_stays_alone():
    token = finding("provider-token-github", (9, 1, 9, 41))
    assert merge([PLACE, token]) == [PLACE, token]


def test_an_info_does_not_give_its_command_to_a_token():
    placeholder = PLACE._replace(severity="info")
    token = finding("provider-token-github", (3, 12, 3, 52))
    assert merge([placeholder, token]) == [placeholder, token]


def test_of_two_rules_about_a_place_the_more_telling_speaks():
    other = finding("sops-not-encrypted", PLACE.region(), "medium", key="token")
    malformed = finding("sops-malformed", PLACE.region(), key="token")
    (only,) = merge([other, PLACE])
    assert (only.rule, only.also) == ("k8s-secret-plaintext", ("sops-not-encrypted",))
    (only,) = merge([other, PLACE, malformed])
    assert (only.rule, sorted(only.also)) == ("sops-malformed", ["k8s-secret-plaintext", "sops-not-encrypted"])


def test_the_same_finding_twice_is_one():
    assert merge([PLACE, PLACE]) == [PLACE]


def test_two_tokens_in_one_value_are_both_told():
    first, second = finding("provider-token-github", (3, 12, 3, 30)), finding("provider-token-slack", (3, 32, 3, 50))
    assert {one.rule for one in merge([PLACE, first, second])} == {"provider-token-github", "provider-token-slack"}


def test_a_setting_inside_a_value_is_told_by_the_value():
    body = finding("k8s-secret-plaintext", (3, 3, 30, 10), key="kubeconfig")
    inside = finding("kubeconfig-credentials", (12, 9, 12, 49), "critical", key="token")
    generic = finding("generic-assignment", (14, 9, 14, 49), "medium", key="password")
    (only,) = merge([inside, generic, body])
    assert (only.rule, only.severity, only.region()) == ("k8s-secret-plaintext", "critical", body.region())
    assert only.also == ("kubeconfig-credentials", "generic-assignment")


def test_several_values_in_one_quoted_text_are_all_told():
    first = finding("k8s-configmap-secret", (3, 3, 3, 90), key="password")
    second = finding("k8s-configmap-secret", (3, 3, 3, 90), key="token")
    assert merge([first, second]) == [first, second]


def test_a_finding_of_severity_info_hides_nothing_in_it():
    body = finding("k8s-secret-plaintext", (3, 3, 30, 10), "info", key="config")
    inside = finding("generic-assignment", (14, 9, 14, 49), "medium", key="password")
    assert merge([body, inside]) == [body, inside]


def test_many_findings_on_one_line_are_merged_in_one_pass():
    found = [finding("helm-value-secret", (1, at, 1, at + 5), key=f"k{at}") for at in range(1, 60_000, 10)]
    inside = [finding("generic-assignment", (1, at + 1, 1, at + 4), "medium", key="x") for at in range(1, 60_000, 10)]
    assert [one.rule for one in merge([*found, *inside])] == ["helm-value-secret"] * len(found)


URL = finding("url-credential", (3, 10, 3, 50))


def test_a_url_in_the_value_of_a_place_is_not_told_twice():
    (only,) = merge([PLACE, URL])
    assert (only.rule, only.also, only.region(), only.key) == (
        "k8s-secret-plaintext",
        ("url-credential",),
        PLACE.region(),
        "token",
    )


def test_a_url_says_more_than_an_assignment_and_takes_its_place():
    assigned = finding("generic-assignment", (3, 3, 3, 60), "medium", key="dsn")
    (only,) = merge([assigned, URL])
    assert (only.rule, only.also, only.severity, only.key) == ("url-credential", ("generic-assignment",), "high", "dsn")
    assert only.region() == assigned.region()


def test_of_three_about_one_value_one_is_left_and_names_the_others():
    assigned = finding("generic-assignment", (3, 3, 3, 60), "medium", key="token")
    (only,) = merge([assigned, URL, PLACE])
    assert (only.rule, sorted(only.also)) == ("k8s-secret-plaintext", ["generic-assignment", "url-credential"])
    token = finding("provider-token-github", (3, 12, 3, 52), "critical")
    (only,) = merge([assigned, URL, PLACE, token])
    assert only.rule == "provider-token-github"
    assert {"generic-assignment", "url-credential", "k8s-secret-plaintext"} == set(only.also)


def test_two_values_of_one_line_are_both_told():
    first = finding("generic-assignment", (3, 3, 3, 30), key="password")
    second = finding("generic-assignment", (3, 34, 3, 60), key="token")
    assert merge([first, second]) == [first, second]
    url = finding("url-credential", (3, 34, 3, 60))
    assert merge([first, url]) == [first, url]


def test_a_placeholder_does_not_hide_what_a_url_holds():
    placeholder = PLACE._replace(severity="info")
    assert merge([placeholder, URL]) == [placeholder, URL]
