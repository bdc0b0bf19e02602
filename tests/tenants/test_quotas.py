"""How many of a thing a tenant may have: counted, overridden, and never passed by one."""

from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from tenants.access import quotas
from tenants.access.plans import PLANS, TenantPlan, get_plan
from tenants.access.quotas import Quota, declare, require, standings
from tenants.context import acting_for, run_for
from tenants.errors import NotAllowed, NoTenant, TenantSuspended
from tenants.models import Change, Invitation, Membership, Tenant, TenantSettings
from tenants.postgres import counting
from tenants.refusals import BadDocument, QuotaReached, StaleSettings, UnknownQuota
from tests.command_line import manage
from tests.factories import MembershipFactory, UserFactory
from tests.threads import at_once

OURS = {
    "small": TenantPlan(features=frozenset({"reading"}), quotas={"members": 2}),
    "large": TenantPlan(features=frozenset({"reading"}), quotas={"members": None}),
    "old": frozenset({"reading"}),
}
SMALL = override_settings(TENANT_PLANS="tests.tenants.test_quotas.OURS")


@pytest.fixture
def small(tenant):
    """A tenant whose plan allows two members."""
    with SMALL:
        with acting_for(tenant):
            Tenant.objects.change_plan("small")
        yield tenant


def join():
    return Membership.objects.join(UserFactory(), "viewer")


def members():
    [standing] = [each for each in standings() if each.quota == "members"]
    return standing


class TestAPlan:
    def test_says_how_many_and_more_are_refused_with_asked_and_allowed(self, small):
        with acting_for(small):
            for _ in range(2):
                join()

            with pytest.raises(QuotaReached) as caught:
                join()

            assert Membership.objects.count() == 2
        error = caught.value
        assert (error.code, error.quota, error.asked, error.allowed) == (
            "quota_reached",
            "members",
            3,
            2,
        )
        assert error.figures == {"quota": "members", "asked": 3, "allowed": 2}
        assert str(error) == (
            "the plan small allows 2 members, and this would be number 3:"
            " remove a member or revoke an invitation, or ask for another plan"
        )

    @pytest.mark.parametrize("plan", ["large", "old"])
    def test_that_says_none_or_nothing_has_no_end(self, small, plan):
        with acting_for(small):
            Tenant.objects.change_plan(plan)
            for _ in range(4):
                join()

            assert (members().used, members().allowed) == (4, None)

    def test_with_a_lower_number_takes_nothing_away(self, small):
        with acting_for(small):
            Tenant.objects.change_plan("large")
            joined = [join() for _ in range(4)]
            Tenant.objects.change_plan("small")

            with pytest.raises(QuotaReached) as caught:
                join()
            assert (caught.value.asked, caught.value.allowed) == (5, 2)

            for membership in joined[:3]:
                Membership.objects.leave(membership)
            join()
            assert (members().used, members().allowed) == (2, 2)

    @pytest.mark.parametrize("name", PLANS)
    def test_of_ours_names_only_quotas_that_an_app_declares(self, name):
        for quota in get_plan(name).quotas:
            assert quotas.require_known(quota)


