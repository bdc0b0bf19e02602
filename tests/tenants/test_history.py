"""Who changed what: written by PostgreSQL with the change, and by nobody else."""

import json
import uuid

import pytest
from django.db import connection, transaction

from budgets.models import Bucket, Budget, Entry, Movement, StatementLine
from tenants.context import acting_for, attributed, inspecting, run_for
from tenants.errors import TenantViolation
from tenants.models import Change, GlobalChange, Invitation, Membership, Tenant, User
from tests.command_line import manage
from tests.factories import BucketFactory, BudgetFactory, MembershipFactory, UserFactory
from tests.rows import invite


def run(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def changes(row):
    return list(Change.objects.of(type(row), row.pk))


class TestAChange:
    def test_of_a_new_row_tells_all_it_has(self, acting):
        member = MembershipFactory(role="editor")

        [change] = changes(member)

        assert (change.verb, change.before) == ("insert", None)
        assert change.after["role"] == "editor"
        assert change.after["user_id"] == str(member.user_id)
        assert not change.after.keys() & {"id", "tenant_id", "updated_at"}

    def test_of_a_changed_row_tells_only_what_changed(self, acting):
        member = MembershipFactory(role="editor")
        member.role = "viewer"
        member.save()

        change = changes(member)[0]

        assert (change.before, change.after) == ({"role": "editor"}, {"role": "viewer"})
        assert change.columns == [("role", "editor", "viewer")]

    def test_of_a_deleted_row_tells_all_it_had(self, acting):
        invitation = invite()
        pk = invitation.pk
        invitation.delete()

        change = Change.objects.of(Invitation, pk)[0]

        assert (change.verb, change.after) == ("delete", None)
        assert change.before is not None
        assert change.before["email"] == invitation.email

    def test_is_not_written_when_nothing_changed(self, acting):
        member = MembershipFactory()
        member.save()

        assert [change.verb for change in changes(member)] == ["insert"]

    def test_of_raw_SQL_is_written_too(self, acting):
        member = MembershipFactory(role="editor")
        run("UPDATE tenants_membership SET role = 'owner' WHERE id = %s", member.pk)

        assert changes(member)[0].after == {"role": "owner"}

    def test_of_a_rows_id_is_written_under_the_id_it_had(self, acting):
        member = MembershipFactory()
        new = uuid.uuid4()
        run("UPDATE tenants_membership SET id = %s WHERE id = %s", new, member.pk)

        [change, _] = changes(member)

        assert (change.before, change.after) == ({"id": str(member.pk)}, {"id": str(new)})

    def test_of_bulk_paths_is_written_too(self, acting):
        invitations = [invite(), invite()]
        Invitation.objects.update(role="editor")
        for number, invitation in enumerate(invitations):
            invitation.email = f"other{number}@example.com"
        Invitation.objects.bulk_update(invitations, ["email"])

        verbs = [[change.after for change in changes(each)][:2] for each in invitations]
        assert verbs == [
            [{"email": f"other{number}@example.com"}, {"role": "editor"}] for number in range(2)
        ]

    def test_leaves_secrets_out(self, acting):
        invitation = invite()

        assert "token_hash" not in changes(invitation)[0].after

    def test_is_gone_when_its_transaction_is(self, tenant):
        with acting_for(tenant):
            member = MembershipFactory(role="editor")
        with acting_for(tenant):
            Membership.objects.update(role="viewer")
            transaction.set_rollback(True)

        with acting_for(tenant):
            assert [change.verb for change in changes(member)] == ["insert"]

    def test_belongs_to_the_rows_own_tenant_whatever_the_setting_says(self, tenant, other):
        with acting_for(tenant):
            MembershipFactory()  # another owner, so that this one may become a viewer
            member = MembershipFactory()
            # The row is changed under the tenant's setting; the trigger fires with it.
            run("UPDATE tenants_membership SET role = 'viewer' WHERE id = %s", member.pk)

        with acting_for(other):
            assert changes(member) == []
        with acting_for(tenant):
            assert len(changes(member)) == 2


class TestWhoAndWhy:
    def test_come_from_the_block(self, tenant):
        user = UserFactory()
        with acting_for(tenant, actor=user, request_id="request-7"):
            member = MembershipFactory()

            [change] = changes(member)

        assert (change.actor_id, change.request_id) == (user.pk, "request-7")

    def test_come_from_whoever_knew_before_there_was_a_tenant(self, tenant):
        user = UserFactory()
        with attributed(actor=user, request_id="request-8"):
            member = run_for(tenant, MembershipFactory)
        with acting_for(tenant):
            [change] = changes(member)

        assert (change.actor_id, change.request_id) == (user.pk, "request-8")

    def test_are_nobody_where_nobody_said(self, acting):
        [change] = changes(MembershipFactory())

        assert (change.actor_id, change.request_id) == (None, "")

    def test_are_those_of_an_inner_block_and_then_again_of_the_outer(self, tenant):
        outer, inner = UserFactory(), UserFactory()
        with acting_for(tenant, actor=outer, request_id="out"):
            first = MembershipFactory()
            with acting_for(tenant, actor=inner, request_id="in"):
                second = MembershipFactory()
            third = MembershipFactory()

            said = [
                (changes(each)[0].actor_id, changes(each)[0].request_id)
                for each in (first, second, third)
            ]

        assert said == [(outer.pk, "out"), (inner.pk, "in"), (outer.pk, "out")]

    def test_do_not_stay_with_the_connection(self, tenant):
        with acting_for(tenant, actor=UserFactory(), request_id="before"):
            pass
        with acting_for(tenant):
            [change] = changes(MembershipFactory())

        assert (change.actor_id, change.request_id) == (None, "")

    def test_may_be_longer_than_can_be_kept(self, tenant):
        with acting_for(tenant, request_id="x" * 500):
            [change] = changes(MembershipFactory())

        assert change.request_id == "x" * 200

    def test_survive_an_error_in_an_inner_block(self, tenant):
        user = UserFactory()
        with acting_for(tenant, actor=user):
            with pytest.raises(ZeroDivisionError), acting_for(tenant, actor=UserFactory()):
                raise ZeroDivisionError

            assert changes(MembershipFactory())[0].actor_id == user.pk


class TestNobodyWritesHistory:
    STATEMENTS = (
        "INSERT INTO tenants_change SELECT * FROM tenants_change",
        "UPDATE tenants_change SET verb = 'insert'",
        "DELETE FROM tenants_change",
        "TRUNCATE tenants_change",
        "ALTER TABLE tenants_membership DISABLE TRIGGER tenants_membership_history",
        "SET LOCAL session_replication_role = 'replica'",
        "INSERT INTO tenants_globalchange SELECT * FROM tenants_globalchange",
        "UPDATE tenants_globalchange SET verb = 'insert'",
        "DELETE FROM tenants_globalchange",
    )

    @pytest.mark.parametrize("statement", STATEMENTS)
    def test_not_by_raw_SQL(self, statement, tenant):
        with acting_for(tenant):
            MembershipFactory()

        with pytest.raises(TenantViolation), acting_for(tenant):
            run(statement)

    def test_not_by_the_manager(self, acting):
        change = changes(MembershipFactory())[0]

        with pytest.raises(TenantViolation), transaction.atomic():
            change.save()
        with pytest.raises(TenantViolation), transaction.atomic():
            change.delete()

    def test_not_by_calling_the_trigger(self, acting):
        with pytest.raises(TenantViolation):
            run("SELECT tenants_record_change()")

    def test_and_not_while_a_tenant_is_cleared(self, tenant):
        """The setting is gone when the row is deleted: row security hides the row."""
        with acting_for(tenant):
            invitation = invite()
            run("SET LOCAL app.tenant_id = ''")
            gone = run("DELETE FROM tenants_invitation WHERE id = %s", invitation.pk)

        assert gone == 0


class TestWhatIsKept:
    def test_a_deposit_writes_the_ledger_alone(self, acting):
        budget = BudgetFactory()
        BucketFactory(budget=budget)
        before = Change.objects.count()

        Movement.objects.deposit(budget, 50_00)

        assert Change.objects.count() == before

    def test_a_budgets_name_is(self, acting):
        budget = BudgetFactory(name="Old")
        Budget.objects.filter(pk=budget.pk).update(name="New")

        assert changes(budget)[0].columns == [("name", "Old", "New")]

    @pytest.mark.parametrize("model", [Bucket, Movement, Entry])
    def test_what_has_a_history_of_its_own_has_no_trigger(self, model):
        assert model.history is None

    def test_a_statements_lines_are_when_they_change(self):
        assert "INSERT" not in StatementLine.history.trigger(StatementLine, function="f").when

    def test_a_tenants_own_row_is(self, tenant):
        with acting_for(tenant):
            Tenant.objects.update(name="Renamed")

            assert changes(tenant)[0].columns[-1][2] == "Renamed"

    def test_a_users_are_and_never_the_password(self, committed):
        user = UserFactory()
        user.first_name = "Ada"
        user.set_password("x" * 20)
        user.save()

        said = list(GlobalChange.objects.of(User, user.pk))

        assert [change.verb for change in said] == ["update", "insert"]
        assert said[0].columns == [("first_name", "", "Ada")]
        assert user.password not in json.dumps([change.after for change in said])


class TestTheCommand:
    def test_shows_a_table(self, tenant):
        user = UserFactory()
        with acting_for(tenant, actor=user, request_id="request-9"):
            member = MembershipFactory(role="editor")
            member.role = "viewer"
            member.save()

        ran = manage("history", "tenants.Membership", str(member.pk))

        assert ran.code == 0
        assert all(word in ran.out for word in ("role", "editor", "viewer", user.email[:8]))

    def test_prints_json(self, tenant):
        with acting_for(tenant, request_id="request-9"):
            member = MembershipFactory(role="editor")

        ran = manage("history", "membership", str(member.pk), "--tenant", tenant.slug, "--json")

        [change] = json.loads(ran.out)
        assert (change["verb"], change["request_id"]) == ("insert", "request-9")
        assert change["after"]["role"] == "editor"

    def test_tells_of_global_rows(self, committed):
        user = UserFactory()

        ran = manage("history", "User", str(user.pk), "--json")

        assert json.loads(ran.out)[0]["after"]["email"] == user.email

    def test_does_not_tell_one_tenant_of_another(self, tenant, other):
        with acting_for(tenant):
            member = MembershipFactory()

        ran = manage("history", "Membership", str(member.pk), "--tenant", other.slug)

        assert (ran.code, ran.out) == (2, "")

    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            (["Nothing", str(uuid.uuid4())], "Nothing"),
            (["Membership", "7"], "'7'"),
            (["Membership", str(uuid.uuid4())], "no change"),
            (["Movement", str(uuid.uuid4())], "ledger"),
            (["Membership", str(uuid.uuid4()), "--tenant", "nobody-has-this"], "nobody-has-this"),
        ],
    )
    def test_refuses_in_one_line(self, arguments, word, committed):
        ran = manage("history", *arguments)

        assert ran.code == 2
        assert word in ran.err
        assert len(ran.err.strip().splitlines()) == 1


def test_inspecting_reads_the_history_of_all(tenant, other):
    members = []
    for each in (tenant, other):
        with acting_for(each):
            members.append(MembershipFactory())

    with inspecting():
        assert [len(changes(member)) for member in members] == [1, 1]
