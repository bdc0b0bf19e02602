"""Bytes become text in the encoding that they were written in, or somebody is asked."""

from pathlib import Path

import pytest

from budgets.statements.source import ENCODINGS, inspect
from tests.budgets.statement_files import lines, ofx, put, refusal, transaction

HEAD = "Date;Amount;Text\n2025-01-31;1,50;"
WRONG = [
    ("cp1250", "Przelew ŻÓŁW za żywność"),
    ("iso8859-2", "Wpływy ŻABKA żywność kartą"),
    ("cp1250", "Příchozí platba převod účet český"),
    ("cp1251", "Перевод зарплата"),
    ("koi8-r", "Перевод зарплата"),
    ("cp1253", "Μισθός Ιανουαρίου"),
    ("cp1255", "שלום העברה"),
    ("cp1254", "Maaş ödemesi şube bağlant\u0131"),
    ("cp850", "Nómina año próximo"),
    ("mac-roman", "Überweisung Müller"),
    ("gb18030", "工资 转账"),
]  # fmt: skip
RIGHT = [
    "Überweisung Müller Grüße", "Café à la crème œuvre",
    "Transferência São João às", "Nómina año próximo ¿Qué?",
    "£5 Café N°12 m³ l\u2019été „Firma“ 5 €", "Køb Føtex århus Sæby",
    "Greiðsla þjónusta Ásdís", "töö Jõgi üks", "Área Pádraig Ó Súill Crèche",
    "Müller São Ørsted Nuñez Ångström", "Perché città più così", "1ª cuota nº 5 ½",
]  # fmt: skip


class TestWindows1252:
    @pytest.mark.parametrize(("encoding", "text"), WRONG)
    def test_is_asked_about_where_another_is_likely(
        self, tmp_path: Path, encoding: str, text: str
    ) -> None:
        path = put(tmp_path, (HEAD + text).encode(encoding))

        sentence = refusal(path)

        assert f"--encoding {encoding}" in sentence or f" or {encoding}" in sentence
        assert text[:12] in sentence
        assert sentence.endswith("or --encoding cp1252 if that is right")
        assert lines(path, encoding=encoding)[0].description == text
        assert lines(path, encoding="cp1252")[0].amount == 1_50

    @pytest.mark.parametrize("text", RIGHT)
    def test_is_read_where_it_is_likely(self, tmp_path: Path, text: str) -> None:
        path = put(tmp_path, (HEAD + text).encode("cp1252"))

        assert lines(path)[0].description == text

    def test_is_asked_about_in_ofx_too(self, tmp_path: Path) -> None:
        path = put(tmp_path, ofx(transaction(NAME="Wp\u0142ywy \u017bABKA")).encode("cp1250"))

        assert "say --encoding cp1250" in refusal(path)

    def test_that_cannot_be_names_one_that_can(self, tmp_path: Path) -> None:
        path = put(tmp_path, (HEAD + "Caf\u00e9 cr\u00e8me").encode("mac-roman"))

        assert refusal(path) == (
            "not text in cp1252: say --encoding of the file, such as mac-roman"
        )
        assert lines(path, encoding="mac-roman")[0].description == "Caf\u00e9 cr\u00e8me"

    @pytest.mark.parametrize(
        "text", ["スーパー 給与", "ATM出金 カード", "\uff2a\uff23\uff22 佐々木"]
    )
    def test_that_cannot_be_names_that_of_japan(self, tmp_path: Path, text: str) -> None:
        path = put(tmp_path, ("日付,摘要,金額\n2025/01/31," + text + ",5.00").encode("cp932"))

        assert "cp932" in refusal(path)
        assert lines(path, encoding="cp932")[0].description == text


class TestUtf16:
    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    @pytest.mark.parametrize("text", ["Caf\u00e9", "\u041f\u0435\u0440\u0435\u0432\u043e\u0434"])
    def test_is_read_with_a_mark_and_without(
        self, tmp_path: Path, encoding: str, text: str
    ) -> None:
        path = put(tmp_path, (HEAD + text).encode(encoding))

        assert [(line.amount, line.description) for line in lines(path)] == [(1_50, text)]

    def test_is_not_what_any_zero_byte_shows(self, tmp_path: Path) -> None:
        assert "binary" in refusal(put(tmp_path, b"Date;Amount\n2025-01-31;1\0\n"))


class TestTheList:
    @pytest.mark.parametrize("name", ENCODINGS)
    def test_has_encodings_of_text_alone(self, tmp_path: Path, name: str) -> None:
        path = put(tmp_path, "Date;Amount\n2025-01-31;1\n".encode(name))

        assert [line.amount for line in lines(path, encoding=name)] == [1_00]

    @pytest.mark.parametrize(
        "name",
        ["rot13", "hex", "base64", "zip", "bz2", "uu", "quopri", "idna", "punycode", "undefined",
         "unicode_escape", "raw_unicode_escape", "utf-7", "utf_8\0", "", " ", "klingon", "x" * 500],
    )  # fmt: skip
    def test_leaves_out_what_is_none(self, tmp_path: Path, name: str) -> None:
        path = put(tmp_path, "Date;Amount\n2025-01-31;1\n")

        if not name:
            assert inspect(path, name).encoding == "utf-8"
        else:
            assert refusal(path, encoding=name).startswith("no encoding ")

    @pytest.mark.parametrize("name", ["UTF8", "latin-1", "Windows-1250", "ISO_8859-2", "sjis"])
    def test_knows_their_other_names(self, tmp_path: Path, name: str) -> None:
        path = put(tmp_path, "Date;Amount\n2025-01-31;1\n")

        assert [line.amount for line in lines(path, encoding=name)] == [1_00]
