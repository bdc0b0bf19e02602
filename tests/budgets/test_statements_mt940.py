"""MT940: each entry comes in with its sign, its day and its text, or the file is refused."""

import re
import tracemalloc
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mt940.parser import parse_statements

from budgets.statements import Account, Finding, PageBalances, mt940_entry, read
from budgets.statements.lines import one_line
from tests.budgets.bank_messages import (
    IBAN,
    Booking,
    german,
    mt940,
    swift_balance,
    swift_entry,
    wrapped,
)
from tests.budgets.statement_files import (
    FUZZ,
    OWN,
    amounts,
    assert_lines_or_refusal,
    lines,
    mangled,
    put,
    refusal,
)

DAY = date(2026, 1, 5)
PAY = Booking(DAY, 2500_00, "Employer", "Pay", "R2")
SWIFT = "ABCXYZabcxyz0123456789 /?().,'"
SAMPLES = ("mt940-german.sta", "mt940-dutch.sta", "mt940-polish.sta")


def texts(longest: int) -> st.SearchStrategy[str]:
    """What a bank may write; "?20" would be a subfield."""
    return st.text(SWIFT, min_size=1, max_size=longest).filter(
        lambda text: text == one_line(text) and not re.search(r"\?[0-9?]|\?$", text)
    )


BOOKINGS = st.builds(
    lambda booking, days: Booking(**vars(booking) | {"value": booking.day + timedelta(days=days)}),
    st.builds(
        Booking,
        st.dates(date(2001, 1, 1), date(2098, 12, 31)),
        st.integers(-(10**11), 10**11).filter(bool),
        texts(54),
        texts(260),
        st.just("") | st.from_regex(r"[A-Z][A-Z0-9]{0,14}", fullmatch=True),
    ),
    st.integers(-150, 150),
)


@FUZZ
@given(statements=st.lists(st.lists(BOOKINGS, max_size=4), min_size=1, max_size=3))
def test_bookings_come_back(tmp_path: Path, statements: list[list[Booking]]) -> None:
    pages = [
        mt940(
            [swift_entry(each, german(each)) for each in page],
            swift_balance("60F", -7_00),
            swift_balance("62F", sum(each.amount for each in page) - 7_00, date(2026, 1, 31)),
        )
        for page in statements
    ]

    file = read(put(tmp_path, "".join(pages)))

    assert (file.format, file.accounts) == ("mt940", (Account(IBAN, "EUR"),))
    assert [
        (line.page, line.posted, line.amount, line.description, line.external_id)
        for line in file.lines(2)
    ] == [
        (at, each.day, each.amount, each.text, each.id)
        for at, page in enumerate(statements, 1)
        for each in page
    ]
    assert [(page.page, page.opening, page.closing) for page in file.balances(2)] == [
        (at, -7_00, sum(each.amount for each in page) - 7_00)
        for at, page in enumerate(statements, 1)
    ]


@FUZZ
@given(text=texts(400))
def test_text_without_subfields_comes_back(tmp_path: Path, text: str) -> None:
    written = wrapped(f":86:{text}")
    assume(text == one_line(text) and not re.match(r"[0-9]{3}\?|/[A-Z]", text))
    assume(not re.search(r"^[ ]|[ ]$|/(?:NAME|REMI)/", written, re.MULTILINE))

    (line,) = lines(put(tmp_path, mt940([swift_entry(PAY, text)])))

    assert line.description == text


