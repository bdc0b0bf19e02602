"""Tenants created, found, on plans and trials, and suspended: the managers, and in memory."""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.utils import timezone

from tenants.errors import NotAllowed, SlugTaken, TenantMismatch, UnknownTenant, ValueRefused
from tenants.refusals import BadTrial, ExternalIdTaken, UnknownPlan


@pytest.fixture
def tenant(side):
    return side.tenant()


def soon(**passed):
    return timezone.now() + timedelta(**passed)


class TestCreating:
    def test_gives_it_the_first_plan_and_the_slug_for_a_name(self, side):
        slug = uuid4().hex

        tenant = side.tenants.create_tenant(slug)

        found = side.stored(tenant)
        assert (found.slug, found.name, found.plan, found.status) == (slug, slug, "free", "active")
        assert (found.external_id, found.trial_plan, found.trial_ends_at) == ("", "", None)
        assert side.tenants.id_of(slug) == tenant.pk
        assert tenant.pk in side.tenants.every_id()

    def test_with_a_slug_that_is_taken_is_refused(self, side, tenant):
        with pytest.raises(SlugTaken, match=tenant.slug):
            side.tenants.create_tenant(tenant.slug, "Another")

        assert side.stored(tenant).name == tenant.slug

    @pytest.mark.parametrize("slug", ["", "a b", "x" * 51, "a\0b"])
    def test_with_what_is_not_a_slug_is_refused(self, side, slug):
        with pytest.raises(ValueRefused):
            side.tenants.create_tenant(slug)

    def test_with_an_external_id_that_is_taken_creates_nothing(self, side):
        slug, external_id = uuid4().hex, uuid4().hex
        first = side.tenants.create_tenant(f"{slug}-1", external_id=external_id)

        with pytest.raises(ExternalIdTaken) as caught:
            side.tenants.create_tenant(f"{slug}-2", external_id=external_id)

        assert caught.value.figures == {"external_id": external_id}
        assert side.tenants.id_of_external_id(external_id) == first.pk
        with pytest.raises(UnknownTenant):
            side.tenants.id_of(f"{slug}-2")
        side.tenants.create_tenant(f"{slug}-2")

    def test_belongs_outside_of_blocks(self, side, tenant):
        with side.acting_for(tenant), pytest.raises(TenantMismatch):
            side.tenants.create_tenant(uuid4().hex)


class TestFinding:
    @pytest.mark.parametrize("text", ["", "nobody"])
    def test_what_no_tenant_has_is_refused(self, side, tenant, text):
        for look_up in (side.tenants.id_of, side.tenants.id_of_external_id):
            with pytest.raises(UnknownTenant):
                look_up(text)

    def test_the_tenants_of_a_user_are_those_of_live_memberships(self, side, tenant):
        other, user = side.tenant(), side.user()
        member = side.member(tenant, user=user)
        side.member(tenant)
        side.member(other, user=user)
        assert set(side.tenants.ids_of_user(user)) == {tenant.pk, other.pk}

        with side.acting_for(tenant):
            side.memberships.leave(member)

        assert side.tenants.ids_of_user(user) == [other.pk]

    def test_a_block_sees_its_own_tenant_alone(self, side, tenant):
        side.tenant()

        assert side.stored(tenant) == tenant

    def test_those_that_can_be_written_are_listed(self, side, tenant):
        other = side.tenant()
        side.tenants.suspend(other)

        ids = side.tenants.every_id()

        assert {tenant.pk, other.pk} <= set(ids)
        assert ids == sorted(ids)
        writable = side.tenants.every_id(writable=True)
        assert tenant.pk in writable
        assert other.pk not in writable


class TestTheExternalId:
    def test_is_set_changed_and_removed(self, side, tenant):
        first, second = uuid4().hex, uuid4().hex
        for external_id in (first, first, second):
            with side.acting_for(tenant):
                assert side.tenants.set_external_id(external_id).external_id == external_id
            assert side.tenants.id_of_external_id(external_id) == tenant.pk
        with side.acting_for(tenant):
            side.tenants.set_external_id("")

        assert side.stored(tenant).external_id == ""
        for external_id in (first, second):
            with pytest.raises(UnknownTenant):
                side.tenants.id_of_external_id(external_id)

    def test_of_another_tenant_is_refused_and_the_block_goes_on(self, side, tenant):
        taken, mine = uuid4().hex, uuid4().hex
        other = side.tenants.create_tenant(uuid4().hex, external_id=taken)
        with side.acting_for(tenant):
            side.tenants.set_external_id(mine)
            with pytest.raises(ExternalIdTaken):
                side.tenants.set_external_id(taken)
            assert side.tenants.get().external_id == mine

        assert side.tenants.id_of_external_id(taken) == other.pk
        assert side.tenants.id_of_external_id(mine) == tenant.pk

    @pytest.mark.parametrize("text", ["x" * 256, "a\0b"], ids=["long", "null"])
    def test_that_cannot_be_stored_is_refused(self, side, tenant, text):
        with side.acting_for(tenant), pytest.raises(ValueRefused):
            side.tenants.set_external_id(text)


