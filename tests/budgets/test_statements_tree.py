"""OFX markup: a tree comes back from either form of text, and what is not a tree is refused."""

import io
import re
from collections.abc import Callable
from html import escape
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from budgets.errors import BadStatement
from budgets.statements import Account, read
from budgets.statements.lines import one_line
from budgets.statements.markup import pieces, plain, tidied
from budgets.statements.tree import STATEMENTS, elements
from tests.budgets.statement_files import COFFEE, lines, ofx, put, refusal, transaction

type Tree = tuple[str, str | list[Tree]]
"""A tag, with a text for a leaf and with what is in it for an aggregate."""

LEAVES = ("DTPOSTED", "TRNAMT", "FITID", "NAME", "MEMO", "INTU.ID", "X_1")
AGGREGATES = ("PAYEE", "CURRENCY", "BANKACCTTO", "VENDOR.PART")
TEXTS = st.text().filter(str.strip) | st.sampled_from(
    ["a<b", "R&D", "&lt;", "]]>", "<NAME>x</NAME>"]
)


def trees(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[Tree]]:
    leaf = st.tuples(st.sampled_from(LEAVES), texts)
    return st.lists(
        st.recursive(
            leaf,
            lambda inner: st.tuples(st.sampled_from(AGGREGATES), st.lists(inner, max_size=4)),
            max_leaves=8,
        ),
        max_size=6,
    )


def xml(tree: Tree, closed: Callable[[], bool]) -> str:
    """Version 2: every tag is closed, and a text may stand in CDATA."""
    tag, inside = tree
    if not isinstance(inside, str):
        return f"<{tag}>{''.join(xml(each, closed) for each in inside)}</{tag}>\n"
    if not inside and closed():
        return f"<{tag}/>"
    plain_text = closed() or "]]>" in inside
    return f"<{tag}>{escape(inside) if plain_text else f'<![CDATA[{inside}]]>'}</{tag}>"


def sgml(tree: Tree, closed: Callable[[], bool]) -> str:
    """Version 1: the tag of a leaf may be closed or not; here never when the leaf is empty."""
    tag, inside = tree
    tag = tag if closed() else tag.lower()
    if not isinstance(inside, str):
        return f"<{tag}>\r\n{''.join(sgml(each, closed) for each in inside)}</{tag}>\r\n"
    return f"<{tag}>{escape(inside)}{f'</{tag}>' if inside and closed() else '\n'}"


def whole(element: Element) -> Tree:
    if element.tag in AGGREGATES or element.tag == "STMTTRN":
        return element.tag, [whole(child) for child in element]
    return element.tag, plain(element.text or "")


def shown(tree: Tree, *, empty: bool) -> Tree:
    """The tree with its texts as a person reads them, and with its empty leaves or without."""
    tag, inside = tree
    if isinstance(inside, str):
        return tag, one_line(inside)
    return tag, [shown(each, empty=empty) for each in inside if each[1] != "" or empty]


@pytest.mark.parametrize(("write", "empty"), [(xml, True), (sgml, False)], ids=["xml", "sgml"])
def test_a_tree_comes_back_from_its_text(write: Callable[..., str], empty: bool) -> None:
    """A leaf that is empty and open is as good as not there, and takes nothing of what follows."""

    @given(st.lists(trees(TEXTS | st.just("")), max_size=3), st.data())
    def comes_back(transactions: list[list[Tree]], data: st.DataObject) -> None:
        written: list[Tree] = [("STMTTRN", inside) for inside in transactions]
        text = ofx(*(write(each, lambda: data.draw(st.booleans())) for each in written))

        found = elements(pieces(io.StringIO(text)))

        back = [whole(element) for element in found if element.tag == "STMTTRN"]
        assert back == [shown(each, empty=empty) for each in written]

    comes_back()


@given(st.lists(trees(TEXTS), min_size=1, max_size=4), st.data())
def test_where_the_text_is_cut_into_pieces_makes_no_difference(
    transactions: list[list[Tree]], data: st.DataObject
) -> None:
    text = tidied(ofx(*(sgml(("STMTTRN", each), lambda: True) for each in transactions)))
    tags = re.split(r"(?=<[A-Z])", text)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(tags)))) | {0, len(tags)})
    cut = ["".join(tags[a:b]) for a, b in pairwise(cuts)]

    assert [*map(whole, elements(cut))] == [*map(whole, elements([text]))]


