"""The verbs of the shop. Prices are ints of minor units."""

from collections.abc import Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from tenants.managers import TenantManager
from tests.shop.errors import NotThatWay, OutOfStock

if TYPE_CHECKING:
    from tenants.models import User
    from tests.shop.models import Order, Product

NEXT = {
    "placed": {"paid", "cancelled"}, "paid": {"sent", "cancelled"},
    "sent": {"returned"}, "returned": set(), "cancelled": set(),
}  # fmt: skip


class ProductManager(TenantManager["Product"]):
    def take(self, product: "Product", quantity: int) -> None:
        """Take from stock; of two who want the last one, one gets it. Raises OutOfStock."""
        enough = self.filter(pk=product.pk, stock__gte=quantity)
        if not enough.update(stock=F("stock") - quantity, updated_at=timezone.now()):
            raise OutOfStock(f"there are no {quantity} of {product.name}")


class OrderManager(TenantManager["Order"]):
    def place(self, customer: "User", quantities: "Mapping[Product, int]") -> "Order":
        """Order all of it, or raise OutOfStock: then roll back what was taken."""
        order = self.create(customer=customer)
        for product in sorted(quantities, key=lambda each: each.pk):  # nobody waits in a ring
            quantity = quantities[product]
            type(product).objects.take(product, quantity)
            order.items.create(product=product, quantity=quantity, price=product.price)
            order.total += product.price * quantity
        order.save(update_fields=["total", "updated_at"])
        order.changes.create(after=order.status)
        return order

    def advance(self, order: "Order", status: str) -> "Order":
        """Bring an order to its next state, and remember the way. Raises NotThatWay."""
        locked = self.select_for_update().get(pk=order.pk)
        if status not in NEXT[locked.status]:
            raise NotThatWay(f"{locked.status} does not become {status}")
        locked.changes.create(before=locked.status, after=status)
        locked.status = status
        locked.save(update_fields=["status", "updated_at"])
        return locked

    def monthly(self) -> "QuerySet[Order, dict[str, Any]]":
        """Orders and takings of each month in UTC, cancelled orders left out."""
        months = self.exclude(status="cancelled").values(month=TruncMonth("placed_at", tzinfo=UTC))
        return months.annotate(orders=Count("pk"), takings=Sum("total")).order_by("month")
