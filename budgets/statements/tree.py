"""The elements of an OFX file: version 1 (SGML), whose leaves need no closing tag, and 2 (XML).

A tag with text behind it is a leaf. A tag without text is an aggregate, or a leaf that the bank
left empty: it was a leaf when an outer tag closes first. So no list of tags is needed, and the
tags of vendors are read like all others. A file may hold several documents, one after the other.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement

from budgets.errors import BadStatement

TRANSACTION = "STMTTRN"
PENDING = "STMTTRNP"  # OFX 2.2, 11.4.2.3.2: a transaction that is not booked yet
DOCUMENT = "OFX"
STATEMENTS = frozenset({"STMTRS", "CCSTMTRS", "INVSTMTRS"})
OWNERS = frozenset({"BANKACCTFROM", "CCACCTFROM", "INVACCTFROM"})

_TRANSACTIONS = frozenset({TRANSACTION, PENDING})
_WHOLE = OWNERS | _TRANSACTIONS
_CLOSED = STATEMENTS | _WHOLE | {"OFX"}
"""What lacks the closing tag of one of these may lack more. Lists are not among them: some banks
never close theirs."""
_DEEPEST = 100  # open tags

_TAG = re.compile(r"<(/?[A-Z][A-Z0-9._]*)>([^<]*)(?:(</)\1>([^<]*))?")
"""A tag and its text; when its own closing tag comes next, "</" and the text behind that."""
_FLAT = re.compile(
    r"<STMTTRN>\s*+(?:<([A-Z][A-Z0-9._]*+)>\s*+(?:[^<\s][^<]*+(?:</\1>\s*+)?|</\1>\s*+))++"
    r"</STMTTRN>\s*+"
)
"""A transaction that has only leaves, none of them both empty and open."""
_OPENED = len("<STMTTRN>")
_LEAF = re.compile(r"<([A-Z][A-Z0-9._]*+)>([^<]*+)")
_HEADER = re.compile(r"\s*OFXHEADER\s*:[^<]{,2000}")
_NOTHING = " \t\r\n\x1a\ufeff"  # may follow a document: white space, an end of file, a mark


class Transaction(NamedTuple):
    """A transaction: the text of each leaf by its tag, one in `CURRENCY` by "CURRENCY/CURSYM".

    `tag` is `TRANSACTION` or `PENDING`. Texts are as written. `twice` has the tags of leaves that
    came again with another text; the first one counts.
    """

    tag: str
    leaves: dict[str, str]
    twice: frozenset[str] = frozenset()


def parts(pieces: Iterable[str]) -> Iterator[Element | Transaction]:
    """What `elements` gives, transactions as `Transaction`.

    One that has only leaves, as nearly all have, is read in a few steps.

    >>> whole = "<OFX><STMTRS><STMTTRN><FITID>7<NAME>Ann</STMTTRN></STMTRS></OFX>"
    >>> next(parts([whole])).leaves
    {'FITID': '7', 'NAME': 'Ann'}
    """
    tree = _Tree()
    for piece in pieces:
        at = 0
        for found in _FLAT.finditer(piece):
            start, end = found.span()
            if at < start:
                yield from map(_part, tree.take(piece[at:start]))
            at = start
            leaves = _LEAF.findall(piece, start + _OPENED, end)
            by_tag = dict(leaves)
            if len(by_tag) == len(leaves) and _CLOSED.isdisjoint(by_tag) and tree.counts():
                yield Transaction(TRANSACTION, by_tag)
                at = end
        yield from map(_part, tree.take(piece[at:]))
    tree.finish()


def _part(element: Element) -> Element | Transaction:
    if element.tag not in _TRANSACTIONS:
        return element
    leaves: dict[str, str] = {}
    twice = set()
    for name, text in _leaves(element):
        if text != leaves.setdefault(name, text):
            twice.add(name)
    return Transaction(element.tag, leaves, frozenset(twice))


def _leaves(element: Element) -> Iterator[tuple[str, str]]:
    for child in element:
        if not len(child):
            yield child.tag, child.text or ""
        for leaf in child:
            yield f"{child.tag}/{leaf.tag}", leaf.text or ""


def elements(pieces: Iterable[str]) -> Iterator[Element]:
    """Each element of each statement as it closes, then the statement, at last its document.

    A transaction and the account of a statement come with all that is in them; other elements
    come without children, which came before. `pieces` are those of `markup.pieces`, and one of
    them at a time is in memory. Raises BadStatement, which names the last transaction, for
    markup that leaves open what belongs where.

    >>> whole = "<OFX><STMTRS><CURDEF>EUR<STMTTRN><FITID>7<NAME>Ann</STMTTRN></STMTRS></OFX>"
    >>> [(element.tag, [child.text for child in element]) for element in elements([whole])]
    [('CURDEF', []), ('STMTTRN', ['7', 'Ann']), ('STMTRS', []), ('OFX', [])]
    """
    tree = _Tree()
    for piece in pieces:
        yield from tree.take(piece)
    tree.finish()


class _Tree:
    """The open tags, outermost first."""

    def __init__(self) -> None:
        self._open: list[Element] = []
        self._statement = False  # whether one is open
        self._whole: Element | None = None  # the open element that keeps its children
        self._finished: list[Element] = []
        self._transactions = 0
        self._ended = False

    def take(self, piece: str) -> list[Element]:
        """Read on. Returns the elements that closed."""
        self._finished = []
        if piece and piece[0] != "<" and piece.partition("<")[0].strip(_NOTHING):
            raise self._broken("text outside any tag")
        for tag, text, closed, behind in _TAG.findall(piece):
            text = text.strip()
            closing = tag[0] == "/"
            if (closing and text) or behind.strip():
                self._require_header(tag, text, behind)
            if closing:
                self._end(tag[1:])
            elif text and self._whole is not None and tag not in _CLOSED:
                SubElement(self._open[-1], tag).text = text
            else:
                self._start(tag).text = text
                if text or closed:
                    self._end(tag)
        return self._finished

    def counts(self) -> bool:
        """Count a transaction that is read apart, if one may stand here."""
        if not self._statement or self._whole is not None:
            return False
        self._transactions += 1
        return True

    def finish(self) -> None:
        """Raises BadStatement unless the file came to its end."""
        if not self._ended:
            raise self._broken("the file is cut off, </OFX> is missing; export it again")

    def _require_header(self, tag: str, text: str, behind: str) -> None:
        """Refuse text outside of tags, unless it is the header of the next document."""
        text = f"{text}{behind}".strip(_NOTHING)
        if text and not (tag in ("/OFX", "OFX") and _HEADER.fullmatch(text)):
            raise self._broken("text outside any tag")

    def _start(self, tag: str) -> Element:
        if self._ended and tag != "OFX":
            raise self._broken(f"<{tag}> after </OFX>")
        if len(self._open) == _DEEPEST:
            raise self._broken(f"more than {_DEEPEST} open tags")
        self._ended = False
        if tag in _CLOSED:
            self._enter(tag)
        element = Element(tag) if self._whole is None else SubElement(self._open[-1], tag)
        if self._whole is None and self._statement and tag in _WHOLE:
            self._whole = element
        self._open.append(element)
        return element

    def _enter(self, tag: str) -> None:
        """Refuse a statement or a transaction where it would count for another, or for none."""
        if tag in _TRANSACTIONS:
            self._transactions += 1
            if self._whole is not None:
                raise self._broken(f"<{tag}> inside <{self._whole.tag}>")
            if not self._statement:
                raise self._broken(f"<{tag}> outside a statement")
        elif tag in STATEMENTS:
            if self._statement:
                raise self._broken(f"<{tag}> inside a statement")
            self._statement = True

    def _end(self, tag: str) -> None:
        """Close `tag`, and the leaves in it that the bank left empty and open."""
        if not self._open or self._open[-1].tag != tag:
            self._drop_empty_leaves(tag)
        element = self._open.pop()
        if element is self._whole:
            self._whole = None
        if self._statement and self._whole is None:
            self._finished.append(element)
        if tag in STATEMENTS:
            self._statement = False
        self._ended = not self._open
        if self._ended:
            self._finished.append(Element(DOCUMENT))

    def _drop_empty_leaves(self, tag: str) -> None:
        """Give what seems to be in the open leaves to `tag`, to which it belongs."""
        if all(element.tag != tag for element in self._open):
            raise self._broken(f"</{tag}> closes nothing")
        while self._open[-1].tag != tag:
            leaf = self._open.pop()
            if leaf.tag in _CLOSED:
                raise self._broken(f"<{leaf.tag}> is not closed")
            if self._whole is not None:
                parent = self._open[-1]
                del parent[-1]
                parent.extend(leaf)

    def _broken(self, what: str) -> BadStatement:
        return BadStatement(f"not well-formed OFX after transaction {self._transactions}: {what}")
