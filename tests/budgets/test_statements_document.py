"""docs/statements.md is true: its tables are the code's, and its first import goes as shown."""

import argparse
import re
import runpy
import shlex
import subprocess
from pathlib import Path

import pytest

from budgets.management.commands.import_statement import CHOICES
from budgets.management.csv_options import CSV, PROFILE
from budgets.statements import misfits
from tests.budgets.importing import Importer
from tests.command_line import ROOT, manage
from tests.walkthrough.blocks import blocks_of

FILE = ROOT / "docs" / "statements.md"
DOCUMENT = FILE.read_text()
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "statements.py"))


def test_the_tables_are_what_the_code_says():
    assert SCRIPT["document"](DOCUMENT) == DOCUMENT, "run make statements"


def test_a_table_that_says_something_else_is_found(tmp_path: Path, capsys, monkeypatch):
    file = tmp_path / "statements.md"
    file.write_text(DOCUMENT)
    assert SCRIPT["main"](["--check", "--file", str(file)]) == 0

    monkeypatch.setitem(misfits.EXPLAINED, misfits.Cause.FEE, "a fee")

    assert SCRIPT["main"](["--check", "--file", str(file)]) == 1
    assert capsys.readouterr().err == "statements.md is out of date: run make statements\n"


def test_a_table_that_is_gone_is_found(tmp_path: Path, capsys):
    file = tmp_path / "statements.md"
    file.write_text(re.sub(r"<!-- unread.*?<!-- end -->\n", "", DOCUMENT, flags=re.DOTALL))

    assert SCRIPT["main"](["--check", "--file", str(file)]) == 1

    assert capsys.readouterr().err == "statements.md is out of date: run make statements\n"


def test_make_check_asks():
    listed = subprocess.run(
        ["make", "--dry-run", "check"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert "scripts/statements.py --check" in listed.stdout


@pytest.mark.parametrize("group", [CSV, PROFILE, CHOICES])
def test_it_names_every_option_about_files_and_lines(group):
    parser = argparse.ArgumentParser(add_help=False)
    group(parser)

    flags = [flag for action in parser._actions for flag in action.option_strings]

    assert flags
    assert [flag for flag in flags if f"`{flag}" not in DOCUMENT] == []


def shown(text: str) -> list[str]:
    """The lines without the borders of tables and white space around words."""
    lines = (" ".join(re.sub("[\u2500-\u257f]", " ", line).split()) for line in text.splitlines())
    return [line for line in lines if line]


def test_the_first_import_goes_as_shown(tenant, tmp_path: Path, monkeypatch):
    importer = Importer.of(tenant)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    for block in blocks_of(FILE):
        if block.language == "csv":
            Path(*block.options).write_text(block.text)
            continue
        command, *wanted = block.text.splitlines()
        _, _, *words = shlex.split(command.replace("tierney", tenant.slug))
        ran = manage(*words)
        found = shown(ran.out + ran.err)
        missing = [line for line in shown("\n".join(wanted)) if line not in found]
        assert missing == [], ran.out + ran.err

    assert importer.amounts == [2_400_00, 48_50, 4_20, 2_400_00]
