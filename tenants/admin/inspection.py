"""Read-only admin pages over all tenants.

A page is rendered inside `inspecting()`: one READ ONLY transaction as the role inspector. Register
a model with InspectingAdmin to show it; the attributes of a subclass only change its layout.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, override

from django.contrib import admin, messages
from django.contrib.admin.options import BaseModelAdmin, IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path, unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db import models
from django.db.models import Q
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst

from tenants.admin.changelists import InspectedList
from tenants.admin.columns import Column
from tenants.context import inspecting
from tenants.errors import TimedOut, ValueRefused
from tenants.models import (
    Change,
    GlobalChange,
    TenantOwned,
    TenantSlug,
)
from tenants.postgres.unreadable_times import mark_unreadable_times
from tenants.schema.fields import secrets_of

if TYPE_CHECKING:  # these classes are generic in the stubs only
    _Options = BaseModelAdmin[Any]
    _Page = admin.ModelAdmin[Any]
    _Table = admin.TabularInline[Any, Any]
    _FormSet = BaseInlineFormSet[Any, Any, Any]
else:
    _Options, _Page, _Table = BaseModelAdmin, admin.ModelAdmin, admin.TabularInline
    _FormSet = BaseInlineFormSet

MOST_TENANTS = 20  # in the filter
MOST_ROWS = 50  # in a table on another row's page
MOST_CHANGES = 200  # on the page of a row's history


def inspect_page(
    page: Callable[..., HttpResponseBase], request: HttpRequest, *args: Any
) -> HttpResponseBase:
    """The response of an admin page, rendered while inspecting.

    Times that Python cannot read are marked.
    """
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    # Session and user are loaded already. The first check loads the permissions now, as role app:
    # role inspector may not read them.
    request.user.has_perm("")
    try:
        with inspecting(), mark_unreadable_times():
            response = page(request, *args)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
    except ValueRefused as error:
        raise BadRequest("a value of the filter is invalid") from error
    except TimedOut:
        messages.warning(request, "The query took too long: choose a tenant first.")
        return redirect("admin:index")
    return response


# -- Filters ----------------------------------------------------------------------------------


class TenantFilter(admin.SimpleListFilter):
    """A filter by tenant: the first slugs, and a link to the list of all tenants."""

    title = "tenant"
    parameter_name = "tenant"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.path: str = model_admin.tenant_path
        first = TenantSlug.objects.first_slugs(MOST_TENANTS + 1)
        self.more = len(first) > MOST_TENANTS
        chosen = filter(None, [self.value()])
        return [(slug, slug) for slug in dict.fromkeys([*first[:MOST_TENANTS], *chosen])]

    @override
    def choices(self, changelist: Any) -> Iterator[Any]:
        yield from super().choices(changelist)
        if self.more:
            every = reverse("admin:tenants_tenant_changelist")
            yield {"selected": False, "query_string": every, "display": "others …"}

    @override
    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if (slug := self.value()) is None:
            return queryset
        # A separate query: with the tenant as a literal, an index finds the rows.
        holder = TenantSlug.objects.holder_of(slug)
        return queryset.filter(**{self.path: holder}) if holder else queryset.none()


class RelatedFilter(admin.RelatedFieldListFilter):
    """A filter that shows the related row of a link and can be removed; it lists no other rows."""

    @override
    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        try:
            only = Q(pk__in=self.lookup_val or [])
            return field.get_choices(include_blank=False, limit_choices_to=only)
        except ValidationError as error:
            raise IncorrectLookupParameters(error) from error

    @override
    def has_output(self) -> bool:
        return self.lookup_val is not None


class StateFilter(admin.SimpleListFilter):
    """A filter by the state of a row; `state_filter` makes the classes."""

    title = parameter_name = "state"
    conditions: ClassVar[Mapping[str, Q]]

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name.capitalize()) for name in self.conditions]

    @override
    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if (name := self.value()) is None:
            return queryset
        if name not in self.conditions:
            raise IncorrectLookupParameters(name)
        return queryset.filter(self.conditions[name])


def state_filter(**conditions: Q) -> type[StateFilter]:
    """The filter with these states, each with its condition."""
    return type("StateFilter", (StateFilter,), {"conditions": conditions})


def changes_of(row: models.Model) -> Any:
    """The latest changes of a row; for use while inspecting."""
    if not isinstance(row, TenantOwned):
        return GlobalChange.objects.of(type(row), str(row.pk))[:MOST_CHANGES]
    changes = Change.objects.of_tenant(getattr(row, row.tenant_attname))
    return changes.of(type(row), row.pk)[:MOST_CHANGES]


# -- Pages ------------------------------------------------------------------------------------


class ReadOnlyOptions(_Options):
    """The options that read-only pages and the tables on them share."""

    shown: ClassVar[tuple[str | Column | tuple[str | Column, ...], ...]] = ()
    """The lines of a page or the columns of a table; by default all fields."""
    related: ClassVar[tuple[str, ...]] = ()
    """The foreign keys for select_related; by default all of the model."""

    @override
    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        secret = secrets_of(self.opts.model)
        fields = [field.name for field in self.opts.fields if field.name not in secret]
        return self.shown or fields

    @override
    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        related = self.related or tuple(
            field.name for field in self.opts.fields if field.is_relation
        )
        secret = secrets_of(rows.model)
        for path in related:
            to: Any = get_fields_from_path(rows.model, path)[-1].related_model
            secret += [f"{path}__{name}" for name in secrets_of(to)]
        return (rows.select_related(*related) if related else rows).defer(*secret)

    def _never(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_add_permission = has_change_permission = has_delete_permission = _never


class InspectingAdmin(ReadOnlyOptions, _Page):
    """The list and the pages of a model over all tenants, newest first by the UUIDv7 id."""

    tenant_path: ClassVar[str] = "tenant_id"
    actions = None
    change_form_template = "tenants/inspected.html"
    list_display: Any = ("__str__",)
    list_filter: ClassVar[Any] = (TenantFilter,)
    list_per_page = 50
    ordering = ("-pk",)
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False

    class Media:
        css: ClassVar = {"all": ["tenants/inspecting.css"]}

    @override
    def get_list_filter(self, request: HttpRequest) -> Any:
        """The filters; RelatedFilter is that of a foreign key."""
        keys = {field.name for field in self.opts.fields if field.is_relation}
        return [(each, RelatedFilter) if each in keys else each for each in self.list_filter]

    @override
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return InspectedList

    @override
    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        secret = lookup.partition("__")[0] in secrets_of(self.model)
        return not secret and super().lookup_allowed(lookup, value, request)

    @override
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return inspect_page(super().changelist_view, request, title | (extra_context or {}))

    @override
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        return inspect_page(super().change_view, request, object_id, form_url, extra_context)

    @override
    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        return inspect_page(self._history_page, request, object_id)

    def _history_page(self, request: HttpRequest, object_id: str) -> Any:
        """The recorded changes of the row, latest first."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined]
                request, self.opts, object_id
            )
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        page = {"title": f"History of {row}", "object": row, "opts": self.opts}
        context = {**self.admin_site.each_context(request), **page, "changes": changes_of(row)}
        return TemplateResponse(request, "tenants/history.html", context)

    @override
    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        raise PermissionDenied


class _LimitedFormSet(_FormSet):
    """The first MOST_ROWS rows of a table."""

    def get_queryset(self) -> Any:
        if not hasattr(self, "_first"):
            rows = super().get_queryset()
            # The indexes begin with the tenant.
            if tenant_id := getattr(self.instance, "tenant_id", None):
                rows = rows.filter(tenant=tenant_id)
            self._first = rows[:MOST_ROWS]
        return self._first

    @property
    def is_full(self) -> bool:
        """Whether there may be more rows."""
        return len(self.get_queryset()) == MOST_ROWS

    def get_form_kwargs(self, index: int | None) -> Any:
        """The arguments of a form; the head of the table uses a blank row without a tenant."""
        model: Any = self.model
        blank = {"instance": model(tenant_id=None)} if index is None else {}
        return super().get_form_kwargs(index) | blank


class InspectedTable(ReadOnlyOptions, _Table):
    """A table of the first related rows on the page of a row."""

    can_delete = False
    extra = 0
    formset = _LimitedFormSet
    template = "tenants/table.html"

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj)
