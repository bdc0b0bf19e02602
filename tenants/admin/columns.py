"""Columns of the admin's lists, also used as lines of its pages."""

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
    """A column of a list or a line of a page; `value` computes its content from a row.

    `short_description` is the title and `admin_order_field` the field to sort by, under the names
    that Django's admin uses.
    """

    short_description: str
    value: Callable[[Any], object]
    admin_order_field: str | None = None
    css: str = ""

    do_not_call_in_templates = True

    def __call__(self, row: Any) -> object:
        """The content of the cell for `row`; a dash for None."""
        content = self.value(row)
        return "-" if content is None else content

    def __str__(self) -> str:
        """The text from which Django makes CSS classes; each word is a class."""
        return f"{self.short_description.replace(' ', '_')} {self.css}".strip()

    @property
    def __name__(self) -> str:
        return str(self)


def anchor(model: type[models.Model], pk: str | UUID, text: object) -> str:
    """A link to the page of a row, or the text if the admin has no such page."""
    try:
        url = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_change", args=[quote(pk)])
    except NoReverseMatch:
        return str(text)
    return format_html('<a href="{}">{}</a>', url, text)


def link(title: str, to: Callable[[Any], Any], text: Callable[[Any], object] = str) -> Column:
    """A column with a link to the row that `to` returns, if any."""

    def value(row: Any) -> str | None:
        target = to(row)
        return target and anchor(type(target), target.pk, text(target))

    return Column(title, value)


def links_to_lists(rows: Mapping[type[models.Model], str]) -> str:
    """Links to lists, each with a query string as its filter."""
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
