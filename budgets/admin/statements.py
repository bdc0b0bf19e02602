"""The admin pages of imported bank statements."""

from django.contrib import admin

from budgets.admin.ledger import AMOUNT, BUDGET, LISTS, MOVEMENT
from budgets.models import ImportProfile, Statement, StatementLine
from tenants.admin.columns import TENANT, link
from tenants.admin.inspection import InspectingAdmin, TenantFilter


@admin.register(Statement)
class StatementAdmin(InspectingAdmin):
    """Imports of bank statements."""

    shown = (
        "name", BUDGET, TENANT, "state", "account", "format", "currency", "total", "outgoing",
        "decisions", "misfit", "trusted", "balances", "imported_at", "undone_at", "undo_key",
        "sha256", LISTS, "created_at", "id",
    )  # fmt: skip
    list_display = ("name", BUDGET, TENANT, "state", "account", "total", "outgoing", "created_at")
    list_filter = (TenantFilter, "format", "budget")
    search_fields = ("name", "sha256__startswith", "budget__name", "id__exact")
    search_help_text = "file name, start of its SHA-256, name of the budget or id"


@admin.register(StatementLine)
class StatementLineAdmin(InspectingAdmin):
    """The incoming lines of statements with their status."""

    shown = (
        "number", link("statement", lambda row: row.statement), BUDGET, TENANT, "status", AMOUNT,
        "posted", "description", "account", "identity", "copy", MOVEMENT, "created_at", "id",
    )  # fmt: skip
    list_display = ("__str__", BUDGET, TENANT, "status", AMOUNT, "posted", "description", MOVEMENT)
    list_filter = (TenantFilter, "status", "statement", "movement")
    search_fields = ("description", "account__exact", "identity__exact", "id__exact")
    search_help_text = "description, account, identity or id"


@admin.register(ImportProfile)
class ImportProfileAdmin(InspectingAdmin):
    """How the statements of each account are read."""

    shown = (
        "__str__", BUDGET, TENANT, "account", "format", "flags", "header", "options", "created_at",
        "updated_at", "id",
    )  # fmt: skip
    list_display = ("__str__", BUDGET, TENANT, "format", "flags", "updated_at")
    list_filter = (TenantFilter, "format", "budget")
    search_fields = ("account", "budget__name", "id__exact")
    search_help_text = "account, name of the budget or id"
