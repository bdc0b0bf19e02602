"""The file itself: its digest, and how its bytes become text. Reads in blocks, holds one."""

import codecs
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from budgets.errors import BadStatement

BLOCK = 1 << 18  # characters
_HEAD = 2048  # bytes
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Some banks write the header in one line, with nothing between its fields.
_DECLARED = re.compile(
    rb"""(?:CHARSET:|ENCODING:|\bencoding\s*=\s*["'])\s*((?:(?!CHARSET|COMPRESSION)[\w-])+)"""
)
_CODE_PAGE = re.compile(r"(?:cp|windows-?)?(\d{3,4})")
_ISO = re.compile(r"iso-?8859-?(\d+)")


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is text throughout in `encoding`."""

    path: Path
    sha256: str
    encoding: str

    @contextmanager
    def text(self) -> Iterator[TextIO]:
        """Open the file as text, line ends untouched. Raises BadStatement when it has gone."""
        with _translated(self.path), self.path.open(encoding=self.encoding, newline="") as file:
            yield file

    def head(self, size: int) -> str:
        """The first `size` characters."""
        with self.text() as file:
            return file.read(size)


def inspect(path: Path, encoding: str = "") -> Source:
    """Read the whole file: its digest, and an encoding that fits all of it.

    Without an `encoding` that is UTF-8 if it can be, else what an OFX header says,
    else Windows-1252; a byte order mark decides by itself. Raises BadStatement for a
    file that is missing, empty, binary, or not in the encoding it claims.
    """
    with _translated(path):
        with path.open("rb") as file:
            head = file.read(_HEAD)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        *likely, last = _candidates(head, encoding)
        for name in likely:
            if _fits(path, name):
                return Source(path, digest, name)
        if not _fits(path, last):
            raise BadStatement(f"not text in {last}: say --encoding")
        return Source(path, digest, last)


def _candidates(head: bytes, encoding: str) -> list[str]:
    """The encodings to try, in order."""
    if encoding:
        return [_known(encoding)]
    if head.startswith(_UTF16):
        return ["utf-16"]
    if head.startswith(codecs.BOM_UTF8):
        return ["utf-8-sig"]
    # Bytes that happen to be valid UTF-8 are UTF-8: many banks declare 1252 and do not mean it.
    return ["utf-8", *_declared(head), "cp1252"]


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
        raise BadStatement(f"no encoding {encoding!r}; try --encoding utf-8 or cp1252")
    return encoding


def _is_known(encoding: str) -> bool:
    """Whether Python can turn bytes into text with it (its "hex" and "zip" make bytes)."""
    try:
        return isinstance(codecs.getincrementaldecoder(encoding)().decode(b"", True), str)
    except (LookupError, ValueError):
        return False


def _fits(path: Path, encoding: str) -> bool:
    try:
        _examine(path, encoding)
    except UnicodeError:
        return False
    return True


def _examine(path: Path, encoding: str) -> None:
    """Decode the whole file. Raises UnicodeError, or BadStatement for an empty or binary file."""
    blank = True
    with path.open(encoding=encoding, newline="") as file:
        for block in iter(partial(file.read, BLOCK), ""):
            if "\0" in block:
                raise BadStatement("a binary file, not a bank statement")
            blank = blank and block.isspace()
    if blank:
        raise BadStatement("the file is empty")


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Say in one line why a file cannot be read."""
    try:
        yield
    except UnicodeError as error:
        raise BadStatement(f"not text: {error}") from error
    except OSError as error:
        raise BadStatement(f"cannot read {path}: {error.strerror or error}") from error
