"""Documented layouts: a made-up file of each is recognised and brings in what `INDEX.tsv` says."""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from budgets.statements import Hints, read
from budgets.statements.column_names import NAMES
from budgets.statements.layouts import LAYOUTS, Layout, layout_of
from budgets.statements.remembered import named_columns
from tests.budgets.importing import Importer
from tests.budgets.statement_files import OWN, lines, put

SAMPLES = OWN / "layouts"
with (SAMPLES / "INDEX.tsv").open(encoding="utf-8") as index:
    ROWS = list(csv.reader(index, delimiter="\t"))[1:]
PENDING = (
    "Account,Flag,Date,Payee,Category Group/Category,Category Group,Category,Memo,Outflow,Inflow,"
    "Cleared\nChecking,,2026-03-15,Ada,,,,Dinner,0.00,22.50,Uncleared\n"
)


def identities(path: Path) -> list[str]:
    return [line.identity for line in read(path).lines(2)]


def reasons(path: Path, **hints: Any) -> dict[str, str]:
    """Why each part of the file is read as it is."""
    return {each.subject: each.reason for each in read(path, hints=Hints(**hints)).findings()}


@pytest.mark.parametrize(("name", "currency", "wanted", "note"), ROWS, ids=lambda each: each)
def test_a_sample_brings_in_what_is_right_and_brings_it_once(tenant, name, currency, wanted, note):
    importer = Importer.of(tenant, currency)

    importer.told(SAMPLES / name)

    assert importer.amounts == json.loads(wanted), note
    assert importer.told(SAMPLES / name)["new"] == 0
    assert importer.breaks == []


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
class TestEachLayout:
    def test_has_a_sample_whose_header_is_recognised(self, layout: Layout):
        file = read(SAMPLES / f"{layout.name}.csv")

        assert layout_of(file.header) is layout
        assert [each.reading for each in file.findings() if each.subject == "layout"] == [
            layout.name
        ]

    def test_is_cited_and_names_its_own_columns(self, layout: Layout):
        assert layout.source.startswith(("https://", "http://"))
        assert set(named_columns(layout.options)) <= set(layout.columns)
        assert set(layout.options.get("columns", ())) <= NAMES.keys()

    def test_gives_a_line_the_same_identity_in_another_file(self, layout: Layout, tmp_path: Path):
        path = SAMPLES / f"{layout.name}.csv"
        first, *rows = path.read_text().splitlines()
        shorter = put(tmp_path, "\n".join([first, *rows[1:]]) + "\n")

        assert identities(shorter) == identities(path)[1:]

    def test_is_not_that_of_a_header_with_another_column(self, layout: Layout):
        assert layout_of([*layout.columns, "Tag"]) is None
        assert layout_of(layout.columns[:-1]) is None


def test_no_two_layouts_have_a_name_or_a_header_in_common():
    assert len({layout.name for layout in LAYOUTS}) == len(LAYOUTS)
    assert all(layout_of(layout.columns) is layout for layout in LAYOUTS)


def test_every_sample_is_in_the_index():
    assert sorted(row[0] for row in ROWS) == sorted(path.name for path in SAMPLES.glob("*.csv"))


class TestWhoDecides:
    def test_the_layout_decides_dates_that_can_be_read_in_two_ways(self):
        path = SAMPLES / "starling.csv"

        assert [line.posted for line in lines(path)][:2] == [date(2026, 3, 2), date(2026, 3, 3)]
        assert reasons(path)["dates"] == "usual with this header"

    def test_a_form_of_dates_that_somebody_gives_wins(self):
        path = SAMPLES / "starling.csv"

        found = read(path, hints=Hints(date_format="%m/%d/%Y")).lines(2)

        assert [line.posted for line in found][:2] == [date(2026, 2, 3), date(2026, 3, 3)]
        assert reasons(path, date_format="%m/%d/%Y")["dates"] == "--date-format"

    def test_dates_in_another_form_are_read_as_they_are(self, tmp_path: Path):
        text = (SAMPLES / "starling.csv").read_text().replace("02/03/2026", "2026-03-02")
        text = text.replace("03/03/2026", "2026-03-03").replace("04/03/2026", "2026-03-04")
        path = put(tmp_path, text.replace("05/03/2026", "2026-03-05"))

        assert reasons(path)["dates"] == "all of them fit"

    def test_a_column_that_somebody_names_wins(self):
        path, hints = SAMPLES / "stripe.csv", Hints(columns={"date": "available_on_utc"})

        [first, *_] = read(path, hints=hints).lines(2)
        why = {each.subject: each.reason for each in read(path, hints=hints).findings()}

        assert first.posted == date(2026, 3, 6)
        assert why["column 'available_on_utc'"] == "--date-column"
        assert why["column 'balance_transaction_id'"] == "layout stripe"

    def test_a_profile_wins(self, tenant):
        importer = Importer.of(tenant)
        words = ("--date-column", "available_on_utc", "--skip-line", 5)
        importer.told(SAMPLES / "stripe.csv", *words)

        ran = importer.run(SAMPLES / "stripe.csv", "--explain", "--json")

        why = {each["subject"]: each["reason"] for each in ran.json["findings"]}
        assert why["column 'available_on_utc'"].startswith("--date-column as remembered on ")
        assert why["layout"].startswith("https://")

    def test_the_layout_says_which_column_has_the_state(self, tmp_path: Path):
        path = put(tmp_path, PENDING)

        [line] = lines(path)

        assert line.not_booked == "pending"
        assert reasons(path)["column 'Cleared'"] == "words that banks use"
