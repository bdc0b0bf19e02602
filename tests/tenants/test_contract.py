"""The data-access contract, kept by every model: see `tenants.managers.base`."""

import re
import uuid

import pytest
from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from tenants.errors import BadFilter, RowNotFound, UniqueBroken
from tenants.listing.query import listing_of
from tests.tenants.listing.questions import questions
from tests.tenants.model_cases import (
    DESCRIBED,
    deletes,
    each,
    listed,
    refused,
    saves,
    soft,
    statements,
    stored,
    unique,
    updates,
    value,
)

MALFORMED = ["", "7", "x" * 400, "a\0b", 1.5, -1, 2**128, [], {}, object(), "½"]

pytestmark = pytest.mark.usefixtures("acting")


@pytest.fixture
def row(described):
    """A row of the model, which is there."""
    return described.create()


class TestFinding:
    @each()
    def test_by_id_or_none(self, described, row):
        assert described.rows.get_or_none(pk=row.pk) == row
        assert described.rows.get_or_none(pk=str(row.pk)) == row
        assert described.rows.get_or_none(pk=uuid.uuid4()) is None
        assert described.rows.filter(pk=row.pk).get_or_none() == row

    @each()
    @pytest.mark.parametrize(
        "malformed", MALFORMED, ids=lambda each: re.sub(" at 0x.*", "", repr(each))
    )
    def test_what_can_be_no_id_finds_none(self, described, malformed):
        assert described.rows.get_or_none(pk=malformed) is None
        with pytest.raises(RowNotFound):
            described.rows.get(pk=malformed)

    @each()
    def test_get_says_that_there_is_none(self, described):
        with pytest.raises(described.model.DoesNotExist) as caught:
            described.rows.get(pk=uuid.uuid4())

        assert isinstance(caught.value, RowNotFound)
        assert isinstance(caught.value, ObjectDoesNotExist)
        assert caught.value.code == "row_not_found"
        assert not caught.value.retryable

    @each()
    def test_first_or_none(self, described, row):
        rows = described.rows.filter(pk=row.pk)

        assert rows.first() == row
        assert rows.none().first() is None
        assert described.rows.filter(pk=uuid.uuid4()).first() is None

    @each()
    def test_many(self, described, row):
        two, others = {row, described.create()}, described.create()
        pks = [one.pk for one in two]

        assert set(described.rows.filter(pk__in=pks)) == two
        assert described.rows.in_bulk(pks) == {one.pk: one for one in two}
        assert described.rows.filter(pk__in=pks).count() == 2
        assert described.rows.filter(pk__in=[others.pk]).exists()
        assert not described.rows.filter(pk=uuid.uuid4()).exists()

    @each()
    def test_many_in_one_statement(self, described):
        pks = [described.create().pk for _ in range(3)]

        assert statements(lambda: described.rows.in_bulk(pks)) == 1
        assert statements(lambda: list(described.rows.filter(pk__in=pks))) == 1
        assert statements(lambda: described.rows.filter(pk__in=pks).count()) == 1
        assert statements(lambda: described.rows.filter(pk__in=pks).exists()) == 1


class TestMaking:
    @each()
    def test_one(self, described):
        old, new = described.values

        assert value(described, described.create(**{described.field: old})) == old
        assert value(described, described.create(**{described.field: new})) == new

    @each()
    def test_one_by_save(self, described):
        made = described.new()
        made.save()

        assert stored(made) == made
        assert all([made.pk, made.created_at, made.updated_at])

    @each()
    def test_many(self, described):
        made = described.rows.bulk_create([described.new() for _ in range(3)])

        assert set(described.rows.filter(pk__in=[one.pk for one in made])) == set(made)

    @each()
    def test_unless_it_is_there(self, described):
        values = described.make()

        first, made = described.rows.get_or_create(**values)
        again, made_again = described.rows.get_or_create(**values)

        assert (again, made, made_again) == (first, True, False)


class TestChanging:
    @each(saves)
    def test_one_whole(self, described, row):
        _, new = described.values
        setattr(row, described.field, new)
        row.save()

        assert value(described, row) == new
        assert stored(row).updated_at > row.created_at

    @each(updates)
    def test_one_column_of_one(self, described, row):
        _, new = described.values
        setattr(row, described.field, new)
        row.save(update_fields=[described.field, "updated_at"])

        assert value(described, row) == new

    @each(updates)
    def test_many_to_one_value(self, described, row):
        _, new = described.values

        changed = described.rows.filter(pk=row.pk).update(**{described.field: new})

        assert (changed, value(described, row)) == (1, new)
        assert described.rows.filter(pk=uuid.uuid4()).update(**{described.field: new}) == 0

    @each(updates)
    def test_many_to_values_of_their_own(self, described):
        rows = [described.create() for _ in described.values]
        for one, new in zip(rows, described.values, strict=True):
            setattr(one, described.field, new)

        assert described.rows.bulk_update(rows, [described.field]) == 2
        assert [value(described, one) for one in rows] == list(described.values)

    @each(saves)
    def test_or_making_it(self, described):
        values, (old, new) = described.make(), described.values
        known = {name: values[name] for name in values if name != described.field}

        def upsert(to):
            return described.rows.update_or_create(defaults={described.field: to}, **known)

        first, made = upsert(old)
        again, made_again = upsert(new)

        assert (again, made, made_again) == (first, True, False)
        assert value(described, first) == new

    @each(updates)
    def test_or_making_them_at_once(self, described):
        """By a unique constraint, among live rows where it says so; the tenant goes unnamed."""
        old, new = described.values
        there = described.create(**{described.field: old})
        same = {name: getattr(there, name) for name in described.upsert}
        rows = [described.new(**same | {described.field: new}), described.new()]

        described.rows.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=described.upsert,
            update_fields=[described.field, "updated_at"],
        )

        assert value(described, there) == new
        assert stored(there).created_at == there.created_at
        assert described.rows.get_or_none(pk=rows[1].pk) is not None
        assert (rows[0].pk == there.pk) == (described.upsert == ("id",))
        assert (described.rows.get_or_none(pk=rows[0].pk) is None) == (rows[0].pk != there.pk)


