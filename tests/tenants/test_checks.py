"""Every system check fires on the fault it is for, made for real, and on nothing else."""

import os
import uuid
from io import StringIO

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import models
from django.db.models import Q
from django.test.utils import isolate_apps

from budgets.models import Budget
from tenants.checks import check_catalog, check_models
from tenants.checks.isolation import faults_of
from tenants.managers.base import TenantManager
from tenants.managers.softdelete import LIVE, AllObjectsManager
from tenants.models import Membership, SoftDeleteModel, TenantModel, User
from tenants.models.base import APPEND_ONLY, READ_WRITE
from tenants.postgres import grants
from tenants.postgres.base import as_owner
from tenants.schema.fields import TenantForeignKey
from tests.server import SERVER, scratch_database
from tests.tenants.schema import altered, findings, found, logged_in

pytestmark = pytest.mark.usefixtures("own_database")

embedded = pytest.mark.skipif(
    "DATABASE_URL" in os.environ, reason="needs a superuser, which only the tests' own server has"
)


def ids(errors):
    return {error.id for error in errors}


def test_an_app_says_what_app_may_do_with_its_global_tables(monkeypatch):
    monkeypatch.setattr(
        apps.get_app_config("shop"), "app_privileges", {"shop_rate": "SELECT"}, False
    )

    assert grants.app_grants()["shop_rate"] == "SELECT"
    assert grants.app_grants().items() >= grants.APP.items()


class TestHealth:
    def test_the_models_have_no_faults(self):
        assert check_models(None) == []

    def test_the_schema_has_no_faults(self, committed):
        assert findings() == []

    def test_the_command_says_so(self, committed):
        said = StringIO()

        call_command("check", databases=["default"], stdout=said)

        assert "no issues" in said.getvalue()

    def test_the_command_prints_the_fault_and_what_to_do(self, committed):
        with (
            altered("CREATE VIEW peek AS TABLE budgets_budget", "DROP VIEW peek"),
            pytest.raises(SystemCheckError, match=r"E013.* peek .*\n.*security_invoker"),
        ):
            call_command("check", databases=["default"])

    def test_owner_is_not_asked_for_migrate_runs_as_owner(self, committed):
        with altered("CREATE VIEW peek AS TABLE budgets_budget", "DROP VIEW peek"), as_owner():
            assert findings() == []

    def test_without_a_database_nothing_is_read(self):
        assert check_catalog(None) == []

    def test_tables_that_are_not_there_yet_are_no_fault(self, scratch):
        with logged_in(NAME=scratch):
            assert findings() == []


# -- Models -----------------------------------------------------------------------------------


@pytest.fixture
def throwaway():
    with isolate_apps("tenants"):
        yield


def made(name, base, meta=(), **attributes):
    """A throw-away model."""
    options = type("Meta", (), {"app_label": "tenants", **dict(meta)})
    return type(base)(name, (base,), {"__module__": __name__, "Meta": options, **attributes})