class TestAnEntry:
    @pytest.mark.parametrize(
        ("mark", "amount"),
        [
            ("C", 1_50),
            ("D", -1_50),
            ("RC", -1_50),
            ("RD", 1_50),
            ("CR", 1_50),
            ("DR", -1_50),
            ("RCR", -1_50),
            ("RDR", 1_50),
            ("c", 1_50),
            ("d", -1_50),
            ("rc", -1_50),
        ],
    )
    def test_goes_where_its_mark_says(self, tmp_path: Path, mark: str, amount: int) -> None:
        assert amounts(put(tmp_path, mt940([f":61:260105{mark}1,5NTRFNONREF"]))) == [amount]

    @pytest.mark.parametrize("mark", ["EC", "ED"])
    def test_that_is_expected_is_not_booked(self, tmp_path: Path, mark: str) -> None:
        (line,) = lines(put(tmp_path, mt940([f":61:260105{mark}1,5NTRFNONREF"])))

        assert (line.not_booked, line.incoming) == ("expected", False)

    @pytest.mark.parametrize(
        ("written", "amount"),
        [
            ("7", 7_00),
            ("7,", 7_00),
            ("7,5", 7_50),
            (",50", 50),
            ("1234,56", 1234_56),
            ("1.234,56", 1234_56),
            ("1234.56", 1234_56),
            ("000000000007,00", 7_00),
        ],
    )
    def test_has_the_sum_that_is_written(self, tmp_path: Path, written: str, amount: int) -> None:
        assert amounts(put(tmp_path, mt940([f":61:260105C{written}NTRFNONREF"]))) == [amount]

    @pytest.mark.parametrize(
        ("dates", "posted"),
        [
            ("2512310102", date(2026, 1, 2)),
            ("2601021231", date(2025, 12, 31)),
            ("2511010115", date(2026, 1, 15)),
            ("2601150601", date(2026, 6, 1)),
            ("260105", date(2026, 1, 5)),
            ("260105    ", date(2026, 1, 5)),
            ("2602300302", date(2026, 3, 2)),
            ("240229", date(2024, 2, 29)),
        ],
    )
    def test_is_of_its_entry_date_in_the_year_near_the_value_date(
        self, tmp_path: Path, dates: str, posted: date
    ) -> None:
        (line,) = lines(put(tmp_path, mt940([f":61:{dates}C1,NTRFNONREF"])))

        assert line.posted == posted

    @pytest.mark.parametrize(
        ("rest", "reference"),
        [
            ("NTRFNONREF//B1", "B1"),
            ("NTRFREF-1", "REF-1"),
            ("NTRFNONREF", ""),
            ("NTRFEREF//0000000000", ""),
            ("NTRFA-REFERENCE-LONGER-THAN-16//B1", "B1"),
            ("NTRFNONREF\n:86:166?20EREF+E1?21SVWZ+x?32Ann", "E1"),
            ("", ""),
        ],
    )
    def test_has_the_reference_of_the_bank_or_of_the_customer(
        self, tmp_path: Path, rest: str, reference: str
    ) -> None:
        (line,) = lines(put(tmp_path, mt940([f":61:260105C1,{rest}"])))

        assert line.external_id == reference

    def test_keeps_the_text_of_a_subfield_that_comes_twice(self, tmp_path: Path) -> None:
        (line,) = lines(put(tmp_path, mt940([swift_entry(PAY, "166?20Rent?20for May?32Ann")])))

        assert line.description == "Ann: Rent for May"

    def test_without_a_type_is_not_taken_for_the_next(self, tmp_path: Path) -> None:
        path = put(tmp_path, mt940([":61:260105C1,", ":61:260105C2,", ":61:260105C3,NTRFNONREF"]))

        assert amounts(path) == [1_00, 2_00, 3_00]

    def test_without_details_has_its_own_text(self, tmp_path: Path) -> None:
        (line,) = lines(put(tmp_path, mt940([":61:260105C1,NTRFNONREF//B1\nCASH MACHINE\nTOWN"])))

        assert line.description == "CASH MACHINE TOWN"


