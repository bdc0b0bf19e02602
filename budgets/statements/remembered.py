"""Options of an import that are remembered for an account, as JSON and as the command's flags."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from shlex import join
from typing import Any

from budgets.statements.column_roles import MONEY, Hints

REMEMBERED = (
    "sign",
    "date_format",
    "decimal",
    "delimiter",
    "encoding",
    "booked_when",
    "skip_footer",
    "account",
)
"""The fields of `Hints` that are remembered, beside `columns`."""

type Options = Mapping[str, Any]
"""The options by their field of `Hints`: a JSON object without those that were not given."""


def options_of(hints: Hints) -> dict[str, Any]:
    """What a person said of a file that holds for the next file too.

    >>> options_of(Hints(columns={"amount": "Betrag"}, sign="reversed", skip_lines=frozenset({3})))
    {'columns': {'amount': 'Betrag'}, 'sign': 'reversed'}
    """
    columns = {
        role: name if isinstance(name, str) else list(name) for role, name in hints.columns.items()
    }
    options = {name: getattr(hints, name) for name in REMEMBERED}
    options["booked_when"] = [list(pair) for pair in hints.booked_when]
    return ({"columns": columns} if columns else {}) | {
        name: value for name, value in options.items() if value
    }


def merge(earlier: Options, new: Options) -> dict[str, Any]:
    """The options of both; a new one wins, and one that is None is taken away.

    A new column of signed sums takes away those of money in and out, and the other way round.

    >>> merge({"columns": {"credit": "In"}, "sign": "as-is"}, {"columns": {"amount": "Sum"}})
    {'columns': {'amount': 'Sum'}, 'sign': 'as-is'}
    """
    given = new.get("columns") or {}
    columns = {**(earlier.get("columns") or {}), **given}
    columns = {
        role: name
        for role, name in columns.items()
        if name is not None and (role in given or not _replaced(role, given))
    }
    return ({"columns": columns} if columns else {}) | {
        name: value
        for name, value in {**earlier, **new}.items()
        if name != "columns" and value is not None
    }


def with_remembered(hints: Hints, options: Options) -> Hints:
    """The same hints, and the remembered options that they leave open. Raises BadStatement."""
    known = merge(options, options_of(hints))
    values = {name: known[name] for name in REMEMBERED if name in known}
    values["booked_when"] = tuple((name, value) for name, value in known.get("booked_when", ()))
    return replace(hints, columns=known.get("columns", {}), **values)


def named_columns(options: Options) -> list[str]:
    """The columns that the options name."""
    names: list[str] = []
    for name in (options.get("columns") or {}).values():
        names += [name] if isinstance(name, str) else name
    names += [column for column, _ in options.get("booked_when") or ()]
    return [name for name in names if name]


def flags(options: Options) -> str:
    """The options as they are written for `import_statement`.

    >>> flags({"columns": {"amount": "Sum in"}, "booked_when": [["State", "DONE"]]})
    "--amount-column 'Sum in' --booked-when State=DONE"
    """
    return join(word for flag, value in _flags(options) for word in (flag, value))


def flags_for(options: Options, columns: Collection[str]) -> list[str]:
    """The flags that name one of the columns, to be written with another name.

    >>> flags_for({"columns": {"amount": "Sum"}, "booked_when": [["State", "DONE"]]}, ["Sum"])
    ['--amount-column NAME']
    """
    roles = (options.get("columns") or {}).items()
    named = [
        f"--{role}-column NAME"
        for role, names in roles
        if {*([names] if isinstance(names, str) else names)} & {*columns}
    ]
    if any(column in columns for column, _ in options.get("booked_when") or ()):
        named.append("--booked-when NAME=VALUE")
    return named


def option_names(options: Options) -> set[str]:
    """The names of the flags, such as --sign."""
    return {flag for flag, _ in _flags(options)}


def _flags(options: Options) -> Iterator[tuple[str, str]]:
    for role, names in (options.get("columns") or {}).items():
        for name in [names] if isinstance(names, str) else names:
            yield f"--{role}-column", name
    for field in REMEMBERED:
        flag, value = f"--{field.replace('_', '-')}", options.get(field)
        if field == "booked_when":
            yield from ((flag, f"{column}={text}") for column, text in value or ())
        elif value:
            yield flag, str(value)


def _replaced(role: str, given: Mapping[str, Any]) -> bool:
    """Whether new columns of money take the place of this one."""
    one_column = bool(given.get("amount"))
    if role == "amount":
        return any(given.get(other) for other in MONEY if other != "amount")
    return role in MONEY and one_column
