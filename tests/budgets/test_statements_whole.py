"""Whole statements: keys that know a line again, the samples, damage, and length."""

from datetime import date
from itertools import accumulate
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.errors import BadStatement
from budgets.samples import make
from budgets.statements import Account, Line, read
from budgets.statements.lines import LONGEST_IDENTITY, numbered
from tests.budgets.statement_files import (
    COFFEE,
    FUZZ,
    SAMPLES,
    assert_lines_or_refusal,
    lines,
    mangled,
    ofx,
    put,
    refusal,
    table,
    transaction,
)

HOUSEHOLD, BAKERY = SAMPLES / "household.ofx", SAMPLES / "bakery.csv"


IDS = st.text("a:1", min_size=1, max_size=4).filter(lambda text: text.strip(":"))
"""Ids of a bank; one without a letter and a digit counts as none."""


class TestTheBanksId:
    def test_is_the_banks_id_within_the_account(self, tmp_path: Path) -> None:
        here, again = lines(put(tmp_path, ofx(COFFEE, COFFEE)))

        assert again._replace(number=1) == here

    def test_is_told_apart_by_the_account(self, tmp_path: Path) -> None:
        (here,) = lines(put(tmp_path, ofx(COFFEE)))
        (elsewhere,) = lines(put(tmp_path, ofx(COFFEE, account="8")))

        assert here.identity == "id:2025-01-31:-450:1:1:7:1"
        assert here.former_identity == "id:1:7:1"
        assert elsewhere.identity != here.identity

    @given(st.tuples(st.text("a:1", max_size=4), IDS), st.tuples(st.text("a:1", max_size=4), IDS))
    def test_never_takes_one_pair_of_account_and_id_for_another(
        self, one: tuple[str, str], other: tuple[str, str]
    ) -> None:
        keys = [
            Line(1, account, date.min, 0, "", "", id_).identity for account, id_ in (one, other)
        ]

        assert (keys[0] == keys[1]) == (one == other)

    @given(st.text(), st.text(), st.text())
    def test_is_never_long(self, account: str, id_: str, description: str) -> None:
        line = Line(1, account * 9, date.min, 0, "", description, id_ * 9)

        assert 0 < len(line.identity) <= LONGEST_IDENTITY


class TestContent:
    def test_of_equal_lines_counts_them(self, tmp_path: Path) -> None:
        one, two, other = (line.identity for line in lines(put(tmp_path, table("1", "1", "2"))))

        assert one.endswith(":1")
        assert two == one[:-1] + "2"
        assert other[:-1] != one[:-1]

    def test_agrees_between_files_that_overlap(self, tmp_path: Path) -> None:
        head, *rows = make.table(make.bakery()).split(b"Saldo\r\n")[1].splitlines(keepends=True)
        rows = [row.replace(b";-", b";") for row in rows]  # all of them come in
        header = "Konto;Buchungsdatum;Valuta;A;Verwendungszweck;Betrag;Währung;Saldo\r\n"
        first, later = (
            lines(put(tmp_path, header.encode("cp1252") + b"".join(part)), "CHF")
            for part in ([head, *rows[:150]], rows[60:])
        )

        ids = [{line.identity for line in part} for part in (first, later)]

        assert len(ids[0] | ids[1]) == len(rows) + 1
        assert len(ids[0] & ids[1]) == 90

    @given(st.permutations([5, 5, 5, 7, 7]))
    def test_does_not_depend_on_the_order_of_lines(self, values: list[int]) -> None:
        found = numbered(Line(1, "a", date.min, value, "", "", "") for value in values)

        assert {line.identity for line in found} == {
            line.identity
            for line in numbered(
                Line(1, "a", date.min, value, "", "", "") for value in (5, 5, 5, 7, 7)
            )
        }


