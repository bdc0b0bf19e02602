"""The verbs of the shop. Prices are ints of minor units."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncMonth

from examples.shop.errors import NotThatWay, OutOfStock
from tenants.access import quotas
from tenants.local import local
from tenants.managers.base import TenantManager
from tenants.managers.softdelete import SoftDeleteManager

if TYPE_CHECKING:
    from examples.shop.models import Category, Order, Product
    from tenants.models import User

NEXT: Mapping[str, Collection[str]] = {
    "placed": {"paid", "cancelled"},
    "paid": {"sent", "cancelled"},
    "sent": (),
    "cancelled": (),
}
"""The states of an order, each with those that may follow it."""


class CategoryManager(TenantManager["Category"]):
    """The categories of the tenant in force."""

    def ensure(self, name: str) -> "Category":
        """The category of that name, made if there is none; safe to repeat."""
        category, _ = self.get_or_create(name=name)
        return category


class ProductManager(SoftDeleteManager["Product"]):
    """The live products of the tenant in force."""

    def offer(self, category: "Category", name: str, *, price: int, stock: int = 0) -> "Product":
        """Add a product. Raises QuotaReached when there are as many as the tenant may have."""
        quotas.require("products")
        return self.create(category=category, name=name, price=price, stock=stock)

    def take(self, product: "Product", quantity: int) -> None:
        """Take from stock; of two who want the last one, one gets it. Raises OutOfStock."""
        enough = self.filter(pk=product.pk, stock__gte=quantity)
        if not enough.update(stock=F("stock") - quantity):
            raise OutOfStock(f"there are no {quantity} of {product.name}")


class OrderManager(TenantManager["Order"]):
    """The orders of the tenant in force."""

    @transaction.atomic
    def place(self, customer: "User", quantities: "Mapping[Product, int]") -> "Order":
        """Order {product: quantity}, all or nothing. Raises OutOfStock."""
        order = self.create(customer=customer)
        for product in sorted(quantities, key=lambda each: each.pk):  # nobody waits in a ring
            quantity = quantities[product]
            type(product).objects.take(product, quantity)
            order.items.create(product=product, quantity=quantity, price=product.price)
            order.total += product.price * quantity
        order.save(update_fields=["total"])
        order.changes.create(after=order.status)
        return order

    def advance(self, order: "Order", status: str) -> "Order":
        """Bring an order to its next state, and remember the way. Raises NotThatWay."""
        locked = self.acquired().get(pk=order.pk)
        if status not in NEXT[locked.status]:
            raise NotThatWay(f"{locked.status} does not become {status}")
        locked.changes.create(before=locked.status, after=status)
        locked.status = status
        locked.save(update_fields=["status"])
        return locked

    def monthly(self) -> "QuerySet[Order, Any]":
        """Orders and takings of each month where the tenant is, cancelled orders left out."""
        month = TruncMonth("placed_at", tzinfo=local().zone)
        months = self.exclude(status="cancelled").values(month=month)
        return months.annotate(orders=Count("pk"), takings=Sum("total")).order_by("month")
