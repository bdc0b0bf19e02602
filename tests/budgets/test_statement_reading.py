"""An import opens its file once and reads each byte once, however long the file is."""

import io
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from budgets.statements import read, survey
from budgets.statements.spool import IN_MEMORY
from tests.budgets.importing import Importer
from tests.budgets.statement_files import ofx, put, transaction

LONG = 25_000
"""Lines of a file that is longer than what is kept in memory."""


def csv(line_count: int) -> str:
    rows = (
        f"2026-01-{1 + n % 28:02},{n + 1}.00,Pay day number {n} of many" for n in range(line_count)
    )
    return "\n".join(["Date,Amount,Description", *rows])


def statement(line_count: int) -> str:
    return ofx(*(transaction(FITID=str(n), TRNAMT=f"{n + 1}.00") for n in range(line_count)))


class Counter(io.FileIO):
    """A file that counts how often a path is opened and how many of its bytes are read."""

    opens = count = 0

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        type(self).opens += 1

    def readinto(self, buffer: Any) -> int | None:
        read = super().readinto(buffer)
        type(self).count += read or 0
        return read

    def readall(self) -> bytes:
        read = super().readall()
        type(self).count += len(read)
        return read


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> type[Counter]:
    """Counts what is opened below a folder of tests, whoever opens it."""

    class Counted(Counter):
        pass

    opened = io.open

    def counting(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if not str(file).endswith(".txt") or "w" in mode:
            return opened(file, mode, *args, **kwargs)
        raw = io.BufferedReader(Counted(Path(file)))
        return raw if "b" in mode else io.TextIOWrapper(raw, kwargs.get("encoding"), newline="")

    monkeypatch.setattr("io.open", counting)
    return Counted


@pytest.mark.parametrize("content", [csv, statement], ids=["csv", "ofx"])
class TestAFile:
    def test_is_opened_and_read_once_by_an_import(
        self, tenant, tmp_path: Path, counter: type[Counter], content: Callable[[int], str]
    ) -> None:
        importer, path = Importer.of(tenant), put(tmp_path, content(30))

        assert importer.statuses(path) == (30, 0, 0)

        assert (counter.opens, counter.count) == (1, path.stat().st_size)

    def test_is_opened_and_read_once_by_a_review(
        self, tenant, tmp_path: Path, counter: type[Counter], content: Callable[[int], str]
    ) -> None:
        importer, path = Importer.of(tenant), put(tmp_path, content(30))

        importer.told(path, "--review")

        assert (counter.opens, counter.count) == (1, path.stat().st_size)

    def test_that_is_long_is_read_once_and_not_held_in_memory(
        self, tmp_path: Path, counter: type[Counter], content: Callable[[int], str]
    ) -> None:
        path = put(tmp_path, content(LONG))
        size = path.stat().st_size
        assert size > IN_MEMORY

        tracemalloc.start()
        file = read(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        surveyed = survey(file, 2)

        assert sum(line.amount for line in surveyed.lines()) == 100 * LONG * (LONG + 1) // 2
        assert (counter.opens, counter.count) == (1, size)
        assert peak < 3 * IN_MEMORY

    def test_that_goes_or_changes_after_it_was_read_changes_nothing(
        self, tmp_path: Path, content: Callable[[int], str]
    ) -> None:
        path = put(tmp_path, content(3))
        file = read(path)
        path.write_text("Date,Amount\n2026-01-01,1000000")
        changed = [line.amount for line in file.lines(2)]
        path.unlink()

        assert changed == [line.amount for line in file.lines(2)] == [1_00, 2_00, 3_00]


def test_a_pipe_can_be_read(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, csv(3).encode())
    os.close(writing)

    file = read(f"/dev/fd/{reading}")
    os.close(reading)

    assert [line.amount for line in file.lines(2)] == [1_00, 2_00, 3_00]


def test_surveyed_lines_are_those_of_the_file(tmp_path: Path) -> None:
    file = read(put(tmp_path, csv(5) + "\n2026-01-01,1.00,Pay day number 0 of many"))
    surveyed = survey(file, 2)

    assert list(surveyed.lines()) == list(surveyed.lines()) == list(file.lines(2))
    assert [line.occurrence for line in surveyed.lines()] == [1, 1, 1, 1, 1, 2]
