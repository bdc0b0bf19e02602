"""The ledger as sixty lines of plain Python, for the stateful test to compare with.

Written from the rules, on purpose without the project's code. Sums are ints of minor units; a
claim is ("flat", sum) or ("share", parts per million).
"""

from dataclasses import dataclass, field


class Refusal(Exception):
    """The operation is refused, and nothing changed."""


@dataclass
class Pot:
    balance: int = 0
    target: int | None = None
    filter: tuple[str, int] = ("flat", 0)
    hold: tuple[str, int] | None = None
    locked: bool = False

    def space(self) -> float:
        return float("inf") if self.target is None else max(0, self.target - self.balance)


@dataclass
class Book:
    """One budget: `pots` in the order they are served, and the money bucket."""

    pots: dict[str, Pot] = field(default_factory=dict)
    money: Pot = field(default_factory=Pot)

    def pot(self, name: str) -> Pot:
        return self.money if name == "Money" else self.pots[name]

    def balances(self) -> dict[str, int]:
        return {name: pot.balance for name, pot in [*self.pots.items(), ("Money", self.money)]}

    def cascade(self, amount: int, without: str = "") -> dict[str, int]:
        left, kept = amount, {}
        for name, pot in self.pots.items():
            if pot.locked or name == without:
                continue
            wants = max(self._claim(pot.filter, left), self._claim(pot.hold, left))
            got = int(min(wants, pot.space()))
            if got:
                kept[name] = got
            left -= got
        return kept | ({"Money": left} if left else {})

    @staticmethod
    def _claim(claim: tuple[str, int] | None, left: int) -> int:
        kind, value = claim or ("flat", 0)
        return min(value, left) if kind == "flat" else left * value // 1_000_000

    def move(self, changes: dict[str, int]) -> dict[str, int]:
        changes = {name: change for name, change in changes.items() if change}
        short = [name for name in changes if self.pot(name).balance + changes[name] < 0]
        if short or not changes:
            raise Refusal(short)
        for name, change in changes.items():
            self.pot(name).balance += change
        return changes

    def into(self, name: str, amount: int, overflow: str) -> dict[str, int]:
        fits = amount if overflow == "allow" else int(min(amount, self.pot(name).space()))
        if fits < amount and overflow == "reject":
            raise Refusal("space")
        return plus({name: fits}, {"Money": amount - fits})


def plus(*changes: dict[str, int]) -> dict[str, int]:
    """The sum of changes, bucket by bucket."""
    names = dict.fromkeys(name for change in changes for name in change)
    return {name: sum(change.get(name, 0) for change in changes) for name in names}


def minus(change: dict[str, int]) -> dict[str, int]:
    return {name: -amount for name, amount in change.items()}
