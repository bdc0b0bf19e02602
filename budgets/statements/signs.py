"""Which sums of a CSV came in and which went out: decided for the whole file, or asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from shlex import quote
from typing import NoReturn

from budgets.errors import BadStatement
from budgets.statements.cells import bare
from budgets.statements.clues import MINUS, PLUS, Clues, TableRow, Value, shape
from budgets.statements.column_names import normal
from budgets.statements.column_roles import BY_CELLS, Columns, Hints
from budgets.statements.directions import is_one_sided, is_pair, ways_of
from budgets.statements.evidence import Evidence
from budgets.statements.lines import Finding
from budgets.statements.words import kind

_SIGNED = (*MINUS, "+C", "+D")
BY_NAME = "the column's name"


@dataclass(frozen=True, slots=True)
class Signs:
    """How to sign the sums of a file.

    `factors` has, by role of money, 1 or -1 to multiply a sum without a mark with. `words` has the
    direction of each text in the column of `columns` that has the role "direction". With
    `only_plus` a sum with a plus came in, and one without it went out.
    """

    columns: Columns
    factors: Mapping[str, int]
    finding: Finding
    words: Mapping[str, int] = field(default_factory=dict)
    only_plus: bool = False


def signs(clues: Clues, hints: Hints, went_out: str = "") -> Signs:
    """Decide it. Raises BadStatement with both readings where it is not sure.

    `went_out` is the heading of a section of money out, "" if there is none.
    """
    columns = _one_reading(clues)
    if "amount" not in columns.roles:
        return _of_two_columns(clues, columns, hints)
    if hints.sign and not hints.names("direction"):
        return _of_amounts(clues, columns.without("direction"), hints)
    columns, words = _directed(clues, columns, hints)
    if "direction" not in columns.roles:
        if went_out and not hints.sign and not clues.count("amount", _SIGNED):
            _ask_about_sections(went_out)
        return _of_amounts(clues, columns, hints)
    reading = f"by column {columns.name('direction')!r}"
    finding = Finding("signs", reading, columns.reasons.get("direction", BY_NAME))
    return Signs(columns, {"amount": 1}, finding, words)


def _one_reading(clues: Clues) -> Columns:
    """The columns with signed sums alone, or with money in and out alone."""
    columns, money = clues.columns, clues.money
    if "amount" not in money or len(money) == 1:
        return columns
    apart = [sum(map(bool, pattern[1:])) for pattern in clues.patterns]
    always = len(money) == 3 and apart and set(apart) == {1}
    instead = any(apart) and not any(pattern[0] for pattern in clues.patterns)
    return columns.without("amount") if always or instead else columns.without("credit", "debit")


def _of_two_columns(clues: Clues, columns: Columns, hints: Hints) -> Signs:
    """Money in and money out: a minus beside plain sums is the opposite."""
    factors, readings = {"credit": 1, "debit": -1}, ["by the column"]
    for role, opposite in (("debit", "a refund"), ("credit", "taken back")):
        first = clues.first(role, MINUS) if role in columns.roles else None
        if first is None:
            continue
        minus = clues.count(role, MINUS)
        plus, name = clues.count(role, PLUS), columns.name(role)
        usual = role == "debit" and not plus
        if hints.sign == "reversed" or (usual and not hints.sign):
            factors[role] = -factors[role]
            readings.append(f"a minus in {name!r} is usual")
        elif minus > plus and not hints.sign:
            _ask_about_column(columns, role, first)
        else:
            readings.append(f"a minus in {name!r} is {opposite}")
    reason = f"--sign {hints.sign}" if hints.sign else "the names of the columns"
    return Signs(columns, factors, Finding("signs", "; ".join(readings), reason))


def _ask_about_column(columns: Columns, role: str, row: TableRow) -> NoReturn:
    text = bare(row.cells[columns.roles[role][0]])
    came, went = "--sign as-is", "--sign reversed"
    if role == "credit":
        came, went = went, came
    raise BadStatement(
        f"{row.place}: {text!r} in column {columns.name(role)!r}: did this money come in or "
        f"go out? say {came} if it came in, {went} if it went out"
    )


def _directed(clues: Clues, columns: Columns, hints: Hints) -> tuple[Columns, Mapping[str, int]]:
    """With the column of the direction, if one fits the sums, and its words."""
    if "direction" in columns.roles:
        values = _texts(clues, columns.roles["direction"][0])
        ways = ways_of(columns.name("direction"), values)
        words = {text: way or kind(text) for text, way in ways.items()}
        words |= _of_blank(clues, columns.roles["direction"][0], words)
        values = {text: clues.values[columns.roles["direction"][0]][text] for text in words}
        _require_agreement(columns, values, words)
        return columns, {text: way for text, way in words.items() if way}
    if hints.names("direction") is not None:
        return columns, {}
    for position in _candidates(clues, columns):
        values, name = _texts(clues, position), columns.header[position]
        if not values:
            continue
        words = ways_of(name, values)
        blank = _of_blank(clues, position, words)
        if blank and is_one_sided(name, values):
            reason = "its marks beside some of the sums"
            return columns.having("direction", position, reason), words | blank
        if not is_pair(name, values):
            continue
        exact = all(words.values())
        if not exact and position not in columns.roles.get("description", ()):
            words = {text: way or kind(text) for text, way in words.items()}
            if position in columns.roles.get("type", ()):
                _require_all(clues, columns, position, words)
            elif not {1, -1} <= set(words.values()):
                continue
        if _fits(clues, position, words, exact=exact):
            shown = ", ".join(sorted(map(bare, values)))
            return columns.having("direction", position, f"its values: {shown}"), words
    return columns, {}


def _of_blank(clues: Clues, position: int, words: Mapping[str, int]) -> dict[str, int]:
    """The direction of blank cells beside marks of the other one; {} if the sums have signs."""
    blank = [text for text in clues.values.get(position, {}) if not bare(text)]
    ways = set(words.values())
    if len(ways) != 1 or 0 in ways or clues.count("amount", _SIGNED):
        return {}
    return dict.fromkeys(blank, -ways.pop())


def _texts(clues: Clues, position: int) -> dict[str, Value]:
    """The values of a column that are not blank; {} for a column of many."""
    return {text: value for text, value in clues.values.get(position, {}).items() if bare(text)}


def _require_all(clues: Clues, columns: Columns, position: int, words: Mapping[str, int]) -> None:
    """Raise BadStatement for unsigned sums when only some kinds of booking have a direction."""
    unknown = [text for text, way in words.items() if not way]
    if not unknown or -1 not in words.values() or clues.count("amount", _SIGNED):
        return
    value, name = clues.values[position][unknown[0]], columns.header[position]
    raise BadStatement(
        f"{value.place}: the sums have no sign, and column {name!r} {bare(unknown[0])!r} says "
        f"neither in nor out; say --direction-column {quote(name)} and --skip-line for such lines, "
        "--sign as-is if all sums came in, or --sign reversed if all went out"
    )


def _candidates(clues: Clues, columns: Columns) -> list[int]:
    """Columns that may be one of directions: those without a name first, then of a type."""
    free = set(clues.values)
    for role in ("id", "account", "currency", "status"):
        free -= set(columns.roles.get(role, ()))
    kinds = columns.roles.get("type", ())
    return sorted(free, key=lambda at: (bool(normal(columns.header[at])), at not in kinds, at))


def _fits(clues: Clues, position: int, words: Mapping[str, int], *, exact: bool) -> bool:
    """Whether words that may be directions say of every sum what its own sign leaves open."""
    values = clues.values[position]
    blank = (value for text, value in values.items() if not bare(text))
    if not all(words.values()) or any(value.count((*PLUS, *MINUS)) for value in blank):
        return False
    tally = _Tally.of(values, words)
    if not (tally.minus_in or tally.minus_out):
        return bool(tally.plain_out)
    return exact and (tally.agrees or tally.reversed)


@dataclass(slots=True)
class _Tally:
    """Rows by direction and by the sum's own sign."""

    plain_in: int = 0
    minus_in: int = 0
    plain_out: int = 0
    minus_out: int = 0

    @classmethod
    def of(cls, values: Mapping[str, Value], words: Mapping[str, int]) -> "_Tally":
        tally = cls()
        for text, way in words.items():
            if way > 0:
                tally.plain_in += values[text].count(PLUS)
                tally.minus_in += values[text].count(MINUS)
            elif way < 0:
                tally.plain_out += values[text].count(PLUS)
                tally.minus_out += values[text].count(MINUS)
        return tally

    @property
    def agrees(self) -> bool:
        """Whether a minus, if there is one, stands for money out and nothing else does."""
        return not self.minus_in and not (self.minus_out and self.plain_out)

    @property
    def reversed(self) -> bool:
        """Whether a minus stands for money in, and nothing else does, in several rows."""
        both = self.minus_in and self.plain_out
        return bool(both) and not self.plain_in and not self.minus_out


