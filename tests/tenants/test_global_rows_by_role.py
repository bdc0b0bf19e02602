"""Users and sessions are global; a block with a role sees and writes those of its members alone.

The system itself, without a role, and code outside of blocks stay free.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import Group, Permission
from django.db import models
from django.db.models import Count, Exists, OuterRef

from tenants.access.roles import Role, statements_of_a_verb
from tenants.context import acting_for
from tenants.errors import NotAllowed, RowNotFound
from tenants.models import (
    Change,
    GlobalChange,
    Invitation,
    LoginFailure,
    Membership,
    User,
)
from tests.factories import BudgetFactory, MembershipFactory, UserFactory

WRITERS = [Role.OWNER, Role.EDITOR, Role.SERVICE]

MADE_BEFORE: Any = User.objects.order_by("pk")
"""As the attribute of a class is: no block is open yet."""


class People:
    """The people of a tenant, and others."""

    def __init__(self, tenant, other) -> None:
        with acting_for(tenant):
            MembershipFactory(role="owner")
            self.me: User = MembershipFactory(role="editor").user
            self.colleague: User = MembershipFactory(role="viewer").user
            gone = MembershipFactory(role="editor")
            Membership.objects.leave(gone)
            self.members = {row.user for row in Membership.objects.select_related("user")}
        with acting_for(other):
            self.theirs: User = MembershipFactory(role="owner").user
        self.gone: User = gone.user
        self.nobody: User = UserFactory(is_staff=True)
        self.strangers = {self.theirs, self.nobody}


@pytest.fixture
def people(tenant, other) -> People:
    return People(tenant, other)


def pks(rows) -> set[Any]:
    return {row.pk for row in rows}


# -- Reading ------------------------------------------------------------------------------------

READS: dict[str, Callable[[], Any]] = {
    "all": lambda: User.objects.all(),
    "made before the block": lambda: MADE_BEFORE.all(),
    "a slice": lambda: MADE_BEFORE[:1000],
    "iterator": lambda: User.objects.iterator(),
    "in_bulk": lambda: User.objects.in_bulk().values(),
    "with the hash": lambda: User.objects.with_hash(),
    "a condition of either": lambda: User.objects.filter(email="") | User.objects.exclude(email=""),
    "an exclusion": lambda: User.objects.exclude(email=""),
    "a union": lambda: User.objects.none().union(User.objects.all()),
    "a subquery": lambda: models.QuerySet(User).filter(pk__in=User.objects.values("pk")),
    "EXISTS": lambda: models.QuerySet(User).filter(
        Exists(User.objects.filter(pk=OuterRef("pk")))
    ),
    "a listing": lambda: User.objects.listed({}),
    "a page": lambda: User.objects.page(limit=100).rows,
    "a field of a form": lambda: forms.ModelChoiceField(MADE_BEFORE.all()).queryset,
}  # fmt: skip


class TestReading:
    @pytest.mark.parametrize("role", Role)
    @pytest.mark.parametrize("read", READS)
    def test_finds_the_members_of_the_tenant_alone(self, tenant, people, read, role):
        with acting_for(tenant, role=role):
            assert pks(READS[read]()) == pks(people.members)

    @pytest.mark.parametrize("role", Role)
    def test_counts_no_others(self, tenant, people, role):
        users, strangers = MADE_BEFORE, [user.pk for user in people.strangers]
        with acting_for(tenant, role=role):
            assert users.count() == len(people.members)
            assert users.aggregate(n=Count("pk"))["n"] == len(people.members)
            assert users.filter(email__gt="").count() == len(people.members)
            assert not users.filter(pk__in=strangers).exists()
            assert not User.objects.by_email(people.theirs.email)
            with pytest.raises(RowNotFound):
                User.objects.get_by_natural_key(people.theirs.email)

    def test_finds_former_members_among_all_users(self, tenant, people):
        with acting_for(tenant, role="owner"):
            assert pks(User.all_objects.all()) == pks(people.members | {people.gone})

    def test_does_not_read_the_hash_of_a_stranger_that_was_kept(self, tenant, people):
        with acting_for(tenant):
            kept = User._base_manager.defer("password").get(pk=people.theirs.pk)

        with acting_for(tenant, role="editor"), pytest.raises(User.DoesNotExist):
            kept.password  # noqa: B018  # read in a statement of its own

    @pytest.mark.parametrize("role", [None, "editor"])
    def test_follows_the_keys_of_the_tenants_rows_to_whoever_it_was(self, tenant, people, role):
        """An actor may be no member any more, or never have been one."""
        with acting_for(tenant, actor=people.nobody):
            budget = BudgetFactory()
        with acting_for(tenant, role=role):
            [change] = Change.objects.of(type(budget), budget.pk)
            again = Change.objects.get(pk=change.pk)
            [ended] = Membership.all_objects.exclude(deleted_at=None).select_related("user")

            assert change.actor == again.actor == people.nobody
            assert str(again.actor) == people.nobody.email
            assert ended.user.email == people.gone.email
            assert Membership.all_objects.get(pk=ended.pk).user == people.gone
            assert Membership.objects.filter(user__email=people.me.email).exists()
            assert pks(row.user for row in Membership.objects.prefetch_related("user")) == pks(
                people.members
            )

    def test_is_free_for_the_system_and_outside_of_blocks(self, tenant, people):
        wanted = pks(people.members | people.strangers | {people.gone})

        assert wanted <= pks(MADE_BEFORE.all())
        with acting_for(tenant, actor=people.me):
            assert wanted <= pks(MADE_BEFORE.all())
            assert User.objects.get_by_name(people.theirs.email) == people.theirs

    def test_leaves_no_trace_in_the_statements_of_the_system(self):
        assert "membership" not in str(User.objects.all().query)
        assert "WHERE" not in str(User.all_objects.all().query)

    @pytest.mark.parametrize("role", Role)
    def test_finds_no_history_of_users_and_no_failed_log_ins(self, tenant, people, role):
        LoginFailure.objects.record(people.theirs.email, "192.0.2.1")
        wanted = (
            GlobalChange.objects.filter(row_id=people.theirs.pk),
            LoginFailure.objects.filter(email=people.theirs.email),
        )

        for rows in wanted:
            assert rows.exists()
            with acting_for(tenant):
                assert rows.exists()
            with acting_for(tenant, role=role):
                assert not rows.exists()
                assert not rows.count()


# -- Writing ------------------------------------------------------------------------------------

RIGHTS = {
    "password": "!",
    "is_staff": True,
    "is_superuser": True,
    "email": "me@example.com",
    "email_verified": True,
    "deleted_at": None,
}


def saved(user: User, *fields: str) -> None:
    for field in fields:
        setattr(user, field, RIGHTS.get(field, ""))
    user.save(update_fields=fields or None)


WRITES: dict[str, Callable[[Any, Any, str], object]] = {
    "update": lambda rows, user, field: rows.filter(pk=user.pk).update(**{field: RIGHTS[field]}),
    "update_or_create": lambda rows, user, field: rows.update_or_create(
        pk=user.pk, defaults={field: RIGHTS[field]}
    ),
    "bulk_update": lambda rows, user, field: rows.bulk_update([user], ["first_name", field]),
    "upsert": lambda rows, user, field: rows.bulk_create(
        [user], update_conflicts=True, unique_fields=["id"], update_fields=[field]
    ),
    "save": lambda rows, user, field: saved(user, field),
    "a whole save": lambda rows, user, field: saved(user),
}
THROUGH = {
    "the manager": lambda: User.objects,
    "all users": lambda: User.all_objects,
    "a bare queryset": lambda: models.QuerySet(User),
}
GIVING: dict[str, Callable[[User], object]] = {
    "a group": lambda user: user.groups.add(Group.objects.get()),
    "a group from its side": lambda user: Group.objects.get().user_set.add(user),
    "a permission": lambda user: user.user_permissions.add(Permission.objects.all()[0]),
    "a permission of a group": lambda user: Group.objects.get().permissions.add(
        Permission.objects.all()[0]
    ),
    "no group": lambda user: user.groups.clear(),
    "a new group": lambda user: Group.objects.create(name="New"),
    "a renamed group": lambda user: Group.objects.update(name="Old"),
    "no groups at all": lambda user: Group.objects.all().delete(),
    "a row of the join": lambda user: User.groups.through.objects.create(
        user=user, group=Group.objects.get()
    ),
}


@pytest.fixture
def group(committed):
    Group.objects.all().delete()
    yield Group.objects.create(name="Staff")
    Group.objects.all().delete()


class TestWriting:
    @pytest.mark.parametrize("through", THROUGH)
    @pytest.mark.parametrize("way", WRITES)
    def test_gives_nobody_rights_or_another_log_in(self, tenant, people, way, through):
        before = User._base_manager.values().get(pk=people.me.pk)

        for role in Role:
            for field, value in RIGHTS.items():
                with acting_for(tenant, actor=people.me, role=role), statements_of_a_verb():
                    me = User.objects.with_hash().get(pk=people.me.pk)
                    setattr(me, field, value)
                    with pytest.raises(NotAllowed) as caught:
                        WRITES[way](THROUGH[through](), me, field)

                assert (caught.value.role, field) == (role, field)
        assert User._base_manager.values().get(pk=people.me.pk) == before

    @pytest.mark.parametrize("role", WRITERS)
    def test_creates_and_removes_no_user(self, tenant, people, role):
        for way in (
            lambda: User.objects.create_user("new@example.com", "correct horse"),
            lambda: User.objects.create_superuser("new@example.com", "correct horse"),
            lambda: User.objects.bulk_create([User(email="new@example.com")]),
            lambda: models.QuerySet(User).filter(pk=people.theirs.pk)._raw_delete("default"),
        ):
            with acting_for(tenant, role=role), pytest.raises(NotAllowed):
                way()

        assert not User._base_manager.filter(email="new@example.com").exists()
        assert User._base_manager.filter(pk=people.theirs.pk).exists()

    @pytest.mark.parametrize("role", WRITERS)
    @pytest.mark.parametrize("gift", GIVING)
    def test_gives_no_permissions(self, tenant, people, group, gift, role):
        people.me.groups.add(group)

        with acting_for(tenant, actor=people.me, role=role), pytest.raises(NotAllowed):
            GIVING[gift](people.me if gift == "no group" else people.colleague)

        assert list(people.me.groups.all()) == [group]
        assert list(people.colleague.groups.all()) == []
        assert not people.colleague.user_permissions.exists()
        assert not group.permissions.exists()

    def test_of_a_name_is_free(self, tenant, people):
        with acting_for(tenant, actor=people.me, role="editor"):
            people.me.first_name = "Ana"
            people.me.save(update_fields=["first_name"])
            assert User.objects.filter(pk=people.theirs.pk).update(last_name="X") == 0

        people.me.refresh_from_db()
        people.theirs.refresh_from_db()
        assert (people.me.first_name, people.theirs.last_name) == ("Ana", "")

    def test_is_free_for_the_system_and_outside_of_blocks(self, tenant, people, group):
        with acting_for(tenant, actor=people.me):
            saved(people.me, "is_staff")
            people.me.groups.add(group)
            User.objects.create_user(f"{people.me.pk}@example.com")
        saved(people.colleague, "is_superuser")

        people.me.refresh_from_db()
        people.colleague.refresh_from_db()
        assert (people.me.is_staff, people.colleague.is_superuser) == (True, True)


# -- Verbs that concern strangers ----------------------------------------------------------------


class TestOwnersAdmit:
    def test_who_is_no_member(self, tenant, people):
        with acting_for(tenant, role="owner"):
            member = Membership.objects.join(people.theirs, "viewer")
            assert Membership.objects.admit(people.nobody, "viewer").user == people.nobody
            assert User.objects.get_by_name(people.theirs.email) == people.theirs

        assert member.user == people.theirs

    def test_who_is_invited_by_e_mail(self, tenant, people):
        with acting_for(tenant, role="owner"):
            _, token = Invitation.objects.invite(people.nobody.email, "viewer")
            Invitation.objects.invite("nobody.yet@example.com", "viewer")

        assert Invitation.objects.accept(token, people.nobody).role == "viewer"
