"""The read-only admin pages of the form builder, over all tenants."""

from django.contrib import admin

from examples.forms.models import Event, Form, Organization, Submission, Workflow
from tenants.admin.columns import TENANT
from tenants.admin.inspection import InspectingAdmin


@admin.register(Organization, Form, Workflow, Submission, Event)
class FormsAdmin(InspectingAdmin):
    """A list with the tenant of each row, and a page with all fields of a row."""

    list_display = ("__str__", TENANT, "created_at")