class TestAStatement:
    def test_of_a_german_bank_is_read(self) -> None:
        file = read(OWN / "mt940-german.sta")

        assert [
            (line.posted.isoformat(), line.amount, line.description, line.external_id)
            for line in file.lines(2)
        ] == [
            (
                "2026-01-02",
                2500_00,
                "Firma Beispiel GmbH: Gehalt fuer den Januar und Weihnachtsgeld",
                "B1",
            ),
            (
                "2026-01-05",
                -45_90,
                "Stadtwerke Musterstadt: Was kostet Strom? Kunde 4711",
                "B2",
            ),
            ("2026-01-06", 45_90, "Stadtwerke Musterstadt: Text davor", "B3"),
            ("2026-01-07", -2500_00, "Firma Beispiel: Falsch gebucht", "B4"),
        ]
        assert [*file.balances(2)] == [
            PageBalances(
                1,
                "37040044/0532013000",
                1000_00,
                1000_00,
                date(2025, 12, 30),
                date(2026, 1, 7),
                "EUR",
            )
        ]

    def test_of_a_dutch_bank_is_read(self) -> None:
        file = read(OWN / "mt940-dutch.sta")

        assert file.accounts == (Account("NL91ABNA0417164300", "EUR"),)
        assert [(line.amount, line.description) for line in file.lines(2)] == [
            (-12_50, "Energie B.V.: Factuur 12"),
            (200_00, "J. Voorbeeld: Huur januari"),
        ]

    def test_of_a_polish_bank_is_read(self) -> None:
        file = read(OWN / "mt940-polish.sta")

        assert file.accounts == (Account("PL61109010140000071219812874", "PLN"),)
        assert [(line.amount, line.description) for line in file.lines(2)] == [
            (100_00, "JAN PRZYKLAD: CZYNSZ ZA STYCZEN"),
            (-5_81, "PROWIZJA"),
        ]
        assert [(page.opening, page.closing) for page in file.balances(2)] == [
            (1211771_46, 1211865_65)
        ]

    @pytest.mark.parametrize(
        ("head", "tail"),
        [
            ("{1:F01BANKDEFFXXXX0000000000}{2:O9400000000000}{4:\n", "-}{5:{CHK:1}}"),
            ("{1:F01BANKDEFFXXXX0000000000}{2:O9400000000000}{4:", "-}"),
            ("\x01{1:F01BANKDEFFXXXX0000000000}{2:O940}{4:\n", "-}\x03"),
            ("ABNANL2A\n940\nABNANL2A\n", "-"),
            ("\ufeff", ""),
        ],
    )
    def test_may_have_an_envelope(self, tmp_path: Path, head: str, tail: str) -> None:
        body = mt940([swift_entry(PAY, german(PAY))], closing=":62F:C260105EUR2500,00")
        message = head + body.removesuffix("-\n") + tail + "\n"

        for content in (message, message * 2):
            for ends in ("\n", "\r\n"):
                path = put(tmp_path, content.replace("\n", ends))
                assert set(amounts(path)) == {2500_00}
                assert len([*read(path).balances(2)]) == content.count(":62F:")

    @pytest.mark.parametrize("gone", [":20:STARTUMS\n", ":28C:1/1\n", "-\n"])
    def test_may_lack_what_does_not_matter(self, tmp_path: Path, gone: str) -> None:
        one = mt940([swift_entry(PAY, "Pay")], closing=":62F:C260105EUR2500,00")
        path = put(tmp_path, (one * 2).replace(gone, ""))

        assert [(line.page, line.amount) for line in lines(path)] == [(1, 2500_00), (2, 2500_00)]
        assert [(page.opening, page.closing) for page in read(path).balances(2)] == [
            (0, 2500_00),
            (0, 2500_00),
        ]

    def test_may_have_no_balances(self, tmp_path: Path) -> None:
        content = mt940([swift_entry(PAY, "Pay")]).replace(":60F:C260101EUR0,00\n", "")

        file = read(put(tmp_path, content))

        assert [*file.balances(2)] == [PageBalances(1, IBAN)]
        assert file.currency == ""

    def test_of_several_days_has_a_page_for_each(self, tmp_path: Path) -> None:
        one = mt940([swift_entry(PAY, "Pay")], ":60M:C260101EUR1,00", ":62M:C260105EUR2501,00")
        content = one.removesuffix("-\n") + one[one.index(":60M:") :]

        assert [
            (page.account, page.opening, page.closing)
            for page in read(put(tmp_path, content)).balances(2)
        ] == [(IBAN, 1_00, 2501_00)] * 2

    def test_without_entries_does_not_lend_its_balance_to_the_next(self, tmp_path: Path) -> None:
        content = ":25:1\n:60F:C260101EUR1,00\n:25:2\n:60F:C260101EUR2,00\n:61:260105C1,NTRF\n"

        file = read(put(tmp_path, content))

        assert [(page.account, page.opening) for page in file.balances(2)] == [
            ("1", 1_00),
            ("2", 2_00),
        ]

    def test_may_have_text_that_looks_like_a_field(self, tmp_path: Path) -> None:
        (line,) = lines(put(tmp_path, mt940([swift_entry(PAY, "Pay at\n:99:o'clock")])))

        assert line.description == "Pay at :99:o'clock"

    def test_with_a_balance_that_cannot_be_read_says_so(self, tmp_path: Path) -> None:
        file = read(put(tmp_path, mt940([swift_entry(PAY, "Pay")], closing=":62F:C260105EUR?")))

        assert [page.closing for page in file.balances(2)] == [None]
        assert [*file.findings()][1:] == [
            Finding("statement 1", "a balance is not checked", ":62F:C260105EUR? is not a balance")
        ]


