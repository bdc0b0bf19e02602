"""What all commands have in common: help, exit codes, one line for a mistake."""

import argparse
import re
import shlex

import pytest
from django.core.management import CommandParser, get_commands, load_command_class

from budgets.models import Movement
from tenants.context import acting_for
from tests.command_line import in_a_process, manage
from tests.factories import BudgetFactory

OURS = sorted(name for name, app in get_commands().items() if app in ("budgets", "tenants"))
NOWHERE = {
    "DATABASE_URL": "postgresql://app@127.0.0.1:1/none",
    "OWNER_DATABASE_URL": "postgresql://owner@127.0.0.1:1/none",
}


def parser_of(command: str) -> CommandParser:
    return load_command_class(get_commands()[command], command).create_parser("manage.py", command)


def verbs_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def examples_in(text: str) -> list[str]:
    """The commands in the examples, continued lines joined."""
    _, _, examples = text.partition("examples:\n")
    return re.findall(r"^  .*manage\.py (.+)$", re.sub(r"\\\n +", "", examples), re.MULTILINE)


class TestHelp:
    """These run where no database may be asked."""

    @pytest.mark.parametrize("command", OURS)
    def test_explains_the_command_with_examples(self, command):
        ran = manage(command, "--help")

        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith(f"usage: manage.py {command}")
        assert any(example.startswith(command) for example in examples_in(ran.out))

    @pytest.mark.parametrize("command", OURS)
    def test_every_verb_has_a_help_of_its_own(self, command):
        for verb in verbs_of(parser_of(command)):
            ran = manage(command, verb, "--help")

            assert (ran.code, ran.err) == (0, "")

    @pytest.mark.parametrize("command", OURS)
    def test_the_examples_are_in_the_commands_own_words(self, command):
        for example in examples_in(parser_of(command).format_help()):
            words = shlex.split(re.split(r" && | [|<] |\)|   ", example)[0], comments=True)
            parser = parser_of(words[0])

            parser.parse_args(words[1:])  # raises when a word is not the command's

    def test_needs_no_database(self):
        ran = in_a_process("deposit", "--help", env=NOWHERE)

        assert (ran.code, ran.err) == (0, "")

    def test_of_everything_lists_the_commands(self):
        ran = manage("help")

        assert set(OURS) <= set(ran.out.split())


class TestExitCodes:
    """In processes of their own, as a shell meets them."""

    def test_zero_for_what_was_done(self, tenant):
        with acting_for(tenant):
            BudgetFactory(name="Household")

        ran = in_a_process("deposit", "--tenant", tenant.slug, "--budget", "Household", "5")

        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith("Deposit of €5.00, movement 1")
        with acting_for(tenant):
            assert Movement.objects.get().amount == 5_00

    def test_two_and_one_line_for_bad_input(self, tenant):
        with acting_for(tenant):
            BudgetFactory(name="Household")

        ran = in_a_process("deposit", "--tenant", tenant.slug, "--budget", "Household", "10^19")

        ran.assert_refused("bad_amount", "'10^19'")
        with acting_for(tenant):
            assert not Movement.objects.exists()

    def test_sixty_nine_and_one_line_for_a_database_that_cannot_be_reached(self):
        ran = in_a_process("tenant", "list", env=NOWHERE)

        assert (ran.code, ran.out) == (69, "")
        [line] = ran.err.splitlines()
        assert line.startswith("error [unavailable]: ")

    def test_two_and_one_line_for_settings_that_are_wrong(self):
        ran = in_a_process("tenant", "list", env={"ENVIRONMENT": "holiday"})

        ran.assert_refused("misconfigured", "'holiday'")


def test_a_traceback_is_for_those_who_ask(committed, unique):
    ran = in_a_process("audit", "--tenant", unique, "--traceback")

    assert ran.code == 1
    assert "Traceback" in ran.err
    assert "tenants.errors.UnknownTenant" in ran.err
