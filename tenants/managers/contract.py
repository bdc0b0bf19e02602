"""The queryset of every model, a tenant's or not, and how a deletion is refused."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, Self, TypeVar
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import connections, models
from django.db.models import Count, Exists, OuterRef, ProtectedError, RestrictedError

from tenants.errors import ForeignKeyBroken, ValueRefused, WrongType
from tenants.listing.pages import Page, ordered, page_of
from tenants.listing.query import ListingQuery, declaration_of, parse
from tenants.managers.arguments import guard
from tenants.postgres.auto_now import auto_now_values
from tenants.postgres.values import Query, translate_value_errors
from tenants.schema.fields import TenantForeignKey

KEEPS = (models.PROTECT, models.RESTRICT)
"""A foreign key with one of these keeps the row that it points at from being deleted."""

M = TypeVar("M", bound=models.Model, covariant=True)


class Dangling(NamedTuple):
    """Ids in a foreign key that belong to no row: in how many rows, how many ids, some of them."""

    rows: int
    ids: int
    examples: list[UUID]


@contextmanager
def deleting(model: type[models.Model]) -> Iterator[None]:
    """Raise ForeignKeyBroken for rows that others point at, as PostgreSQL would.

    A block that may not write is refused first: Django looks for the rows that point at one before
    it deletes any.
    """
    if require_writable := getattr(model, "require_writable", None):
        require_writable("delete")
    try:
        yield
    except (ProtectedError, RestrictedError) as error:
        rows: Iterable[models.Model] = (
            error.protected_objects
            if isinstance(error, ProtectedError)
            else error.restricted_objects
        )
        raise _still_pointed_at(model, rows) from error


@contextmanager
def unknown_fields(method: str) -> Iterator[None]:
    """Raise WrongType for an unknown field in a call of the method."""
    try:
        yield
    except FieldDoesNotExist as error:
        name = str(error).rpartition(" named ")[2].strip("'")
        raise WrongType(f"{method}: {error}; check the spelling of the field", name) from error


def _still_pointed_at(model: type[models.Model], rows: Iterable[models.Model]) -> ForeignKeyBroken:
    """The error about the rows that point at one; it names one of their keys."""
    kinds = sorted({type(row) for row in rows}, key=lambda kind: kind._meta.label)
    labels = ", ".join(kind._meta.label for kind in kinds)
    broken = ForeignKeyBroken(f"rows of {labels} still point at it")
    keys = [
        field
        for kind in kinds
        for field in kind._meta.local_fields
        if field.remote_field and field.remote_field.on_delete in KEEPS and field.name != "tenant"
    ]
    for key in sorted(keys, key=lambda key: key.related_model is not model)[:1]:
        broken.fields = (key.name,)
        broken.constraint = key.constraint_name if isinstance(key, TenantForeignKey) else None
    return broken


class ContractQuerySet(models.QuerySet[M]):
    """The queryset of every model, a tenant's or not.

    Every method that takes look-ups raises ValueRefused for a value that its field cannot have.
    """

    def __init__(self, model: Any = None, query: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(model, Query(model) if query is None else query, *args, **kwargs)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        guard(cls)

    def get(self, *args: Any, **lookups: Any) -> M:
        """The one row that matches.

        Raises DoesNotExist, which is RowNotFound, also for a value that cannot be an id, and
        MultipleObjectsReturned when several rows match.
        """
        try:
            return super().get(*args, **lookups)
        except ValueRefused as error:
            if error.sqlstate is not None:  # PostgreSQL said so: the transaction is broken
                raise
            missing: type[ObjectDoesNotExist] = self.model.DoesNotExist  # type: ignore[attr-defined]
            raise missing(f"no {self.model._meta.verbose_name} can have that: {error}") from error

    def get_or_none(self, *args: Any, **lookups: Any) -> M | None:
        """The one row that matches, or None, also for a value that cannot be an id.

        Raises MultipleObjectsReturned when several rows match.
        """
        try:
            return self.get(*args, **lookups)
        except ObjectDoesNotExist:
            return None

    def in_bulk(self, id_list: Any = None, *args: Any, **kwargs: Any) -> dict[Any, M]:
        """Rows by id. Raises ValueRefused for what can be no id."""
        with translate_value_errors(kwargs.get("field_name", "pk")):
            wanted = None if id_list is None else list(id_list)
        return super().in_bulk(wanted, *args, **kwargs)

    def listed(self, query: Mapping[str, Any]) -> Self:
        """All rows of the query, in order; its `limit` and `cursor` are ignored.

        Raises BadQuery.
        """
        parsed = parse(declaration_of(self.model), query, {})
        return ordered(self._narrowed(parsed), parsed.sort)

    def page(
        self,
        query: Mapping[str, Any] | None = None,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        sort: str | None = None,
    ) -> Page[M]:
        """One page of the query, in one statement; a keyword replaces the same key of the mapping.

        The page begins at the cursor; follow `page.next` with all other arguments unchanged. The
        caller must also repeat any filter that was put on the queryset before. A page that crosses
        between rows with and without a value of a nullable sort takes a second statement.

        Raises BadQuery.
        """
        keywords = {"limit": limit, "cursor": cursor, "sort": sort}
        parsed = parse(declaration_of(self.model), {} if query is None else query, keywords)
        return page_of(self._narrowed(parsed), parsed)

    def _narrowed(self, query: ListingQuery) -> Self:
        declaration = declaration_of(self.model)
        conditions = [
            each.kind.condition(each.path, declaration.column(each.path), each.operator, each.value)
            for each in query.filters
        ]
        if query.search is not None and declaration.search is not None:
            along = (declaration.listing.search or "").rpartition("__")[0]
            conditions.append(declaration.search.matching(query.search, along=along))
        return self.filter(declaration.listing.always or models.Q(), *conditions)

    def dangling(self, key: str, *, most: int = 3) -> Dangling | None:
        """Ids in a foreign key without a constraint that belong to no row, or None.

        The examples are the ids that occur most often, `most` of them. Of a tenant's model, the
        rows of the tenant in force count alone, for role owner too, which sees all.
        """
        field: Any = self.model._meta.get_field(key)
        target = field.related_model._base_manager.filter(pk=OuterRef(field.attname))
        if isinstance(field, TenantForeignKey):
            target = target.filter(tenant=OuterRef("tenant"))
        restriction: Any = getattr(self.model, "tenant_restriction", lambda _: {})
        rows_in_force = self.filter(**restriction(connections[self.db]))
        unknown = rows_in_force.filter(~Exists(target), **{f"{field.attname}__isnull": False})
        rows, ids = Count("pk"), Count(field.attname, distinct=True)
        counts = unknown.aggregate(rows=rows, ids=ids)
        if not counts["rows"]:
            return None
        often = (
            unknown.values_list(field.attname).annotate(rows).order_by("-pk__count", field.attname)
        )
        return Dangling(**counts, examples=[pk for pk, _ in often[:most]])

    def update(self, **values: Any) -> int:
        """Update the rows and return their number. Raises WrongType for an unknown field."""
        with unknown_fields("update"):
            return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(
        self, objs: Iterable[models.Model], fields: Iterable[str], *args: Any, **kwargs: Any
    ) -> int:
        """Update the rows, with their `auto_now` fields, and return their number.

        Raises WrongType for an object that is not a row, and for an unknown field.
        """
        rows: list[Any] = list(objs)
        names = list(fields)
        touched = auto_now_values(self.model, names)
        queryset: Any = self.all()
        queryset.query.auto_now_values = touched
        with unknown_fields("bulk_update"):
            changed: int = super(ContractQuerySet, queryset).bulk_update(
                rows, names, *args, **kwargs
            )
        for row in rows:
            for field, value in touched.items():
                setattr(row, field.attname, value)
        return changed

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the rows; how many, by model. Raises ForeignKeyBroken when others point at one."""
        with deleting(self.model):
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]
