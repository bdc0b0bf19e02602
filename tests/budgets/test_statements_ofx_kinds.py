"""OFX with the faults of real banks: read where it is sure, else refused with the way on."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.statements import Account, PageBalances, read
from budgets.statements.lines import LEFT_OUT, one_line
from budgets.statements.ofx_amounts import SPECIFIED
from tests.budgets.statement_files import (
    COFFEE,
    FUZZ,
    OWN,
    amounts,
    assert_lines_or_refusal,
    lines,
    mangled,
    ofx,
    put,
    refusal,
    transaction,
)

HEADER = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n"
FEES = "went out by its type FEE, no amount has a sign: --sign as-is if all came in"


def booked(path: Path, **hints: str) -> list[int]:
    """The amounts of the lines that bring money in."""
    return [line.amount for line in lines(path, **hints) if line.incoming]


def typed(*pairs: tuple[str, str], card: bool = False) -> str:
    content = ofx(*(transaction(TRNTYPE=kind, TRNAMT=amount) for kind, amount in pairs))
    return content.replace("STMTRS", "CCSTMTRS") if card else content


class TestSeveralDocuments:
    @pytest.mark.parametrize("between", ["", "\n\n", f"\r\n{HEADER}", '\n<?xml version="1.0"?>\n'])
    def test_in_one_file_are_all_read(self, tmp_path: Path, between: str) -> None:
        second = ofx(transaction(TRNAMT="6.00"), account="8")
        path = put(tmp_path, f"{HEADER}{ofx(COFFEE)}{between}{second}\x1a")

        assert read(path).accounts == (Account("7", "EUR"), Account("8", "EUR"))
        assert [(line.account, line.amount, line.page) for line in lines(path)] == [
            ("7", -4_50, 1),
            ("8", 6_00, 2),
        ]

    @pytest.mark.parametrize(
        ("months", "sure"),
        [(("01", "01"), False), (("01", "02"), True), (("01", ""), True)],
    )
    def test_with_the_same_days_of_one_account_may_be_two_versions(
        self, tmp_path: Path, months: tuple[str, str], sure: bool
    ) -> None:
        january, other = (
            ofx(COFFEE).replace(
                "<BANKTRANLIST>",
                f"<BANKTRANLIST><DTSTART>2025{month}01<DTEND>2025{month}28" * bool(month)
                or "<BANKTRANLIST>",
            )
            for month in months
        )
        path = put(tmp_path, january + HEADER + other.replace("20250131", "20250228"))

        if sure:
            assert amounts(path) == [-4_50, -4_50]
        else:
            assert refusal(path) == (
                "documents 1 and 2 of the file have the same days of account '7': split the file "
                "before its second <OFX>, and import one file after the other"
            )

    def test_statements_of_one_document_may_have_the_same_days(self, tmp_path: Path) -> None:
        period = "<BANKTRANLIST><DTSTART>20250101<DTEND>20250131"
        content = ofx(COFFEE).replace("<BANKTRANLIST>", period)
        statement = content[content.index("<STMTRS>") : content.index("</STMTTRNRS>")]

        path = put(tmp_path, content.replace(statement, statement * 2))

        assert amounts(path) == [-4_50, -4_50]

    def test_are_refused_when_one_is_cut_off(self, tmp_path: Path) -> None:
        cut = ofx(COFFEE).removesuffix("</OFX>")

        for content in (cut + HEADER + ofx(COFFEE), ofx(COFFEE) + HEADER + cut):
            assert "not well-formed OFX" in refusal(put(tmp_path, content))

    def test_are_no_place_for_other_text(self, tmp_path: Path) -> None:
        path = put(tmp_path, f"{ofx(COFFEE)}\nRemember the milk\n{ofx(COFFEE)}")

        assert "text outside any tag" in refusal(path)


class TestAPartOfAFile:
    @pytest.mark.parametrize(
        "part",
        [
            f"<BANKTRANLIST>{COFFEE}</BANKTRANLIST>",
            COFFEE,
            f"<banktranlist>{COFFEE.lower()}</banktranlist>",
            f"<CURDEF>EUR<BANKACCTFROM><ACCTID>7</BANKACCTFROM>{COFFEE}",
            ofx(COFFEE).removeprefix("<OFX>").removesuffix("</OFX>"),
            "<STMTRS>" + ofx(COFFEE).partition("<STMTRS>")[2].partition("</STMTTRNRS>")[0],
        ],
    )
    def test_is_read_as_the_whole_would_be(self, tmp_path: Path, part: str) -> None:
        path = put(tmp_path, HEADER + part)
        whole = Account("7", "EUR") if "ACCTID" in part else Account("", "")

        assert amounts(path) == [-4_50]
        assert read(path).accounts == (whole,)

    def test_that_is_cut_off_is_refused(self, tmp_path: Path) -> None:
        path = put(tmp_path, f"{HEADER}<BANKTRANLIST>{COFFEE}")

        assert refusal(path) == "the file is cut off, </BANKTRANLIST> is missing; export it again"

    def test_that_declares_a_document_type_is_refused(self, tmp_path: Path) -> None:
        path = put(tmp_path, f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>{COFFEE}')

        assert "document type" in refusal(path)


class TestSigns:
    def test_a_type_without_a_minus_went_out_when_no_amount_has_one(self, tmp_path: Path) -> None:
        path = put(tmp_path, typed(("FEE", "3.00"), ("CREDIT", "50.00"), ("POS", "7.00")))

        assert booked(path) == [50_00]
        assert lines(path)[0].not_booked == FEES
        assert booked(path, sign="as-is") == [3_00, 50_00, 7_00]

    def test_an_unknown_type_without_any_sign_is_asked(self, tmp_path: Path) -> None:
        path = put(tmp_path, typed(("DEBIT", "3.00"), ("CREDIT", "50.00"), ("XFER", "7.00")))

        assert refusal(path) == (
            "line 3: no amount of account '7' has a sign, and the type 'XFER' says neither in nor "
            "out: say --sign as-is if all amounts came in, those of the type DEBIT too, or "
            "--skip-line 3 if it went out"
        )
        assert booked(path, sign="as-is") == [3_00, 50_00, 7_00]
        left = lines(path, skip_lines=frozenset({3}))  # who imports them leaves out the third
        assert [line.amount for line in left if line.incoming] == [50_00, 7_00]

    def test_signs_that_contradict_all_types_are_asked(self, tmp_path: Path) -> None:
        path = put(tmp_path, typed(("DEBIT", "3.00"), ("PAYMENT", "-50.00"), card=True))

        assert refusal(path) == (
            "line 1: of the type DEBIT and without a minus, and the signs of account '7' "
            "contradict the types throughout: say --sign as-is if a minus is money out, as OFX "
            "has it, or --sign reversed if it is money in"
        )
        assert booked(path, sign="as-is") == [3_00]
        assert booked(path, sign="reversed") == [50_00]

    @pytest.mark.parametrize(
        "pairs",
        [
            [("DEBIT", "-3.00"), ("CREDIT", "5.00")],
            [("DEBIT", "-3.00"), ("DEBIT", "5.00")],  # a refund
            [("OTHER", "5.00"), ("XFER", "5.00")],
            [("CREDIT", "-3.00"), ("CREDIT", "5.00")],  # the bank calls everything so
            [("", "5.00")],
        ],
    )
    def test_the_sign_counts_where_types_do_not_contradict_it(
        self, tmp_path: Path, pairs: list[tuple[str, str]]
    ) -> None:
        path = put(tmp_path, typed(*pairs))

        assert booked(path) == [int(amount[0]) * 100 for _, amount in pairs if amount[0] != "-"]

    def test_a_payment_to_a_card_came_in(self, tmp_path: Path) -> None:
        path = put(tmp_path, typed(("PAYMENT", "5.00"), card=True))

        assert booked(path) == [5_00]

    @pytest.mark.parametrize("kind", ["DEBIT", "OTHER"])
    def test_a_payment_to_a_card_that_has_a_minus_is_asked(self, tmp_path: Path, kind: str) -> None:
        content = ofx(
            transaction(TRNTYPE=kind, TRNAMT="50.00", NAME="SHOP"),
            transaction(TRNTYPE=kind, TRNAMT="-20.00", NAME="PAYMENT - THANK YOU"),
        )
        path = put(tmp_path, content.replace("STMTRS", "CCSTMTRS"))

        assert "say --sign reversed if it came in" in refusal(path)
        assert booked(path, sign="reversed") == [20_00]
        assert booked(path, sign="as-is") == [50_00]

    def test_each_statement_is_judged_alone(self, tmp_path: Path) -> None:
        content = typed(("DEBIT", "-3.00")) + typed(("FEE", "3.00"), ("CREDIT", "5.00"))

        assert booked(put(tmp_path, content)) == [5_00]

    def test_only_the_account_that_is_wanted_is_asked_about(self, tmp_path: Path) -> None:
        odd = typed(("DEBIT", "3.00"), ("XFER", "7.00")).replace("<ACCTID>7", "<ACCTID>8")
        path = put(tmp_path, ofx(COFFEE) + odd)

        assert amounts(path, account="7") == [-4_50]
        assert "account '8'" in refusal(path)


class TestWhatIsNotMoney:
    @pytest.mark.parametrize(
        "leaves",
        [
            {"NAME": "Saldo Anterior", "FITID": ""},
            {"NAME": "Saldo do dia", "TRNTYPE": "OTHER"},
            {"MEMO": "Balance forward"},
            {"NAME": "SALDO", "MEMO": "SALDO FINAL"},
        ],
    )
    def test_a_balance_among_the_transactions(self, tmp_path: Path, leaves: dict[str, str]) -> None:
        path = put(tmp_path, ofx(transaction(TRNAMT="900.00", **leaves), COFFEE))

        assert [line.not_booked for line in lines(path)] == ["a balance", ""]

    @pytest.mark.parametrize(
        "leaves", [{"NAME": "Ann", "MEMO": "Balance"}, {"NAME": "Saldo Bau GmbH"}, {"NAME": ""}]
    )
    def test_a_text_that_names_more_is_a_booking(
        self, tmp_path: Path, leaves: dict[str, str]
    ) -> None:
        assert booked(put(tmp_path, ofx(transaction(TRNAMT="9.00", **leaves)))) == [9_00]

    def test_a_balance_says_nothing_about_signs(self, tmp_path: Path) -> None:
        balance = transaction(TRNTYPE="OTHER", TRNAMT="900.00", NAME="Saldo", FITID="")
        content = typed(("DEBIT", "3.00"), ("CREDIT", "50.00"))

        path = put(tmp_path, content.replace("</BANKTRANLIST>", f"{balance}</BANKTRANLIST>"))

        assert booked(path) == [50_00]

    def test_a_pending_transaction(self, tmp_path: Path) -> None:
        pending = "<STMTTRNP><TRNTYPE>CREDIT<DTTRAN>20250130<TRNAMT>8.00<NAME>Ann</STMTTRNP>"
        content = ofx(COFFEE, transaction(TRNTYPE="HOLD", TRNAMT="9.00")).replace(
            "</BANKTRANLIST>", f"</BANKTRANLIST><BANKTRANLISTP>{pending}</BANKTRANLISTP>"
        )

        assert [
            (line.amount, line.posted.day, line.not_booked)
            for line in lines(put(tmp_path, content))
        ] == [(-4_50, 31, ""), (9_00, 31, "pending"), (8_00, 30, "pending")]


class TestCorrections:
    WRONG = transaction(TRNAMT="50.00", FITID="a", NAME="Refund")

    def right(self, action: str = "REPLACE", of: str = "a") -> str:
        return transaction(TRNAMT="58.00", FITID="b", CORRECTFITID=of, CORRECTACTION=action)

    def test_of_a_line_in_the_file_may_take_its_place(self, tmp_path: Path) -> None:
        path = put(tmp_path, ofx(self.WRONG, self.right()))

        assert refusal(path) == (
            "line 2: CORRECTACTION 'REPLACE' replaces line 1 (50.00, 'Refund', 20250131): say "
            "--skip-line 1 to import this line instead; to leave it out: --skip-line 2"
        )
        first, second = lines(path, skip_lines=frozenset({1}))
        assert [first.incoming, second.amount] == [True, 58_00]
        first, second = lines(path, skip_lines=frozenset({2}))
        assert [first.amount, second.not_booked] == [50_00, LEFT_OUT]

    def test_that_deletes_a_line_brings_nothing(self, tmp_path: Path) -> None:
        path = put(tmp_path, ofx(self.WRONG, self.right("DELETE")))

        assert "'DELETE' takes back line 1" in refusal(path)
        _, line = lines(path, skip_lines=frozenset({1}))
        assert line.not_booked == "a deletion"

    @pytest.mark.parametrize("of", ["old", "b", ""])
    def test_of_a_line_elsewhere_names_its_id(self, tmp_path: Path, of: str) -> None:
        path = put(tmp_path, ofx(self.WRONG, self.right(of=of)))

        assert f"a transaction of an earlier file, with the id {of!r}" in refusal(path)
        assert "--skip-line 2" in refusal(path)


class TestAmounts:
    @pytest.mark.parametrize(
        ("written", "minor"),
        [
            (["30.000", "3.77000"], [30_00, 3_77]),
            (["30,000", "3,77"], [30_00, 3_77]),
            (["1.000", "2.50"], [1_00, 2_50]),
            (["1.234,50", ".07"], [1234_50, 7]),
            (["5", "-5.5"], [5_00, -5_50]),
        ],
    )
    def test_have_the_decimal_mark_of_the_file(
        self, tmp_path: Path, written: list[str], minor: list[int]
    ) -> None:
        path = put(tmp_path, ofx(*(transaction(TRNAMT=each) for each in written)))

        assert amounts(path) == minor

    def test_that_may_be_thousands_are_asked(self, tmp_path: Path) -> None:
        path = put(tmp_path, ofx(transaction(TRNAMT="1.000")))

        assert refusal(path) == (
            f"line 1: TRNAMT '1.000' may be a decimal or thousands; {SPECIFIED}; say --decimal . "
            "if '.' is the decimal mark, else --decimal ,; to leave it out: --skip-line 1"
        )
        assert amounts(path, decimal=".") == [1_00]
        assert amounts(path, decimal=",") == [1000_00]

    def test_in_another_currency_keep_it(self, tmp_path: Path) -> None:
        foreign, converted = (
            transaction(**{tag: f"<CURRATE>1.1<CURSYM>usd</{tag}>"})
            for tag in ("CURRENCY", "ORIGCURRENCY")
        )

        found = lines(put(tmp_path, ofx(foreign, converted)))

        assert [line.currency for line in found] == ["USD", "EUR"]


class TestBalances:
    def ends(self, *, balance: str, more: str = "") -> str:
        period = "<BANKTRANLIST><DTSTART>20250101<DTEND>20250131"
        return (
            ofx(COFFEE)
            .replace("<BANKTRANLIST>", period)
            .replace("</STMTRS>", f"{balance}{more}</STMTRS>")
        )

    def test_the_ledgers_is_the_closing_one_and_the_available_is_not(self, tmp_path: Path) -> None:
        ledger = "<LEDGERBAL><BALAMT>95.50<DTASOF>20250202120000</LEDGERBAL>"
        available = "<AVAILBAL><BALAMT>1000.00<DTASOF>20250303</AVAILBAL>"

        for both in ((ledger, available), (available, ledger)):
            path = put(tmp_path, self.ends(balance=both[0], more=both[1]))

            assert list(read(path).balances(2)) == [
                PageBalances(1, "7", None, 95_50, date(2025, 1, 1), date(2025, 2, 2))
            ]

    @pytest.mark.parametrize("amount", ["", "N/A", "1.005", "1.000"])
    def test_one_that_cannot_be_read_stops_nothing(self, tmp_path: Path, amount: str) -> None:
        balance = f"<LEDGERBAL><BALAMT>{amount}</BALAMT><DTASOF></DTASOF></LEDGERBAL>"
        path = put(tmp_path, self.ends(balance=balance).replace("-4.50", "-4"))

        (found,) = read(path).balances(2)

        assert (found.closing, found.last) == (None, date(2025, 1, 31))
        assert amounts(path) == [-4_00]


def test_findings_name_account_period_signs_and_balance() -> None:
    found = [(each.subject, each.reading) for each in read(OWN / "sgml.ofx").findings()]

    assert found == [
        ("text", "cp1252"),
        ("statement 1", "account 770-12, EUR, 3 transactions"),
        ("signs of statement 1", "a minus is money out"),
        ("balance of statement 1", "0"),
    ]


LEAVES = st.lists(
    st.tuples(
        st.dates(date(1970, 1, 1), date(2099, 12, 31)),
        st.integers(-(10**9), 10**9),
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])).map(one_line),
    ),
    max_size=5,
)


@given(LEAVES, st.booleans())
@FUZZ
def test_bookings_come_back_as_they_were_written(
    tmp_path: Path, bookings: list[tuple[date, int, str]], closed: bool
) -> None:
    written = []
    for day, cents, text in bookings:
        escaped = text.replace("&", "&amp;").replace("<", "&lt;")
        leaves = {
            "DTPOSTED": day.strftime("%Y%m%d"),
            "TRNAMT": f"{cents / 100:.2f}",
            "NAME": escaped,
        }
        written.append(
            "<STMTTRN>"
            + "".join(f"<{tag}>{each}" + f"</{tag}>" * closed for tag, each in leaves.items())
            + "</STMTTRN>"
        )
    path = tmp_path / "one.ofx"
    path.write_text(ofx(*written))

    found = lines(path, sign="as-is")

    assert [(line.posted, line.amount, line.description) for line in found] == bookings


@given(st.data())
@FUZZ
def test_any_file_gives_lines_or_a_refusal(tmp_path: Path, data: st.DataObject) -> None:
    content = HEADER + ofx(COFFEE, transaction(TRNAMT="5.00", NAME="Saldo")) + HEADER + ofx(COFFEE)
    path = tmp_path / "one.ofx"
    path.write_bytes(mangled(data, content.encode(), b"<>/OFXSTMTTRN.-,0"))

    assert_lines_or_refusal(path, "EUR")
