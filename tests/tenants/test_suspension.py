"""Tenants that are suspended and reactivated, and the roles of those who act."""

import pytest
from django.db import connection
from django.utils import timezone

from budgets.models import Movement
from examples.shop.models import Category
from tenants.context import acting_for, run_for, tenancy
from tenants.errors import (
    NotAllowed,
    ReadOnly,
    TenantMismatch,
    TenantSuspended,
    UnknownTenant,
)
from tenants.models import Change, Membership, Tenant
from tests.command_line import manage
from tests.factories import (
    BucketFactory,
    BudgetFactory,
    MembershipFactory,
    UserFactory,
)
from tests.threads import in_thread


class TestSuspending:
    def test_ends_when_the_tenant_is_reactivated(self, tenant):
        Tenant.objects.suspend(tenant)
        Tenant.objects.reactivate(tenant)

        with acting_for(tenant):
            assert MembershipFactory().pk
            assert Movement.objects.deposit(BudgetFactory(), 100).amount == 100
            assert Tenant.objects.get().suspended_at is None

    def test_is_safe_to_repeat_and_keeps_its_first_time(self, tenant):
        Tenant.objects.suspend(tenant)
        with acting_for(tenant):
            first = Tenant.objects.get().suspended_at
        Tenant.objects.suspend(tenant.pk)

        with acting_for(tenant):
            assert Tenant.objects.get().suspended_at == first is not None
        for _ in range(2):
            Tenant.objects.reactivate(tenant.pk)

    def test_is_told_once_by_the_history(self, tenant):
        user = UserFactory()
        with acting_for(tenant):
            before = Change.objects.of(Tenant, tenant.pk).count()
        for verb in (Tenant.objects.suspend, Tenant.objects.reactivate):
            verb(tenant)
            verb(tenant)

        with acting_for(tenant, actor=user):
            told = list(Change.objects.of(Tenant, tenant.pk))[: -before or None]
            (back, *_), (off, *_) = (change.columns for change in told)
        assert [change.verb for change in told] == ["update", "update"]
        assert (off[:2], back[0], back[2]) == (("suspended_at", None), "suspended_at", None)
        assert off[2] == back[1] is not None

    @pytest.mark.parametrize("verb", ["suspend", "reactivate"])
    def test_needs_a_tenant(self, verb, committed):
        with pytest.raises(UnknownTenant):
            getattr(Tenant.objects, verb)(UserFactory.build().pk)

    def test_is_no_matter_of_other_tenants(self, tenant, other):
        Tenant.objects.suspend(tenant)

        with acting_for(other):
            assert MembershipFactory().pk

    def test_binds_transactions_that_begin_later(self, tenant):
        with acting_for(tenant):
            in_thread(Tenant.objects.suspend, tenant)
            assert MembershipFactory().pk

        with pytest.raises(TenantSuspended), acting_for(tenant):
            Membership.objects.update(role="viewer")

    def test_cannot_be_ended_from_within(self, tenant):
        Tenant.objects.suspend(tenant)

        with pytest.raises(TenantSuspended), acting_for(tenant):
            Tenant.objects.reactivate(tenant)

    def test_is_said_by_the_block(self, tenant):
        Tenant.objects.suspend(tenant)

        with acting_for(tenant):
            assert tenancy().suspended
        with acting_for(tenant, even_suspended=True):
            assert not tenancy().suspended
            assert MembershipFactory().pk

    def test_a_reader_writes_nothing_even_where_others_may(self, tenant):
        block = acting_for(tenant, role="viewer", even_suspended=True)
        with pytest.raises(ReadOnly), block, connection.cursor() as cursor:
            cursor.execute("UPDATE tenants_membership SET role = 'owner'")

    def test_is_not_retried(self, tenant):
        Tenant.objects.suspend(tenant)
        calls = []

        def work() -> None:
            calls.append(1)
            Membership.objects.update(role="viewer")

        with pytest.raises(TenantSuspended):
            run_for(tenant, work)

        assert calls == [1]


class TestTheCommand:
    def test_suspends_and_reactivates(self, tenant):
        said = manage("tenant", "suspend", tenant.slug, "--json").json

        assert said["suspended"] is not None
        [listed] = [
            row for row in manage("tenant", "list", "--json").json if row["slug"] == tenant.slug
        ]
        assert listed["suspended"] == said["suspended"]
        assert manage("tenant", "suspend", tenant.slug, "--json").json == said
        assert manage("tenant", "reactivate", tenant.slug, "--json").json["suspended"] is None
        with acting_for(tenant):
            assert MembershipFactory().pk

    def test_shows_a_table(self, committed, unique):
        tenant = Tenant.objects.create_tenant(unique, "Rivera family")
        ran = manage("tenant", "suspend", unique)

        today = str(timezone.now().date())
        [line] = [line for line in ran.out.splitlines() if unique in line]
        assert [cell.strip() for cell in line.split("│")[1:-1]] == [
            unique,
            "Rivera family",
            str(tenant.pk),
            today,
            today,
        ]

    @pytest.mark.parametrize("verb", ["suspend", "reactivate"])
    def test_refuses_a_tenant_there_is_not(self, verb, committed, unique):
        manage("tenant", verb, unique).assert_refused("unknown_tenant", unique)

    def test_of_money_is_refused_in_one_line(self, tenant):
        with acting_for(tenant):
            BucketFactory(budget=BudgetFactory(name="Household"))
        Tenant.objects.suspend(tenant)

        ran = manage("deposit", "--tenant", tenant.slug, "--budget", "Household", "5")

        ran.assert_refused("tenant_suspended")


class TestRoles:
    @pytest.mark.parametrize("role", ["owner", "editor", "service", None])
    def test_that_are_no_readers_write(self, role, tenant):
        with acting_for(tenant, role=role):
            assert Category.objects.create(name="Tea").pk
            assert tenancy().role == role

    def test_a_refusal_says_who_may_not_do_what(self, tenant):
        with pytest.raises(NotAllowed) as caught, acting_for(tenant, role="viewer"):
            Membership.objects.create(role="owner")

        assert (caught.value.role, caught.value.code) == ("viewer", "not_allowed")
        assert not caught.value.retryable

    def test_a_block_within_keeps_the_role(self, tenant):
        with acting_for(tenant, role="viewer"), acting_for(tenant):
            assert tenancy().role == "viewer"
            with pytest.raises(NotAllowed):
                Membership.objects.update(role="owner")

    @pytest.mark.parametrize(("outer", "inner"), [("viewer", "owner"), (None, "viewer")])
    def test_a_block_within_takes_on_no_other(self, outer, inner, tenant):
        with (
            acting_for(tenant, role=outer),
            pytest.raises(TenantMismatch),
            acting_for(tenant, role=inner),
        ):
            pass

    def test_run_for_takes_one(self, tenant):
        with pytest.raises(NotAllowed):
            run_for(tenant, lambda: Membership.objects.update(role="owner"), role="viewer")

    def test_the_next_transaction_of_the_connection_writes(self, tenant):
        with acting_for(tenant, role="viewer"):
            assert not Membership.objects.exists()

        with acting_for(tenant):
            assert MembershipFactory().pk

    def test_suspension_comes_first(self, tenant):
        Tenant.objects.suspend(tenant)

        with pytest.raises(TenantSuspended), acting_for(tenant, role="viewer"):
            Membership.objects.update(role="owner")