TOKENS = [
    "<STMTTRN>", "</STMTTRN>", "<STMTRS>", "</STMTRS>", "<BANKTRANLIST>", "</BANKTRANLIST>",
    "<BANKACCTFROM>", "</BANKACCTFROM>", "<OFX>", "</OFX>", "<CCSTMTRS>", "</CCSTMTRS>",
    "<NAME>", "</NAME>", "<FITID>1", "</FITID>", "<ACCTID>7", "text", " \r\n", "<", ">", "&",
    "<x y>", "<a:b/>", "<![CDATA[", "]]>", "<!--", "-->", "<?x?>", "\0",
]  # fmt: skip


@given(st.lists(st.sampled_from(TOKENS), max_size=25))
@example(["<STMTRS>", "<BANKACCTFROM>", "<STMTTRN>", "</STMTTRN>", "</BANKACCTFROM>", "</STMTRS>"])
@example(["<BANKACCTFROM>", "<STMTRS>", "<STMTTRN>", "</STMTTRN>", "</STMTRS>", "</BANKACCTFROM>"])
@example(["<BANKACCTFROM>", "<STMTRS>", "</STMTRS>", "</BANKACCTFROM>"])
@example(["<STMTRS>", "<STMTTRN>", "<STMTTRN>text", "</STMTTRN>", "</STMTTRN>", "</STMTRS>"])
def test_any_text_gives_all_its_transactions_or_one_sentence(tokens: list[str]) -> None:
    text = "".join(["<OFX>", *tokens, "</OFX>"])

    found, sentence = None, ""
    try:
        found = [element.tag for element in elements(pieces(io.StringIO(text)))]
    except BadStatement as refused:
        sentence = str(refused)

    if found is None:
        assert len(sentence.splitlines()) == 1
    else:
        hidden = re.sub(r"(?s)<!\[CDATA\[.*?\]\]>|<!--.*?-->", "", text)
        assert found.count("STMTTRN") == hidden.count("<STMTTRN>")
        assert sum(map(found.count, STATEMENTS)) == len(re.findall("<(?:CC)?STMTRS>", hidden))


