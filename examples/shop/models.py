"""The models of the shop. Prices are ints of minor units."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F
from django.utils import timezone

from examples.shop.managers import NEXT, CategoryManager, OrderManager, ProductManager
from tenants.listing import JSON, Integer, Key, Listing, Moment, Text
from tenants.models import APPEND_ONLY, SoftDeleteModel, TenantModel, User
from tenants.schema.fields import TenantForeignKey
from tenants.schema.history import History
from tenants.schema.searches import FullTextSearch, JSONContains, TrigramSearch


def index(name: str, *fields: str, **options: Any) -> models.Index:
    """An index whose first column is the tenant."""
    return models.Index(fields=["tenant", *fields], name=f"shop_{name}", **options)


class Category(TenantModel):
    """A category of products."""

    name = models.CharField(max_length=100)

    objects: ClassVar[CategoryManager] = CategoryManager()

    class Meta:
        verbose_name_plural = "categories"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "name"], name="shop_category_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class Product(SoftDeleteModel):
    """A product with its price and stock."""

    category = TenantForeignKey(Category, related_name="products")
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    price = models.BigIntegerField()
    stock = models.PositiveIntegerField(default=0)
    best_before = models.DateField(null=True, blank=True, help_text="none where it keeps")
    metadata = models.JSONField(default=dict)

    history = History(inserts=False)
    objects: ClassVar[ProductManager] = ProductManager()
    listing = Listing(
        filters={
            "name": Text("exact", "in", "startswith"),
            "stock": Integer("exact", "lt", "lte", "gt", "gte", "in"),
            "category": Key("exact", "in"),
            "created_at": Moment("gte", "lt"),
            "metadata": JSON("contains"),
        },
        sorts={
            "name": "name",
            "newest": "-created_at",
            "stock": "stock",
            "expiring": "best_before",  # null is last in both directions
            "keeping": "-best_before",
        },
        search="shop_product_search",
    )

    class Meta:
        constraints: ClassVar = [
            TrigramSearch(fields=["name", "description"], name="shop_product_search"),
            JSONContains(fields=["metadata"], name="shop_product_metadata"),
        ]
        indexes: ClassVar = [
            index("product_name", "name", "id"),
            index("product_newest", "created_at", "id"),
            index("product_stock", "stock", "id"),
            index("product_category", "category"),
            index("product_expiring", "best_before", "id"),
            models.Index(
                "tenant",
                F("best_before").desc(nulls_last=True),
                F("id").desc(),
                name="shop_product_keeping",
            ),
            index("product_prefix", "name", opclasses=["uuid_ops", "text_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return self.name


class Order(TenantModel):
    """An order of a customer; `managers.NEXT` lists its statuses."""

    customer = models.ForeignKey(
        User, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    status = models.CharField(max_length=10, choices=[(s, s) for s in NEXT], default="placed")
    total = models.BigIntegerField(default=0)
    note = models.TextField(blank=True)
    placed_at = models.DateTimeField(default=timezone.now)

    history = History(inserts=False)
    objects: ClassVar[OrderManager] = OrderManager()
    listing = Listing(
        filters={"customer": Key(), "status": Text("in"), "placed_at": Moment("gte", "lt")},
        sorts={"newest": "-placed_at", "oldest": "placed_at"},
        search="shop_order_words",
    )

    class Meta:
        constraints: ClassVar = [FullTextSearch(fields=["status", "note"], name="shop_order_words")]
        indexes: ClassVar = [
            index("order_placed", "placed_at", "id"),
            index("order_customer", "customer", "placed_at", "id"),
            index("order_status", "status"),
        ]

    def __str__(self) -> str:
        return f"{self.placed_at:%Y-%m-%d} ({self.status})"


class Item(TenantModel):
    """A quantity of a product in an order, at the price at the time."""

    order = TenantForeignKey(Order, related_name="items", db_index=True)
    product = TenantForeignKey(Product, related_name="+")
    quantity = models.PositiveIntegerField()
    price = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.quantity} at {self.price}"


class StatusChange(TenantModel):
    """A change of an order's status; append-only."""

    order = TenantForeignKey(Order, related_name="changes", db_index=True)
    before = models.CharField(max_length=10, blank=True)
    after = models.CharField(max_length=10)

    app_privileges = APPEND_ONLY
    history = None  # append-only

    def __str__(self) -> str:
        return f"{self.before or '-'} → {self.after}"
