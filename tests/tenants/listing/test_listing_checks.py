"""A listing that role app has no index for is a fault, before anybody asks and in the catalog."""

from dataclasses import replace

import pytest
from django.db import models
from django.db.models import F
from django.db.models.functions import Abs, Lower
from django.test.utils import isolate_apps

from examples.shop.models import Category, Order, Product
from tenants.checks.isolation import faults_of
from tenants.listing import (
    IP,
    JSON,
    CaseInsensitive,
    Day,
    Flag,
    HasValue,
    Integer,
    Key,
    Listing,
    Moment,
    Text,
)
from tenants.models import TenantModel, User
from tenants.postgres.base import as_owner
from tenants.schema.fields import TenantForeignKey
from tenants.schema.searches import GlobalTrigramSearch, JSONContains, Search, TrigramSearch
from tests.tenants.schema import altered, found, without

ALL = {
    "sized": models.Index(fields=["tenant", "size", "id"], name="sized"),
    "titled": models.Index(fields=["tenant", "title", "-id"], name="titled"),
    "prefixed": models.Index(
        fields=["tenant", "title"], opclasses=["uuid_ops", "text_pattern_ops"], name="prefixed"
    ),
    "due": models.Index(fields=["tenant", "-due", "-id"], name="due"),
    "tagged": models.Index(fields=["tenant", "kind", "id"], name="tagged"),
}


def faults(listing, indexes=None, constraints=()):
    """The ids and the texts of what is wrong with a model that lists like that."""
    with isolate_apps("tenants"):

        class Note(TenantModel):
            size = models.IntegerField()
            title = models.CharField(max_length=100)
            due = models.DateTimeField()
            day = models.DateField(null=True)
            parent = TenantForeignKey("self", null=True, related_name="+")
            price = models.DecimalField(max_digits=9, decimal_places=2)
            done = models.BooleanField()
            extra = models.JSONField()
            kind = TenantForeignKey(Category, related_name="+")
            author = models.ForeignKey(
                User, models.PROTECT, db_constraint=False, related_name="+", db_index=False
            )

            class Meta:
                app_label = "tenants"

        Note.listing = listing  # type: ignore[attr-defined]
        Note._meta.indexes = list(ALL.values()) if indexes is None else indexes
        Note._meta.constraints = [*Note._meta.constraints, *constraints]
        return [(fault.id, fault.msg, fault.hint) for fault in faults_of(Note)]


FINE = {
    "filters": Listing(
        filters={
            "size": Integer("exact", "in", "lt", "gte"),
            "title": Text("exact", "in", "startswith"),
            "due": Moment("gte", "lt"),
            "kind": Key("exact", "in"),
            "id": Key(),
        }
    ),
    "sorts": Listing(
        sorts={"a": "size", "b": "-size", "c": "due", "d": "-due", "e": "kind", "f": "-id"}
    ),
}


@pytest.mark.parametrize("listing", FINE.values(), ids=FINE)
def test_a_listing_whose_indexes_are_there_is_fine(listing):
    assert faults(listing) == []


def test_a_unique_constraint_is_an_index_too():
    once = models.UniqueConstraint(fields=["tenant", "title"], name="once")

    assert faults(Listing(filters={"title": Text()}), indexes=[], constraints=[once]) == []


def test_searches_that_are_declared_are_fine():
    searches = [
        TrigramSearch(fields=["title"], name="note_search"),
        JSONContains(fields=["extra"], name="note_extra"),
    ]
    listing = Listing(filters={"extra": JSON("contains")}, search="note_search")

    assert faults(listing, constraints=searches) == []


