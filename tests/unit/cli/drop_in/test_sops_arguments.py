"""The parser of sops' command line: what sops' own library accepts, and where it is a trap."""

from __future__ import annotations

import pytest

from secrets_gitops.cli.drop_in import completion, decrypt, flags, old_style, rotate
from secrets_gitops.cli.drop_in import set as set_command
from secrets_gitops.cli.drop_in.arguments import Flag, parse
from secrets_gitops.cli.drop_in.exit_codes import Stop
from secrets_gitops.cli.drop_in.sops import COMMANDS, _command


def subcommand(module, *words: str, **environ: str):
    return parse(words, module.FLAGS, environ, to_first=False)


def old(*words: str, **environ: str):
    return parse(words, old_style.FLAGS, environ, to_first=True)


class TestFlags:
    @pytest.mark.parametrize("words", [["--extract", "x"], ["-extract", "x"], ["--extract=x"], ["-extract=x"]])
    def test_one_dash_and_two_are_the_same(self, words) -> None:
        assert subcommand(decrypt, *words, "f").text("extract") == "x"

    def test_a_value_may_begin_with_a_dash(self) -> None:
        assert subcommand(decrypt, "--extract", "-x", "f").text("extract") == "-x"

    def test_a_value_may_hold_an_equals_sign(self) -> None:
        assert subcommand(decrypt, "--extract=a=b", "f").text("extract") == "a=b"

    def test_of_a_flag_that_stands_twice_the_last_counts(self) -> None:
        assert subcommand(decrypt, "--output", "a", "--output", "b", "f").text("output") == "b"

    def test_of_a_list_all_count(self) -> None:
        given = subcommand(decrypt, "--keyservice", "a", "--keyservice", "b", "f")
        assert given.texts("keyservice") == ("a", "b")

    @pytest.mark.parametrize(("word", "wanted"), [("-i", True), ("-i=false", False), ("--in-place=1", True)])
    def test_switches(self, word, wanted) -> None:
        assert subcommand(decrypt, word, "f").switch("in-place") is wanted

    def test_a_switch_takes_no_word_behind_it(self) -> None:
        given = subcommand(decrypt, "-i", "true", "f")
        assert given.positional == ("true", "f")

    @pytest.mark.parametrize(
        "words",
        [["--nope", "f"], ["-de", "f"], ["-i=perhaps", "f"], ["f", "--extract"]],
        ids=["unknown", "letters together", "no boolean", "no value"],
    )
    def test_what_sops_does_not_take_ends_with_1(self, words) -> None:
        with pytest.raises(Stop) as stop:
            subcommand(decrypt, *words)
        assert stop.value.code == 1

    @pytest.mark.parametrize("text", ["x", "1.5", ""])
    def test_numbers_are_whole(self, text) -> None:
        with pytest.raises(Stop):
            parse(["--n", text], [Flag("n", "", "number")], {}, to_first=False)

    def test_two_dashes_end_the_flags(self) -> None:
        assert subcommand(decrypt, "--", "-i").positional == ("-i",)


class TestPlaces:
    def test_flags_of_a_subcommand_may_stand_behind_the_file(self) -> None:
        given = subcommand(decrypt, "f", "--extract", "x")
        assert (given.positional, given.text("extract")) == (("f",), "x")

    def test_also_behind_a_switch_and_the_file(self) -> None:
        """sops ends its flags at the file then, and rotates without the new key."""
        given = subcommand(rotate, "-i", "f", "--add-age", "age1x")
        assert (given.positional, given.text("add-age")) == (("f",), "age1x")

    def test_a_negative_number_is_no_flag(self) -> None:
        assert subcommand(set_command, "f", '["a"]', "-5").positional == ("f", '["a"]', "-5")

    def test_in_the_old_style_flags_end_at_the_file(self) -> None:
        given = old("-d", "f", "--extract", "x")
        assert given.positional == ("f", "--extract", "x")
        assert given.text("extract") == ""


class TestEnvironment:
    def test_a_variable_stands_in_for_its_flag(self) -> None:
        assert old("f", SOPS_AGE_RECIPIENTS="age1x").text("age") == "age1x"

    def test_the_flag_wins(self) -> None:
        assert old("--age", "age1y", "f", SOPS_AGE_RECIPIENTS="age1x").text("age") == "age1y"

    def test_a_variable_does_not_count_as_written(self) -> None:
        assert old("f", SOPS_AGE_RECIPIENTS="age1x").named == frozenset()

    def test_every_variable_of_sops_is_known(self) -> None:
        every = {flag.variable for flag in (*old_style.FLAGS, *flags.KEY_SERVICE) if flag.variable}
        assert every == {
            "SOPS_AGE_RECIPIENTS", "SOPS_PGP_FP", "SOPS_KMS_ARN", "SOPS_GCP_KMS_IDS", "SOPS_HUAWEICLOUD_KMS_IDS",
            "SOPS_AZURE_KEYVAULT_URLS", "SOPS_VAULT_URIS", "SOPS_CONFIG", "SOPS_DECRYPTION_ORDER", "SOPS_KEYSERVICE",
            "SOPS_ENABLE_LOCAL_KEYSERVICE", "SOPS_DISABLE_VERSION_CHECK",
        }  # fmt: skip


class TestCommands:
    @pytest.mark.parametrize(
        ("words", "wanted"),
        [
            (["decrypt", "f"], ("decrypt", ["f"])),
            (["groups", "add", "-f", "x"], ("groups add", ["-f", "x"])),
            (["f.yaml"], (None, ["f.yaml"])),
            ([], (None, [])),
            (["groups"], ("groups", [])),
            (["help", "set"], ("help", ["set"])),
        ],
    )
    def test_the_first_word_names_the_command(self, words, wanted) -> None:
        assert _command(words) == wanted

    def test_a_group_has_its_own_commands(self) -> None:
        with pytest.raises(Stop) as stop:
            _command(["groups", "rename"])
        assert stop.value.code == 3

    def test_completion_gives_commands_flags_and_nothing_for_files(self) -> None:
        assert set(completion.words([]).split()) == {name.split()[0] for name in COMMANDS}
        assert "--extract" in completion.words(["decrypt", "--"]).split()
        assert completion.words(["groups"]).split() == ["add", "delete"]
        assert completion.words(["decrypt"]) == ""
