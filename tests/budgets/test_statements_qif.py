"""QIF: what programs and banks write becomes lines, or one sentence that says why not."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.statements import Account, Hints, read
from budgets.statements.lines import LEFT_OUT, one_line
from tenants.models import Tenant
from tests.budgets.importing import Importer
from tests.budgets.statement_files import (
    FUZZ,
    amounts,
    assert_lines_or_refusal,
    lines,
    mangled,
    put,
    refusal,
)

BANK = "!Type:Bank\n"


def record(day: str = "1/31/25", amount: str = "5.00", *fields: str) -> str:
    return "\n".join([f"D{day}", f"T{amount}", *fields, "^", ""])


def days(*written: str) -> str:
    return BANK + "".join(record(day) for day in written)


def split(total: str, *parts: str) -> str:
    return record("1/31/25", total, *(f"SFood\n${part}" for part in parts))


class TestOneBooking:
    def test_has_day_amount_payee_memo_and_category(self, tmp_path: Path) -> None:
        path = put(tmp_path, BANK + record("1/31/25", "1,250.00", "PAnn", "MRent", "LIncome:Rent"))

        statement = read(path)
        (line,) = statement.lines(2)

        assert statement.format == "qif"
        assert statement.accounts == (Account("", ""),)
        assert (line.number, line.posted, line.amount) == (1, date(2025, 1, 31), 1250_00)
        assert (line.description, line.currency) == ("Ann: Rent (Income:Rent)", "")
        assert not line.has_id  # N is the number of a check, or a word such as DEP

    def test_lists_its_splits(self, tmp_path: Path) -> None:
        content = BANK + record(
            "1/31/25", "-5.00", "PShop", "SFood", "EBread", "$-3.00", "SGas", "$-2.00"
        )

        (line,) = lines(put(tmp_path, content))

        assert (line.amount, line.description) == (-5_00, "Shop (Food Bread -3.00; Gas -2.00)")

    def test_may_have_an_address_instead_of_a_payee(self, tmp_path: Path) -> None:
        path = put(tmp_path, BANK + record("1/31/25", "1.00", "AAnn", "AMain Street"))

        assert lines(path)[0].description == "Ann, Main Street"

    def test_may_name_its_currency_beside_the_amount(self, tmp_path: Path) -> None:
        path = put(tmp_path, BANK + record("1/31/25", "USD 5.00") + record("1/31/25", "$6.00"))

        assert [(line.amount, line.currency) for line in lines(path)] == [(5_00, "USD"), (6_00, "")]

    def test_may_have_its_amount_in_u_alone(self, tmp_path: Path) -> None:
        assert amounts(put(tmp_path, f"{BANK}D1/31/25\nU-7.50\nPx\n^\n")) == [-7_50]

    @pytest.mark.parametrize("name", ["Opening Balance", "Saldo inicial", "Anfangssaldo"])
    def test_that_states_an_opening_balance_is_not_booked(self, tmp_path: Path, name: str) -> None:
        opening = record("1/1/25", "900.00", f"P{name}", "L[Giro]")
        path = put(tmp_path, BANK + opening + record())

        assert [(line.amount, line.not_booked) for line in lines(path)] == [
            (900_00, "a balance"),
            (5_00, ""),
        ]
        assert read(path).accounts == (Account("Giro", ""),)


class TestTheFileDecides:
    @pytest.mark.parametrize(
        ("written", "first"),
        [
            (["1/2/25", "12/31/25"], date(2025, 1, 2)),
            (["1/2/25", "31/12/25"], date(2025, 2, 1)),
            (["12/31'25"], date(2025, 12, 31)),
            (["12/31/95", "12/31'95"], date(1995, 12, 31)),
            (["1/ 5' 7", "1/13' 7"], date(2007, 1, 5)),
            (["12/31'85"], date(2085, 12, 31)),
            (["31.12.25"], date(2025, 12, 31)),
            (["05-01-2025", "13-01-2025"], date(2025, 1, 5)),
            (["2025-03-04"], date(2025, 3, 4)),
            (["20250304"], date(2025, 3, 4)),
        ],
    )
    def test_how_dates_are_written(self, tmp_path: Path, written: list[str], first: date) -> None:
        assert lines(put(tmp_path, days(*written)))[0].posted == first

    def test_what_it_leaves_open_is_asked(self, tmp_path: Path) -> None:
        path = put(tmp_path, days("3/4/25", "5/6'25"))

        assert refusal(path) == (
            "line 2: '3/4/2025' can be 2025-04-03 or 2025-03-04: "
            "say --date-format %d/%m/%Y or --date-format %m/%d/%Y"
        )
        for form in ("%d/%m/%Y", "%d/%m/%y"):
            good = put(tmp_path, days("3/4/25"))
            assert lines(good, date_format=form)[0].posted == date(2025, 4, 3)

    @pytest.mark.parametrize(
        ("sums", "minor"),
        [
            (["1,234.56", "-5"], [1234_56, -5_00]),
            (["1.234,56-", "+5,5"], [-1234_56, 5_50]),
            (["1.000", "0.50"], [1_00, 50]),
            (["1.000", "1,5"], [1000_00, 1_50]),
        ],
    )
    def test_how_sums_are_written(self, tmp_path: Path, sums: list[str], minor: list[int]) -> None:
        path = put(tmp_path, BANK + "".join(record("1/31/25", each) for each in sums))

        assert amounts(path) == minor

    def test_a_decimal_mark_that_stays_open_is_asked(self, tmp_path: Path) -> None:
        path = put(tmp_path, BANK + record("1/31/25", "1,234"))

        assert "say --decimal . or --decimal ," in refusal(path)
        assert amounts(path, decimal=".") == [1234_00]

    def test_what_a_bank_marks_as_pending_is_no_booking(self, tmp_path: Path) -> None:
        (line,) = lines(put(tmp_path, BANK + record("1/31/25", "5.00", "PPENDING - ACME")))

        assert line.not_booked == "pending"

    def test_a_card_that_writes_payments_with_a_minus_is_asked_about(self, tmp_path: Path) -> None:
        bought = record("1/30/25", "25.00", "PShop")
        paid = record("1/31/25", "-100.00", "PPAYMENT - THANK YOU")
        path = put(tmp_path, f"!Type:CCard\n{bought}{paid}")

        assert refusal(path) == (
            "line 2 (row 6 of the file): '-100.00' with the text 'PAYMENT - THANK YOU': did this "
            "money come in or go out? say --sign reversed if it came in, --sign as-is if it went "
            "out"
        )
        assert amounts(path, sign="reversed") == [-25_00, 100_00]
        assert amounts(path, sign="as-is") == [25_00, -100_00]

    def test_a_person_may_reverse_the_signs(self, tmp_path: Path) -> None:
        assert amounts(put(tmp_path, BANK + record()), sign="reversed") == [-5_00]


class TestAccounts:
    def test_each_header_of_an_account_names_the_next_bookings(self, tmp_path: Path) -> None:
        content = (
            "!Option:AutoSwitch\n!Account\nNGiro\nTBank\n^\nNVisa\nTCCard\n^\n!Clear:AutoSwitch\n"
            f"!Account\nNGiro\nTBank\n^\n{BANK}{record()}"
            f"!Account\nNVisa\nTCCard\n^\n!Type:CCard\n{record(amount='-6.00')}"
        )
        path = put(tmp_path, content)

        assert read(path).accounts == (Account("Giro", ""), Account("Visa", ""))
        assert [(line.account, line.amount) for line in lines(path)] == [
            ("Giro", 5_00),
            ("Visa", -6_00),
        ]
        assert amounts(path, account="Visa") == [-6_00]

    def test_a_list_of_several_names_none(self, tmp_path: Path) -> None:
        path = put(tmp_path, f"!Account\nNGiro\n^\nNVisa\n^\n{BANK}{record()}")

        assert [line.account for line in lines(path)] == [""]

    @pytest.mark.parametrize("kind", ["Bank", "CCard", "Cash", "Oth A", "Oth L", "bank ", "Banque"])
    def test_may_be_of_any_kind(self, tmp_path: Path, kind: str) -> None:
        assert amounts(put(tmp_path, f"!Type:{kind}\n{record()}")) == [5_00]

    def test_lists_and_investments_are_not_read(self, tmp_path: Path) -> None:
        lists = "!Type:Cat\nNFood\nE\n^\n!Type:Class\nNx\n^\n!Type:Memorized\nKD\nT9.00\nPRent\n^\n"
        shares = "!Type:Invst\nD1/31/25\nNBuy\nT100.00\n^\n"
        path = put(tmp_path, lists + shares + BANK + record())

        assert amounts(path) == [5_00]
        found = {each.subject: each.reading for each in read(path).findings()}
        assert (found["entries of lists"], found["investments"]) == ("3 not read", "1 not read")
        assert refusal(put(tmp_path, lists + shares)) == (
            "the QIF file has no bookings, only 3 entries of lists, 1 investments: "
            "export the register of a bank account or a card"
        )


class TestTheFileItself:
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize(
        ("encoding", "name"),
        [("utf-8-sig", "Żuk"), ("utf-16", "Żuk"), ("cp1252", "Zoë"), ("utf-8", "Zoë")],
    )
    def test_may_have_any_line_ends_marks_and_letters(
        self, tmp_path: Path, end: str, encoding: str, name: str
    ) -> None:
        content = (BANK + record("1/31/25", "5.00", f"P{name}")).replace("\n", end)

        assert lines(put(tmp_path, content.encode(encoding)))[0].description == name

    def test_may_lack_the_last_end_and_the_header(self, tmp_path: Path) -> None:
        assert amounts(put(tmp_path, BANK + record() + "D1/31/25\nT6.00")) == [5_00, 6_00]
        assert amounts(put(tmp_path, record() + record())) == [5_00, 5_00]

    def test_csv_is_not_taken_for_qif(self, tmp_path: Path) -> None:
        content = "Date;Total;^\nDate\nD2025-01-31;1\n^\n"

        assert "column" in refusal(put(tmp_path, content))

    def test_needs_no_more_memory_for_a_record_without_end(self, tmp_path: Path) -> None:
        assert "too long" in refusal(put(tmp_path, BANK + "Mx\n" * 20_000))
        assert "too long" in refusal(put(tmp_path, BANK + "M" * 100_000))


class TestRefusals:
    @pytest.mark.parametrize(
        ("second", "complaint"),
        [
            ("T5.00\nPx\n^\n", "D is missing"),
            ("D1/31/25\nPx\n^\n", "T is missing"),
            (record("soon"), "D 'soon' is not a date"),
            (record("1/31/25", "five"), "T 'five' is not an amount"),
            (record("1/31/25", "5.005"), "T '5.005' has more decimals than the currency (2)"),
            (record("1/31/25", "5.00", "T6.00"), "T is given twice"),
            (record("1/31/25", "5.00", "U6.00"), "U '6.00' is not T '5.00'"),
            (split("5.00", "1.00", "3.00"), "the splits 1.00 + 3.00 do not add up to T"),
            (split("5.00", "1.00", "x"), "an amount of a split is not an amount"),
        ],
    )
    def test_name_the_booking_its_row_and_the_way_on(
        self, tmp_path: Path, second: str, complaint: str
    ) -> None:
        path = put(tmp_path, BANK + record() + second + record(amount="7.00"))

        assert refusal(path) == (
            f"line 2 (row 5 of the file): {complaint}; to leave it out: --skip-line 2"
        )
        left = lines(path, skip_lines=frozenset({2}))
        assert [(line.number, line.not_booked) for line in left] == [
            (1, ""),
            (2, LEFT_OUT),
            (3, ""),
        ]


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"])).map(
    one_line
)
BOOKINGS = st.lists(
    st.tuples(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(-(10**9), 10**9), TEXTS),
    max_size=6,
)


@given(BOOKINGS, st.sampled_from(["%m/%d'%y", "%d.%m.%Y", "%Y-%m-%d"]), st.sampled_from(".,"))
@FUZZ
def test_bookings_come_back_as_they_were_written(
    tmp_path: Path, bookings: list[tuple[date, int, str]], form: str, mark: str
) -> None:
    known = (date(2031, 12, 31), 50, "known")  # its day and its decimals are not in doubt
    bookings = [*bookings, known]
    path = tmp_path / "one.qif"
    path.write_text(
        BANK
        + "".join(
            record(day.strftime(form), f"{cents / 100:.2f}".replace(".", mark), f"P{text}")
            for day, cents, text in bookings
        )
    )

    found = lines(path)

    assert [(line.posted, line.amount, line.description) for line in found] == bookings


@given(st.data())
@FUZZ
def test_any_file_gives_lines_or_a_refusal(tmp_path: Path, data: st.DataObject) -> None:
    content = BANK + record() + split("-5.00", "-3.00", "-2.00") + "!Account\nNx\n^\n" + record()
    path = tmp_path / "one.qif"
    path.write_bytes(mangled(data, content.encode(), b"!^DTU$SE\n\r[]'/-.,09"))

    assert_lines_or_refusal(path, "EUR")


def test_findings_say_how_it_was_read(tmp_path: Path) -> None:
    path = put(tmp_path, BANK + record("12/31'25"))

    found = {each.subject: each.reading for each in read(path).findings()}
    reversed_ = read(path, hints=Hints(sign="reversed")).findings()

    assert (found["text"], found["account"], found["dates"]) == ("utf-8", "not named", "%m/%d/%Y")
    assert "a minus is money in" in [each.reading for each in reversed_]


def test_the_command_imports_it_once(tenant: Tenant, tmp_path: Path) -> None:
    importer = Importer.of(tenant)
    path = put(tmp_path, BANK + record() + record("1/31/25", "-2.00") + record("1/31/25", "7.00"))

    assert importer.statuses(path) == (2, 0, 1)
    assert importer.statuses(path) == (0, 2, 1)
    assert importer.amounts == [5_00, 7_00]


def test_the_command_passes_over_a_line_that_cannot_be_read(tenant: Tenant, tmp_path: Path) -> None:
    importer = Importer.of(tenant)
    path = put(tmp_path, BANK + record() + record("1/31/25", "five"))

    importer.run(path).assert_refused("bad_statement", "--skip-line 2")
    assert importer.statuses(path, "--skip-line", 2)[0] == 1
