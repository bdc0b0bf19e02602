"""Invitations: a token shown once, good for one person, once, for a while."""

import hashlib
from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from tenants.context import acting_for
from tenants.errors import WrongType
from tenants.models import Invitation, Membership, Tenant
from tenants.refusals import (
    AlreadyInvited,
    AlreadyMember,
    BadEmail,
    BadExpiry,
    InvitationForAnother,
    InvitationInvalid,
    RateLimited,
    UnknownRole,
)
from tests.factories import MembershipFactory, UserFactory
from tests.threads import at_once

WEEK = timedelta(days=7)


@pytest.fixture
def user(committed):
    return UserFactory()


def invited(tenant, email, **more):
    with acting_for(tenant):
        return Invitation.objects.invite(email, more.pop("role", "editor"), **more)


def lapsed(tenant, email):
    """One that nobody took in time."""
    invitation, token = invited(tenant, email)
    with acting_for(tenant):
        Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - WEEK)
    return invitation, token


class TestInviting:
    def test_keeps_only_a_hash_of_a_token_of_256_bits(self, tenant):
        invitation, token = invited(tenant, "new@example.com")

        with acting_for(tenant):
            [row] = Invitation.objects.values()
        assert len(token) == 43  # 32 bytes in base64
        assert row["token_hash"] == hashlib.sha256(token.encode()).hexdigest()
        assert token not in str(row)
        assert invitation.role == "editor"

    def test_never_makes_the_same_token_twice(self, acting):
        tokens = {Invitation.objects.invite(f"{n}@example.com", "viewer")[1] for n in range(20)}

        assert len(tokens) == 20

    def test_an_address_that_is_invited_is_refused_whatever_its_case(self, acting):
        Invitation.objects.invite("new@example.com", "viewer")

        with pytest.raises(AlreadyInvited):
            Invitation.objects.invite(" New@Example.COM ", "editor")

        assert Invitation.objects.get().role == "viewer"

    def test_an_address_whose_invitation_expired_or_was_revoked_is_not(self, acting):
        lapsed(acting, "new@example.com")
        again, _ = Invitation.objects.invite("new@example.com", "viewer")
        Invitation.objects.revoke(again)

        Invitation.objects.invite("new@example.com", "owner")

        assert Invitation.objects.get().role == "owner"

    @pytest.mark.parametrize(
        "expires_in",
        [-WEEK, timedelta(), timedelta(days=90, microseconds=1), timedelta.max, timedelta.min],
    )
    def test_one_that_is_never_open_or_for_ever_is_refused(self, acting, expires_in):
        with pytest.raises(BadExpiry):
            Invitation.objects.invite("new@example.com", "viewer", expires_in=expires_in)
        with pytest.raises(WrongType) as caught:
            Invitation.objects.invite("new@example.com", "viewer", expires_in=7)  # type: ignore[arg-type]

        assert caught.value.fields == ("expires_in",)
        assert not Invitation.objects.exists()

    def test_a_member_is_refused_whatever_the_case(self, acting):
        member = MembershipFactory()

        with pytest.raises(AlreadyMember):
            Invitation.objects.invite(member.user.email.upper(), "viewer")

    def test_another_tenants_member_and_invited_is_not(self, tenant, other, user):
        with acting_for(other):
            MembershipFactory(user=user)
        invited(other, "new@example.com")

        invited(tenant, user.email)
        invited(tenant, "new@example.com")

    @pytest.mark.parametrize(
        "email", ["", "new", "new@", "a b@example.com", "a\0@example.com", None]
    )
    def test_what_is_no_address_is_refused(self, acting, email):
        with pytest.raises(BadEmail):
            Invitation.objects.invite(email, "viewer")

    def test_a_role_there_is_not_is_refused(self, acting):
        with pytest.raises(UnknownRole):
            Invitation.objects.invite("new@example.com", "king")

    def test_two_at_once_make_one(self, tenant):
        answers = at_once(*[lambda: invited(tenant, "new@example.com")] * 2)

        assert sorted(type(each).__name__ for each in answers) == ["AlreadyInvited", "tuple"]

    @override_settings(TENANT_LIMITS={"members.invite": (2, 3600)})
    def test_too_many_are_refused(self, acting):
        for name in "ab":
            Invitation.objects.invite(f"{name}@example.com", "viewer")

        with pytest.raises(RateLimited):
            Invitation.objects.invite("c@example.com", "viewer")


