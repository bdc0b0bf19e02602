"""Bytes that are written once and then read as often as needed, in bounded memory."""

import io
import weakref
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Buffer

IN_MEMORY = 1 << 20  # bytes; more than these go to an unnamed temporary file
_BLOCK = 1 << 16  # bytes


class Spool:
    """Bytes to write, then to read. Each reader has its own position.

    The memory, or the temporary file, is freed with the object.

    >>> spool = Spool()
    >>> spool.write(b"one\\ntwo\\n")
    >>> one, other = spool.reader(), spool.reader()
    >>> one.readline(), other.readline(), one.readline()
    (b'one\\n', b'one\\n', b'two\\n')
    """

    def __init__(self) -> None:
        self.file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # closed by the next line
        weakref.finalize(self, self.file.close)

    def write(self, data: bytes) -> None:
        """Append; all of it before the first reader. Raises OSError when there is no room."""
        self.file.write(data)

    def reader(self) -> io.BufferedReader:
        """Read from the start."""
        return io.BufferedReader(_Reader(self), _BLOCK)


class _Reader(io.RawIOBase):
    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Buffer") -> int:
        self._spool.file.seek(self._position)
        count = self._spool.file.readinto(buffer)
        self._position += count
        return count
