"""What is mine: what a user owns in the tenant in force."""

from typing import Any

import pytest
from django.utils import timezone

from budgets.models import Bucket, Budget
from tenants.context import acting_for
from tenants.errors import WrongType
from tests.budgets.reading import statements
from tests.factories import BucketFactory, BudgetFactory, MembershipFactory, UserFactory


@pytest.fixture
def ana():
    return UserFactory()


def test_a_member_finds_their_own_in_their_block(tenant, ana):
    with acting_for(tenant):
        own = BudgetFactory(owner=MembershipFactory(user=ana))
        rent = BucketFactory(budget=own, name="Rent")
        BucketFactory(budget=BudgetFactory(owner=MembershipFactory()))

    with acting_for(tenant, actor=ana, role="viewer"):
        with statements(1):
            budgets = list(Budget.objects.of(ana))
        with statements(1):
            envelopes = list(Bucket.objects.of(ana).envelopes())

    assert budgets == [own]
    assert envelopes == [rent]


def test_by_the_id_too_and_in_whatever_order_filters_come(acting, ana):
    mine = [BudgetFactory(owner=MembershipFactory(user=ana)) for _ in range(1)]
    Budget.objects.filter(pk=mine[0].pk).update(archived_at=timezone.now())

    assert list(Budget.objects.of(ana.pk)) == mine
    assert list(Budget.objects.open().of(ana)) == []


def test_what_they_own_in_another_tenant_is_not_there(tenant, other, ana):
    with acting_for(other):
        BudgetFactory(owner=MembershipFactory(user=ana))

    with acting_for(tenant):
        assert not Budget.objects.of(ana).exists()
        assert not Bucket.objects.of(ana).exists()


def test_of_nobody_are_none_and_not_those_without_an_owner(acting):
    BudgetFactory()
    nobody: Any = None

    assert list(Budget.objects.of(nobody)) == []
    assert list(Bucket.objects.of(nobody)) == []


def test_what_is_no_user_is_refused(acting):
    address: Any = "ana@example.com"

    for manager in (Budget.objects, Bucket.objects):
        with pytest.raises(WrongType, match="user is"):
            manager.of(address)
