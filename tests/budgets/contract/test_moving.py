"""The verbs that move money, over the managers and in memory."""

from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest

from budgets.cascade import MAX_MINOR
from budgets.errors import (
    BadAmount,
    BadOption,
    BucketClosed,
    BucketFull,
    BucketLocked,
    KeyReused,
    NoSpace,
    NotEnoughMoney,
    NothingToMove,
    Refused,
    ReversalRefused,
    UnknownBudget,
    WrongBudget,
)
from budgets.managers.bulk import Deposit
from budgets.managers.dispositions import Disposition, Overflow
from budgets.managers.kinds import BucketKind, MovementKind
from budgets.models import Bucket, Movement
from budgets.testing.entries import COLUMNS
from tenants.errors import CodedError
from tests.budgets.contract.sides import Scene, entered
from tests.times import UNWRITABLE, WRITABLE

JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC)


def ask(scene: Scene, verb: str, *buckets: str, **told: Any) -> Any:
    """A verb of movements about buckets by name, or about Home."""
    rows = [scene.bucket(name) for name in buckets] or [scene.home]
    amount = told.pop("amount", None)
    return getattr(scene.side.movements, verb)(*rows, *([] if amount is None else [amount]), **told)


def asking(verb: str, *buckets: str, **told: Any) -> Any:
    return lambda scene, **more: ask(scene, verb, *buckets, **told, **more)


DONE = {
    "a deposit cascades": (
        asking("deposit", amount=500_01),
        ("deposit", 500_01, 500_01),
        [("Rent", 200_00, "capacity_limit"), ("Fun", 150_00, "filter"),
         ("Money", 150_01, "remainder")],
    ),
    "a deposit into a bucket, the excess to the money bucket": (
        asking("deposit_into", "Rent", amount=250_00),
        ("deposit_into", 250_00, 250_00),
        [("Rent", 200_00, "direct"), ("Money", 50_00, "overflow")],
    ),
    "a deposit beyond a target": (
        asking("deposit_into", "Rent", amount=250_00, overflow=Overflow.ALLOW),
        ("deposit_into", 250_00, 250_00),
        [("Rent", 250_00, "direct")],
    ),
    "a withdrawal": (
        asking("withdraw", "Fun", amount=300_00),
        ("withdraw", 300_00, -300_00),
        [("Fun", -300_00, "withdrawn")],
    ),
    "a transfer": (
        asking("transfer", "Fun", "Rent", amount=250_00),
        ("transfer", 250_00, 0),
        [("Fun", -250_00, "source"), ("Rent", 200_00, "direct"), ("Money", 50_00, "overflow")],
    ),
    "a transfer out of the money bucket whose excess goes back": (
        asking("transfer", "Money", "Rent", amount=250_00),
        ("transfer", 250_00, 0),
        [("Money", -200_00, "source"), ("Rent", 200_00, "direct")],
    ),
    "a redistribution": (
        asking("redistribute", amount=250_00),
        ("redistribute", 250_00, 0),
        [("Rent", 200_00, "capacity_limit"), ("Fun", 25_00, "filter"),
         ("Money", -225_00, "source")],
    ),
    "a redistribution to one": (
        asking("redistribute_to", "Rent", amount=305_00),
        ("redistribute_to", 305_00, 0),
        [("Money", -200_00, "source"), ("Rent", 200_00, "direct")],
    ),
    "an excess": (
        asking("release_excess", "Trip"),
        ("release_excess", 40_00, 0),
        [("Trip", -40_00, "source"), ("Money", 40_00, "overflow")],
    ),
    "a reversal": (
        lambda scene, **more: scene.side.movements.reverse_movement(scene.kept["salary"], **more),
        ("reversal", 1000_00, -1000_00),
        [("Rent", -300_00, "reversal"), ("Trip", -100_00, "reversal"),
         ("Fun", -300_00, "reversal"), ("Money", -300_00, "reversal")],
    ),
}  # fmt: skip
every_verb = pytest.mark.parametrize("verb", [done[0] for done in DONE.values()], ids=DONE)


