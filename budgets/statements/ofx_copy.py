"""The transactions of an OFX file, kept so that the file is parsed once."""

import marshal
from collections.abc import Iterator

from budgets.statements.spool import Spool
from budgets.statements.tree import Transaction

_BATCH = 256  # transactions
_LENGTH = 8  # bytes before each batch


class Copy:
    """Transactions with the number of their statement, from 1; few of them are in memory.

    `marshal` takes a third of the time of JSON, and reads only what this object wrote.
    """

    def __init__(self) -> None:
        self._spool = Spool()
        self._batch: list[tuple[int, str, dict[str, str], frozenset[str]]] = []

    def add(self, page: int, found: Transaction) -> None:
        """Append; all before the first reading."""
        self._batch.append((page, *found))
        if len(self._batch) == _BATCH:
            self.flush()

    def flush(self) -> None:
        """Keep what was added; once at the end."""
        data = marshal.dumps(self._batch)
        self._spool.write(len(data).to_bytes(_LENGTH) + data)
        self._batch = []

    def read(self) -> Iterator[tuple[int, Transaction]]:
        """From the first on."""
        with self._spool.reader() as file:
            while length := file.read(_LENGTH):
                batch = file.read(int.from_bytes(length))
                for page, tag, leaves, twice in marshal.loads(batch):  # noqa: S302  # our own bytes
                    yield page, Transaction(tag, leaves, twice)
