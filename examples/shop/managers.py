"""The managers of the shop. Prices are ints of minor units."""

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
"""Status of an order -> the statuses it can change to."""


class CategoryManager(TenantManager["Category"]):
    """The categories of the tenant in force."""

    def ensure(self, name: str) -> "Category":
        """Get or create the category with that name; safe to repeat."""
        category, _ = self.get_or_create(name=name)
        return category


class ProductManager(SoftDeleteManager["Product"]):
    """The live products of the tenant in force."""

    def offer(self, category: "Category", name: str, *, price: int, stock: int = 0) -> "Product":
        """Create a product. Raises QuotaReached at the limit of the tenant's plan."""
        quotas.require("products")
        return self.create(category=category, name=name, price=price, stock=stock)

    def take(self, product: "Product", quantity: int) -> None:
        """Reduce the stock; concurrent calls never oversell. Raises OutOfStock."""
        enough = self.filter(pk=product.pk, stock__gte=quantity)
        if not enough.update(stock=F("stock") - quantity):
            raise OutOfStock(f"fewer than {quantity} of {product.name} are in stock")


class OrderManager(TenantManager["Order"]):
    """The orders of the tenant in force."""

    @transaction.atomic
    def place(self, customer: "User", quantities: "Mapping[Product, int]") -> "Order":
        """Order {product: quantity}, all or nothing. Raises OutOfStock."""
        order = self.create(customer=customer)
        for product in sorted(
            quantities, key=lambda each: each.pk
        ):  # one order of locks, so no deadlock
            quantity = quantities[product]
            type(product).objects.take(product, quantity)
            order.items.create(product=product, quantity=quantity, price=product.price)
            order.total += product.price * quantity
        order.save(update_fields=["total"])
        order.changes.create(after=order.status)
        return order

    def advance(self, order: "Order", status: str) -> "Order":
        """Change the status of an order and log the change. Raises NotThatWay."""
        locked = self.acquired().get(pk=order.pk)
        if status not in NEXT[locked.status]:
            raise NotThatWay(f"an order that is {locked.status} cannot become {status}")
        locked.changes.create(before=locked.status, after=status)
        locked.status = status
        locked.save(update_fields=["status"])
        return locked

    def monthly(self) -> "QuerySet[Order, Any]":
        """Orders and takings by month in the tenant's time zone, without cancelled orders."""
        month = TruncMonth("placed_at", tzinfo=local().zone)
        months = self.exclude(status="cancelled").values(month=month)
        return months.annotate(orders=Count("pk"), takings=Sum("total")).order_by("month")
