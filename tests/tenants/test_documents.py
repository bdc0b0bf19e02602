"""Typed JSONB: a column holds a document of its schema, whichever way it is written."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations.state import ModelState
from django.forms import modelform_factory
from django.test.utils import isolate_apps
from pydantic import Field

from tenants.access.preferences import TenantPreferences
from tenants.context import acting_for
from tenants.errors import ConstraintBroken
from tenants.models import TenantSettings
from tenants.postgres.base import as_owner
from tenants.refusals import BadDocument
from tenants.schema.documents import Document, DocumentField


class Size(Document):
    width: int = Field(gt=0)
    height: int = Field(gt=0)


class ParcelMetadata(Document):
    """Free metadata, but of a declared shape."""

    source: str = "web"
    tags: list[str] = Field(default_factory=list)
    size: Size | None = None
    weight: float = 0.0
    packed_at: datetime | None = None


WHOLE = {
    "source": "till",
    "tags": ["fragile"],
    "size": {"width": 3, "height": 4},
    "weight": 1.5,
    "packed_at": "2026-05-01T12:00:00Z",
}


@pytest.fixture
def parcels(committed):
    """A model with a document, and its table."""
    with isolate_apps("tenants"):

        class Parcel(models.Model):
            metadata = DocumentField(ParcelMetadata)

            class Meta:
                app_label = "tenants"
                db_table = "documents_parcel"

            def __str__(self) -> str:
                return f"parcel {self.pk}"

    with as_owner() as owner:
        with owner.schema_editor() as editor:
            editor.create_model(Parcel)
        with owner.cursor() as cursor:
            cursor.execute("GRANT ALL ON documents_parcel TO app")
            cursor.execute("GRANT USAGE ON SEQUENCE documents_parcel_id_seq TO app")
    yield Parcel
    with as_owner() as owner, owner.schema_editor() as editor:
        editor.delete_model(Parcel)


class TestReading:
    def test_gives_the_typed_object(self, parcels):
        parcels.objects.create(metadata=WHOLE)

        metadata = parcels.objects.get().metadata

        assert isinstance(metadata, ParcelMetadata)
        assert metadata.size == Size(width=3, height=4)
        assert metadata.packed_at == datetime(2026, 5, 1, 12, tzinfo=UTC)

    def test_gives_the_schemas_defaults_where_nothing_was_said(self, parcels):
        assert parcels().metadata == ParcelMetadata()
        assert parcels.objects.create().metadata.source == "web"

    def test_passes_over_what_the_schema_no_longer_has(self, parcels):
        put(parcels, '{"source": "fax", "colour": "red"}')

        assert parcels.objects.get().metadata == ParcelMetadata(source="fax")

    def test_says_what_is_stored_and_cannot_be_read(self, parcels):
        put(parcels, '{"tags": "red"}')

        with pytest.raises(BadDocument) as caught:
            parcels.objects.get()

        assert caught.value.field == "tags"

    def test_finds_by_key_as_any_json_does(self, parcels):
        parcel = parcels.objects.create(metadata=WHOLE)
        parcels.objects.create()

        for found in (
            parcels.objects.filter(metadata__source="till"),
            parcels.objects.filter(metadata__size__width__gt=2),
            parcels.objects.filter(metadata__contains={"tags": ["fragile"]}),
            parcels.objects.filter(metadata=WHOLE),
        ):
            assert list(found) == [parcel]
        assert list(parcels.objects.filter(pk=parcel.pk).values_list("metadata__size__width")) == [
            (3,)
        ]

    def test_loads_later_what_was_deferred(self, parcels):
        parcels.objects.create(metadata=WHOLE)

        assert parcels.objects.defer("metadata").get().metadata.source == "till"


BAD = {
    "an unknown field": ({"colour": "red"}, "colour"),
    "another type": ({"source": 1}, "source"),
    "a number in words": ({"weight": "1.5"}, "weight"),
    "a truth for a number": ({"weight": True}, "weight"),
    "a bound": ({"size": {"width": 0, "height": 1}}, "size.width"),
    "a missing field": ({"size": {"width": 1}}, "size.height"),
    "an element": ({"tags": ["a", None]}, "tags.1"),
    "no number": ({"weight": float("nan")}, "weight"),
    "infinity": ({"weight": float("inf")}, "weight"),
    "a NUL": ({"source": "a\0b"}, "source"),
    "a lone surrogate": ({"source": "\ud800"}, ""),
    "an object JSON has not": ({"source": object()}, ""),
    "a list": ([], ""),
    "a text": ("{}", ""),
    "a number": (1, ""),
}

each_bad = pytest.mark.parametrize(("value", "field"), BAD.values(), ids=list(BAD))


class TestWriting:
    @each_bad
    def test_refuses_when_it_is_assigned(self, parcels, value, field):
        parcel = parcels()

        for assign in (
            lambda: parcels(metadata=value),
            lambda: setattr(parcel, "metadata", value),
            lambda: parcels.objects.create(metadata=value),
            lambda: parcels.objects.update(metadata=value),
        ):
            with pytest.raises(BadDocument) as caught:
                assign()
            assert (caught.value.code, caught.value.field) == ("bad_document", field)

    def test_refuses_a_frozen_document_that_was_changed_inside(self, parcels):
        parcel = parcels(metadata={"tags": ["a"]})
        parcel.metadata.tags.append(1)

        for write in (
            parcel.save,
            lambda: parcels.objects.bulk_create([parcel]),
            lambda: parcels.objects.filter(pk=1).update(metadata=parcel.metadata),
        ):
            with pytest.raises(BadDocument) as caught:
                write()
            assert caught.value.field == "tags.1"

    def test_takes_it_in_every_way(self, parcels):
        parcels(metadata=WHOLE).save()
        made = parcels.objects.bulk_create([parcels(metadata=WHOLE), parcels()])
        made[1].metadata = WHOLE
        parcels.objects.bulk_update(made, ["metadata"])
        parcels.objects.update_or_create(pk=made[0].pk, defaults={"metadata": WHOLE})
        last = parcels.objects.create()
        parcels.objects.filter(pk=last.pk).update(metadata=ParcelMetadata.of(WHOLE))

        documents = [row.metadata for row in parcels.objects.all()]
        assert documents == [ParcelMetadata.of(WHOLE)] * 4

    def test_a_backslash_before_u0000_is_no_nul(self, parcels):
        parcels.objects.create(metadata={"source": "\\u0000"})

        assert parcels.objects.get().metadata.source == "\\u0000"

    @pytest.mark.parametrize("value", ["[]", "1", '"text"', "null"])
    def test_postgresql_refuses_what_is_no_object(self, parcels, value):
        with pytest.raises(ConstraintBroken) as caught:
            put(parcels, value)

        assert caught.value.constraint == "documents_parcel_metadata_object"


def test_a_migration_knows_a_plain_column_and_its_check(parcels):
    state = ModelState.from_model(parcels)

    _, path, args, kwargs = state.fields["metadata"].deconstruct()

    assert (path, args, kwargs) == ("django.db.models.JSONField", [], {"default": dict})
    assert [each.name for each in state.options["constraints"]] == [
        "documents_parcel_metadata_object"
    ]


def test_a_form_says_what_is_wrong_and_shows_json(parcels):
    form_class = modelform_factory(parcels, fields=["metadata"])

    good = form_class({"metadata": '{"source": "till"}'})
    bad = form_class({"metadata": '{"size": {"width": -1, "height": 1}}'})
    shown = str(form_class(instance=parcels(metadata={"source": "till"})))

    assert good.is_valid()
    assert good.save().metadata.source == "till"
    assert "size.width" in str(bad.errors)
    assert "&quot;source&quot;: &quot;till&quot;" in shown


def test_fixtures_go_out_and_come_back(tenant, other, tmp_path):
    with acting_for(tenant):
        TenantSettings.objects.change(locale="fr", time_zone="Europe/Paris")
    out = StringIO()
    call_command("dumpdata", "tenants.TenantSettings", tenant=tenant.slug, stdout=out)
    fixture = tmp_path / "settings.json"
    fixture.write_text(out.getvalue())

    call_command("loaddata", str(fixture), tenant=other.slug, verbosity=0)

    with acting_for(other):
        row = TenantSettings.objects.get()
    assert (row.values.locale, row.values.time_zone, row.version) == ("fr", "Europe/Paris", 1)
    assert isinstance(row.values, TenantPreferences)


def put(model: type[models.Model], value: str) -> None:
    """Insert a row past Django."""
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {model._meta.db_table} (metadata) VALUES (%s)", [value])
