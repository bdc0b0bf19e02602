"""OFX that is refused: one sentence says where and why."""

from pathlib import Path

import pytest

from budgets.errors import BadStatement
from budgets.statements.ofx_amounts import SPECIFIED
from tests.budgets.statement_files import COFFEE, EXPORT, lines, ofx, put, refusal, transaction


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
            (
                {"TRNAMT": "1.005"},
                f"TRNAMT '1.005' has more decimals than the currency (2); {SPECIFIED}",
            ),
            (
                {"TRNAMT": "1,000"},
                f"TRNAMT '1,000' may be a decimal or thousands; {SPECIFIED}; "
                "say --decimal , if ',' is the decimal mark, else --decimal .",
            ),
            ({"TRNAMT": "9" * 18}, f"TRNAMT '{'9' * 18}' is too large an amount"),
            ({"TRNAMT": "1<TRNAMT>2"}, "TRNAMT is given twice"),
            ({"FITID": "1<FITID>2"}, "FITID is given twice"),
            (
                {"CORRECTACTION": "DELETE", "CORRECTFITID": "88"},
                "CORRECTACTION 'DELETE' takes back a transaction of an earlier file, with the id "
                "'88': if that was imported, correct its deposit by hand",
            ),
            (
                {"CURRENCY": "<CURRATE>1.1<CURSYM>USD"},
                "CURSYM 'USD' belongs to no CURRENCY",
            ),
        ],
    )
    def test_name_the_transaction_and_every_bad_field(
        self, tmp_path: Path, leaves: dict[str, str], complaint: str
    ) -> None:
        path = put(tmp_path, ofx(COFFEE, transaction(**leaves)))

        assert refusal(path) == f"line 2: {complaint}; to leave it out: --skip-line 2"

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", f"the file is empty: {EXPORT}"),
            (b" \r\n\t", f"the file is empty: {EXPORT}"),
            (b"<OFX>\0</OFX>", f"a binary file, which is not read: {EXPORT}"),
            (b"<xml></xml>", "not an OFX file: it has no <OFX>; export it again"),
            (b"OFXHEADER:100\n", "not an OFX file: it has no <OFX>; export it again"),
            (
                b"<OFX><SIGNONMSGSRSV1></SIGNONMSGSRSV1></OFX>",
                "the file holds no account statement; export one from the bank",
            ),
            (b"\xff\xfe<\xd8", "not text in utf-16: say --encoding of the file, such as cp1251"),
            (
                b"\xef\xbb\xbf<OFX>\xff",
                "not text in utf-8-sig: say --encoding of the file, such as cp1251",
            ),
            (b"<OFX>\x81\xff", "not text in cp1252: say --encoding of the file, such as cp1251"),
        ],
    )
    def test_say_what_a_file_is_instead(self, tmp_path: Path, content: bytes, reason: str) -> None:
        assert refusal(put(tmp_path, content)) == reason

    @pytest.mark.parametrize(
        ("old", "new", "reason"),
        [
            (
                "</OFX>",
                "",
                "after transaction 2: the file is cut off, </OFX> is missing; export it again",
            ),
            ("</OFX>", "</OFX><STMTRS></STMTRS>", "after transaction 2: <STMTRS> after </OFX>"),
            ("</OFX>", "</OFX>x", "after transaction 2: text outside any tag"),
            ("</BANKTRANLIST>", "x</BANKTRANLIST>x", "after transaction 2: text outside any tag"),
            ("</BANKTRANLIST>", "</X></BANKTRANLIST>", "after transaction 2: </X> closes nothing"),
            ("</STMTTRN></BANK", "</BANK", "after transaction 2: <STMTTRN> is not closed"),
            ("</STMTTRN><STMTTRN>", "<STMTTRN>", "after transaction 2: <STMTTRN> inside <STMTTRN>"),
            ("<BANKTRANLIST>", "<A>" * 200, "after transaction 0: more than 100 open tags"),
        ],
    )
    def test_say_where_the_markup_breaks(
        self, tmp_path: Path, old: str, new: str, reason: str
    ) -> None:
        path = put(tmp_path, ofx(COFFEE, COFFEE).replace(old, new, 1))

        assert refusal(path) == f"not well-formed OFX {reason}"

    def test_come_for_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        assert "No such file" in refusal(tmp_path / "none.ofx")
        assert "Is a directory" in refusal(tmp_path)

    def test_come_for_an_encoding_that_is_none(self, tmp_path: Path) -> None:
        for name in ("klingon", "hex", "rot13", "idna", "punycode", "unicode_escape", "a\0"):
            with pytest.raises(BadStatement, match="no encoding"):
                lines(put(tmp_path, ofx(COFFEE)), encoding=name)

    def test_do_not_wait_for_a_megabyte_without_tags(self, tmp_path: Path) -> None:
        path = put(tmp_path, ofx(transaction(MEMO="<![CDATA[" + "x" * 3_000_000)))

        assert refusal(path) == "not OFX: a megabyte without a tag; export it again"
