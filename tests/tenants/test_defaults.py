"""Plain SQL can insert: it names what cannot be known, and the table knows the rest.

Every table of ours is asked, as the catalog has it; a new one joins by itself, and a test fails
until it is said what an INSERT has to name.
"""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext, isolate_apps
from django.utils import timezone

from budgets.jobs.audit import breaks_of
from budgets.models import (
    Bucket,
    BucketVersion,
    Budget,
    Entry,
    ImportProfile,
    Movement,
    Schedule,
    ScheduleRun,
    ScheduleVersion,
    Statement,
    StatementLine,
)
from examples.forms.models import Event, Form, Organization, Submission, Workflow
from examples.shop.models import Category, Item, Order, Product, StatusChange
from tenants.context import acting_for
from tenants.models import (
    Change,
    Dated,
    GlobalChange,
    Invitation,
    LoginFailure,
    Membership,
    SystemSettings,
    Tenant,
    TenantExternalId,
    TenantOwned,
    TenantSettings,
    TenantSlug,
    User,
    UserSession,
)
from tenants.postgres.base import as_owner
from tenants.postgres.grants import APP
from tenants.schema.defaults import Defaults, default_of, defaults_of
from tenants.schema.documents import Document, DocumentField
from tests.factories import TenantFactory
from tests.rows import Side

pytestmark = pytest.mark.usefixtures("own_database")

type Model = type[models.Model]
OURS: list[Model] = [model for model in apps.get_models() if issubclass(model, Dated)]


def word() -> str:
    return uuid.uuid4().hex


def schedule(budget: uuid.UUID) -> dict[str, Any]:
    said = {"budget_id": budget, "name": word(), "amount": 1, "rrule": "FREQ=DAILY"}
    times = {"starts_on": "2026-11-01", "starts_at": "08:00", "time_zone": "UTC"}
    return said | times | {"effective_at": timezone.now(), "request_hash": "x"}


def version(bucket: uuid.UUID, budget: uuid.UUID) -> dict[str, Any]:
    said = {"budget_id": budget, "bucket_id": bucket, "name": "Rent", "version": 9, "from_seq": 9}
    return said | {"verb": "rename", "effective_at": timezone.now(), "request_hash": "x"}


def movement(budget: uuid.UUID) -> dict[str, Any]:
    said = {"budget_id": budget, "seq": 99, "kind": "deposit_into", "amount": 5, "net_amount": 5}
    now = timezone.now()
    return said | {"entry_count": 1, "effective_at": now, "recorded_at": now, "request_hash": "x"}


def entry(movement: uuid.UUID, bucket: uuid.UUID, **more: Any) -> dict[str, Any]:
    said = {"movement_id": movement, "bucket_id": bucket, "position": 9, "seq": 99, "amount": 5}
    return said | {"balance_before": 0, "balance_after": 5, "reason": "direct"} | more


def statement(budget: uuid.UUID) -> dict[str, Any]:
    said = {"budget_id": budget, "sha256": word() * 2, "account": "", "name": "may.csv"}
    return said | {"format": "csv", "currency": "EUR", "total": 1, "outgoing": 0}


def line(statement: uuid.UUID, budget: uuid.UUID) -> dict[str, Any]:
    said = {"statement_id": statement, "budget_id": budget, "number": 9, "account": ""}
    said |= {"identity": word(), "posted": "2026-11-01", "amount": 5, "currency": "EUR"}
    return said | {"description": "Salary", "status": "held"}


