"""Generate the tables of docs/statements.md from the readers of bank statements.

    make statements                                   # writes the tables into the file
    .venv/bin/python scripts/statements.py --check    # exit code 1 if the file is out of date

A table stands between two markers, `<!-- NAME: generated -->` and `<!-- end -->`; the text around
it is written by hand. The script needs no database.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "statements.md"
PART = re.compile(
    r"(?<=<!-- )(?P<name>[a-z-]+)(?P<begin>: generated -->\n).*?(?=<!-- end -->)", re.S
)

SITE = re.compile(r"https?://(?:www\.)?(?:github\.com/([^/]+/[^/]+)|([^/]+)).*")
"""An address, with the part that is shown: a repository, or a host."""


def main(words: list[str] | None = None) -> int:
    """Write the tables, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; compare the file")
    parser.add_argument("--file", type=Path, default=FILE, help="the file (docs/statements.md)")
    options = parser.parse_args(words)
    before = options.file.read_text(encoding="utf-8") if options.file.is_file() else ""
    text = document(before)
    if not options.check:
        options.file.write_text(text, encoding="utf-8")
        return 0
    if before == text and sorted(found["name"] for found in PART.finditer(text)) == sorted(PARTS):
        return 0
    print(f"{options.file.name} is out of date: run make statements", file=sys.stderr)
    return 1


def document(text: str) -> str:
    """The text with each table as the code has it."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    return PART.sub(
        lambda found: (
            found["name"] + found["begin"] + "".join(f"{row}\n" for row in PARTS[found["name"]]())
        ),
        text,
    )


def _formats() -> Iterator[str]:
    from budgets.statements import StatementFormat

    yield from _head("format", "in JSON and profiles", "names its currency")
    for each in StatementFormat:
        yield _row(each.label, f"`{each}`", "yes" if each.names_currency else "seldom")


def _roles() -> Iterator[str]:
    from budgets.statements.column_names import NAMES

    yield from _head("role", "option", "names of columns")
    for role, names in NAMES.items():
        yield _row(role, f"`--{role}-column`", ", ".join(names))


def _states() -> Iterator[str]:
    from budgets.statements.words import BOOKED, NOT_BOOKED

    yield from _head("state", "words")
    yield _row("booked", _words(BOOKED))
    for state, words in NOT_BOOKED.items():
        yield _row(state, _words(words))


def _directions() -> Iterator[str]:
    from budgets.statements.words import MONEY_IN, MONEY_OUT

    yield from _head("direction", "words")
    yield _row("in", f"`+`, {_words(MONEY_IN)}")
    yield _row("out", f"`-`, {_words(MONEY_OUT)}")


def _summaries() -> Iterator[str]:
    from budgets.statements.words import BALANCE, TOTAL

    yield from _head("row", "words")
    yield _row("a balance", _words(BALANCE))
    yield _row("a total", _words(TOTAL))


def _dates() -> Iterator[str]:
    from budgets.statements.dates import EXCEL, FORMATS

    yield f"Forms that are tried: `{'`, `'.join(FORMATS)}`; also dates with the name of the month."
    yield f"Only with `--date-format`: `{'`, `'.join(EXCEL)}` (day numbers of spreadsheets), and"
    yield "any other form of strptime that has a year."


def _misfits() -> Iterator[str]:
    from budgets.statements.misfits import EXPLAINED

    yield from _head("cause in JSON", "meaning")
    for cause, text in EXPLAINED.items():
        yield _row(f"`{cause}`", text)


def _unread() -> Iterator[str]:
    from budgets.statements.unread import unread

    yield from _head("the file is", "what to do")
    for name, remedy in unread():
        yield _row(name, remedy)


def _layouts() -> Iterator[str]:
    from budgets.statements.layouts import LAYOUTS
    from budgets.statements.remembered import flags

    yield from _head("layout", "file", "options", "dates if they are open", "source")
    for each in LAYOUTS:
        options = f"`{flags(each.options)}`" if each.options else ""
        dates = f"`{each.date_format}`" if each.date_format else ""
        where = SITE.sub(lambda found: found[1] or found[2], each.source)
        yield _row(f"`{each.name}`", each.title, options, dates, f"[{where}]({each.source})")


def _encodings() -> Iterator[str]:
    from budgets.statements.source import ENCODINGS

    yield f"`{'` `'.join(ENCODINGS)}`"


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "formats": _formats,
    "roles": _roles,
    "states": _states,
    "directions": _directions,
    "summaries": _summaries,
    "dates": _dates,
    "misfits": _misfits,
    "unread": _unread,
    "encodings": _encodings,
    "layouts": _layouts,
}


def _head(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield f"|{'---|' * len(names)}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _words(words: Collection[str]) -> str:
    return ", ".join(sorted(words))


if __name__ == "__main__":
    sys.exit(main())