class TestDone:
    @pytest.mark.parametrize(("verb", "what", "lines"), DONE.values(), ids=DONE)
    def test_writes_one_movement_and_its_lines(self, scene, verb, what, lines):
        before = scene.do(lambda: scene.home)

        movement = scene.do(lambda: verb(scene))

        now = scene.do(lambda: scene.home)
        assert (movement.kind, movement.amount, movement.net_amount) == what
        assert scene.lines(movement) == lines
        assert (movement.entry_count, movement.seq) == (len(lines), 3)
        assert (now.version, now.last_movement_seq) == (before.version + 1, 3)
        assert now.deposited - now.withdrawn == 1005_00 + movement.net_amount
        assert now.last_recorded_at == movement.recorded_at

    def test_entries_say_before_and_after_and_which_bucket_became_full(self, scene):
        movement = scene.do(lambda: ask(scene, "deposit", amount=200_00))

        assert scene.do(lambda: entered(movement)) == [
            ("Rent", 200_00, "filter", 1, 2, 300_00, 500_00, True),
        ]

    def test_a_reversal_of_a_withdrawal_counts_as_money_in(self, scene):
        gone = scene.do(lambda: ask(scene, "withdraw", "Fun", amount=1_00))
        scene.do(lambda: scene.side.movements.reverse_movement(gone))

        home = scene.do(lambda: scene.home)
        assert (home.deposited, home.withdrawn) == (1006_00, 1_00)

    def test_what_was_asked_is_recorded(self, scene):
        told = {"key": "k", "memo": "why", "metadata": {"a": [1]}, "source": "s"}

        row = scene.do(lambda: ask(scene, "deposit", amount=5, effective_at=JUNE, **told))

        assert (row.key, row.memo, row.metadata, row.source) == ("k", "why", {"a": [1]}, "s")
        assert (row.effective_at, row.actor_id, row.request_id) == (JUNE, None, "")

    def test_it_happened_now_though_a_clock_was_ahead_when_the_last_was_recorded(
        self, scene, at_the_time
    ):
        now = datetime.now(UTC)
        at_the_time(now + timedelta(days=400))
        ahead = scene.do(lambda: ask(scene, "deposit", amount=5))
        at_the_time(now)

        behind = scene.do(lambda: ask(scene, "deposit", amount=5))

        assert (behind.effective_at, behind.recorded_at) == (now, ahead.recorded_at)

    def test_a_time_that_could_not_be_read_back_is_refused(self, scene, subtests):
        for time in UNWRITABLE:
            with subtests.test(str(time)):
                asked = partial(ask, scene, "deposit", amount=5, effective_at=time)
                scene.refuses(asked, BadOption, "bad_particulars", field="effective_at")

    def test_of_one_deposit_of_many_too(self, scene):
        told: Any = {"effective_at": UNWRITABLE[0]}
        deposits = [Deposit(scene.kept["Home"].pk, 5, told)]

        [answer] = scene.do(
            lambda: scene.side.movements.deposit_many(deposits, each_on_its_own=True)
        )

        assert (type(answer), answer.code) == (BadOption, "bad_particulars")

    def test_the_first_and_the_last_times_that_can_be_written_are_read_back(self, scene):
        for time in WRITABLE:
            row = scene.do(lambda at=time: ask(scene, "deposit", amount=5, effective_at=at))

            [read, *_] = scene.do(lambda: scene.side.entries.page({"budget": scene.home.pk}).rows)
            assert (read.movement.effective_at, row.effective_at.tzinfo) == (time, UTC)

    def test_the_rows_it_was_given_are_as_they_are_now_and_others_as_they_were(self, scene):
        home, rent, fun = scene.do(lambda: (scene.home, scene.bucket("Rent"), scene.bucket("Fun")))

        scene.do(lambda: scene.side.movements.withdraw(rent, 1_00))
        scene.do(lambda: scene.side.movements.deposit(home, 7_00))

        assert (rent.balance, fun.balance) == (299_00, 300_00)
        assert (home.deposited, home.last_movement_seq) == (1012_00, 4)

    def test_a_row_read_long_ago_will_do(self, scene):
        scene.do(lambda: ask(scene, "withdraw", "Rent", amount=1_00))

        scene.do(lambda: scene.side.movements.withdraw(scene.kept["Rent"], 299_00))

        assert scene.balances("Rent") == [0]


