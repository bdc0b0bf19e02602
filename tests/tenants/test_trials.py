"""Trials: a plan that counts until a moment, and then by the clock no more."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tenants.access.features import has_feature, require_feature
from tenants.access.quotas import standings
from tenants.context import acting_for
from tenants.errors import CheckBroken, NotAllowed
from tenants.models import Change, Membership, Tenant, TenantSettings
from tenants.refusals import BadTrial, NotInPlan, QuotaReached, UnknownPlan
from tests.command_line import manage
from tests.factories import UserFactory


def soon(**passed):
    return timezone.now() + timedelta(**passed)


def lapse():
    """The end of the trial comes."""
    Tenant.objects.update(trial_ends_at=timezone.now() - timedelta(seconds=1))


def allowed(name):
    return next(each.allowed for each in standings() if each.quota == name)


def history(model, pk):
    """The columns of the last change of a row: name, before, after."""
    return Change.objects.of(model, pk).latest("pk").columns


class TestATrial:
    def test_gives_the_plans_features_and_quotas_until_it_ends_and_takes_nothing_away(self, acting):
        Tenant.objects.start_trial("business", soon(days=30))
        assert (has_feature("webhooks"), allowed("members")) == (True, None)
        for _ in range(21):
            Membership.objects.join(UserFactory(), "editor")

        lapse()

        assert (has_feature("webhooks"), allowed("members")) == (False, 20)
        with pytest.raises(NotInPlan, match="the plan free"):
            require_feature("webhooks")
        with pytest.raises(QuotaReached) as caught:
            Membership.objects.join(UserFactory(), "editor")
        assert (caught.value.asked, caught.value.allowed) == (22, 20)
        assert Membership.objects.count() == 21
        assert TenantSettings.objects.change(locale="de").version == 1  # it can still be written

    def test_falls_back_to_the_tenants_own_plan(self, acting):
        Tenant.objects.change_plan("team")
        ends = soon(days=1)
        tenant = Tenant.objects.start_trial("business", ends)

        assert tenant.plan_in_force == "business"
        assert tenant.plan_at(ends - timedelta(microseconds=1)) == "business"
        assert tenant.plan_at(ends) == "team"

    def test_leaves_what_was_overridden(self, acting):
        TenantSettings.objects.change(features={"api": False}, quotas={"members": 1})
        Tenant.objects.start_trial("business", soon(days=1))

        assert (has_feature("api"), allowed("members")) == (False, 1)

    def test_can_be_extended_and_ended(self, acting):
        Tenant.objects.start_trial("team", soon(days=1))
        later = soon(days=9)

        assert Tenant.objects.extend_trial(later).trial_ends_at == later
        assert Tenant.objects.get().status == "trial"
        ended = Tenant.objects.end_trial()

        assert (ended.status, ended.plan_in_force, ended.trial_plan) == ("active", "free", "team")

    @pytest.mark.parametrize("verb", ["extend", "end"])
    @pytest.mark.parametrize("had_one", [False, True])
    def test_that_does_not_run_cannot_be(self, acting, verb, had_one):
        if had_one:
            Tenant.objects.start_trial("team", soon(days=1))
            lapse()
        ask = {
            "extend": lambda: Tenant.objects.extend_trial(soon(days=1)),
            "end": Tenant.objects.end_trial,
        }[verb]

        with pytest.raises(BadTrial, match="not on trial"):
            ask()

    def test_ends_when_a_plan_is_chosen(self, acting):
        Tenant.objects.start_trial("business", soon(days=1))

        tenant = Tenant.objects.change_plan("team")

        assert (tenant.plan_in_force, tenant.status) == ("team", "active")

    def test_that_is_over_keeps_its_end_when_a_plan_is_chosen(self, acting):
        Tenant.objects.start_trial("business", soon(days=1))
        lapse()
        ended = Tenant.objects.get().trial_ends_at

        assert Tenant.objects.change_plan("team").trial_ends_at == ended

    @pytest.mark.parametrize(
        "until",
        [
            lambda: timezone.now(),
            lambda: soon(days=-1),
            lambda: soon(days=367),
            lambda: datetime(2026, 1, 1),  # has no time zone
            lambda: datetime(2200, 1, 1, tzinfo=UTC),
        ],
    )
    def test_has_an_end_that_is_to_come_and_not_too_far_away(self, acting, until):
        with pytest.raises(BadTrial):
            Tenant.objects.start_trial("team", until())

        assert Tenant.objects.get().trial_ends_at is None

    def test_of_a_plan_there_is_not_is_refused(self, acting):
        with pytest.raises(UnknownPlan):
            Tenant.objects.start_trial("gold", soon(days=1))

    @pytest.mark.parametrize(
        "ask",
        [
            lambda: Tenant.objects.start_trial("team", soon(days=1)),
            lambda: Tenant.objects.extend_trial(soon(days=1)),
            lambda: Tenant.objects.end_trial(),
        ],
        ids=["start", "extend", "end"],
    )
    def test_is_no_matter_of_members(self, tenant, ask):
        with pytest.raises(NotAllowed), acting_for(tenant, role="owner"):
            ask()

    def test_is_told_by_the_history(self, acting):
        Tenant.objects.start_trial("team", soon(days=1))

        told = {name: (was, is_) for name, was, is_ in history(Tenant, acting.pk)}

        assert told["trial_plan"] == ("", "team")
        assert told["trial_ends_at"][0] is None

    @pytest.mark.parametrize(
        "values",
        [{"trial_plan": "team"}, {"trial_ends_at": datetime(2026, 1, 1, tzinfo=UTC)}],
        ids=["no end", "no plan"],
    )
    def test_has_a_plan_and_an_end_or_neither(self, acting, values):
        with pytest.raises(CheckBroken):
            Tenant.objects.update(**values)


class TestTheStatus:
    def test_is_told_by_the_times(self, tenant):
        with acting_for(tenant):
            assert Tenant.objects.get().status == "active"
            Tenant.objects.start_trial("team", soon(days=1))
            assert Tenant.objects.get().status == "trial"
        Tenant.objects.suspend(tenant)
        with acting_for(tenant):
            assert Tenant.objects.get().status == "suspended"
        Tenant.objects.reactivate(tenant)
        with acting_for(tenant):
            lapse()
            assert Tenant.objects.get().status == "active"


class TestTheCommand:
    def test_starts_extends_and_ends_one(self, tenant):
        day = f"{soon(days=10):%Y-%m-%d}"
        started = manage("tenant", "trial", tenant.slug, "team", "--until", day, "--json").json
        shown = manage("tenant", "quotas", tenant.slug).out
        later = f"{soon(days=20):%Y-%m-%d}T12:00+02:00"
        extended = manage("tenant", "trial", tenant.slug, "--until", later, "--json").json
        ended = manage("tenant", "trial", tenant.slug, "--end", "--json").json

        assert (started["status"], started["plan"], started["trial_plan"]) == (
            "trial",
            "free",
            "team",
        )
        assert started["trial_ends"] == f"{day}T00:00:00+00:00"
        assert f"trial, plan team until {day}T00:00:00+00:00, then free" in shown
        assert extended["trial_ends"] == f"{soon(days=20):%Y-%m-%d}T10:00:00+00:00"
        assert (ended["status"], ended["trial_plan"]) == ("active", "team")

    def test_puts_a_tenant_on_a_plan(self, tenant):
        assert manage("tenant", "plan", tenant.slug, "team", "--json").json["plan"] == "team"

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (["trial", "{slug}", "gold", "--until", "{day}"], "unknown_plan"),
            (["trial", "{slug}", "team", "--until", "soon"], "bad_trial"),
            (["trial", "{slug}", "team", "--until", "2020-01-01"], "bad_trial"),
            (["trial", "{slug}", "--end"], "bad_trial"),
            (["plan", "{slug}", "gold"], "unknown_plan"),
        ],
    )
    def test_refuses_in_one_line(self, tenant, words, code):
        day = f"{soon(days=10):%Y-%m-%d}"
        said = [word.format(slug=tenant.slug, day=day) for word in words]

        manage("tenant", *said).assert_refused(code)
