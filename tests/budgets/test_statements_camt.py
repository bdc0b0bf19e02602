"""camt.053: what was booked comes in with its sign, its day and its text, in each version."""

import tracemalloc
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.statements import Account, Hints, PageBalances, read
from budgets.statements.lines import one_line
from tests.budgets.bank_messages import IBAN, Booking, bal, camt, money, ntry, stmt
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
COFFEE = Booking(DAY, -4_50, "Cafe", "Coffee", "R1")
PAY = Booking(DAY, 2500_00, "Employer", "Pay", "R2")
TEXTS = st.text(
    st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=60
).filter(lambda text: text == one_line(text) and not text.endswith(("\ufffe", "\uffff")))
BOOKINGS = st.builds(
    Booking,
    st.dates(date(1970, 1, 1), date(2099, 12, 31)),
    st.integers(-(10**12), 10**12).filter(bool),
    TEXTS,
    TEXTS,
    st.just("") | st.from_regex(r"[A-Z][A-Z0-9/-]{0,33}[A-Z0-9]", fullmatch=True),
)


def entry(*inside: str, cents: int = 10_00, status: str = "<Sts>BOOK</Sts>") -> str:
    day = "<BookgDt><Dt>2026-01-05</Dt></BookgDt>"
    return f"<Ntry>{money(cents)}{status}{day}{''.join(inside)}</Ntry>"


def details(*transactions: str) -> str:
    inside = "".join(f"<TxDtls>{each}</TxDtls>" for each in transactions)
    return f"<NtryDtls>{inside}</NtryDtls>"


@pytest.mark.parametrize("version", ["02", "08", "13"])
@FUZZ
@given(statements=st.lists(st.lists(BOOKINGS, max_size=5), min_size=1, max_size=3))
def test_bookings_come_back_from_each_version(
    tmp_path: Path, version: str, statements: list[list[Booking]]
) -> None:
    pages = [
        stmt(
            bal("PRCD", -7_00),
            bal("CLBD", sum(each.amount for each in page) - 7_00, "2026-01-31"),
            *(ntry(each, version) for each in page),
        )
        for page in statements
    ]

    file = read(put(tmp_path, camt(*pages, version=version)))

    assert file.accounts == (Account(IBAN, "EUR"),)
    assert [
        (line.page, line.posted, line.amount, line.description, line.external_id, line.currency)
        for line in file.lines(2)
    ] == [
        (at, each.day, each.amount, each.text, each.id, "EUR")
        for at, page in enumerate(statements, 1)
        for each in page
    ]
    assert [*file.balances(2)] == [
        PageBalances(
            at,
            IBAN,
            -7_00,
            sum(each.amount for each in page) - 7_00,
            date(2026, 1, 1),
            date(2026, 1, 31),
            "EUR",
        )
        for at, page in enumerate(statements, 1)
    ]