class TestAnOverride:
    def test_goes_before_the_plan_both_ways_for_one_tenant(self, small, other):
        with acting_for(small):
            TenantSettings.objects.change(quotas={"members": 3})
            for _ in range(3):
                join()
            with pytest.raises(QuotaReached) as caught:
                join()
            TenantSettings.objects.change(quotas={"members": None})
            join()

        assert "the tenant's own quota allows 3 members" in str(caught.value)
        with acting_for(other):
            Tenant.objects.change_plan("small")
            assert (members().allowed, members().source) == (2, "plan")

    def test_of_nothing_allows_none(self, small):
        with acting_for(small):
            TenantSettings.objects.change(quotas={"members": 0})

            with pytest.raises(QuotaReached):
                join()

    def test_is_kept_in_the_history(self, small):
        with acting_for(small):
            settings = TenantSettings.objects.change(quotas={"members": 3})

            told: Any = Change.objects.of(TenantSettings, settings.pk).latest("pk").after
        assert told["values"]["quotas"] == {"members": 3}

    @pytest.mark.parametrize(
        ("value", "field"),
        [
            ({"members": -1}, "quotas.members"),
            ({"members": True}, "quotas.members"),
            ({"members": "3"}, "quotas.members"),
            ({"members": 10**9 + 1}, "quotas.members"),
            (["members"], "quotas"),
        ],
        ids=str,
    )
    def test_is_typed(self, acting, value, field):
        with pytest.raises(BadDocument) as caught:
            TenantSettings.objects.change(quotas=value)

        assert caught.value.field == field

    @pytest.mark.parametrize("name", ["teleports", ""])
    def test_of_a_quota_there_is_not_is_refused_and_writes_nothing(self, acting, name):
        with pytest.raises(UnknownQuota, match="members"):
            TenantSettings.objects.change(quotas={name: 1})

        assert not TenantSettings.objects.exists()

    @pytest.mark.parametrize("values", [{"quotas": {"members": 9}}, {"features": {}}], ids=str)
    def test_is_for_the_system_alone(self, tenant, values):
        with pytest.raises(NotAllowed), acting_for(tenant, role="owner"):
            TenantSettings.objects.change(**values)

    def test_expects_a_version_like_other_settings(self, acting):
        with pytest.raises(StaleSettings):
            TenantSettings.objects.change(expect=4, quotas={"members": 3})


class TestMembers:
    def test_an_open_invitation_keeps_a_place_until_it_is_taken(self, small):
        user = UserFactory()
        with acting_for(small):
            join()
            _, token = Invitation.objects.invite(user.email, "viewer")
            for add in (join, lambda: Invitation.objects.invite("c@example.com", "viewer")):
                with pytest.raises(QuotaReached):
                    add()

        Invitation.objects.accept(token, user)

        with acting_for(small):
            assert members().used == 2

    def test_an_invitation_that_was_revoked_or_has_lapsed_keeps_none(self, small):
        with acting_for(small):
            invitations = [
                Invitation.objects.invite(f"{name}@example.com", "viewer")[0] for name in "ab"
            ]
            Invitation.objects.revoke(invitations[0])
            Invitation.objects.filter(pk=invitations[1].pk).update(
                expires_at=timezone.now() - timedelta(1)
            )

            assert members().used == 0
            join()

    def test_who_is_a_member_already_is_admitted_again_when_there_is_no_place(self, small):
        with acting_for(small):
            join()
            member = join()

            assert Membership.objects.admit(member.user, "owner") == member
            with pytest.raises(QuotaReached):
                Membership.objects.admit(UserFactory(), "owner")

    def test_who_has_left_does_not_count(self, small):
        with acting_for(small):
            join()
            Membership.objects.leave(join())

            join()

    def test_an_invitation_over_a_lowered_quota_can_be_taken_later(self, small):
        user = UserFactory()
        with acting_for(small):
            join()
            _, token = Invitation.objects.invite(user.email, "viewer")
            TenantSettings.objects.change(quotas={"members": 1})
        with pytest.raises(QuotaReached):
            Invitation.objects.accept(token, user)

        with acting_for(small):
            TenantSettings.objects.change(quotas={})
        Invitation.objects.accept(token, user)

        with acting_for(small):
            assert members().used == 2


class TestTwoAtOnce:
    def test_do_not_pass_the_quota_by_one(self, small):
        refused = self._joined_at_once(small)

        assert refused == 1
        with acting_for(small):
            assert Membership.objects.count() == 2

    def test_would_pass_it_without_the_lock(self, small, monkeypatch):
        monkeypatch.setattr(counting, "_LOCK", "")

        assert self._joined_at_once(small) == 0

    def test_would_pass_it_with_one_statement_that_locks_and_counts(self, small, monkeypatch):
        """Which waits, and then counts by the snapshot it began with."""
        monkeypatch.setattr(counting, "quota_terms_and_usage", in_one_statement)

        assert self._joined_at_once(small) == 0

    @staticmethod
    def _joined_at_once(tenant):
        """How many of two were refused the last place; each stays a while after it has asked."""
        users = [UserFactory() for _ in range(2)]
        with acting_for(tenant):
            join()

        def work(user):
            def joined():
                Membership.objects.join(user, "viewer")
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(0.2)")

            run_for(tenant, joined)

        answers = at_once(*(lambda user=user: work(user) for user in users))

        assert all(answer is None or isinstance(answer, QuotaReached) for answer in answers)
        return sum(isinstance(answer, QuotaReached) for answer in answers)


