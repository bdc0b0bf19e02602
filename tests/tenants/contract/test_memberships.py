"""Joining, leaving, other roles and the last owner, over the managers and in memory."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.test import override_settings
from django.utils import timezone

from tenants.access.plans import TenantPlan
from tenants.context import current_actor_id, current_role
from tenants.errors import (
    NotAllowed,
    NoTenant,
    TenantMismatch,
    TenantSuspended,
    UnknownTenant,
    WrongType,
)
from tenants.refusals import (
    AlreadyMember,
    LastOwner,
    NoMembership,
    NotAMember,
    QuotaReached,
    RateLimited,
    UnknownRole,
    UserDeactivated,
)

SMALL = {"free": TenantPlan(quotas={"members": 2})}
small_plan = override_settings(TENANT_PLANS=f"{__name__}.SMALL")


@pytest.fixture
def tenant(side):
    return side.tenant()


class TestJoining:
    def test_makes_a_member(self, side, tenant):
        user = side.user()

        member = side.member(tenant, "editor", user)

        assert (member.user, member.user_id, member.role) == (user, user.pk, "editor")
        assert member.tenant_id == tenant.pk
        assert side.role_of(tenant, user) == "editor"
        assert side.tenants.ids_of_user(user) == side.tenants.ids_of_user(user.pk) == [tenant.pk]

    def test_twice_is_refused_and_leaves_the_block_usable(self, side, tenant):
        user = side.user()
        with side.acting_for(tenant):
            side.memberships.join(user, "editor")
            with pytest.raises(AlreadyMember):
                side.memberships.join(user, "viewer")
            side.memberships.join(side.user(), "viewer")

        assert side.roles(tenant) == ["editor", "viewer"]

    @pytest.mark.parametrize("verb", ["join", "admit"])
    def test_with_an_unknown_role_is_refused(self, side, tenant, verb):
        user = side.user()
        for role in ("king", "", None, "OWNER"):
            with side.acting_for(tenant), pytest.raises(UnknownRole) as caught:
                getattr(side.memberships, verb)(user, role)
            assert caught.value.figures["role"] == role

    @pytest.mark.parametrize("verb", ["join", "admit"])
    def test_of_a_deactivated_user_is_refused_by_the_stored_row(self, side, tenant, verb):
        user = side.user()
        side.users.deactivate(user.pk)

        with side.acting_for(tenant), pytest.raises(UserDeactivated):
            getattr(side.memberships, verb)(user, "editor")

    def test_of_what_is_not_a_user_is_refused_by_type(self, side, tenant):
        with side.acting_for(tenant), pytest.raises(WrongType) as caught:
            side.memberships.join("ana", "editor")
        assert caught.value.fields == ("user",)

    def test_admitting_is_safe_to_repeat_and_keeps_the_role(self, side, tenant):
        user = side.user()

        with side.acting_for(tenant):
            first = side.memberships.admit(user, "viewer")
            again = side.memberships.admit(user, "owner")

        assert (again.pk, again.role) == (first.pk, "viewer")
        assert side.roles(tenant) == ["viewer"]

    def test_who_left_can_join_again(self, side, tenant):
        side.member(tenant)
        user = side.user()
        left = side.member(tenant, "editor", user)
        with side.acting_for(tenant):
            side.memberships.leave(left)

        again = side.member(tenant, "viewer", user)

        assert again.pk != left.pk
        assert side.role_of(tenant, user) == "viewer"

    def test_another_tenants_members_are_not_seen(self, side, tenant):
        member = side.member(side.tenant())

        assert side.roles(tenant) == []
        assert side.role_of(tenant, member.user) is None
        with side.acting_for(tenant):
            assert list(side.memberships.by_email(member.user.email)) == []

    def test_members_are_found_by_address_whatever_its_case(self, side, tenant):
        member = side.member(tenant)

        with side.acting_for(tenant):
            assert list(side.memberships.by_email(f" {member.user.email.upper()} ")) == [member]


class TestTheQuota:
    @small_plan
    def test_counts_members_and_open_invitations(self, side, tenant):
        side.member(tenant)
        with side.acting_for(tenant):
            invitation, _ = side.invitations.invite("new@example.com", "viewer")
            for verb in (
                partial(side.memberships.join, side.user(), "viewer"),
                partial(side.memberships.admit, side.user(), "viewer"),
                partial(side.invitations.invite, "other@example.com", "viewer"),
            ):
                with pytest.raises(QuotaReached) as caught:
                    verb()
                assert caught.value.figures == {"quota": "members", "asked": 3, "allowed": 2}

            side.invitations.revoke(invitation)
            side.memberships.join(side.user(), "viewer")

        assert side.roles(tenant) == ["owner", "viewer"]

    @small_plan
    def test_does_not_refuse_to_admit_a_member_again(self, side, tenant):
        side.member(tenant)
        member = side.member(tenant, "viewer")

        with side.acting_for(tenant):
            assert side.memberships.admit(member.user, "owner") == member

    @small_plan
    def test_does_not_count_an_expired_invitation(self, side, tenant):
        side.member(tenant)
        with side.acting_for(tenant):
            side.invitations.invite("new@example.com", "viewer", expires_in=timedelta(hours=1))
        side.set_clock(timezone.now() + timedelta(hours=2))

        side.member(tenant, "viewer")

        assert side.roles(tenant) == ["owner", "viewer"]


class TestLeaving:
    def test_ends_the_membership(self, side, tenant):
        first, second = side.member(tenant), side.member(tenant)

        with side.acting_for(tenant):
            side.memberships.leave(second)
            assert list(side.memberships.all()) == [first]

        assert second.deleted_at is not None
        assert side.tenants.ids_of_user(second.user) == []

    @pytest.mark.parametrize("role", ["owner", "editor", "viewer", "service"])
    def test_the_last_owner_cannot_and_everybody_else_can(self, side, tenant, role):
        owner, other = side.member(tenant), side.member(tenant, role)
        with side.acting_for(tenant):
            side.memberships.leave(other)

            with pytest.raises(LastOwner):
                side.memberships.leave(owner)

        assert side.roles(tenant) == ["owner"]

    def test_an_owner_of_another_tenant_does_not_count(self, side, tenant):
        owner, other = side.member(tenant), side.tenant()
        side.member(other, user=owner.user)
        side.member(other)

        with side.acting_for(tenant), pytest.raises(LastOwner):
            side.memberships.leave(owner)

    def test_twice_is_refused(self, side, tenant):
        side.member(tenant)
        member = side.member(tenant, "editor")
        with side.acting_for(tenant):
            side.memberships.leave(member)

            with pytest.raises(NotAMember):
                side.memberships.leave(member)

    def test_ends_an_invitation_to_the_same_address(self, side, tenant):
        side.member(tenant)
        user = side.user()
        with side.acting_for(tenant):
            side.invitations.invite(user.email.upper(), "editor")
        member = side.member(tenant, "editor", user)

        with side.acting_for(tenant):
            side.invitations.invite("other@example.com", "editor")
            side.memberships.leave(member)
            assert [row.email for row in side.invitations.all()] == ["other@example.com"]

    def test_is_for_the_member_or_an_owner(self, side, tenant):
        side.member(tenant)
        mine, other = side.member(tenant, "editor"), side.member(tenant, "editor")

        with side.acting_for(tenant, actor=mine.user, role="editor"):
            with pytest.raises(NotAllowed):
                side.memberships.leave(other)
            side.memberships.leave(mine)

        assert side.roles(tenant) == ["editor", "owner"]


class TestAnotherRole:
    def test_is_given_and_safe_to_repeat(self, side, tenant):
        side.member(tenant)
        member = side.member(tenant, "viewer")

        with side.acting_for(tenant):
            for _ in range(2):
                assert side.memberships.change_role(member, "editor").role == "editor"

        assert member.role == "editor"
        assert side.roles(tenant) == ["editor", "owner"]

    def test_is_refused_to_the_last_owner(self, side, tenant):
        owner = side.member(tenant)
        with side.acting_for(tenant):
            with pytest.raises(LastOwner):
                side.memberships.change_role(owner, "editor")
            assert side.memberships.change_role(owner, "owner").role == "owner"

        side.member(tenant)
        with side.acting_for(tenant):
            assert side.memberships.change_role(owner, "editor").role == "editor"

    def test_is_refused_where_the_role_is_unknown(self, side, tenant):
        member = side.member(tenant)
        with side.acting_for(tenant), pytest.raises(UnknownRole):
            side.memberships.change_role(member, "king")

    def test_is_refused_for_another_tenants_member(self, side, tenant):
        theirs = side.member(side.tenant())

        with side.acting_for(tenant):
            for verb in (
                partial(side.memberships.change_role, theirs, "viewer"),
                partial(side.memberships.leave, theirs),
            ):
                with pytest.raises(NotAMember):
                    verb()


class TestBlocks:
    def test_are_needed(self, side, tenant):
        user = side.user()
        for verb in (
            partial(side.memberships.join, user, "editor"),
            partial(side.memberships.of, user),
            partial(side.invitations.invite, "new@example.com", "viewer"),
            side.tenants.get,
        ):
            with pytest.raises(NoTenant):
                verb()

    def test_undo_what_they_wrote_when_they_raise(self, side, tenant):
        user = side.user()

        def work():
            with side.acting_for(tenant):
                side.memberships.join(user, "owner")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            work()

        assert side.roles(tenant) == []

    def test_of_the_same_tenant_nest_and_of_another_do_not(self, side, tenant):
        other, user = side.tenant(), side.user()
        with side.acting_for(tenant):
            with side.acting_for(tenant, actor=user):
                side.memberships.join(user, "owner")
            with pytest.raises(TenantMismatch), side.acting_for(other):
                pass
            with pytest.raises(TenantMismatch), side.acting_for(tenant, role="viewer"):
                pass

        assert side.roles(tenant) == ["owner"]

    def test_of_a_member_have_the_role_that_the_member_has_now(self, side, tenant):
        side.member(tenant)
        member, stranger = side.member(tenant, "editor"), side.user()
        for role in ("service", "viewer"):
            with side.acting_for(tenant):
                side.memberships.change_role(member, role)
            for named in (member.user, member.user.pk):
                with side.acting_for(tenant, member=named), side.acting_for(tenant):
                    assert (current_role(), current_actor_id()) == (role, member.user.pk)

        with side.acting_for(tenant):
            side.memberships.leave(member)
            assert current_role() is None
        for nobody in (member.user, stranger, uuid4()):
            with pytest.raises(NoMembership), side.acting_for(tenant, member=nobody):
                pass

    def test_do_not_become_those_of_a_member(self, side, tenant):
        user = side.member(tenant).user
        with (
            side.acting_for(tenant, actor=user),
            pytest.raises(TenantMismatch),
            side.acting_for(tenant, member=user),
        ):
            pass
        with pytest.raises(TypeError), side.acting_for(tenant, member=user, role="owner"):
            pass

    def test_refuse_unknown_tenants_and_roles(self, side, tenant):
        for unknown in (tenant.slug, side.user().pk, None):
            with pytest.raises(UnknownTenant), side.acting_for(unknown):
                pass
        with pytest.raises(UnknownRole), side.acting_for(tenant, role="king"):
            pass

    @pytest.mark.parametrize("role", ["editor", "viewer", "service"])
    def test_of_a_member_who_is_no_owner_refuse_the_verbs_of_owners(self, side, tenant, role):
        member, user = side.member(tenant), side.user()
        with side.acting_for(tenant, role=role):
            for verb in (
                partial(side.memberships.join, user, "editor"),
                partial(side.memberships.change_role, member, "editor"),
                partial(side.invitations.invite, "new@example.com", "viewer"),
            ):
                with pytest.raises(NotAllowed):
                    verb()

    def test_of_an_owner_admit_and_invite_who_is_no_member(self, side, tenant):
        owner, user, invited = side.member(tenant), side.user(), side.user()

        with side.acting_for(tenant, member=owner.user):
            joined = side.memberships.join(user, "editor")
            _, token = side.invitations.invite(invited.email.upper(), "viewer")

        assert (joined.user, side.role_of(tenant, user)) == (user, "editor")
        assert side.invitations.accept(token, invited).role == "viewer"

    @override_settings(TENANT_LIMITS={"members.invite": (1, 3600)})
    def test_count_verbs_that_have_a_limit(self, side, tenant):
        with side.acting_for(tenant):
            side.memberships.join(side.user(), "owner")
            with pytest.raises(RateLimited):
                side.memberships.join(side.user(), "owner")

    def test_of_a_suspended_tenant_read_and_do_not_write(self, side, tenant):
        member, user = side.member(tenant), side.user()
        side.tenants.suspend(tenant)

        with side.acting_for(tenant):
            assert list(side.memberships.all()) == [member]
            for verb in (
                partial(side.memberships.join, user, "editor"),
                partial(side.memberships.change_role, member, "owner"),
            ):
                with pytest.raises(TenantSuspended):
                    verb()
        side.tenants.reactivate(tenant)
        side.member(tenant, "editor", user)

        assert side.roles(tenant) == ["editor", "owner"]