class TestAnEntry:
    @pytest.mark.parametrize(
        ("mark", "amount", "text"),
        [
            ("CRDT", 10_00, "Reversal of a debit: Shop"),
            ("DBIT", -10_00, "Reversal of a credit: Me"),
        ],
    )
    def test_goes_where_its_own_mark_says_when_it_undoes_another(
        self, tmp_path: Path, mark: str, amount: int, text: str
    ) -> None:
        parties = "<Dbtr><Nm>Me</Nm></Dbtr><Cdtr><Nm>Shop</Nm></Cdtr>"
        undone = entry("<RvslInd>true</RvslInd>", details(f"<RltdPties>{parties}</RltdPties>"))

        (line,) = lines(put(tmp_path, camt(stmt(undone.replace("CRDT", mark, 1)))))

        assert (line.amount, line.description) == (amount, text)

    @pytest.mark.parametrize("form", ["{}", "<Cd>{}</Cd>"])
    @pytest.mark.parametrize(
        ("code", "reason"),
        [("BOOK", ""), ("PDNG", "pending"), ("INFO", "for information"), ("FUTR", "in the future")],
    )
    def test_is_money_only_when_it_is_booked(
        self, tmp_path: Path, form: str, code: str, reason: str
    ) -> None:
        status = f"<Sts>{form.format(code)}</Sts>"

        (line,) = lines(put(tmp_path, camt(stmt(entry(status=status)))))

        assert (line.amount, line.not_booked, line.incoming) == (10_00, reason, not reason)

    def test_without_a_booking_date_has_its_value_date(self, tmp_path: Path) -> None:
        content = camt(stmt(entry())).replace("BookgDt>", "ValDt>")

        assert [line.posted for line in lines(put(tmp_path, content))] == [DAY]

    def test_that_is_pending_may_have_no_date(self, tmp_path: Path) -> None:
        pending = f"<Ntry>{money(1_00)}<Sts>PDNG</Sts></Ntry>"

        (line,) = lines(put(tmp_path, camt(stmt(pending))))

        assert (line.posted, line.not_booked) == (date(2026, 1, 31), "pending")

    @pytest.mark.parametrize(
        ("inside", "reference"),
        [
            ("<AcctSvcrRef>B1</AcctSvcrRef><NtryRef>N1</NtryRef>", "B1"),
            ("<NtryRef>N1</NtryRef>", "N1"),
            ("<NtryRef>0001</NtryRef>", ""),
            (details("<Refs><AcctSvcrRef>B2</AcctSvcrRef></Refs>"), "B2"),
            (details("<Refs><EndToEndId>E1</EndToEndId></Refs>"), "E1"),
            (details("<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"), ""),
            (details(*["<Refs><EndToEndId>E1</EndToEndId></Refs>"] * 2), ""),
            ("<AcctSvcrRef>0000</AcctSvcrRef>", ""),
        ],
    )
    def test_has_the_reference_that_is_the_same_in_each_export(
        self, tmp_path: Path, inside: str, reference: str
    ) -> None:
        (line,) = lines(put(tmp_path, camt(stmt(entry(inside)))))

        assert line.external_id == reference

    @pytest.mark.parametrize(
        ("inside", "text"),
        [
            ("<RltdPties><Dbtr><Nm>Ann</Nm></Dbtr></RltdPties>", "Ann"),
            ("<RltdPties><Dbtr><Pty><Nm>Ann</Nm></Pty></Dbtr></RltdPties>", "Ann"),
            (
                "<RltdPties><Dbtr><Agt><FinInstnId><Nm>Bank</Nm></FinInstnId></Agt></Dbtr>"
                "</RltdPties>",
                "Bank",
            ),
            (
                "<RltdAgts><DbtrAgt><FinInstnId><Nm>Bank</Nm></FinInstnId></DbtrAgt></RltdAgts>",
                "Bank",
            ),
            (
                "<RltdPties><Dbtr><Nm>Service</Nm></Dbtr><UltmtDbtr><Nm>Ann</Nm></UltmtDbtr>"
                "</RltdPties>",
                "Service (Ann)",
            ),
            ("<RmtInf><Ustrd>one</Ustrd><Ustrd>two</Ustrd></RmtInf>", "one two"),
            ("<RmtInf><Strd><CdtrRefInf><Ref>RF18</Ref></CdtrRefInf></Strd></RmtInf>", "RF18"),
            ("<AddtlTxInf>fee</AddtlTxInf>", "fee"),
        ],
    )
    def test_says_who_and_what_for(self, tmp_path: Path, inside: str, text: str) -> None:
        (line,) = lines(put(tmp_path, camt(stmt(entry(details(inside))))))

        assert line.description == text

    def test_without_details_has_the_text_of_the_bank(self, tmp_path: Path) -> None:
        content = camt(stmt(entry("<AddtlNtryInf>Interest &amp; fee</AddtlNtryInf>")))

        assert [line.description for line in lines(put(tmp_path, content))] == ["Interest & fee"]

    def test_in_another_currency_than_the_account_is_listed(self, tmp_path: Path) -> None:
        content = camt(stmt(entry(), entry().replace('"EUR"', '"USD"')))

        booked, listed = lines(put(tmp_path, content))

        assert booked.incoming
        assert listed.not_booked == "in USD, and the account is in EUR"
        assert not listed.incoming


