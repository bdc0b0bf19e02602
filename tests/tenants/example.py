"""An example of views and a task that use `tenants`: what a small application would write."""

import json
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.tasks import task
from django.template import engines
from django.template.response import SimpleTemplateResponse
from django.urls import path

from budgets.models import Bucket, Budget
from tenants.access.roles import statements_of_a_verb
from tenants.context import run_for, tenancy
from tenants.models import Invitation, Membership, TenantSettings
from tenants.views import choose_tenant, in_tenant


@in_tenant(limit="views")
def settings_view(request: HttpRequest) -> HttpResponse:
    """GET shows the tenant's settings, POST changes its locale."""
    if request.method == "POST":
        settings = TenantSettings.objects.change(locale=request.POST.get("locale"))
    else:
        settings = TenantSettings.objects.current()
    return JsonResponse({"version": settings.version, **settings.values.plain()})


@in_tenant(limit="views")
async def async_settings_view(request: HttpRequest, run) -> HttpResponse:
    """The same, asynchronously: each `run` is a block of its own."""
    if request.method == "POST":
        await run(TenantSettings.objects.change, locale=request.POST.get("locale"))
    settings = await run(TenantSettings.objects.current)
    return JsonResponse({"version": settings.version, **settings.values.plain()})


@in_tenant
def found_view(request: HttpRequest) -> HttpResponse:
    """Creates a budget from any values, without the verb that would check them."""
    return JsonResponse({"id": str(_found(request).pk)})


@in_tenant
async def async_found_view(request: HttpRequest, run) -> HttpResponse:
    return JsonResponse({"id": str((await run(_found, request)).pk)})


@in_tenant
def unbalance_view(request: HttpRequest) -> HttpResponse:
    """Sets balances past the ledger, which PostgreSQL refuses at COMMIT."""
    with statements_of_a_verb():
        return JsonResponse({"rows": Bucket.objects.update(balance=1)})


def _found(request: HttpRequest) -> Budget:
    with statements_of_a_verb():
        return Budget.objects.create(**json.loads(request.POST["values"]))


@in_tenant
def block_view(request: HttpRequest) -> HttpResponse:
    """What is in force."""
    block = tenancy()
    return JsonResponse(
        {
            "tenant": str(block.tenant_id),
            "actor": str(block.actor_id),
            "role": block.role,
            "request_id": block.request_id,
        }
    )


@in_tenant
def missing_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    return HttpResponse(str(Membership.objects.get(pk=pk)))


@in_tenant
def page_view(request: HttpRequest) -> SimpleTemplateResponse:
    """A page with a template that queries the database."""
    page = engines["django"].from_string("{% for each in rows %}{{ each.role }} {% endfor %}")
    return SimpleTemplateResponse(page, {"rows": Membership.objects.order_by("pk")})


@in_tenant
def failing_view(request: HttpRequest) -> HttpResponse:
    """It writes, and then it breaks."""
    TenantSettings.objects.change(locale="de")
    raise ZeroDivisionError


def choose_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    choose_tenant(request, pk)
    return HttpResponse()


@task
def forget_invitations(tenant_id: str) -> int:
    """Remove the invitations nobody took in time; how many there were."""
    return run_for(tenant_id, lambda: Invitation.objects.lapsed().delete()[0])


urlpatterns = [
    path("settings", settings_view),
    path("async-settings", async_settings_view),
    path("budgets", found_view),
    path("async-budgets", async_found_view),
    path("unbalance", unbalance_view),
    path("block", block_view),
    path("members/<uuid:pk>", missing_view),
    path("page", page_view),
    path("fail", failing_view),
    path("choose/<uuid:pk>", choose_view),
]
