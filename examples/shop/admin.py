"""The admin's pages of the shop: to look at, over all tenants."""

from django.contrib import admin

from examples.shop.models import Category, Item, Order, Product, StatusChange
from tenants.admin.columns import TENANT
from tenants.admin.inspection import InspectingAdmin


@admin.register(Category, Product, Order, Item, StatusChange)
class ShopAdmin(InspectingAdmin):
    """A list of rows with their tenants, and each row's page with all its fields."""

    list_display = ("__str__", TENANT, "created_at")
