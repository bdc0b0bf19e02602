"""Which column is which: by the name somebody gives, else by the names banks use."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from budgets.errors import BadStatement
from budgets.statements.column_names import (
    AMOUNT_OF_ACCOUNT,
    CURRENCY_OF_ACCOUNT,
    NAMES,
    currency_in,
    header_name,
    is_text,
    normal,
)
from budgets.statements.lines import Finding, one_line

MONEY = ("amount", "credit", "debit")


BY_CELLS = "what its cells hold"
"""Why a column of a table without a header has its role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a person may say about a file that does not say it itself; "" leaves it to the file.

    `columns` maps a role (a key of `NAMES`) to a column's name; "description" may be several
    names, and "" keeps a role from being filled. `decimal` is "." or ",", `date_format` a
    strptime form. `account` picks one account of a file, or names the account of a file that
    names none. `sign` is "as-is" or "reversed". `booked_when` has pairs of a column's name and the
    value that a booking has there. `skip_lines` are numbers of lines to pass over although they
    cannot be read, `skip_footer` counts lines at the end of the file that are no table. Raises
    BadStatement for a hint that makes no sense.
    """

    columns: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    delimiter: str = ""
    decimal: str = ""
    date_format: str = ""
    encoding: str = ""
    account: str = ""
    sign: str = ""
    booked_when: tuple[tuple[str, str], ...] = ()
    skip_lines: frozenset[int] = frozenset()
    skip_footer: int = 0

    def __post_init__(self) -> None:
        if unknown := [role for role in self.columns if role not in NAMES]:
            raise BadStatement(f"no such column role: {unknown[0]!r}; there are {', '.join(NAMES)}")
        if self.names("amount") and (self.names("credit") or self.names("debit")):
            raise BadStatement(
                "say --amount-column, or --credit-column and --debit-column: not both"
            )
        if self.decimal not in ("", ".", ","):
            raise BadStatement(f"--decimal is . or , and not {self.decimal!r}")
        if self.sign not in ("", "as-is", "reversed"):
            raise BadStatement(f"--sign is as-is or reversed, and not {self.sign!r}")
        if len(self.delimiter) > 1 or self.delimiter in ("\r", "\n", '"', " "):
            raise BadStatement(f"--delimiter is one character, not {self.delimiter!r}")

    def names(self, role: str) -> tuple[str, ...] | None:
        """The names given for a role; None when nothing was said, () to leave it empty."""
        given = self.columns.get(role)
        if given is None:
            return None
        return tuple(name for name in ([given] if isinstance(given, str) else given) if name)


@dataclass(frozen=True, slots=True)
class Columns:
    """A header line, understood: each role's positions, by the names in `header`.

    `reasons` says of a role how its columns were recognised, "" for their names.
    """

    header: tuple[str, ...]
    roles: dict[str, tuple[int, ...]]
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def named(self) -> int:
        """How many columns there are up to the last one that has a name."""
        return max((at for at, name in enumerate(self.header, 1) if name), default=0)

    def listed(self) -> str:
        """The names, for a refusal."""
        return ", ".join(name[:40] for name in self.header[:30] if name)

    def missing(self) -> str:
        """What a statement cannot do without and this header lacks; "" when it is complete."""
        if "date" not in self.roles:
            return "date"
        return "" if any(role in self.roles for role in MONEY) else "amount"

    def first(self, role: str) -> int | None:
        """Where a role stands, None when nowhere."""
        return self.roles[role][0] if role in self.roles else None

    def rivals(self, role: str) -> list[str]:
        """The columns that may be the role's as well as the one that was taken, and that one."""
        names = [header_name(name) for name in self.header]
        taken = names[self.roles[role][0]] if role in self.roles else ""
        return [self.header[at] for at, name in enumerate(names) if taken and name == taken]

    def name(self, role: str) -> str:
        """The name of a role's column, "" when it has none."""
        return self.header[self.roles[role][0]] if role in self.roles else ""

    def without(self, *roles: str) -> "Columns":
        """The same header, where no column has one of the roles."""
        left = {role: positions for role, positions in self.roles.items() if role not in roles}
        return Columns(self.header, left, self.reasons)

    def having(self, role: str, position: int, reason: str) -> "Columns":
        """The same header, where that column has the role, for a reason other than its name."""
        roles = self.roles | {role: (position,)}
        return Columns(self.header, roles, self.reasons | {role: reason})

    @property
    def currency(self) -> str:
        """The currency a sum's column has in its name, as in "Amount (EUR)"; "" if none."""
        codes = (currency_in(self.name(role)) for role in MONEY)
        return next(filter(None, codes), "")