class TestABatch:
    def test_is_one_line_with_the_sum_of_the_entry_and_lists_its_details(
        self, tmp_path: Path
    ) -> None:
        (line,) = lines(OWN / "camt-swiss-batch.xml", "CHF")

        assert (line.amount, line.currency) == (150_00, "CHF")
        assert line.description == (
            "Batch of 2: Muster AG: Invoice 17 100.00; Beispiel GmbH: Invoice 18 50.00"
        )

    def test_says_when_the_details_do_not_add_up(self, tmp_path: Path) -> None:
        batch = entry(details(*['<Amt Ccy="EUR">4.00</Amt>'] * 2))

        (line,) = lines(put(tmp_path, camt(stmt(batch))))

        assert line.amount == 10_00
        assert line.description == "Batch of 2: 4.00; 4.00 (the details add up to 8.00)"

    def test_of_many_is_listed_in_part_and_added_up_whole(self, tmp_path: Path) -> None:
        each = "<AmtDtls><TxAmt><Amt>0.01</Amt></TxAmt></AmtDtls>"

        (line,) = lines(put(tmp_path, camt(stmt(entry(details(*[each] * 1000))))))

        assert line.description.startswith("Batch of 1000: 0.01; ")
        assert line.description.endswith("; and 990 more")

    def test_that_is_not_itemised_is_named(self, tmp_path: Path) -> None:
        batch = entry("<NtryDtls><Btch><NbOfTxs>12</NbOfTxs></Btch></NtryDtls>")

        assert [each.description for each in lines(put(tmp_path, camt(stmt(batch))))] == [
            "Batch of 12"
        ]


class TestAStatement:
    def test_of_a_german_bank_is_read(self) -> None:
        file = read(OWN / "camt-german.xml")

        assert [
            (line.amount, line.description, line.external_id, line.not_booked)
            for line in file.lines(2)
        ] == [
            (2500_00, "Firma Beispiel: Gehalt Januar", "2026010500001", ""),
            (-45_90, "Stadtwerke Musterstadt: Strom Kunde 4711", "2026010500002", ""),
            (45_90, "Reversal of a debit: Stadtwerke Musterstadt: Lastschrift", "R-9", ""),
            (-12_00, "Karte", "", "pending"),
        ]
        assert [*file.balances(2)] == [
            PageBalances(1, IBAN, 100_00, 2600_00, date(2026, 1, 2), date(2026, 1, 5), "EUR")
        ]

    def test_has_its_own_account_and_currency(self, tmp_path: Path) -> None:
        content = camt(stmt(entry()), stmt(entry(), account="CH00", currency="CHF"))
        path = put(tmp_path, content.replace('"EUR"', '"CHF"'))

        file = read(path, hints=Hints(account="CH00"))

        assert file.accounts == (Account("CH00", "CHF"),)
        assert [line.page for line in file.lines(2)] == [2]

    @pytest.mark.parametrize(
        ("balances", "opening", "closing"),
        [
            ((bal("OPBD", 1_00), bal("PRCD", 2_00), bal("CLBD", 3_00)), 1_00, 3_00),
            ((bal("PRCD", -2_00), bal("ITBD", 3_00), bal("CLAV", 9_00)), -2_00, None),
            ((bal("CLBD", 5_00, "2026-01-03"), bal("CLBD", 4_00, "2026-01-02")), None, 5_00),
            ((bal("CLBD", 5_00), bal("CLBD", 4_00)), None, None),
            ((bal("CLBD", 5_00, currency="USD"),), None, None),
            ((), None, None),
        ],
    )
    def test_opens_and_closes_with_booked_balances(
        self, tmp_path: Path, balances: tuple[str, ...], opening: int | None, closing: int | None
    ) -> None:
        (page,) = read(put(tmp_path, camt(stmt(*balances, entry())))).balances(2)

        assert (page.opening, page.closing) == (opening, closing)

    def test_may_have_prefixes_an_envelope_and_no_namespace(self, tmp_path: Path) -> None:
        plain = camt(stmt(ntry(PAY)))
        prefixed = plain.replace("</", "</c:").replace("<", "<c:").replace("<c:/c:", "</c:")
        prefixed = prefixed.replace("<c:?", "<?").replace("xmlns=", "xmlns:c=")
        wrapped = plain.replace("<Document xmlns=", "<Envelope><Header/><Document xmlns=")
        bare = plain.replace(plain[plain.index(" xmlns") : plain.index("><BkTo")], "")

        for content in (prefixed, wrapped + "</Envelope>", bare):
            assert amounts(put(tmp_path, content)) == [2500_00]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso8859-1"])
    def test_is_read_in_the_encoding_of_its_bytes(self, tmp_path: Path, encoding: str) -> None:
        content = camt(stmt(ntry(Booking(DAY, 1_00, "Müller"))))
        content = content.replace("UTF-8", encoding.removesuffix("-sig").replace("iso", "ISO-"))

        (line,) = lines(put(tmp_path, content.encode(encoding)))

        assert line.description == "Müller: Rent"


