"""OFX markup in pieces of whole tags, all written in one form.

What is written in another form is either repaired or turned into text, so that nothing is lost
without a word. Nothing is looked up: a document type is refused, and of entities only characters
are known.
"""

import html
import re
from collections.abc import Iterator
from functools import partial
from typing import TextIO

from budgets.errors import BadStatement
from budgets.statements.lines import one_line
from budgets.statements.source import BLOCK

_ROOT = re.compile(r"<(?:[A-Za-z]\w*:)?OFX[\s>]", re.IGNORECASE)
PART = re.compile(
    r"<(?:(?P<outer>(?:BANK|CREDITCARD|SIGNON|INVSTMT)MSGSRSV1|(?:CC|INV)?STMT(?:TRN)?RS)"
    r"|CURDEF|(?:BANK|CC)ACCTFROM|BANKTRANLIST|STMTTRN)[\s>]",
    re.IGNORECASE,
)
"""A tag with which a part of an OFX file begins: around statements, or within one."""
_LONGEST_HEADER = 1 << 16  # characters
_LONGEST_TRANSACTION = 1 << 20  # characters
_DOCTYPE = re.compile(r"\s*<\?.*<!(?:DOCTYPE|ENTITY)\b", re.IGNORECASE | re.DOTALL)
_OPENING = re.compile(r"<[A-Za-z][A-Za-z0-9._-]*(?:\s[^<>]*)?>")
_HIDING = re.compile(r"<!(?:\[CDATA\[|--)")

# No alternative can run past the next "<" or its own opening, so a hostile file costs linear time.
_ODD = re.compile(
    r"""<(?!/?[A-Z][A-Z0-9._]*>)
    (?: !\[CDATA\[ (?P<cdata>(?:(?!\]\]>|<!\[CDATA\[).)*) \]\]>
      | !--(?:(?!-->|<!--).)*-->
      | [?!][^<>]*>
      | (?P<end>/?) (?:[A-Za-z][A-Za-z0-9]*:)? (?P<tag>[A-Za-z][A-Za-z0-9._-]*)
            (?:\s[^<>]*?)? (?P<empty>/?)>
      | (?P<bare>) )""",
    re.VERBOSE | re.DOTALL,
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp);")


def pieces(file: TextIO) -> Iterator[str]:
    """The body from `<OFX>` on, cut before opening tags, preferably those of transactions.

    A part of an OFX file, which begins with an inner tag, comes with the outer tags that it lacks.
    Raises BadStatement when there is no such tag, or a document type before it, or no place to cut
    in a megabyte.
    """
    pending, outer = _body(file)
    if not outer:
        yield from _whole_tags(file, pending)
        return
    yield "".join(f"<{tag}>" for tag in outer)
    lists = 0
    for piece in _whole_tags(file, pending):
        lists += piece.count("<BANKTRANLIST>") - piece.count("</BANKTRANLIST>")
        yield piece
    if lists:
        raise BadStatement("the file is cut off, </BANKTRANLIST> is missing; export it again")
    yield "".join(f"</{tag}>" for tag in reversed(outer))


def _whole_tags(file: TextIO, pending: str) -> Iterator[str]:
    for block in iter(partial(file.read, BLOCK), ""):
        pending += block
        if cut := _cut(pending):
            yield tidied(pending[:cut])
            pending = pending[cut:]
        elif len(pending) > 2 * _LONGEST_TRANSACTION:
            raise BadStatement("not OFX: a megabyte without a tag; export it again")
    yield tidied(pending)


def _body(file: TextIO) -> tuple[str, tuple[str, ...]]:
    """The body as far as it was read, and the tags that it lacks around it."""
    head = file.read(_LONGEST_HEADER)
    root = _ROOT.search(head)
    inner = None if root else PART.search(head)
    start = root or inner
    if not start:
        raise BadStatement("not an OFX file: it has no <OFX>; export it again")
    if _DOCTYPE.match(head, 0, start.start()):
        raise BadStatement("the file declares a document type or entities: take the <!...> out")
    outer = () if inner is None else ("OFX",) if inner["outer"] else ("OFX", "STMTRS")
    return head[start.start() :], outer


def _cut(text: str) -> int:
    """Where to cut: before the last transaction, or in a long one before its last tag."""
    cut = max(text.rfind("<STMTTRN>"), text.rfind("<stmttrn>"))
    if cut <= 0 and len(text) > _LONGEST_TRANSACTION:
        cut = max((tag.start() for tag in _OPENING.finditer(text)), default=0)
    return 0 if cut <= 0 or _hidden(text, cut) else cut


def _hidden(text: str, cut: int) -> bool:
    """Whether CDATA or a comment begins before `cut` and ends behind it."""
    end = 0
    while end >= 0 and (start := _HIDING.search(text, end, cut)):
        end = text.find("-->" if start[0] == "<!--" else "]]>", start.end(), cut)
    return end < 0


def tidied(text: str) -> str:
    """Upper-case tags without attributes, CDATA as escaped text, a stray "<" as "&lt;"."""
    return _ODD.sub(_repaired, text)


def _repaired(odd: re.Match[str]) -> str:
    if odd["cdata"] is not None:
        return html.escape(odd["cdata"], quote=False)
    if odd["bare"] is not None:
        return "&lt;"
    if not odd["tag"]:
        return ""
    tag = odd["tag"].upper().replace("-", "_")
    return f"<{tag}></{tag}>" if odd["empty"] else f"<{odd['end']}{tag}>"


def plain(text: str) -> str:
    """Text as a person reads it: in one line, entities resolved once."""
    bare = text.strip()
    if bare.isprintable() and "&" not in bare and "  " not in bare:
        return bare
    if "&" in text:
        text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    return one_line(text)
