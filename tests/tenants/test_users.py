"""Users: deactivated and restored as a whole, never deleted, forgotten after a while."""

import os
from datetime import timedelta
from unittest.mock import patch

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth import aauthenticate, aget_user, alogin, authenticate, get_user
from django.contrib.auth.models import Group
from django.contrib.auth.tokens import default_token_generator
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from budgets.cascade import Claim
from budgets.errors import BadRule
from budgets.models import Bucket, Budget
from tenants import purging
from tenants.backends import LogIn
from tenants.context import acting_for, acting_in_turn, attributed
from tenants.errors import NoTenant, TenantMismatch, UniqueBroken, ValueRefused, WrongType
from tenants.models import Change, GlobalChange, Invitation, Membership, Tenant, User, UserSession
from tenants.refusals import (
    InvitationForAnother,
    LastOwner,
    NoMembership,
    NotDeletable,
    UserDeactivated,
    UserPurged,
)
from tenants.sessions import SessionStore
from tenants.tasks import purge_users
from tenants.views import CHOSEN, access_of
from tests.browser import UNCOLLECTED
from tests.command_line import manage
from tests.factories import BudgetFactory, MembershipFactory, TenantFactory, UserFactory
from tests.threads import at_once

pytestmark = [UNCOLLECTED, pytest.mark.usefixtures("committed")]

PASSWORD = "correct horse"


@pytest.fixture
def user(committed) -> User:
    return UserFactory(password=PASSWORD)


def member_of(tenant: Tenant, user: User, role: str = "editor") -> Membership:
    """The user's membership beside an owner."""
    with acting_for(tenant):
        MembershipFactory(role="owner")
        return Membership.objects.join(user, role)


def role_in(tenant: Tenant, user: User) -> str | None:
    with acting_for(tenant):
        member = Membership.objects.of(user)
    return member.role if member else None


def stored(user: User) -> User:
    return User.all_objects.get(pk=user.pk)


def marked_by_hand(user: User) -> None:
    User.objects.filter(pk=user.pk).update(deleted_at=timezone.now())