class TestPreviews:
    def test_show_what_the_deposit_then_does(self, scene):
        preview = scene.do(lambda: scene.side.movements.preview(scene.home, 500_01))
        shown = [(line.bucket.name, line.amount, line.reason) for line in preview.lines]

        movement = scene.do(lambda: ask(scene, "deposit", amount=500_01, expect=preview.hash))

        assert scene.lines(movement) == shown
        assert [(step.key.name, step.kept) for step in preview.plan.steps] == [
            ("Rent", 200_00), ("Trip", 0), ("Fun", 150_00), ("Spare", 0),
        ]  # fmt: skip

    def test_of_a_deposit_into_a_bucket_too(self, scene):
        lines = scene.do(lambda: ask(scene, "preview_into", "Rent", amount=250_00))
        shown = [(line.bucket.name, line.amount, line.reason) for line in lines]

        movement = scene.do(lambda: ask(scene, "deposit_into", "Rent", amount=250_00))

        assert scene.lines(movement) == shown

    def test_write_nothing(self, scene):
        before = scene.picture()

        scene.do(lambda: ask(scene, "preview", amount=5))
        scene.do(lambda: ask(scene, "preview_into", "Rent", amount=5))

        assert scene.picture() == before

    def test_have_one_hash_as_long_as_nothing_changes(self, scene):
        hashes = {scene.do(lambda: ask(scene, "preview", amount=5).hash) for _ in range(2)}
        other = scene.do(lambda: ask(scene, "preview", amount=6).hash)

        assert len(hashes) == 1
        assert other not in hashes


class TestKeys:
    @every_verb
    def test_a_repeat_changes_nothing_and_gives_the_first_answer(self, scene, verb):
        first = scene.do(partial(verb, scene, key="k"))
        before = scene.picture()

        assert scene.do(partial(verb, scene, key="k", expect=0)) == first
        assert scene.picture() == before

    @every_verb
    def test_another_request_under_the_key_is_refused(self, scene, verb):
        scene.do(partial(verb, scene, key="k"))

        for other in (
            partial(verb, scene, key="k", memo="other"),
            lambda: ask(scene, "deposit", amount=5, key="k"),
            lambda: scene.side.buckets.rename(scene.bucket("Spare"), "X", key="k"),
        ):
            scene.refuses(other, KeyReused, "key_reused", key="k")

    def test_a_key_is_of_one_budget(self, scene):
        one = scene.do(lambda: ask(scene, "deposit", amount=5, key="k"))
        two = scene.do(lambda: scene.side.movements.deposit(scene.kept["Away"], 5, key="k"))

        assert one != two


REFUSED: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "money beyond what is counted": (
        asking("deposit", amount=MAX_MINOR), BadAmount, {"asked": MAX_MINOR}),
    "no space": (
        asking("deposit_into", "Rent", amount=201_00, overflow=Overflow.REJECT),
        NoSpace, {"asked": 201_00, "space": 200_00}),
    "a deposit into a closed bucket": (
        asking("deposit_into", "Gone", amount=1), BucketClosed, {"bucket": "Gone"}),
    "more than a bucket holds": (
        asking("withdraw", "Fun", amount=300_01),
        NotEnoughMoney, {"asked": 300_01, "available": 300_00}),
    "a withdrawal from a closed bucket": (
        asking("withdraw", "Gone", amount=1), BucketClosed, {"bucket": "Gone"}),
    "a transfer to another budget": (
        asking("transfer", "Fun", "Far", amount=1), WrongBudget, {}),
    "a transfer to itself": (
        asking("transfer", "Fun", "Fun", amount=1), NothingToMove, {"bucket": "Fun"}),
    "a transfer to a closed bucket": (
        asking("transfer", "Fun", "Gone", amount=1), BucketClosed, {"bucket": "Gone"}),
    "a transfer of more than there is": (
        asking("transfer", "Spare", "Fun", amount=1),
        NotEnoughMoney, {"asked": 1, "available": 0}),
    "a transfer with no space": (
        asking("transfer", "Fun", "Rent", amount=201_00, overflow=Overflow.REJECT),
        NoSpace, {"asked": 201_00, "space": 200_00}),
    "a transfer that would go back to the money bucket": (
        asking("transfer", "Money", "Trip", amount=1), BucketFull, {"asked": 1, "space": 0}),
    "a redistribution to a full bucket": (
        asking("redistribute_to", "Trip", amount=1), BucketFull, {"asked": 1, "space": 0}),
    "a redistribution to the money bucket": (
        asking("redistribute_to", "Money", amount=1), NothingToMove, {"bucket": "Money"}),
    "a redistribution to a closed bucket": (
        asking("redistribute_to", "Gone", amount=1), BucketClosed, {"bucket": "Gone"}),
    "a redistribution of more than there is": (
        asking("redistribute", amount=305_01),
        NotEnoughMoney, {"asked": 305_01, "available": 305_00}),
    "no excess": (asking("release_excess", "Rent"), NothingToMove, {"bucket": "Rent"}),
    "no target, no excess": (asking("release_excess", "Fun"), NothingToMove, {"bucket": "Fun"}),
    "a closed bucket's excess": (
        asking("release_excess", "Gone"), BucketClosed, {"bucket": "Gone"}),
}  # fmt: skip


