"""Offers of a membership, accepted once, over the managers and in memory."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from tenants.errors import TenantSuspended
from tenants.refusals import (
    AlreadyInvited,
    AlreadyMember,
    BadEmail,
    BadExpiry,
    InvitationForAnother,
    InvitationInvalid,
    UnknownRole,
    UserDeactivated,
)

WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)


@pytest.fixture
def tenant(side):
    return side.tenant()


@pytest.fixture
def user(side):
    return side.user()


@pytest.fixture
def invite(side, tenant):
    """Invite an address to the tenant."""

    def invite(email, role="editor", where=tenant, **options):
        with side.acting_for(where):
            return side.invitations.invite(email, role, **options)

    return invite


def pending(side, tenant):
    with side.acting_for(tenant):
        return [(row.email, row.role) for row in side.invitations.all() if not row.accepted_at]


class TestInviting:
    def test_cleans_the_address_and_is_open_for_a_week(self, side, tenant, invite):
        invitation, token = invite(" New@Example.COM ", "viewer")

        assert (invitation.email, invitation.role) == ("new@example.com", "viewer")
        assert timedelta(0) <= timezone.now() + WEEK - invitation.expires_at < timedelta(minutes=1)
        assert len(token) == 43
        assert pending(side, tenant) == [("new@example.com", "viewer")]

    def test_the_same_address_twice_is_refused_and_the_block_goes_on(self, side, tenant):
        with side.acting_for(tenant):
            side.invitations.invite("new@example.com", "viewer")
            with pytest.raises(AlreadyInvited):
                side.invitations.invite("NEW@example.com", "editor")
            side.invitations.invite("other@example.com", "editor")

        assert pending(side, tenant) == [
            ("new@example.com", "viewer"),
            ("other@example.com", "editor"),
        ]

    def test_an_address_anew_replaces_an_expired_offer(self, side, tenant, invite):
        invite("new@example.com", "viewer", expires_in=SECOND)
        side.set_clock(timezone.now() + SECOND)

        invite("new@example.com", "owner")

        assert pending(side, tenant) == [("new@example.com", "owner")]

    def test_a_member_is_refused_whatever_the_case(self, side, tenant, invite):
        member = side.member(tenant)

        with pytest.raises(AlreadyMember):
            invite(member.user.email.upper())

    def test_another_tenants_member_or_invited_is_not_refused(self, side, tenant, invite):
        member = side.member(side.tenant())
        invite("new@example.com", where=side.tenant())

        invite(member.user.email)
        invite("new@example.com")

        assert len(pending(side, tenant)) == 2

    @pytest.mark.parametrize("email", ["", "new", "new@", "a b@example.com", "a\0@example.com"])
    def test_what_is_not_an_address_is_refused(self, invite, email):
        with pytest.raises(BadEmail):
            invite(email)

    def test_with_an_unknown_role_is_refused(self, invite):
        with pytest.raises(UnknownRole):
            invite("new@example.com", "king")

    @pytest.mark.parametrize(
        "expires_in", [-WEEK, timedelta(), timedelta(days=90, microseconds=1), timedelta.max]
    )
    def test_for_no_time_or_too_long_is_refused(self, side, tenant, invite, expires_in):
        with pytest.raises(BadExpiry):
            invite("new@example.com", expires_in=expires_in)
        assert pending(side, tenant) == []


class TestAccepting:
    def test_makes_a_member_of_the_tenant_that_invited(self, side, tenant, user, invite):
        _, token = invite(user.email.upper())

        membership = side.invitations.accept(token, user)

        assert (membership.tenant_id, membership.role) == (tenant.pk, "editor")
        assert side.role_of(tenant, user) == "editor"
        assert pending(side, tenant) == []

    def test_works_once_and_refuses_every_other_token_alike(self, side, tenant, user, invite):
        side.member(tenant)
        gone, revoked = invite(user.email)
        with side.acting_for(tenant):
            side.invitations.revoke(gone)
        _, used = invite(user.email)
        side.invitations.accept(used, user)
        _, expired = invite("new@example.com", expires_in=SECOND)
        side.set_clock(timezone.now() + SECOND)

        refusals = set()
        for token in (expired, revoked, used, "unknown", "", "\0", "\ud800", "x" * 10_000):
            with pytest.raises(InvitationInvalid) as caught:
                side.invitations.accept(token, user)
            refusals.add((type(caught.value), str(caught.value), str(caught.value.figures)))

        assert len(refusals) == 1

    def test_of_another_person_is_refused_and_stays_open(self, side, user, invite):
        _, token = invite(user.email)

        with pytest.raises(InvitationForAnother):
            side.invitations.accept(token, side.user())

        assert side.invitations.accept(token, user).role == "editor"

    def test_by_a_deactivated_user_is_refused(self, side, user, invite):
        _, token = invite(user.email)
        before = side.users.get_by_name(user.email)
        side.users.deactivate(user)

        with pytest.raises(InvitationForAnother):
            side.invitations.accept(token, user)
        with pytest.raises(UserDeactivated):
            side.invitations.accept(token, before)

    def test_by_a_member_is_refused_and_the_role_stays(self, side, tenant, user, invite):
        _, token = invite(user.email)
        side.member(tenant, "viewer", user)

        with pytest.raises(AlreadyMember):
            side.invitations.accept(token, user)

        assert side.role_of(tenant, user) == "viewer"
        assert pending(side, tenant) == [(user.email, "editor")]

    def test_belongs_outside_of_blocks(self, side, tenant, user, invite):
        _, token = invite(user.email)

        with side.acting_for(tenant), pytest.raises(RuntimeError):
            side.invitations.accept(token, user)

    def test_in_a_suspended_tenant_is_refused(self, side, tenant, user, invite):
        _, token = invite(user.email)
        side.tenants.suspend(tenant)

        with pytest.raises(TenantSuspended):
            side.invitations.accept(token, user)


class TestReissuing:
    def test_ends_the_earlier_token_and_changes_nothing_else(self, side, tenant, user, invite):
        invitation, earlier = invite(user.email)
        with side.acting_for(tenant):
            tokens = [side.invitations.reissue(invitation) for _ in range(2)]

        for token in (earlier, tokens[0]):
            with pytest.raises(InvitationInvalid):
                side.invitations.accept(token, user)

        assert pending(side, tenant) == [(user.email, "editor")]
        assert side.invitations.accept(tokens[1], user).role == "editor"

    def test_what_was_accepted_or_has_expired_is_refused(self, side, tenant, user, invite):
        accepted, token = invite(user.email)
        side.invitations.accept(token, user)
        expired, _ = invite("new@example.com", expires_in=SECOND)
        side.set_clock(timezone.now() + SECOND)

        with side.acting_for(tenant):
            for invitation in (accepted, expired):
                with pytest.raises(InvitationInvalid):
                    side.invitations.reissue(invitation)

    def test_another_tenants_is_refused(self, side, tenant, invite):
        invitation, _ = invite("new@example.com", where=side.tenant())

        with side.acting_for(tenant), pytest.raises(InvitationInvalid):
            side.invitations.reissue(invitation)


class TestRevoking:
    def test_deletes_the_offer_and_is_refused_when_repeated(self, side, tenant, invite):
        invitation, _ = invite("new@example.com")
        with side.acting_for(tenant):
            side.invitations.revoke(invitation)
            with pytest.raises(InvitationInvalid):
                side.invitations.revoke(invitation)

        assert pending(side, tenant) == []

    def test_an_accepted_offer_is_refused(self, side, tenant, user, invite):
        invitation, token = invite(user.email)
        side.invitations.accept(token, user)

        with side.acting_for(tenant), pytest.raises(InvitationInvalid):
            side.invitations.revoke(invitation)

    def test_another_tenants_is_refused(self, side, tenant, invite):
        other = side.tenant()
        invitation, _ = invite("new@example.com", where=other)

        with side.acting_for(tenant):
            revoke = partial(side.invitations.revoke, invitation)
            with pytest.raises(InvitationInvalid):
                revoke()

        assert pending(side, other) == [("new@example.com", "editor")]
