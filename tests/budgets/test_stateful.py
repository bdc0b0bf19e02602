"""Random sequences of all operations, over two budgets, against a model and an audit."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from budgets.cascade import Claim
from budgets.errors import Refused
from budgets.jobs import audit
from budgets.managers.dispositions import Disposition, Overflow
from budgets.models import Bucket, Budget, Movement
from tenants.context import run_for
from tests.budgets.ledger_model import Book, Pot, Refusal, minus, plus
from tests.factories import TenantFactory

SUMS = st.integers(1, 2_000) | st.integers(1, 10**12)
TARGETS = st.none() | st.integers(0, 5_000)
FLATS = st.tuples(st.just("flat"), st.integers(0, 3_000))
SHARES = st.tuples(st.just("share"), st.integers(1, 1_000_000))
CLAIMS = FLATS | SHARES
WHICH = st.integers(0, 1)
PICK = st.integers(0, 9)
OVERFLOWS = st.sampled_from(list(Overflow))


def claim(model: tuple[str, int]) -> Claim:
    return Claim(**{model[0]: model[1]})


class Ledger(RuleBasedStateMachine):
    """Every step is done to the model and, in a transaction of its own, to the database."""

    @initialize()
    def begin(self) -> None:
        self.tenant = TenantFactory()
        self.books = [Book(), Book()]
        self.history: list[tuple[int, Any, dict[str, int]]] = []
        self.named = 0
        self.keys = 0
        self.budgets = self.run(
            lambda: [Budget.objects.create_budget(name, "EUR") for name in ("One", "Two")]
        )

    def run[T](self, work: Callable[[], T]) -> T:
        return run_for(self.tenant, work)

    def names(self, which: int) -> list[str]:
        return [*self.books[which].pots, "Money"]

    def bucket(self, which: int, name: str) -> Bucket:
        return Bucket.objects.select_related("budget").get(
            budget=self.budgets[which], name=name, archived_at=None
        )

    def both(
        self, which: int, model: Callable[[Book], dict[str, int]], real: Callable[[], Movement]
    ) -> None:
        """The model and the database do the same, or refuse together."""
        try:
            changes = self.books[which].move(model(self.books[which]))
        except Refusal:
            with pytest.raises(Refused):
                self.run(real)
        else:
            movement = self.run(real)
            entered = self.run(lambda: dict(movement.entries.values_list("bucket__name", "amount")))
            assert entered == changes
            self.history.append((which, movement.pk, changes))
        self.compare(which)

    def compare(self, which: int) -> None:
        rows = self.run(
            lambda: dict(self.budgets[which].buckets.open().values_list("name", "balance"))
        )
        assert rows == self.books[which].balances()

    @rule(which=WHICH, filter=CLAIMS, hold=st.none() | CLAIMS, limit=TARGETS)
    def create(self, which: int, filter: Any, hold: Any, limit: int | None) -> None:
        if len(self.books[which].pots) >= 6:
            return
        self.named += 1
        name = f"Pot {self.named}"
        self.books[which].pots[name] = Pot(0, limit, filter, hold)
        self.run(
            lambda: Bucket.objects.create_bucket(
                self.budgets[which],
                name,
                filter=claim(filter),
                hold=hold and claim(hold),
                target=limit,
            )
        )

    @rule(which=WHICH, amount=SUMS, repeat=st.booleans())
    def deposit(self, which: int, amount: int, repeat: bool) -> None:
        self.keys += 1
        key, budget = f"key {self.keys}", self.budgets[which]
        real = lambda: Movement.objects.deposit(budget, amount, key=key)  # noqa: E731
        self.both(which, lambda book: book.cascade(amount), real)
        if repeat:
            assert self.run(real).pk == self.history[-1][1]
            self.compare(which)

    @rule(which=WHICH, pick=PICK, amount=SUMS, overflow=OVERFLOWS)
    def deposit_into(self, which: int, pick: int, amount: int, overflow: Overflow) -> None:
        name = self.names(which)[pick % len(self.names(which))]
        self.both(
            which,
            lambda book: book.into(name, amount, overflow),
            lambda: Movement.objects.deposit_into(
                self.bucket(which, name), amount, overflow=overflow
            ),
        )

    @rule(which=WHICH, pick=PICK, amount=SUMS)
    def withdraw(self, which: int, pick: int, amount: int) -> None:
        name = self.names(which)[pick % len(self.names(which))]
        self.both(
            which,
            lambda book: {name: -amount},
            lambda: Movement.objects.withdraw(self.bucket(which, name), amount),
        )

    @rule(which=WHICH, one=PICK, other=PICK, amount=SUMS, overflow=OVERFLOWS)
    def transfer(self, which: int, one: int, other: int, amount: int, overflow: Overflow) -> None:
        names = self.names(which)
        source, to = names[one % len(names)], names[other % len(names)]

        def model(book: Book) -> dict[str, int]:
            if source == to or book.pot(source).balance < amount:
                raise Refusal
            return plus({source: -amount}, book.into(to, amount, overflow))

        self.both(
            which,
            model,
            lambda: Movement.objects.transfer(
                self.bucket(which, source), self.bucket(which, to), amount, overflow=overflow
            ),
        )

    @rule(which=WHICH, pick=PICK, amount=SUMS)
    def redistribute_to(self, which: int, pick: int, amount: int) -> None:
        name = self.names(which)[pick % len(self.names(which))]

        def model(book: Book) -> dict[str, int]:
            if name == "Money" or book.pot(name).locked or book.money.balance < amount:
                raise Refusal
            fits = int(min(amount, book.pot(name).space()))
            return {"Money": -fits, name: fits}

        self.both(
            which,
            model,
            lambda: Movement.objects.redistribute_to(self.bucket(which, name), amount),
        )

    @rule(which=WHICH, amount=SUMS)
    def redistribute(self, which: int, amount: int) -> None:
        def model(book: Book) -> dict[str, int]:
            if book.money.balance < amount:
                raise Refusal
            return plus({"Money": -amount}, book.cascade(amount))

        self.both(which, model, lambda: Movement.objects.redistribute(self.budgets[which], amount))

    @rule(which=WHICH, pick=PICK)
    def release_excess(self, which: int, pick: int) -> None:
        name = self.names(which)[pick % len(self.names(which))]

        def model(book: Book) -> dict[str, int]:
            pot = book.pot(name)
            over = 0 if pot.target is None else max(0, pot.balance - pot.target)
            return {name: -over, "Money": over} if over else {}

        self.both(which, model, lambda: Movement.objects.release_excess(self.bucket(which, name)))

    @precondition(lambda self: self.history)
    @rule(pick=PICK)
    def reverse(self, pick: int) -> None:
        which, pk, changes = self.history[-1 - pick % len(self.history)]
        if self.run(lambda: Movement.objects.filter(reverses=pk).exists()):
            return
        kind = self.run(lambda: Movement.objects.get(pk=pk).kind)

        def model(book: Book) -> dict[str, int]:
            if kind == "reversal" or not set(changes) <= set(book.balances()):
                raise Refusal
            return minus(changes)

        self.both(
            which, model, lambda: Movement.objects.reverse_movement(Movement.objects.get(pk=pk))
        )

    @rule(
        which=WHICH,
        pick=PICK,
        filter=CLAIMS,
        hold=st.none() | CLAIMS,
        limit=TARGETS,
        lock=st.booleans(),
    )
    def change_rules(
        self, which: int, pick: int, filter: Any, hold: Any, limit: Any, lock: bool
    ) -> None:
        if not (pots := list(self.books[which].pots)):
            return
        name = pots[pick % len(pots)]
        pot = self.books[which].pots[name]
        pot.filter, pot.hold, pot.target, pot.locked = filter, hold, limit, lock

        def real() -> None:
            bucket = self.bucket(which, name)
            Bucket.objects.set_rules(bucket, filter=claim(filter), hold=hold and claim(hold))
            Bucket.objects.set_target(bucket, limit)
            (Bucket.objects.lock if lock else Bucket.objects.unlock)(bucket)

        self.run(real)
        self.compare(which)

    @rule(which=WHICH, random=st.randoms(use_true_random=False))
    def reorder(self, which: int, random: Any) -> None:
        names = list(self.books[which].pots)
        random.shuffle(names)
        self.books[which].pots = {name: self.books[which].pots[name] for name in names}
        budget = self.budgets[which]
        self.run(
            lambda: Bucket.objects.reorder(budget, [self.bucket(which, name) for name in names])
        )
        self.compare(which)

    @rule(which=WHICH, pick=PICK, other=PICK, to=st.sampled_from(list(Disposition)))
    def close(self, which: int, pick: int, other: int, to: Disposition) -> None:
        book, names = self.books[which], list(self.books[which].pots)
        if not names:
            return
        name = names[pick % len(names)]
        others = [each for each in self.names(which) if each != name]
        into = others[other % len(others)] if to == Disposition.BUCKET else None
        amount = book.pots[name].balance
        went = {
            Disposition.MONEY: {"Money": amount},
            Disposition.CASCADE: book.cascade(amount, without=name) if amount else {},
            Disposition.BUCKET: {into or "": amount},
            Disposition.OUT: {},
        }[to]

        def real() -> None:
            target = self.bucket(which, into) if into else None
            Bucket.objects.close(self.bucket(which, name), to, into=target)

        self.run(real)
        if amount:
            book.move(plus({name: -amount}, went))
        del book.pots[name]
        self.compare(which)

    def teardown(self) -> None:
        if hasattr(self, "tenant"):
            assert list(audit.breaks_of(self.tenant, replay=True)) == []


def run_examples(count: int) -> None:
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=count,
            stateful_step_count=25,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_ledger_does_what_sixty_lines_say(committed):
    run_examples(15)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_ledger_does_what_sixty_lines_say_at_length(committed):
    short = "200" if os.environ.get("CI") else "500"
    run_examples(int(os.environ.get("SOAK_EXAMPLES", short)))