def _require_agreement(
    columns: Columns, values: Mapping[str, Value], words: Mapping[str, int]
) -> None:
    """Raise BadStatement for signs that contradict the column of directions."""
    tally = _Tally.of(values, words)
    if tally.agrees or tally.reversed:
        return
    wrong = 1 if tally.minus_in else -1
    rows = (value.first(MINUS) for text, value in values.items() if words[text] == wrong)
    row = min(filter(None, rows), key=lambda row: row.number)
    beside = "money in" if wrong > 0 else "money out, beside sums without a minus"
    off = "--direction-column ''"
    raise BadStatement(
        f"{row.place}: column {columns.name('amount')!r} "
        f"{bare(row.cells[columns.roles['amount'][0]])!r} is negative, and marked as {beside}: "
        f"say {off} --sign as-is if a minus is money out, {off} --sign reversed if it is money in, "
        f"or --skip-line {row.number}"
    )


def _ask_about_sections(heading: str) -> NoReturn:
    raise BadStatement(
        f"the sums have no sign, and the heading {heading[:60]!r} says that some went out: import "
        "each section as a file of its own, with --sign as-is if it came in, or --sign reversed "
        "if it went out"
    )


def _of_amounts(clues: Clues, columns: Columns, hints: Hints) -> Signs:
    """Sums with a sign of their own: a minus went out, or came in."""
    if hints.sign:
        factor, reason = (-1 if hints.sign == "reversed" else 1), f"--sign {hints.sign}"
    elif _has_plus_alone(clues):
        finding = Finding("signs", "a sum without a plus is money out", "none has a minus")
        return Signs(columns, {"amount": -1}, finding, only_plus=True)
    else:
        _require_marks(clues)
        _require_signs(clues, columns)
        factor, reason = Evidence.of(clues, columns).factor()
    reading = "a minus is money out" if factor > 0 else "a minus is money in"
    return Signs(columns, {"amount": factor}, Finding("signs", reading, reason))


