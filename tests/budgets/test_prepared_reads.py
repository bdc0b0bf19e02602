"""Reads that are prepared statements: compiled once, with nothing but values changing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from budgets.models import Budget, Entry, Movement
from tenants.context import acting_for, inspecting
from tenants.managers.compiled import compiled
from tests.budgets.reading import fill_with_buckets
from tests.factories import BudgetFactory, TenantFactory

PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s"
pytestmark = pytest.mark.usefixtures("committed")


def filled():
    budget = BudgetFactory()
    fill_with_buckets(budget, 3)
    for amount in (100, 200, 300):
        Movement.objects.deposit(budget, amount)
    return budget


def prepared(like):
    with connection.cursor() as cursor:
        cursor.execute(PREPARED, [like])
        [(count,)] = cursor.fetchall()
    return count


def columns(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_tenants_and_budgets_share_one_statement_of_a_page_and_of_a_dashboard():
    pages = []
    for _ in range(3):
        with acting_for(TenantFactory()):
            for budget in (filled(), filled()):
                asked = {"budget": budget.pk}
                first = Entry.objects.page(asked, limit=2)
                then = Entry.objects.page(asked, limit=2, cursor=first.next)
                pages += [(budget.pk, row) for row in (*first.rows, *then.rows)]
                assert Budget.objects.dashboard(budget).seq == 3
            # of the first page, and of one from a cursor on
            assert prepared('SELECT "budgets_entry"%') == 2
            assert prepared('SELECT "budgets_bucket"."budget_id"%') == 1

    assert all(row.movement.budget_id == budget for budget, row in pages)
    assert len({row.pk for _, row in pages}) == 24


def test_rows_of_a_page_are_those_of_the_queryset():
    with acting_for(TenantFactory()):
        budget = filled()
        asked = {"budget": budget.pk}

        page = Entry.objects.page(asked).rows
        rows = Entry.objects.all().page(asked).rows

        assert page == rows
        for row, usual in zip(page, rows, strict=True):
            assert columns(row) == columns(usual)
            assert columns(row.movement) == columns(usual.movement)
            assert vars(row).keys() == vars(usual).keys()
            assert (row._state.db, row._state.adding) == (usual._state.db, usual._state.adding)
            assert row._state.fetch_mode == usual._state.fetch_mode


def test_entries_of_a_movement_share_its_instance_and_fetch_their_buckets_together():
    with acting_for(TenantFactory()):
        rows = Entry.objects.page({"budget": filled().pk}).rows

        with CaptureQueriesContext(connection) as captured:
            names = {row.bucket.name for row in rows}

    assert len(captured) == 1
    assert len(names) == len({row.bucket_id for row in rows})
    assert len({id(row.movement) for row in rows}) == 3


def test_the_log_has_statements_that_run_as_they_are():
    with acting_for(TenantFactory()):
        budget = filled()
        with CaptureQueriesContext(connection) as captured:
            rows = Entry.objects.page({"budget": budget.pk}).rows
            Budget.objects.dashboard(budget)
        page, dashboard = (query["sql"] for query in captured)

        with connection.cursor() as cursor:
            cursor.execute(page)
            assert len(cursor.fetchall()) == len(rows)
            cursor.execute(dashboard)
            assert len(cursor.fetchall()) == 4


def test_a_page_of_a_movements_entries_has_no_others():
    with acting_for(TenantFactory()):
        budget = filled()
        last = budget.movements.order_by("-seq")[0]

        rows = last.entries.page({"budget": budget.pk}).rows

        assert rows
        assert {row.movement_id for row in rows} == {last.pk}


def test_while_inspecting_they_are_read_across_tenants():
    with acting_for(TenantFactory()):
        budget = filled()

    with inspecting():
        assert Budget.objects.dashboard(budget).seq == 3
        assert len(Entry.objects.page({"budget": budget.pk}).rows) >= 3


def test_a_value_of_one_row_is_never_compiled_in():
    with acting_for(TenantFactory()):
        budget = filled()

        with pytest.raises(ValueError, match="use Placeholder"):
            compiled(Entry.objects.filter(movement__budget=budget.pk))


def test_a_block_is_entered_by_one_prepared_statement():
    tenants = [TenantFactory() for _ in range(3)]
    with CaptureQueriesContext(connection) as captured:
        for tenant in tenants:
            with acting_for(tenant):
                assert Budget.objects.count() == 0

    texts = [query["sql"] for query in captured]
    assert [text.split("(")[0] for text in texts[:3]] == [
        "BEGIN",
        "SELECT enter_tenant",
        "SELECT COUNT",
    ]
    assert len(texts) == 12
    with acting_for(tenants[0]):
        assert prepared("SELECT enter_tenant(%") == 1