class TestTheSamples:
    def test_are_what_their_generator_writes(self) -> None:
        assert HOUSEHOLD.read_bytes() == make.ofx(make.household())
        assert BAKERY.read_bytes() == make.table(make.bakery())

    @pytest.mark.parametrize(
        ("path", "format", "currency", "account"),
        [
            (HOUSEHOLD, "ofx", "EUR", "40217765"),
            (BAKERY, "csv", "CHF", "16-234567-8"),
        ],
    )
    def test_are_a_year_of_people_who_stay_solvent(
        self, path: Path, format: str, currency: str, account: str
    ) -> None:
        found = lines(path, currency)

        assert read(path).format == format
        assert read(path).accounts == (Account(account, currency),)
        assert len(found) >= 130
        assert {line.posted.year for line in found} == {2025}
        incoming = [line for line in found if line.incoming]
        assert len({line.identity for line in incoming}) == len(incoming)
        assert min(accumulate(line.amount for line in found)) >= 0

    def test_hold_lines_that_only_their_occurrence_tells_apart(self) -> None:
        found = lines(BAKERY, "CHF")
        incoming = [line._replace(amount=abs(line.amount)) for line in found]

        assert len({line.content for line in found}) < len(found)
        assert {line.occurrence for line in numbered(incoming)} == {1, 2}

    def test_can_be_read_again_and_again(self) -> None:
        statement = read(HOUSEHOLD)

        assert list(statement.lines(2)) == list(statement.lines(2))


class TestDamage:
    def test_that_cuts_ofx_is_always_seen(self, tmp_path: Path) -> None:
        whole = ofx(COFFEE, COFFEE)

        for cut in range(1, len(whole)):
            assert refusal(put(tmp_path, whole[:cut]))

    @given(st.integers(0, BAKERY.stat().st_size))
    @FUZZ
    def test_that_cuts_a_csv_leaves_whole_lines_or_a_refusal(
        self, tmp_path: Path, cut: int
    ) -> None:
        whole = lines(BAKERY, "CHF")

        try:
            found = lines(put(tmp_path, BAKERY.read_bytes()[:cut]), "CHF")
        except BadStatement:
            return

        whole = whole[: len(found)]
        assert found[:-1] == whole[:-1]
        # The balance is the last cell, so a cut may shorten it.
        assert [line._replace(balance=None) for line in found[-1:]] == [
            line._replace(balance=None) for line in whole[-1:]
        ]

    @given(st.data())
    @FUZZ
    def test_to_ofx_gives_lines_or_a_refusal(self, tmp_path: Path, data: st.DataObject) -> None:
        content = mangled(data, HOUSEHOLD.read_bytes(), b'<>/&;!"\0\xff[]19,.-\n')

        assert_lines_or_refusal(put(tmp_path, content), "EUR")

    @given(st.data())
    @FUZZ
    def test_to_a_csv_gives_lines_or_a_refusal(self, tmp_path: Path, data: st.DataObject) -> None:
        content = mangled(data, BAKERY.read_bytes(), b';,"\0\xff\x81.-19\r\n')

        assert_lines_or_refusal(put(tmp_path, content), "CHF")


@pytest.mark.slow
class TestTwoHundredThousandLines:
    def test_of_ofx_need_little_memory(self, tmp_path: Path) -> None:
        path = tmp_path / "long.ofx"
        start, end = ofx("|").split("|")
        with path.open("w") as file:
            file.write(start)
            file.writelines(map(booked, range(200_000)))
            file.write(end)

        assert growth(path) < 100_000_000

    def test_of_csv_need_little_memory(self, tmp_path: Path) -> None:
        path = tmp_path / "long.csv"
        with path.open("w") as file:
            file.write("Datum;Betrag;Verwendungszweck\n")
            file.writelines(map(row, range(200_000)))

        assert growth(path) < 100_000_000


def booked(number: int) -> str:
    amount = f"-{number // 100}.{number % 100:02}"
    return transaction(TRNAMT=amount, FITID="", NAME="Shop", MEMO=f"Card {number}") + "\n"


def row(number: int) -> str:
    day = f"{number % 28 + 1:02}.{number % 12 + 1:02}.2025"
    return f"{day};-{number // 100},{number % 100:02};Shop, card {number}\n"


def growth(path: Path) -> int:
    """Bytes of memory the process takes on while it reads 200,000 lines."""
    process = psutil.Process()
    before = peak = process.memory_info().rss
    for count, _line in enumerate(read(path).lines(2), 1):
        if count % 1000 == 0:
            peak = max(peak, process.memory_info().rss)
    assert count == 200_000
    return peak - before
