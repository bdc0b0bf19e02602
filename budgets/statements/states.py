"""Which rows of a CSV are bookings, by the columns of their state."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from shlex import quote

from budgets.errors import BadStatement
from budgets.statements.cells import bare
from budgets.statements.clues import Clues, Value
from budgets.statements.column_names import header_name, normal
from budgets.statements.column_roles import Columns, Hints
from budgets.statements.lines import Finding
from budgets.statements.words import direction, state

_YES = frozenset(
    ("yes", "y", "true", "1", "x", "ja", "j", "oui", "o", "si", "s", "sim", "tak", "t", "da")
)
_NO = frozenset(
    ("", "no", "n", "false", "0", "nein", "non", "nao", "nie", "nee", "nej", "nei", "ne")
)
_BOOKED_FLAGS = frozenset(
    ("booked", "posted", "settled", "gebucht", "verbucht", "geboekt", "bokfort", "bokf\u00f8rt",
     "bogf\u00f8rt", "contabilizado", "contabilizada", "comptabilise", "comptabilisee",
     "contabilizzato", "zaksiegowano")
)  # fmt: skip
"""Names of columns that say yes to a booking."""
_PENDING_TYPES = frozenset(
    ("pending", "authorisation", "authorization", "hold", "vorgemerkt", "umsatz vorgemerkt",
     "vormerkung", "reserviert", "en attente", "pendiente", "pendente", "in sospeso",
     "gereserveerd", "reservering", "reserverad", "reservert", "reserveret", "varaus", "blokada")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class States:
    """For each column of states, why a row with a cell's text is not booked; "" for a booking."""

    columns: tuple[tuple[int, Mapping[str, str]], ...] = ()
    findings: tuple[Finding, ...] = ()

    def why_not(self, cells: list[str]) -> str:
        """Why the row is not booked, "" for a booking."""
        for position, reasons in self.columns:
            if why := reasons.get(cells[position]):
                return why
        return ""


def states(clues: Clues, hints: Hints) -> States:
    """Decide it for a whole file. Raises BadStatement for a state that nobody knows."""
    named = _named(clues.columns, hints)
    found = {at: _chosen(clues, at, values, hints) for at, values in named.items()}
    for at in (*clues.columns.roles.get("status", ()), *_others(clues)):
        if at in clues.values and at not in found and (reasons := _known(clues, at)):
            found[at] = reasons
    for at, reasons in (*_flags(clues), *_types(clues)):
        found.setdefault(at, reasons)
    findings = tuple(_finding(clues, at, reasons, at in named) for at, reasons in found.items())
    return States(tuple(found.items()), findings)


def _named(columns: Columns, hints: Hints) -> dict[int, list[str]]:
    """The values of a booking that somebody gave, by column."""
    found: dict[int, list[str]] = {}
    names = [normal(name) for name in columns.header]
    for name, value in hints.booked_when:
        if name not in columns.header and normal(name) not in names:
            raise BadStatement(
                f"no column {name!r}; the file has: {columns.listed()}; "
                "say --booked-when COLUMN=VALUE"
            )
        header = columns.header
        at = header.index(name) if name in header else names.index(normal(name))
        found.setdefault(at, []).append(normal(value) or value)
    return found


def _chosen(clues: Clues, at: int, wanted: list[str], hints: Hints) -> dict[str, str]:
    """The states of a column whose values of a booking somebody gave."""
    name, values = clues.columns.header[at], clues.values.get(at)
    if values is None:
        raise BadStatement(
            f"column {name!r} has too many values: say --booked-when COLUMN=VALUE with another"
        )
    booked = {value for value in values if (normal(value) or bare(value)) in wanted}
    there = {normal(value) or bare(value) for value in booked}
    if values and (unused := [value for value in wanted if value not in there]):
        known = ", ".join(repr(bare(value)) for value in values)
        raise BadStatement(
            f"no line has {unused[0]!r} in column {name!r}; there are: {known}; "
            "say --booked-when COLUMN=VALUE"
        )
    return {value: "" if value in booked else f"{name} is {bare(value)!r}" for value in values}