class TestRefused:
    def test_with_a_code_and_figures_and_nothing_written(self, scene, subtests):
        for name, (verb, error, figures) in REFUSED.items():
            with subtests.test(name):
                scene.refuses(partial(verb, scene), error, error.code, **figures)

    def test_what_is_no_amount(self, scene, subtests):
        for amount, (verb, *about) in product(
            (0, -1, 1.5, True, 2**63, "5"),
            (
                ("preview",), ("deposit",), ("redistribute",), ("preview_into", "Rent"),
                ("deposit_into", "Rent"), ("withdraw", "Rent"), ("transfer", "Rent", "Fun"),
                ("redistribute_to", "Rent"),
            ),
        ):  # fmt: skip
            with subtests.test(verb, amount=amount):
                asked = partial(ask, scene, verb, *about, amount=amount)
                scene.refuses(asked, BadAmount, "bad_amount", asked=amount)

    def test_a_redistribution_to_a_locked_bucket(self, scene):
        scene.do(lambda: scene.side.buckets.lock(scene.bucket("Rent")))

        scene.refuses(
            lambda: ask(scene, "redistribute_to", "Rent", amount=1),
            BucketLocked, "bucket_locked", bucket="Rent",
        )  # fmt: skip

    def test_a_redistribution_no_envelope_keeps_any_of(self, scene):
        for name in ("Rent", "Fun"):
            scene.do(lambda name=name: scene.side.buckets.lock(scene.bucket(name)))

        scene.refuses(
            lambda: ask(scene, "redistribute", amount=1), NothingToMove, "nothing_to_move"
        )


class TestReverse:
    def refuses(self, scene: Scene, name: str, **figures: Any) -> None:
        scene.refuses(
            lambda: scene.side.movements.reverse_movement(scene.kept[name]),
            ReversalRefused, "reversal_refused", **figures,
        )  # fmt: skip

    def test_at_most_once_and_never_a_reversal(self, scene):
        scene.kept["back"] = scene.do(
            lambda: scene.side.movements.reverse_movement(scene.kept["coins"])
        )

        self.refuses(scene, "coins", why="reversed")
        self.refuses(scene, "back", why="reversal")

    def test_not_when_a_bucket_no_longer_has_the_money(self, scene):
        scene.do(lambda: ask(scene, "withdraw", "Rent", amount=1))

        self.refuses(
            scene, "salary",
            why="not_enough_money", bucket="Rent", asked=300_00, available=299_99,
        )  # fmt: skip

    def test_not_when_a_bucket_is_closed(self, scene):
        scene.do(lambda: scene.side.buckets.close(scene.bucket("Rent"), Disposition.MONEY))

        self.refuses(scene, "salary", why="closed", bucket="Rent")