class TestDeactivating:
    def test_ends_the_memberships_of_all_tenants_and_no_others(self, tenant, other, user):
        member_of(tenant, user, "viewer")
        member_of(other, user, "owner")

        User.objects.deactivate(user)

        assert Tenant.objects.ids_of_user(user) == []
        for each in (tenant, other):
            with acting_for(each):
                assert [member.role for member in Membership.objects.all()] == ["owner"]

    def test_is_seen_by_all_objects_and_by_no_others(self, user):
        User.objects.deactivate(user)

        assert not user.is_active
        assert User.objects.get_or_none(pk=user.pk) is None
        assert User.all_objects.deactivated().get(pk=user.pk) == user

    def test_ends_the_sessions_and_lets_nobody_in(self, user):
        client, another = Client(), Client()
        client.force_login(user)
        another.force_login(UserFactory())

        User.objects.deactivate(user)

        assert not UserSession.objects.of(user).exists()
        assert UserSession.objects.filter(session_key=another.session.session_key).exists()
        assert authenticate(username=user.email, password=PASSWORD) is None

    def test_is_refused_by_name_where_nobody_else_owns_and_changes_nothing(
        self, tenant, other, user
    ):
        lonely = TenantFactory()
        for each in (tenant, lonely):
            with acting_for(each):
                Membership.objects.join(user, "owner")
        member_of(other, user)
        Client().force_login(user)

        with pytest.raises(LastOwner) as caught:
            User.objects.deactivate(user)

        assert caught.value.figures["tenants"] == sorted([tenant.slug, lonely.slug])
        assert all(each.slug in str(caught.value) for each in (tenant, lonely))
        assert other.slug not in str(caught.value)
        assert stored(user).is_active
        assert len(Tenant.objects.ids_of_user(user)) == 3
        assert UserSession.objects.of(user).count() == 1

    def test_an_owner_who_is_deactivated_does_not_count_as_another(self, tenant, user):
        with acting_for(tenant):
            Membership.objects.join(user, "owner")
            gone = MembershipFactory(role="owner").user
        marked_by_hand(gone)

        with pytest.raises(LastOwner):
            User.objects.deactivate(user)

    def test_of_two_owners_at_once_leaves_one(self, tenant):
        with acting_for(tenant):
            pair = [MembershipFactory(role="owner").user for _ in range(2)]

        answers = at_once(*(lambda each=each: User.objects.deactivate(each) for each in pair))

        assert sorted(type(each).__name__ for each in answers) == ["LastOwner", "User"]
        with acting_for(tenant):
            assert Membership.objects.owning().count() == 1

    def test_of_two_members_of_the_same_tenants_at_once_ends_both(self, tenant, other):
        pair = [UserFactory(), UserFactory()]
        for each in pair:
            for where in (tenant, other):
                member_of(where, each)

        answers = at_once(*(lambda each=each: User.objects.deactivate(each) for each in pair))

        assert [type(each).__name__ for each in answers] == ["User", "User"]
        assert [Tenant.objects.ids_of_user(each) for each in pair] == [[], []]

    def test_leaves_what_is_the_members(self, tenant, user):
        member = member_of(tenant, user)
        with acting_for(tenant):
            budget = BudgetFactory(owner=member)

        User.objects.deactivate(user)

        with acting_for(tenant):
            assert Budget.objects.get(pk=budget.pk).owner == member

    def test_works_in_a_suspended_tenant(self, tenant, user):
        member_of(tenant, user)
        Tenant.objects.suspend(tenant)

        User.objects.deactivate(user)

        assert Tenant.objects.ids_of_user(user) == []

    def test_twice_is_the_same_as_once(self, tenant, user):
        member_of(tenant, user)
        first = User.objects.deactivate(user)

        again = User.objects.deactivate(user.pk)

        assert again.deleted_at == first.deleted_at == stored(user).deleted_at

    def test_is_written_into_the_histories_with_its_actor(self, tenant, user):
        member, admin = member_of(tenant, user), UserFactory()

        with attributed(actor=admin, request_id="request-7"):
            User.objects.deactivate(user)

        with acting_for(tenant):
            ended = Change.objects.of(Membership, member.pk)[0]
        gone = GlobalChange.objects.of(User, user.pk)[0]
        for change in (ended, gone):
            assert (change.verb, change.actor, change.request_id) == ("update", admin, "request-7")
            assert [name for name, *_ in change.columns] == ["deleted_at"]

    def test_belongs_outside_of_blocks(self, acting, user):
        with pytest.raises(TenantMismatch):
            User.objects.deactivate(user)
        with pytest.raises(TenantMismatch):
            User.objects.restore(user)

    def test_of_whom_there_is_not_finds_nobody(self, user):
        with pytest.raises(User.DoesNotExist):
            User.objects.deactivate(TenantFactory().pk)

    @pytest.mark.parametrize("said", ["ana@example.com", None, 5])
    def test_of_what_is_no_user_is_refused_by_type(self, said):
        for verb in (User.objects.deactivate, User.objects.restore):
            with pytest.raises(WrongType) as caught:
                verb(said)
            assert caught.value.fields == ("user",)

    def test_lets_the_address_be_used_anew(self, user):
        User.objects.deactivate(user)

        assert User.objects.get_by_name(UserFactory(email=user.email).email) != user


