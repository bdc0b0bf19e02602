"""The elements of an OFX file: version 1 (SGML), whose leaves need no closing tag, and 2 (XML).

A tag with text behind it is a leaf. A tag without text is an aggregate, or a leaf that the bank
left empty: it was a leaf when an outer tag closes first. So no list of tags is needed, and the
tags of vendors are read like all others.
"""

import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, SubElement

from budgets.errors import BadStatement

TRANSACTION = "STMTTRN"
STATEMENTS = frozenset({"STMTRS", "CCSTMTRS", "INVSTMTRS"})
OWNERS = frozenset({"BANKACCTFROM", "CCACCTFROM", "INVACCTFROM"})

_WHOLE = OWNERS | {TRANSACTION}
_CLOSED = STATEMENTS | _WHOLE | {"OFX"}
"""What lacks the closing tag of one of these may lack more. Lists are not among them: some banks
never close theirs."""
_DEEPEST = 100  # open tags

_TAG = re.compile(r"<(/?[A-Z][A-Z0-9._]*)>([^<]*)(?:(</)\1>([^<]*))?")
"""A tag and its text; when its own closing tag comes next, "</" and the text behind that."""


def elements(pieces: Iterable[str]) -> Iterator[Element]:
    """Each element of each statement as it closes, and at last the statement itself.

    A transaction and the account of a statement come with all that is in them; other elements
    come without children, which came before. `pieces` are those of `markup.pieces`, and one of
    them at a time is in memory. Raises BadStatement, which names the last transaction, for
    markup that leaves open what belongs where.

    >>> whole = "<OFX><STMTRS><CURDEF>EUR<STMTTRN><FITID>7<NAME>Ann</STMTTRN></STMTRS></OFX>"
    >>> [(element.tag, [child.text for child in element]) for element in elements([whole])]
    [('CURDEF', []), ('STMTTRN', ['7', 'Ann']), ('STMTRS', [])]
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
        for tag, text, closed, behind in _TAG.findall(piece):
            text = text.strip()
            closing = tag[0] == "/"
            if (closing and text) or behind.strip():
                raise self._broken("text outside any tag")
            if closing:
                self._end(tag[1:])
            elif text and self._whole is not None and tag not in _CLOSED:
                SubElement(self._open[-1], tag).text = text
            else:
                self._start(tag).text = text
                if text or closed:
                    self._end(tag)
        return self._finished

    def finish(self) -> None:
        """Raises BadStatement unless the file came to its end."""
        if not self._ended:
            raise self._broken("the file is cut off, </OFX> is missing")

    def _start(self, tag: str) -> Element:
        if self._ended:
            raise self._broken(f"<{tag}> after </OFX>")
        if len(self._open) == _DEEPEST:
            raise self._broken(f"more than {_DEEPEST} open tags")
        if tag in _CLOSED:
            self._enter(tag)
        element = Element(tag) if self._whole is None else SubElement(self._open[-1], tag)
        if self._whole is None and self._statement and tag in _WHOLE:
            self._whole = element
        self._open.append(element)
        return element

    def _enter(self, tag: str) -> None:
        """Refuse a statement or a transaction where it would count for another, or for none."""
        if tag == TRANSACTION:
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