class TestRefusals:
    @pytest.mark.parametrize(
        ("written", "complaint"),
        [
            ("260105X1,NTRF", "'260105X1,NTRF' is not an entry of MT940"),
            ("261305C1,NTRF", "value date '261305' is not a date"),
            ("2601050231C1,NTRF", "entry date '0231' is not a date"),
            ("260105C1,005NTRF", "'1.005' has more decimals than the currency (2)"),
            ("260105C1,2,3NTRF", "'1,2,3' is not an amount"),
            ("260105C,NTRF", "',' is not an amount"),
            ("260105C12345678901234567,NTRF", "'12345678901234567,' is too large an amount"),
            (
                "260105C1.234NTRF",
                "'1.234' can be thousands or decimals: say --decimal . or --decimal ,",
            ),
        ],
    )
    def test_name_the_entry_and_the_option_that_passes_over_it(
        self, tmp_path: Path, written: str, complaint: str
    ) -> None:
        path = put(tmp_path, mt940([":61:260105C1,NTRF", f":61:{written}", ":61:260105D2,NTRF"]))

        assert refusal(path) == f"line 2: {complaint}; to leave it out: --skip-line 2"
        assert [line.number for line in lines(path, skip_lines=frozenset({2}))] == [1, 3]

    def test_an_entry_within_another_line_is_not_lost(self, tmp_path: Path) -> None:
        path = put(tmp_path, mt940([":61:260105C1,NTRFNONREF :61:260105C2,NTRFNONREF"]))

        assert refusal(path).startswith("the file has 2 entries (:61:), of which 1 begin a line")

    @pytest.mark.parametrize(
        "change",
        [
            lambda read: [],
            lambda read: [[*read[0], *read[0]]],
            lambda read: [*read, *read],
        ],
    )
    def test_another_number_of_entries_than_the_library_reads_is_not_accepted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any
    ) -> None:
        monkeypatch.setattr(
            mt940_entry,
            "parse_statements",
            lambda *args, **options: change(parse_statements(*args, **options)),
        )

        assert "can be read in two ways" in refusal(put(tmp_path, mt940([":61:260105C1,NTRF"])))

    @pytest.mark.parametrize("key", ["amount", "date"])
    def test_another_sum_or_day_than_the_library_reads_is_not_accepted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
    ) -> None:

        def wrong(*args: Any, **options: Any) -> Any:
            read = parse_statements(*args, **options)
            other = parse_statements(args[0].__class__(":20:1\n:61:260106D1,NTRF\n"), **options)
            read[0][0].data[key] = other[0][0].data[key]
            return read

        monkeypatch.setattr(mt940_entry, "parse_statements", wrong)

        assert "can be read in two ways" in refusal(put(tmp_path, mt940([":61:260105C1,NTRF"])))


@FUZZ
@given(st.data())
def test_whatever_is_in_a_file_it_gives_lines_or_one_sentence(
    tmp_path: Path, data: st.DataObject
) -> None:
    content = (OWN / data.draw(st.sampled_from(SAMPLES))).read_bytes()

    assert_lines_or_refusal(
        put(tmp_path, mangled(data, content, b":?/,.-+{}^CDRE0126 \r\n")), "EUR"
    )


@FUZZ
@given(st.data())
def test_no_entry_is_lost_whatever_is_around_it(tmp_path: Path, data: st.DataObject) -> None:
    noise = st.lists(
        st.sampled_from([":20:X", ":25:1", ":28C:1", ":60F:C260101EUR1,", ":62F:C260101EUR1,"])
        | st.sampled_from(["-", "-}", "{4:", "text", ":86:text", ":NS:01x", ":99:x", "", ":940:"]),
        max_size=3,
    )
    count = data.draw(st.integers(1, 6))
    rows = [":20:X", ":60F:C260101EUR1,"]
    for number in range(1, count + 1):
        rows += [*data.draw(noise), f":61:260105C{number},NTRFNONREF", *data.draw(noise)]

    found = [line.amount for line in lines(put(tmp_path, "\n".join(rows)))]

    assert found == [number * 100 for number in range(1, count + 1)]


def test_a_long_file_is_not_held_in_memory(tmp_path: Path) -> None:
    path = put(tmp_path, mt940([swift_entry(PAY, german(PAY))] * 10_000))

    tracemalloc.start()
    count = sum(1 for _ in read(path).lines(2))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 10_000
    assert peak < 12 << 20