class TestRestoring:
    def test_brings_back_the_memberships_that_it_had_ended_and_no_others(self, tenant, other, user):
        member_of(tenant, user, "viewer")
        left = member_of(other, user)
        with acting_for(other):
            Membership.objects.leave(left)
        User.objects.deactivate(user)

        User.objects.restore(user)

        assert user.is_active
        assert Tenant.objects.ids_of_user(user) == [tenant.pk]
        assert (role_in(tenant, user), role_in(other, user)) == ("viewer", None)
        assert authenticate(username=user.email, password=PASSWORD) == user

    def test_brings_back_no_session(self, user):
        client = Client()
        client.force_login(user)
        User.objects.deactivate(user)

        User.objects.restore(user)

        assert not UserSession.objects.of(user).exists()

    def test_twice_is_the_same_as_once(self, tenant, user):
        member_of(tenant, user)
        User.objects.deactivate(user)
        User.objects.restore(user)
        with acting_for(tenant):
            Membership.objects.leave(Membership.objects.get(user=user))

        again = User.objects.restore(user.pk)

        assert again.is_active
        assert Tenant.objects.ids_of_user(user) == []

    def test_is_refused_when_another_has_the_address_and_changes_nothing(self, tenant, user):
        member_of(tenant, user)
        User.objects.deactivate(user)
        UserFactory(email=user.email.upper())

        with pytest.raises(UniqueBroken) as caught:
            User.objects.restore(user)

        assert caught.value.constraint == "tenants_user_email_once"
        assert not stored(user).is_active
        assert Tenant.objects.ids_of_user(user) == []

    def test_after_many_times_still_knows_what_the_last_one_ended(self, tenant, other, user):
        member_of(tenant, user)
        for _ in range(2):
            User.objects.deactivate(user)
            User.objects.restore(user)
        member_of(other, user)
        User.objects.deactivate(user)

        User.objects.restore(user)

        assert set(Tenant.objects.ids_of_user(user)) == {tenant.pk, other.pk}


class TestOneMarkedByHand:
    """Who wrote `deleted_at` past the verb has not ended any membership."""

    def test_is_no_live_member_and_cannot_log_in(self, tenant, user, rf):
        member_of(tenant, user, "owner")
        client = Client()
        client.force_login(user)
        marked_by_hand(user)
        request = rf.get("/")
        request.user, request.session = user, {CHOSEN: str(tenant.pk)}

        assert role_in(tenant, user) is None
        with pytest.raises(NoMembership):
            access_of(request)
        assert authenticate(username=user.email, password=PASSWORD) is None
        assert client.get("/admin/").status_code == 302

    def test_is_no_other_owner(self, tenant, user):
        member = member_of(tenant, user, "owner")
        with acting_for(tenant):
            [first] = Membership.objects.owning().exclude(pk=member.pk)
        marked_by_hand(user)

        with acting_for(tenant), pytest.raises(LastOwner):
            Membership.objects.leave(first)

    def test_can_be_deactivated_for_good_and_restored(self, tenant, user):
        member_of(tenant, user)
        marked_by_hand(user)

        User.objects.deactivate(user)
        assert Tenant.objects.ids_of_user(user) == []

        User.objects.restore(user)
        assert role_in(tenant, user) == "editor"

    def test_becomes_no_member(self, tenant, user):
        with acting_for(tenant):
            MembershipFactory(role="owner")
            _, token = Invitation.objects.invite(user.email, "editor")
        marked_by_hand(user)

        with acting_for(tenant):
            for verb in (Membership.objects.join, Membership.objects.admit):
                with pytest.raises(UserDeactivated):
                    verb(user, "editor")
        with pytest.raises((UserDeactivated, InvitationForAnother)):
            Invitation.objects.accept(token, user)


class TestDeleting:
    @pytest.mark.parametrize("inside", [False, True])
    def test_is_refused_and_names_the_verb(self, tenant, user, inside):
        def refused():
            for delete in (user.delete, User.objects.filter(pk=user.pk).delete):
                with pytest.raises(NotDeletable) as caught:
                    delete()
                assert "User.objects.deactivate(user)" in str(caught.value)

        if inside:
            with acting_for(tenant):
                refused()
        else:
            refused()

        assert stored(user).is_active


class TestTurns:
    def test_show_one_tenant_each_and_none_between(self, tenant, other):
        with acting_in_turn() as turn:
            for each in (tenant, other):
                with turn(each.pk):
                    assert [*Tenant.objects.by_slug()] == [each]
                with pytest.raises(NoTenant):
                    Tenant.objects.by_slug().exists()

    def test_are_one_transaction(self, tenant, other):
        def rename() -> None:
            with acting_in_turn() as turn:
                for each in (tenant, other):
                    with turn(each.pk):
                        Tenant.objects.update(name="Renamed")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            rename()

        for each in (tenant, other):
            with acting_for(each):
                assert Tenant.objects.get().name == each.name


