"""Columns of the admin's lists, which are lines of its pages too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.admin.utils import quote
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join


@dataclass(frozen=True)
class Column:
    """A column of a list, or a line of a page: what it says of a row."""

    title: str
    says: Callable[[Any], object]
    order: str | None = None
    css: str = ""

    do_not_call_in_templates = True

    def __call__(self, row: Any) -> object:
        """What the cell shows of `row`: a dash stands for None."""
        said = self.says(row)
        return "-" if said is None else said

    def __str__(self) -> str:
        """What Django makes CSS classes of: a second word is a class of its own."""
        return f"{self.title.replace(' ', '_')} {self.css}".strip()

    @property
    def __name__(self) -> str:
        return str(self)

    @property
    def short_description(self) -> str:
        """The head of the column, under the name by which Django's admin asks for it."""
        return self.title

    @property
    def admin_order_field(self) -> str | None:
        """The field to sort by; None for a column that cannot be sorted."""
        return self.order


def anchor(model: type[models.Model], pk: str | UUID, text: object) -> str:
    """A link to the page of a row; the text alone where the admin has no such page."""
    try:
        url = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_change", args=[quote(pk)])
    except NoReverseMatch:
        return str(text)
    return format_html('<a href="{}">{}</a>', url, text)


def link(title: str, to: Callable[[Any], Any], text: Callable[[Any], object] = str) -> Column:
    """A column that leads to the row `to` finds, if there is one."""

    def says(row: Any) -> str | None:
        found = to(row)
        return found and anchor(type(found), found.pk, text(found))

    return Column(title, says)


def lists_of(rows: Mapping[type[models.Model], str]) -> str:
    """Links to lists, each narrowed by a query string."""
    return format_html_join(
        " · ",
        '<a href="{}?{}">{}</a>',
        (
            (
                reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist"),
                query,
                model._meta.verbose_name_plural,
            )
            for model, query in rows.items()
        ),
    )


TENANT = link("tenant", lambda row: row.tenant)
USER = link("user", lambda row: row.user)
