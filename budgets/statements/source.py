"""The file itself, read once: a copy of it, its digest, and how its bytes become text."""

import codecs
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import TextIO

from budgets.errors import BadStatement
from budgets.statements.alphabets import WESTERN, guesses, require_likely, sample_of
from budgets.statements.spool import Spool
from budgets.statements.unread import READ, refuse_binary

BLOCK = 1 << 18  # bytes of a file, characters of its text
_HEAD = 2048  # bytes
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Some banks write the header in one line, with nothing between its fields.
_DECLARED = re.compile(
    rb"""(?:CHARSET:|ENCODING:|\bencoding\s*=\s*["'])\s*((?:(?!CHARSET|COMPRESSION)[\w-])+)"""
)
ENCODINGS = (
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "ascii", "cp1252"),
    *("cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874"),
    *(f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))),
    *("mac-roman", "mac-latin2", "mac-cyrillic", "mac-greek", "mac-turkish", "koi8-r", "koi8-u"),
    *("cp437", "cp850", "cp852", "cp855", "cp857", "cp858", "cp860", "cp861", "cp862", "cp863"),
    *("cp864", "cp865", "cp866", "cp737", "cp775", "tis-620", "shift-jis", "cp932", "euc-jp"),
    *("iso2022-jp", "gb2312", "gbk", "gb18030", "big5", "cp950", "euc-kr", "cp949"),
)
"""The encodings of text that banks write."""
_NAMES = frozenset(codecs.lookup(name).name for name in ENCODINGS)
_EXPORT = f"export the statement as {READ}"
_CODE_PAGE = re.compile(r"(?:cp|windows-?)?(\d{3,4})")
_ISO = re.compile(r"iso-?8859-?(\d+)")


@dataclass(frozen=True, slots=True)
class Source:
    """A copy of a file that is text throughout in `encoding`; `sha256` is of all its bytes."""

    path: Path
    sha256: str
    encoding: str
    copy: Spool

    @contextmanager
    def text(self) -> Iterator[TextIO]:
        """Read the copy as text, line ends untouched."""
        with TextIOWrapper(self.copy.reader(), encoding=self.encoding, newline="") as file:
            yield file

    def head(self, size: int) -> str:
        """The first `size` characters."""
        with self.text() as file:
            return file.read(size)


def inspect(path: Path, encoding: str = "") -> Source:
    """Open the file and read it once: copy it, digest it, and find an encoding that fits all of it.

    Without an `encoding` that is UTF-8 if it can be, else what an OFX header says,
    else Windows-1252; a byte order mark decides by itself. Raises BadStatement for a
    file that is missing, empty, binary, or not in the encoding it claims, and for one that hardly
    is Windows-1252.
    """
    copy, digest = Spool(), hashlib.sha256()
    with _translated(path), path.open("rb") as file:
        blocks = iter(partial(file.read, BLOCK), b"")
        first = next(blocks, b"")
        refuse_binary(first)
        texts = [_Text(name) for name in _candidates(first[:_HEAD], encoding)]
        for block in chain([first], blocks):
            digest.update(block)
            copy.write(block)
            for text in texts:
                text.take(block)
    text = next((text for text in texts if text.fits()), texts[-1])
    text.require_statement(copy)
    if text.encoding == WESTERN and not encoding:
        require_likely(copy.reader())
    return Source(path, digest.hexdigest(), text.encoding, copy)


class _Text:
    """What is known of a file as text in one encoding, block by block."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._wrong = self._binary = False
        self._blank = True

    def take(self, block: bytes, *, last: bool = False) -> None:
        """Decode the next block, unless the file is known to be no text in the encoding."""
        if self._wrong or self._binary:
            return
        try:
            text = self._decoder.decode(block, last)
        except UnicodeError:
            self._wrong = True
            return
        self._binary = "\0" in text
        self._blank = self._blank and (not text or text.isspace())

    def fits(self) -> bool:
        """Whether the file, which has ended, is text in the encoding."""
        self.take(b"", last=True)
        return not self._wrong

    def require_statement(self, copy: Spool) -> None:
        """Raises BadStatement for a file that is not text, or empty."""
        if self._wrong:
            guess = next(guesses(sample_of(copy.reader())), WESTERN)
            other = "utf-8" if guess == self.encoding else guess.replace("_", "-")
            raise BadStatement(
                f"not text in {self.encoding}: say --encoding of the file, such as {other}"
            )
        if self._binary:
            raise BadStatement(f"a binary file, which is not read: {_EXPORT}")
        if self._blank:
            raise BadStatement(f"the file is empty: {_EXPORT}")


def _candidates(head: bytes, encoding: str) -> list[str]:
    """The encodings to try, in order."""
    if encoding:
        return [_known(encoding)]
    if head.startswith(_UTF32):
        return ["utf-32"]
    if head.startswith(_UTF16):
        return ["utf-16"]
    if head.startswith(codecs.BOM_UTF8):
        return ["utf-8-sig"]
    if found := _unmarked_utf16(head):
        return [found]
    # Bytes that happen to be valid UTF-8 are UTF-8: many banks declare 1252 and do not mean it.
    return ["utf-8", *_declared(head), WESTERN]


def _unmarked_utf16(head: bytes) -> str:
    """The UTF-16 whose ASCII characters have their zero bytes where these are, "" for none."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if (even and odd) or (even + odd) * 8 < len(head):  # a quarter of the characters is ASCII
        return ""
    return "utf-16-be" if even else "utf-16-le" if odd else ""


def _declared(head: bytes) -> Iterator[str]:
    """The character sets an OFX or XML header names, as Python knows them."""
    for name in _DECLARED.findall(head):
        plain = name.decode("ascii", "replace").lower()
        if page := _CODE_PAGE.fullmatch(plain):
            found = f"cp{page[1]}"
        elif part := _ISO.fullmatch(plain):
            found = f"iso8859-{part[1]}"
        else:
            continue
        # Latin-1 as browsers read it: nobody means its C1 control characters.
        if found != "iso8859-1" and _is_known(found):
            yield found


def _known(encoding: str) -> str:
    if not _is_known(encoding):
        raise BadStatement(
            f"no encoding {encoding!r}: say --encoding with one of {', '.join(ENCODINGS)}"
        )
    return encoding


def _is_known(encoding: str) -> bool:
    """Whether it is one of `ENCODINGS`, by any of its names in Python."""
    try:
        return codecs.lookup(encoding).name in _NAMES
    except (LookupError, ValueError):
        return False


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Say in one line why a file cannot be read."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise BadStatement(f"cannot read {path}: {reason}: check the path") from error
