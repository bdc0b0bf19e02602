"""What belongs to a user, on both sides."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from tests.budgets.contract.sides import Database
from tests.factories import MembershipFactory


@pytest.fixture
def member(side):
    """Make a member: the owner of a budget, as its side takes one."""

    def member() -> Any:
        if isinstance(side, Database):
            return side.run(MembershipFactory)
        return SimpleNamespace(user_id=uuid4())

    return member


@pytest.fixture
def ana(side, member) -> Any:
    """She owns two budgets, somebody else one, and nobody one."""
    ana = member()
    for name, owner in (("Home", ana), ("Trip", ana), ("Far", member()), ("Free", None)):
        side.run(
            lambda name=name, owner=owner: side.budgets.create_budget(name, "EUR", owner=owner)
        )
    return ana


def test_budgets_of_a_user_are_those_they_own(side, ana):
    def names() -> set[str]:
        return {budget.name for budget in side.budgets.of(ana.user_id)}

    assert side.run(names) == {"Home", "Trip"}


def test_buckets_of_a_user_are_those_of_their_budgets(side, ana):
    def homes() -> list[Any]:
        return sorted(bucket.budget_id for bucket in side.buckets.of(ana.user_id))

    assert side.run(homes) == side.run(
        lambda: sorted(row.pk for row in side.budgets.of(ana.user_id))
    )


def test_nobody_owns_nothing(side, ana):
    for nobody in (None, uuid4()):
        assert side.run(lambda nobody=nobody: list(side.budgets.of(nobody))) == []
        assert side.run(lambda nobody=nobody: list(side.buckets.of(nobody))) == []