# What an INSERT names, beside the tenant; `id` gives the ids of the rows that are there.
SAID: dict[Model, Callable[[Callable[[Model], uuid.UUID]], dict[str, Any]]] = {
    Membership: lambda id: {"user_id": uuid.uuid4(), "role": "viewer"},
    Invitation: lambda id: {
        "email": f"{word()}@example.com",
        "role": "viewer",
        "expires_at": timezone.now(),
    },
    TenantSettings: lambda id: {},
    Change: lambda id: {"model": "a.b", "row_id": uuid.uuid4(), "verb": "update"},
    Budget: lambda id: {"name": word(), "currency": "EUR", "exponent": 2},
    Bucket: lambda id: {
        "budget_id": id(Budget),
        "name": word(),
        "priority": 99,
        "filter_share": 300_000,
    },
    BucketVersion: lambda id: version(id(Bucket), id(Budget)),
    Movement: lambda id: movement(id(Budget)),
    Entry: lambda id: entry(id(Movement), id(Bucket)),
    Schedule: lambda id: schedule(id(Budget)),
    ScheduleRun: lambda id: {
        "schedule_id": id(Schedule),
        "due_at": timezone.now(),
        "outcome": "skipped",
    },
    ScheduleVersion: lambda id: (
        schedule(id(Budget))
        | {"schedule_id": id(Schedule), "until": timezone.now(), "verb": "rename"}
    ),
    Statement: lambda id: statement(id(Budget)),
    ImportProfile: lambda id: {"budget_id": id(Budget), "format": "csv"},
    StatementLine: lambda id: line(id(Statement), id(Budget)),
    Category: lambda id: {"name": word()},
    Product: lambda id: {"category_id": id(Category), "name": word(), "price": 5},
    Order: lambda id: {"customer_id": uuid.uuid4()},
    Item: lambda id: {"order_id": id(Order), "product_id": id(Product), "quantity": 1, "price": 5},
    StatusChange: lambda id: {"order_id": id(Order), "after": "paid"},
    Organization: lambda id: {"name": word()},
    Form: lambda id: {"organization_id": id(Organization), "title": word()},
    Workflow: lambda id: {"form_id": id(Form), "name": word()},
    Submission: lambda id: {"form_id": id(Form), "email": f"{word()}@example.com"},
    Event: lambda id: {"submission_id": id(Submission), "what": "read"},
    User: lambda id: {"email": f"{word()}@example.com", "password": ""},
    UserSession: lambda id: {
        "session_key": word(),
        "session_data": "",
        "expire_date": timezone.now(),
    },
    LoginFailure: lambda id: {"email": "a@example.com"},
    SystemSettings: lambda id: {},
    GlobalChange: lambda id: {"model": "a.b", "row_id": uuid.uuid4(), "verb": "update"},
    TenantSlug: lambda id: {"slug": word(), "holder": id(Tenant)},
    TenantExternalId: lambda id: {"external_id": word(), "holder": id(Tenant)},
    Tenant: lambda id: {"id": uuid.uuid4(), "slug": word(), "name": "Acme", "plan": "free"},
}
CHECKED = {
    (Bucket, "priority"): "an open envelope has one, by a CHECK; the money bucket has none",
    (Bucket, "filter_share"): "an envelope has a filter, flat or a share, by a CHECK",
    (Tenant, "id"): "row security lets in the tenant in force, and no other",
}
"""Columns that may be left out as far as the column goes, and why they may not."""
OWNERS = [Change, GlobalChange]
"""What role app may not insert at all: triggers write the history, as owner."""
UNFINISHED = {
    Bucket: "has a version with its rules by COMMIT",
    BucketVersion: "has a bucket with its rules by COMMIT",
    Movement: "has its entries by COMMIT",
    Entry: "joins its movement in the transaction that made it",
    Tenant: "has a slug, and a block of its own",
    TenantSettings: "is one a tenant",
    SystemSettings: "is one",
}
"""What one INSERT alone does not make: here it is tried, and taken back."""

