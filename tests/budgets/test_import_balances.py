"""`manage.py import_statement` with balances in the file, and an import that Ctrl-C stops."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from budgets.statements import StatementFormat
from tests.budgets.balanced import balanced, balanced_format
from tests.budgets.importing import Importer
from tests.budgets.statement_files import put
from tests.command_line import ROOT, app_url, manage

__all__ = ["balanced_format"]  # a fixture

RIGHT = balanced("1 1000 11000 pay", "2 -300 10700 rent", "3 2000 12700 gift", "4 1 12701 x")
WRONG = RIGHT.replace(" -300 ", " 300 ")
MESSAGE = (
    "line 2: the lines lead to a balance of 113.00, the file says 107.00; "
    "it fits with the other sign: debit and credit may be swapped"
)


@pytest.fixture
def importer(tenant: Any) -> Importer:
    return Importer.of(tenant)


@pytest.mark.usefixtures("balanced_format")
class TestAFileThatContradictsItself:
    def test_is_held_with_exit_code_0_and_says_why(self, importer, tmp_path):
        ran = importer.run(put(tmp_path, WRONG))

        assert ran.code == 0
        assert "4 lines: 0 new, 0 duplicate, 0 skipped, 4 held; imported €0.00" in ran.out
        assert f"they are held:\n{MESSAGE}.\n" in ran.out
        assert "--trust-lines" in ran.out
        assert importer.amounts == []

    def test_is_held_for_programs(self, importer, tmp_path):
        told = importer.told(put(tmp_path, WRONG))

        assert (told["new"], told["held"], told["brought_minor"]) == (0, 4, 0)
        assert told["misfit"] == {
            "line": 2, "expected_minor": 113_00, "found_minor": 107_00,
            "cause": "debit_credit_swapped", "message": MESSAGE,
        }  # fmt: skip
        assert not told["trusted"]
        assert {line["why"] for line in told["lines"]} == {
            f"the file contradicts itself: {MESSAGE}"
        }

    def test_comes_in_when_its_lines_are_trusted(self, importer, tmp_path):
        file = put(tmp_path, WRONG)

        tried, told, again = (
            importer.told(file, *words)
            for words in (("--trust-lines", "--dry-run"), ("--trust-lines",), ())
        )

        assert (tried["new"], told["new"], again["duplicate"]) == (4, 4, 4)
        assert (tried["trusted"], told["trusted"], again["trusted"]) == (True, True, True)
        assert importer.amounts == [10_00, 3_00, 20_00, 1]
        assert "The lines were trusted although" in importer.run(file).out

    def test_is_shown_as_trusted_in_the_list_of_imports(self, importer, tmp_path):
        importer.told(put(tmp_path, WRONG), "--trust-lines")

        ran = manage_list(importer)

        assert [(row["trusted"], row["misfit"]) for row in ran] == [(True, MESSAGE)]


@pytest.mark.usefixtures("balanced_format")
class TestAFileThatFits:
    def test_reviews_the_lines_that_are_not_fully_checked(self, importer, tmp_path):
        told = importer.told(put(tmp_path, RIGHT), "--review")

        edges = [line["line"] for line in told["lines"] if "at the edge" in line.get("why", "")]
        assert (edges, told["misfit"]) == ([1, 4], None)

    def test_says_why_a_line_is_skipped(self, importer, tmp_path):
        file = put(tmp_path, balanced("1 1000 - pending pay", "2 -300 - rent", "3 5 - x"))

        told = importer.told(file)
        review = importer.run(file, "--review").out

        assert [line.get("why") for line in told["lines"]] == ["pending", "brings nothing in", None]
        assert "pending" in review


@pytest.mark.usefixtures("balanced_format")
def test_a_closing_balance_that_does_not_follow_is_a_warning(importer, tmp_path):
    importer.told(put(tmp_path, balanced("3 1 - a", closing=100, days="2026-05-01 2026-05-10")))
    later = balanced("13 5 - b", closing=100, days="2026-05-11 2026-05-20")

    told = importer.told(put(tmp_path, later), "--dry-run")
    ran = importer.run(put(tmp_path, later))

    [warning] = told["warnings"]
    assert warning.endswith(
        "should be 1.05 after that of 2026-05-10 and the lines since, and is 1.00"
    )
    assert f"warning: {warning}" in ran.out
    assert importer.amounts == [1, 5]


@pytest.mark.parametrize("format", StatementFormat)
def test_a_format_is_stored_and_asks_for_a_currency_or_not(
    importer, tmp_path, monkeypatch, balanced_format, format
):
    monkeypatch.setattr("tests.budgets.balanced.BalancedFile.format", format.value)
    monkeypatch.setattr("tests.budgets.balanced.CURRENCY", "")
    file = put(tmp_path, RIGHT)

    ran = importer.run(file)

    if format in ("csv", "qif"):
        assert ran.code == 0
    else:
        ran.assert_refused("bad_statement", "--currency EUR")
        importer.run(file, "--currency", "USD").assert_refused("wrong_currency", "in USD")
        assert importer.told(file, "--currency", "eur")["new"] == 3
    assert importer.amounts == [10_00, 20_00, 1]


def manage_list(importer: Importer) -> Any:
    at = ("--tenant", importer.tenant.slug, "--budget", "Household")
    return manage("undo_import", *at, "--list", "--json").json


def hear_ctrl_c() -> None:
    """A run of the tests that a script put in the background ignores SIGINT; so would its child."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("words", [("--brief",), ("--json",)])
def test_ctrl_c_says_what_came_in_and_how_to_go_on(importer, tmp_path: Path, words) -> None:
    rows = (f"2026-01-{1 + n % 28:02},{n + 1}.00,Pay {n}" for n in range(3_000))
    file = put(tmp_path, "\n".join(["Date,Amount,Description", *rows]))
    at = ("--tenant", importer.tenant.slug, "--budget", "Household")
    command = [sys.executable, "manage.py", "import_statement", *at, *words, str(file)]
    env = os.environ | {"DATABASE_URL": app_url()}
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, preexec_fn=hear_ctrl_c,
    ) as process:  # fmt: skip
        end = time.monotonic() + 120
        while not importer.amounts:
            assert time.monotonic() < end
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    came = importer.amounts
    assert process.returncode == 130
    assert 0 < len(came) < 3_000
    assert err.startswith(f"interrupted: {len(came):,} lines of the file are imported, €")
    assert "Run the same command again" in err
    assert "Traceback" not in err
    assert importer.statuses(file) == (3_000 - len(came), len(came), 0)
    assert sorted(importer.amounts) == [(n + 1) * 100 for n in range(3_000)]


def test_ctrl_c_before_anything_came_in_says_so(importer, tmp_path, monkeypatch):
    def stop(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("budgets.management.commands.import_statement.survey", stop)

    ran = importer.run(put(tmp_path, "Date,Amount\n2026-01-01,1\n"))

    assert ran.code == 130
    assert ran.err.startswith("interrupted: 0 lines of the file are imported, €0.00.")
