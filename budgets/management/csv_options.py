"""The options of `import_statement` about a file that does not say everything itself."""

from argparse import ArgumentTypeError
from collections.abc import Mapping
from typing import Any

from budgets.statements import Hints
from tenants.management.declarations import argument, flag, group

ROLES = (
    "date",
    "amount",
    "credit",
    "debit",
    "direction",
    "description",
    "id",
    "account",
    "currency",
    "balance",
    "fee",
    "status",
    "type",
)


HINTS = (
    "decimal",
    "delimiter",
    "date_format",
    "encoding",
    "account",
    "sign",
    "booked_when",
    "skip_footer",
)


def _pair(text: str) -> tuple[str, str]:
    """A column and a value."""
    column, mark, value = text.partition("=")
    if not (column and mark):
        raise ArgumentTypeError(f"{text!r} is not COLUMN=VALUE")
    return column, value


CSV = group(
    "CSV",
    "only what cannot be detected in the file",
    *(
        argument(f"--{role}-column", f"column of the {role}, by name or number", "NAME")
        for role in ROLES
    ),
    argument(
        "--sign",
        "as-is: a sum with a minus is money out; reversed: it is money in, as on some cards",
        choices=["", "as-is", "reversed"],
        default="",
    ),
    argument(
        "--booked-when",
        "a line is booked if this column has this value; others are skipped",
        "COLUMN=VALUE",
        type=_pair,
        action="append",
        default=[],
    ),
    argument(
        "--skip-footer", "leave out this many rows at the end of the file", "N", type=int, default=0
    ),
    argument("--decimal", "decimal separator", choices=["", ".", ","], default=""),
    argument("--delimiter", "column separator", "CHAR", default=""),
    argument("--date-format", "format of dates, such as %%d.%%m.%%Y", "FORM", default=""),
    argument("--encoding", "encoding, such as utf-8 or windows-1252", default=""),
)

PROFILE = group(
    "profile",
    "the options of an import are remembered for its account, and the next import uses them",
    flag("--explain", "show how the file is understood, and why; write nothing"),
    flag("--no-profile", "neither use nor remember options"),
)


def hints_of(options: Mapping[str, Any]) -> Hints:
    """What a person said about a file. Raises BadStatement for what makes no sense."""
    columns = {role: name for role in ROLES if (name := options[f"{role}_column"]) is not None}
    skipped = frozenset(options.get("skip_line", ()))
    given = {name: options[name] for name in HINTS}
    return Hints(columns=columns, skip_lines=skipped, **given)