class TestDeleting:
    @each(deletes)
    def test_one(self, described, row):
        assert row.delete()[0] == 1
        assert described.rows.get_or_none(pk=row.pk) is None

    @each(deletes)
    def test_many(self, described, row):
        pks = [row.pk, described.create().pk]

        count, by_model = described.rows.filter(pk__in=pks).delete()

        assert (count, by_model) == (2, {described.model._meta.label: 2})
        assert not described.rows.filter(pk__in=pks).exists()
        assert described.rows.filter(pk__in=pks).delete()[0] == 0

    @each(soft)
    def test_can_be_undone(self, described, row):
        row.delete()

        assert row.deleted_at is not None
        assert described.model.all_objects.get(pk=row.pk) == row
        assert row.restore()[0] == 1
        assert (stored(row), row.deleted_at) == (row, None)

    @each(soft)
    def test_can_be_undone_for_many(self, described, row):
        rows = described.model.all_objects.filter(pk__in=[row.pk, described.create().pk])
        rows.delete()

        assert rows.deleted().count() == 2
        assert rows.restore()[0] == 2
        assert rows.restore()[0] == 0
        assert rows.live().count() == 2

    @each(soft)
    def test_can_be_for_good(self, described, row):
        kept = row.pk
        row.delete()
        row.hard_delete()

        assert described.model.all_objects.get_or_none(pk=kept) is None

    @each(soft, unique)
    def test_frees_what_is_unique_until_it_is_undone(self, described, row):
        row.delete()
        [rule, *_] = [each for each in described.broken if each.error is UniqueBroken]
        described.create(**rule.values(row))

        with refused(UniqueBroken, rule.constraint, rule.fields):
            row.restore()


class TestListing:
    @each(listed)
    def test_finds_a_row_by_each_value_it_has(self, described, row):
        for asked in questions(stored(row)):
            assert row in described.rows.page(asked).rows, asked

    @each(listed)
    def test_shows_each_row_once_in_every_order(self, described):
        made = {described.create() for _ in range(3)}

        for sort in listing_of(described.model).sorts:
            seen, page = [], described.rows.page(sort=sort, limit=1)
            while page.next:
                seen += page.rows
                page = described.rows.page(sort=sort, limit=1, cursor=page.next)
            seen += page.rows

            assert made <= set(seen)
            assert len(seen) == described.rows.count()

    @each(listed)
    def test_refuses_what_is_not_declared(self, described):
        with pytest.raises(BadFilter, match="use one of "):
            described.rows.page({"updated_at": "2026-11-21T12:00:00Z"})


# -- How many statements ----------------------------------------------------------------------


def of_many(described, count, work):
    """How many statements it takes to do the work with that many rows at once."""
    rows = [described.create() for _ in range(count)]
    return statements(lambda: work(rows))


class TestBulkPaths:
    """A few statements, however many rows there are."""

    @each()
    def test_create(self, described):
        few, many = ([described.new() for _ in range(count)] for count in (2, 20))

        assert statements(lambda: described.rows.bulk_create(few)) == 1
        assert statements(lambda: described.rows.bulk_create(many)) == 1

    @each(updates)
    def test_update(self, described):
        def work(rows):
            pks = [one.pk for one in rows]
            assert described.rows.filter(pk__in=pks).update(updated_at=timezone.now()) == len(rows)

        assert of_many(described, 2, work) == of_many(described, 20, work) == 1

    @each(updates)
    def test_values_of_their_own(self, described):
        def work(rows):
            described.rows.bulk_update(rows, [described.field, "updated_at"])

        assert of_many(described, 2, work) == of_many(described, 20, work) == 1

    @each(updates)
    def test_upsert(self, described):
        def work(rows):
            described.rows.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=described.upsert,
                update_fields=["updated_at"],
            )

        assert of_many(described, 2, work) == of_many(described, 20, work) == 1

    @each(deletes)
    def test_delete(self, described):
        def work(rows):
            described.rows.filter(pk__in=[one.pk for one in rows]).delete()

        assert of_many(described, 2, work) == of_many(described, 20, work) <= 12

    @each(soft)
    def test_restore(self, described):
        def work(rows):
            gone = described.model.all_objects.filter(pk__in=[one.pk for one in rows])
            gone.delete()
            gone.restore()

        assert of_many(described, 2, work) == of_many(described, 20, work) <= 24


@pytest.mark.parametrize("domain", ["forms", "shop"])
def test_every_model_of_the_examples_is_described(domain):
    described = {one.model for one in DESCRIBED}

    assert set(apps.get_app_config(domain).get_models()) <= described
