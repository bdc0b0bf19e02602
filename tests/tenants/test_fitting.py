"""Tables for consoles of every width: nothing in them is ever cut."""

import io
from itertools import groupby

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tenants.management.table_layout import fit_table

NAMES = ("Rent", "Emergency fund", "Car loan")
SUMS = ("€22,812.17", "€6,363.09", "-€0.01")
RULE = "30 %, at least €725.00"


def drawn(width: int) -> str:
    """A table of names, rules and sums as a console of that width shows it."""
    table = Table("bucket", "rule", title="Household", title_justify="left", caption="to 2026")
    for heading in ("holds", "moved last"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, sum_ in zip(NAMES, SUMS, strict=True):
        table.add_row(name, Text(RULE), sum_, "")
    out = io.StringIO()
    console = Console(file=out, width=width)
    console.print(fit_table(table, console))
    return out.getvalue()


def words(text: str) -> list[str]:
    return "".join(each for each in text if each not in "┏━┳┓┃┡╇┩│└┴┘─").split()


@pytest.mark.parametrize("width", [200, 100, 80, 60, 40, 30])
def test_no_word_is_cut_or_folded_where_there_is_some_room(width):
    shown = words(drawn(width))

    assert {"…"}.isdisjoint("".join(shown))
    for word in " ".join([*NAMES, *SUMS, RULE, "Household", "2026"]).split():
        assert word in shown, (width, word)


def test_no_character_is_lost_however_little_room_there_is(subtests):
    for width in range(1, 30):
        with subtests.test(width):
            shown = drawn(width)

            together = "".join(words(shown))
            assert all(len(line) <= width for line in shown.splitlines())
            assert "…" not in shown
            for text in (*NAMES, "Household"):
                assert text.replace(" ", "") in together


def test_the_lines_go_first_and_then_the_columns():
    kinds = [kind(drawn(width)) for width in range(20, 120)]

    assert [each for each, _ in groupby(kinds)] == ["rows", "columns", "lines"]


def kind(shown: str) -> str:
    if "│" in shown:
        return "lines"
    return "columns" if "bucket" in shown else "rows"
