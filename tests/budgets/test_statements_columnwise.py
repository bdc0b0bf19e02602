"""Column by column or row by row: a table gives the same lines, or the same refusal."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgets.errors import BadStatement
from budgets.statements import Hints, Line, csvfile, read, survey
from budgets.statements.columnwise import Columnwise
from budgets.statements.oddrows import OddRows
from tests.command_line import ROOT

FILES = sorted((ROOT / "tests" / "data" / "statements").rglob("*.csv"))

SUMS = st.sampled_from(
    [
        "1.50", "-2.00", "-1,234.56", "3", "0.00", "", "-", "12.345", "x", "5.00 CR", "(7.00)",
        "$ 8.00", "EUR 9.10", "9.10 USD", "\u20ac 4.00", "1e3", '="6.00"', " 7.25 ",
        "7\u00a0000.00",
    ]
)  # fmt: skip
TEXTS = st.sampled_from(
    ["Rent", " two  spaces ", "Opening balance", "Saldo", "", "Caf\u00e9", "a\nb", '="q"', "x;y"]
)
DAYS = st.dates(date(2025, 1, 1), date(2025, 12, 31)).map(str) | st.sampled_from(["", "soon"])


def read_all(path: Path, hints: Hints) -> list[Line] | str:
    """The lines, or the text of the refusal."""
    try:
        return list(read(path, hints=hints).lines(2))
    except BadStatement as error:
        return str(error)


def both(path: Path, hints: Hints) -> tuple[Any, Any]:
    """What is read in blocks column by column, and row by row in blocks of one row."""
    at_once = read_all(path, hints)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Columnwise, "_made", lambda self, rows: None)
        patch.setattr(OddRows, "has_none", lambda self, rows: False)
        patch.setattr(csvfile, "BLOCK", 1)
        return at_once, read_all(path, hints)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_sample_is_read_alike(path: Path) -> None:
    at_once, by_row = both(path, Hints())

    assert at_once == by_row


def test_a_section_of_pending_rows_goes_on_in_the_next_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csvfile, "BLOCK", 2)
    rows = [f"2025-01-{day:02};{day}.00;Acme" for day in range(1, 10)]
    path = tmp_path / "pending.csv"
    path.write_text("\n".join(["Date;Amount;Text", *rows[:2], "Pending transactions;;", *rows[2:]]))

    lines = read(path).lines(2)

    assert [line.not_booked for line in lines if line.amount] == ["", "", *["pending"] * 7]


def test_there_are_samples_of_many_forms() -> None:
    assert len(FILES) > 40


@settings(deadline=None, max_examples=300)
@given(
    roles=st.sampled_from(
        [
            ("Date", "Amount", "Text"),
            ("Date", "Credit", "Debit", "Text"),
            ("Date", "Text", "Amount", "Balance", "Currency"),
            ("Date", "Amount", "Text", "Note", "Fee"),
        ]
    ),
    data=st.data(),
)
def test_a_table_is_read_alike(tmp_path_factory, roles: tuple[str, ...], data: Any) -> None:
    kinds = {"Date": DAYS, "Text": TEXTS, "Note": TEXTS, "Currency": st.sampled_from(["EUR", ""])}
    plain = st.sampled_from(["1.50", "-2.00", "10.00"])
    mostly = {role: kinds.get(role, plain | SUMS) for role in roles}
    rows = data.draw(st.lists(st.tuples(*mostly.values()), min_size=1, max_size=12))
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([roles, *rows])
    path = tmp_path_factory.mktemp("table") / "table.csv"
    path.write_text(out.getvalue(), encoding="utf-8")

    at_once, by_row = both(path, Hints(date_format="%Y-%m-%d", decimal="."))

    if isinstance(at_once, str):
        assert isinstance(by_row, str)
    else:
        assert at_once == by_row


def test_most_rows_are_read_column_by_column(tmp_path, monkeypatch) -> None:
    """Otherwise the tests above compare a way with itself."""
    asked: list[int] = []
    monkeypatch.setattr("budgets.statements.records.Notation.line", lambda *_: asked.append(1))
    path = tmp_path / "plain.csv"
    begin = date(2025, 1, 1)
    rows = [f"{begin + timedelta(days=n // 9)};-{n}.50;Text {n};{n}.00" for n in range(2_000)]
    path.write_text("\n".join(["Date;Amount;Text;Credit limit", *rows]))

    surveyed = survey(read(path), 2)

    assert (surveyed.total, asked) == (2_000, [])