class TestPlans:
    def test_are_changed_and_end_a_trial(self, side, tenant):
        with side.acting_for(tenant):
            side.tenants.start_trial("business", soon(days=1))
            for _ in range(2):
                assert side.tenants.change_plan("team").plan_in_force == "team"

        found = side.stored(tenant)
        assert (found.plan, found.trial_plan, found.status) == ("team", "business", "active")

    def test_that_are_unknown_are_refused(self, side, tenant):
        with side.acting_for(tenant):
            for verb in (
                partial(side.tenants.change_plan, "gold"),
                partial(side.tenants.start_trial, "gold", soon(days=1)),
            ):
                with pytest.raises(UnknownPlan) as caught:
                    verb()
                assert caught.value.figures == {"plan": "gold"}

    def test_trials_and_external_ids_are_for_the_system_alone(self, side, tenant):
        with side.acting_for(tenant, role="owner"):
            for verb in (
                partial(side.tenants.change_plan, "team"),
                partial(side.tenants.start_trial, "team", soon(days=1)),
                partial(side.tenants.extend_trial, soon(days=1)),
                side.tenants.end_trial,
                partial(side.tenants.set_external_id, "org"),
                partial(side.tenants.suspend, tenant),
                partial(side.tenants.reactivate, tenant),
            ):
                with pytest.raises(NotAllowed):
                    verb()


class TestATrial:
    def test_counts_until_it_ends_by_the_clock(self, side, tenant):
        ends = soon(days=1)
        with side.acting_for(tenant):
            on_trial = side.tenants.start_trial("team", ends)
        assert (on_trial.status, on_trial.plan_in_force) == ("trial", "team")

        side.set_clock(ends)

        found = side.stored(tenant)
        assert (found.status, found.plan_in_force, found.trial_plan) == ("active", "free", "team")

    def test_is_extended_replaced_and_ended(self, side, tenant):
        first, later = soon(days=1), soon(days=9)
        with side.acting_for(tenant):
            side.tenants.start_trial("team", first)
            for _ in range(2):
                assert side.tenants.extend_trial(later).trial_ends_at == later
            assert side.tenants.start_trial("business", first).trial_plan == "business"
            assert side.tenants.end_trial().status == "active"

        assert side.stored(tenant).plan_in_force == "free"

    @pytest.mark.parametrize("had_one", [False, True])
    def test_that_does_not_run_is_neither_extended_nor_ended(self, side, tenant, had_one):
        with side.acting_for(tenant):
            if had_one:
                side.tenants.start_trial("team", soon(days=1))
                side.tenants.end_trial()
            for verb in (
                side.tenants.end_trial,
                partial(side.tenants.extend_trial, soon(days=1)),
            ):
                with pytest.raises(BadTrial, match="not on trial"):
                    verb()

    @pytest.mark.parametrize(
        "until",
        [
            timezone.now,
            partial(soon, days=-1),
            partial(soon, days=367),
            lambda: datetime(2026, 1, 1),  # has no time zone
            lambda: datetime(2200, 1, 1, tzinfo=UTC),
        ],
    )
    def test_needs_an_end_in_the_next_366_days(self, side, tenant, until):
        with side.acting_for(tenant):
            with pytest.raises(BadTrial):
                side.tenants.start_trial("team", until())
            side.tenants.start_trial("team", soon(days=1))
            with pytest.raises(BadTrial):
                side.tenants.extend_trial(until())


class TestSuspending:
    def test_is_safe_to_repeat_and_keeps_the_first_time(self, side, tenant):
        side.tenants.suspend(tenant)
        first = side.stored(tenant)
        side.set_clock(soon(days=1))

        side.tenants.suspend(tenant.pk)

        assert side.stored(tenant).suspended_at == first.suspended_at is not None
        assert first.status == "suspended"

    def test_is_undone_by_reactivating_which_is_safe_to_repeat(self, side, tenant):
        side.tenants.suspend(tenant)
        for _ in range(2):
            side.tenants.reactivate(tenant)

        assert side.stored(tenant).status == "active"

    def test_of_an_unknown_tenant_is_refused(self, side):
        for verb in (side.tenants.suspend, side.tenants.reactivate):
            for unknown in (uuid4(), "acme"):
                with pytest.raises(UnknownTenant):
                    verb(unknown)