def understood(cells: Sequence[str], hints: Hints) -> Columns:
    """Read `cells` as a header line as well as can be."""
    header = [one_line(cell) for cell in cells]
    names = [header_name(cell) for cell in header]
    roles: dict[str, tuple[int, ...]] = {}
    for role in NAMES:
        given = hints.names(role)
        found = _detected(role, names) if given is None else _named(given, header, names)
        if found:
            roles[role] = found
    if "currency" in roles and hints.names("currency") is None:
        if (at := _of_the_sum(roles, header, names)) is None:
            del roles["currency"]
        else:
            roles["currency"] = (at,)
    return Columns(tuple(header), _one_reading(roles, hints))


def _one_reading(roles: dict[str, tuple[int, ...]], hints: Hints) -> dict[str, tuple[int, ...]]:
    """Signed amounts or money in and out, if somebody named one of them; else both."""
    unused: tuple[str, ...] = ()
    if hints.names("amount"):
        unused = ("credit", "debit")
    elif hints.names("credit") or hints.names("debit"):
        unused = ("amount",)
    return {role: positions for role, positions in roles.items() if role not in unused}


def _detected(role: str, names: list[str]) -> tuple[int, ...]:
    """Where a role's best-known name stands; for texts and states, every column of that name."""
    if role == "description":
        return tuple(at for at, name in enumerate(names) if name in NAMES[role] or is_text(name))
    if role == "status":
        return tuple(at for at, name in enumerate(names) if name in NAMES[role])
    return next(((names.index(name),) for name in NAMES[role] if name in names), ())


def _of_the_sum(
    roles: dict[str, tuple[int, ...]], header: list[str], names: list[str]
) -> int | None:
    """The column of the sum's currency; None if the sum's own name says what it is in.

    Of several it is the one behind that of the sum, or before it. The currency of another sum is
    not that of a sum in the account's currency.
    """
    [at] = roles["currency"]
    amount = next((roles[role][0] for role in MONEY if role in roles), at)
    if currency_in(header[amount]):
        return None
    if names[amount] not in AMOUNT_OF_ACCOUNT or not _has_other_sum(names, amount):
        same = [place for place, name in enumerate(names) if name == names[at]]
        return next((place for place in (amount + 1, amount - 1) if place in same), at)
    behind = names[amount + 1] if amount + 1 < len(names) else ""
    if behind in NAMES["currency"] and behind != "transaction currency":
        return amount + 1
    return next((place for place, name in enumerate(names) if name in CURRENCY_OF_ACCOUNT), None)


def _has_other_sum(names: list[str], amount: int) -> bool:
    return any(name in NAMES["amount"] for at, name in enumerate(names) if at != amount)


def _named(given: tuple[str, ...], header: list[str], names: list[str]) -> tuple[int, ...]:
    """Where the given names stand: as written, or without case and accents, or by number."""
    found = (_place(name, header, names) for name in given)
    return tuple(place for place in found if place is not None)


def _place(name: str, header: list[str], names: list[str]) -> int | None:
    if name in header:
        return header.index(name)
    if normal(name) in names:
        return names.index(normal(name))
    by_number = name.isdecimal() and 0 < int(name) <= len(header)
    return int(name) - 1 if by_number else None


def column_findings(columns: Columns, hints: Hints) -> Iterator[Finding]:
    """Each column with its role, and how it was recognised."""
    roles = {at: role for role, places in reversed(columns.roles.items()) for at in places}
    for at, name in enumerate(columns.header):
        role = roles.get(at, "")
        reason = f"--{role}-column" if hints.names(role) else columns.reasons.get(role, "its name")
        yield Finding(
            f"column {name!r}", role or "not used", reason if role else "no name that banks use"
        )
