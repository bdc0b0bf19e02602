"""The admin's pages of the form builder: to look at, over all tenants."""

from django.contrib import admin

from examples.forms.models import Event, Form, Organization, Submission, Workflow
from tenants.admin.columns import TENANT
from tenants.admin.inspection import InspectingAdmin


@admin.register(Organization, Form, Workflow, Submission, Event)
class FormsAdmin(InspectingAdmin):
    """A list of rows with their tenants, and each row's page with all its fields."""

    list_display = ("__str__", TENANT, "created_at")
