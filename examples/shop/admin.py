"""The read-only admin pages of the shop, over all tenants."""

from django.contrib import admin

from examples.shop.models import Category, Item, Order, Product, StatusChange
from tenants.admin.columns import TENANT
from tenants.admin.inspection import InspectingAdmin


@admin.register(Category, Product, Order, Item, StatusChange)
class ShopAdmin(InspectingAdmin):
    """A list with the tenant of each row, and a page with all fields of a row."""

    list_display = ("__str__", TENANT, "created_at")
