"""An archived budget takes no money in, over the managers and in memory; it can be emptied."""

from functools import partial

import pytest

from budgets.errors import BadRule, BudgetArchived, UnknownBudget
from budgets.managers.bulk import Deposit
from budgets.managers.dispositions import Disposition
from tests.budgets.contract.sides import Scene


@pytest.fixture
def archived(scene: Scene) -> Scene:
    """The scene with Home archived, after a deposit with the key `before`."""
    scene.do(lambda: scene.side.movements.deposit(scene.kept["Home"], 5, key="before"))
    scene.do(partial(archive, scene))
    return scene


def archive(scene: Scene) -> None:
    scene.side.budgets.archive(scene.home)


def refuses(scene: Scene, verb, *given, **figures) -> None:
    scene.refuses(
        partial(verb, *given), BudgetArchived, "budget_archived", budget="Home", **figures
    )


def test_no_deposit_comes_in(archived):
    movements, home, rent = archived.side.movements, archived.kept["Home"], archived.kept["Rent"]

    refuses(archived, movements.deposit, home, 5)
    refuses(archived, movements.deposit_into, rent, 5)
    refuses(archived, movements.deposit_many, [Deposit(home.pk, 5)], number=0)


def test_nor_is_one_previewed(archived):
    refuses(archived, archived.side.movements.preview, archived.kept["Home"], 5)
    refuses(archived, archived.side.movements.preview_into, archived.kept["Fun"], 5)


def test_of_many_deposits_the_others_are_made(archived):
    many = [Deposit(archived.kept["Home"].pk, 5), Deposit(archived.kept["Away"].pk, 5)]

    refused, made = archived.do(
        lambda: archived.side.movements.deposit_many(many, each_on_its_own=True)
    )

    assert (refused.code, made.amount) == ("budget_archived", 5)


def test_a_repeat_is_answered_as_it_was_before(archived):
    home, movements = archived.kept["Home"], archived.side.movements

    one = archived.do(lambda: movements.deposit(home, 5, key="before"))
    [other] = archived.do(lambda: movements.deposit_many([Deposit(home.pk, 5, {"key": "before"})]))

    assert (one.seq, one.repeated, other) == (3, True, one)


def test_what_it_holds_may_move_and_go(archived):
    movements, kept = archived.side.movements, archived.kept

    moved = archived.do(lambda: movements.transfer(kept["Fun"], kept["Spare"], 300_00))
    gone = archived.do(lambda: movements.withdraw(kept["Rent"], 300_00))
    closed = archived.do(lambda: archived.side.buckets.close(kept["Spare"], Disposition.OUT))

    assert (moved.seq, gone.seq, closed.state) == (4, 5, "closed")


def test_its_name_is_free_and_does_not_lead_to_it(archived):
    home, budgets = archived.kept["Home"], archived.side.budgets

    for name in ("Home", str(home.pk)):
        with pytest.raises(UnknownBudget):
            archived.do(partial(budgets.get_by_name, name))

    assert archived.do(lambda: budgets.create_budget("Home", "EUR")) != home


def test_who_asks_for_it_finds_it_by_name_or_id_and_an_open_one_first(archived):
    home, budgets = archived.kept["Home"], archived.side.budgets

    for name in ("home", str(home.pk)):
        assert archived.do(partial(budgets.get_by_name, name, archived=True)) == home

    new = archived.do(lambda: budgets.create_budget("Home", "EUR"))
    assert archived.do(partial(budgets.get_by_name, "Home", archived=True)) == new
    archived.do(lambda: budgets.archive(new))
    with pytest.raises(UnknownBudget):
        archived.do(partial(budgets.get_by_name, "Home", archived=True))


def test_it_comes_back_unless_its_name_is_taken(archived):
    home, budgets = archived.kept["Home"], archived.side.budgets
    archived.do(lambda: budgets.create_budget("HOME", "EUR"))

    archived.refuses(partial(budgets.unarchive, home), BadRule, "bad_rule", name="Home")
    archived.do(lambda: budgets.rename(home, "Old home"))
    back = archived.do(lambda: budgets.unarchive(home))

    assert (back.name, back.archived_at) == ("Old home", None)
    assert archived.do(lambda: archived.side.movements.deposit(home, 5)).seq == 4


def test_to_repeat_it_changes_nothing(archived):
    budgets = archived.side.budgets
    first = archived.do(lambda: budgets.get_by_name("Home", archived=True))

    again = archived.do(lambda: budgets.archive(archived.kept["Home"]))

    assert (again.archived_at, again.version) == (first.archived_at, first.version)
