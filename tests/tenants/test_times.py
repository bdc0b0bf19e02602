"""What is written can be read: every column of moments of a tenant's table, in every row."""

from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from budgets.models import Schedule
from tenants.errors import CheckBroken
from tenants.models import Invitation, Tenant
from tenants.postgres.base import as_owner
from tenants.schema.times import END, FIRST, instant
from tests.factories import TenantFactory
from tests.rows import MODELS, Side
from tests.times import TICK, UNREADABLE, UNWRITABLE, WRITABLE

pytestmark = pytest.mark.usefixtures("own_database")

TIMES: list[tuple[type[models.Model], Any]] = [
    (model, field)
    for model in cast("list[type[models.Model]]", [*MODELS, Tenant])
    for field in model._meta.local_fields
    if isinstance(field, models.DateTimeField)
]
WITH: dict[Any, str] = {
    (Schedule, "ended_at"): ", next_due_at = NULL",
    (Tenant, "trial_ends_at"): ", trial_plan = 'team'",
}
"""What another CHECK wants to be written along."""


@pytest.fixture(scope="module")
def side(django_db_setup, django_db_blocker, own_database) -> Side:
    """A tenant with one row of every model."""
    with django_db_blocker.unblock():
        return Side.of(TenantFactory())


class TestAnInstant:
    @pytest.mark.parametrize("moment", WRITABLE, ids=str)
    def test_is_the_same_moment_in_utc(self, moment):
        assert (instant(moment), instant(moment).tzname()) == (moment, "UTC")

    @pytest.mark.parametrize("moment", UNWRITABLE, ids=str)
    def test_is_within_the_window(self, moment):
        with pytest.raises(ValueError, match="must be from 1970 to 2199, not "):
            instant(moment)

    @pytest.mark.parametrize("other", [datetime(2026, 6, 1), "2026-06-01T12:00Z", None, 5])
    def test_is_a_datetime_with_a_time_zone(self, other):
        with pytest.raises(ValueError, match=r"needs a time zone|must be a datetime, not"):
            instant(other)

    def test_can_be_shown_in_every_time_zone(self):
        for zone in map(ZoneInfo, available_timezones()):
            assert timezone.localtime(FIRST, zone) == FIRST
            assert timezone.localtime(END - TICK, zone) == END - TICK


@pytest.mark.parametrize(
    ("model", "field"), TIMES, ids=[f"{model.__name__}.{field.name}" for model, field in TIMES]
)
def test_no_column_takes_what_cannot_be_read(model, field, side, committed, subtests):
    table, column = model._meta.db_table, field.column
    sets = f"{column} = %s{WITH.get((model, field.name), '')}"
    with as_owner() as owner, owner.cursor() as cursor:
        for written in (*UNREADABLE, *UNWRITABLE):
            with subtests.test(str(written)):
                with pytest.raises(CheckBroken) as caught:
                    cursor.execute(f"UPDATE {table} SET {sets}", [written])

                assert caught.value.constraint == f"{table}_{column}_readable"
                assert caught.value.fields == (field.name,)


@pytest.mark.parametrize("moment", UNWRITABLE, ids=str)
def test_the_application_meets_a_typed_error_that_names_the_field(moment, acting):
    told = {"email": "a@example.com", "role": "viewer", "token_hash": "x"}

    with pytest.raises(CheckBroken) as caught:
        Invitation.objects.create(**told, expires_at=moment)

    assert caught.value.fields == ("expires_at",)


def test_a_form_is_told_before_anything_is_written(acting):
    late = Invitation(email="a@example.com", role="viewer", token_hash="x", expires_at=END)

    with pytest.raises(ValidationError, match="tenants_invitation_expires_at_readable"):
        late.full_clean()


@pytest.mark.parametrize("moment", WRITABLE, ids=str)
def test_what_is_written_is_read(moment, acting, unique):
    told = {"email": f"{unique}@example.com", "role": "viewer", "token_hash": unique}

    made = Invitation.objects.create(**told, expires_at=moment)

    assert Invitation.objects.get(pk=made.pk).expires_at == moment
