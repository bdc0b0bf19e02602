"""`make test` says how long it will take, from the last run or at a guess."""

import json
import subprocess
import sys

import pytest

from tests.command_line import ROOT
from tests.progress import expectation


@pytest.fixture
def record(tmp_path):
    return tmp_path / "last-run.json"


@pytest.fixture
def two_tests(tmp_path):
    path = tmp_path / "tests" / "folder" / "test_it.py"
    path.parent.mkdir(parents=True)
    path.write_text("def test_one(): ...\n\nclass Test:\n    def test_two(self): ...\n")
    return tmp_path / "tests"


def test_the_last_run_says_how_long_it_takes(record, two_tests):
    record.write_text(json.dumps({"first": 12.4, "seconds": 290.0, "tests": 8000}))

    assert expectation(record, two_tests) == (
        "about 5 min, as long as the last 8000 tests took; the first result comes after 12 s"
    )


@pytest.mark.parametrize(
    "text", [None, "", "[]", "{}", '{"first": null, "seconds": 1, "tests": 1}']
)
def test_without_a_run_on_record_it_is_a_guess(record, two_tests, text):
    if text is not None:
        record.write_text(text)

    assert expectation(record, two_tests) == "about 0 s for 2 test functions, at a guess"


def test_it_is_said_before_pytest_begins():
    makefile = (ROOT / "Makefile").read_text()
    recipe = makefile.partition("\ntest: ")[2].partition("\n\n")[0].splitlines()[1:]
    said = subprocess.run(
        [sys.executable, "-m", "tests.progress"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert [line.split()[1:3] for line in recipe] == [
        ["-m", "tests.progress"],
        ["-p", "tests.progress"],
    ]
    assert said.stdout.startswith("tests: about ")
