"""The examples in `--help` of the commands on budgets run on the data of the demo."""

import re
import shlex

import pytest
from django.core.management import load_command_class

from budgets.samples import BAKERY, HOUSEHOLD
from tests.command_line import Ran, manage

COMMANDS = (
    "budget deposit withdraw transfer redistribute reverse report cascade conformance schedule "
    "run_schedules import_statement import_profile undo_import bucket release "
    "payroll audit rebuild_balances"
)
"""Later ones undo or close what earlier ones need. `explain` is run below."""


def examples_of(command: str) -> list[str]:
    """The lines after `manage.py`, without comments and shell operators; continued lines joined."""
    examples: str = vars(type(load_command_class("budgets", command)))["examples"]
    text = re.sub(r"\\\n +", "", examples)
    lines = re.findall(r"^  manage\.py ([^<|&\n]+)$", text, re.MULTILINE)
    lines.sort(key=lambda line: " reorder " not in line)  # names all envelopes: before `add`
    return [re.sub(r"\s+#.*", "", line) for line in lines]


@pytest.fixture(scope="module")
def folder(own_database, django_db_blocker, tmp_path_factory):
    """The data of `seed dev`, with both statements imported as `demo` does; a payroll file."""
    with django_db_blocker.unblock():
        for words in (
            ("seed", "dev"),
            ("import_statement", HOUSEHOLD, "--tenant", "tierney", "--budget", "Household"),
            ("import_statement", BAKERY, "--tenant", "morgenrot", "--budget", "Bakery"),
        ):
            assert manage(*words).code == 0
    folder = tmp_path_factory.mktemp("payroll")
    lines = "Household, 2410.00, wages-a\nHousehold, 1980.50, wages-b\n"
    (folder / "wages-2026-11.csv").write_text(lines)
    return folder


def run(line: str, folder) -> Ran:
    words = shlex.split(line.replace("wages-2026-11.csv", str(folder / "wages-2026-11.csv")))
    return manage(*words)


def test_every_example_runs(committed, folder, subtests):
    for command in COMMANDS.split():
        for line in examples_of(command):
            with subtests.test(line):
                ran = run(line, folder)

                assert (ran.code, ran.err) == (0, "")


def test_explain_takes_the_id_that_a_deposit_prints(committed, folder):
    ran = run("deposit --tenant tierney --budget Household 5", folder)
    movement = re.search(r"Movement (\S+)\. ", ran.out)
    assert movement is not None

    for line in examples_of("explain"):
        example = re.sub(r"01a1[0-9a-f-]{32}", movement[1], line)

        assert manage(*shlex.split(example)).code == 0
