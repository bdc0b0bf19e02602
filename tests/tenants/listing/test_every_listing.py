"""The listing of every tenants' model answers what it declares, in one statement."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.context import acting_for
from tenants.errors import BadCursor, BadFilter, BadSort
from tenants.listing.filters import filter_keys
from tenants.listing.pages import signer_of
from tenants.listing.query import declaration_of, listing_of, parse
from tests.factories import TenantFactory
from tests.rows import MAKERS, Side
from tests.tenants.listing.questions import LISTED, questions

each_model = pytest.mark.parametrize("model", LISTED, ids=lambda model: model.__name__)

NOT_LISTED = {
    "TenantSettings",  # one row
    "ScheduleVersion",  # a handful, shown with the schedule
    *("Category", "Item", "StatusChange"),  # of the examples
    *("Organization", "Form", "Workflow", "Submission", "Event"),
}


@pytest.fixture(scope="module")
def sides(django_db_setup, django_db_blocker):
    """Two tenants with one row of every model at least, which no test here may change."""
    with django_db_blocker.unblock():
        return Side.of(TenantFactory()), Side.of(TenantFactory())


def test_every_model_that_people_list_has_a_listing():
    unlisted = {model.__name__ for model in MAKERS if model not in LISTED}

    assert unlisted == NOT_LISTED


@each_model
def test_a_row_is_found_by_each_of_its_values_in_one_statement(model, sides, committed):
    with acting_for(sides[0].tenant):
        row = model.objects.get(pk=sides[0].rows[model].pk)
        for asked in questions(row):
            with CaptureQueriesContext(connection) as sent:
                page = model.objects.page(asked, limit=100)

            assert row in page.rows, asked
            assert len(sent) == 1, asked


@each_model
def test_a_row_of_another_tenant_is_found_by_none(model, sides, committed):
    mine, theirs = sides
    with acting_for(theirs.tenant):
        asked_of_theirs = [*questions(theirs.rows[model])]

    with acting_for(mine.tenant):
        found = [row for asked in asked_of_theirs for row in model.objects.page(asked).rows]

    assert {row.tenant_id for row in found} <= {mine.tenant.pk}


@each_model
def test_a_cursor_of_another_tenant_is_refused(model, sides, committed):
    mine, theirs = sides
    with acting_for(theirs.tenant):
        asked_of_theirs = [*questions(theirs.rows[model])]
    assert asked_of_theirs
    for asked in asked_of_theirs:
        understood = parse(declaration_of(model), asked, {})
        signer = signer_of(understood, str(theirs.tenant.pk), model._meta.label)
        cursor = signer.sign_object([False, *["1"] * len(understood.sort.columns)])

        with acting_for(mine.tenant), pytest.raises(BadCursor):
            model.objects.page(asked, cursor=cursor)


@each_model
def test_a_page_takes_two_statements_with_its_block(model, sides, committed):
    with acting_for(sides[0].tenant):
        asked = next(questions(sides[0].rows[model]))

    with CaptureQueriesContext(connection) as sent, acting_for(sides[0].tenant):
        model.objects.page(asked)

    statements = [each["sql"] for each in sent if each["sql"] not in ("BEGIN", "COMMIT")]
    assert len(statements) == 2, statements


@each_model
def test_what_is_not_declared_is_refused_by_what_is(model, sides, committed):
    listing = listing_of(model)

    with acting_for(sides[0].tenant):
        asked = next(questions(sides[0].rows[model]))
        with pytest.raises(BadFilter) as no_filter:
            model.objects.page({**asked, "tenant": sides[1].tenant.pk})
        with pytest.raises(BadSort) as no_sort:
            model.objects.page({**asked, "sort": "tenant"})

    assert ", ".join(filter_keys(listing.filters.items())) in str(no_filter.value)
    assert ", ".join(listing.sorts) in str(no_sort.value)