REQUIRED = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND attnotnull AND NOT atthasdef AND NOT attisdropped
"""


@pytest.fixture(scope="module")
def side(django_db_setup, django_db_blocker, own_database) -> Side:
    """A tenant with one row of every model."""
    with django_db_blocker.unblock():
        return Side.of(TenantFactory())


def insert(model: Model, said: dict[str, Any], *, using: Any = connection) -> Any:
    """The id of a row that plain SQL inserted."""
    names, places = ", ".join(said), ", ".join(["%s"] * len(said))
    rows = f"({names}) VALUES ({places})" if said else "DEFAULT VALUES"
    known = str(model._meta.pk.column)
    returning = "" if model is TenantSlug else f" RETURNING {known}"  # app may not read slugs
    with using.cursor() as cursor:
        cursor.execute(f"INSERT INTO {model._meta.db_table} {rows}{returning}", [*said.values()])
        return cursor.fetchone()[0] if returning else said[known]


def said_of(model: Model, side: Side) -> dict[str, Any]:
    def id_of(wanted: Model) -> uuid.UUID:
        return side.tenant.pk if wanted is Tenant else side.rows[wanted].pk  # type: ignore[index]

    tenant = {"tenant_id": side.tenant.pk} if "tenant" in fields(model) else {}
    return tenant | SAID[model](id_of)


def fields(model: Model) -> dict[str, Any]:
    return {field.name: field for field in model._meta.local_concrete_fields}


def test_every_table_of_ours_is_here(committed):
    others = {"django_", "auth_", "tenants_user_groups", "tenants_user_user_permissions"}
    tables = {
        table
        for table in connection.introspection.table_names()
        if not table.startswith(tuple(others))
    }

    assert tables == {model._meta.db_table for model in OURS} == {m._meta.db_table for m in SAID}
    assert {*apps.get_models()} - {*OURS} == {
        model for model in apps.get_models() if model.__module__.startswith("django")
    } | {model for model in apps.get_models() if model.__module__.startswith("django_tasks")}


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_table_has_both_times_with_their_defaults(model, committed):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, attnotnull, format_type(atttypid, NULL),"
            " pg_get_expr(adbin, adrelid) FROM pg_attribute"
            " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
            " WHERE attrelid = %s::regclass AND attname IN ('created_at', 'updated_at')"
            " ORDER BY attname",
            [model._meta.db_table],
        )
        found = cursor.fetchall()

    time = (True, "timestamp with time zone", "now()")
    assert found == [("created_at", *time), ("updated_at", *time)]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_an_insert_names_what_has_no_default_and_nothing_else(model, side, committed):
    with connection.cursor() as cursor:
        cursor.execute(REQUIRED, [model._meta.db_table])
        required = {name for (name,) in cursor.fetchall()}

    demanded = {name for where, name in CHECKED if where is model}
    assert {*said_of(model, side)} == required | demanded
    assert not required & demanded - {"id"}


@pytest.mark.parametrize(
    "model",
    [model for model in OURS if model not in (*OWNERS, *UNFINISHED)],
    ids=lambda model: model.__name__,
)
def test_plain_sql_inserts_a_row_like_that_of_the_model(model, side, committed):
    said = said_of(model, side)

    with acting_for(side.tenant):
        pk = insert(model, said)
        if model is not TenantSlug:  # app may not read it
            as_the_model_says(model._base_manager.get(pk=pk), said)


@pytest.mark.parametrize("model", OWNERS, ids=lambda model: model.__name__)
def test_the_history_takes_it_from_owner_alone(model, side, committed):
    said = said_of(model, side)

    with as_owner() as owner:
        pk = insert(model, said, using=owner)

    with acting_for(side.tenant):
        as_the_model_says(model._base_manager.get(pk=pk), said)
    may = model.app_privileges if issubclass(model, TenantOwned) else APP[model._meta.db_table]
    assert "INSERT" not in may


def as_the_model_says(row: Any, said: dict[str, Any]) -> None:
    """What was not said is as in a row that Python made, and the times are now."""
    fresh = type(row)()
    for field in row._meta.local_concrete_fields:
        if field.column in said:
            continue
        value = getattr(row, field.attname)
        if default_of(field) == "now()":
            assert abs(value - timezone.now()) < timedelta(minutes=1)
        elif default_of(field) == "uuidv7()":
            assert value.version == 7
        elif not (field.has_db_default() or field.attname == "tenant_id"):
            assert value == getattr(fresh, field.attname), field


class TestWhatOneInsertDoesNotMake:
    """A bucket and its version, a movement and its entries, a tenant and its slug, settings."""

    def test_a_bucket_with_the_version_of_its_rules(self, committed):
        side = Side.of(TenantFactory())
        values, budget = said_of(Bucket, side), side.rows[Budget].pk
        rules = {name: values[name] for name in ("name", "priority", "filter_share")}
        with acting_for(side.tenant):
            made = insert(Bucket, values | {"version": 1})
            first = version(made, budget) | rules | {"tenant_id": side.tenant.pk, "version": 1}
            written = insert(BucketVersion, first)

        with acting_for(side.tenant):
            as_the_model_says(Bucket.objects.get(pk=made), values | {"version": 1})
            as_the_model_says(BucketVersion.objects.get(pk=written), first)
        # A verb would have counted the change, and named it after what it changes.
        assert [each.invariant for each in breaks_of(side.tenant)] == ["I2", "I14"]

    def test_a_movement_with_its_entries_and_what_they_add_up_to(self, committed):
        side = Side.of(TenantFactory())
        with acting_for(side.tenant):
            bucket = Bucket.objects.get(pk=side.rows[Bucket].pk)
            budget = Budget.objects.get(pk=side.rows[Budget].pk)
            seq, before = bucket.last_entry_seq + 1, bucket.balance
            tenant = {"tenant_id": side.tenant.pk}

            made = insert(
                Movement, tenant | movement(budget.pk) | {"seq": budget.last_movement_seq + 1}
            )
            insert(
                Entry,
                tenant
                | entry(made, bucket.pk, position=1, seq=seq)
                | {"balance_before": before, "balance_after": before + 5},
            )
            Bucket.objects.filter(pk=bucket.pk).update(balance=before + 5, last_entry_seq=seq)
            Budget.objects.filter(pk=budget.pk).update(
                last_movement_seq=budget.last_movement_seq + 1,
                deposited=budget.deposited + 5,
                version=budget.version + 1,
                last_recorded_at=timezone.now(),
            )

        with acting_for(side.tenant):
            as_the_model_says(Movement.objects.get(pk=made), said_of(Movement, side))
            as_the_model_says(Movement.objects.get(pk=made).entries.get(), entry(made, bucket.pk))
        # A verb would have counted the change, and recorded it now.
        assert [each.invariant for each in breaks_of(side.tenant)] == ["I2", "I10"]

    def test_a_tenant(self, committed):
        said = SAID[Tenant](lambda _: uuid.uuid4())

        with acting_for(said["id"], even_suspended=True):
            insert(TenantSlug, {"slug": said["slug"], "holder": said["id"]})
            insert(Tenant, said)
            as_the_model_says(Tenant.objects.get(), said)

        assert Tenant.objects.id_of(said["slug"]) == said["id"]

    def test_settings_of_a_tenant(self, tenant):
        with acting_for(tenant):
            pk = insert(TenantSettings, {"tenant_id": tenant.pk})
            as_the_model_says(TenantSettings.objects.get(pk=pk), {})

    def test_settings_of_the_system(self, committed):
        with transaction.atomic():
            insert(SystemSettings, {})
            as_the_model_says(SystemSettings.objects.get(), {})
            transaction.set_rollback(True)


class TestADefaultOf:
    def test_a_field_is_worded_as_postgresql_words_it(self, committed):
        """Whatever the type: the catalog is compared with it (E020)."""
        kinds = {
            "flag": models.BooleanField(default=True),
            "small": models.PositiveSmallIntegerField(default=-1),
            "whole": models.IntegerField(default=-7),
            "big": models.BigIntegerField(default=2**40),
            "nought": models.BigIntegerField(default=0),
            "word": models.CharField(max_length=9, default="it's"),
            "text": models.TextField(default='a "b" 100%'),
            "slug": models.SlugField(blank=True),
            "key": models.UUIDField(default=uuid.uuid4),
            "parts": models.JSONField(default=list),
            "kept": DocumentField(Document),
            "day": models.DateTimeField(auto_now_add=True),
            "maybe": models.IntegerField(null=True, default=5),
        }
        model = made("Kinds", kinds)
        declared = defaults_of(model)

        with as_owner() as owner, owner.schema_editor() as editor:
            editor.create_model(model)
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT attname, pg_get_expr(adbin, adrelid, true) FROM pg_attrdef"
                    " JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum"
                    " WHERE adrelid = 'tenants_kinds'::regclass"
                )
                assert dict(cursor.fetchall()) == declared.columns
            assert declared.columns.keys() == {*kinds, "id", "created_at", "updated_at"} - {"pk"}
        finally:
            with as_owner() as owner, owner.schema_editor() as editor:
                editor.delete_model(model)

    @pytest.mark.parametrize(
        "field",
        [
            models.TextField(),
            models.CharField(max_length=5),
            models.IntegerField(null=True),
            models.IntegerField(),
            models.TextField(blank=True, null=True),
            models.IntegerField(db_default=5),
            models.IntegerField(default=lambda: 5),
            models.BooleanField(null=True, default=None),
            models.DateField(default=timezone.now),
            models.TextField(default=list),
            models.DecimalField(default=5, max_digits=5, decimal_places=2),
        ],
        ids=repr,
    )
    def test_what_is_nobodys_to_know_is_none(self, field):
        assert default_of(field) is None

    def test_a_field_that_is_altered_stays(self, committed):
        """Django drops the default it gives the old rows, and with it ours."""
        old = made("Altered", {"count": models.IntegerField(null=True, default=5)})
        new = made("Altered", {"count": models.IntegerField(default=5)})

        with as_owner() as owner, owner.schema_editor() as editor:
            editor.create_model(old)
        try:
            with as_owner() as owner, owner.schema_editor() as editor:
                editor.alter_field(old, *(each._meta.get_field("count") for each in (old, new)))
            with as_owner() as owner:
                insert(old, {}, using=owner)
        finally:
            with as_owner() as owner, owner.schema_editor() as editor:
                editor.delete_model(old)

    def test_a_model_can_be_told_from_that_of_another(self):
        assert Defaults(name="a", columns={"b": "1"}) != Defaults(name="a", columns={"b": "2"})


def made(name: str, kinds: dict[str, Any]) -> Any:
    """A throw-away model."""
    dates = {
        "id": models.UUIDField(primary_key=True, default=uuid.uuid4),
        "created_at": models.DateTimeField(auto_now_add=True),
        "updated_at": models.DateTimeField(auto_now=True),
    }
    with isolate_apps("tenants"):
        meta = type("Meta", (), {"app_label": "tenants"})
        return type(name, (Dated,), {"__module__": __name__, "Meta": meta, **dates, **kinds})


def test_a_deposit_reads_nothing_back(budget):
    """Defaults of the database cost an INSERT of ours nothing: it names every column."""
    with CaptureQueriesContext(connection) as captured:
        Movement.objects.deposit(budget, 5_00)

    inserts = [each["sql"] for each in captured if each["sql"].startswith("INSERT")]
    assert len(inserts) == 2
    assert "DEFAULT" not in "".join(inserts)


def test_what_is_made_in_python_has_its_values_before_it_is_saved(acting):
    fresh = Bucket()

    assert (fresh.id.version, fresh.locked, fresh.balance, fresh.kind) == (7, False, 0, "envelope")
    assert Movement().memo == User().first_name == ""
    assert fresh.created_at is fresh.updated_at is None
