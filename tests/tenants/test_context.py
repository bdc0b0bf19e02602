"""acting_for, run_for and inspecting: what is in force, and that it ends with its block."""

import uuid
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, models, transaction
from django.db.models import F
from django.utils import timezone

from budgets.models import BucketVersion, Budget, Movement
from tenants.access.roles import Role
from tenants.context import (
    acting_for,
    attributed,
    current_actor_id,
    current_tenant_id,
    inspecting,
    run_for,
    tenancy,
)
from tenants.context.tenancy import ROLES
from tenants.errors import (
    NoTenant,
    QueryFailed,
    ReadOnly,
    TenantMismatch,
    TenantViolation,
    UnknownTenant,
)
from tenants.models import Change, Membership, Tenant, TenantSlug, User
from tenants.refusals import NoMembership, UnknownRole
from tests.factories import BudgetFactory, MembershipFactory, UserFactory


def ask(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def setting():
    return ask("SELECT current_setting('app.tenant_id', true)")


def write_and_fail():
    BudgetFactory()
    raise ZeroDivisionError


class TestActingFor:
    def test_python_and_postgresql_agree_on_the_tenant(self, tenant):
        with acting_for(tenant):
            assert current_tenant_id() == tenant.pk
            assert ask("SELECT current_tenant()") == tenant.pk

    def test_takes_an_id_as_well(self, tenant):
        with acting_for(tenant.pk):
            assert current_tenant_id() == tenant.pk

    @pytest.mark.parametrize("slug", ["acme", None, 7])
    def test_takes_no_slug_and_says_what_finds_the_id(self, committed, slug):
        with pytest.raises(UnknownTenant, match=r"id_of\(slug\)"), acting_for(slug):
            pass

    def test_the_setting_is_gone_after_the_block(self, tenant):
        with acting_for(tenant):
            pid = ask("SELECT pg_backend_pid()")

        assert ask("SELECT pg_backend_pid()") == pid
        assert not setting()
        assert ask("SELECT current_tenant()") is None
        with pytest.raises(NoTenant):
            current_tenant_id()

    def test_an_exception_rolls_back_and_ends_the_block(self, tenant):
        with pytest.raises(ZeroDivisionError), acting_for(tenant):
            write_and_fail()

        assert not setting()
        with acting_for(tenant):
            assert not Budget.objects.exists()

    def test_an_inner_exception_leaves_the_outer_block_as_it_was(self, tenant):
        with acting_for(tenant):
            BudgetFactory()
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                write_and_fail()
            assert setting() == str(tenant.pk)

        with acting_for(tenant):
            assert Budget.objects.count() == 1

    def test_the_same_tenant_inside_is_part_of_the_same_transaction(self, tenant):
        def outer():
            with acting_for(tenant):
                with acting_for(tenant):
                    BudgetFactory()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            outer()

        with acting_for(tenant):
            assert not Budget.objects.exists()

    def test_another_tenant_inside_is_refused_and_changes_nothing(self, tenant, other):
        with acting_for(tenant):
            with pytest.raises(TenantMismatch), acting_for(other):
                pass
            assert setting() == str(tenant.pk)
            assert current_tenant_id() == tenant.pk

    def test_another_connection_inside_is_refused(self, tenant):
        with acting_for(tenant), pytest.raises(TenantMismatch), acting_for(tenant, using="replica"):
            pass

    def test_what_runs_after_commit_is_outside(self, tenant):
        seen = []

        with acting_for(tenant):
            transaction.on_commit(lambda: seen.append(setting()))

        assert seen == [""]

    @pytest.mark.parametrize(
        "named", [uuid.UUID(int=1), str(uuid.UUID(int=1)), "rivera", 5, None, []]
    )
    def test_an_unknown_tenant_is_refused(self, committed, named):
        with pytest.raises(UnknownTenant), acting_for(named):
            pass
        with pytest.raises(UnknownTenant):
            run_for(named, Membership.objects.exists)

    def test_an_unknown_tenant_sees_nothing_and_writes_nothing(self, committed):
        """As one that is about to be founded would."""
        user = UserFactory()

        with acting_for(uuid.uuid4(), even_suspended=True):
            assert not Membership.objects.exists()
        with (
            pytest.raises(Exception, match="tenant_exists"),
            acting_for(uuid.uuid4(), even_suspended=True),
        ):
            MembershipFactory(user=user)

    def test_an_id_may_be_text(self, tenant):
        with acting_for(str(tenant.pk)), acting_for(tenant):
            assert current_tenant_id() == tenant.pk

    @pytest.mark.parametrize(
        ("given", "kept"),
        [("x" * 201, "x" * 200), ("a\0\ud800b", "a??b"), (7, "7"), (uuid.UUID(int=7), None)],
    )
    def test_no_movement_fails_by_its_request_id(self, tenant, given, kept):
        """What is too long or no text is cut where the id is given: it only says who asked."""
        with attributed(request_id=given), acting_for(tenant):
            first = Movement.objects.deposit(budget := BudgetFactory(), 5)
        with acting_for(tenant, request_id=given):
            second = Movement.objects.deposit(budget, 5)
            changes = set(Change.objects.of(Budget, budget.pk).values_list("request_id", flat=True))

        assert {first.request_id, second.request_id} == changes == {kept or str(given)}

    def test_records_who_did_it_and_for_which_request(self, tenant):
        user = UserFactory()

        with acting_for(tenant, actor=user, request_id="request-7"):
            movement = Movement.objects.deposit(BudgetFactory(), 5)

        with acting_for(tenant):
            stored = Movement.objects.get(pk=movement.pk)
            version = BucketVersion.objects.get()
        assert (stored.actor_id, stored.request_id) == (user.pk, "request-7")
        assert version.actor_id == user.pk

    def test_an_inner_block_may_act_in_anothers_name(self, tenant):
        outer, inner = uuid.uuid4(), uuid.uuid4()

        with acting_for(tenant, actor=outer):
            with acting_for(tenant, actor=inner):
                within = current_actor_id()
            with acting_for(tenant):
                unnamed = current_actor_id()
            after = current_actor_id()

        assert (within, unnamed, after) == (inner, outer, outer)


class TestRunFor:
    def test_returns_what_the_work_returns(self, tenant):
        assert run_for(tenant, current_tenant_id) == tenant.pk

    def test_passes_on_who_did_it(self, tenant):
        actor = uuid.uuid4()

        assert run_for(tenant, current_actor_id, actor=actor) == actor

    def test_raises_what_the_work_raises_and_writes_nothing(self, tenant):
        def work():
            BudgetFactory()
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            run_for(tenant, work)

        assert run_for(tenant, Budget.objects.count) == 0

    def test_is_refused_inside_a_block(self, tenant):
        with acting_for(tenant), pytest.raises(RuntimeError, match="retried"):
            run_for(tenant, current_tenant_id)


class TestInspecting:
    def test_sees_every_tenant(self, tenant, other):
        with inspecting():
            slugs = set(Tenant.objects.values_list("slug", flat=True))

        assert {tenant.slug, other.slug} <= slugs

    def test_is_the_role_inspector_and_no_longer_than_the_block(self, committed):
        with inspecting():
            inside = ask("SELECT current_user")

        assert (inside, ask("SELECT current_user")) == ("inspector", "app")

    def test_rows_of_tenants_with_their_relations(self, tenant):
        with acting_for(tenant):
            budget = BudgetFactory(owner=MembershipFactory())

        with inspecting():
            found = Budget.objects.select_related("owner", "tenant").get(pk=budget.pk)
            buckets = list(found.buckets.all())

        assert (found.owner, found.tenant) == (budget.owner, tenant)
        assert [bucket.tenant_id for bucket in buckets] == [tenant.pk]

    @pytest.mark.parametrize(
        "write",
        [
            lambda row: Membership.objects.update(role="owner"),
            lambda row: Membership.objects.filter(pk=row.pk).delete(),
            lambda row: row.save(),
            lambda row: User.objects.update(first_name="x"),
            lambda row: TenantSlug.objects.create(slug="x", holder=row.tenant_id),
        ],
    )
    def test_cannot_write(self, tenant, write):
        with acting_for(tenant):
            row = MembershipFactory()

        with pytest.raises((TenantViolation, ReadOnly)), inspecting():
            write(row)

    def test_cannot_write_even_as_role_app(self, tenant):
        with acting_for(tenant):
            MembershipFactory()

        def write_as_app():
            ask("SELECT set_config('role', 'app', true)")
            Membership.objects.update(role="viewer")

        with pytest.raises(ReadOnly, match="read-only"), inspecting():
            write_as_app()

    def test_cannot_be_made_writable(self, committed):
        with pytest.raises(QueryFailed, match="read-write"), inspecting():
            ask("SELECT set_config('transaction_read_only', 'off', true)")

    def test_cannot_read_password_hashes(self, committed):
        with pytest.raises(TenantViolation), inspecting():
            list(User.objects.values("password"))

    def test_can_read_people_otherwise(self, committed):
        user = UserFactory()

        with inspecting():
            assert User.objects.defer("password").get(pk=user.pk).email == user.email

    def test_has_no_single_tenant(self, committed):
        with inspecting(), pytest.raises(NoTenant, match="inspecting"):
            current_tenant_id()

    def test_a_new_row_belongs_to_nobody(self, committed):
        with inspecting(), pytest.raises(NoTenant):
            Membership()

    def test_is_refused_inside_a_tenants_block(self, tenant):
        with acting_for(tenant), pytest.raises(TenantMismatch), inspecting():
            pass

    def test_refuses_a_tenants_block_inside(self, tenant):
        with inspecting(), pytest.raises(TenantMismatch), acting_for(tenant):
            pass

    def test_a_queryset_kept_past_the_block_is_refused(self, committed):
        with inspecting():
            kept = Budget.objects.all()

        with pytest.raises(NoTenant):
            list(kept)

    def test_a_queryset_kept_for_a_tenants_block_shows_that_tenants_rows(self, tenant, other):
        with acting_for(other):
            BudgetFactory()
        with inspecting():
            kept = Budget.objects.all()

        with acting_for(tenant):
            assert not kept.exists()

    def test_a_queryset_kept_for_a_tenants_block_changes_that_tenants_rows(self, tenant, other):
        with acting_for(other):
            theirs = BudgetFactory()
        with inspecting():
            kept: models.QuerySet[Budget] = models.QuerySet(Budget)

        with acting_for(tenant):
            changed = kept.update(version=F("version") + 1)

        assert changed == 0
        with acting_for(other):
            assert Budget.objects.get().version == theirs.version


class TestRoles:
    def test_a_block_takes_the_roles_there_are(self, tenant):
        for role in Role:
            with acting_for(tenant, role=role):
                assert tenancy().role == role

        assert set(Role) == ROLES

    def test_a_reader_writes_nothing_even_where_a_suspended_tenant_is_written(self, tenant):
        viewing = acting_for(tenant, role="viewer", even_suspended=True)

        with pytest.raises(ReadOnly), viewing, connection.cursor() as cursor:
            cursor.execute("UPDATE tenants_membership SET role = 'owner'")

    @pytest.mark.parametrize("role", Role)
    def test_a_members_block_has_the_role_of_the_member(self, tenant, role):
        with acting_for(tenant):
            MembershipFactory(role="owner")
            user = MembershipFactory(role=role).user

        for named in (user, user.pk):
            with acting_for(tenant, member=named, request_id="r"):
                block = tenancy()
                assert (block.role, block.actor_id, block.request_id) == (role, user.pk, "r")
                with acting_for(tenant), acting_for(tenant, member=user):
                    assert tenancy() == block
        assert run_for(tenant, lambda: tenancy().role, member=user) == role

    def test_a_members_block_of_a_viewer_writes_nothing(self, tenant):
        with acting_for(tenant):
            user = MembershipFactory(role="viewer").user

        viewing = acting_for(tenant, member=user)

        with pytest.raises(ReadOnly), viewing, connection.cursor() as cursor:
            cursor.execute("UPDATE tenants_membership SET role = 'owner'")

    def test_nobody_else_has_a_members_block(self, tenant, other):
        with acting_for(other):
            theirs = MembershipFactory().user
        with acting_for(tenant):
            MembershipFactory()
            gone, deactivated = MembershipFactory(), MembershipFactory().user
            Membership.objects.leave(gone)
            User.all_objects.filter(pk=deactivated.pk).update(deleted_at=timezone.now())

        for user in (theirs, gone.user, deactivated, UserFactory()):
            with pytest.raises(NoMembership), acting_for(tenant, member=user):
                pytest.fail("the block began")

    def test_a_block_does_not_become_a_members(self, tenant):
        with acting_for(tenant):
            user, another = MembershipFactory().user, MembershipFactory().user

        for outer in (
            {},
            {"actor": user},
            {"member": another},
            {"actor": another, "role": "owner"},
        ):
            with (
                acting_for(tenant, **outer),
                pytest.raises(TenantMismatch, match="another member"),
                acting_for(tenant, member=user),
            ):
                pass

    @pytest.mark.parametrize("named", ["actor", "role"])
    def test_a_member_names_actor_and_role(self, tenant, named):
        arguments: Any = {"member": uuid4(), named: uuid4()}
        block = acting_for(tenant, **arguments)

        with pytest.raises(TypeError, match="names"), block:
            pass

    @pytest.mark.parametrize("role", ["Viewer", "king", ""])
    def test_and_no_other(self, tenant, role):
        with pytest.raises(UnknownRole, match="viewer"), acting_for(tenant, role=role):
            pass