def _others(clues: Clues) -> Iterator[int]:
    """Columns of no known name that have nothing but states in them."""
    roles = clues.columns.roles
    taken = {at for role in roles if role != "type" for at in roles[role]}
    for at, values in clues.values.items():
        kinds = {state(value) for value in values if bare(value)}
        if at not in taken and None not in kinds and len(kinds) > 1:
            yield at


def _flags(clues: Clues) -> Iterator[tuple[int, dict[str, str]]]:
    """Columns that say yes or no to a state that is their name."""
    taken = {at for places in clues.columns.roles.values() for at in places}
    for at, values in clues.values.items():
        name = header_name(clues.columns.header[at]).removeprefix("is ")
        booked = name in _BOOKED_FLAGS
        why = "pending" if booked else state(name)
        if at in taken or why not in ("pending", "declined", "cancelled"):
            continue
        said = {text: normal(text) or bare(text) for text in values}
        if any(map(bare, values)) and set(said.values()) <= _YES | _NO:
            yield at, {text: "" if (word in _YES) == booked else why for text, word in said.items()}


def _types(clues: Clues) -> Iterator[tuple[int, dict[str, str]]]:
    """Columns of the kind of a booking, some of which are not booked yet."""
    for at in clues.columns.roles.get("type", ()):
        pending = [text for text in clues.values.get(at, ()) if normal(text) in _PENDING_TYPES]
        if pending:
            yield at, {text: "pending" if text in pending else "" for text in clues.values[at]}


def _known(clues: Clues, at: int) -> dict[str, str]:
    """The states of a column by the words that banks use; {} for a column of something else."""
    values = {text: value for text, value in clues.values[at].items() if bare(text)}
    reasons = {text: _state(text, clues.columns.header[at]) for text in values}
    known = {text: why for text, why in reasons.items() if why is not None}
    if not values or (not known and normal(clues.columns.header[at]) == "state"):
        return {}  # a state of a country
    for text, value in values.items():
        if text not in known:
            raise BadStatement(_question(clues.columns.header[at], text, value, known))
    blank = next((value for text, value in clues.values[at].items() if not bare(text)), None)
    if blank and "" in known.values():
        raise BadStatement(_question(clues.columns.header[at], "", blank, known))
    return known


def _state(text: str, column: str) -> str | None:
    if "balance" in normal(column) or "guthaben" in normal(column):  # a wallet's effect on it
        return "" if direction(text) else state(text)
    return state(text)


def _question(column: str, text: str, value: Value, known: Mapping[str, str]) -> str:
    booked = next((other for other, why in known.items() if not why), "")
    option = f"--booked-when {quote(f'{column}={bare(booked)}')}" if booked else ""
    this = f"--booked-when {quote(f'{column}={bare(text)}')}"
    ignore = "--status-column ''"
    if not booked:
        return (
            f"{value.place}: column {column!r} is {bare(text)!r}: is the line booked? "
            f"say {this} if it is, or {ignore} to ignore the column"
        )
    return (
        f"{value.place}: column {column!r} is {bare(text)!r} beside {bare(booked)!r}: is the "
        f"line booked? say {option} {this} if it is, or only {option} if it is not"
    )


def _finding(clues: Clues, at: int, reasons: Mapping[str, str], chosen: bool) -> Finding:
    booked = ", ".join(sorted({bare(text) for text, why in reasons.items() if not why}))
    not_booked = ", ".join(sorted({bare(text) for text, why in reasons.items() if why}))
    return Finding(
        f"column {clues.columns.header[at]!r}",
        f"booked: {booked or 'nothing'}; not booked: {not_booked or 'nothing'}",
        "--booked-when" if chosen else "words that banks use",
    )
