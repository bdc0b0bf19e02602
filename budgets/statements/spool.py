"""What is written once and then read as often as needed, in bounded memory: bytes, and rows."""

import io
import marshal
import weakref
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Buffer

IN_MEMORY = 1 << 20  # bytes; more than these go to an unnamed temporary file
_BLOCK = 1 << 16  # bytes
_BATCH = 256  # rows
_LENGTH = 8  # bytes before each batch


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


class RowCopy:
    """Rows of plain values, such as text and numbers; few of them are in memory.

    All are added before the first is read. `marshal` takes a third of the time of JSON, and reads
    only what this object wrote.

    >>> rows = RowCopy()
    >>> rows.add((1, "one", None))
    >>> list(rows), list(rows)
    ([(1, 'one', None)], [(1, 'one', None)])
    """

    def __init__(self) -> None:
        self._spool = Spool()
        self._batch: list[tuple[Any, ...]] = []

    def add(self, row: tuple[Any, ...]) -> None:
        """Append a row, which is no subclass of tuple."""
        self._batch.append(row)
        if len(self._batch) == _BATCH:
            self._flush()

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        if self._batch:
            self._flush()
        with self._spool.reader() as file:
            while length := file.read(_LENGTH):
                batch = file.read(int.from_bytes(length))
                yield from marshal.loads(batch)  # noqa: S302  # our own bytes

    def _flush(self) -> None:
        data = marshal.dumps(self._batch)
        self._spool.write(len(data).to_bytes(_LENGTH) + data)
        self._batch = []


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