@pytest.mark.usefixtures("throwaway")
class TestModels:
    def test_a_model_with_constraints_of_its_own_is_fine(self):
        note = made(
            "Note",
            TenantModel,
            meta={
                "constraints": [models.UniqueConstraint(fields=["tenant", "budget"], name="once")]
            },
            budget=TenantForeignKey(Budget, related_name="+"),
            author=models.ForeignKey(User, models.PROTECT, db_constraint=False, related_name="+"),
        )

        assert list(faults_of(note)) == []

    def test_a_default_manager_that_does_not_filter(self):
        note = made("Note", TenantModel, objects=models.Manager())

        assert ids(faults_of(note)) == {"tenants.E001"}

    def test_a_second_manager_that_does_not_filter(self):
        note = made("Note", TenantModel, objects=TenantManager(), everything=models.Manager())

        [fault] = faults_of(note)

        assert fault.msg == "tenants.Note.everything is not a TenantManager"

    def test_a_base_manager_that_does_not_filter(self):
        note = made("Note", TenantModel)

        note._meta.base_manager_name = None
        note._meta._expire_cache()

        assert ids(faults_of(note)) == {"tenants.E001"}

    def test_a_proxy_with_a_manager_that_does_not_filter(self):
        proxy = made("Proxy", Budget, meta={"proxy": True}, objects=models.Manager())

        assert ids(faults_of(proxy)) == {"tenants.E001"}

    def test_constraints_assigned_after_the_class_was_made(self):
        note = made("Note", TenantModel)

        note._meta.constraints = note._meta.constraints[1:]
        [fault] = faults_of(note)

        assert fault.msg == "tenants.Note lacks the constraint tenants_note_pkey"

    def test_a_time_without_its_check(self):
        note = made("Note", TenantModel, at=models.DateTimeField(null=True))

        note._meta.constraints = [
            each for each in note._meta.constraints if each.name != "tenants_note_at_readable"
        ]
        [fault] = faults_of(note)

        assert (fault.id, "tenants_note_at_readable" in fault.msg) == ("tenants.E009", True)

    @pytest.mark.parametrize(
        ("attributes", "said"),
        [
            ({"updated_at": None}, "has no updated_at with the default now()"),
            ({"created_at": None}, "has no created_at with the default now()"),
            ({"created_at": models.DateTimeField()}, "has no created_at with the default now()"),
            ({"updated_at": models.DateTimeField(auto_now_add=True)}, "without auto_now"),
            ({"app_privileges": "SELECT, INSERT, UPDATE (body)"}, "`app_privileges` does not"),
            ({"app_privileges": "UPDATE (body), UPDATE (updated)"}, "`app_privileges` does not"),
        ],
    )
    def test_a_row_that_does_not_say_when_it_was_made_and_changed(self, attributes, said):
        note = made("Note", TenantModel, **attributes)

        [fault] = faults_of(note)

        assert (fault.id, said in fault.msg) == ("tenants.E019", True)

    def test_defaults_dropped_after_the_class_was_made(self):
        note = made("Note", TenantModel)

        note._meta.constraints = [
            each for each in note._meta.constraints if each.name != "tenants_note_defaults"
        ]
        [fault] = faults_of(note)

        assert (fault.id, "tenants_note_defaults" in fault.msg) == ("tenants.E019", True)

    def test_a_global_table_of_ours_that_is_not_dated(self, monkeypatch):
        label = made("Label", models.Model)
        assert list(faults_of(label)) == []

        monkeypatch.setattr(label, "__module__", "tenants.models")

        assert ids(faults_of(label)) == {"tenants.E019"}

    @pytest.mark.parametrize(
        "app_privileges", ["SELECT, INSERT", "SELECT, UPDATE", "INSERT, UPDATE (body, updated_at)"]
    )
    def test_rows_that_app_may_update_with_their_time_or_never_are_fine(self, app_privileges):
        assert list(faults_of(made("Note", TenantModel, app_privileges=app_privileges))) == []

    def test_grants_that_differ_from_what_app_may(self):
        note = made("Note", TenantModel)

        note.app_privileges = "SELECT"

        assert ids(faults_of(note)) == {"tenants.E002"}

    def test_a_many_to_many_field_of_a_tenants_model(self):
        note = made("Note", TenantModel, readers=models.ManyToManyField(User, related_name="+"))

        assert ids(faults_of(note)) == {"tenants.E003"}

    def test_a_many_to_many_field_towards_a_tenants_model(self):
        label = made("Label", models.Model, on=models.ManyToManyField(Budget, related_name="+"))

        assert ids(faults_of(label)) == {"tenants.E003"}

    @pytest.mark.parametrize("kind", [models.ForeignKey, models.OneToOneField])
    def test_a_plain_foreign_key_between_tenants_models(self, kind):
        note = made("Note", TenantModel, budget=kind(Budget, models.PROTECT, related_name="+"))

        assert ids(faults_of(note)) == {"tenants.E004"}

    def test_a_model_that_extends_the_table_of_another(self):
        up = models.OneToOneField(Budget, models.PROTECT, parent_link=True, related_name="+")
        pocket = made("Pocket", Budget, up=up)

        assert "tenants.E004" in ids(faults_of(pocket))

    def test_a_foreign_key_from_a_tenants_table_to_a_global_one(self):
        author = models.ForeignKey(User, models.PROTECT, related_name="+")
        note = made("Note", TenantModel, author=author)

        assert ids(faults_of(note)) == {"tenants.E005"}

    def test_a_foreign_key_from_a_global_table_to_a_tenants_one(self):
        budget = models.ForeignKey(Budget, models.PROTECT, related_name="+")
        label = made("Label", models.Model, budget=budget)

        assert ids(faults_of(label)) == {"tenants.E005"}

    @pytest.mark.parametrize(
        ("meta", "unique"),
        [
            ({}, True),
            ({"unique_together": [("body", "tenant")]}, False),
            ({"constraints": [models.UniqueConstraint(fields=["body"], name="once")]}, False),
            ({"constraints": [models.UniqueConstraint("body", name="once")]}, None),
            ({"unique_together": [("tenant", "body")]}, None),
        ],
    )
    def test_a_unique_without_the_tenant(self, meta, unique):
        note = made("Note", TenantModel, meta, body=models.TextField(unique=bool(unique)))

        # Of expressions the catalog tells.
        assert ids(faults_of(note)) == (set() if unique is None else {"tenants.E008"})

    @pytest.mark.parametrize("condition", [LIVE, LIVE & Q(body="x"), Q(body="x") & LIVE])
    def test_a_unique_among_live_rows_is_fine(self, condition):
        unique = models.UniqueConstraint(
            fields=["tenant", "body"], condition=condition, name="once"
        )
        note = made("Note", SoftDeleteModel, {"constraints": [unique]}, body=models.TextField())

        assert list(faults_of(note)) == []

    @pytest.mark.parametrize("condition", [None, Q(body="x"), ~LIVE, LIVE | Q(body="x")])
    def test_a_unique_among_deleted_rows_too(self, condition):
        unique = models.UniqueConstraint(
            fields=["tenant", "body"], condition=condition, name="once"
        )
        note = made("Note", SoftDeleteModel, {"constraints": [unique]}, body=models.TextField())

        [fault] = faults_of(note)

        assert (fault.id, fault.msg) == (
            "tenants.E006",
            "tenants.Note: once applies to deleted rows too",
        )

    def test_a_default_manager_that_shows_deleted_rows(self):
        note = made("Note", SoftDeleteModel, everything=AllObjectsManager())

        [fault] = faults_of(note)

        assert (fault.id, "everything" in fault.msg) == ("tenants.E006", True)

    def test_rows_that_can_be_marked_deleted_and_never_purged(self):
        note = made("Note", SoftDeleteModel, app_privileges="SELECT, INSERT, UPDATE (updated_at)")

        assert ids(faults_of(note)) == {"tenants.E007"}

    def test_rows_that_a_purge_has_to_take_along_and_cannot(self):
        cascading = TenantForeignKey(Membership, models.CASCADE, related_name="+")
        note = made("Note", TenantModel, app_privileges=APPEND_ONLY, member=cascading)

        [fault] = faults_of(note)

        assert (fault.id, "tenants.Membership" in fault.msg) == ("tenants.E007", True)

    @pytest.mark.parametrize(
        ("app_privileges", "on_delete"),
        [
            (APPEND_ONLY, models.PROTECT),
            (APPEND_ONLY, models.DO_NOTHING),
            (READ_WRITE, models.CASCADE),
        ],
    )
    def test_rows_that_keep_what_they_point_at_are_fine(self, app_privileges, on_delete):
        member = TenantForeignKey(Membership, on_delete, related_name="+")
        note = made("Note", TenantModel, app_privileges=app_privileges, member=member)

        assert list(faults_of(note)) == []