class TestRefusals:
    @pytest.mark.parametrize(
        ("old", "new", "complaint"),
        [
            (">10.00<", ">-10.00<", "Amt '-10.00' is not an amount without a sign"),
            (">10.00<", ">10,00<", "Amt '10,00' is not an amount without a sign"),
            (">10.00<", ">10.005<", "'10.005' has more decimals than the currency (2)"),
            (">10.00<", "><", "Amt '' is not an amount without a sign"),
            (">CRDT<", ">D<", "CdtDbtInd 'D' is neither CRDT nor DBIT"),
            ("BOOK", "SOON", "Sts 'SOON' is none of BOOK, PDNG, INFO, FUTR"),
            ("01-05", "02-30", "'2026-02-30' is not a date"),
            ("<Dt>2026-01-05</Dt>", "", "the date is missing"),
            ("</CdtDbtInd>", "</CdtDbtInd><CdtDbtInd>DBIT</CdtDbtInd>", "CdtDbtInd is given twice"),
        ],
    )
    def test_name_the_entry_and_the_option_that_passes_over_it(
        self, tmp_path: Path, old: str, new: str, complaint: str
    ) -> None:
        path = put(tmp_path, camt(stmt(ntry(PAY), entry().replace(old, new), ntry(COFFEE))))

        assert refusal(path) == f"line 2: {complaint}; to leave it out: --skip-line 2"
        assert [line.number for line in lines(path, skip_lines=frozenset({2}))] == [1, 3]

    @pytest.mark.parametrize(
        "prolog",
        [
            '<!DOCTYPE a [<!ENTITY x "y">]>',
            "<!-- <a> --> <!DOCTYPE Document>",
            "<!-- <BkToCstmrStmt> -->" + " " * 70_000 + "<!DOCTYPE Document>",
        ],
    )
    def test_a_document_type_is_not_read(self, tmp_path: Path, prolog: str) -> None:
        path = put(tmp_path, camt(stmt(entry()), prolog=prolog))

        assert "declares a document type" in refusal(path)

    @pytest.mark.parametrize("cut", ["</Stmt>", "</BkToCstmrStmt>", "</Document>"])
    def test_a_file_that_is_cut_off_is_not_read(self, tmp_path: Path, cut: str) -> None:
        content = camt(stmt(entry()))

        assert "cut off" in refusal(put(tmp_path, content[: content.index(cut)]))

    def test_a_file_without_a_statement_is_not_read(self, tmp_path: Path) -> None:
        assert refusal(put(tmp_path, camt())) == (
            "the file has no statement (<Stmt>): export the account statement, camt.053"
        )


@FUZZ
@given(st.data())
def test_whatever_is_in_a_file_it_gives_lines_or_one_sentence(
    tmp_path: Path, data: st.DataObject
) -> None:
    content = (
        OWN / data.draw(st.sampled_from(["camt-german.xml", "camt-swiss-batch.xml"]))
    ).read_bytes()

    assert_lines_or_refusal(put(tmp_path, mangled(data, content, b"<>/&;\"'!-[]0123 \r\n")), "EUR")


def test_a_long_file_is_not_held_in_memory(tmp_path: Path) -> None:
    path = put(tmp_path, camt(stmt(*[ntry(PAY)] * 20_000)))

    tracemalloc.start()
    count = sum(1 for _ in read(path).lines(2))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 20_000
    assert peak < 12 << 20