class TestWhatBanksWrite:
    def test_a_list_may_never_be_closed(self, tmp_path: Path) -> None:
        path = put(tmp_path, ofx(COFFEE, COFFEE).replace("</BANKTRANLIST>", "<LEDGERBAL><BALAMT>1"))

        assert [line.amount for line in lines(path)] == [-4_50, -4_50]

    def test_the_account_and_the_currency_may_come_after_the_transactions(
        self, tmp_path: Path
    ) -> None:
        statement = ofx(COFFEE)
        for part in re.findall("<CURDEF>.*</CURDEF>|<BANKACCTFROM>.*</BANKACCTFROM>", statement):
            statement = statement.replace(part, "").replace("</STMTRS>", f"{part}</STMTRS>")

        (line,) = lines(put(tmp_path, statement))

        assert (line.account, line.currency) == ("7", "EUR")

    def test_each_statement_has_its_own_account(self, tmp_path: Path) -> None:
        first, second = (ofx(COFFEE, account=account) for account in ("7", "8"))
        both = first.replace("</STMTTRNRS>", "").replace(
            "</BANKMSGSRSV1>",
            second[second.index("<STMTRS>") : second.index("</BANKMSGSRSV1>")] + "</BANKMSGSRSV1>",
        )

        assert [line.account for line in lines(put(tmp_path, both))] == ["7", "8"]

    def test_accounts_outside_statements_are_not_theirs(self, tmp_path: Path) -> None:
        listed = "<ACCTINFO><BANKACCTFROM><ACCTID>9</BANKACCTFROM><CURDEF>USD</ACCTINFO>"
        path = put(tmp_path, ofx(COFFEE).replace("<BANKMSGSRSV1>", f"<BANKMSGSRSV1>{listed}"))

        assert read(path).accounts == (Account("7", "EUR"),)

    def test_the_account_of_a_transfer_is_not_the_statements(self, tmp_path: Path) -> None:
        transfer = "<TRANSFER><INVACCTFROM><ACCTID>9</INVACCTFROM></TRANSFER>"
        path = put(tmp_path, ofx(COFFEE).replace("</STMTTRN>", f"</STMTTRN>{transfer}"))

        assert [line.account for line in lines(path)] == ["7"]

    def test_a_comment_hides_what_is_in_it(self, tmp_path: Path) -> None:
        path = put(tmp_path, ofx(f"<!-- {COFFEE} --><!---->", transaction(NAME="a<!-- > -->b")))

        assert [line.description for line in lines(path)] == ["ab"]

    def test_a_transaction_inside_a_long_comment_is_not_cut_out_of_it(self, tmp_path: Path) -> None:
        path = put(tmp_path, ofx(COFFEE, f"<!-- {'x' * 200_000}{COFFEE}{'x' * 400_000} -->"))

        assert len(lines(path)) == 1

    def test_a_comment_that_ended_does_not_make_the_pieces_longer(self, tmp_path: Path) -> None:
        long = [transaction(MEMO="x" * 100_000)] * 30

        assert len(lines(put(tmp_path, ofx("<!-- a -->", *long)))) == 30

    def test_a_long_transaction_is_cut_at_a_tag_and_not_at_what_looks_like_one(
        self, tmp_path: Path
    ) -> None:
        memo = "x" * 1_200_000 + " <jo@ex.org> " + "y" * 300_000

        (line,) = lines(put(tmp_path, ofx(transaction(MEMO=memo))))

        assert line.description == memo

    @pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "", " "])
    def test_a_header_may_end_its_lines_in_any_way_or_not_at_all(
        self, tmp_path: Path, line_end: str
    ) -> None:
        fields = ["OFXHEADER:100", "ENCODING:USASCII", "CHARSET:1250", "COMPRESSION:NONE"]
        content = line_end.join([*fields, ofx(transaction(NAME="Łódź"))])

        (line,) = lines(put(tmp_path, content.encode("cp1250")))

        assert line.description == "Łódź"

    def test_a_header_may_come_after_other_lines_that_end_in_cr(self, tmp_path: Path) -> None:
        assert len(lines(put(tmp_path, f"X-Mail: 1\rOFXHEADER:100\r{ofx(COFFEE)}"))) == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("old", "new", "reason"),
        [
            ("<STMTRS>", "<X>", "1: <STMTTRN> outside a statement"),
            ("</STMTRS>", f"</STMTRS>{COFFEE}", "3: <STMTTRN> outside a statement"),
            ("<BANKTRANLIST>", "<STMTRS>", "0: <STMTRS> inside a statement"),
            ("<BANKTRANLIST>", "<CCSTMTRS>", "0: <CCSTMTRS> inside a statement"),
            ("</BANKACCTFROM>", "", "1: <STMTTRN> inside <BANKACCTFROM>"),
            ("</STMTRS>", "", "2: <STMTRS> is not closed"),
        ],
    )
    def test_say_what_stands_where_it_cannot(
        self, tmp_path: Path, old: str, new: str, reason: str
    ) -> None:
        path = put(tmp_path, ofx(COFFEE, COFFEE).replace(old, new, 1))

        assert refusal(path) == f"not well-formed OFX after transaction {reason}"

    @pytest.mark.parametrize(
        "declaration",
        [
            '<!DOCTYPE OFX SYSTEM "http://example.org/ofx.dtd">',
            '<!DOCTYPE OFX [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
            '<!doctype OFX [<!ENTITY file SYSTEM "file:///etc/passwd">]>',
        ],
    )
    def test_come_for_xml_that_declares_a_document_type(
        self, tmp_path: Path, declaration: str
    ) -> None:
        path = put(tmp_path, f'<?xml version="1.0"?>{declaration}{ofx(COFFEE)}')

        assert refusal(path) == (
            "the file declares a document type or entities: take the <!...> out"
        )

    def test_no_entity_but_a_character_is_resolved(self, tmp_path: Path) -> None:
        path = put(tmp_path, ofx(transaction(NAME="&file; &#x41;&amp;amp;")))

        assert lines(path)[0].description == "&file; A&amp;"