def in_one_statement(tenant_id, rows, *, lock, using):
    counted, values = rows.order_by().values("pk").query.get_compiler(using).as_sql()
    select = counting._QUOTA_TERMS.replace(
        "SELECT", f"SELECT (SELECT count(*) FROM ({counted}) c),", 1
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{select} {counting._LOCK}", [*values, tenant_id])
        [(used, *row)] = cursor.fetchall()
    return tuple(row), used


class TestRequire:
    def test_is_two_statements_which_lock_and_then_count(self, acting):
        with statements() as asked:
            require("members")

        assert [counting._LOCK in sql for sql in asked] == [True, False]

    def test_of_what_nobody_declares_is_a_mistake(self, acting):
        with pytest.raises(UnknownQuota):
            require("teleports")

    def test_needs_a_tenant(self, committed):
        with pytest.raises(NoTenant):
            require("members")

    def test_says_like_a_write_that_a_tenant_is_suspended(self, tenant):
        Tenant.objects.suspend(tenant)

        with pytest.raises(TenantSuspended), acting_for(tenant):
            require("members")

    def test_lets_others_write_meanwhile(self, tenant):
        """The lock is one that foreign keys to the tenant do not wait for."""

        def other():
            with acting_for(tenant):
                return MembershipFactory()

        with acting_for(tenant):
            require("members")
            [made] = at_once(other)

        assert isinstance(made, Membership)

    def test_a_quota_is_declared_once(self):
        again = Quota("members", Membership.objects.all, "leave")

        with pytest.raises(ValueError, match="declared twice"):
            declare(again)


@contextmanager
def statements():
    """What is sent to PostgreSQL in the block."""
    seen = []

    def note(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


class TestTheCommands:
    def test_show_how_many_are_used_and_allowed_and_who_says_so(self, small):
        with acting_for(small):
            join()
            TenantSettings.objects.change(quotas={"schedules": 7})

        told = manage("tenant", "quotas", small.slug, "--json").json
        table = manage("tenant", "quotas", small.slug).out

        assert told["plan"] == "small"
        assert told["quotas"]["members"] == {"used": 1, "allowed": 2, "by": "plan"}
        assert told["quotas"]["schedules"] == {"used": 0, "allowed": 7, "by": "override"}
        assert told["quotas"]["budgets"] == {"used": 0, "allowed": None, "by": "plan"}
        [line] = [line for line in table.splitlines() if "members" in line]
        assert [cell.strip() for cell in line.split("│")[1:-1]] == ["members", "1", "2", "plan"]
        assert f"{small.slug}: active, plan small" in table

    def test_override_one(self, small):
        manage("configure", "--tenant", small.slug, "quotas", '{"members": 1}')

        with acting_for(small):
            join()
            with pytest.raises(QuotaReached):
                join()
        shown = manage("configure", "--tenant", small.slug, "quotas", "--json").json
        assert shown == {"version": 1, "values": {"quotas": {"members": 1}}}

    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [
            (["quotas", '{"teleports": 1}'], "unknown_quota", "teleports"),
            (["quotas", '{"members": -1}'], "bad_document", "quotas.members"),
            (["colour", "red"], "bad_document", "colour"),
            (["quotas", "{}", "--expect", "9"], "stale_settings", "9"),
        ],
    )
    def test_refuse_in_one_line(self, tenant, words, code, said):
        manage("configure", "--tenant", tenant.slug, *words).assert_refused(code, said)

    @pytest.mark.parametrize("words", [["tenant", "quotas"], ["configure", "--tenant"]])
    def test_refuse_a_tenant_there_is_not(self, committed, unique, words):
        manage(*words, unique).assert_refused("unknown_tenant", unique)