class TestAccepting:
    def test_makes_a_member_of_the_tenant_that_invited(self, tenant, user):
        _, token = invited(tenant, user.email.upper())

        membership = Invitation.objects.accept(token, user)

        assert (membership.tenant_id, membership.role) == (tenant.pk, "editor")
        assert Tenant.objects.ids_of_user(user) == [tenant.pk]

    def test_works_once(self, tenant, user):
        _, token = invited(tenant, user.email)
        Invitation.objects.accept(token, user)

        with pytest.raises(InvitationInvalid):
            Invitation.objects.accept(token, user)

    def test_works_once_for_two_at_once(self, tenant, user):
        for _ in range(3):
            _, token = invited(tenant, user.email)

            answers = at_once(*[lambda: Invitation.objects.accept(token, user)] * 2)  # noqa: B023

            names = sorted(type(each).__name__ for each in answers)
            assert names == ["InvitationInvalid", "Membership"]
            with acting_for(tenant):
                assert Membership.objects.filter(user=user).delete()[0] == 1

    def test_every_token_that_opens_nothing_is_refused_alike(self, tenant, user):
        _, expired = lapsed(tenant, user.email)
        gone, revoked = invited(tenant, user.email)
        with acting_for(tenant):
            Invitation.objects.revoke(gone)
        _, used = invited(tenant, user.email)
        Invitation.objects.accept(used, user)

        answers = set()
        for token in (expired, revoked, used, "unknown", "", "\0", "\ud800", "x" * 10_000):
            with pytest.raises(InvitationInvalid) as caught:
                Invitation.objects.accept(token, user)
            answers.add((type(caught.value), str(caught.value), str(caught.value.figures)))

        assert len(answers) == 1
        assert str(tenant.pk) not in str(answers)
        assert tenant.slug not in str(answers)

    def test_one_that_expires_between_look_up_and_lock_is_refused(self, tenant, user, monkeypatch):
        _, token = lapsed(tenant, user.email)
        found = lambda *_: tenant.pk  # noqa: E731
        monkeypatch.setattr(type(Tenant.objects), "id_of_invitation", found)

        with pytest.raises(InvitationInvalid):
            Invitation.objects.accept(token, user)

    def test_another_persons_is_refused_and_stays_open(self, tenant, user):
        _, token = invited(tenant, user.email)

        with pytest.raises(InvitationForAnother) as caught:
            Invitation.objects.accept(token, UserFactory())

        assert user.email not in str(caught.value)
        Invitation.objects.accept(token, user)

    def test_a_deleted_user_is_nobody(self, tenant, user):
        _, token = invited(tenant, user.email)
        user.deleted_at = user.created_at

        with pytest.raises(InvitationForAnother):
            Invitation.objects.accept(token, user)

    def test_a_member_keeps_the_role_there_was(self, tenant, user):
        _, token = invited(tenant, user.email)
        with acting_for(tenant):
            MembershipFactory(user=user, role="viewer")

        with pytest.raises(AlreadyMember):
            Invitation.objects.accept(token, user)

        with acting_for(tenant):
            assert Membership.objects.get().role == "viewer"


class TestRevoking:
    def test_what_was_accepted_is_too_late(self, tenant, user):
        invitation, token = invited(tenant, user.email)
        Invitation.objects.accept(token, user)

        with pytest.raises(InvitationInvalid), acting_for(tenant):
            Invitation.objects.revoke(invitation)

    def test_another_tenants_is_refused(self, tenant, other):
        invitation, _ = invited(other, "new@example.com")

        with pytest.raises(InvitationInvalid), acting_for(tenant):
            Invitation.objects.revoke(invitation)


def test_who_has_left_does_not_come_back_by_an_offer_made_before(tenant, user):
    _, token = invited(tenant, user.email.upper())
    with acting_for(tenant):
        membership = Membership.objects.join(user, "editor")
    with pytest.raises(AlreadyMember):
        Invitation.objects.accept(token, user)
    with acting_for(tenant):
        Membership.objects.leave(membership)

    with pytest.raises(InvitationInvalid):
        Invitation.objects.accept(token, user)
