"""The rows of the shop in `seed dev` and `seed examples`."""

from examples.shop.models import Category, Order
from tenants.management.seeding import seed_tenant
from tenants.models import User

SLUG = "teahouse"
OWNER = "mei@example.com"


def plant() -> str:
    """Create a tenant with products and orders; return the line to print. Safe to repeat."""
    seed_tenant(SLUG, "The Tea House", [(OWNER, "owner")], _fill)
    return f"tenant {SLUG}: three products, and orders paid and placed"


def _fill() -> None:
    if Category.objects.exists():
        return
    tea, cups = Category.objects.ensure("Tea"), Category.objects.ensure("Cups")
    assam = tea.products.create(name="Assam", price=4_50, stock=40, metadata={"origin": "India"})
    tea.products.create(name="Sencha", price=6_20, stock=25, metadata={"origin": "Japan"})
    cup = cups.products.create(name="Cup", price=12_00, stock=1, description="Blue, and the last")
    customer = User.objects.get_by_name(OWNER)
    Order.objects.advance(Order.objects.place(customer, {assam: 2, cup: 1}), "paid")
    Order.objects.place(customer, {assam: 1})
