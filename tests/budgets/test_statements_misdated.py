"""Importing statements: a line on a day that a bank seldom means waits for somebody's decision."""

from datetime import UTC, datetime

import pytest

from tests.budgets.desk import Desk, table
from tests.budgets.importing import Importer
from tests.budgets.statement_files import ofx, transaction

YEAR = datetime.now(UTC).year
LAST = f"{YEAR + 1}-12-31"
NEVER = "its date is not from 1970 on and before 2200: skip it"
SELDOM = f"its date is after {LAST}"
MISDATED = {
    "0001-01-01": NEVER,
    "1969-12-31": NEVER,
    f"{YEAR + 2}-01-01": SELDOM,
    "2199-12-31": SELDOM,
    "2200-01-01": NEVER,
    "9999-12-31": NEVER,
}


@pytest.fixture
def desk(tenant, tmp_path):
    desk = Desk(tenant, tmp_path)
    yield desk
    assert desk.is_sound()


@pytest.mark.parametrize(("day", "why"), MISDATED.items())
@pytest.mark.parametrize("hold", [True, False], ids=["hold", "import what is alike"])
def test_it_is_held_and_the_others_come_in(desk, day, why, hold):
    path = desk.file(table(f"{day} 5 odd", "2026-05-31 10 pay"))

    odd, pay = desk.classify(path, hold=hold)

    assert [(odd.status, odd.why), pay.status] == [("held", why), "new"]
    statement = desk.statement()
    assert desk.do(lambda: [str(line.posted) for line in statement.lines.held()]) == [day]
    assert desk.holds()["Rent"] == 10_00


def test_of_an_ofx_too(desk):
    path = desk.file(ofx(transaction(DTPOSTED="19691231", TRNAMT="5")))

    assert desk.import_file(path) == {1: "held"}


@pytest.mark.parametrize("day", ["1970-01-01", LAST])
def test_the_first_and_the_last_day_come_in(desk, day):
    assert desk.import_file(desk.file(table(f"{day} 5 pay"))) == {1: "new"}


@pytest.mark.parametrize("day", MISDATED)
def test_somebody_can_skip_it_in_this_file_and_later_ones(desk, day):
    path = desk.file(table(f"{day} 5 odd", "2026-05-31 10 pay"))

    assert desk.import_file(path, skip={1}) == {1: "skipped", 2: "new"}
    assert desk.import_file(desk.file(table(f"{day} 5 odd", "2026-06-30 10 pay"))) == {
        1: "skipped",
        2: "new",
    }


@pytest.mark.parametrize(("day", "why"), MISDATED.items())
def test_somebody_can_include_it_where_the_day_can_be_recorded(desk, day, why):
    path = desk.file(table(f"{day} 5 odd"))

    assert desk.import_file(path, include={1}) == {1: "new" if why == SELDOM else "held"}
    assert desk.holds()["Rent"] == (5_00 if why == SELDOM else 0)


def test_the_command_says_why(tenant, tmp_path):
    (file := tmp_path / "odd.csv").write_text(table("9999-12-31 5 odd", "2026-05-31 10 pay"))
    household = Importer.of(tenant)

    told = household.told(file)
    said = household.run(file)

    assert [(row["status"], row.get("why")) for row in told["lines"]] == [
        ("held", NEVER),
        ("new", None),
    ]
    assert told["held"] == 1
    assert "have an unlikely date" in said.out
