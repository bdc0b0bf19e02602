"""OFX and QFX: whatever real banks write becomes lines, or one sentence that says why not."""

import itertools
import logging
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgets.errors import BadStatement, UnknownCurrency
from budgets.samples import make
from budgets.statements import Account, Header, Hints, Line, read, sniff
from budgets.statements.lines import LONGEST_IDENTITY

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "data" / "statements"
SAMPLE = ROOT / "budgets" / "samples" / "household.ofx"
SHARED = ROOT.parent / "shared" / "statements"
COFFEE = "<STMTTRN><DTPOSTED>20250131<TRNAMT>-4.50<FITID>1<NAME>Coffee</STMTTRN>"

type Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Put content into a file of its own."""
    names = itertools.count()

    def written(content: str | bytes) -> Path:
        path = tmp_path / f"{next(names)}.ofx"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def ofx(*transactions: str, currency: str = "EUR", account: str = "7") -> str:
    return (
        f"<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>{currency}</CURDEF>"
        f"<BANKACCTFROM><ACCTID>{account}</ACCTID></BANKACCTFROM>"
        f"<BANKTRANLIST>{''.join(transactions)}</BANKTRANLIST></STMTRS></STMTTRNRS>"
        "</BANKMSGSRSV1></OFX>"
    )


def transaction(**leaves: str) -> str:
    values = {"DTPOSTED": "20250131", "TRNAMT": "-4.50", "FITID": "1"} | leaves
    return "<STMTTRN>" + "".join(f"<{tag}>{text}" for tag, text in values.items()) + "</STMTTRN>"


def lines(path: Path, currency: str = "EUR", **hints: str) -> list[Line]:
    return list(read(path, currency=currency, hints=Hints(**hints)).lines())


def refusal(path: Path, currency: str = "EUR") -> str:
    with pytest.raises(BadStatement) as refused:
        lines(path, currency)
    return str(refused.value)


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
            ("ofx-v102-empty-tags.ofx", "12345678", "", [12_34]),
            ("suncorp.ofx", "123456789", "AUD", [-16_85]),
        ],
    )
    def test_give_the_lines_their_readme_lists(
        self, name: str, account: str, currency: str, amounts: list[int]
    ) -> None:
        statement = read(SHARED / name, currency=currency or "USD")

        found = list(statement.lines())

        assert statement.accounts == (Account(account, currency),)
        assert statement.currency == currency
        assert [(line.account, line.currency, line.amount) for line in found] == [
            (account, currency, amount) for amount in amounts
        ]

    def test_may_have_accounts_without_lines(self) -> None:
        statement = read(SHARED / "multiple_accounts.ofx", currency="USD")

        assert statement.accounts == (Account("9100", "USD"), Account("9200", "USD"))
        assert list(statement.lines()) == []

    def test_are_refused_when_a_field_is_broken(self) -> None:
        broken = SHARED / "broken"

        assert refusal(broken / "date_missing.ofx") == "transaction 1: DTPOSTED is missing"
        assert refusal(broken / "decimal_error.ofx") == (
            "transaction 1: DTPOSTED '201120000000' is not a date; TRNAMT '$120' is not an amount"
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
        assert card == Line(2, "card", date(2025, 1, 5), -19_90, "EUR", "Librería “Sol”", "1")

    def test_two_currencies_need_an_account_to_be_picked(self) -> None:
        assert refusal(OWN / "xml.qfx") == (
            "the file mixes currencies: main (CHF), card (EUR); say --account"
        )
        with pytest.raises(BadStatement, match="no account 'x'; the file has: main, card"):
            lines(OWN / "xml.qfx", account="x")

    def test_sniffing_tells_accounts_and_currency(self, write: Write) -> None:
        card = sniff(OWN / "xml.qfx", hints=Hints(account="card"))

        assert card == Header("ofx", (Account("card", "EUR"),))
        assert card.currency == "EUR"
        assert sniff(write(ofx(currency="jpy"))).currency == "JPY"

    @pytest.mark.parametrize(
        "before",
        ["", "\n\r\n \n", "\ufeff", "OFXHEADER:100\nCHARSET:NONE\n", "X-Mail: 1\nOFXHEADER:100\n"],
    )
    def test_a_header_may_be_missing_late_or_strange(self, write: Write, before: str) -> None:
        assert len(lines(write(before + ofx(COFFEE)))) == 1

    @pytest.mark.parametrize(
        ("header", "encoding"),
        [
            ("OFXHEADER:100\nENCODING:USASCII\nCHARSET:1252\n", "cp1252"),
            ("OFXHEADER:100\nENCODING:USASCII\nCHARSET:1250\n", "cp1250"),
            ("OFXHEADER:100\nENCODING:UTF-8\nCHARSET:NONE\n", "utf-8"),
            ("OFXHEADER:100\nENCODING:UNICODE\nCHARSET:NONE\n", "utf-16"),
            ("OFXHEADER:100\nENCODING:USASCII\nCHARSET:1252\n", "utf-8"),
            ('<?xml version="1.0" encoding="ISO-8859-2"?>', "iso8859-2"),
            ("OFXHEADER:100\nCHARSET:ISO-8859-1\n", "latin-1"),
            ("OFXHEADER:100\nCHARSET:99999\n", "cp1252"),
            ("", "utf-8"),
            ("", "cp1252"),
        ],
    )
    def test_letters_survive_their_character_set(
        self, write: Write, header: str, encoding: str
    ) -> None:
        content = header + ofx(transaction(NAME="Žižka" if encoding[-1] == "2" else "Äé"))

        (line,) = lines(write(content.encode(encoding, "ignore")))

        assert (
            line.description
            == content.encode(encoding, "ignore").decode(encoding).split("<NAME>")[1].split("<")[0]
        )

    def test_lower_case_tags_are_read(self, write: Write) -> None:
        assert lines(write(ofx(COFFEE).lower()))[0].description == "coffee"

    def test_markup_that_is_none_stays_text(self, write: Write) -> None:
        path = write(ofx(transaction(NAME="5 < 6 <jo@ex.org> <10>", MEMO="&#0;&copy &amp;lt; R&D")))

        assert lines(path)[0].description == "5 < 6 <jo@ex.org> <10>: \ufffd&copy &lt; R&D"

    def test_pending_transactions_are_not_lines(self, write: Write) -> None:
        assert lines(write(ofx(COFFEE.replace("STMTTRN", "STMTTRNP")))) == []

    def test_an_account_without_a_number_can_be_named(self, write: Write) -> None:
        path = write(ofx(COFFEE, account=""))

        assert [line.account for line in lines(path)] == [""]
        assert [line.account for line in lines(path, account="mine")] == ["mine"]

    def test_the_amount_follows_the_currency(self, write: Write) -> None:
        path = write(ofx(transaction(TRNAMT="1500.00")))

        assert lines(path, "JPY")[0].amount == 1500
        assert lines(path, "KWD")[0].amount == 1_500_000
        assert [line.amount for line in read(path, currency="XXX", exponent=4).lines()] == [
            15_000_000
        ]
        with pytest.raises(UnknownCurrency):
            read(path, currency="XXX")


class TestRefusals:
    @pytest.mark.parametrize(
        ("leaves", "complaint"),
        [
            ({"DTPOSTED": "20120231"}, "DTPOSTED '20120231' is not a date"),
            ({"DTPOSTED": "2025013"}, "DTPOSTED '2025013' is not a date"),
            ({"DTPOSTED": ""}, "DTPOSTED is missing"),
            ({"TRNAMT": ""}, "TRNAMT is missing"),
            ({"TRNAMT": "1e3"}, "TRNAMT '1e3' is not an amount"),
            ({"TRNAMT": "--1"}, "TRNAMT '--1' is not an amount"),
            ({"TRNAMT": "٣.00"}, "TRNAMT '٣.00' is not an amount"),
            ({"TRNAMT": "1.005"}, "TRNAMT '1.005' has more decimals than the currency (2)"),
            ({"TRNAMT": "1,000"}, "TRNAMT '1,000' has more decimals than the currency (2)"),
            ({"TRNAMT": "9" * 18}, f"TRNAMT '{'9' * 18}' is too large an amount"),
            ({"TRNAMT": "1<TRNAMT>2"}, "TRNAMT is given twice"),
            ({"FITID": "1<FITID>2"}, "FITID is given twice"),
            (
                {"CORRECTACTION": "DELETE"},
                "CORRECTACTION changes an earlier line, which cannot be imported",
            ),
            (
                {"CURRENCY": "<CURRATE>1.1<CURSYM>USD</CURRENCY>"},
                "CURRENCY 'USD' is not the account's EUR",
            ),
        ],
    )
    def test_name_the_transaction_and_every_bad_field(
        self, write: Write, leaves: dict[str, str], complaint: str
    ) -> None:
        path = write(ofx(COFFEE, transaction(**leaves)))

        assert refusal(path) == f"transaction 2: {complaint}"

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "the file is empty"),
            (b" \r\n\t", "the file is empty"),
            (b"<OFX>\0</OFX>", "a binary file, not a bank statement"),
            (b"<html></html>", "not an OFX file: it has no <OFX>"),
            (b"OFXHEADER:100\n", "not an OFX file: it has no <OFX>"),
            (
                b"<OFX><SIGNONMSGSRSV1></SIGNONMSGSRSV1></OFX>",
                "the file holds no account statement",
            ),
            (b"\xff\xfe<\xd8", "not text in utf-16: say --encoding"),
            (b"\xef\xbb\xbf<OFX>\xff", "not text in utf-8-sig: say --encoding"),
            (b"<OFX>\x81\xff", "not text in cp1252: say --encoding"),
        ],
    )
    def test_say_what_a_file_is_instead(self, write: Write, content: bytes, reason: str) -> None:
        assert refusal(write(content)) == reason

    @pytest.mark.parametrize(
        ("old", "new", "reason"),
        [
            ("</OFX>", "", "after transaction 2: the file is cut off, </OFX> is missing"),
            ("</OFX>", "</OFX><OFX></OFX>", "after transaction 2: <OFX> after </OFX>"),
            ("</OFX>", "</OFX>x", "after transaction 2: text outside any tag"),
            ("</BANKTRANLIST>", "x</BANKTRANLIST>x", "after transaction 1: text outside any tag"),
            ("</BANKTRANLIST>", "</X></BANKTRANLIST>", "after transaction 2: </X> closes nothing"),
            ("</STMTTRN></BANK", "</BANK", "after transaction 2: <STMTTRN> is not closed"),
            ("</STMTTRN><STMTTRN>", "<STMTTRN>", "after transaction 2: <STMTTRN> inside <STMTTRN>"),
            ("<BANKTRANLIST>", "<A>" * 200, "after transaction 0: more than 100 open tags"),
        ],
    )
    def test_say_where_the_markup_breaks(
        self, write: Write, old: str, new: str, reason: str
    ) -> None:
        path = write(ofx(COFFEE, COFFEE).replace(old, new, 1))

        assert refusal(path) == f"not well-formed OFX {reason}"

    def test_come_for_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        assert "No such file" in refusal(tmp_path / "none.ofx")
        assert "Is a directory" in refusal(tmp_path)

    def test_come_for_an_encoding_that_is_none(self, write: Write) -> None:
        for name in ("klingon", "hex", "a\0"):
            with pytest.raises(BadStatement, match="no encoding"):
                lines(write(ofx(COFFEE)), encoding=name)

    def test_do_not_wait_for_a_megabyte_without_tags(self, write: Write) -> None:
        path = write(ofx(transaction(MEMO="<![CDATA[" + "x" * 3_000_000)))

        assert refusal(path) == "not OFX: a megabyte without a tag"

    def test_come_at_any_cut_before_the_end(self, write: Write) -> None:
        whole = ofx(COFFEE, COFFEE)

        for cut in range(1, len(whole)):
            assert refusal(write(whole[:cut]))


class TestIdentity:
    def test_is_the_banks_id_within_the_account(self, write: Write) -> None:
        here, again = lines(write(ofx(COFFEE, COFFEE)))
        (elsewhere,) = lines(write(ofx(COFFEE, account="8")))

        assert here.identity == again.identity == "id:1:7:1"
        assert elsewhere.identity != here.identity

    @given(
        st.tuples(st.text("a:1", max_size=4), st.text("a:1", min_size=1, max_size=4)),
        st.tuples(st.text("a:1", max_size=4), st.text("a:1", min_size=1, max_size=4)),
    )
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


class TestTheSample:
    def test_is_what_its_generator_writes(self) -> None:
        assert SAMPLE.read_bytes() == make.ofx(make.household())

    def test_is_a_year_of_a_household_that_stays_solvent(self) -> None:
        found = lines(SAMPLE)

        assert len(found) >= 130
        assert {line.posted.year for line in found} == {2025}
        assert len({line.identity for line in found}) == len(found)
        assert min(itertools.accumulate(line.amount for line in found)) >= 0

    def test_can_be_read_again_and_again(self) -> None:
        statement = read(SAMPLE, currency="EUR")

        assert list(statement.lines()) == list(statement.lines())

    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_mangled_gives_lines_or_a_refusal_in_one_line(
        self, tmp_path: Path, data: st.DataObject
    ) -> None:
        content = bytearray(SAMPLE.read_bytes()[: data.draw(st.sampled_from([900, 4000, 40_000]))])
        for at, byte, length in data.draw(mangling(len(content))):
            content[at : at + length] = bytes(byte)
        path = tmp_path / "mangled.ofx"
        path.write_bytes(content)

        try:
            found = lines(path)
        except BadStatement as refused:
            assert "\n" not in str(refused)
            assert len(str(refused)) < 1000
        else:
            assert all(isinstance(line, Line) for line in found)


def mangling(size: int) -> st.SearchStrategy[list[tuple[int, list[int], int]]]:
    """Where, which bytes come, how many go."""
    there = st.integers(0, size)
    bytes_ = st.lists(st.sampled_from(b'<>/&;!"\0\xff[]19,.-\n') | st.integers(0, 255), max_size=3)
    return st.lists(st.tuples(there, bytes_, st.integers(0, 40)), max_size=4)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["{}.{:02}", "{},{:02}", "{}.{:02}00"]))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_amount_comes_back_as_it_was_written(tmp_path: Path, cents: int, form: str) -> None:
    written = ("-" if cents < 0 else "") + form.format(*divmod(abs(cents), 100))
    path = tmp_path / "one.ofx"
    path.write_text(ofx(transaction(TRNAMT=written)))

    assert lines(path)[0].amount == cents


@given(st.dates(), st.sampled_from(["", "120000", "235959.999[-5:EST]", "0000[+5.5]"]))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_date_comes_back_as_it_was_written(tmp_path: Path, day: date, time: str) -> None:
    path = tmp_path / "one.ofx"
    path.write_text(ofx(transaction(DTPOSTED=day.isoformat().replace("-", "") + time)))

    assert lines(path)[0].posted == day


def test_no_transaction_reaches_the_log(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    lines(write(ofx(COFFEE)))

    assert "Coffee" not in caplog.text


@pytest.mark.slow
def test_200_000_transactions_need_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.ofx"
    start, end = ofx("|").split("|")
    with path.open("w") as file:
        file.write(start)
        file.writelines(many())
        file.write(end)
    process = psutil.Process()
    before = peak = process.memory_info().rss

    for count, _line in enumerate(read(path, currency="EUR").lines(), 1):
        if count % 1000 == 0:
            peak = max(peak, process.memory_info().rss)

    assert count == 200_000
    assert peak - before < 100_000_000


def many() -> Iterator[str]:
    for number in range(200_000):
        amount = f"-{number // 100}.{number % 100:02}"
        yield transaction(
            TRNAMT=amount, FITID="", NAME=f"Shop {number % 77}", MEMO=f"Card {number}"
        )
        yield "\n"
