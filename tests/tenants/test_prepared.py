"""Prepared statements of the data-access layer."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tenants.context import acting_for, inspecting
from tenants.errors import NoTenant, TenantSuspended, UniqueBroken, ValueRefused
from tenants.managers.prepared import Prepared
from tenants.models import Membership, Tenant
from tests.factories import MembershipFactory, TenantFactory
from tests.tenants.schema import logged_in

pytestmark = pytest.mark.usefixtures("committed")

SLUG = Prepared("SELECT slug FROM tenants_tenant WHERE id = %(tenant)s")
PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s"
ECHO = Prepared("SELECT %(value)s::bigint FROM tenants_tenant WHERE id = %(tenant)s")
LISTED = Prepared("SELECT %(values)s::bigint[] FROM tenants_tenant WHERE id = %(tenant)s")


def prepared(like: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(PREPARED, [like])
        [(count,)] = cursor.fetchall()
    return count


def test_a_statement_reads_rows_of_the_tenant_in_force():
    tenant = TenantFactory()

    with acting_for(tenant):
        assert SLUG.rows("default") == [(tenant.slug,)]


def test_a_statement_is_prepared_once_whatever_the_size_of_a_number():
    with acting_for(TenantFactory()):
        for value in (1, 2**15, 2**31, 2**62, -1):
            assert ECHO.rows("default", value=value) == [(value,)]
            assert LISTED.rows("default", values=[value, 1]) == [([value, 1],)]

        assert prepared("SELECT $1::bigint FROM tenants_tenant%") == 1
        assert prepared("SELECT $1::bigint[] FROM tenants_tenant%") == 1


def test_nothing_is_prepared_where_the_database_switches_it_off():
    options = {**connection.settings_dict["OPTIONS"], "prepared_statements": False}
    options.pop("pool")
    tenant = TenantFactory()

    with logged_in(OPTIONS=options), acting_for(tenant):
        assert SLUG.rows("default") == [(tenant.slug,)]
        assert prepared("SELECT slug FROM%") == 0


def test_a_statement_counts_as_a_query():
    tenant = TenantFactory()

    with acting_for(tenant), CaptureQueriesContext(connection) as captured:
        SLUG.rows("default")

    [query] = captured
    assert query["sql"] == f"SELECT slug FROM tenants_tenant WHERE id = '{tenant.pk.hex}'::uuid"


def test_a_wrapper_of_statements_sees_it():
    seen = []

    def listen(execute, sql, *args):
        seen.append(sql)
        return execute(sql, *args)

    with acting_for(TenantFactory()), connection.execute_wrapper(listen):
        SLUG.rows("default")

    assert seen == [SLUG.sql]


def test_outside_of_a_block_there_is_no_tenant():
    with pytest.raises(NoTenant):
        SLUG.rows("default")
    with inspecting(), pytest.raises(NoTenant):
        SLUG.rows("default")


def test_a_refusal_is_an_error_of_the_project():
    insert = Prepared(
        "INSERT INTO tenants_membership (tenant_id, id, user_id, role)"
        " SELECT tenant_id, uuidv7(), user_id, role FROM tenants_membership"
        " WHERE tenant_id = %(tenant)s"
    )
    with acting_for(TenantFactory()):
        MembershipFactory()

        with pytest.raises(UniqueBroken), transaction.atomic():
            insert.write_all(Membership, "insert", "default", [{}])
        with pytest.raises(ValueRefused), transaction.atomic():
            ECHO.rows("default", value=2**63)
        assert SLUG.rows("default")


def test_a_suspended_tenant_is_not_written():
    tenant = TenantFactory()
    with acting_for(tenant):
        Tenant.objects.suspend(tenant)
    lock = Prepared("SELECT 1 FROM tenants_tenant WHERE id = %(tenant)s FOR UPDATE")

    with acting_for(tenant), pytest.raises(TenantSuspended):
        lock.write_all(Membership, "update", "default", [{}, {}])
