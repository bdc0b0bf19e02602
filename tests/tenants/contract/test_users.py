"""Users created, deactivated and restored, over the managers and in memory."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from tenants.errors import (
    NotAllowed,
    RowNotFound,
    TenantMismatch,
    UniqueBroken,
    ValueRefused,
    WrongType,
)
from tenants.refusals import LastOwner


@pytest.fixture
def tenant(side):
    return side.tenant()


class TestCreating:
    def test_keeps_the_address_and_finds_it_whatever_its_case(self, side):
        name = uuid4().hex
        user = side.users.create_user(f" {name.upper()}@Example.COM ", first_name="Ana")

        assert user.email == f"{name.upper()}@example.com"
        assert (user.get_full_name(), user.is_active, user.is_staff) == ("Ana", True, False)
        assert side.users.get_by_name(f" {name}@example.com ") == user

    def test_with_an_address_that_an_active_user_has_is_refused(self, side):
        user = side.user()

        with pytest.raises(UniqueBroken) as caught:
            side.users.create_user(user.email.upper())

        assert caught.value.constraint == "tenants_user_email_once"

    @pytest.mark.parametrize(
        ("email", "fields"),
        [
            ("", {}),
            ("ana", {}),
            (f"{'x' * 250}@example.com", {}),
            ("a\0@example.com", {}),
            ("ana@example.com", {"first_name": "x" * 256}),
            ("ana@example.com", {"avatar_url": "picture"}),
        ],
    )
    def test_with_values_that_cannot_be_stored_is_refused(self, side, email, fields):
        with pytest.raises(ValueRefused):
            side.users.create_user(email, **fields)

    def test_with_another_type_is_refused(self, side):
        with pytest.raises(WrongType) as caught:
            side.users.create_user(5)
        assert caught.value.fields == ("email",)

    def test_as_a_superuser_gives_every_right_and_a_password(self, side):
        user = side.users.create_superuser(f"{uuid4().hex}@example.com", "correct horse")

        assert (user.is_staff, user.is_superuser) == (True, True)
        assert user.check_password("correct horse")
        assert not side.user().has_usable_password()

    @pytest.mark.parametrize("email", ["", "nobody@example.com", "a\0b"])
    def test_finds_nobody_by_an_address_that_nobody_has(self, side, email):
        with pytest.raises(RowNotFound):
            side.users.get_by_name(email)


@pytest.mark.parametrize("role", ["owner", "editor", "viewer", "service"])
class TestInABlockWithARole:
    def test_only_members_are_found(self, side, tenant, role):
        side.member(tenant)
        member, theirs, nobody = side.member(tenant, role), side.member(side.tenant()), side.user()
        gone = side.member(tenant, "editor")
        with side.acting_for(tenant):
            side.memberships.leave(gone)

        with side.acting_for(tenant, member=member.user):
            assert side.users.get_by_name(member.user.email.upper()) == member.user
            for user in (theirs.user, gone.user, nobody):
                with pytest.raises(RowNotFound):
                    side.users.get_by_name(user.email)
            assert member.user in {row.user for row in side.memberships.all()}
        with side.acting_for(tenant):  # the system
            assert side.users.get_by_name(theirs.user.email) == theirs.user

    def test_nobody_is_created(self, side, tenant, role):
        with side.acting_for(tenant, role=role):
            for create in (side.users.create_user, side.users.create_superuser):
                email = f"{uuid4().hex}@example.com"
                with pytest.raises(NotAllowed):
                    create(email, "correct horse")

        with pytest.raises(RowNotFound):
            side.users.get_by_name(email)


class TestDeactivating:
    def test_ends_the_memberships_of_all_tenants_and_no_others(self, side, tenant):
        other, user = side.tenant(), side.user()
        for each, role in ((tenant, "viewer"), (other, "owner")):
            side.member(each)
            side.member(each, role, user)

        gone = side.users.deactivate(user)

        assert not user.is_active
        assert (gone, gone.deleted_at) == (user, user.deleted_at)
        assert not side.is_active(user)
        assert side.tenants.ids_of_user(user) == []
        assert side.roles(tenant) == side.roles(other) == ["owner"]

    def test_is_refused_by_name_where_nobody_else_owns_and_changes_nothing(self, side, tenant):
        lonely, shared, user = side.tenant(), side.tenant(), side.user()
        for each in (tenant, lonely, shared):
            side.member(each, user=user)
        side.member(shared)

        with pytest.raises(LastOwner) as caught:
            side.users.deactivate(user)

        slugs = sorted([tenant.slug, lonely.slug])
        assert caught.value.figures == {"tenants": slugs}
        assert str(caught.value).startswith(f"{user.email} is the last owner of {', '.join(slugs)}")
        assert side.is_active(user)
        assert len(side.tenants.ids_of_user(user)) == 3
        assert side.roles(shared) == ["owner", "owner"]

    def test_works_in_a_suspended_tenant(self, side, tenant):
        side.member(tenant)
        user = side.member(tenant, "editor").user
        side.tenants.suspend(tenant)

        side.users.deactivate(user)

        assert side.roles(tenant) == ["owner"]

    def test_twice_is_the_same_as_once(self, side, tenant):
        side.member(tenant)
        user = side.member(tenant, "editor").user
        first = side.users.deactivate(user)
        side.set_clock(timezone.now() + timedelta(hours=1))

        again = side.users.deactivate(user.pk)

        assert again.deleted_at == first.deleted_at

    def test_belongs_outside_of_blocks(self, side, tenant):
        user = side.user()
        for verb in (side.users.deactivate, side.users.restore):
            with side.acting_for(tenant), pytest.raises(TenantMismatch):
                verb(user)

    def test_of_nobody_finds_nobody(self, side, tenant):
        for verb in (side.users.deactivate, side.users.restore):
            with pytest.raises(RowNotFound):
                verb(tenant.pk)

    @pytest.mark.parametrize("user", ["ana@example.com", None, 5])
    def test_of_what_is_not_a_user_is_refused_by_type(self, side, user):
        for verb in (side.users.deactivate, side.users.restore):
            with pytest.raises(WrongType) as caught:
                verb(user)
            assert caught.value.fields == ("user",)

    def test_frees_the_address(self, side):
        user = side.user()
        side.users.deactivate(user)

        assert side.users.create_user(user.email) != user


class TestRestoring:
    def test_brings_back_the_memberships_that_it_ended_and_no_others(self, side, tenant):
        other, user = side.tenant(), side.user()
        for each in (tenant, other):
            side.member(each)
        side.member(tenant, "viewer", user)
        left = side.member(other, "editor", user)
        with side.acting_for(other):
            side.memberships.leave(left)
        side.users.deactivate(user)

        back = side.users.restore(user)

        assert (back, back.is_active, user.is_active) == (user, True, True)
        assert side.is_active(user)
        assert side.tenants.ids_of_user(user) == [tenant.pk]
        assert (side.role_of(tenant, user), side.role_of(other, user)) == ("viewer", None)

    def test_twice_is_the_same_as_once(self, side, tenant):
        side.member(tenant)
        user = side.member(tenant, "editor").user
        side.users.deactivate(user)
        side.users.restore(user)
        with side.acting_for(tenant):
            side.memberships.leave(side.memberships.of(user))

        assert side.users.restore(user.pk).is_active
        assert side.tenants.ids_of_user(user) == []

    def test_is_refused_when_another_has_the_address_and_changes_nothing(self, side, tenant):
        side.member(tenant)
        user = side.member(tenant, "editor").user
        side.users.deactivate(user)
        other = side.users.create_user(user.email.upper())

        with pytest.raises(UniqueBroken) as caught:
            side.users.restore(user)

        assert caught.value.constraint == "tenants_user_email_once"
        assert side.users.get_by_name(user.email) == other
        assert side.tenants.ids_of_user(user) == []

    def test_after_many_times_brings_back_what_the_last_one_ended(self, side, tenant):
        other, user = side.tenant(), side.user()
        for each in (tenant, other):
            side.member(each)
        side.member(tenant, "editor", user)
        for _ in range(2):
            side.users.deactivate(user)
            side.users.restore(user)
        side.member(other, "viewer", user)
        side.users.deactivate(user)

        side.users.restore(user)

        assert set(side.tenants.ids_of_user(user)) == {tenant.pk, other.pk}
        assert (side.role_of(tenant, user), side.role_of(other, user)) == ("editor", "viewer")

    def test_finds_no_owner_who_was_deactivated(self, side, tenant):
        """A deactivated owner is not another owner."""
        owner, gone = side.member(tenant), side.member(tenant)
        side.users.deactivate(gone.user)

        with side.acting_for(tenant), pytest.raises(LastOwner):
            side.memberships.leave(owner)
        side.users.restore(gone.user)
        with side.acting_for(tenant):
            side.memberships.leave(owner)

        assert side.roles(tenant) == ["owner"]
