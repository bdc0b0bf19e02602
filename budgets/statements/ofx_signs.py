"""Which transactions of an OFX statement came in and which went out. Pure.

The amount's sign says it, from the customer's view (OFX 1.6 and 2.2, section 3.2.9.2), and TRNTYPE
has no say (11.4.3.1). Some banks write no sign at all, or the opposite one; TRNTYPE shows it.
"""

from dataclasses import dataclass, field

from budgets.errors import BadStatement

_IN = frozenset({"CREDIT", "DEP", "DIRECTDEP", "DIV", "INT"})
_OUT = frozenset({"DEBIT", "CHECK", "FEE", "SRVCHG", "CASH", "DIRECTDEBIT", "REPEATPMT"})
_MOSTLY_OUT = frozenset({"PAYMENT", "POS", "ATM"})
"""ATM and POS are either by their sign. On a card PAYMENT is what the customer pays in."""

DECIDED = _IN | _OUT | _MOSTLY_OUT


@dataclass(slots=True)
class TypeSigns:
    """The signs of one statement's amounts, by TRNTYPE. `sign` is what somebody said of the file.

    `first` has the number of the first transaction without a minus of each type, `paid` of the
    first payment of a card without a minus and with one.
    """

    sign: str
    card: bool = False
    minus: dict[str, int] = field(default_factory=dict)
    plus: dict[str, int] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    paid: dict[bool, int] = field(default_factory=dict)

    def see_payment(self, amount: str, number: int) -> None:
        """Take a payment that the issuer of a card received into account."""
        self.paid.setdefault("-" in amount or "\u2212" in amount or "(" in amount, number)

    def see(self, kind: str, amount: str, number: int) -> None:
        """Take a transaction into account."""
        if "-" in amount or "\u2212" in amount or "(" in amount:
            self.minus[kind] = self.minus.get(kind, 0) + 1
            return
        self.plus[kind] = self.plus.get(kind, 0) + 1
        if kind not in self.first:
            self.first[kind] = number

    @property
    def factor(self) -> int:
        """What to multiply the amounts with."""
        return -1 if self.sign == "reversed" else 1

    @property
    def unsigned(self) -> bool:
        """Whether no amount has a sign although some went out, by their types."""
        return not self.sign and not self.minus and _count(self.plus, self._out) > 0

    def not_booked(self, kind: str) -> str:
        """Why a transaction of an unsigned statement brings nothing in; "" if it came in."""
        if kind not in self._out:
            return ""
        return f"went out by its type {kind}, no amount has a sign: --sign as-is if all came in"

    def decide(self, account: str) -> None:
        """Raises BadStatement, with both readings, when types and signs leave it open."""
        if self.card and set(self.paid) == {True} and self.plus and not self.sign:
            raise BadStatement(
                f"line {self.paid[True]}: a payment that card {account!r} received has a minus: "
                "say --sign reversed if it came in, --sign as-is if it went out"
            )
        if self.unsigned:
            self._require_types(account)
        elif not self.sign and _count(self.plus, self._out) and not self._agree:
            kind = min(self.plus.keys() & self._out, key=self.first.__getitem__)
            raise BadStatement(
                f"line {self.first[kind]}: of the type {kind} and without a minus, and the signs "
                f"of account {account!r} contradict the types throughout: say --sign as-is if a "
                "minus is money out, as OFX has it, or --sign reversed if it is money in"
            )

    def _require_types(self, account: str) -> None:
        unknown = self.plus.keys() - self._out - self._in
        if not unknown:
            return
        number, kind = min((self.first[kind], kind) for kind in unknown)
        out = min(self.plus.keys() & self._out)
        raise BadStatement(
            f"line {number}: no amount of account {account!r} has a sign, and the type {kind!r} "
            f"says neither in nor out: say --sign as-is if all amounts came in, those of the type "
            f"{out} too, or --skip-line {number} if it went out"
        )

    def finding(self) -> tuple[str, str]:
        """How the signs were read, and why."""
        if self.unsigned:
            return "by TRNTYPE", f"no amount has a sign, {_count(self.plus, self._out)} went out"
        reading = "a minus is money out" if self.factor > 0 else "a minus is money in"
        return reading, f"--sign {self.sign}" if self.sign else "OFX, section 3.2.9.2"

    @property
    def _agree(self) -> int:
        return _count(self.plus, self._in) + _count(self.minus, self._out)

    @property
    def _in(self) -> frozenset[str]:
        return _IN | {"PAYMENT"} if self.card else _IN

    @property
    def _out(self) -> frozenset[str]:
        return _OUT | (_MOSTLY_OUT - {"PAYMENT"} if self.card else _MOSTLY_OUT)


def _count(kinds: dict[str, int], wanted: frozenset[str]) -> int:
    return sum(number for kind, number in kinds.items() if kind in wanted)