def _require_signs(clues: Clues, columns: Columns) -> None:
    """Raise BadStatement for sums without any sign in a table without header and balances."""
    plain = clues.first("amount", ("+",))
    signed = clues.count("amount", {*PLUS, *MINUS} - {"+"})
    if columns.reasons.get("amount") != BY_CELLS or "balance" in columns.roles or signed:
        return
    if plain is not None:
        at = columns.roles["amount"][0]
        raise BadStatement(
            f"{plain.place}: no sum has a sign, and no header says what column "
            f"{columns.header[at]} is: did {bare(plain.cells[at])!r} come in or go out? say "
            "--sign as-is if all sums came in, --sign reversed if all went out, or "
            "--direction-column NUMBER if another column says it"
        )


def _has_plus_alone(clues: Clues) -> bool:
    """Whether some sums have a plus, others none, and no sum has another sign or mark."""
    if clues.count("amount", (*_SIGNED, "-C", "-D")):
        return False
    at = clues.columns.roles["amount"][0]
    cells = [row.cells[at] for row in clues.sample if shape(row.cells[at]) == "+"]
    return len({"+" in cell for cell in cells}) == 2


def _require_marks(clues: Clues) -> None:
    """Raise BadStatement for sums without a mark beside sums with one."""
    marked = clues.first("amount", ("+C", "+D", "-C", "-D"))
    plain = clues.first("amount", ("+",))
    if marked is None or plain is None:
        return
    at = clues.columns.roles["amount"][0]
    raise BadStatement(
        f"{plain.place}: {bare(plain.cells[at])!r} has no mark like {bare(marked.cells[at])!r}: "
        "did this money come in or go out? say --sign as-is if it came in, --sign reversed if it "
        "went out"
    )