# -- The catalog ------------------------------------------------------------------------------


@pytest.fixture
def scratch(database, committed):
    with scratch_database(f"{database}_scratch") as name:
        yield name


@pytest.fixture
def role(own_database, committed):
    """A role that may log in, and a superuser's cursor to change it with."""
    name = f"role_{uuid.uuid4().hex}"
    with psycopg.connect(SERVER.url("postgres", own_database), autocommit=True) as superuser:
        superuser.execute(f"CREATE ROLE {name} LOGIN")
        superuser.execute(f"GRANT CONNECT ON DATABASE {own_database} TO {name}")
        superuser.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
        try:
            yield name, superuser
        finally:
            superuser.execute(f"DROP OWNED BY {name}")
            superuser.execute(f"DROP ROLE {name}")


class TestTheRole:
    def test_that_owns_the_tables(self, committed):
        config = settings.OWNER_DATABASE or {}
        with logged_in(USER=config["USER"], PASSWORD=config["PASSWORD"]):
            said = {finding.msg for finding in findings() if finding.id == "tenants.E010"}

        assert "the role owner has BYPASSRLS" in said
        assert "the role owner owns tables of tenants, or can become their owner" in said

    @embedded
    @pytest.mark.parametrize(
        ("statement", "fault"),
        [
            ("ALTER ROLE {} SUPERUSER", "is a superuser"),
            ("ALTER ROLE {} BYPASSRLS", "has BYPASSRLS"),
            (
                "GRANT owner TO {} WITH INHERIT FALSE",
                "can become a role that row security does not bind",
            ),
            ("GRANT inspector TO {} WITH INHERIT TRUE", "inherits inspector"),
            (
                "ALTER ROLE {} SET role = inspector",
                "begins its sessions with a role, a search_path or a tenant already set",
            ),
            (
                "ALTER ROLE {} SET app.tenant_id = '00000000-0000-0000-0000-000000000000'",
                "begins its sessions with a role, a search_path or a tenant already set",
            ),
        ],
    )
    def test_that_row_security_does_not_bind(self, role, statement, fault):
        name, superuser = role
        superuser.execute("GRANT inspector TO " + name + " WITH INHERIT FALSE")
        superuser.execute(statement.format(name))

        with logged_in(USER=name):
            said = {finding.msg for finding in findings() if finding.id == "tenants.E010"}

        assert f"the role {name} {fault}" in said

    @embedded
    def test_that_may_become_inspector_only_when_it_asks_is_fine(self, role):
        name, superuser = role
        superuser.execute(f"GRANT inspector TO {name} WITH INHERIT FALSE, SET TRUE")

        with logged_in(USER=name):
            assert "tenants.E010" not in found()