class TestDepositMany:
    def test_is_the_deposits_one_by_one(self, scene):
        many = [
            Deposit(scene.kept["Home"].pk, 7_01, {"key": "a"}),
            Deposit(scene.kept["Away"].pk, 5_00, {"memo": "m"}),
            Deposit(scene.kept["Home"].pk, 7_01, {"key": "a"}),
        ]

        one, two, three = scene.do(lambda: scene.side.movements.deposit_many(many))

        assert one == three != two
        assert scene.lines(one) == [("Rent", 7_01, "filter")]
        assert scene.lines(two) == [("Far", 5_00, "filter")]
        assert scene.do(lambda: ask(scene, "deposit", amount=7_01, key="a")) == one

    def test_of_which_one_is_refused_writes_nothing_and_says_which(self, scene):
        many = [Deposit(scene.kept["Home"].pk, amount) for amount in (5, 0)]

        scene.refuses(
            lambda: scene.side.movements.deposit_many(many),
            BadAmount, "bad_amount", asked=0, number=1,
        )  # fmt: skip

    def test_each_on_its_own_answers_what_is_refused_and_makes_the_others(self, scene):
        home = scene.kept["Home"].pk
        many = [
            Deposit(scene.kept["Rent"].pk, 5), Deposit(home, -5),
            Deposit(home, 5, {"expect": 1}), Deposit(home, 5),
        ]  # fmt: skip

        *refused, made = scene.do(
            lambda: scene.side.movements.deposit_many(many, each_on_its_own=True)
        )

        assert [each.code for each in refused] == ["unknown_budget", "bad_amount", "stale_plan"]
        assert type(refused[0]) is UnknownBudget
        assert isinstance(refused[0], Refused)
        assert made.seq == 3


class TestOfAnotherTenant:
    def test_rows_are_not_found(self, scene, stranger, subtests):
        side, theirs = scene.side, stranger.kept
        fun = scene.do(lambda: scene.bucket("Fun"))
        before = scene.picture(), stranger.picture()

        for code, verb, *given in (
            ("row_not_found", side.movements.deposit, theirs["Home"], 5),
            ("row_not_found", side.movements.redistribute, theirs["Home"], 5),
            ("row_not_found", side.movements.deposit_into, theirs["Fun"], 5),
            ("row_not_found", side.movements.withdraw, theirs["Fun"], 5),
            ("row_not_found", side.movements.transfer, theirs["Fun"], fun, 5),
            ("row_not_found", side.movements.transfer, fun, theirs["Fun"], 5),
            ("row_not_found", side.movements.redistribute_to, theirs["Fun"], 5),
            ("row_not_found", side.movements.release_excess, theirs["Trip"]),
            ("row_not_found", side.movements.reverse_movement, theirs["salary"]),
            ("row_not_found", side.movements.preview_into, theirs["Fun"], 5),
            ("row_not_found", side.buckets.lock, theirs["Fun"]),
            ("row_not_found", side.buckets.reorder, theirs["Home"], []),
            ("row_not_found", side.buckets.close, theirs["Fun"], Disposition.OUT),
            ("unknown_budget", side.movements.preview, theirs["Home"], 5),
            ("unknown_budget", side.budgets.dashboard, theirs["Home"]),
            ("unknown_bucket", side.buckets.get_by_name, theirs["Home"], "Fun"),
        ):
            with subtests.test(verb.__name__), pytest.raises(CodedError) as raised:
                scene.do(partial(verb, *given))
            assert raised.value.code == code, verb.__name__

        assert scene.do(lambda: side.entries.page({"budget": theirs["Home"].pk}).rows) == ()
        assert (scene.picture(), stranger.picture()) == before


class TestRun:
    def test_what_it_raises_undoes_what_it_wrote(self, scene):
        before = scene.picture()

        def half() -> None:
            ask(scene, "deposit", amount=5, key="k")
            ask(scene, "withdraw", "Fun", amount=300_01)

        with pytest.raises(NotEnoughMoney):
            scene.do(half)

        assert scene.picture() == before
        assert scene.do(lambda: ask(scene, "deposit", amount=6, key="k")).seq == 3

    def test_is_not_begun_inside_another(self, scene):
        with pytest.raises(RuntimeError):
            scene.do(lambda: scene.do(lambda: None))


def test_the_kinds_in_memory_are_those_of_the_models():
    kinds = COLUMNS["movement__kind"].choices

    assert kinds == Movement._meta.get_field("kind").choices == MovementKind.choices
    assert Bucket._meta.get_field("kind").choices == BucketKind.choices
