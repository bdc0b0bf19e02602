"""OFX and QFX: whatever real banks write becomes lines, or one sentence that says why not."""

import logging
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.errors import BadStatement, UnknownCurrency
from budgets.statements import Account, Hints, Line, read
from tests.budgets.statement_files import (
    COFFEE,
    FUZZ,
    OWN,
    ROOT,
    lines,
    ofx,
    put,
    refusal,
    transaction,
)

SHARED = ROOT.parent / "shared" / "statements"


class TestStatementsNobodyHereWrote:
    @pytest.fixture(autouse=True)
    def shared(self) -> None:
        if not SHARED.is_dir():
            pytest.skip("the banks' own files are not part of the project")

    @pytest.mark.parametrize(
        ("name", "account", "currency", "amounts"),
        [
            ("anzcc.ofx", "1234123412341234", "AUD", [-5_50]),
            ("bank_medium.ofx", "12300 000012345678", "CAD", [-6_60, -316_67, -22_00]),
            ("checking.ofx", "1452687~7", "USD", [1, -34_51, -25_00]),
            ("ofx-v102-empty-tags.ofx", "12345678", "", [12_34]),  # the line says AUD itself
            ("suncorp.ofx", "123456789", "AUD", [-16_85]),
        ],
    )
    def test_give_the_lines_their_readme_lists(
        self, name: str, account: str, currency: str, amounts: list[int]
    ) -> None:
        statement = read(SHARED / name)

        found = list(statement.lines(2))

        assert statement.accounts == (Account(account, currency),)
        assert statement.currency == currency
        assert [(line.account, line.currency, line.amount) for line in found] == [
            (account, currency or "AUD", amount) for amount in amounts
        ]

    def test_may_have_accounts_without_lines(self) -> None:
        statement = read(SHARED / "multiple_accounts.ofx")

        assert statement.accounts == (Account("9100", "USD"), Account("9200", "USD"))
        assert list(statement.lines(2)) == []

    def test_are_refused_when_a_field_is_broken(self) -> None:
        broken = SHARED / "broken"

        assert refusal(broken / "date_missing.ofx") == (
            "line 1: DTPOSTED is missing; to leave it out: --skip-line 1"
        )
        assert refusal(broken / "decimal_error.ofx") == (
            "line 1: DTPOSTED '201120000000' is not a date; TRNAMT '$120' is not an amount; "
            "to leave it out: --skip-line 1"
        )

    def test_keep_the_day_the_bank_wrote_whatever_the_zone(self) -> None:
        days = [line.posted for line in lines(SHARED / "bank_medium.ofx", "CAD")]

        assert days == [date(2009, 4, 1), date(2009, 4, 2), date(2009, 4, 3)]


