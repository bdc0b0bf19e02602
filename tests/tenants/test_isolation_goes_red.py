"""The isolation tests are worth something: with a guard removed, they and the checks go red."""

import pytest

from tenants.listing.query import listing_of
from tenants.models import TenantSettings
from tenants.schema.constraints import Grants, RowSecurity, TenantKey, TenantReference
from tests.factories import TenantFactory
from tests.rows import MAKERS, MODELS, Side
from tests.tenants.listing.questions import LISTED
from tests.tenants.matrix import OPERATIONS, leaks, tenant_keys
from tests.tenants.schema import altered, found, without

pytestmark = pytest.mark.usefixtures("own_database")

POINTED_AT = {field.related_model for model in MODELS for field in tenant_keys(model)}
LEAVES = [
    model
    for model in MAKERS
    if model not in POINTED_AT
    and "INSERT" in model.app_privileges
    and model is not TenantSettings  # a second row is refused, whatever its id
]
READS = ("select", "get by id", "aggregate", "prefetch", "select_related", "_base_manager")
LEDGER = [model for model in MAKERS if "UPDATE" not in model.app_privileges]

each_model = pytest.mark.parametrize("model", MAKERS, ids=lambda model: model.__name__)


@pytest.fixture(scope="module")
def sides(django_db_setup, django_db_blocker):
    """Two tenants with one row of every model; the matrix undoes what it should not have done."""
    with django_db_blocker.unblock():
        return Side.of(TenantFactory()), Side.of(TenantFactory())


@pytest.fixture(autouse=True)
def healthy(committed):
    """Whatever a test breaks, it mends."""
    yield

    assert found() == set()


def declared(model, kind):
    return [each for each in model._meta.constraints if isinstance(each, kind)]


def red(model, sides):
    """The operations that leak past Python's filter."""
    return {
        operation for operation in OPERATIONS if leaks(model, operation, "bare querysets", *sides)
    }


def reachable(model):
    """What the grants leave to row security."""
    writes = {"insert", "bulk_create"} if "INSERT" in model.app_privileges else set()
    # A listing within another table's rows is still kept by that table's policy.
    lists = {"listing"} if model in LISTED and not listing_of(model).within else set()
    return {"select", "get by id", "aggregate", "raw", "SQL"} | writes | lists


@each_model
def test_without_row_security_nearly_every_operation_leaks(model, sides):
    [security] = declared(model, RowSecurity)

    with without(model, security):
        leaking, reported = red(model, sides), found()

    assert leaking >= reachable(model)
    assert ("upsert" in leaking) == (model not in LEDGER)  # there, the grants refuse it
    # Nor can the zones be compared of a table that cannot be read.
    assert reported - {"tenants.W041"} == {"tenants.E020"}


@each_model
def test_without_row_security_python_still_filters_what_it_reads(model, sides):
    [security] = declared(model, RowSecurity)

    with without(model, security):
        reads = (*READS, "listing")
        leaking = [leak for read in reads for leak in leaks(model, read, "managers", *sides)]

    assert leaking == []


@each_model
def test_a_policy_that_is_missing_hides_a_tenants_own_rows(model, sides):
    table = model._meta.db_table
    mine = "tenant_id = current_tenant()"
    policy = f"CREATE POLICY tenant_isolation ON {table} TO app USING ({mine}) WITH CHECK ({mine})"

    with altered(f"DROP POLICY tenant_isolation ON {table}", policy):
        leaking, reported = leaks(model, "select", "managers", *sides), found()

    assert leaking == ["shows the rows of 0 tenants, not those of one"]
    # Nor can the zones be compared of a table that cannot be read.
    assert reported - {"tenants.W041"} == {"tenants.E020"}


@each_model
def test_a_policy_that_lets_everybody_through_leaks(model, sides):
    table = model._meta.db_table

    with altered(
        f"CREATE POLICY generous ON {table} USING (true)", f"DROP POLICY generous ON {table}"
    ):
        leaking, reported = red(model, sides), found()

    assert leaking >= reachable(model)
    assert reported == {"tenants.E021", "tenants.E023"}


@each_model
@pytest.mark.parametrize("switch", [("DISABLE", "ENABLE"), ("NO FORCE", "FORCE")])
def test_row_security_switched_off_is_reported(model, switch, sides):
    off, on = (f"ALTER TABLE {model._meta.db_table} {word} ROW LEVEL SECURITY" for word in switch)

    with altered(off, on):
        leaking, reported = red(model, sides), found()

    assert bool(leaking) == ("DISABLE" in off)  # FORCE binds the owner, not app
    # Nor can the zones be compared of a table that cannot be read.
    assert reported - {"tenants.W041"} == {"tenants.E020"}


@pytest.mark.parametrize(
    ("model", "field"),
    [(model, field) for model in MAKERS for field in tenant_keys(model)],
    ids=str,
)
def test_a_plain_foreign_key_lets_a_tenant_point_at_anothers_row(model, field, sides):
    table, to = model._meta.db_table, field.related_model._meta.db_table
    [reference] = [each for each in declared(model, TenantReference) if each.field == field.name]
    plain = f"""
        CREATE UNIQUE INDEX plain_id ON {to} (id);
        ALTER TABLE {table} ADD CONSTRAINT plain FOREIGN KEY ({field.column}) REFERENCES {to} (id)
    """
    undo = f"ALTER TABLE {table} DROP CONSTRAINT plain; DROP INDEX plain_id"

    with without(model, reference), altered(plain, undo):
        leaking, reported = leaks(model, "foreign key", "managers", *sides), found()

    assert set(leaking) == {f"{field.name} can point at a row of another tenant"}
    assert reported == {"tenants.E011", "tenants.E012", "tenants.E020"}


@pytest.mark.parametrize("model", LEAVES, ids=lambda model: model.__name__)
def test_a_primary_key_without_the_tenant_tells_that_an_id_is_taken(model, sides):
    [key] = declared(model, TenantKey)

    with without(model, key):
        leaking, reported = leaks(model, "insert", "managers", *sides), found()

    assert leaking == ["tells that an id is taken"]
    assert reported == {"tenants.E011", "tenants.E020"}


@pytest.mark.parametrize("privilege", ["UPDATE", "DELETE", "TRUNCATE", "UPDATE (updated_at)"])
@pytest.mark.parametrize("model", LEDGER, ids=lambda model: model.__name__)
def test_a_grant_too_many_on_the_ledger_is_reported(model, privilege, committed):
    table = model._meta.db_table

    with altered(f"GRANT {privilege} ON {table} TO app", f"REVOKE {privilege} ON {table} FROM app"):
        reported = found()

    assert "tenants.E021" in reported
    assert ("tenants.E015" in reported) == (privilege == "TRUNCATE")


@each_model
def test_a_grant_that_is_missing_is_reported(model, committed):
    [grants] = declared(model, Grants)

    with without(model, grants):
        reported = found()

    # Nor can the zones be compared of a table that cannot be read.
    assert reported - {"tenants.W041"} == {"tenants.E020"}


def test_nothing_is_missed_because_there_is_nothing_to_find():
    assert len(LEAVES) >= 3
    assert len(LEDGER) >= 3