EFFECTIVE_AT = """
ADD CONSTRAINT budgets_movement_effective_at_readable
CHECK (effective_at >= '1970-01-01Z' AND effective_at < '2200-01-01Z')
"""
SAFE_PATH = "SET search_path = pg_catalog, pg_temp"
LEFT = """
CREATE TABLE left_note (id uuid, {column} uuid, body text);
ALTER TABLE left_note ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON left_note FOR ALL TO app
    USING ({column} = current_tenant()) WITH CHECK ({column} = current_tenant());
CREATE POLICY inspection ON left_note FOR SELECT TO inspector USING (true);
CREATE INDEX left_search ON left_note ({column}, body);
CREATE FUNCTION left_search(text) RETURNS SETOF uuid LANGUAGE sql SECURITY DEFINER {path}
    AS 'SELECT id FROM public.left_note'
"""
"""A table that no app describes, with its search."""

# What to do, how to undo it, and the findings.
CATALOG = {
    "the search of an app that is not installed": (
        LEFT.format(column="tenant_id", path=SAFE_PATH),
        "DROP FUNCTION left_search; DROP TABLE left_note",
        {"tenants.W017"},
    ),
    "such a search that finds tables where its caller says": (
        LEFT.format(column="tenant_id", path=""),
        "DROP FUNCTION left_search; DROP TABLE left_note",
        {"tenants.E014"},
    ),
    "such a search of a table that is no tenant's": (
        LEFT.format(column="owner_id", path=SAFE_PATH),
        "DROP FUNCTION left_search; DROP TABLE left_note",
        {"tenants.E014"},
    ),
    "an undeclared function with the name of an index of ours": (
        "CREATE FUNCTION budgets_bucket_open_name_once() RETURNS bigint LANGUAGE sql"
        f" SECURITY DEFINER {SAFE_PATH} AS 'SELECT count(*) FROM public.budgets_entry'",
        "DROP FUNCTION budgets_bucket_open_name_once",
        {"tenants.E014"},
    ),
    "a unique index without the tenant": (
        "CREATE UNIQUE INDEX fault ON budgets_bucketversion (id)",
        "DROP INDEX fault",
        {"tenants.E011"},
    ),
    "a unique constraint with the tenant in second place": (
        "ALTER TABLE budgets_bucketversion ADD CONSTRAINT fault UNIQUE (id, tenant_id)",
        "ALTER TABLE budgets_bucketversion DROP CONSTRAINT fault",
        {"tenants.E011"},
    ),
    "an exclusion without the tenant": (
        "ALTER TABLE budgets_bucketversion ADD CONSTRAINT fault EXCLUDE (id WITH =)",
        "ALTER TABLE budgets_bucketversion DROP CONSTRAINT fault",
        {"tenants.E011"},
    ),
    "a foreign key to a global table": (
        "ALTER TABLE tenants_membership ADD CONSTRAINT fault"
        " FOREIGN KEY (user_id) REFERENCES tenants_user",
        "ALTER TABLE tenants_membership DROP CONSTRAINT fault",
        {"tenants.E012"},
    ),
    "a foreign key from a global table": (
        "CREATE TABLE fault (tenant uuid REFERENCES tenants_tenant)",
        "DROP TABLE fault",
        {"tenants.E012"},
    ),
    "a foreign key to any tenant": (
        "ALTER TABLE budgets_budget ADD CONSTRAINT fault"
        " FOREIGN KEY (owner_id) REFERENCES tenants_tenant NOT VALID",
        "ALTER TABLE budgets_budget DROP CONSTRAINT fault",
        {"tenants.E012"},
    ),
    "a foreign key to a row whatever its tenant": (
        "CREATE UNIQUE INDEX fault ON budgets_bucketversion (id);"
        " ALTER TABLE budgets_entry ADD CONSTRAINT fault"
        " FOREIGN KEY (tenant_id) REFERENCES budgets_bucketversion (id) NOT VALID",
        "ALTER TABLE budgets_entry DROP CONSTRAINT fault; DROP INDEX fault",
        {"tenants.E011", "tenants.E012"},
    ),
    "a deferrable foreign key": (
        "ALTER TABLE budgets_bucket ALTER CONSTRAINT budgets_bucket_budget_same_tenant DEFERRABLE",
        "ALTER TABLE budgets_bucket ALTER CONSTRAINT budgets_bucket_budget_same_tenant"
        " NOT DEFERRABLE",
        {"tenants.E012", "tenants.E020"},
    ),
    "a foreign key that sets the tenant to null": (
        "ALTER TABLE budgets_budget ADD CONSTRAINT fault FOREIGN KEY (tenant_id, owner_id)"
        " REFERENCES tenants_membership (tenant_id, id) ON DELETE SET NULL",
        "ALTER TABLE budgets_budget DROP CONSTRAINT fault",
        {"tenants.E012"},
    ),
    "a view that reads as its owner": (
        "CREATE VIEW fault AS TABLE budgets_entry",
        "DROP VIEW fault",
        {"tenants.E013"},
    ),
    "a view over a view that reads as its caller": (
        "CREATE VIEW inner_view WITH (security_invoker) AS TABLE budgets_entry;"
        " CREATE VIEW fault AS TABLE inner_view",
        "DROP VIEW fault, inner_view",
        {"tenants.E013"},
    ),
    "a materialized view": (
        "CREATE MATERIALIZED VIEW fault AS TABLE budgets_entry",
        "DROP MATERIALIZED VIEW fault",
        {"tenants.E013"},
    ),
    "a function that runs as its owner": (
        "CREATE FUNCTION fault() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        f" {SAFE_PATH} AS 'SELECT count(*) FROM public.budgets_entry'",
        "DROP FUNCTION fault()",
        {"tenants.E014"},
    ),
    "a declared one that finds tables where its caller says": (
        "ALTER FUNCTION tenant_of_slug(text) RESET search_path",
        f"ALTER FUNCTION tenant_of_slug(text) {SAFE_PATH}",
        {"tenants.E014"},
    ),
    "a declared one that looks into the temporary schema first": (
        "ALTER FUNCTION tenant_of_slug(text) SET search_path = ''",
        f"ALTER FUNCTION tenant_of_slug(text) {SAFE_PATH}",
        {"tenants.E014"},
    ),
    "MAINTAIN on a tenant's table": (
        "GRANT MAINTAIN ON budgets_entry TO app",
        "REVOKE MAINTAIN ON budgets_entry FROM app",
        {"tenants.E015", "tenants.E021"},
    ),
    "UPDATE on a whole table": (
        "GRANT UPDATE ON tenants_tenant TO app",
        "REVOKE UPDATE ON tenants_tenant FROM app; GRANT UPDATE (slug, name, plan, trial_plan,"
        " trial_ends_at, external_id, suspended_at, created_at, updated_at) ON tenants_tenant"
        " TO app",
        {"tenants.E021", "tenants.E026"},
    ),
    "UPDATE on a whole table no model has": (
        "CREATE TABLE fault (id int); GRANT UPDATE ON fault TO app",
        "DROP TABLE fault",
        {"tenants.E026"},
    ),
    "a second policy for a role": (
        "CREATE POLICY fault ON budgets_entry FOR SELECT TO app USING (false)",
        "DROP POLICY fault ON budgets_entry",
        {"tenants.E021", "tenants.E023"},
    ),
    "a policy for everybody beside those of the roles": (
        "CREATE POLICY fault ON budgets_entry AS RESTRICTIVE FOR UPDATE USING (true)",
        "DROP POLICY fault ON budgets_entry",
        {"tenants.E021", "tenants.E023"},
    ),
    "two policies on a table no model has": (
        "CREATE TABLE fault (id int); CREATE POLICY one ON fault TO app USING (true);"
        " CREATE POLICY two ON fault FOR UPDATE TO app USING (true)",
        "DROP TABLE fault",
        {"tenants.E023"},
    ),
    "TRUNCATE on a global table": (
        "GRANT TRUNCATE ON tenants_usersession TO app",
        "REVOKE TRUNCATE ON tenants_usersession FROM app",
        {"tenants.E015", "tenants.E021"},
    ),
    "REFERENCES on a column, to everybody": (
        "GRANT REFERENCES (id) ON tenants_tenant TO PUBLIC",
        "REVOKE REFERENCES (id) ON tenants_tenant FROM PUBLIC",
        {"tenants.E015", "tenants.E021"},
    ),
    "TRIGGER on a table no model has": (
        "CREATE TABLE fault (id int); GRANT TRIGGER ON fault TO app",
        "DROP TABLE fault",
        {"tenants.E015"},
    ),
    "a schema in which app can create": (
        "GRANT CREATE ON SCHEMA public TO app",
        "REVOKE CREATE ON SCHEMA public FROM app",
        {"tenants.E016"},
    ),
    "a table of tenants that no model has": (
        "CREATE TABLE fault (tenant_id uuid)",
        "DROP TABLE fault",
        {"tenants.E020"},
    ),
    "a policy with another condition": (
        "ALTER POLICY tenant_isolation ON budgets_budget USING (true)",
        "ALTER POLICY tenant_isolation ON budgets_budget USING (tenant_id = current_tenant())",
        {"tenants.E020", "tenants.E021"},
    ),
    "a policy with another check": (
        "ALTER POLICY tenant_isolation ON budgets_budget WITH CHECK (true)",
        "ALTER POLICY tenant_isolation ON budgets_budget WITH CHECK (tenant_id = current_tenant())",
        {"tenants.E020", "tenants.E021"},
    ),
    "a policy for another role": (
        "ALTER POLICY inspection ON budgets_budget TO PUBLIC",
        "ALTER POLICY inspection ON budgets_budget TO inspector",
        {"tenants.E020", "tenants.E021", "tenants.E023"},
    ),
    "a policy for another command": (
        "DROP POLICY inspection ON budgets_budget;"
        " CREATE POLICY inspection ON budgets_budget TO inspector USING (true)",
        "DROP POLICY inspection ON budgets_budget;"
        " CREATE POLICY inspection ON budgets_budget FOR SELECT TO inspector USING (true)",
        {"tenants.E020", "tenants.E021"},
    ),
    "a policy too many": (
        "CREATE POLICY fault ON budgets_budget FOR UPDATE TO app USING (name = '')",
        "DROP POLICY fault ON budgets_budget",
        {"tenants.E021", "tenants.E023"},
    ),
    "a directory of slugs that anybody may write": (
        "ALTER POLICY tenant_isolation ON tenants_tenantslug WITH CHECK (true)",
        "ALTER POLICY tenant_isolation ON tenants_tenantslug"
        " WITH CHECK (holder = current_tenant())",
        {"tenants.E020", "tenants.E021"},
    ),
    "a composite key that is missing": (
        "ALTER TABLE budgets_entry DROP CONSTRAINT budgets_entry_pkey",
        "ALTER TABLE budgets_entry ADD CONSTRAINT budgets_entry_pkey PRIMARY KEY (tenant_id, id)",
        {"tenants.E020"},
    ),
    "a composite foreign key that was never validated": (
        "ALTER TABLE budgets_entry DROP CONSTRAINT budgets_entry_bucket_same_tenant,"
        " ADD CONSTRAINT budgets_entry_bucket_same_tenant FOREIGN KEY (tenant_id, bucket_id)"
        " REFERENCES budgets_bucket (tenant_id, id) NOT VALID",
        "ALTER TABLE budgets_entry VALIDATE CONSTRAINT budgets_entry_bucket_same_tenant",
        {"tenants.E020"},
    ),
    "a trigger that is switched off": (
        "ALTER TABLE budgets_entry DISABLE TRIGGER budgets_entry_chains",
        "ALTER TABLE budgets_entry ENABLE TRIGGER budgets_entry_chains",
        {"tenants.E020"},
    ),
    "a secret shown to inspector": (
        "GRANT SELECT (password) ON tenants_user TO inspector",
        "REVOKE SELECT (password) ON tenants_user FROM inspector",
        {"tenants.E021"},
    ),
    "slugs shown to app": (
        "GRANT SELECT ON tenants_tenantslug TO app",
        "REVOKE SELECT ON tenants_tenantslug FROM app",
        {"tenants.E021"},
    ),
    "a time without its check": (
        "ALTER TABLE budgets_movement DROP CONSTRAINT budgets_movement_effective_at_readable",
        f"ALTER TABLE budgets_movement {EFFECTIVE_AT}",
        {"tenants.E018"},
    ),
    "a time whose check was never validated": (
        "ALTER TABLE budgets_movement DROP CONSTRAINT budgets_movement_effective_at_readable,"
        f" {EFFECTIVE_AT} NOT VALID",
        "ALTER TABLE budgets_movement VALIDATE CONSTRAINT budgets_movement_effective_at_readable",
        {"tenants.E018"},
    ),
    "a time that a check lets be before the first": (
        "ALTER TABLE budgets_movement DROP CONSTRAINT budgets_movement_effective_at_readable,"
        f" {EFFECTIVE_AT.replace('1970', '0070')}",
        "ALTER TABLE budgets_movement DROP CONSTRAINT budgets_movement_effective_at_readable,"
        f" {EFFECTIVE_AT}",
        {"tenants.E018"},
    ),
    "a time of tenants in a table that no model has": (
        "CREATE TABLE fault (tenant_id uuid, at timestamptz)",
        "DROP TABLE fault",
        {"tenants.E018", "tenants.E020"},
    ),
    "a default that is missing": (
        "ALTER TABLE budgets_bucket ALTER updated_at DROP DEFAULT",
        "ALTER TABLE budgets_bucket ALTER updated_at SET DEFAULT now()",
        {"tenants.E020"},
    ),
    "a default that is another": (
        "ALTER TABLE tenants_usersession ALTER created_at SET DEFAULT clock_timestamp()",
        "ALTER TABLE tenants_usersession ALTER created_at SET DEFAULT now()",
        {"tenants.E020"},
    ),
    "a default of a column that no model has one for is fine": (
        "ALTER TABLE budgets_budget ALTER name SET DEFAULT 'Household'",
        "ALTER TABLE budgets_budget ALTER name DROP DEFAULT",
        set(),
    ),
    "a currency that app may change": (
        "GRANT UPDATE (currency) ON budgets_budget TO app",
        "REVOKE UPDATE (currency) ON budgets_budget FROM app",
        {"tenants.E021"},
    ),
}


@pytest.mark.parametrize("fault", CATALOG)
def test_the_catalog_has(fault, committed):
    do, undo, expected = CATALOG[fault]

    with altered(do, undo):
        reported = found()

    assert reported == expected
    assert found() == set()


def test_a_view_that_reads_as_its_caller_is_fine(committed):
    do = "CREATE VIEW fine WITH (security_invoker = true) AS TABLE budgets_entry"

    with altered(do, "DROP VIEW fine"):
        assert findings() == []


def test_a_policy_on_a_table_of_no_tenants_is_fine(committed):
    with altered("CREATE POLICY fine ON auth_group USING (true)", "DROP POLICY fine ON auth_group"):
        assert found() == set()


def test_a_right_to_make_temporary_tables_is_reported(own_database, committed):
    with altered(
        f"GRANT TEMPORARY ON DATABASE {own_database} TO app",
        f"REVOKE TEMPORARY ON DATABASE {own_database} FROM app",
    ):
        assert found() == {"tenants.E016"}
