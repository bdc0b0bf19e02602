"""Situations of real files, through the command: each brings in what is right, or says why not.

`INDEX.tsv` has for each file the budget's currency, the options, and the incoming amounts that are
new. Files of one number (m1a, m1b) are imported one after the other.
"""

import csv
import json
import re
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import pytest

from tests.budgets.importing import Importer
from tests.budgets.statement_files import OWN

CASES = OWN / "cases"
PENDING: dict[str, str] = {}
"""Cases that are not right yet, by number: what is missing."""


@dataclass(frozen=True, slots=True)
class Case:
    """A line of the index."""

    file: str
    currency: str
    options: str
    wanted: str

    @property
    def number(self) -> str:
        """What files have in common that are imported one after the other."""
        return re.sub(r"[ab]?-.*", "", self.file)

    def words(self) -> list[str]:
        """The options as arguments; a value may have spaces in it."""
        return [
            word
            for name, value in re.findall(r"(--\S+) (.*?)(?= --|$)", self.options)
            for word in (name, value)
        ]


def _cases() -> list[object]:
    with (CASES / "INDEX.tsv").open(encoding="utf-8") as file:
        rows = [Case(*row[:4]) for row in csv.reader(file, delimiter="\t")][1:]
    return [
        pytest.param(
            list(files),
            id=number,
            marks=[pytest.mark.xfail(reason=PENDING[number])] if number in PENDING else [],
        )
        for number, files in groupby(rows, attrgetter("number"))
    ]


@pytest.mark.parametrize("files", _cases())
def test_a_case_brings_in_what_is_right(tenant, files: list[Case]) -> None:
    importer = Importer.of(tenant, files[0].currency)

    for case in files:
        ran = importer.run(CASES / case.file, "--json", *case.words())
        if case.wanted.startswith("refuse"):
            ran.assert_refused("bad_statement")
            continue
        assert ran.code == 0, ran.err
        found = ran.json
        new = [line["amount_minor"] for line in found["lines"] if line["status"] == "new"]
        if case.wanted.startswith("held"):
            assert (new, found["held"]) == ([], 1)
            continue
        assert new == json.loads(case.wanted[: case.wanted.index("]") + 1])
        again = importer.told(CASES / case.file, *case.words())
        assert again["new"] == 0

    assert importer.breaks == []