FAULTS = {
    "a filter by no field": (Listing(filters={"nothing": Text()}), "E030", "'nothing'"),
    "a filter with another table's name": (
        Listing(filters={"kind__name": Text()}),
        "E030",
        "kind__name",
    ),
    "a filter by a column": (Listing(filters={"kind_id": Key()}), "E030", "kind_id"),
    "a filter with a page's name": (Listing(filters={"limit": Text()}), "E030", "limit"),
    "a sort by no field": (Listing(sorts={"a": "-nothing"}), "E030", "'nothing'"),
    "a search that is not there": (Listing(search="lost"), "E030", "'lost'"),
    "LIKE": (Listing(filters={"title": Text("contains")}), "E031", "contains"),
    "lower()": (Listing(filters={"title": Text("iexact")}), "E031", "iexact"),
    "an order of texts": (Listing(filters={"title": Text("gte")}), "E031", "gte"),
    "a decimal": (Listing(filters={"price": Integer()}), "E031", "DecimalField"),
    "lower() under row security": (
        Listing(filters={"title": CaseInsensitive()}),
        "E031",
        "CaseInsensitive",
    ),
    "a text as an address": (Listing(filters={"title": IP()}), "E031", "CharField"),
    "JSON by its equality": (Listing(filters={"extra": JSON()}), "E031", "exact"),
    "whether there is what there always is": (
        Listing(filters={"size": HasValue()}),
        "E031",
        "size",
    ),
    "whether there is a value, without an index": (
        Listing(filters={"dated": HasValue(of="day")}),
        "E033",
        "dated__exact",
    ),
    "a text as a number": (Listing(filters={"title": Integer()}), "E031", "CharField"),
    "a time as a day": (Listing(filters={"due": Day()}), "E031", "DateTimeField"),
    "a sort by a decimal": (Listing(sorts={"a": "price"}), "E031", "price"),
    "a sort by JSON": (Listing(sorts={"a": "-extra"}), "E031", "extra"),
    "several sorts, one of which may be NULL": (
        Listing(sorts={"a": ("size", "day")}),
        "E032",
        "day",
    ),
    "a sort along what may be NULL": (Listing(sorts={"a": "parent__size"}), "E032", "parent"),
    "a sort up and down": (Listing(sorts={"a": ("size", "-title")}), "E031", "no single index"),
    "a sort along a key last": (
        Listing(sorts={"a": ("size", "kind__id")}),
        "E031",
        "no single index",
    ),
    "a sort by what may be NULL": (Listing(sorts={"a": "day"}), "E033", "day"),
    "a way from one table to another": (
        Listing(filters={"x": Key(of="author__id")}),
        "E033",
        "x__exact",
    ),
    "a way along no key": (Listing(filters={"x": Text(of="title__name")}), "E030", "title__name"),
    "a way along two": (Listing(filters={"x": Key(of="kind__tenant__id")}), "E030", "kind__tenant"),
    "a search along no key": (Listing(search="title__lost"), "E030", "title__lost"),
    "a search along a key that is not there": (Listing(search="kind__lost"), "E030", "kind__lost"),
    "within a name that no filter has": (Listing(within="size"), "E030", "within 'size'"),
    "within a range": (
        Listing(filters={"size": Integer("gte")}, within="size"),
        "E030",
        "within 'size'",
    ),
    "a filter without an index": (Listing(filters={"done": Flag()}), "E033", "done__exact"),
    "a key without an index": (Listing(filters={"author": Key()}), "E033", "author__exact"),
    "JSON without a search": (Listing(filters={"extra": JSON("contains")}), "E033", "extra"),
    "a sort without the tiebreak": (Listing(sorts={"a": "title"}), "E033", "title"),
    "a sort without an index": (Listing(sorts={"a": "author"}), "E033", "author"),
}


@pytest.mark.parametrize(("listing", "number", "word"), FAULTS.values(), ids=FAULTS)
def test_a_listing_is_told_of(listing, number, word):
    [(id, text, hint)] = faults(listing)

    assert (id, word in text, bool(hint)) == (f"tenants.{number}", True, True)


PARTIAL = {
    "another order": models.Index(fields=["size", "tenant", "id"], name="x"),
    "a part of the rows": models.Index(
        fields=["tenant", "size", "id"], name="x", condition=models.Q(done=True)
    ),
    "the live rows of what has none": models.Index(
        fields=["tenant", "size", "id"], name="x", condition=models.Q(deleted_at=None)
    ),
    "expressions": models.Index("tenant", Abs("size"), "id", name="x"),
    "NULLs of what has none, at the other end": models.Index(
        "tenant", F("size").asc(nulls_first=True), "id", name="x"
    ),
}


