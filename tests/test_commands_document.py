"""docs/commands.md is what the commands say with --help, and `make check` finds out otherwise."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from tests.budgets.test_commands import NOWHERE, OURS, examples_in, parser_of, verbs_of
from tests.command_line import ROOT

SCRIPT = ROOT / "scripts" / "commands.py"
COMMANDS = runpy.run_path(str(SCRIPT))
DOCUMENT = (ROOT / "docs" / "commands.md").read_text()


def test_the_file_is_what_the_commands_say():
    assert COMMANDS["document"]() == DOCUMENT, "run make commands"


def test_it_has_every_command_and_every_verb_with_its_arguments_and_examples():
    plain = re.sub(r"\\\n +", "", DOCUMENT).replace("\\|", "|")
    titles = {line.lstrip("# ") for line in DOCUMENT.splitlines() if line.startswith("##")}

    for command in OURS:
        parser = parser_of(command)
        assert {command, *(f"{command} {verb}" for verb in verbs_of(parser))} <= titles
        for each in (parser, *verbs_of(parser).values()):
            words = [spelled for _, (spelled, _) in COMMANDS["arguments"](each)]
            assert [word for word in words if f"`{word}`" not in plain] == []
        examples = [example.split("   ")[0] for example in examples_in(parser.format_help())]
        assert [example for example in examples if example not in plain] == []


@pytest.mark.parametrize("wrong", ["withdrew", "", None])
def test_a_file_that_says_something_else_is_found(tmp_path: Path, capsys, wrong: str | None):
    file = tmp_path / "commands.md"
    if wrong is not None:
        file.write_text(DOCUMENT.replace("withdraw", wrong, 1))

    assert COMMANDS["main"](["--check", "--file", str(file)]) == 1

    assert capsys.readouterr().err == ("commands.md is out of date: run make commands\n")
    assert COMMANDS["main"](["--file", str(file)]) == 0
    assert COMMANDS["main"](["--check", "--file", str(file)]) == 0
    assert file.read_text() == DOCUMENT


def test_make_check_asks_and_needs_no_database():
    listed = subprocess.run(
        ["make", "--dry-run", "check"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "scripts/commands.py --check" in listed.stdout

    ran = subprocess.run(
        [sys.executable, SCRIPT, "--check"], cwd=ROOT, env=os.environ | NOWHERE,
        capture_output=True, text=True,
    )  # fmt: skip

    assert (ran.returncode, ran.stderr) == (0, "")
