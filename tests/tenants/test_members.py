"""Memberships: joining, leaving, other roles; a tenant never loses its last owner."""

from collections.abc import Callable
from time import sleep
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.utils import timezone

from tenants.context import acting_for
from tenants.errors import CheckBroken
from tenants.models import Membership, Tenant
from tenants.refusals import AlreadyMember, LastOwner, MemberInUse, NotAMember, UnknownRole
from tests.factories import BudgetFactory, MembershipFactory, UserFactory
from tests.threads import at_once


def owners(count: int) -> list[Membership]:
    return [MembershipFactory(role="owner") for _ in range(count)]


class TestJoining:
    def test_makes_a_member(self, acting):
        user = UserFactory()

        membership = Membership.objects.join(user, "editor")

        assert (membership.user, membership.role) == (user, "editor")
        assert Tenant.objects.ids_of_user(user) == [acting.pk]

    def test_twice_is_refused_and_leaves_the_block_usable(self, acting):
        user = UserFactory()
        Membership.objects.join(user, "editor")

        with pytest.raises(AlreadyMember):
            Membership.objects.join(user, "viewer")

        assert Membership.objects.get().role == "editor"

    @pytest.mark.parametrize("role", ["king", "", None, "OWNER"])
    def test_with_a_role_there_is_not_is_refused(self, acting, role):
        with pytest.raises(UnknownRole):
            Membership.objects.join(UserFactory(), role)


class TestLeaving:
    def test_ends_the_membership(self, acting):
        [first, second] = owners(2)

        Membership.objects.leave(second)

        assert list(Membership.objects.all()) == [first]

    def test_the_last_owner_cannot(self, acting):
        [owner] = owners(1)
        MembershipFactory(role="editor")

        with pytest.raises(LastOwner):
            Membership.objects.leave(owner)

        assert Membership.objects.count() == 2

    def test_anybody_else_can(self, acting):
        owners(1)
        for role in ("editor", "viewer", "service"):
            Membership.objects.leave(MembershipFactory(role=role))

        assert Membership.objects.count() == 1

    def test_twice_is_refused(self, acting):
        [_, second] = owners(2)
        again = Membership.objects.get(pk=second.pk)
        Membership.objects.leave(second)

        with pytest.raises(NotAMember):
            Membership.objects.leave(again)

    def test_is_refused_while_something_is_the_members(self, acting):
        [_, second] = owners(2)
        BudgetFactory(owner=second)

        with pytest.raises(MemberInUse) as caught:
            Membership.objects.leave(second)

        assert "budgets.Budget" in str(caught.value)
        assert Membership.objects.count() == 2

    def test_of_two_owners_who_leave_at_once_one_stays(self, tenant):
        for _ in range(3):
            with acting_for(tenant):
                pair = [*Membership.objects.all(), *owners(2 - Membership.objects.count())]

            def leave(membership):
                with acting_for(tenant):
                    Membership.objects.leave(membership)

            answers = at_once(*(lambda each=each: leave(each) for each in pair))

            assert sorted(type(each).__name__ for each in answers) == ["LastOwner", "NoneType"]
            with acting_for(tenant):
                assert Membership.objects.owning().count() == 1


class TestAnotherRole:
    def test_is_given(self, acting):
        owners(1)
        member = MembershipFactory(role="viewer")

        Membership.objects.change_role(member, "editor")

        assert member.role == "editor"
        assert Membership.objects.get(pk=member.pk).role == "editor"

    def test_the_last_owner_stays_owner(self, acting):
        [owner] = owners(1)

        with pytest.raises(LastOwner):
            Membership.objects.change_role(owner, "editor")

        assert Membership.objects.change_role(owner, "owner").role == "owner"

    def test_a_role_there_is_not_is_refused(self, acting):
        with pytest.raises(UnknownRole):
            Membership.objects.change_role(owners(1)[0], "king")

    def test_of_two_owners_who_resign_at_once_one_stays(self, tenant):
        with acting_for(tenant):
            pair = owners(2)

        def resign(membership):
            with acting_for(tenant):
                return Membership.objects.change_role(membership, "viewer")

        answers = at_once(*(lambda each=each: resign(each) for each in pair))

        assert sorted(type(each).__name__ for each in answers) == ["LastOwner", "Membership"]

    def test_another_tenants_member_is_none(self, tenant, other):
        with acting_for(other):
            [theirs] = owners(1)

        with acting_for(tenant):
            for verb in (
                lambda: Membership.objects.change_role(theirs, "viewer"),
                lambda: Membership.objects.leave(theirs),
            ):
                with pytest.raises(NotAMember):
                    verb()


class TestTheDatabase:
    """What SQL of the system's own cannot do either."""

    WAYS: ClassVar[dict[str, Callable[[Any], object]]] = {
        "demoted": lambda rows: rows.update(role="viewer"),
        "marked deleted": lambda rows: rows.update(deleted_at=timezone.now()),
        "deleted": lambda rows: rows.hard_delete(),
    }

    @pytest.mark.parametrize("way", WAYS)
    def test_keeps_the_last_owner_from_being(self, tenant, way):
        with acting_for(tenant):
            [owner] = owners(1)
            MembershipFactory(role="editor")

        with pytest.raises(CheckBroken) as caught, acting_for(tenant):
            self.WAYS[way](Membership.objects.filter(pk=owner.pk))

        assert caught.value.constraint == "tenants_membership_keeps_an_owner"
        with acting_for(tenant):
            assert Membership.objects.owning().get() == owner

    @pytest.mark.parametrize("way", WAYS)
    def test_lets_another_owner_be(self, tenant, way):
        with acting_for(tenant):
            [first, second] = owners(2)
        with acting_for(tenant):
            self.WAYS[way](Membership.objects.filter(pk=first.pk))

        with acting_for(tenant):
            assert Membership.objects.owning().get() == second

    def test_lets_owners_change_places_in_one_block(self, tenant):
        with acting_for(tenant):
            [first] = owners(1)
            second = MembershipFactory(role="editor")

        with acting_for(tenant):
            Membership.objects.filter(pk=first.pk).update(role="editor")
            Membership.objects.filter(pk=second.pk).update(role="owner")

        with acting_for(tenant):
            assert Membership.objects.owning().get() == second

    def test_lets_a_tenant_be_that_never_had_an_owner(self, tenant):
        with acting_for(tenant):
            member = MembershipFactory(role="editor")
        with acting_for(tenant):
            assert Membership.objects.filter(pk=member.pk).hard_delete()[0] == 1

    @pytest.mark.parametrize("way", WAYS)
    def test_refuses_one_of_two_that_go_at_once(self, tenant, way):
        with acting_for(tenant):
            pair = owners(2)

        def go(owner):
            with acting_for(tenant):
                self.WAYS[way](Membership.objects.filter(pk=owner.pk))
                with connection.cursor() as cursor:  # check, and commit only after the other's
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                sleep(0.3)

        answers = at_once(*(lambda each=each: go(each) for each in pair))

        assert sorted(type(each).__name__ for each in answers) == ["CheckBroken", "NoneType"]
        with acting_for(tenant):
            assert Membership.objects.owning().count() == 1