@pytest.mark.parametrize("index", PARTIAL.values(), ids=PARTIAL)
def test_an_index_that_does_not_serve(index):
    listing = Listing(filters={"size": Integer()}, sorts={"a": "size"})

    assert {id for id, _, _ in faults(listing, indexes=[index])} == {"tenants.E033"}


def test_an_index_of_what_always_holds_serves_the_listing_that_says_it():
    always = models.Q(size__gt=0)
    index = models.Index(fields=["tenant", "size", "id"], name="x", condition=always)
    listing = Listing(filters={"size": Integer()}, sorts={"a": "size"}, always=always)

    assert faults(listing, indexes=[index]) == []
    other = replace(listing, always=models.Q(size__gt=1))
    assert {id for id, _, _ in faults(other, indexes=[index])} == {"tenants.E033"}


NULLABLE = {
    "up": ("day", models.Index(fields=["tenant", "day", "id"], name="x")),
    "up, by an index that goes down": (
        "day", models.Index(fields=["tenant", "-day", "-id"], name="x"),
    ),
    "down": (
        "-day", models.Index("tenant", F("day").desc(nulls_last=True), F("id").desc(), name="x"),
    ),
    "down, by an index that goes up": (
        "-day", models.Index("tenant", F("day").asc(nulls_first=True), F("id"), name="x"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sort", "index"), NULLABLE.values(), ids=NULLABLE)
def test_a_sort_by_what_may_be_null_has_an_index_that_ends_with_the_nulls(sort, index):
    other = "day" if sort == "-day" else "-day"

    assert faults(Listing(sorts={"a": sort}), indexes=[index]) == []
    [(id, _, hint)] = faults(Listing(sorts={"a": other}), indexes=[index])
    assert (id, "nulls_last" in hint) == ("tenants.E033", other == "-day")


class TestAlongAKey:
    """What is asked of children by their parents, of one owner."""

    LEADING = models.Index(fields=["tenant", "owner", "size", "id"], name="leading")
    BACK = models.Index(fields=["tenant", "key", "place"], name="back")
    LISTING = Listing(
        filters={"whose": Key(of="key__owner"), "size": Integer("exact", "gte", of="key__size")},
        sorts={"up": ("key__size", "place"), "down": ("-key__size", "-place")},
        within="whose",
    )

    def faults(self, listing, leading, back):
        with isolate_apps("tenants"):

            class Parent(TenantModel):
                owner = TenantForeignKey(Category, related_name="+")
                size = models.IntegerField()

                class Meta:
                    app_label = "tenants"

            class Child(TenantModel):
                key = TenantForeignKey(Parent, related_name="+")
                place = models.IntegerField()

                class Meta:
                    app_label = "tenants"

            Child.listing = listing  # type: ignore[attr-defined]
            Parent._meta.indexes, Child._meta.indexes = leading, back
            return {(fault.id, fault.msg.split()[1]) for fault in faults_of(Child)}

    def test_it_needs_an_index_there_and_one_back(self):
        assert self.faults(self.LISTING, [self.LEADING], [self.BACK]) == set()

    @pytest.mark.parametrize(
        ("leading", "back"),
        [([], [BACK]), ([LEADING], [])],
        ids=["without the one there", "without the one back"],
    )
    def test_it_is_told_which_is_missing(self, leading, back):
        found = self.faults(self.LISTING, leading, back)

        assert found == {("tenants.E033", "filters"), ("tenants.E033", "sorts")}

    def test_what_the_index_begins_with_has_to_be_asked(self):
        loose = replace(self.LISTING, within=None)

        assert ("tenants.E033", "sorts") in self.faults(loose, [self.LEADING], [self.BACK])


def test_a_sort_needs_the_tiebreak_in_its_index():
    index = models.Index(fields=["tenant", "size"], name="x")

    [(_, text, hint)] = faults(Listing(sorts={"a": "size"}), indexes=[index])

    assert "sorts by size without an index" in text
    assert '"id"' in hint


class TestGlobal:
    """A model that is no tenant's: its indexes begin with what is asked for."""

    LISTING = Listing(
        filters={"email": CaseInsensitive("exact", "in"), "at": Moment("gte"), "id": Key()},
        sorts={"newest": "-at", "id": "id", "gone": "-gone"},
        search="guest_search",
    )
    FOLDED = models.Index(Lower("email"), "id", name="folded")
    LATEST = models.Index(fields=["at", "id"], name="latest")
    GONE = models.Index(F("gone").desc(nulls_last=True), F("id").desc(), name="gone")

    def faults(self, *indexes):
        with isolate_apps("tenants"):

            class Guest(models.Model):
                id = models.UUIDField(primary_key=True)
                email = models.CharField(max_length=100)
                at = models.DateTimeField()
                gone = models.DateTimeField(null=True)
                listing = self.LISTING

                class Meta:
                    app_label = "tenants"
                    constraints = (GlobalTrigramSearch(fields=["email"], name="guest_search"),)

                def __str__(self) -> str:
                    return self.email

            Guest._meta.indexes = list(indexes)
            return {(fault.id, fault.msg.split()[3], fault.hint) for fault in faults_of(Guest)}

    def test_is_fine_with_its_indexes(self):
        assert self.faults(self.FOLDED, self.LATEST, self.GONE) == set()

    def test_is_told_which_are_missing_without_a_tenant(self):
        found = self.faults()

        assert {(number, what) for number, what, _ in found} == {
            ("tenants.E033", what)
            for what in ("email__exact", "email__in", "at__gte", "at", "gone")
        }
        assert all("tenant" not in hint for *_, hint in found)
        assert any('Lower("email"), "id"' in hint for *_, hint in found)

    @pytest.mark.parametrize(
        "index",
        [
            models.Index(fields=["email", "id"], name="x"),
            models.Index(Lower("gone"), "id", name="x"),
            models.Index("id", Lower("email"), name="x"),
        ],
        ids=["as it is written", "of another field", "in another order"],
    )
    def test_is_told_of_an_index_that_does_not_fold(self, index):
        found = self.faults(index, self.LATEST, self.GONE)

        assert {what for _, what, _ in found} == {"email__exact", "email__in"}


def test_a_prefix_needs_an_index_by_bytes():
    listing = Listing(filters={"title": Text("exact", "startswith")})

    [(_, text, hint)] = faults(listing, indexes=[ALL["titled"]])

    assert "title__startswith" in text
    assert "text_pattern_ops" in hint


# -- The catalog ------------------------------------------------------------------------------

FUNCTION = "shop_product_search(text)"
CHANGES = {
    "an index of a listing that is missing": (
        "DROP INDEX shop_product_category",
        "CREATE INDEX shop_product_category ON shop_product (tenant_id, category_id)",
        {"tenants.E034"},
    ),
    "an index of what a listing asks along a key": (
        "DROP INDEX budgets_movement_kind",
        "CREATE INDEX budgets_movement_kind ON budgets_movement (tenant_id, budget_id, kind, seq)",
        {"tenants.E034"},
    ),
    "an index of a global listing that is missing": (
        "DROP INDEX tenants_usersession_ip",
        "CREATE INDEX tenants_usersession_ip ON tenants_usersession (ip, id)",
        {"tenants.E034"},
    ),
    "a global search whose index is another": (
        "DROP INDEX tenants_user_search;"
        " CREATE INDEX tenants_user_search ON tenants_user USING gin (email gin_trgm_ops)",
        "DROP INDEX tenants_user_search;"
        " CREATE INDEX tenants_user_search ON tenants_user USING gin"
        " (email gin_trgm_ops, first_name gin_trgm_ops, last_name gin_trgm_ops)",
        {"tenants.E020"},
    ),
    "a search whose index is missing": (
        "DROP INDEX shop_product_metadata",
        "CREATE INDEX shop_product_metadata ON shop_product"
        " USING gin (tenant_id, metadata jsonb_path_ops)",
        {"tenants.E020"},
    ),
    "a search whose index is another": (
        "DROP INDEX shop_product_metadata;"
        " CREATE INDEX shop_product_metadata ON shop_product USING gin (metadata jsonb_path_ops)",
        "DROP INDEX shop_product_metadata;"
        " CREATE INDEX shop_product_metadata ON shop_product"
        " USING gin (tenant_id, metadata jsonb_path_ops)",
        {"tenants.E020"},
    ),
    "a search that everybody may call": (
        f"GRANT EXECUTE ON FUNCTION {FUNCTION} TO PUBLIC",
        f"REVOKE EXECUTE ON FUNCTION {FUNCTION} FROM PUBLIC",
        {"tenants.E021"},
    ),
    "a search that inspector may call": (
        f"GRANT EXECUTE ON FUNCTION {FUNCTION} TO inspector",
        f"REVOKE EXECUTE ON FUNCTION {FUNCTION} FROM inspector",
        {"tenants.E021"},
    ),
    "a search that app may not call": (
        f"REVOKE EXECUTE ON FUNCTION {FUNCTION} FROM app",
        f"GRANT EXECUTE ON FUNCTION {FUNCTION} TO app",
        {"tenants.E020"},
    ),
    "a search that finds tables where its caller says": (
        f"ALTER FUNCTION {FUNCTION} RESET search_path",
        f"ALTER FUNCTION {FUNCTION} SET search_path = pg_catalog, pg_temp",
        {"tenants.E014", "tenants.E020"},
    ),
    "a search as its caller": (
        f"ALTER FUNCTION {FUNCTION} SECURITY INVOKER",
        f"ALTER FUNCTION {FUNCTION} SECURITY DEFINER",
        {"tenants.E020"},
    ),
    "another function of its name": (
        "CREATE FUNCTION shop_product_search(int) RETURNS SETOF uuid LANGUAGE sql SECURITY DEFINER"
        " SET search_path = pg_catalog, pg_temp AS 'SELECT id FROM public.shop_product';"
        " REVOKE EXECUTE ON FUNCTION shop_product_search(int) FROM PUBLIC",
        "DROP FUNCTION shop_product_search(int)",
        {"tenants.E014"},
    ),
}


@pytest.mark.usefixtures("own_database")
class TestCatalog:
    @pytest.mark.parametrize("change", CHANGES)
    def test_has(self, change, committed):
        do, undo, expected = CHANGES[change]

        with altered(do, undo):
            reported = found()

        assert reported == expected
        assert found() == set()

    def test_has_a_search_of_every_tenants_rows(self, committed):
        [search] = [each for each in Product._meta.constraints if each.name == FUNCTION[:-6]]
        assert isinstance(search, Search)
        function = search.mirrors('"shop_product"', Product)[1][0]

        with altered(function.replace("tenant_id = mine", "true"), function):
            assert found() == {"tenants.E020"}

        assert found() == set()

    @pytest.mark.parametrize(
        ("model", "name"),
        [
            (Product, "shop_product_search"),
            (Product, "shop_product_metadata"),
            (Order, "shop_order_words"),
        ],
    )
    def test_lacks_a_search_that_was_removed_until_it_is_there_again(self, model, name, committed):
        [search] = [each for each in model._meta.constraints if each.name == name]

        with without(model, search):
            assert found() == {"tenants.E020"}

        assert found() == set()

    def test_lacks_one_that_was_removed_after_its_field_was_renamed(self, committed):
        [search] = [each for each in Product._meta.constraints if each.name == FUNCTION[:-6]]
        as_it_was = TrigramSearch(fields=["gone"], name=search.name)

        with as_owner() as owner, owner.schema_editor() as editor:
            editor.remove_constraint(Product, as_it_was)
            editor.add_constraint(Product, search)

        assert found() == set()