class TestOddFiles:
    def test_sgml_in_windows_1252_with_empty_leaves_commas_and_private_tags(self) -> None:
        found = [
            (line.posted.day, line.amount, line.description) for line in lines(OWN / "sgml.ofx")
        ]

        assert found == [
            (1, -1234_50, "Bäckerei O'Dell & Fils"),
            (2, 12_50, "Café Ünal & Co"),
            (3, 7, "Dust"),
        ]

    def test_the_other_side_of_a_transfer_is_not_the_account(self) -> None:
        assert {line.account for line in lines(OWN / "sgml.ofx")} == {"770-12"}

    def test_xml_with_cdata_entities_attributes_and_a_credit_card(self) -> None:
        main, card = lines(OWN / "xml.qfx", account="main") + lines(OWN / "xml.qfx", account="card")

        assert main == Line(
            1, "main", date(2025, 1, 31), 4200_00, "CHF", "Müller <Söhne> & Co: Löhne", "1"
        )
        assert card == Line(
            2, "card", date(2025, 1, 5), -19_90, "EUR", "Librería “Sol”", "1", page=2
        )

    def test_two_currencies_need_an_account_to_be_picked(self) -> None:
        assert refusal(OWN / "xml.qfx") == (
            "the file mixes currencies: main (CHF), card (EUR); say --account main or card"
        )
        with pytest.raises(
            BadStatement, match="no account 'x' in the file: say --account main or card"
        ):
            lines(OWN / "xml.qfx", account="x")

    def test_reading_shows_accounts_and_currency(self, tmp_path: Path) -> None:
        card = read(OWN / "xml.qfx", hints=Hints(account="card"))

        assert (card.format, card.accounts) == ("ofx", (Account("card", "EUR"),))
        assert card.currency == "EUR"
        assert read(put(tmp_path, ofx(currency="jpy"))).currency == "JPY"

    @pytest.mark.parametrize(
        "before",
        ["", "\n\r\n \n", "\ufeff", "OFXHEADER:100\nCHARSET:NONE\n", "X-Mail: 1\nOFXHEADER:100\n"],
    )
    def test_a_header_may_be_missing_late_or_strange(self, tmp_path: Path, before: str) -> None:
        assert len(lines(put(tmp_path, before + ofx(COFFEE)))) == 1

    @pytest.mark.parametrize(
        ("header", "encoding", "name"),
        [
            ("OFXHEADER:100\nENCODING:USASCII\nCHARSET:1252\n", "cp1252", "Café"),
            ("OFXHEADER:100\nENCODING:USASCII\nCHARSET:1250\n", "cp1250", "Łódź"),
            ("OFXHEADER:100\nENCODING:UTF-8\nCHARSET:NONE\n", "utf-8", "Žižka"),
            ("OFXHEADER:100\nENCODING:UNICODE\nCHARSET:NONE\n", "utf-16", "Žižka"),
            ("OFXHEADER:100\nENCODING:USASCII\nCHARSET:1252\n", "utf-8", "Žižka"),
            ('<?xml version="1.0" encoding="ISO-8859-2"?>', "iso8859-2", "Žižka"),
            ("OFXHEADER:100\nCHARSET:ISO-8859-1\n", "cp1252", "Café “Zoë”"),
            ("OFXHEADER:100\nCHARSET:99999\n", "cp1252", "Café"),
            ("", "utf-8", "Žižka"),
            ("", "cp1252", "Café"),
        ],
    )
    def test_letters_survive_their_character_set(
        self, tmp_path: Path, header: str, encoding: str, name: str
    ) -> None:
        path = put(tmp_path, (header + ofx(transaction(NAME=name))).encode(encoding))

        assert [line.description for line in lines(path)] == [name]

    def test_a_tag_inside_cdata_is_text_however_long_it_is(self, tmp_path: Path) -> None:
        memo = f"a <STMTTRN> {'x' * 400_000}"
        path = put(tmp_path, ofx(COFFEE, transaction(MEMO=f"<![CDATA[{memo}]]>")))

        assert [line.description for line in lines(path)] == ["Coffee", memo]

    def test_a_list_may_be_one_empty_tag(self, tmp_path: Path) -> None:
        content = ofx().replace("<BANKTRANLIST></BANKTRANLIST>", "<BANKTRANLIST/>")

        assert lines(put(tmp_path, content)) == []

    def test_a_statement_knows_nothing_of_the_one_before(self, tmp_path: Path) -> None:
        content = ofx().replace("</STMTRS>", "</STMTRS><STMTRS></STMTRS>")

        assert refusal(put(tmp_path, content)) == (
            "the file mixes currencies: 7 (EUR), unnamed (no currency); say --account 7"
        )

    def test_tags_may_have_a_namespace(self, tmp_path: Path) -> None:
        content = ofx(COFFEE).replace("</", "<\0").replace("<", "<o:").replace("<o:\0", "</o:")

        assert len(lines(put(tmp_path, content))) == 1

    def test_lower_case_tags_are_read(self, tmp_path: Path) -> None:
        assert lines(put(tmp_path, ofx(COFFEE).lower()))[0].description == "coffee"

    def test_markup_that_is_none_stays_text(self, tmp_path: Path) -> None:
        path = put(
            tmp_path, ofx(transaction(NAME="5 < 6 <jo@ex.org> <10>", MEMO="&#0;&copy &amp;lt; R&D"))
        )

        assert lines(path)[0].description == "5 < 6 <jo@ex.org> <10>: \ufffd&copy &lt; R&D"

    def test_pending_transactions_are_not_booked(self, tmp_path: Path) -> None:
        pending = transaction(BANKACCTTO="<ACCTID>9</BANKACCTTO>").replace("STMTTRN", "STMTTRNP")
        path = put(tmp_path, ofx(pending))

        assert [(line.amount, line.not_booked) for line in lines(path)] == [(-4_50, "pending")]
        assert read(path).accounts == (Account("7", "EUR"),)

    def test_an_account_without_a_number_can_be_named(self, tmp_path: Path) -> None:
        path = put(tmp_path, ofx(COFFEE, account=""))

        assert [line.account for line in lines(path)] == [""]
        assert [line.account for line in lines(path, account="mine")] == ["mine"]

    def test_the_amount_follows_the_currency(self, tmp_path: Path) -> None:
        path = put(tmp_path, ofx(transaction(TRNAMT="1500.00")))

        assert lines(path, "JPY")[0].amount == 1500
        assert lines(path, "KWD")[0].amount == 1_500_000
        assert [line.amount for line in read(path).lines(4)] == [15_000_000]
        with pytest.raises(UnknownCurrency):
            lines(path, "XXX")


@given(st.integers(-(10**15), 10**15), st.sampled_from(["{}.{:02}", "{},{:02}", "{}.{:02}00"]))
@FUZZ
def test_every_amount_comes_back_as_it_was_written(tmp_path: Path, cents: int, form: str) -> None:
    written = ("-" if cents < 0 else "") + form.format(*divmod(abs(cents), 100))
    path = tmp_path / "one.ofx"
    path.write_text(ofx(transaction(TRNAMT=written)))

    assert lines(path)[0].amount == cents


@given(st.dates(), st.sampled_from(["", "120000", "235959.999[-5:EST]", "0000[+5.5]"]))
@FUZZ
def test_every_date_comes_back_as_it_was_written(tmp_path: Path, day: date, time: str) -> None:
    path = tmp_path / "one.ofx"
    path.write_text(ofx(transaction(DTPOSTED=day.isoformat().replace("-", "") + time)))

    assert lines(path)[0].posted == day


def test_no_transaction_reaches_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    lines(put(tmp_path, ofx(COFFEE)))

    assert "Coffee" not in caplog.text