@pytest.fixture
def old(user) -> User:
    """One who was deactivated long ago."""
    user.first_name, user.avatar_url = "Ana", "https://example.com/ana.png"
    user.is_staff, user.last_login = True, timezone.now()
    user.save()
    user.groups.add(Group.objects.get_or_create(name="Readers")[0])
    User.objects.deactivate(user)
    User.all_objects.filter(pk=user.pk).update(deleted_at=timezone.now() - timedelta(days=100))
    return user


@pytest.mark.usefixtures("own_database")
class TestPurging:
    def test_forgets_who_it_was_and_keeps_the_row(self, old):
        assert purging.purgeable_users() == 1
        assert purging.purge_users() == 1

        left = stored(old)
        told = (left.email, left.first_name, left.avatar_url, left.is_staff, left.last_login)
        assert told == ("", "", "", False, None)
        assert (str(left), left.groups.count()) == (str(old.pk), 0)
        assert not left.has_usable_password()
        assert not left.check_password(PASSWORD)

    def test_is_done_once(self, old):
        purging.purge_users()

        assert (purging.purge_users(), purging.purgeable_users()) == (0, 0)

    def test_leaves_those_who_may_log_in_and_those_who_went_lately(self, user):
        UserFactory()
        User.objects.deactivate(user)

        assert purging.purge_users() == 0
        assert stored(user).email == user.email

    def test_is_a_task_and_part_of_the_command(self, old, tenant):
        UserFactory(deleted_at=stored(old).deleted_at)

        seen = manage("purge_deleted", "--json").json
        one = manage("purge_deleted", "--tenant", tenant.slug, "--apply", "--json").json
        done = manage("purge_deleted", "--apply", "--json").json

        row = {"tenant": None, "model": "tenants.User", "rows": 2}
        assert (row in seen["rows"], row in one["rows"], row in done["rows"]) == (True, False, True)
        assert purge_users.enqueue().return_value == 0
        assert manage("user", "show", "").code == 2

    def test_goes_on_batch_by_batch(self, old):
        more = [UserFactory(deleted_at=timezone.now() - timedelta(days=91)) for _ in range(3)]

        assert purging.purge_users(batch=2) == 4
        assert {stored(each).email for each in more} == {""}

    def test_is_the_end_of_restoring(self, old):
        purging.purge_users()

        with pytest.raises(UserPurged):
            User.objects.restore(old)

    def test_leaves_the_histories_their_actor(self, tenant, old):
        with acting_for(tenant, actor=old):
            budget = BudgetFactory()
        purging.purge_users()

        with acting_for(tenant):
            [change] = Change.objects.of(Budget, budget.pk)
        assert change.actor == old


class TestTheHash:
    def test_is_not_read_with_a_row_nor_along_a_key(self, tenant, user):
        member_of(tenant, user)

        with CaptureQueriesContext(connection) as captured, acting_for(tenant):
            read = User.objects.get(pk=user.pk)
            member = Membership.objects.select_related("user").get(user=user)
            reached = Membership.objects.get(pk=member.pk).user
            [*User.objects.defer("last_login").filter(pk=user.pk)]

        assert not [query for query in captured.captured_queries if "password" in query["sql"]]
        for each in (read, member.user, reached):
            assert "password" in each.get_deferred_fields()

    def test_is_read_where_it_is_asked_for(self, user):
        read = User.objects.get(pk=user.pk)

        with CaptureQueriesContext(connection) as captured:
            assert read.check_password(PASSWORD)
            assert read.check_password(PASSWORD)

        assert len(captured) == 1
        assert "password" not in User.objects.only("password").get(pk=user.pk).get_deferred_fields()

    def test_is_read_by_the_log_in_in_one_statement(self, user):
        with CaptureQueriesContext(connection) as captured:
            assert authenticate(username=user.email.upper(), password=PASSWORD) == user

        failures, _ = captured  # the first one counts failed log-ins
        assert "tenants_user" not in failures["sql"]

    def test_that_was_read_is_read_again_after_a_change(self, user):
        read = User.objects.with_hash().get(pk=user.pk)
        user.set_password("another one")
        user.save()

        read.refresh_from_db()

        assert read.check_password("another one")

    def test_stays_when_a_row_without_it_is_saved(self, user):
        read = User.objects.get(pk=user.pk)
        read.first_name = "Ana"
        read.save()

        assert authenticate(username=user.email, password=PASSWORD) == user
        assert stored(user).first_name == "Ana"


class TestTexts:
    """As long as other systems have them."""

    def test_of_people_take_what_other_systems_hold(self, committed):
        names = {"first_name": "x" * 255, "last_name": "y" * 255}
        picture = f"https://example.com/{'p' * 1_000}.png"
        address = f"{'a' * 60}@{'.'.join(['b' * 63] * 3)[:190]}.eu"

        user = UserFactory(email=address, avatar_url=picture, **names)

        left = stored(user)
        assert (left.first_name, left.last_name) == ("x" * 255, "y" * 255)
        assert (left.avatar_url, left.email) == (picture, address)

    @pytest.mark.parametrize("picture", ["no address", "javascript:alert(1)"])
    def test_a_picture_is_at_an_address(self, committed, picture):
        with pytest.raises(ValueRefused) as caught:
            UserFactory(avatar_url=picture)

        assert caught.value.fields == ("avatar_url",)

    def test_of_tenants_and_budgets_take_255(self, committed, unique):
        tenant = Tenant.objects.create_tenant(unique, "t" * 255)

        with acting_for(tenant):
            budget = Budget.objects.create_budget("b" * 255, "EUR")
            bucket = Bucket.objects.create_bucket(budget, "c" * 255, filter=Claim(flat=1))
            with pytest.raises(BadRule):
                Bucket.objects.create_bucket(budget, "c" * 256, filter=Claim(flat=1))

            assert Tenant.objects.get().name == "t" * 255
            assert (budget.name, bucket.name) == ("b" * 255, "c" * 255)


class TestLoggingIn:
    """What Django does with a password goes on working."""

    def test_renews_an_old_hash(self, user):
        newer = ["django.contrib.auth.hashers.ScryptPasswordHasher", *settings.PASSWORD_HASHERS]

        with override_settings(PASSWORD_HASHERS=newer):
            assert authenticate(username=user.email, password=PASSWORD) == user

        assert User.objects.with_hash().get(pk=user.pk).password.startswith("scrypt")

    def test_makes_a_session_that_is_good_for_one_password(self, user, rf):
        request = rf.get("/")
        client = Client()
        client.force_login(user)
        request.session = client.session

        with CaptureQueriesContext(connection) as captured:
            assert get_user(request) == user
        assert len(captured) == 2  # the session's and the user's

        user.set_password("another one")
        user.save()
        assert get_user(request).is_anonymous

    def test_works_asynchronously(self, user, rf):
        request = rf.get("/")
        request.session = SessionStore()

        async def enter():
            found = await aauthenticate(request, username=user.email.upper(), password=PASSWORD)
            await alogin(request, found)
            return await aget_user(request)

        assert async_to_sync(enter)() == user

    def test_is_for_nobody_by_an_id_that_is_none(self):
        for said in ("", "x", 5, None):
            assert LogIn().get_user(said) is None

    def test_superusers_are_made_and_passwords_changed_from_the_command_line(self, unique):
        email = f"{unique}@example.com"
        with patch.dict(os.environ, {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}):
            assert manage("createsuperuser", "--noinput", "--email", email).code == 0

        answers = iter(["a b3tter secret"] * 2)
        with patch("getpass.getpass", lambda **_: next(answers)):
            ran = manage("changepassword", email)

        assert "changed successfully" in ran.out
        assert authenticate(username=email, password="a b3tter secret") is not None
        assert User.objects.get_by_name(email).is_superuser

    def test_a_token_to_reset_a_password_is_good_until_it_is_changed(self, user):
        token = default_token_generator.make_token(User.objects.get(pk=user.pk))
        assert default_token_generator.check_token(User.objects.get(pk=user.pk), token)

        user.set_password("another one")
        user.save()

        assert not default_token_generator.check_token(User.objects.get(pk=user.pk), token)

    def test_users_are_dumped_with_their_hash_and_the_deactivated_too(self, user):
        User.objects.deactivate(user)

        dumped = {row["pk"]: row["fields"] for row in manage("dumpdata", "tenants.User").json}

        assert dumped[str(user.pk)]["password"] == user.password
